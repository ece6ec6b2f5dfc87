package savings

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// SheetKg is the weight of a sheet: A4 (DIN EN ISO 216, 0.0624 m²) at 80 g/m².
const SheetKg = 0.005

// Config is what a town may set. The zero value works: everything is then an
// assumption (class C) and says so.
type Config struct {
	Factors            []Factor       // nil is the table that the program ships with
	Set                string         // factors for paper; "" is "oeko-ifeu"
	SetByYear          map[int]string // a set for a year of its own, where Set is not right
	Baseline           Baseline       // how much copying there was before
	StorageYears       float64        // years that bytes are counted for where the retention is open or permanent; 0 is 30
	StorageCopies      float64        // how often the archive keeps each byte; 0 is 1
	ProcessWatts       pipeline.Range // power of one busy core with its share of the machine; zero is 5, 12, 25 W
	ElectricityPerPage pipeline.Range // kWh that a scanner takes for a page; zero is 0.00002, 0.0001, 0.0003
	SeparatorUses      float64        // how often one separator sheet is used; 0 is 1
}

// Baseline says how much was copied before letters were filed digitally.
type Baseline struct {
	Default  Rate                       // zero is the assumption 0.1, 0.3, 0.5 copies
	ByType   map[pipeline.TypeCode]Rate // for types that were looked at by themselves
	Recycled float64                    // share of recycled paper bought, 0 to 1
	Duplex   float64                    // share of copies printed on both sides, 0 to 1
}

// Rate is how many copies a letter used to cause, and who says so.
type Rate struct {
	Copies   pipeline.Range    `json:"copies"`   // whole copies for each letter
	Evidence pipeline.Evidence `json:"evidence"` // "" is assumed
	Author   string            `json:"author"`
	Date     time.Time         `json:"date,omitzero"`
}

// Books computes the entries of the ledger. It is safe for concurrent use.
type Books struct {
	cfg     Config
	factors []Factor
	byID    map[string]Factor
	sets    map[string]set
}

// Events of the ledger.
const (
	EventCopies     = "copies-avoided"  // saving: copies of a letter that were not made
	EventReply      = "digital-reply"   // saving: an answer that went out without paper
	EventSeparator  = "separator-sheet" // debit: a sheet that parts letters in a stack
	EventReprint    = "reprint"         // debit: an archived letter was printed
	EventRescan     = "rescan"          // debit: pages scanned again
	EventScan       = "scan"            // debit: electricity of the scanner
	EventProcessing = "processing"      // debit: electricity of recognition
	EventStorage    = "storage"         // debit: storage of the archived bytes over the retention
)

// factor ids of the debits.
const (
	factorGrid    = "strom24"
	factorPrimary = "pef-strom"
	factorStorage = "speicher"
)

// New checks the configuration.
func New(cfg Config) (*Books, error) {
	if cfg.Factors == nil {
		var err error
		if cfg.Factors, err = SeedFactors(); err != nil {
			return nil, fmt.Errorf("savings: %w", err)
		}
	}
	byID, err := checkFactors(cfg.Factors)
	if err != nil {
		return nil, fmt.Errorf("savings: %w", err)
	}
	for _, id := range []string{factorGrid, factorPrimary, factorStorage} {
		if _, ok := byID[id]; !ok {
			return nil, fmt.Errorf("savings: the factor %q is missing", id)
		}
	}
	sets, err := seedSets()
	if err != nil {
		return nil, fmt.Errorf("savings: %w", err)
	}
	setDefaults(&cfg)
	b := &Books{cfg: cfg, factors: cfg.Factors, byID: byID, sets: sets}
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
	return b, cfg.check()
}

func setDefaults(cfg *Config) {
	zero := pipeline.Range{}
	if cfg.Set == "" {
		cfg.Set = "oeko-ifeu"
	}
	if cfg.StorageYears == 0 {
		cfg.StorageYears = 30
	}
	if cfg.StorageCopies == 0 {
		cfg.StorageCopies = 1
	}
	if cfg.SeparatorUses == 0 {
		cfg.SeparatorUses = 1
	}
	if cfg.ProcessWatts == zero {
		cfg.ProcessWatts = pipeline.Range{Low: 5, Mid: 12, High: 25}
	}
	if cfg.ElectricityPerPage == zero {
		cfg.ElectricityPerPage = pipeline.Range{Low: 0.00002, Mid: 0.0001, High: 0.0003}
	}
	if d := &cfg.Baseline.Default; d.Copies == zero && d.Evidence == "" {
		d.Copies = pipeline.Range{Low: 0.1, Mid: 0.3, High: 0.5}
	}
	if d := &cfg.Baseline.Default; d.Evidence == "" {
		d.Evidence = pipeline.Assumed
	}
}

func (cfg Config) check() error {
	positive := func(r pipeline.Range) bool { return ordered(r) && r.Low >= 0 && !math.IsInf(r.High, 0) }
	for code, r := range cfg.Baseline.ByType {
		if !positive(r.Copies) {
			return fmt.Errorf("savings: copies of %s: %v is no range", code, r.Copies)
		}
	}
	switch b := cfg.Baseline; {
	case !positive(b.Default.Copies), !positive(cfg.ProcessWatts), !positive(cfg.ElectricityPerPage):
		return errors.New("savings: copies, watts and electricity need low <= mid <= high, none negative")
	case b.Recycled < 0 || b.Recycled > 1 || b.Duplex < 0 || b.Duplex > 1:
		return errors.New("savings: shares of recycled paper and of duplex printing lie between 0 and 1")
	case cfg.StorageYears < 0 || cfg.StorageCopies < 0 || cfg.SeparatorUses < 1:
		return errors.New("savings: years and copies of storage cannot be negative, a separator sheet is used once at least")
	}
	return nil
}

// Factors lists all factors with their sources, also those that are only kept
// for comparison.
func (b *Books) Factors() []Factor { return append([]Factor(nil), b.factors...) }

// Rate is the rate of copies that holds for a type.
func (b *Books) Rate(code pipeline.TypeCode) Rate {
	r, ok := b.cfg.Baseline.ByType[code]
	if !ok {
		r = b.cfg.Baseline.Default
	}
	if r.Evidence == "" {
		r.Evidence = pipeline.Assumed
	}
	return r
}

// Step is the account station: it writes the letter's entries into doc.Savings.
// The entries depend on the document alone, so that accounting twice gives the
// same entries under the same ids.
func (b *Books) Step(ctx context.Context, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
	if err := ctx.Err(); err != nil {
		return doc, fmt.Errorf("accounting: %w", err)
	}
	doc.Savings = nil
	for _, entry := range []func(pipeline.Document) (pipeline.Saving, bool){
		b.copies, b.separators, b.scanning, b.processing, b.storing,
	} {
		if s, ok := entry(doc); ok {
			s.ID = string(doc.ID) + "/" + s.Event
			s.At = bookedAt(doc)
			doc.Savings = append(doc.Savings, s)
		}
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

// copies books the copies that nobody made.
func (b *Books) copies(doc pipeline.Document) (pipeline.Saving, bool) {
	sides := 0
	for _, p := range doc.Pages {
		if !p.Blank {
			sides++
		}
	}
	var code pipeline.TypeCode
	if doc.Filing != nil && doc.Filing.Sure {
		code = doc.Filing.Type
	}
	rate := b.Rate(code)
	if sides == 0 || rate.Copies.High == 0 {
		return pipeline.Saving{}, false
	}
	d := b.cfg.Baseline.Duplex
	sheets := float64(sides)*(1-d) + math.Ceil(float64(sides)/2)*d
	s := b.paper(EventCopies, times(exact(sheets), rate.Copies), bookedAt(doc).Year())
	s.Evidence = rate.Evidence
	s.Formula = fmt.Sprintf("%s sheets x %s copies (%s to %s) x 5 g", num(sheets), num(rate.Copies.Mid), num(rate.Copies.Low), num(rate.Copies.High))
	if rate.Author != "" {
		s.Formula += " (rate by " + rate.Author
		if !rate.Date.IsZero() {
			s.Formula += ", " + rate.Date.Format(time.DateOnly)
		}
		s.Formula += ")"
	}
	return s, true
}

// separators books the separator sheets that were found beside the letter:
// separating leaves one remark with the code "separator-sheet" for each.
func (b *Books) separators(doc pipeline.Document) (pipeline.Saving, bool) {
	n := 0
	for _, r := range doc.Remarks {
		if r.Code == EventSeparator && (r.Step == pipeline.StepOpen || r.Step == pipeline.StepSeparate) {
			n++
		}
	}
	if n == 0 {
		return pipeline.Saving{}, false
	}
	s := b.paperDebit(EventSeparator, exact(float64(n)/b.cfg.SeparatorUses), bookedAt(doc).Year())
	s.Evidence = pipeline.Measured
	s.Formula = fmt.Sprintf("%d separator sheets / %s uses x 5 g", n, num(b.cfg.SeparatorUses))
	return s, true
}

// scanning books the scanner's electricity. A file that was born digital went
// through no scanner.
func (b *Books) scanning(doc pipeline.Document) (pipeline.Saving, bool) {
	if len(doc.Pages) == 0 || doc.Source != nil && doc.Source.BornDigital {
		return pipeline.Saving{}, false
	}
	s := b.electricity(EventScan, times(exact(float64(len(doc.Pages))), b.cfg.ElectricityPerPage))
	s.Formula = fmt.Sprintf("%d pages x %s Wh", len(doc.Pages), num(b.cfg.ElectricityPerPage.Mid*1000))
	return s, true
}

// processing books the electricity of recognition: measured time, assumed power.
func (b *Books) processing(doc pipeline.Document) (pipeline.Saving, bool) {
	var millis int64
	for _, p := range doc.Pages {
		if p.Reading != nil {
			millis += max(p.Reading.Millis, 0)
		}
	}
	if millis == 0 {
		return pipeline.Saving{}, false
	}
	hours := float64(millis) / 3.6e6
	s := b.electricity(EventProcessing, times(exact(hours/1000), b.cfg.ProcessWatts))
	s.Formula = fmt.Sprintf("%s s x %s W", num(float64(millis)/1000), num(b.cfg.ProcessWatts.Mid))
	return s, true
}

// storing books the storage of everything that is kept of the letter, for as long
// as it is kept.
func (b *Books) storing(doc pipeline.Document) (pipeline.Saving, bool) {
	var size int64
	if doc.Record != nil {
		for _, f := range doc.Record.Files {
			size += max(f.Size, 0)
		}
	}
	if size == 0 {
		return pipeline.Saving{}, false
	}
	years := b.cfg.StorageYears
	if f := doc.Filing; f != nil && f.Sure && !f.RetainFor.Permanent {
		years = f.RetainFor.Years
	}
	terabyteYears := float64(size) / 1e12 * b.cfg.StorageCopies * years
	f := b.byID[factorStorage]
	s := pipeline.Saving{
		Event: EventStorage, Evidence: pipeline.Assumed,
		CO2e:    debit(times(exact(terabyteYears), f.Value)),
		Factors: []string{f.ID},
		Formula: fmt.Sprintf("%s MB x %s copies x %s years x %s kg/TB/a",
			num(float64(size)/1e6), num(b.cfg.StorageCopies), num(years), num(f.Value.Mid)),
	}
	return s, true
}

// paper is a saving of sheets with all that hangs on them.
func (b *Books) paper(event string, sheets pipeline.Range, year int) pipeline.Saving {
	kg := times(sheets, exact(SheetKg))
	co2e, ids := b.perKg("co2e", year)
	water, waterIDs := b.perKg("water", year)
	energy, energyIDs := b.perKg("energy", year)
	return pipeline.Saving{
		Event: event, Sheets: sheets, Kg: kg,
		CO2e: times(kg, co2e), Water: times(kg, water), Energy: times(kg, energy),
		Factors: append(append(ids, waterIDs...), energyIDs...),
	}
}

func (b *Books) paperDebit(event string, sheets pipeline.Range, year int) pipeline.Saving {
	s := b.paper(event, sheets, year)
	for _, r := range []*pipeline.Range{&s.Sheets, &s.Kg, &s.CO2e, &s.Water, &s.Energy} {
		*r = debit(*r)
	}
	return s
}

// electricity is a debit of kilowatt hours at the socket.
func (b *Books) electricity(event string, kWh pipeline.Range) pipeline.Saving {
	grid, primary := b.byID[factorGrid], b.byID[factorPrimary]
	return pipeline.Saving{
		Event: event, Evidence: pipeline.Assumed,
		CO2e:    debit(times(kWh, grid.Value)),
		Energy:  debit(times(kWh, primary.Value)),
		Factors: []string{grid.ID, primary.ID},
	}
}

// perKg is a quantity for a kilogram of the paper that the town buys, by the set
// of the year; ids begin with the middle factor.
func (b *Books) perKg(quantity string, year int) (pipeline.Range, []string) {
	s := b.set(year)
	recycled := b.cfg.Baseline.Recycled
	var sum pipeline.Range
	var ids []string
	for _, part := range []struct {
		paper string
		share float64
	}{{"virgin", 1 - recycled}, {"recycled", recycled}} {
		if part.share == 0 {
			continue
		}
		key := s.ids[setKey{quantity, part.paper}]
		low, mid, high := b.byID[key[0]], b.byID[key[1]], b.byID[key[2]]
		sum = plus(sum, times(exact(part.share), pipeline.Range{Low: low.Value.Low, Mid: mid.Value.Mid, High: high.Value.High}))
		for _, id := range []string{key[1], key[0], key[2]} {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return sum, ids
}

func (b *Books) set(year int) set {
	if name, ok := b.cfg.SetByYear[year]; ok {
		return b.sets[name]
	}
	return b.sets[b.cfg.Set]
}

// num writes a figure with at most four significant digits, without an exponent.
func num(x float64) string {
	if x == 0 {
		return "0"
	}
	digits := max(0, 3-int(math.Floor(math.Log10(math.Abs(x)))))
	s := strconv.FormatFloat(x, 'f', min(digits, 12), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
