package savings

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"blattwerk/pipeline"
)

// Event is something that no letter shows and that somebody counted: reprints by
// the print server, replies sent digitally, courier runs that are cancelled.
type Event struct {
	ID        string // deterministic: the same event twice makes one entry
	Kind      string // EventReply, EventCopies, EventTrip, EventSeparator, EventCover, EventReprint, EventRescan or EventServer
	Sheets    pipeline.Range
	Envelopes pipeline.Range // of EventReply
	Pages     int64          // of EventRescan
	Trips, Km pipeline.Range // of EventTrip
	KWh       pipeline.Range // of EventServer
	Evidence  pipeline.Evidence
	At        time.Time
	Note      string // how it was counted, for the formula
}

// errNothing says that an event has no quantity.
var errNothing = errors.New("nothing was counted")

// Book turns an event into an entry of the ledger. Savings come out positive,
// debits negative, whoever counts.
func (b *Books) Book(e Event) (pipeline.Saving, error) {
	if e.ID == "" || e.At.IsZero() {
		return pipeline.Saving{}, errors.New("savings: an event needs an id and a time")
	}
	for _, r := range []pipeline.Range{e.Sheets, e.Envelopes, e.Trips, e.Km, e.KWh} {
		if !ordered(r) || r.Low < 0 || math.IsInf(r.High, 0) {
			return pipeline.Saving{}, fmt.Errorf("savings: event %s: %v is no range", e.ID, r)
		}
	}
	switch e.Evidence {
	case pipeline.Measured, pipeline.Sampled, pipeline.Assumed:
	default:
		return pipeline.Saving{}, fmt.Errorf("savings: event %s: unknown class of evidence %q", e.ID, e.Evidence)
	}
	basis := pipeline.Basis{Evidence: e.Evidence}
	full := false
	switch e.Kind {
	case EventCopies, EventSeparator, EventCover, EventReprint:
		basis.Sheets, full = e.Sheets, e.Sheets.High > 0
	case EventReply:
		basis.Sheets, basis.Envelopes, full = e.Sheets, e.Envelopes, e.Sheets.High > 0
	case EventRescan:
		basis.Pages, full = e.Pages, e.Pages > 0
	case EventTrip:
		basis.Trips, basis.Km, full = e.Trips, e.Km, e.Trips.High > 0
	case EventServer:
		basis.KWh, full = e.KWh, e.KWh.High > 0
	default:
		return pipeline.Saving{}, fmt.Errorf("savings: event %s: unknown kind %q", e.ID, e.Kind)
	}
	if !full {
		return pipeline.Saving{}, fmt.Errorf("savings: event %s: %w", e.ID, errNothing)
	}
	key := cellKey{event: e.Kind, month: e.At.UTC().Format("2006-01")}
	t := b.terms(nil)
	s := t.value(key, basis)
	s.ID, s.At, s.Basis = e.ID, e.At, &basis
	s.Formula = t.formula(key, basis, s, 1)
	if e.Note != "" {
		s.Formula.DE += " (" + e.Note + ")"
		s.Formula.EN += " (" + e.Note + ")"
	}
	return s, nil
}

// eventID names an event by what it says and how often that was said before.
func eventID(what []byte, occurrence int) string {
	sum := sha256.Sum256(fmt.Appendf(what, "#%d", occurrence))
	return "told/" + hex.EncodeToString(sum[:12])
}
