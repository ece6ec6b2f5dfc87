package ocr

import (
	"math"
	"slices"
	"testing"
)

func TestLarger(t *testing.T) {
	for name, tc := range map[string]struct {
		heights []int
		want    float64
	}{
		"letters of usual height":    {slices.Repeat([]int{18, 20, 28}, 100), 1},
		"just high enough":           {slices.Repeat([]int{smallLetter}, 200), 1},
		"small letters":              {slices.Repeat([]int{8, 9, 13}, 100), mostLarger},
		"a few marks say nothing":    {slices.Repeat([]int{8}, fewestForIt-1), 1},
		"small print under a letter": {append(slices.Repeat([]int{8}, 200), slices.Repeat([]int{20}, 300)...), 1},
		"nothing":                    {nil, 1},
	} {
		if got := larger(tc.heights); math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("%s: %.3f, want %.3f", name, got, tc.want)
		}
	}
}
