package pdfa

import (
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"blattwerk/pipeline"
)

func TestGlyphlessFontIsAFont(t *testing.T) {
	raw := glyphlessFont()
	if sum := trueTypeSum(raw); sum != 0xB1B0AFBA {
		t.Errorf("the file's checksum is %#x", sum)
	}
	f, err := sfnt.Parse(withNames(raw))
	if err != nil {
		t.Fatal(err)
	}
	if f.NumGlyphs() != 2 || f.UnitsPerEm() != 1000 {
		t.Errorf("%d glyphs of %d units", f.NumGlyphs(), f.UnitsPerEm())
	}
	var b sfnt.Buffer
	for gid, wantSegments := range []int{0, 3} {
		if w, err := f.GlyphAdvance(&b, sfnt.GlyphIndex(gid), fixed.I(1000), 0); err != nil || w != fixed.I(fontWidth) {
			t.Errorf("glyph %d is %v wide: %v", gid, w, err)
		}
		segments, err := f.LoadGlyph(&b, sfnt.GlyphIndex(gid), fixed.I(1000), nil)
		if err != nil || len(segments) != wantSegments {
			t.Errorf("glyph %d has %d segments, want %d: %v", gid, len(segments), wantSegments, err)
		}
		if box := segments.Bounds(); gid == 1 && (box.Min != fixed.P(0, -fontAscent) || box.Max != fixed.P(fontWidth, -fontDescent)) {
			t.Errorf("glyph 1 spans %v", box)
		}
	}
}

// withNames adds tables of characters and names, without which the parser of the test takes
// no font. One inside a PDF file needs neither.
func withNames(font []byte) []byte {
	be := binary.BigEndian
	cmap := []byte{0, 0, 0, 1, 0, 3, 0, 10, 0, 0, 0, 12, 0, 12, 0, 0, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 65, 0, 0, 0, 65, 0, 0, 0, 1}
	tables := []trueTypeTable{{"cmap", cmap}}
	for i := range int(be.Uint16(font[4:])) {
		entry := font[12+16*i:]
		at, n := be.Uint32(entry[8:]), be.Uint32(entry[12:])
		tables = append(tables, trueTypeTable{string(entry[:4]), font[at : at+n]})
	}
	post := append([]byte{0, 3}, make([]byte, 30)...)
	return assembleTrueType(append(tables, trueTypeTable{"post", post}))
}

func TestAFontHasEnoughCodesOrSaysSo(t *testing.T) {
	text := func(from, to rune) *pipeline.PageText {
		var runes []rune
		for r := from; r < to; r++ {
			runes = append(runes, r)
		}
		return &pipeline.PageText{Width: 100, Height: 100, Words: []pipeline.Word{{Text: string(runes), Box: pipeline.Box{X1: 90, Y1: 20}}}}
	}
	leaf := func(from, to rune) Leaf { return blankLeaf(t, text(from, to)) }
	// With the space, exactly as many as there are codes.
	most := []Leaf{leaf(0x20000, 0x2fffe)}
	writeTest(t, claim2u, testMeta(), most...)
	err := Write(t.Context(), discard{}, testMeta(), leavesOf(append(most, leaf('A', 'B'))...))
	var fault *pipeline.Fault
	if !errors.As(err, &fault) || fault.Code != "too-many-characters" || fault.Page != 2 {
		t.Errorf("%v, want too-many-characters on page 2", err)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
