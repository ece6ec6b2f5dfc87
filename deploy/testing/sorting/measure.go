package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"blattwerk/pipeline/classify/learn"
)

// result is what was measured on a corpus.
type result struct {
	corpus   corpus
	figures  learn.Figures
	outcomes []learn.Outcome
	training time.Duration // CPU, the slowest division
	answer   time.Duration // CPU, mean of one text
	bytes    int           // of the largest model
}

// measure trains on each division and answers for its other part. Thresholds and
// calibration come from the training part alone.
func measure(ctx context.Context, c corpus) (result, error) {
	r := result{corpus: c}
	var answering time.Duration
	for i, p := range c.parts() {
		start := cpu()
		m, err := learn.Train(ctx, p.train, learn.Options{})
		if err != nil {
			return r, fmt.Errorf("%s, division %d: %w", c.name, i, err)
		}
		r.training = max(r.training, cpu()-start)
		r.bytes = max(r.bytes, len(m.Bytes()))
		start = cpu()
		r.outcomes = append(r.outcomes, answers(m, p.test)...)
		answering += cpu() - start
	}
	r.answer = answering / time.Duration(max(len(r.outcomes), 1))
	r.figures = learn.Measure(r.outcomes)
	return r, nil
}

func answers(m *learn.Model, test []learn.Example) []learn.Outcome {
	out := make([]learn.Outcome, len(test))
	for i, e := range test {
		g := m.Guesses(e.Text, e.Prior)[0]
		out[i] = learn.Outcome{Truth: e.Class, Guess: g.Class, Confidence: g.Confidence, Sure: g.Confidence >= g.Threshold}
	}
	return out
}

// cpu is the processor time that this program has taken.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sure gives the share that the model's own thresholds decided, and the share of
// those that is right.
func sure(outcomes []learn.Outcome) (decided, precision float64) {
	n, right := 0, 0
	for _, o := range outcomes {
		if o.Sure {
			n++
			if o.Truth == o.Guess {
				right++
			}
		}
	}
	return float64(n) / float64(max(len(outcomes), 1)), float64(right) / float64(max(n, 1))
}

// firstOf takes n examples of each class, drawn by the hash of their text.
func firstOf(examples []learn.Example, n int) []learn.Example {
	sorted := slices.Clone(examples)
	slices.SortStableFunc(sorted, func(a, b learn.Example) int { return cmp.Compare(hashOf(a), hashOf(b)) })
	count := map[string]int{}
	var taken []learn.Example
	for _, e := range sorted {
		if count[e.Class]++; count[e.Class] <= n {
			taken = append(taken, e)
		}
	}
	return taken
}
