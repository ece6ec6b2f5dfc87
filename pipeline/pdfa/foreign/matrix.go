package foreign

import "math"

// matrix is a transformation as ISO 32000-1, 8.3.3, writes it.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// over gives the matrix that applies m first, then n.
func (m matrix) over(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func (m matrix) apply(x, y float64) (float64, float64) {
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}

// box is a rectangle in points: left, bottom, right, top.
type box [4]float64

func (b box) width() float64  { return b[2] - b[0] }
func (b box) height() float64 { return b[3] - b[1] }
func (b box) empty() bool     { return !(b.width() > 0 && b.height() > 0) }

func (b box) meet(c box) box {
	return box{math.Max(b[0], c[0]), math.Max(b[1], c[1]), math.Min(b[2], c[2]), math.Min(b[3], c[3])}
}

// covers says whether b holds all of c but for slack points at each edge.
func (b box) covers(c box, slack float64) bool {
	return b[0] <= c[0]+slack && b[1] <= c[1]+slack && b[2] >= c[2]-slack && b[3] >= c[3]-slack
}

// bounds is the box around b after m.
func (m matrix) bounds(b box) box {
	out := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range [4][2]float64{{b[0], b[1]}, {b[2], b[1]}, {b[0], b[3]}, {b[2], b[3]}} {
		x, y := m.apply(p[0], p[1])
		out = box{math.Min(out[0], x), math.Min(out[1], y), math.Max(out[2], x), math.Max(out[3], y)}
	}
	return out
}

// quarter says by how many degrees clockwise m turns, if it turns by a multiple
// of 90 and does not mirror.
func (m matrix) quarter() (int, bool) {
	size := math.Max(math.Hypot(m[0], m[1]), math.Hypot(m[2], m[3]))
	flat := func(v float64) bool { return math.Abs(v) < 1e-3*size }
	switch {
	case flat(m[1]) && flat(m[2]) && m[0] > 0 && m[3] > 0:
		return 0, true
	case flat(m[0]) && flat(m[3]) && m[1] < 0 && m[2] > 0:
		return 90, true
	case flat(m[1]) && flat(m[2]) && m[0] < 0 && m[3] < 0:
		return 180, true
	case flat(m[0]) && flat(m[3]) && m[1] > 0 && m[2] < 0:
		return 270, true
	}
	return 0, false
}
