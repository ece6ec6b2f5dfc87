package savings

import (
	"strings"
	"time"

	"blattwerk/pipeline"
)

// Booked is an entry of the ledger with where it belongs.
type Booked struct {
	N          int64 // position in the ledger
	Saving     pipeline.Saving
	Department pipeline.DeptID
	Type       pipeline.TypeCode
	At         time.Time // zero is Saving.At
}

// Tally is the ledger added up by month, department, document type and event,
// before any factor. Entries are added in the order of the ledger, so that the
// same entries give the same tally to the last bit. The zero value is empty.
type Tally struct {
	cells map[cellKey]*cell
	order []*cell // of all cells, by month first; nil while it is not known
	last  int64
}

// cellKey says what the entries of a cell have in common.
type cellKey struct {
	event      string
	department pipeline.DeptID
	code       pipeline.TypeCode
	month      string // "2026-03", in the town's time zone
	evidence   pipeline.Evidence
	booked     string // of entries without a basis: their factors
}

// cell is entries of one kind.
type cell struct {
	cellKey
	entries int
	basis   pipeline.Basis
	old     pipeline.Saving // sum of entries that have no basis, as they were booked
}

// Add adds an entry. Entries up to the last one added are known and left out, so
// that adding a ledger twice changes nothing.
func (t *Tally) Add(b Booked, zone *time.Location) {
	if b.N != 0 {
		if b.N <= t.last {
			return
		}
		t.last = b.N
	}
	if t.cells == nil {
		t.cells = map[cellKey]*cell{}
	}
	at := b.At
	if at.IsZero() {
		at = b.Saving.At
	}
	key := cellKey{
		event: b.Saving.Event, department: b.Department, code: b.Type, month: at.In(zone).Format("2006-01"), evidence: b.Saving.Evidence,
	}
	if b.Saving.Basis == nil {
		key.booked = "as booked " + strings.Join(b.Saving.Factors, " ")
	} else {
		key.evidence = b.Saving.Basis.Evidence
	}
	c, ok := t.cells[key]
	if !ok {
		c = &cell{cellKey: key}
		t.cells[key], t.order = c, nil
	}
	c.entries++
	if b.Saving.Basis != nil {
		c.basis = addBasis(c.basis, *b.Saving.Basis)
		return
	}
	s := b.Saving
	c.old.Event, c.old.Evidence, c.old.Factors = s.Event, s.Evidence, s.Factors
	c.old.Sheets, c.old.Kg, c.old.CO2e = plus(c.old.Sheets, s.Sheets), plus(c.old.Kg, s.Kg), plus(c.old.CO2e, s.CO2e)
	c.old.Water, c.old.Energy = plus(c.old.Water, s.Water), plus(c.old.Energy, s.Energy)
}

// Count is the tally of a ledger.
func Count(ledger []Booked, zone *time.Location) *Tally {
	t := &Tally{}
	for _, b := range ledger {
		t.Add(b, zone)
	}
	return t
}

// Last is the position of the last entry that was added.
func (t *Tally) Last() int64 { return t.last }
