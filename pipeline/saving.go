package pipeline

import (
	"encoding/json"
	"strings"
	"time"
)

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
//
// Basis is what was counted. The other figures say what it came to by the factors
// of the day of booking; a report computes them anew from the basis. Entries of
// versions that kept no basis stand in reports as they were booked.
type Saving struct {
	ID       string    `json:"id"`    // deterministic: booking an event twice makes one entry
	Event    string    `json:"event"` // "copies-avoided", "storage", "separator-sheet"
	Evidence Evidence  `json:"evidence"`
	Basis    *Basis    `json:"basis,omitempty"`
	Sheets   Range     `json:"sheets"` // sheets of A4 paper
	Kg       Range     `json:"kg"`     // kilograms of paper
	CO2e     Range     `json:"co2e"`   // kilograms of CO2 equivalents
	Water    Range     `json:"water"`  // litres
	Energy   Range     `json:"energy"` // kilowatt hours of primary energy
	Folders  Range     `json:"folders,omitzero"`
	Shelf    Range     `json:"shelf,omitzero"`    // metres
	Trips    Range     `json:"trips,omitzero"`    // of couriers
	Received Range     `json:"received,omitzero"` // sheets that came in: counted, never saved
	Factors  []string  `json:"factors"`
	Formula  Formula   `json:"formula"`
	At       time.Time `json:"at"`
}

// Basis is what an entry of the ledger counts, before any rate or factor. Bases
// of entries of one kind can be added.
type Basis struct {
	Evidence  Evidence `json:"evidence,omitempty"`  // of the counting itself
	Sides     int64    `json:"sides,omitempty"`     // printed sides of the letter
	Leaves    int64    `json:"leaves,omitempty"`    // sheets that these sides take, printed on both sides
	Pages     int64    `json:"pages,omitempty"`     // pages that went through a scanner
	Millis    int64    `json:"millis,omitempty"`    // milliseconds of a processor core
	ByteYears int64    `json:"byteYears,omitempty"` // bytes kept x years of their retention, in hundredths of a year
	BytesOpen int64    `json:"bytesOpen,omitempty"` // bytes kept without an end
	Received  Range    `json:"received,omitzero"`   // sheets of paper that came in
	Sheets    Range    `json:"sheets,omitzero"`     // sheets of A4 that somebody counted or estimated
	Envelopes Range    `json:"envelopes,omitzero"`
	Trips     Range    `json:"trips,omitzero"`
	Km        Range    `json:"km,omitzero"`  // kilometres driven
	KWh       Range    `json:"kWh,omitzero"` // electricity at the socket
}

// Formula says in words how a figure came about: "2 Blatt × 0,3 Kopien" and
// "2 sheets x 0.3 copies".
type Formula Message

// In gives the formula in German ("de") or English.
func (f Formula) In(lang string) string {
	if lang == "de" {
		return f.DE
	}
	return f.EN
}

// UnmarshalJSON also reads the formulas of earlier versions, which were English
// and built from few words.
func (f *Formula) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		if err := json.Unmarshal(raw, &f.EN); err != nil {
			return err
		}
		f.DE = oldWords.Replace(f.EN)
		return nil
	}
	return json.Unmarshal(raw, (*Message)(f))
}

var oldWords = strings.NewReplacer("separator sheets", "Trennblätter", "sheets", "Blatt", "copies", "Kopien", "pages", "Seiten",
	"uses", "Nutzungen", "years", "Jahre", "(rate by ", "(Rate von ", " to ", " bis ", " x ", " × ", ".", ",")
