package savings

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"blattwerk/pipeline"
)

// Config is what the books are set up with. The zero value works: everything is
// then an assumption (class C) and says so.
type Config struct {
	Factors   []pipeline.Factor // nil is the table that the program ships with
	Set       string            // factors for paper; "" is "oeko-ifeu"
	SetByYear map[int]string    // a set for a year of its own, where Set is not right
}

// Books computes entries of the ledger and reports. It is safe for concurrent use.
type Books struct {
	cfg     Config
	factors []pipeline.Factor
	byID    map[string]pipeline.Factor
	sets    map[string]set
}

// New checks the configuration.
func New(cfg Config) (*Books, error) {
	if cfg.Factors == nil {
		var err error
		if cfg.Factors, err = SeedFactors(); err != nil {
			return nil, fmt.Errorf("savings: %w", err)
		}
	}
	if cfg.Set == "" {
		cfg.Set = "oeko-ifeu"
	}
	byID, err := checkFactors(cfg.Factors)
	if err != nil {
		return nil, fmt.Errorf("savings: %w", err)
	}
	sets, err := seedSets()
	if err != nil {
		return nil, fmt.Errorf("savings: %w", err)
	}
	names := []string{cfg.Set}
	for _, name := range cfg.SetByYear {
		names = append(names, name)
	}
	for _, name := range names {
		s, ok := sets[name]
		if !ok {
			return nil, fmt.Errorf("savings: there is no set of factors %q", name)
		}
		if err := s.check(byID); err != nil {
			return nil, fmt.Errorf("savings: %w", err)
		}
	}
	return &Books{cfg: cfg, factors: cfg.Factors, byID: byID, sets: sets}, nil
}

// Seed is the table of factors that these books began with, for a report that is
// filed.
func (b *Books) Seed() []pipeline.Factor { return append([]pipeline.Factor(nil), b.factors...) }

// Sets names the sets of factors for paper that there are.
func (b *Books) Sets() []string {
	return sortedKeys(b.sets)
}

// Step is the account station: it writes the letter's entries into doc.Savings,
// by the factors of the program's table. The entries depend on the document
// alone, so that accounting twice gives the same entries under the same ids.
func (b *Books) Step(ctx context.Context, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
	if err := ctx.Err(); err != nil {
		return doc, fmt.Errorf("accounting: %w", err)
	}
	doc.Savings = nil
	t := b.terms(nil)
	at := bookedAt(doc)
	for _, e := range letterEvents(doc) {
		key := cellKey{event: e.event, month: at.UTC().Format("2006-01")}
		if f := doc.Filing; f != nil && f.Sure {
			key.department, key.code = f.Department, f.Type
		}
		s := t.value(key, e.basis)
		s.ID, s.At, s.Basis = string(doc.ID)+"/"+e.event, at, &e.basis
		s.Formula = t.formula(key, e.basis, s, 1)
		doc.Savings = append(doc.Savings, s)
	}
	return doc, nil
}

// bookedAt is when the letter was archived or, failing that, received.
func bookedAt(doc pipeline.Document) time.Time {
	if doc.Record != nil && !doc.Record.At.IsZero() {
		return doc.Record.At
	}
	return doc.Delivery.Received
}

// letterEvent is something that a letter shows by itself.
type letterEvent struct {
	event string
	basis pipeline.Basis
}

// letterEvents reads from a document what is counted of it.
func letterEvents(doc pipeline.Document) []letterEvent {
	var list []letterEvent
	add := func(event string, basis pipeline.Basis) {
		if basis.Evidence == "" {
			basis.Evidence = pipeline.Measured
		}
		list = append(list, letterEvent{event, basis})
	}
	sides, millis := int64(0), int64(0)
	for _, p := range doc.Pages {
		if !p.Blank {
			sides++
		}
		if p.Reading != nil {
			millis += max(p.Reading.Millis, 0)
		}
	}
	// What was set as PDF, a mail or an office file, had no paper, whatever pictures are
	// attached to it.
	paper := doc.Source == nil || !doc.Source.BornDigital && doc.Source.Rendition.Digest == ""
	received, class := sheetsReceived(doc.Pages)
	if paper && len(doc.Pages) > 0 {
		add(EventReceived, pipeline.Basis{Received: received, Evidence: class})
	}
	if sides > 0 {
		add(EventCopies, pipeline.Basis{Sides: sides, Leaves: (sides + 1) / 2})
	}
	if paper && len(doc.Pages) > 0 && !keepsPaper(doc) {
		add(EventShelf, pipeline.Basis{Received: received, Evidence: class})
	}
	for _, event := range []string{EventSeparator, EventCover} {
		n := 0
		for _, r := range doc.Remarks {
			if r.Code == event {
				n++ // separating leaves one remark for each sheet
			}
		}
		if n > 0 {
			add(event, pipeline.Basis{Sheets: exact(float64(n))})
		}
	}
	if paper && len(doc.Pages) > 0 {
		pages := len(doc.Pages) + len(doc.Aside) // separator sheets go through the scanner too
		for _, p := range slices.Concat(doc.Pages, doc.Aside) {
			pages += len(p.Rescans)
		}
		add(EventScan, pipeline.Basis{Pages: int64(pages)})
	}
	if millis > 0 {
		add(EventProcessing, pipeline.Basis{Millis: millis})
	}
	if b := stored(doc); b != (pipeline.Basis{}) {
		add(EventStorage, b)
	}
	return list
}

// sheetsReceived is how many sheets a scan had. A blank back among the pages shows
// that both sides were scanned, two pages a sheet; without one the letter may
// have been printed on both sides or on one.
func sheetsReceived(pages []pipeline.Page) (pipeline.Range, pipeline.Evidence) {
	n := float64(len(pages))
	half := math.Ceil(n / 2)
	for _, p := range pages {
		if p.Blank {
			return exact(half), pipeline.Measured
		}
	}
	if n == 1 {
		return exact(1), pipeline.Measured
	}
	return pipeline.Range{Low: half, Mid: n, High: n}, pipeline.Assumed
}

// keepsPaper says that the paper stays in the file, so that no folder is spared.
func keepsPaper(doc pipeline.Document) bool {
	return doc.Filing == nil || !doc.Filing.Sure ||
		doc.Filing.Handling == "original_behalten" || doc.Filing.Handling == "original_pruefen"
}

// stored is everything that is kept of the letter, for as long as it is kept.
func stored(doc pipeline.Document) pipeline.Basis {
	var size int64
	if doc.Record != nil {
		for _, f := range doc.Record.Files {
			size += max(f.Size, 0)
		}
	}
	if f := doc.Filing; f != nil && f.Sure && !f.RetainFor.Permanent {
		return pipeline.Basis{ByteYears: int64(math.Round(float64(size) * f.RetainFor.Years * 100))}
	}
	return pipeline.Basis{BytesOpen: size}
}
