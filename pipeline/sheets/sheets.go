package sheets

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"blattwerk/pipeline/barcode"
	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/separate"
)

// Cover is a cover sheet (Deckblatt) with names for people.
type Cover struct {
	separate.Sheet
	DepartmentName string // "Ordnungsamt"; "" shows the number only
	TypeName       string
}

// Lengths in points of 1/72 inch.
const (
	patchNarrow = 0.08 * 72 // bars and spaces of a patch code
	patchWide   = 0.20 * 72
	patchHeight = 2*patchWide + 5*patchNarrow
	patchLength = 400
	qrSide      = 118
	linearHigh  = 52
	widestBar   = 1.3 // of a module of a Code 128
)

// WriteCover writes a cover sheet.
func WriteCover(w io.Writer, c Cover) error { return WriteCovers(w, c, 1) }

// WriteCovers writes n cover sheets for as many stacks. A batch number that ends in
// digits counts on from sheet to sheet, "2026-01", "2026-02": no two stacks have
// the same; so does the number of the first label, where the count of letters is
// given.
func WriteCovers(w io.Writer, c Cover, n int) error {
	if n < 1 || n > mostSheets {
		return fmt.Errorf("%d cover sheets: 1 to %d can be printed at once", n, mostSheets)
	}
	s, err := pdfa.NewSheet(pdfa.Meta{Title: "Deckblatt für einen Stapel", Language: "de-DE"})
	if err != nil {
		return err
	}
	s.Bare()
	for i := range n {
		if i > 0 {
			s.Break()
			c.Batch = counted(c.Batch)
			if c.FirstLabel > 0 && c.Expected > 0 {
				c.FirstLabel += int64(c.Expected)
			}
		}
		if err := cover(s, c); err != nil {
			return err
		}
	}
	return s.Write(w)
}

// counted is the batch number after this one; one without digits at its end has
// none.
func counted(batch string) string {
	digits := len(batch) - len(strings.TrimRight(batch, "0123456789"))
	if digits == 0 {
		return batch
	}
	head, tail := batch[:len(batch)-digits], []byte(batch[len(batch)-digits:])
	for i := len(tail) - 1; i >= 0; i-- {
		if tail[i]++; tail[i] <= '9' {
			return head + string(tail)
		}
		tail[i] = '0'
	}
	return head + "1" + string(tail)
}

// cover sets one cover sheet.
func cover(s *pdfa.Sheet, c Cover) error {
	c.Cover = true
	text, err := c.Encode()
	if err != nil {
		return err
	}
	var rows [][]string
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	add("Stapel", c.Batch)
	add("Amt", strings.TrimSpace(string(c.Department)+" "+c.DepartmentName))
	add("Dokumenttyp", strings.TrimSpace(string(c.Type)+" "+c.TypeName))
	if !c.Received.IsZero() {
		add("Eingegangen am", c.Received.Format("02.01.2006"))
	}
	if c.Expected > 0 {
		add("Anzahl der Briefe", strconv.Itoa(c.Expected))
	}
	if c.FirstLabel > 0 {
		add("Erste Archivnummer", strconv.FormatInt(c.FirstLabel, 10))
	}
	if c.Paper.FrontsThenBacks {
		add("Scannen", "erst alle Vorderseiten, dann den Stapel wenden und alle Rückseiten")
	}
	if c.Paper.BlankParts {
		add("Trennung", "leere Blätter trennen die Briefe")
	}
	if c.Paper.LabelParts {
		add("Trennung", "jede Archivnummer beginnt einen Brief")
	}
	return page(s, text, "Deckblatt",
		"Dieses Blatt gehört oben auf den Stapel. Es sagt Blattwerk, was im Stapel liegt. Zwischen die Briefe gehört je ein Trennblatt, hinter den letzten keines.", rows)
}

// mostSheets is how many separator sheets or pages of labels one file holds.
const mostSheets = 500

// WriteSeparators writes n separator sheets (Trennblätter), all alike: they are
// for use again and again.
func WriteSeparators(w io.Writer, n int) error {
	if n < 1 || n > mostSheets {
		return fmt.Errorf("%d separator sheets: 1 to %d can be printed at once", n, mostSheets)
	}
	text, err := separate.Sheet{}.Encode()
	if err != nil {
		return err
	}
	s, err := pdfa.NewSheet(pdfa.Meta{Title: "Trennblätter", Language: "de-DE"})
	if err != nil {
		return err
	}
	s.Bare()
	for i := range n {
		if i > 0 {
			s.Break()
		}
		err := page(s, text, "Trennblatt",
			"Dieses Blatt gehört zwischen zwei Briefe. Lage und Richtung sind gleich; zwei hintereinander schaden nicht. Nach dem Scannen bitte wieder verwenden.", nil)
		if err != nil {
			return err
		}
	}
	return s.Write(w)
}

// page sets one sheet: bars, words, codes, bars.
func page(s *pdfa.Sheet, text, title, advice string, rows [][]string) error {
	qr, err := barcode.QR(text)
	if err != nil {
		return err
	}
	linear, err := barcode.Linear(text)
	if err != nil {
		return err
	}
	s.Figure(patchHeight, "Streifen für den Scanner (Patch T)", func(p *pdfa.Picture) { patch(p, false) })
	s.Gap(18)
	s.Heading(1, title)
	s.Paragraph(advice, pdfa.Text{Size: 12})
	if len(rows) > 0 {
		s.Gap(6)
		s.Table(pdfa.Table{Head: []string{"Angabe", "Wert"}, Rows: rows, Widths: []float64{1, 2.4}, Header: true, Size: 14})
	}
	const codes = qrSide + 30 + linearHigh + 14
	s.Gap(max(s.Left()-codes-patchHeight-26, 8))
	s.Figure(codes, "Strichcodes mit den Angaben dieses Blatts: "+text, func(p *pdfa.Picture) {
		symbol(p, qr, 12, 0, qrSide)
		symbol(p, qr, pdfa.SheetColumn-12-qrSide, 0, qrSide)
		bars(p, linear[0], 0, qrSide+30, pdfa.SheetColumn, linearHigh)
		caption(p, text, qrSide+30+linearHigh+11, pdfa.Text{Size: 8})
	})
	s.Gap(s.Left() - patchHeight)
	s.Figure(patchHeight, "Streifen für den Scanner (Patch T)", func(p *pdfa.Picture) { patch(p, true) })
	return nil
}

// patch draws patch code T: from the edge of the sheet inwards narrow, wide,
// narrow, wide. At the foot it stands upside down.
func patch(p *pdfa.Picture, foot bool) {
	y := 0.0
	for _, high := range []float64{patchNarrow, patchWide, patchNarrow, patchWide} {
		at := y
		if foot {
			at = patchHeight - y - high
		}
		p.Rect((pdfa.SheetColumn-patchLength)/2, at, patchLength, high, pdfa.Colour{})
		y += high + patchNarrow
	}
}

// symbol draws a square code with its corner at x, y.
func symbol(p *pdfa.Picture, s barcode.Symbol, x, y, side float64) {
	module := side / float64(len(s))
	for row, line := range s {
		runs(line, func(from, to int) {
			p.Rect(x+float64(from)*module, y+float64(row)*module, float64(to-from)*module, module, pdfa.Colour{})
		})
	}
}

// bars draws a linear code in the middle of a width.
func bars(p *pdfa.Picture, line []bool, x, y, width, height float64) {
	const quiet = 10 // modules
	module := min(width/float64(len(line)+2*quiet), widestBar)
	left := x + (width-module*float64(len(line)))/2
	runs(line, func(from, to int) {
		p.Rect(left+float64(from)*module, y, float64(to-from)*module, height, pdfa.Colour{})
	})
}

// runs gives the dark stretches of a row.
func runs(line []bool, each func(from, to int)) {
	for i := 0; i < len(line); i++ {
		if !line[i] {
			continue
		}
		from := i
		for i < len(line) && line[i] {
			i++
		}
		each(from, i)
	}
}

// caption sets a line in the middle of the column.
func caption(p *pdfa.Picture, text string, y float64, look pdfa.Text) {
	p.Text((pdfa.SheetColumn-p.Width(text, look))/2, y, text, look)
}
