package pipeline

import "time"

// Range is a low, a middle and a high estimate of the same quantity.
type Range struct {
	Low  float64 `json:"low"`
	Mid  float64 `json:"mid"`
	High float64 `json:"high"`
}

// Evidence says how well a figure is known.
type Evidence string

const (
	Measured Evidence = "A" // counted or metered
	Sampled  Evidence = "B" // from a sample of the town's own work
	Assumed  Evidence = "C" // from a published or assumed rate
)

// Saving is one entry of the ledger. Savings are positive, debits negative. The
// incoming letter itself is never counted as saved.
type Saving struct {
	ID       string    `json:"id"`    // deterministic: booking an event twice makes one entry
	Event    string    `json:"event"` // "copies-avoided", "storage", "separator-sheet"
	Evidence Evidence  `json:"evidence"`
	Sheets   Range     `json:"sheets"` // sheets of A4 paper
	Kg       Range     `json:"kg"`     // kilograms of paper
	CO2e     Range     `json:"co2e"`   // kilograms of CO2 equivalents
	Water    Range     `json:"water"`  // litres
	Energy   Range     `json:"energy"` // kilowatt hours of primary energy
	Factors  []string  `json:"factors"`
	Formula  string    `json:"formula"` // readable: "2 sheets x 0.3 copies"
	At       time.Time `json:"at"`
}
