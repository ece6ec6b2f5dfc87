package pdfa

import "bytes"

// Table is a table of a [Sheet]. Its first row is repeated on further pages for
// the eye, and is read out once.
type Table struct {
	Caption string   // what the table shows; set above it, "" for none
	Head    []string // header of each column
	Rows    [][]string
	Widths  []float64 // of the columns, in shares of the whole; nil is all alike
	Right   []bool    // columns of figures, set to the right
	// Header says that the first cell of each row is the header of the row.
	Header bool
	// Strong rows are set in bold: sums.
	Strong map[int]bool
	Size   float64 // of the text in points; 0 is 9
}

const tablePad = 3 // points around the text of a cell

// Table adds a table.
func (s *Sheet) Table(t Table) {
	if t.Size == 0 {
		t.Size = 9
	}
	if t.Caption != "" {
		s.need(6 * t.Size)
		s.Paragraph(t.Caption, Text{Size: t.Size, Bold: true})
	}
	table := s.root.tag("Table", "")
	s.row(table, t, t.Head, rowHead)
	for i, cells := range t.Rows {
		kind := rowPlain
		if t.Strong[i] {
			kind = rowStrong
		}
		if height, _ := s.cells(t, cells, kind); height > s.Left() && s.y > SheetMargin {
			s.Break()
			s.row(table, t, t.Head, rowAgain)
		}
		s.row(table, t, cells, kind)
	}
	s.Gap(6)
}

// rowKind says how a row is set and read out.
type rowKind int

const (
	rowPlain rowKind = iota
	rowStrong
	rowHead
	rowAgain // the head once more on a further page
)

func (t Table) columns() []float64 {
	widths := make([]float64, len(t.Head))
	sum := 0.0
	for i := range widths {
		widths[i] = 1
		if i < len(t.Widths) {
			widths[i] = t.Widths[i]
		}
		sum += widths[i]
	}
	for i := range widths {
		widths[i] *= SheetColumn / sum
	}
	return widths
}

// cells breaks the cells of a row into lines and gives the row's height.
func (s *Sheet) cells(t Table, cells []string, kind rowKind) (height float64, lines [][]string) {
	look := t.look(kind)
	for i, width := range t.columns() {
		text := ""
		if i < len(cells) {
			text = cells[i]
		}
		wrapped := s.font(look).wrap(text, look.size(), width-2*tablePad)
		lines = append(lines, wrapped)
		height = max(height, float64(len(wrapped))*look.leading())
	}
	return height + 2*tablePad, lines
}

func (t Table) look(kind rowKind) Text { return Text{Size: t.Size, Bold: kind != rowPlain} }

func (s *Sheet) row(table *sheetTag, t Table, cells []string, kind rowKind) {
	look := t.look(kind)
	height, lines := s.cells(t, cells, kind)
	s.need(height)
	top := s.y
	row := &sheetTag{kind: "TR"}
	if kind != rowAgain {
		table.kids = append(table.kids, row)
	}
	x := SheetMargin
	for i, width := range t.columns() {
		draw := func(b *bytes.Buffer) {
			y := top + tablePad
			for _, line := range lines[i] {
				y += look.leading()
				at := x + tablePad
				if i < len(t.Right) && t.Right[i] {
					at = x + width - tablePad - s.font(look).width(line, look.size())
				}
				s.font(look).show(b, line, at, SheetHeight-y+0.3*look.size(), look)
			}
		}
		switch {
		case kind == rowAgain:
			artifact(s.page(), draw)
		case kind == rowHead:
			s.mark(row.tag("TH", "/A << /O /Table /Scope /Column >>"), "TH", draw)
		case i == 0 && t.Header:
			s.mark(row.tag("TH", "/A << /O /Table /Scope /Row >>"), "TH", draw)
		default:
			s.mark(row.tag("TD", ""), "TD", draw)
		}
		x += width
	}
	s.y = top + height
	artifact(s.page(), func(b *bytes.Buffer) {
		weight := 0.4
		if kind != rowPlain {
			weight = 1
		}
		stroke(b, SheetMargin, s.y, SheetWidth-SheetMargin, s.y, weight, Colour{0.4, 0.45, 0.42})
	})
}
