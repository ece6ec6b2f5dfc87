package learn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
)

// Example is a text and the class that a person gave it.
type Example struct {
	Text
	Class string
	Prior map[string]float64 // what other evidence says for each class, in nats; nil is none
}

// Options say how to train. The zero value is what the figures in docs/sorting.md
// were measured with.
type Options struct {
	Least     int     // examples that a class needs; 0 is 1
	Precision float64 // share of right answers aimed at over a class's threshold; 0 is 0.97
	Folds     int     // parts that are held out in turn to calibrate; 0 is 4, and 10 of fewer than a thousand examples
	None      bool    // a text may belong to no class at all: reckon with letters of unknown kinds
	Workers   int     // classes trained at once; 0 is one for each core
}

// few is how many examples are so few that a quarter of them is missed: held out in
// four parts, they would make the model look worse than it is, and so too modest.
const few = 1000

func (o Options) filled(examples int) Options {
	folds := 4
	if examples < few {
		folds = 10
	}
	o.Folds = cmp.Or(o.Folds, folds)
	o.Least = cmp.Or(o.Least, 1)
	o.Precision = cmp.Or(o.Precision, 0.97)
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	return o
}

const (
	cost   = 3.0 // C of the separators; chosen by cross-validation on the corpora of docs/sorting.md
	epochs = 30
	gap    = 0.1
	rarest = 2 // texts that must share a feature: what stands in one letter alone is never kept
)

// ErrTooFew says that there is nothing to learn from yet.
var ErrTooFew = errors.New("too few confirmed examples: two classes are needed, with enough examples each")

// Train learns to tell the classes of the examples apart. The same examples in
// any order and the same options give the same model, byte by byte, on any
// machine of one architecture. Classes with fewer than Options.Least examples are not learned;
// their texts still tell the others apart. It answers [ErrTooFew] if fewer than
// two classes remain.
func Train(ctx context.Context, examples []Example, opt Options) (*Model, error) {
	opt = opt.filled(len(examples))
	t := newTraining(examples, opt)
	if len(t.classes) < 2 {
		return nil, ErrTooFew
	}
	all := make([]int, len(t.examples))
	for i := range all {
		all[i] = i
	}
	rows, err := t.heldOut(ctx)
	if err != nil {
		return nil, err
	}
	sep, err := t.separators(ctx, all)
	if err != nil {
		return nil, err
	}
	m := newModel(t.classes, t.sizes, sep)
	m.head.Examples = len(t.examples)
	m.head.Scale = fit(rows, opt.None)
	m.head.Precision = opt.Precision
	outcomes := m.head.Scale.outcomes(rows)
	for i, c := range t.classes {
		m.head.Classes[i].Threshold = thresholdOf(outcomes, c, opt.Precision)
	}
	m.head.HeldOut = Measure(outcomes)
	return m, m.seal()
}

// training holds the examples, counted once.
type training struct {
	opt      Options
	examples []Example
	counts   [][]tally
	fold     []int
	classes  []string // learned, in order
	sizes    []int
}

// tally is how often a bucket occurs in a text.
type tally struct {
	bucket uint32
	times  uint32
}

func newTraining(examples []Example, opt Options) *training {
	t := &training{opt: opt, examples: slices.Clone(examples)}
	c := newCounter(false)
	keys := make(map[int]uint64, len(examples))
	order := make([]int, len(examples))
	for i, e := range examples {
		order[i], keys[i] = i, e.key()
	}
	// The order of the examples must not matter.
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(examples[a].Class, examples[b].Class))
	})
	number := map[string]int{}
	for i, from := range order {
		e := examples[from]
		t.examples[i] = e
		c.count(e.Text)
		t.counts = append(t.counts, c.tallies())
		// Copies of one text lie in one fold, else the held-out figures would flatter.
		t.fold = append(t.fold, int(stir(keys[from])%uint64(opt.Folds)))
		number[e.Class]++
	}
	for class, n := range number {
		if n >= opt.Least {
			t.classes = append(t.classes, class)
		}
	}
	slices.Sort(t.classes)
	for _, class := range t.classes {
		t.sizes = append(t.sizes, number[class])
	}
	return t
}

// heldOut trains without each fold in turn and scores it: the only scores that
// calibration may look at.
func (t *training) heldOut(ctx context.Context) ([]row, error) {
	var rows []row
	for f := range t.opt.Folds {
		var in, out []int
		for i := range t.examples {
			if t.fold[i] == f {
				out = append(out, i)
			} else {
				in = append(in, i)
			}
		}
		sep, err := t.separators(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, i := range out {
			e := t.examples[i]
			rows = append(rows, newRow(t.classes, sep.margins(vector(t.counts[i], sep.idf)), e.Prior, e.Class))
		}
	}
	return rows, nil
}

// separators are one hyperplane for each class, over the features that the
// examples share.
type separators struct {
	idf     []float32 // by bucket; 0 for features that are not kept
	place   []int32   // bucket -> row of weights
	buckets []uint32  // the other way round
	weights [][]float32
	bias    []float32
}

func (t *training) separators(ctx context.Context, in []int) (*separators, error) {
	s := &separators{idf: make([]float32, buckets), place: make([]int32, buckets)}
	texts := make([]int, buckets)
	for _, i := range in {
		for _, c := range t.counts[i] {
			texts[c.bucket]++
		}
	}
	for b, n := range texts {
		if n >= rarest {
			// Smoothed inverse document frequency.
			s.idf[b] = float32(math.Log(float64(1+len(in))/float64(1+n)) + 1)
			s.place[b] = int32(len(s.buckets))
			s.buckets = append(s.buckets, uint32(b))
		}
	}
	xs := make([][]feature, len(in))
	for k, i := range in {
		xs[k] = vector(t.counts[i], s.idf)
		for j := range xs[k] {
			xs[k][j].bucket = uint32(s.place[xs[k][j].bucket])
		}
	}
	s.weights = make([][]float32, len(t.classes))
	s.bias = make([]float32, len(t.classes))
	var wg sync.WaitGroup
	next := make(chan int)
	for range t.opt.Workers {
		wg.Go(func() {
			for c := range next {
				positive := make([]bool, len(in))
				for k, i := range in {
					positive[k] = t.examples[i].Class == t.classes[c]
				}
				s.weights[c], s.bias[c] = separate(xs, positive, len(s.buckets))
			}
		})
	}
	var err error
	for c := range t.classes {
		if err = ctx.Err(); err != nil {
			break
		}
		next <- c
	}
	close(next)
	wg.Wait()
	if err != nil {
		return nil, fmt.Errorf("training: %w", err)
	}
	return s, nil
}

// margins are the signed distances of a text from each hyperplane.
func (s *separators) margins(x []feature) []float64 {
	out := make([]float64, len(s.weights))
	for c, w := range s.weights {
		sum := float64(s.bias[c])
		for _, f := range x {
			sum += float64(w[s.place[f.bucket]] * f.value)
		}
		out[c] = sum
	}
	return out
}
