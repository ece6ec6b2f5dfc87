package learn

import (
	"cmp"
	"math"
	"slices"
)

// Model tells classes apart. It is never changed after Train or Decode, and safe
// for use by many goroutines.
type Model struct {
	head    header
	buckets []uint32  // sorted: the features that are kept
	idf     []float32 // of each
	weights []int8    // of each feature for each class: weights[feature*classes+class] * Step of the class
	raw     []byte    // as encoded

	place []int32 // bucket -> feature + 1; 0 is none
	names []string
}

// Class is a class that was learned.
type Class struct {
	Name      string  `json:"name"`
	Examples  int     `json:"examples"`
	Threshold float64 `json:"threshold"` // confidence from which a guess is taken; 1 is never
	Bias      float64 `json:"bias"`
	Step      float64 `json:"step"` // weights are whole numbers of this size
}

// newModel rounds the weights to 255 steps for each class: a quarter of the
// size, and no figure of docs/sorting.md changes.
func newModel(classes []string, sizes []int, sep *separators) *Model {
	m := &Model{buckets: sep.buckets}
	for _, b := range sep.buckets {
		m.idf = append(m.idf, sep.idf[b])
	}
	m.weights = make([]int8, len(sep.buckets)*len(classes))
	for c, name := range classes {
		top := float32(0)
		for _, w := range sep.weights[c] {
			top = max(top, float32(math.Abs(float64(w))))
		}
		step := max(top/127, 1e-9)
		for f, w := range sep.weights[c] {
			m.weights[f*len(classes)+c] = int8(math.Round(float64(w / step)))
		}
		m.head.Classes = append(m.head.Classes, Class{
			Name: name, Examples: sizes[c], Bias: float64(sep.bias[c]), Step: float64(step),
		})
	}
	return m
}

// index makes the tables that answers need.
func (m *Model) index() {
	m.place = make([]int32, buckets)
	for i, b := range m.buckets {
		m.place[b] = int32(i + 1)
	}
	for _, c := range m.head.Classes {
		m.names = append(m.names, c.Name)
	}
}

// Classes lists what was learned, by name.
func (m *Model) Classes() []Class { return slices.Clone(m.head.Classes) }

// HeldOut says how good the model was on texts that it had not seen, by
// cross-validation at training.
func (m *Model) HeldOut() Figures { return m.head.HeldOut }

// Examples is how many examples the model was made from.
func (m *Model) Examples() int { return m.head.Examples }

// Guess is one class that a text may be of.
type Guess struct {
	Class      string
	Confidence float64 // 0 to 0.995
	Margin     float64 // signed distance from the hyperplane; over 0 the text alone speaks for the class
	Threshold  float64 // confidence from which the guess is taken; 0 where the class was not learned
	Words      []Word  // that spoke for it most; for the first guesses only
}

// Word is a word of the text and what it speaks for a class.
type Word struct {
	At     int     // index into Text.Words
	Weight float64 // share of the margin, over 0
}

const (
	reasoned  = 3 // guesses whose words are told
	wordsTold = 6
)

// Guesses says what a text may be, the most probable first. prior is what other
// evidence says, as in [Example]. Classes that were never learned take part if
// the prior names them.
func (m *Model) Guesses(t Text, prior map[string]float64) []Guess {
	c := newCounter(true)
	c.count(t)
	x := m.sparse(c)
	r := newRow(m.names, m.margins(x), prior, "")
	p := m.head.Scale.probabilities(r, nil)
	var out []Guess
	for i, class := range r.classes {
		if class == NoClass {
			continue
		}
		g := Guess{Class: class, Confidence: min(p[i], certainty), Margin: r.margin[i]}
		if i < len(m.names) {
			g.Threshold = m.head.Classes[i].Threshold
		}
		out = append(out, g)
	}
	slices.SortStableFunc(out, func(a, b Guess) int { return cmp.Compare(b.Confidence, a.Confidence) })
	for i := range min(reasoned, len(out)) {
		if class, ok := slices.BinarySearch(m.names, out[i].Class); ok {
			out[i].Words = m.words(class, x, c.traces)
		}
	}
	return out
}

// sparse is the vector of a text over the model's features.
func (m *Model) sparse(c *counter) []feature {
	out := make([]feature, 0, len(c.seen))
	sum := 0.0
	for _, t := range c.tallies() {
		if i := m.place[t.bucket]; i > 0 {
			v := (1 + math.Log(float64(t.times))) * float64(m.idf[i-1])
			sum += v * v
			out = append(out, feature{uint32(i - 1), float32(v)})
		}
	}
	if sum > 0 {
		scale := float32(1 / math.Sqrt(sum))
		for i := range out {
			out[i].value *= scale
		}
	}
	return out
}

func (m *Model) margins(x []feature) []float64 {
	n := len(m.names)
	sums := make([]float32, n)
	for _, f := range x {
		row := m.weights[int(f.bucket)*n : int(f.bucket)*n+n]
		for c, w := range row {
			sums[c] += float32(w) * f.value
		}
	}
	out := make([]float64, n)
	for c, class := range m.head.Classes {
		out[c] = class.Bias + class.Step*float64(sums[c])
	}
	return out
}

// words shares the margin of a class out over the words that made its features:
// each occurrence of a feature gets an equal part.
func (m *Model) words(class int, x []feature, traces []trace) []Word {
	value := make(map[uint32]float64, len(x))
	for _, f := range x {
		w := m.weights[int(f.bucket)*len(m.names)+class]
		value[f.bucket] = float64(f.value) * float64(w) * m.head.Classes[class].Step
	}
	times := make(map[uint32]int, len(x))
	for _, t := range traces {
		times[t.bucket]++
	}
	sum := map[int]float64{}
	for _, t := range traces {
		if i := m.place[t.bucket]; i > 0 {
			sum[t.word] += value[uint32(i-1)] / float64(times[t.bucket])
		}
	}
	var out []Word
	for at, w := range sum {
		if w > 0.01 {
			out = append(out, Word{at, w})
		}
	}
	slices.SortFunc(out, func(a, b Word) int { return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.At, b.At)) })
	return out[:min(len(out), wordsTold)]
}
