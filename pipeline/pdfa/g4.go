package pdfa

import (
	"encoding/binary"
	"math/bits"
)

const (
	g4White = 0
	g4Black = 1
)

// g4Encoder writes a black-and-white picture in the coding of group 4 fax
// machines (ITU-T T.6), row by row. PDF calls it CCITTFaxDecode with K -1.
type g4Encoder struct {
	width    int
	ref, cur []int // changes of colour in the row above and in this one, by pixel
	out      []byte
	acc      uint64 // bits that do not fill a byte yet, right-aligned
	n        uint   // how many
}

func newG4Encoder(width int) *g4Encoder { return &g4Encoder{width: width} }

// row encodes the next row: one bit a pixel, the leftmost in the highest bit, 1
// is black. Bits beyond the width are ignored.
func (e *g4Encoder) row(row []byte) {
	e.cur = g4Changes(e.cur[:0], row, e.width)
	e.encode()
	e.ref, e.cur = e.cur, e.ref
}

// finish ends the picture and gives all its bytes.
func (e *g4Encoder) finish() []byte {
	e.put(g4EndOfLine)
	e.put(g4EndOfLine)
	if e.n > 0 {
		e.out = append(e.out, byte(e.acc<<(8-e.n)))
		e.acc, e.n = 0, 0
	}
	return e.out
}

// encode follows the flow of T.6, 2.2: a0 is the place reached, a1 and a2 the
// next changes in this row, b1 and b2 the next ones of use in the row above.
func (e *g4Encoder) encode() {
	a0, colour := -1, g4White
	a, b := 0, 0 // indices into cur and ref
	for a0 < e.width {
		for a < len(e.cur) && e.cur[a] <= a0 {
			a++
		}
		a1 := e.at(e.cur, a)
		// b1 changes to the colour opposite to the current one: changes with an even
		// index turn black. Going back by two covers a vertical step to the left.
		for b > 1 && e.at(e.ref, b-2) > a0 {
			b -= 2
		}
		for b < len(e.ref) && (e.ref[b] <= a0 || b&1 != colour) {
			b++
		}
		b1, b2 := e.at(e.ref, b), e.at(e.ref, b+1)

		switch {
		case b2 < a1:
			e.put(g4Pass)
			a0 = b2
		case a1-b1 >= -3 && a1-b1 <= 3:
			e.put(g4Vertical[a1-b1+3])
			a0, colour = a1, colour^1
			if b > 0 {
				b--
			}
		default:
			a2 := e.at(e.cur, a+1)
			e.put(g4Horizontal)
			e.run(colour, a1-max(a0, 0))
			e.run(colour^1, a2-a1)
			a0 = a2
		}
	}
}

func (e *g4Encoder) at(changes []int, i int) int {
	if i < len(changes) {
		return changes[i]
	}
	return e.width
}

func (e *g4Encoder) run(colour, length int) {
	const longest = 2560
	for ; length > longest; length -= longest {
		e.put(g4MakeupLong[len(g4MakeupLong)-1])
	}
	if steps := length / 64; steps > len(g4Makeup[colour]) {
		e.put(g4MakeupLong[steps-len(g4Makeup[colour])-1])
	} else if steps > 0 {
		e.put(g4Makeup[colour][steps-1])
	}
	e.put(g4Terminating[colour][length%64])
}

func (e *g4Encoder) put(c g4Code) {
	e.acc = e.acc<<c.n | uint64(c.bits)
	e.n += uint(c.n)
	for e.n >= 8 {
		e.n -= 8
		e.out = append(e.out, byte(e.acc>>e.n))
	}
}

// g4Changes appends the pixels at which a row changes its colour, starting from
// white.
func g4Changes(changes []int, row []byte, width int) []int {
	var before uint64 // the last pixel of the word before
	for x := 0; x < width; x += 64 {
		var word uint64
		if chunk := row[x/8:]; len(chunk) >= 8 {
			word = binary.BigEndian.Uint64(chunk)
		} else {
			for i, b := range chunk {
				word |= uint64(b) << (56 - 8*i)
			}
		}
		for edges := word ^ (word>>1 | before<<63); edges != 0; {
			lead := bits.LeadingZeros64(edges)
			if x+lead >= width {
				break
			}
			changes = append(changes, x+lead)
			edges &^= 1 << (63 - lead)
		}
		before = word & 1
	}
	return changes
}
