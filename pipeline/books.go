package pipeline

import (
	"strconv"
	"time"
)

// Factor is a dated figure from a source: so much of a quantity for each unit.
type Factor struct {
	ID       string   `json:"id"`
	Quantity string   `json:"quantity"` // "co2e", "water", "energy", "copies", ...
	Value    Range    `json:"value"`
	Unit     string   `json:"unit"`               // "kg/kg", "l/kg", "kWh/kg", "kg/kWh", "kg/TB/a"
	Paper    string   `json:"paper"`              // "virgin", "recycled", or what else the figure is about
	Year     int      `json:"year"`               // of the source; 0 if it is undated
	Use      string   `json:"use"`                // "default", "high", "debit", "town", "reference", "never"
	Evidence Evidence `json:"evidence,omitempty"` // of figures that a town has to find out itself; "" for published ones
	Source   string   `json:"source"`
	Boundary string   `json:"boundary"` // what the figure includes
}

// Fact is something that people told the books: what was bought, sampled, aimed
// at, or which factor holds. Facts are only ever added; a later one in the same
// place ([Fact.Slot]) counts instead of the earlier one, which stays to be seen.
type Fact struct {
	N      int64     `json:"n"`  // position, from 1; given by the catalogue
	At     time.Time `json:"at"` // when it was told; given by the catalogue
	Author string    `json:"author"`

	Kind       FactKind `json:"kind"`
	Department DeptID   `json:"department,omitempty"` // "" is the whole town
	Type       TypeCode `json:"type,omitempty"`       // of a sample; "" is all types
	From       string   `json:"from,omitempty"`       // first day, "2026-01-31"
	To         string   `json:"to,omitempty"`         // last day
	Sheets     float64  `json:"sheets,omitempty"`     // of A4 bought or printed
	Recycled   float64  `json:"recycled,omitempty"`   // share of recycled paper, 0 to 1
	FTE        float64  `json:"fte,omitempty"`        // full-time equivalents
	Letters    float64  `json:"letters,omitempty"`    // sampled, or received in the period
	Copies     float64  `json:"copies,omitempty"`     // of the sampled letters, whole copies
	Duplex     float64  `json:"duplex,omitempty"`     // share of copies printed on both sides, 0 to 1
	Quantity   string   `json:"quantity,omitempty"`   // of a target
	Value      float64  `json:"value,omitempty"`      // of a target
	Set        string   `json:"set,omitempty"`        // name of the set of factors for paper
	Since      int      `json:"since,omitempty"`      // year from which a factor or set holds; 0 is always
	Factor     *Factor  `json:"factor,omitempty"`
	Note       string   `json:"note,omitempty"` // where the figure comes from
	Withdrawn  bool     `json:"withdrawn,omitempty"`
}

// FactKind says what a fact is about.
type FactKind string

// The kinds.
const (
	FactStart    FactKind = "start"    // From is the day on which letters are filed digitally
	FactPurchase FactKind = "purchase" // paper bought: Sheets, Recycled
	FactPrints   FactKind = "prints"   // print counters: Sheets
	FactStaff    FactKind = "staff"    // FTE
	FactVolume   FactKind = "volume"   // Letters received
	FactSample   FactKind = "sample"   // two weeks of real copying: Letters, Copies, Duplex
	FactTarget   FactKind = "target"   // Quantity and Value to reach in the year of From
	FactFactor   FactKind = "factor"   // Factor, from the year Since
	FactSet      FactKind = "set"      // Set, from the year Since
)

// Slot is the place of a fact: of two facts in one place the later counts.
func (f Fact) Slot() string {
	s := string(f.Kind) + "|" + string(f.Department) + "|" + string(f.Type) + "|"
	switch f.Kind {
	case FactStart:
		return s
	case FactFactor:
		id := ""
		if f.Factor != nil {
			id = f.Factor.ID
		}
		return s + id + "|" + strconv.Itoa(f.Since)
	case FactSet:
		return s + strconv.Itoa(f.Since)
	}
	return s + f.From + "|" + f.To + "|" + f.Quantity
}

// Sums are the quantities of a report, in the units of [Saving].
type Sums struct {
	Sheets  Range `json:"sheets"`
	Kg      Range `json:"kg"`
	CO2e    Range `json:"co2e"`
	Water   Range `json:"water"`
	Energy  Range `json:"energy"`
	Folders Range `json:"folders"`
	Shelf   Range `json:"shelf"`
	Trips   Range `json:"trips"`
}

// SumRow is one line of a report. Net is Saved plus Debits.
type SumRow struct {
	Key      string `json:"key"` // department, month, type, event, or "total"
	Entries  int    `json:"entries"`
	Letters  int    `json:"letters"`  // that came in
	Received Range  `json:"received"` // sheets that came in: never saved
	Saved    Sums   `json:"saved"`
	Debits   Sums   `json:"debits"`
	Net      Sums   `json:"net"`
	// Paper is the weakest class of evidence among the entries that save paper, and
	// Worst among all entries; "" if there are none.
	Paper Evidence `json:"paper"`
	Worst Evidence `json:"worst"`
	// Grades says how many of the sheets saved rest on which class.
	Grades  Grades   `json:"grades"`
	Formula Formula  `json:"formula,omitzero"` // of an event: how its figures come about
	Factors []string `json:"factors,omitempty"`
}

// Grades are sheets by class of evidence, middle estimate.
type Grades struct {
	A float64 `json:"a"`
	B float64 `json:"b"`
	C float64 `json:"c"`
}

// FactorUse is a factor that a report used, with who put it there and what held
// before.
type FactorUse struct {
	Factor
	Fact   int64     `json:"fact,omitempty"` // position of the fact; 0 is the table of the program
	Author string    `json:"author,omitempty"`
	At     time.Time `json:"at,omitzero"`
	Since  int       `json:"since,omitempty"` // year from which it holds; 0 is always
	Before *Factor   `json:"before,omitempty"`
	Note   string    `json:"note,omitempty"`
}

// RateUse is a rate of copies that a report used.
type RateUse struct {
	Department DeptID    `json:"department,omitempty"`
	Type       TypeCode  `json:"type,omitempty"`
	Copies     Range     `json:"copies"` // for each letter
	Duplex     float64   `json:"duplex"`
	Evidence   Evidence  `json:"evidence"`
	Author     string    `json:"author,omitempty"`
	At         time.Time `json:"at,omitzero"`
	Fact       int64     `json:"fact,omitempty"`
}

// CrossCheck holds what the letters say was saved against what was bought, in
// sheets of A4.
type CrossCheck struct {
	Department DeptID  `json:"department,omitempty"` // "" is the whole town
	Source     string  `json:"source"`               // "purchase" or "prints"
	Months     int     `json:"months"`               // of the report that could be checked
	Baseline   float64 `json:"baseline"`             // for each month before the start
	BaseMonths int     `json:"baseMonths"`
	Norm       float64 `json:"norm"`     // by staff or volume, whichever asks for more paper less
	Expected   float64 `json:"expected"` // in these months, without digital filing
	Actual     float64 `json:"actual"`
	Decline    float64 `json:"decline"` // Expected less Actual, not under nought
	BottomUp   float64 `json:"bottomUp"`
	Capped     bool    `json:"capped"` // BottomUp was more than Decline, and was cut to it
	Text       Message `json:"text"`
}

// Consumption is what was bought in a year or a part of it: an inventory, apart
// from what was avoided.
type Consumption struct {
	Department DeptID  `json:"department,omitempty"`
	Year       int     `json:"year"`
	Months     int     `json:"months"` // that the figures cover
	Kg         float64 `json:"kg"`
	Sheets     float64 `json:"sheets"`
	RecycledKg float64 `json:"recycledKg"`
	FTE        float64 `json:"fte"`       // 0 if not known
	KgPerFTE   float64 `json:"kgPerFte"`  // 0 if not known
	PerDay     float64 `json:"perFteDay"` // sheets for each full-time equivalent and working day
	Baseline   bool    `json:"baseline"`  // lies before the start
}

// TargetState is a target and how far it is reached.
type TargetState struct {
	Fact
	Reached float64 `json:"reached"`
	Met     bool    `json:"met"`
	Known   bool    `json:"known"` // there are figures to judge by
}

// ReportQuery says what a report is about: months from one to another, "2026-01" to
// "2026-12", both counted; "" is without a bound. Department and Type narrow it to
// what belongs there.
type ReportQuery struct {
	From       string   `json:"from"`
	To         string   `json:"to"`
	Department DeptID   `json:"department,omitempty"`
	Type       TypeCode `json:"type,omitempty"`
}

// Report is the books of a period, summed up. It follows from the ledger up to an
// entry, the facts up to a fact, the table of factors and the method, and from
// nothing else.
type Report struct {
	Method int `json:"method"` // version of the way of computing
	ReportQuery
	Ledger      int64         `json:"ledger"` // last entry of the ledger that was counted
	Facts       int64         `json:"facts"`  // last fact that was known
	FactorSet   string        `json:"factorSet"`
	Total       SumRow        `json:"total"`
	Departments []SumRow      `json:"departments"`
	Months      []SumRow      `json:"months"`
	Types       []SumRow      `json:"types"`
	Events      []SumRow      `json:"events"`
	Factors     []FactorUse   `json:"factors"`
	Rates       []RateUse     `json:"rates"`
	Checks      []CrossCheck  `json:"checks"`
	Consumption []Consumption `json:"consumption"`
	Targets     []TargetState `json:"targets"`
	Start       string        `json:"start,omitempty"` // first day of digital filing
	Notes       []Message     `json:"notes"`
}

// Rows are the lines by "department", "month", "type" or "event".
func (r Report) Rows(by string) []SumRow {
	switch by {
	case "month":
		return r.Months
	case "type":
		return r.Types
	case "event":
		return r.Events
	}
	return r.Departments
}

// FiledReport is a report as it was given out. It does not change any more: with
// the table of factors that it keeps, the ledger and the facts give its report
// once more, byte for byte.
type FiledReport struct {
	ID     string    `json:"id"` // given by the catalogue
	At     time.Time `json:"at"`
	Author string    `json:"author"`
	Title  string    `json:"title"`
	Seed   []Factor  `json:"seed"` // table of the program at the time
	Digest Digest    `json:"digest"`
	Body   []byte    `json:"-"` // the Report as JSON
}
