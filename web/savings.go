package web

import "blattwerk/pipeline"

// SavingsView is the books as the page shows them. cmd fills it from the books
// of pipeline/savings.
type SavingsView struct {
	Rows    []SavingsRow       `json:"rows"`
	Total   SavingsRow         `json:"total"`
	Saved   Figures            `json:"saved"`  // of the total: what was spared
	Debits  Figures            `json:"debits"` // of the total: what it cost, negative
	Factors []FactorInfo       `json:"factors"`
	Notes   []pipeline.Message `json:"notes"`
}

// SavingsRow is one line: savings less debits.
type SavingsRow struct {
	Key      string            `json:"key"`
	Name     string            `json:"name"`
	Entries  int               `json:"entries"`
	Evidence pipeline.Evidence `json:"evidence"` // the weakest of its entries
	Figures
}

// Figures are the quantities that are counted.
type Figures struct {
	Sheets pipeline.Range `json:"sheets"` // of A4
	Kg     pipeline.Range `json:"kg"`     // of paper
	CO2e   pipeline.Range `json:"co2e"`   // kilograms
	Water  pipeline.Range `json:"water"`  // litres
	Energy pipeline.Range `json:"energy"` // kilowatt hours
}

// FactorInfo is an environmental factor with where it comes from.
type FactorInfo struct {
	ID       string  `json:"id"`
	Quantity string  `json:"quantity"`
	Value    float64 `json:"value"`
	Unit     string  `json:"unit"`
	Source   string  `json:"source"`
	Year     string  `json:"year"`
	Boundary string  `json:"boundary"`
}

// chart is a bar for each row with its range, as lengths of an SVG of 400 units
// across. The table beside it says the same in words.
type chart struct {
	Bars   []bar
	Zero   float64 // where nought lies
	Height int
}

type bar struct {
	Key       string
	Name      string
	Y         int
	X, Width  float64 // of the middle estimate
	Low, High float64 // ends of the whisker
	Mid       float64 // sheets
	Negative  bool
}

const (
	chartLeft, chartRight = 110.0, 390.0
	barStep               = 28
)

// barChart draws the sheets saved.
func barChart(rows []SavingsRow) chart {
	low, high := 0.0, 0.0
	for _, r := range rows {
		low, high = min(low, r.Sheets.Low), max(high, r.Sheets.High)
	}
	if high == low {
		high = low + 1
	}
	at := func(v float64) float64 { return chartLeft + (v-low)/(high-low)*(chartRight-chartLeft) }
	c := chart{Zero: at(0), Height: barStep*len(rows) + 8}
	for i, r := range rows {
		from, to := min(at(0), at(r.Sheets.Mid)), max(at(0), at(r.Sheets.Mid))
		c.Bars = append(c.Bars, bar{
			Key: r.Key, Name: r.Name, Y: barStep*i + 4, X: from, Width: to - from,
			Low: at(r.Sheets.Low), High: at(r.Sheets.High), Mid: r.Sheets.Mid, Negative: r.Sheets.Mid < 0,
		})
	}
	return c
}
