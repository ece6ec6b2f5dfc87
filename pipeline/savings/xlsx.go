package savings

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/xuri/excelize/v2"
)

// XLSX writes tables as sheets of one workbook. The same tables give the same
// bytes.
func XLSX(w io.Writer, sheets []Sheet) error {
	book := excelize.NewFile()
	defer book.Close()
	for i, s := range sheets {
		name := s.Name
		if runes := []rune(name); len(runes) > 31 { // the most that the format allows
			name = string(runes[:31])
		}
		var err error
		if i == 0 {
			err = book.SetSheetName("Sheet1", name)
		} else {
			_, err = book.NewSheet(name)
		}
		if err == nil {
			err = fill(book, name, s)
		}
		if err != nil {
			return fmt.Errorf("writing the sheet %s: %w", name, err)
		}
	}
	if err := book.Write(w); err != nil {
		return fmt.Errorf("writing a workbook: %w", err)
	}
	return nil
}

func fill(book *excelize.File, name string, s Sheet) error {
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	head := make([]any, len(s.Head))
	for i, h := range s.Head {
		head[i] = h
	}
	if err := book.SetSheetRow(name, "A1", &head); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(max(1, len(s.Head)), 1)
	if err != nil {
		return err
	}
	if err := book.SetCellStyle(name, "A1", last, bold); err != nil {
		return err
	}
	if err := book.SetPanes(name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	for y, row := range s.Rows {
		cells := slices.Clone(row)
		for i, cell := range cells {
			if x, ok := cell.(float64); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
				cells[i] = ""
			}
		}
		at, err := excelize.CoordinatesToCellName(1, y+2)
		if err != nil {
			return err
		}
		if err := book.SetSheetRow(name, at, &cells); err != nil {
			return err
		}
	}
	for i := range s.Head {
		width := 12.0
		for _, row := range s.Rows {
			if i < len(row) {
				if text, ok := row[i].(string); ok {
					width = max(width, min(60, float64(len([]rune(text)))+2))
				}
			}
		}
		column, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := book.SetColWidth(name, column, column, width); err != nil {
			return err
		}
	}
	return nil
}
