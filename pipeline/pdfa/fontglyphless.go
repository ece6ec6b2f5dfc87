package pdfa

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// fontName is what the invisible font calls itself. A subset prefix would ask
// for a CIDSet, which this font has no use for.
const fontName = "BlattwerkGlyphless"

// Metrics of the invisible font in thousandths of its size. Every glyph has the
// same width: words are brought to the width of their ink by stretching them.
const (
	fontWidth   = 500
	fontAscent  = 800
	fontDescent = -200
)

// fontCodes numbers the characters of a file in the order of their first use,
// from 1. The invisible font shows the same empty glyph for each; only its
// ToUnicode map knows what they mean.
type fontCodes struct {
	codes map[rune]uint16
	runes []rune // by code less one
}

// maxCodes is how many characters a font with codes of two bytes can tell apart;
// code 0 stays for the glyph that must not be used.
const maxCodes = 65535

func newFontCodes() *fontCodes { return &fontCodes{codes: map[rune]uint16{}} }

// of gives the code of a character; false if there are no more codes.
func (f *fontCodes) of(r rune) (uint16, bool) {
	code, ok := f.codes[r]
	if !ok {
		if len(f.runes) == maxCodes {
			return 0, false
		}
		f.runes = append(f.runes, r)
		code = uint16(len(f.runes))
		f.codes[r] = code
	}
	return code, true
}

// write writes the font with all characters used so far under a reserved number.
func (f *fontCodes) write(o *objectWriter, font int) {
	cid, descriptor, program, toGID, toUnicode := o.reserve(), o.reserve(), o.reserve(), o.reserve(), o.reserve()
	o.object(font, fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%s] /ToUnicode %s >>",
		fontName, reference(cid), reference(toUnicode)))
	o.object(cid, fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "+
		"/FontDescriptor %s /DW %d /CIDToGIDMap %s >>", fontName, reference(descriptor), fontWidth, reference(toGID)))
	o.object(descriptor, fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [0 %d %d %d] /ItalicAngle 0 "+
		"/Ascent %d /Descent %d /CapHeight %d /StemV 80 /FontFile2 %s >>",
		fontName, fontDescent, fontWidth, fontAscent, fontAscent, fontDescent, fontAscent, reference(program)))
	ttf := glyphlessFont()
	o.deflated(program, fmt.Sprintf("/Length1 %d", len(ttf)), ttf)
	o.deflated(toGID, "", bytes.Repeat([]byte{0, 1}, len(f.runes)+1))
	o.deflated(toUnicode, "", f.toUnicode())
}

// toUnicode is the map from codes to characters (ISO 32000-1, 9.10.3). A block
// holds at most 100 pairs (Adobe Technical Note 5014).
func (f *fontCodes) toUnicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	const block = 100
	for start := 0; start < len(f.runes); start += block {
		end := min(start+block, len(f.runes))
		fmt.Fprintf(&b, "%d beginbfchar\n", end-start)
		for i := start; i < end; i++ {
			fmt.Fprintf(&b, "<%04X> <%s>\n", i+1, utf16Hex(string(f.runes[i])))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}

// utf16Hex spells s as UTF-16BE in hexadecimal digits.
func utf16Hex(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}

// glyphlessFont builds a TrueType font of two glyphs: .notdef and the one that
// stands for every character. Neither paints anything. The second has a contour
// of two points from corner to corner of its cell, because Chrome's PDF engine
// gives a glyph without an outline no extent and then drops words of a single
// character.
func glyphlessFont() []byte {
	be := binary.BigEndian
	glyph := []byte{0, 1} // one contour
	for _, v := range []int16{0, fontDescent, fontWidth, fontAscent} {
		glyph = be.AppendUint16(glyph, uint16(v)) // box: xMin yMin xMax yMax
	}
	glyph = append(glyph,
		0, 1, // last point of the contour
		0, 0, // no instructions
		0x01, 0x01) // both points on the curve, moves of two bytes
	for _, v := range []int16{0, fontWidth, fontDescent, fontAscent - fontDescent} {
		glyph = be.AppendUint16(glyph, uint16(v)) // x moves, then y moves
	}
	loca := be.AppendUint16(be.AppendUint16([]byte{0, 0}, 0), uint16(len(glyph)/2))

	var hmtx []byte
	for range 2 {
		hmtx = be.AppendUint16(be.AppendUint16(hmtx, fontWidth), 0)
	}
	var ascent, descent [2]byte
	be.PutUint16(ascent[:], fontAscent)
	descender := int16(fontDescent)
	be.PutUint16(descent[:], uint16(descender))

	hhea := make([]byte, 36)
	be.PutUint32(hhea[0:], 0x00010000)
	copy(hhea[4:], ascent[:])
	copy(hhea[6:], descent[:])
	be.PutUint16(hhea[10:], fontWidth) // advanceWidthMax
	be.PutUint16(hhea[16:], fontWidth) // xMaxExtent
	be.PutUint16(hhea[18:], 1)         // caretSlopeRise: upright
	be.PutUint16(hhea[34:], 2)         // numberOfHMetrics

	maxp := make([]byte, 32)
	be.PutUint32(maxp[0:], 0x00010000)
	be.PutUint16(maxp[4:], 2)  // numGlyphs
	be.PutUint16(maxp[6:], 2)  // maxPoints
	be.PutUint16(maxp[8:], 1)  // maxContours
	be.PutUint16(maxp[14:], 2) // maxZones

	head := make([]byte, 54)
	be.PutUint32(head[0:], 0x00010000)
	be.PutUint32(head[4:], 0x00010000)  // fontRevision
	be.PutUint32(head[12:], 0x5F0F3CF5) // magicNumber
	be.PutUint16(head[16:], 0x0003)     // baseline and left side at 0
	be.PutUint16(head[18:], 1000)       // unitsPerEm
	copy(head[38:], descent[:])         // box of all glyphs: yMin
	be.PutUint16(head[40:], fontWidth)  // xMax
	copy(head[42:], ascent[:])          // yMax
	be.PutUint16(head[46:], 8)          // lowestRecPPEM
	be.PutUint16(head[48:], 2)          // fontDirectionHint

	return assembleTrueType([]trueTypeTable{
		{"glyf", glyph}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp},
	})
}

type trueTypeTable struct {
	tag  string
	data []byte
}

// assembleTrueType joins tables, sorted by tag, to a font file with its
// checksums (OpenType specification, "Organization of an OpenType Font").
func assembleTrueType(tables []trueTypeTable) []byte {
	be := binary.BigEndian
	log := 0
	for 2<<log <= len(tables) {
		log++
	}
	font := be.AppendUint32(nil, 0x00010000)
	for _, v := range []int{len(tables), 16 << log, log, 16*len(tables) - 16<<log} {
		font = be.AppendUint16(font, uint16(v))
	}
	offset, head := len(font)+16*len(tables), 0
	var body []byte
	for _, t := range tables {
		if t.tag == "head" {
			head = offset + len(body)
		}
		padded := append(bytes.Clone(t.data), make([]byte, (4-len(t.data)%4)%4)...)
		font = append(font, t.tag...)
		font = be.AppendUint32(font, trueTypeSum(padded))
		font = be.AppendUint32(font, uint32(offset+len(body)))
		font = be.AppendUint32(font, uint32(len(t.data)))
		body = append(body, padded...)
	}
	font = append(font, body...)
	be.PutUint32(font[head+8:], 0xB1B0AFBA-trueTypeSum(font)) // checkSumAdjustment
	return font
}

func trueTypeSum(b []byte) uint32 {
	var sum uint32
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	return sum
}
