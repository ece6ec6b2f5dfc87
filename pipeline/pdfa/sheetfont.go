package pdfa

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"blattwerk/pipeline/pdfa/truetype"
)

// sheetProgram is a font program to embed.
type sheetProgram struct {
	name string
	ttf  []byte
}

// sheetPrograms are the fonts of sheets, regular and bold: Go's own, under its
// BSD licence, which cover the Latin letters of Europe.
func sheetPrograms() [2]sheetProgram {
	return [2]sheetProgram{{"GoRegular", goregular.TTF}, {"GoBold", gobold.TTF}}
}

// sheetFont measures and writes text and remembers which glyphs it used.
type sheetFont struct {
	sheetProgram
	font    *sfnt.Font
	buf     sfnt.Buffer
	perEm   float64
	meaning map[sfnt.GlyphIndex]rune // of each glyph in use
	glyphs  map[rune]sfnt.GlyphIndex
}

func newSheetFont(name string, ttf []byte) (*sheetFont, error) {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		return nil, err
	}
	return &sheetFont{
		sheetProgram: sheetProgram{name, ttf}, font: f, perEm: float64(f.UnitsPerEm()),
		meaning: map[sfnt.GlyphIndex]rune{}, glyphs: map[rune]sfnt.GlyphIndex{},
	}, nil
}

// glyph gives the glyph of a character; one that the font lacks is shown as a
// question mark.
func (f *sheetFont) glyph(r rune) sfnt.GlyphIndex {
	if g, known := f.glyphs[r]; known {
		return g
	}
	shown := r
	if unicode.IsSpace(r) {
		shown = ' ' // also the spaces that forbid a break
	}
	g, err := f.font.GlyphIndex(&f.buf, shown)
	if err != nil || g == 0 {
		shown = '?'
		g, _ = f.font.GlyphIndex(&f.buf, shown)
	}
	f.glyphs[r] = g
	if _, known := f.meaning[g]; !known {
		f.meaning[g] = shown
	}
	return g
}

// advance is the width of a glyph in thousandths of the font's size.
func (f *sheetFont) advance(g sfnt.GlyphIndex) float64 {
	w, err := f.font.GlyphAdvance(&f.buf, g, fixed.I(int(f.perEm)), font.HintingNone)
	if err != nil {
		return 0
	}
	return float64(w) / 64 / f.perEm * 1000
}

// width is the length of a line in points.
func (f *sheetFont) width(line string, size float64) float64 {
	sum := 0.0
	for _, r := range line {
		sum += f.advance(f.glyph(r))
	}
	return sum * size / 1000
}

// wrap breaks a text into lines of at most the given width, at spaces, and a word
// that is longer than a line anywhere. Every line but the last of a paragraph
// keeps its space, so that words stay apart when the text is read out. A line
// break of the text stays one.
func (f *sheetFont) wrap(text string, size, width float64) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, word := range strings.FieldsFunc(paragraph, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' }) {
			if line != "" && f.width(line+word, size) > width {
				lines = append(lines, line)
				line = ""
			}
			for f.width(word, size) > width {
				cut := f.fit(word, size, width)
				lines = append(lines, word[:cut])
				word = word[cut:]
			}
			line += word + " "
		}
		lines = append(lines, strings.TrimSuffix(line, " "))
	}
	return lines
}

// fit is how many bytes of a word fit into a width, one character at least.
func (f *sheetFont) fit(word string, size, width float64) int {
	sum := 0.0
	for i, r := range word {
		sum += f.advance(f.glyph(r)) * size / 1000
		if sum > width && i > 0 {
			return i
		}
	}
	return len(word)
}

// show writes a line at a place in points from the lower left corner.
func (f *sheetFont) show(b *bytes.Buffer, line string, x, y float64, look Text) {
	if line == "" {
		return
	}
	name := "F0"
	if look.Bold {
		name = "F1"
	}
	b.WriteString("BT " + colour(look.Colour) + " rg /" + name + " " + number(look.size()) + " Tf " + number(x) + " " + number(y) + " Td <")
	for _, r := range line {
		fmt.Fprintf(b, "%04X", uint16(f.glyph(r)))
	}
	b.WriteString("> Tj ET\n")
}

func colour(c Colour) string { return number(c.R) + " " + number(c.G) + " " + number(c.B) }

// used lists the glyphs in use.
func (f *sheetFont) used() []sfnt.GlyphIndex {
	glyphs := make([]sfnt.GlyphIndex, 0, len(f.meaning))
	for g := range f.meaning {
		glyphs = append(glyphs, g)
	}
	slices.Sort(glyphs)
	return glyphs
}

// write writes the font under a reserved number. Codes are glyph numbers
// (Identity-H).
func (f *sheetFont) write(o *objectWriter, object int) error {
	glyphs := f.used()
	program, err := truetype.Subset(f.ttf, glyphs, nil)
	if err != nil {
		return fmt.Errorf("taking glyphs out of %s: %w", f.name, err)
	}
	box, err := f.font.Bounds(&f.buf, fixed.I(1000), font.HintingNone)
	if err != nil {
		return fmt.Errorf("measuring %s: %w", f.name, err)
	}
	metrics, err := f.font.Metrics(&f.buf, fixed.I(1000), font.HintingNone)
	if err != nil {
		return fmt.Errorf("measuring %s: %w", f.name, err)
	}
	var widths strings.Builder
	for _, g := range glyphs {
		fmt.Fprintf(&widths, "%d [%s] ", g, number(f.advance(g)))
	}
	cid, descriptor, file, toUnicode := o.reserve(), o.reserve(), o.reserve(), o.reserve()
	o.object(object, fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%s] /ToUnicode %s >>",
		f.name, reference(cid), reference(toUnicode)))
	o.object(cid, fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "+
		"/FontDescriptor %s /W [%s] /CIDToGIDMap /Identity >>", f.name, reference(descriptor), strings.TrimSpace(widths.String())))
	o.object(descriptor, fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 "+
		"/Ascent %d /Descent %d /CapHeight %d /StemV 80 /FontFile2 %s >>", f.name,
		box.Min.X.Floor(), -box.Max.Y.Ceil(), box.Max.X.Ceil(), -box.Min.Y.Floor(),
		metrics.Ascent.Ceil(), -metrics.Descent.Ceil(), metrics.CapHeight.Ceil(), reference(file)))
	o.deflated(file, fmt.Sprintf("/Length1 %d", len(program)), program)
	o.deflated(toUnicode, "", f.toUnicode(glyphs))
	return o.err
}

// toUnicode is the map from glyphs to characters (ISO 32000-1, 9.10.3).
func (f *sheetFont) toUnicode(glyphs []sfnt.GlyphIndex) []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for block := range slices.Chunk(glyphs, 100) { // the most that a block holds (Adobe Technical Note 5014)
		fmt.Fprintf(&b, "%d beginbfchar\n", len(block))
		for _, g := range block {
			fmt.Fprintf(&b, "<%04X> <%s>\n", uint16(g), utf16Hex(string(f.meaning[g])))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}
