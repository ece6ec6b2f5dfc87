package pdfa

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/truetype"
)

// textStyle is how a paragraph of typeset text looks.
type textStyle int

const (
	styleHeading textStyle = iota // bold
	styleField                    // a label and its value, side by side
	styleText
	styleFixed // every character as wide as the others: what was laid out with spaces stays in place
)

// textBlock is a paragraph of text to set. Lines of Text end with \n.
type textBlock struct {
	Style textStyle
	Label string
	Text  string
}

// Measures of a typeset page, points: A4 with the margins of DIN 5008.
const (
	sheetWidth, sheetHeight = 595.28, 841.89
	marginLeft, marginRight = 70.87, 56.69
	marginTop, marginBottom = 62.36, 56.69
	labelWidth              = 62.0
)

// maxTextPages bounds how many pages text is set on; the rest is cut off, which
// is said on the last one.
const maxTextPages = 300

// typesetFonts are the files of the fonts, by style.
var typesetFonts = map[textStyle]string{styleHeading: "LiberationSans-Bold.ttf", styleField: "LiberationSans-Regular.ttf",
	styleText: "LiberationSans-Regular.ttf", styleFixed: "LiberationMono-Regular.ttf"}

var typesetSizes = map[textStyle]float64{styleHeading: 13, styleField: 10, styleText: 10.5, styleFixed: 9.2}

// face is a font that text is set in, with the glyphs that were used.
type face struct {
	name  string // resource name, "F1"
	file  string
	raw   []byte
	font  *sfnt.Font
	buf   sfnt.Buffer
	upem  float64
	codes *fontCodes
	glyph []sfnt.GlyphIndex // by code less one
	spare sfnt.GlyphIndex   // shown for a character that the font lacks
}

func loadFace(folder, file, name string) (*face, error) {
	if folder == "" {
		return nil, fault(pipeline.TryAgain, "missing-fonts",
			"Auf dem Server fehlen die Liberation-Schriften. Die Systembetreuung muss das Paket fonts-liberation installieren.",
			"The Liberation fonts are missing on the server. The administrator has to install the package fonts-liberation.", nil)
	}
	raw, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		return nil, err
	}
	f, err := sfnt.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("reading font %s: %w", file, err)
	}
	fc := &face{name: name, file: file, raw: raw, font: f, upem: float64(f.UnitsPerEm()), codes: newFontCodes()}
	for _, r := range "\u25a1\ufffd?" { // the first that the font has
		if g, err := f.GlyphIndex(&fc.buf, r); err == nil && g != 0 {
			fc.spare = g
			break
		}
	}
	return fc, nil
}

// of gives the code of a character and notes its glyph. A character that the
// font lacks is shown as an empty box, but copies as itself.
func (f *face) of(r rune) (uint16, bool) {
	code, ok := f.codes.of(r)
	if ok && int(code) > len(f.glyph) {
		g, err := f.font.GlyphIndex(&f.buf, r)
		if err != nil || g == 0 {
			g = f.spare
		}
		f.glyph = append(f.glyph, g)
	}
	return code, ok
}

// width of a glyph, thousandths of the em.
func (f *face) width(g sfnt.GlyphIndex) float64 {
	a, err := f.font.GlyphAdvance(&f.buf, g, fixed.I(int(f.upem)), font.HintingNone)
	if err != nil {
		return 0
	}
	return float64(int(float64(a)/64*1000/f.upem + 0.5))
}

// advance is the width of a character, thousandths of the em.
func (f *face) advance(r rune) float64 {
	g, err := f.font.GlyphIndex(&f.buf, r)
	if err != nil || g == 0 {
		g = f.spare
	}
	return f.width(g)
}

// write writes the font with the glyphs used so far under a reserved number.
func (f *face) write(o *objectWriter, object int) error {
	program, err := truetype.Subset(f.raw, f.glyph, nil)
	if err != nil {
		return fmt.Errorf("cutting font %s: %w", f.file, err)
	}
	base := "BLATTW+" + strings.TrimSuffix(f.file, ".ttf")
	cid, descriptor, file, toGID, toUnicode := o.reserve(), o.reserve(), o.reserve(), o.reserve(), o.reserve()
	o.object(object, fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%s] /ToUnicode %s >>",
		base, reference(cid), reference(toUnicode)))
	var widths strings.Builder
	if len(f.glyph) > 0 {
		widths.WriteString("/W [1 [")
	}
	gids := []byte{0, 0}
	for _, g := range f.glyph {
		widths.WriteString(number(f.width(g)) + " ")
		gids = append(gids, byte(g>>8), byte(g))
	}
	if len(f.glyph) > 0 {
		widths.WriteString("]]")
	}
	o.object(cid, fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "+
		"/FontDescriptor %s /DW 1000 %s /CIDToGIDMap %s >>", base, reference(descriptor), widths.String(), reference(toGID)))
	flags := 32
	if strings.Contains(f.file, "Mono") {
		flags |= 1
	}
	o.object(descriptor, fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /Flags %d /FontBBox [-550 -310 1360 1040] /ItalicAngle 0 "+
		"/Ascent 905 /Descent -212 /CapHeight 729 /StemV 80 /FontFile2 %s >>", base, flags, reference(file)))
	o.deflated(file, fmt.Sprintf("/Length1 %d", len(program)), program)
	o.deflated(toGID, "", gids)
	o.deflated(toUnicode, "", f.codes.toUnicode())
	return o.err
}

// typesetter lays paragraphs on pages.
type typesetter struct {
	d       *scanWriter
	faces   map[textStyle]*face
	objects map[*face]int // font objects
	foot    string

	content    bytes.Buffer
	y          float64
	paragraphs int
	pages      int
	cut        bool
}

// writeText writes a PDF/A-2u of typeset text: the same paragraphs give the same
// bytes. foot stands at the bottom of each page, with its number. cut says that
// there was more than fits on the most pages.
func writeText(ctx context.Context, w io.Writer, meta Meta, fonts, foot string, blocks []textBlock) (cut bool, err error) {
	t := &typesetter{d: newScanWriter(w), faces: map[textStyle]*face{}, objects: map[*face]int{}, foot: foot, y: sheetHeight - marginTop}
	byFile := map[string]*face{}
	for style := styleHeading; style <= styleFixed; style++ {
		file := typesetFonts[style]
		if byFile[file] == nil {
			f, err := loadFace(fonts, file, fmt.Sprintf("F%d", len(byFile)+1))
			if err != nil {
				return false, err
			}
			byFile[file], t.objects[f] = f, t.d.o.reserve()
		}
		t.faces[style] = byFile[file]
	}
	for _, b := range blocks {
		if err := ctx.Err(); err != nil {
			return t.cut, err
		}
		t.block(b)
	}
	t.endPage()
	for style := styleHeading; style <= styleFixed; style++ { // in a fixed order
		if f := t.faces[style]; t.objects[f] != 0 {
			if err := f.write(t.d.o, t.objects[f]); err != nil {
				return false, err
			}
			t.objects[f] = 0
		}
	}
	return t.cut, t.d.finish(meta, xmpClaim{Part: 2, Level: "U"})
}

// block sets one paragraph.
func (t *typesetter) block(b textBlock) {
	f, size := t.faces[b.Style], typesetSizes[b.Style]
	left, width := marginLeft, sheetWidth-marginLeft-marginRight
	if b.Style == styleField {
		left, width = left+labelWidth, width-labelWidth
	}
	for i, line := range wrap(b.Text, f.advance, width*1000/size) {
		t.room(size * 1.25)
		if t.cut {
			return
		}
		if i == 0 && b.Style == styleField {
			t.show(t.faces[styleField], size, marginLeft, plainText(b.Label))
		}
		t.show(f, size, left, line)
		t.y -= size * 1.25
	}
	t.y -= size * 0.35
}

// room starts a new page where the current one has not that much left.
func (t *typesetter) room(height float64) {
	if t.y-height >= marginBottom {
		return
	}
	if t.pages+1 >= maxTextPages {
		t.cut = true
		return
	}
	t.endPage()
}

// show writes one line at the current height, as a paragraph of the tags.
func (t *typesetter) show(f *face, size, x float64, s string) {
	if strings.TrimSpace(s) == "" {
		return
	}
	fmt.Fprintf(&t.content, "/P <</MCID %d>> BDC\nBT /%s %s Tf 1 0 0 1 %s %s Tm <", t.paragraphs, f.name, number(size), number(x), number(t.y-size))
	for _, r := range visualOrder(s) {
		if code, ok := f.of(r); ok {
			fmt.Fprintf(&t.content, "%04X", code)
		}
	}
	t.content.WriteString("> Tj ET\nEMC\n")
	t.paragraphs++
}

func (t *typesetter) endPage() {
	t.pages++
	f := t.faces[styleText]
	foot := plainText(t.foot)
	foot = foot[:fit(foot, f.advance, 45_000)] + fmt.Sprintf("  ·  %d", t.pages) // thousandths of 8 points: three quarters of a line
	if t.cut {
		foot += "  ·  …"
	}
	fmt.Fprintf(&t.content, "/Artifact BMC\nBT /%s 8 Tf 1 0 0 1 %s %s Tm <", f.name, number(marginLeft), number(marginBottom/2))
	for _, r := range foot {
		if code, ok := f.of(r); ok {
			fmt.Fprintf(&t.content, "%04X", code)
		}
	}
	t.content.WriteString("> Tj ET\nEMC\n")
	d := t.d
	page, content := d.o.reserve(), d.o.reserve()
	d.o.deflated(content, "", t.content.Bytes())
	var fonts strings.Builder
	seen := map[*face]bool{}
	for style := styleHeading; style <= styleFixed; style++ {
		if f := t.faces[style]; !seen[f] {
			seen[f] = true
			fonts.WriteString(fmt.Sprintf("/%s %s ", f.name, reference(t.objects[f])))
		}
	}
	tags := ""
	if t.paragraphs > 0 {
		tags = fmt.Sprintf(" /StructParents %d /Tabs /S", len(d.pageRefs))
		d.tag(page, t.paragraphs)
	}
	d.o.object(page, fmt.Sprintf("<< /Type /Page /Parent %s /MediaBox [0 0 %s %s] /Resources << /Font << %s>> >> /Contents %s%s >>",
		reference(d.pages), number(sheetWidth), number(sheetHeight), fonts.String(), reference(content), tags))
	d.pageRefs = append(d.pageRefs, page)
	t.content.Reset()
	t.paragraphs, t.y = 0, sheetHeight-marginTop
}

// wrap breaks text into lines that fit a width, at spaces where it can. advance
// measures a character in the unit of width.
func wrap(text string, advance func(rune) float64, width float64) []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		line = strings.TrimRight(plainText(strings.ReplaceAll(line, "\t", "    ")), " ")
		for {
			cut := fit(line, advance, width)
			if cut == len(line) {
				out = append(out, line)
				break
			}
			out = append(out, strings.TrimRight(line[:cut], " "))
			line = strings.TrimLeft(line[cut:], " ")
		}
	}
	return out
}

// fit is how many bytes of line fit: all, or up to a space if there is one in the
// last two thirds of what fits, and at least one character.
func fit(line string, advance func(rune) float64, width float64) int {
	space, sum := 0, 0.0
	for i, r := range line {
		if sum += advance(r); sum > width && i > 0 {
			if space > i/3 {
				return space
			}
			return i
		}
		if r == ' ' && i > 0 {
			space = i + 1
		}
	}
	return len(line)
}
