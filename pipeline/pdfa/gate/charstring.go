package gate

import "math"

// charstring runs the head of a Type 2 charstring.
type charstring struct {
	font  *cffFont
	subrs [][]byte
	stack []float64
	left  int // operators still allowed
	ended bool
}

// run gives the width operand if there is one. The first operator that clears
// the stack tells by the number of its operands.
func (r *charstring) run(code []byte, depth int) (w float64, found, ok bool) {
	if depth > 10 {
		return 0, false, false
	}
	odd := func(operands int) (float64, bool, bool) {
		r.ended = true
		if len(r.stack) > operands {
			return r.stack[0], true, true
		}
		return 0, false, true
	}
	for i := 0; i < len(code); {
		if r.left--; r.left < 0 || len(r.stack) > 513 {
			return 0, false, false
		}
		b := code[i]
		if v, n, isNumber := cffNumber(code[i:], true); isNumber {
			if n == 0 {
				return 0, false, false
			}
			r.stack = append(r.stack, v)
			i += n
			continue
		}
		i++
		switch b {
		case 1, 3, 18, 23, 19, 20: // stems and masks: pairs
			return odd(len(r.stack) &^ 1)
		case 21: // rmoveto
			return odd(2)
		case 4, 22: // vmoveto, hmoveto
			return odd(1)
		case 14: // endchar; four operands make an accented character
			if len(r.stack) == 4 || len(r.stack) == 5 {
				return odd(4)
			}
			return odd(0)
		case 10, 29:
			subrs := r.subrs
			if b == 29 {
				subrs = r.font.global
			}
			if len(r.stack) == 0 {
				return 0, false, false
			}
			k := int(r.stack[len(r.stack)-1]) + bias(len(subrs))
			r.stack = r.stack[:len(r.stack)-1]
			if k < 0 || k >= len(subrs) {
				return 0, false, false
			}
			w, found, ok = r.run(subrs[k], depth+1)
			if !ok || r.ended {
				return w, found, ok
			}
		case 11:
			return 0, false, true
		case 12:
			if i >= len(code) || !r.arithmetic(code[i]) {
				return 0, false, false
			}
			i++
		default:
			return 0, false, false
		}
	}
	// A subroutine may end without return; a glyph may not end without endchar.
	return 0, false, depth > 0
}

// arithmetic does the operators that may stand before the width is known.
func (r *charstring) arithmetic(op byte) bool {
	n := len(r.stack)
	two := func(fn func(a, b float64) float64) bool {
		if n < 2 {
			return false
		}
		r.stack = append(r.stack[:n-2], fn(r.stack[n-2], r.stack[n-1]))
		return true
	}
	switch op {
	case 10:
		return two(func(a, b float64) float64 { return a + b })
	case 11:
		return two(func(a, b float64) float64 { return a - b })
	case 12:
		return two(func(a, b float64) float64 { return a / b })
	case 24:
		return two(func(a, b float64) float64 { return a * b })
	case 9, 14, 26:
		if n < 1 {
			return false
		}
		v := r.stack[n-1]
		r.stack[n-1] = map[byte]float64{9: math.Abs(v), 14: -v, 26: math.Sqrt(v)}[op]
		return true
	}
	return false
}

func bias(n int) int {
	switch {
	case n < 1240:
		return 107
	case n < 33900:
		return 1131
	}
	return 32768
}
