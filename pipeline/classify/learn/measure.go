package learn

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Outcome is a guess beside the truth.
type Outcome struct {
	Truth, Guess string
	Confidence   float64 // 0 to 1
	Sure         bool    // the guess was taken without a person
}

func descending(a, b Outcome) int { return cmp.Compare(b.Confidence, a.Confidence) }

// Figures say how good guesses were.
type Figures struct {
	Texts    int     `json:"texts"`
	Accuracy float64 `json:"accuracy"` // share of right guesses
	MacroF1  float64 `json:"macroF1"`  // mean over the classes of the harmonic mean of precision and recall
	ECE      float64 `json:"ece"`      // expected calibration error
	Alone    float64 `json:"alone"`    // share that can be decided without a person with 97 % of them right
}

// Measure reckons the figures of guesses.
func Measure(outcomes []Outcome) Figures {
	right := 0
	for _, o := range outcomes {
		if o.Truth == o.Guess {
			right++
		}
	}
	return Figures{
		Texts:    len(outcomes),
		Accuracy: share(right, len(outcomes)),
		MacroF1:  macroF1(outcomes),
		ECE:      CalibrationError(outcomes),
		Alone:    AloneAt(outcomes, 0.97),
	}
}

func macroF1(outcomes []Outcome) float64 {
	type counts struct{ hit, guessed, there int }
	by := map[string]*counts{}
	of := func(class string) *counts {
		if by[class] == nil {
			by[class] = &counts{}
		}
		return by[class]
	}
	for _, o := range outcomes {
		of(o.Truth).there++
		of(o.Guess).guessed++
		if o.Truth == o.Guess {
			of(o.Truth).hit++
		}
	}
	sum, classes := 0.0, 0
	for _, class := range slices.Sorted(maps.Keys(by)) {
		c := by[class]
		if c.there == 0 {
			continue // guessed only: it has cost the others their recall already
		}
		classes++
		sum += 2 * float64(c.hit) / float64(c.guessed+c.there)
	}
	return sum / float64(max(classes, 1))
}

// CalibrationError is the expected calibration error over fifteen bins of equal
// width: the mean, weighted by size, of the gap between mean confidence and share
// of right guesses (Guo et al., ICML 2017, equation 3).
func CalibrationError(outcomes []Outcome) float64 {
	const bins = 15
	var n, right, sum [bins]float64
	for _, o := range outcomes {
		b := min(int(o.Confidence*bins), bins-1)
		n[b]++
		sum[b] += o.Confidence
		if o.Truth == o.Guess {
			right[b]++
		}
	}
	gap := 0.0
	for b := range bins {
		gap += math.Abs(sum[b] - right[b])
	}
	return gap / float64(max(len(outcomes), 1))
}

// AloneAt is the largest share of the guesses, most confident first, of which at
// least the share precision is right.
func AloneAt(outcomes []Outcome, precision float64) float64 {
	sorted := slices.Clone(outcomes)
	slices.SortStableFunc(sorted, descending)
	best, right := 0, 0
	for i, o := range sorted {
		if o.Truth == o.Guess {
			right++
		}
		if i+1 < len(sorted) && sorted[i+1].Confidence == o.Confidence {
			continue // a threshold cannot part them
		}
		if float64(right) >= precision*float64(i+1) {
			best = i + 1
		}
	}
	return share(best, len(outcomes))
}

func share(a, b int) float64 { return float64(a) / float64(max(b, 1)) }
