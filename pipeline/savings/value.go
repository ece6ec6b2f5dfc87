package savings

import (
	"slices"

	"blattwerk/pipeline"
)

// Events of the ledger.
const (
	EventReceived   = "received"        // neither: sheets that came in
	EventCopies     = "copies-avoided"  // saving: copies of a letter that were not made
	EventReply      = "digital-reply"   // saving: an answer that went out without paper
	EventShelf      = "shelf"           // saving: folders that no letter had to go into
	EventTrip       = "trip"            // saving: a courier run that is cancelled
	EventSeparator  = "separator-sheet" // debit: a sheet that parts letters in a stack
	EventCover      = "cover-sheet"     // debit: a sheet that says what a stack is
	EventReprint    = "reprint"         // debit: an archived letter was printed
	EventRescan     = "rescan"          // debit: pages scanned again
	EventScan       = "scan"            // debit: electricity of the scanner
	EventProcessing = "processing"      // debit: electricity of recognition
	EventServer     = "server"          // debit: metered electricity of servers and scanners
	EventStorage    = "storage"         // debit: storage of the archived bytes over the retention
)

// savingEvents are those that spare something; all others cost.
var savingEvents = []string{EventCopies, EventReply, EventShelf, EventTrip}

func isDebit(event string) bool {
	return event != EventReceived && !slices.Contains(savingEvents, event)
}

// value is what the basis of a cell comes to in a year. Formula and ID are left
// to the caller.
func (t *terms) value(c cellKey, basis pipeline.Basis) pipeline.Saving {
	year := yearOf(c.month)
	s := pipeline.Saving{Event: c.event, Evidence: basis.Evidence}
	switch c.event {
	case EventReceived:
		s.Received = basis.Received
	case EventCopies:
		if !t.digital(c.department, c.month) {
			return s
		}
		sheets := basis.Sheets
		if basis.Sides > 0 {
			rate := t.rate(c.department, c.code, year)
			single := float64(basis.Sides)*(1-rate.Duplex) + float64(basis.Leaves)*rate.Duplex
			sheets = times(exact(single), rate.Copies)
			s.Evidence = weakest(s.Evidence, rate.Evidence)
		}
		t.paper(&s, c.department, year, sheets, pipeline.Range{})
	case EventReply:
		t.paper(&s, c.department, year, basis.Sheets, basis.Envelopes)
	case EventSeparator, EventCover:
		uses := t.cite(&s, factorSeparator, year)
		t.paper(&s, c.department, year, over(basis.Sheets, uses), pipeline.Range{})
	case EventReprint:
		t.paper(&s, c.department, year, basis.Sheets, pipeline.Range{})
	case EventRescan, EventScan:
		t.electricity(&s, year, times(exact(float64(basis.Pages)), t.cite(&s, factorScanner, year)))
	case EventProcessing:
		hours := float64(basis.Millis) / 3.6e6
		t.electricity(&s, year, times(exact(hours/1000), t.cite(&s, factorReader, year)))
	case EventServer:
		t.electricity(&s, year, basis.KWh)
	case EventStorage:
		t.storage(&s, year, basis)
	case EventShelf:
		s.Folders = over(basis.Received, t.cite(&s, factorFolder, year))
		s.Shelf = over(s.Folders, t.cite(&s, factorShelf, year))
	case EventTrip:
		s.Trips = basis.Trips
		s.CO2e = times(basis.Km, t.cite(&s, factorVan, year))
	}
	if isDebit(c.event) {
		for _, r := range []*pipeline.Range{&s.Sheets, &s.Kg, &s.CO2e, &s.Water, &s.Energy} {
			*r = debit(*r)
		}
	}
	return s
}

// usualFactors is how many factors an entry cites, most often.
const usualFactors = 8

// cite is the value of a factor in a year; the entry names it and is known no
// better than it.
func (t *terms) cite(s *pipeline.Saving, id string, year int) pipeline.Range {
	f := t.use(id, year)
	if s.Factors == nil {
		s.Factors = make([]string, 0, usualFactors)
	}
	if !slices.Contains(s.Factors, f.ID) {
		s.Factors = append(s.Factors, f.ID)
	}
	s.Evidence = weakest(s.Evidence, f.Evidence)
	return f.Value
}

// paper is sheets and envelopes with all that hangs on their weight.
func (t *terms) paper(s *pipeline.Saving, department pipeline.DeptID, year int, sheets, envelopes pipeline.Range) {
	s.Sheets = sheets
	s.Kg = times(sheets, t.cite(s, factorSheet, year))
	if envelopes.High > 0 {
		s.Kg = plus(s.Kg, times(envelopes, t.cite(s, factorEnvelope, year)))
	}
	recycled := t.recycled(department, year)
	s.CO2e = times(s.Kg, t.perKg(s, "co2e", recycled, year))
	s.Water = times(s.Kg, t.perKg(s, "water", recycled, year))
	s.Energy = times(s.Kg, t.perKg(s, "energy", recycled, year))
}

// perKg is a quantity for a kilogram of the paper that is bought, by the set of
// the year.
func (t *terms) perKg(s *pipeline.Saving, quantity string, recycled float64, year int) pipeline.Range {
	set := t.set(year)
	var sum pipeline.Range
	for _, part := range []struct {
		paper string
		share float64
	}{{"virgin", 1 - recycled}, {"recycled", recycled}} {
		if part.share == 0 {
			continue
		}
		ids := set.ids[setKey{quantity, part.paper}]
		r := pipeline.Range{Low: t.cite(s, ids[0], year).Low, Mid: t.cite(s, ids[1], year).Mid, High: t.cite(s, ids[2], year).High}
		// A town's own row may overtake the one that the set has for the high case.
		r.Low, r.High = min(r.Low, r.Mid), max(r.Mid, r.High)
		sum = plus(sum, times(exact(part.share), r))
	}
	return sum
}

// electricity is kilowatt hours at the socket.
func (t *terms) electricity(s *pipeline.Saving, year int, kWh pipeline.Range) {
	s.CO2e = times(kWh, t.cite(s, factorGrid, year))
	s.Energy = times(kWh, t.cite(s, factorPrimary, year))
}

// storage is the storage of everything that is kept, for as long as it is kept.
func (t *terms) storage(s *pipeline.Saving, year int, basis pipeline.Basis) {
	byteYears := exact(float64(basis.ByteYears) / 100)
	if basis.BytesOpen > 0 {
		byteYears = plus(byteYears, times(exact(float64(basis.BytesOpen)), t.cite(s, factorYears, year)))
	}
	terabytes := times(exact(1e-12), byteYears)
	s.CO2e = times(times(terabytes, t.cite(s, factorReplicas, year)), t.cite(s, factorStorage, year))
	// What is stored is counted, but what storing it costs is a published mean.
	s.Evidence = weakest(s.Evidence, pipeline.Assumed)
}
