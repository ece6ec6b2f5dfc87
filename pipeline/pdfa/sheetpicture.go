package pdfa

import (
	"bytes"
	"fmt"
)

// Picture draws the inside of a figure of a [Sheet]. Lengths are points from its
// upper left corner.
type Picture struct {
	s    *Sheet
	b    *bytes.Buffer
	x, y float64 // of the corner, from the upper left of the page
}

// Figure adds a picture of shapes over the whole column: a chart, a bar code.
// alt says what it shows to those who do not see it.
func (s *Sheet) Figure(height float64, alt string, draw func(*Picture)) {
	s.need(height)
	top := s.y
	tag := s.root.tag("Figure", fmt.Sprintf("/Alt %s /A << /O /Layout /Placement /Block /BBox [%s %s %s %s] >>", textString(alt),
		number(SheetMargin), number(SheetHeight-top-height), number(SheetWidth-SheetMargin), number(SheetHeight-top)))
	s.mark(tag, "Figure", func(b *bytes.Buffer) { draw(&Picture{s: s, b: b, x: SheetMargin, y: top}) })
	s.y = top + height
}

// Rect fills a rectangle.
func (p *Picture) Rect(x, y, width, height float64, c Colour) {
	fmt.Fprintf(p.b, "%s rg %s %s %s %s re f\n", colour(c),
		number(p.x+x), number(SheetHeight-p.y-y-height), number(width), number(height))
}

// Line draws a line of a width.
func (p *Picture) Line(x0, y0, x1, y1, width float64, c Colour) {
	stroke(p.b, p.x+x0, p.y+y0, p.x+x1, p.y+y1, width, c)
}

// Text sets a line whose base line begins at a place; it gives its length.
func (p *Picture) Text(x, y float64, line string, look Text) float64 {
	p.s.font(look).show(p.b, line, p.x+x, SheetHeight-p.y-y, look)
	return p.s.font(look).width(line, look.size())
}

// Width is the length of a line in points.
func (p *Picture) Width(line string, look Text) float64 {
	return p.s.font(look).width(line, look.size())
}

// stroke draws a line between two points, given from the upper left of the page.
func stroke(b *bytes.Buffer, x0, y0, x1, y1, width float64, c Colour) {
	fmt.Fprintf(b, "%s RG %s w %s %s m %s %s l S\n", colour(c), number(width),
		number(x0), number(SheetHeight-y0), number(x1), number(SheetHeight-y1))
}
