package web

import (
	"blattwerk/pipeline"
)

// chart is a bar for each row with its range, as lengths of an SVG of 400 units
// across. The table beside it says the same in words.
type chart struct {
	Bars   []bar
	Zero   float64 // where nought lies
	Height int
	Unit   string // key of the quantity that is drawn
}

type bar struct {
	Name      string
	Y         int
	X, Width  float64 // of the middle estimate
	Low, High float64 // ends of the whisker
	Value     pipeline.Range
	Negative  bool
}

const (
	chartLeft, chartRight = 112.0, 350.0
	barStep               = 28
)

// barChart draws a quantity of each row.
func barChart(rows []savingsLine, quantity string) chart {
	low, high := 0.0, 0.0
	for _, r := range rows {
		v := quantityOf(r.Net, quantity)
		low, high = min(low, v.Low), max(high, v.High)
	}
	if high == low {
		high = low + 1
	}
	at := func(v float64) float64 { return chartLeft + (v-low)/(high-low)*(chartRight-chartLeft) }
	c := chart{Zero: at(0), Height: barStep*len(rows) + 8, Unit: quantity}
	for i, r := range rows {
		v := quantityOf(r.Net, quantity)
		from, to := min(at(0), at(v.Mid)), max(at(0), at(v.Mid))
		name := r.Name
		if runes := []rune(name); len(runes) > 20 {
			name = string(runes[:19]) + "…"
		}
		c.Bars = append(c.Bars, bar{
			Name: name, Y: barStep*i + 4, X: from, Width: to - from, Low: at(v.Low), High: at(v.High), Value: v, Negative: v.Mid < 0,
		})
	}
	return c
}

// quantityOf picks a quantity by its name.
func quantityOf(s pipeline.Sums, quantity string) pipeline.Range {
	switch quantity {
	case "kg":
		return s.Kg
	case "co2e":
		return s.CO2e
	case "water":
		return s.Water
	case "energy":
		return s.Energy
	case "folders":
		return s.Folders
	case "shelf":
		return s.Shelf
	case "trips":
		return s.Trips
	}
	return s.Sheets
}
