package savings

import (
	"errors"
	"fmt"
	"math"
	"time"

	"blattwerk/pipeline"
)

// Event is something that no letter shows and that somebody counted: separator
// sheets of a stack, reprints, replies sent digitally.
type Event struct {
	ID       string            // deterministic: the same event twice makes one entry
	Kind     string            // EventReply, EventSeparator, EventReprint, EventRescan or EventCopies
	Sheets   pipeline.Range    // sheets of A4 saved or used up, not negative; for EventRescan the pages
	Evidence pipeline.Evidence // A counted, B sampled, C assumed
	At       time.Time
	Note     string // how it was counted, for the formula
}

// Book turns an event into an entry of the ledger. Savings come out positive,
// debits negative, whoever counts.
func (b *Books) Book(e Event) (pipeline.Saving, error) {
	if e.ID == "" || e.At.IsZero() {
		return pipeline.Saving{}, errors.New("savings: an event needs an id and a time")
	}
	if !ordered(e.Sheets) || e.Sheets.Low < 0 || math.IsInf(e.Sheets.High, 0) {
		return pipeline.Saving{}, fmt.Errorf("savings: event %s: %v is no range of sheets", e.ID, e.Sheets)
	}
	switch e.Evidence {
	case pipeline.Measured, pipeline.Sampled, pipeline.Assumed:
	default:
		return pipeline.Saving{}, fmt.Errorf("savings: event %s: unknown class of evidence %q", e.ID, e.Evidence)
	}
	var s pipeline.Saving
	formula := num(e.Sheets.Mid) + " sheets x 5 g"
	switch e.Kind {
	case EventCopies, EventReply:
		s = b.paper(e.Kind, e.Sheets, e.At.Year())
	case EventSeparator:
		s = b.paperDebit(e.Kind, times(e.Sheets, exact(1/b.cfg.SeparatorUses)), e.At.Year())
		formula = fmt.Sprintf("%s separator sheets / %s uses x 5 g", num(e.Sheets.Mid), num(b.cfg.SeparatorUses))
	case EventReprint:
		s = b.paperDebit(e.Kind, e.Sheets, e.At.Year())
	case EventRescan:
		s = b.electricity(e.Kind, times(e.Sheets, b.cfg.ElectricityPerPage))
		formula = fmt.Sprintf("%s pages x %s Wh", num(e.Sheets.Mid), num(b.cfg.ElectricityPerPage.Mid*1000))
	default:
		return pipeline.Saving{}, fmt.Errorf("savings: event %s: unknown kind %q", e.ID, e.Kind)
	}
	s.ID, s.Evidence, s.At, s.Formula = e.ID, e.Evidence, e.At, formula
	if e.Note != "" {
		s.Formula += " (" + e.Note + ")"
	}
	return s, nil
}
