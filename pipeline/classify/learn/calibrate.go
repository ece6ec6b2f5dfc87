package learn

import (
	"math"
	"slices"
)

// Scale turns margins and other evidence into a probability:
//
//	p(c) = exp(z_c) / sum over all classes k of exp(z_k),   z_c = Margin*m_c + Prior*s_c
//
// with m_c the distance from the hyperplane of class c and s_c what the cues say,
// in nats. With Prior 0 this is temperature scaling (Guo, Pleiss, Sun,
// Weinberger: On Calibration of Modern Neural Networks, ICML 2017) with
// temperature 1/Margin. "No class at all" takes part with
// z = None + Margin*unknown + Prior*s_none where Open is set.
//
// People file some letters in the wrong place, whatever stands in them: a share
// Lapse of the examples is taken to be spread over all classes alike, so that the
// confidence never exceeds what the examples themselves are worth.
type Scale struct {
	Margin float64 `json:"margin"`
	Prior  float64 `json:"prior"`
	None   float64 `json:"none,omitempty"`
	Lapse  float64 `json:"lapse,omitempty"`
	Open   bool    `json:"open,omitempty"` // "no class at all" takes part
}

const (
	unknown    = -1.0  // margin of a class that was never learned: the far side
	NoClass    = ""    // key in Example.Prior of the evidence that a text belongs to no class
	novel      = 0.25  // weight of an example with its own class taken away, that stands for a text of an unknown kind
	firstLapse = 0.02  // share of lapses to begin with
	certainty  = 0.995 // the machine is never certain
)

// row is a held-out text: the margins and priors of all candidate classes.
type row struct {
	classes []string // the learned ones, then those that only a prior speaks for; NoClass last
	margin  []float64
	prior   []float64
	truth   string
}

func newRow(classes []string, margins []float64, priors map[string]float64, truth string) row {
	r := row{classes: classes, margin: margins, prior: make([]float64, len(classes)), truth: truth}
	for i, c := range classes {
		r.prior[i] = priors[c]
	}
	var more []string
	for c := range priors {
		if _, known := slices.BinarySearch(classes, c); !known && c != NoClass {
			more = append(more, c)
		}
	}
	slices.Sort(more)
	r.classes = append(slices.Clip(r.classes), more...)
	r.classes = append(r.classes, NoClass)
	for _, c := range r.classes[len(classes):] {
		r.margin = append(r.margin, unknown)
		r.prior = append(r.prior, priors[c])
	}
	return r
}

// probabilities fills p for the classes of a row; NoClass is the last.
func (s Scale) probabilities(r row, p []float64) []float64 {
	p = p[:0]
	top := math.Inf(-1)
	for i := range r.classes {
		z := s.Margin*r.margin[i] + s.Prior*r.prior[i]
		if r.classes[i] == NoClass {
			z += s.None
			if !s.Open {
				z = math.Inf(-1)
			}
		}
		p = append(p, z)
		top = max(top, z)
	}
	sum := 0.0
	for i := range p {
		p[i] = math.Exp(p[i] - top)
		sum += p[i]
	}
	for i := range p {
		p[i] = (1 - s.Lapse) * p[i] / sum
		if s.Open || r.classes[i] != NoClass {
			p[i] += s.stray(len(p))
		}
	}
	return p
}

// stray is the probability of any one of n classes (NoClass among them) by lapse.
func (s Scale) stray(n int) float64 {
	if !s.Open {
		n--
	}
	return s.Lapse / float64(n)
}

// fit finds the scale under which the truth of the held-out rows is most
// probable: expectation and maximisation in turn, where the expectation is how
// likely each row is no lapse. With open set, each row is also seen with its own
// class taken away.
func fit(rows []row, open bool) Scale {
	s := Scale{Margin: 3, Prior: 0.5, Lapse: firstLapse, Open: open}
	if open {
		for _, r := range rows {
			rows = append(rows, r.without())
		}
	}
	weights := make([]float64, len(rows))
	var p []float64
	for range 12 {
		lapses, total := 0.0, 1.0
		for i, r := range rows {
			p = s.probabilities(r, p)
			share := 1.0
			if own := slices.Index(r.classes, r.truth); own >= 0 && p[own] > 0 {
				share = 1 - s.stray(len(p))/p[own]
			}
			weights[i] = share
			if r.truth == NoClass {
				weights[i] *= novel
				continue
			}
			lapses += 1 - share
			total++
		}
		s.Lapse = min(lapses/total, 0.5)
		s = s.climb(rows, weights)
	}
	return s
}

// climb is the maximisation: Newton's method on the (convex) weighted negative
// log-likelihood, held near sane values by a weak Gaussian prior, so that a
// handful of rows cannot make it certain.
func (s Scale) climb(rows []row, weights []float64) Scale {
	start := [3]float64{3, 0.5, 0}
	stiff := [3]float64{0.05, 1, 0.5}
	pure := s
	pure.Lapse = 0
	for range 30 {
		var g [3]float64
		var h [3][3]float64
		theta := [3]float64{pure.Margin, pure.Prior, pure.None}
		for k := range 3 {
			g[k] = stiff[k] * (theta[k] - start[k])
			h[k][k] = stiff[k]
		}
		var p []float64
		for i, r := range rows {
			p = pure.probabilities(r, p)
			r.slope(p, weights[i], &g, &h)
		}
		step := solve(h, g)
		far := 0.0
		for k := range 3 {
			theta[k] -= min(max(step[k], -2), 2)
			far = max(far, math.Abs(step[k]))
		}
		pure.Margin, pure.Prior, pure.None = max(theta[0], 0.1), max(theta[1], 0), theta[2]
		if far < 1e-4 {
			break
		}
	}
	pure.Lapse = s.Lapse
	return pure
}

// without is a row whose own class was never learned and has no cue: a text of a
// kind that is not known.
func (r row) without() row {
	own := slices.Index(r.classes, r.truth)
	out := row{classes: r.classes, margin: slices.Clone(r.margin), prior: slices.Clone(r.prior), truth: NoClass}
	if own >= 0 {
		out.margin[own], out.prior[own] = unknown, 0
	}
	return out
}

// slope adds the gradient and the Hessian of a row's negative log-likelihood:
// the mean and the covariance of the evidence under p.
func (r row) slope(p []float64, weight float64, g *[3]float64, h *[3][3]float64) {
	var mean [3]float64
	var square [3][3]float64
	var own [3]float64
	found := false
	for i := range r.classes {
		phi := [3]float64{r.margin[i], r.prior[i], 0}
		if r.classes[i] == NoClass {
			phi[2] = 1
		}
		if r.classes[i] == r.truth {
			own, found = phi, true
		}
		for a := range 3 {
			mean[a] += p[i] * phi[a]
			for b := range 3 {
				square[a][b] += p[i] * phi[a] * phi[b]
			}
		}
	}
	if !found {
		return // a class that nothing speaks of: no scale makes it probable
	}
	for a := range 3 {
		g[a] += weight * (mean[a] - own[a])
		for b := range 3 {
			h[a][b] += weight * (square[a][b] - mean[a]*mean[b])
		}
	}
}

// solve gives h⁻¹ g for a symmetric positive definite h, by Gaussian elimination.
func solve(h [3][3]float64, g [3]float64) [3]float64 {
	for i := range 3 {
		for j := i + 1; j < 3; j++ {
			f := h[j][i] / h[i][i]
			for k := i; k < 3; k++ {
				h[j][k] -= f * h[i][k]
			}
			g[j] -= f * g[i]
		}
	}
	var x [3]float64
	for i := 2; i >= 0; i-- {
		x[i] = g[i]
		for k := i + 1; k < 3; k++ {
			x[i] -= h[i][k] * x[k]
		}
		x[i] /= h[i][i]
	}
	return x
}

// outcomes are what a scale makes of rows that were held out.
func (s Scale) outcomes(rows []row) []Outcome {
	out := make([]Outcome, len(rows))
	var p []float64
	for i, r := range rows {
		p = s.probabilities(r, p)
		best := 0
		for k := range p {
			if p[k] > p[best] {
				best = k
			}
		}
		out[i] = Outcome{Truth: r.truth, Guess: r.classes[best], Confidence: min(p[best], certainty)}
	}
	return out
}

// thresholdOf is the confidence from which a guess of a class is taken, so that
// the wanted share of such guesses is right: the lowest at which that held on the
// held-out texts. Few texts prove little, so each count is joined by the worth of
// ten texts of all classes at the same confidence. A class for which no
// confidence was enough is never taken: 1.
func thresholdOf(all []Outcome, class string, precision float64) float64 {
	var own []Outcome
	for _, o := range all {
		if o.Guess == class {
			own = append(own, o)
		}
	}
	slices.SortFunc(own, descending)
	rest := slices.Clone(all)
	slices.SortFunc(rest, descending)
	threshold, right, restRight, n := 1.0, 0.0, 0.0, 0
	for i, o := range own {
		if o.Truth == o.Guess {
			right++
		}
		for n < len(rest) && rest[n].Confidence >= o.Confidence {
			if rest[n].Truth == rest[n].Guess {
				restRight++
			}
			n++
		}
		const worth = 10
		if (right+worth*restRight/float64(n))/(float64(i+1)+worth) >= precision {
			threshold = o.Confidence
		}
	}
	return math.Floor(threshold*1e4) / 1e4
}
