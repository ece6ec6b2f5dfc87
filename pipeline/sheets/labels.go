package sheets

import (
	"fmt"
	"io"

	"blattwerk/pipeline/barcode"
	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/separate"
)

// Labels are 70 x 37 mm, 24 to an A4 sheet without margins, as every stationer
// has them.
const (
	labelColumns = 3
	labelRows    = 8
	labelWidth   = pdfa.SheetWidth / labelColumns
	labelHeight  = pdfa.SheetHeight / labelRows
)

// WriteLabels writes labels with archive serial numbers from first on. Their range
// is the caller's business: no number may be printed twice.
func WriteLabels(w io.Writer, first int64, count int) error {
	const onSheet = labelColumns * labelRows
	if count < 1 || count > mostSheets*onSheet {
		return fmt.Errorf("%d labels: 1 to %d can be printed at once", count, mostSheets*onSheet)
	}
	s, err := pdfa.NewSheet(pdfa.Meta{Title: "Etiketten mit Archivnummern", Language: "de-DE"})
	if err != nil {
		return err
	}
	s.Bare()
	for at := 0; at < count; at += onSheet {
		texts := make([]string, min(onSheet, count-at))
		symbols := make([][]bool, len(texts))
		for i := range texts {
			if texts[i], err = separate.EncodeLabel(first + int64(at+i)); err != nil {
				return err
			}
			symbol, err := barcode.Linear(texts[i])
			if err != nil {
				return err
			}
			symbols[i] = symbol[0]
		}
		if at > 0 {
			s.Break()
		}
		alt := fmt.Sprintf("Etiketten %s bis %s", texts[0], texts[len(texts)-1])
		s.Figure(s.Left(), alt, func(p *pdfa.Picture) {
			for i, text := range texts {
				// The figure begins at the margins of a sheet, labels at its edge.
				x := float64(i%labelColumns)*labelWidth - pdfa.SheetMargin
				y := float64(i/labelColumns)*labelHeight - pdfa.SheetMargin
				bars(p, symbols[i], x+12, y+24, labelWidth-24, 40)
				look := pdfa.Text{Size: 12, Bold: true}
				p.Text(x+(labelWidth-p.Width(text, look))/2, y+80, text, look)
			}
		})
	}
	return s.Write(w)
}
