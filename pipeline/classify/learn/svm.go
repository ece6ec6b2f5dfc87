package learn

import (
	"math"
	"math/rand/v2"
)

// separate finds the hyperplane that parts the examples with positive[i] from the
// rest: an L2-regularised support vector machine with squared hinge loss, solved
// in the dual by coordinate descent (Hsieh, Chang, Lin, Keerthi, Sundararajan: A
// Dual Coordinate Descent Method for Large-scale Linear SVM, ICML 2008, algorithm
// 1). The bias is the weight of a constant feature. The order of the examples is
// drawn from a fixed seed, so that the same examples give the same weights.
// Features are numbered from 0 to dims-1.
func separate(xs [][]feature, positive []bool, dims int) (weights []float32, bias float32) {
	w := make([]float32, dims)
	alpha := make([]float64, len(xs))
	b := 0.0
	const diagonal = 1 / (2 * cost)
	norms := make([]float64, len(xs))
	order := make([]int, len(xs))
	for i, x := range xs {
		order[i] = i
		norms[i] = 1 + diagonal // 1 is the constant feature's share
		for _, f := range x {
			norms[i] += float64(f.value) * float64(f.value)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		worst := 0.0
		for _, i := range order {
			y := -1.0
			if positive[i] {
				y = 1
			}
			dot := b
			for _, f := range xs[i] {
				dot += float64(w[f.bucket] * f.value)
			}
			gradient := y*dot - 1 + diagonal*alpha[i]
			if alpha[i] == 0 && gradient > 0 {
				continue // on the right side, with room to spare
			}
			worst = max(worst, math.Abs(gradient))
			old := alpha[i]
			alpha[i] = max(old-gradient/norms[i], 0)
			step := (alpha[i] - old) * y
			b += step
			for _, f := range xs[i] {
				w[f.bucket] += float32(step) * f.value
			}
		}
		if worst < gap {
			break
		}
	}
	return w, float32(b)
}
