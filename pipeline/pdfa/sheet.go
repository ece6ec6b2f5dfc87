package pdfa

import (
	"bytes"
	"fmt"
	"io"
)

// Sheet is a document of a few pages that Blattwerk sets itself: a report, a
// cover sheet. It is written as PDF/A-2a and PDF/UA-1, since text, order and
// structure are known here and not guessed: headings, paragraphs, tables with
// header cells, and pictures with a text for those who do not see them.
//
// Blocks are placed from top to bottom on A4 and flow to further pages. Lengths
// are points of 1/72 inch. The font is Go's, of which only the glyphs in use are
// embedded. The same calls give the same bytes. A Sheet is not safe for
// concurrent use.
type Sheet struct {
	meta  Meta
	fonts [2]*sheetFont // regular, bold
	pages []*sheetPage
	root  *sheetTag
	y     float64 // of the next block, from the top of the page
	foot  string
	bare  bool
}

// Measures of a page in points: A4 (ISO 216) with margins of 20 mm.
const (
	SheetWidth, SheetHeight = 595.28, 841.89
	SheetMargin             = 56.69
	SheetColumn             = SheetWidth - 2*SheetMargin // width of what stands between the margins
)

// Colour is red, green and blue in sRGB, 0 to 1. The zero value is black.
type Colour struct{ R, G, B float64 }

// sheetPage is a page with its content stream so far.
type sheetPage struct {
	content bytes.Buffer
	marks   []*sheetTag // by number of the mark
}

// sheetTag is a structure element: its marks on a page, or elements below it.
type sheetTag struct {
	kind  string // "H1", "P", "Table", "TR", "TH", "TD", "Figure"
	attrs string // entries of its dictionary besides S, P and K
	kids  []*sheetTag
	spans []sheetSpan
}

// sheetSpan is a mark on a page.
type sheetSpan struct{ page, mark int }

// NewSheet begins a sheet. Title and Language of meta are required by PDF/UA.
func NewSheet(meta Meta) (*Sheet, error) {
	if meta.Title == "" || meta.Language == "" {
		return nil, fmt.Errorf("a sheet needs a title and a language")
	}
	s := &Sheet{meta: meta, root: &sheetTag{kind: "Document"}}
	for i, program := range sheetPrograms() {
		font, err := newSheetFont(program.name, program.ttf)
		if err != nil {
			return nil, fmt.Errorf("the font of a sheet: %w", err)
		}
		s.fonts[i] = font
	}
	s.Break()
	return s, nil
}

// Foot sets a line that stands at the foot of every page, with the page's number.
func (s *Sheet) Foot(text string) { s.foot = text }

// Bare leaves the numbers of pages out: sheets of labels, sheets that are all alike.
func (s *Sheet) Bare() { s.bare = true }

// Break begins a new page.
func (s *Sheet) Break() {
	s.pages = append(s.pages, &sheetPage{})
	s.y = SheetMargin
}

// Left is the room between the next block and the foot of the page.
func (s *Sheet) Left() float64 { return SheetHeight - SheetMargin - s.y }

// Gap leaves room before the next block.
func (s *Sheet) Gap(height float64) { s.y += height }

// need begins a new page unless a block of the height still fits.
func (s *Sheet) need(height float64) {
	if height > s.Left() && s.y > SheetMargin {
		s.Break()
	}
}

func (s *Sheet) page() *sheetPage { return s.pages[len(s.pages)-1] }

// tag hangs a new structure element under another.
func (t *sheetTag) tag(kind, attrs string) *sheetTag {
	kid := &sheetTag{kind: kind, attrs: attrs}
	t.kids = append(t.kids, kid)
	return kid
}

// mark runs draw as content of a structure element on the current page.
func (s *Sheet) mark(t *sheetTag, kind string, draw func(*bytes.Buffer)) {
	p := s.page()
	t.spans = append(t.spans, sheetSpan{len(s.pages) - 1, len(p.marks)})
	fmt.Fprintf(&p.content, "/%s <</MCID %d>> BDC\n", kind, len(p.marks))
	p.marks = append(p.marks, t)
	draw(&p.content)
	p.content.WriteString("EMC\n")
}

// artifact runs draw as decoration that carries no meaning.
func artifact(p *sheetPage, draw func(*bytes.Buffer)) {
	p.content.WriteString("/Artifact BMC\n")
	draw(&p.content)
	p.content.WriteString("EMC\n")
}

// Text is how a run of text looks. The zero value is black, regular, 10 pt.
type Text struct {
	Size   float64 // points; 0 is 10
	Bold   bool
	Colour Colour
}

func (t Text) size() float64 {
	if t.Size == 0 {
		return 10
	}
	return t.Size
}

// leading is the distance of base lines.
func (t Text) leading() float64 { return 1.35 * t.size() }

func (s *Sheet) font(t Text) *sheetFont {
	if t.Bold {
		return s.fonts[1]
	}
	return s.fonts[0]
}

// Heading adds a heading of level 1 to 6.
func (s *Sheet) Heading(level int, text string) {
	look := Text{Size: max(10, 21-4*float64(level)), Bold: true}
	if level == 1 {
		look.Size = 18
	}
	if s.y > SheetMargin {
		s.Gap(look.size() * 0.6)
	}
	s.need(3 * look.leading()) // a heading does not stand alone at the foot
	s.lines(s.root.tag(fmt.Sprintf("H%d", level), ""), fmt.Sprintf("H%d", level), text, look)
	s.Gap(look.size() * 0.25)
}

// Paragraph adds a paragraph.
func (s *Sheet) Paragraph(text string, look Text) {
	s.lines(s.root.tag("P", ""), "P", text, look)
	s.Gap(look.size() * 0.4)
}

// lines sets a text over the column, page by page.
func (s *Sheet) lines(t *sheetTag, kind, text string, look Text) {
	lines := s.font(look).wrap(text, look.size(), SheetColumn)
	for len(lines) > 0 {
		s.need(look.leading())
		n := min(len(lines), max(1, int(s.Left()/look.leading())))
		here := lines[:n]
		s.mark(t, kind, func(b *bytes.Buffer) {
			for _, line := range here {
				s.y += look.leading()
				s.font(look).show(b, line, SheetMargin, SheetHeight-s.y+0.3*look.size(), look)
			}
		})
		lines = lines[n:]
	}
}

// Write writes the file.
func (s *Sheet) Write(w io.Writer) error {
	d := sheetWriter{s: s, o: newObjectWriter(w)}
	if err := d.write(); err != nil {
		return fmt.Errorf("writing a sheet: %w", err)
	}
	return nil
}
