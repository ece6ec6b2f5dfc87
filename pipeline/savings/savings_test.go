package savings_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"blattwerk/pipeline"
	"blattwerk/pipeline/savings"
)

var update = flag.Bool("update", false, "rewrite golden files")

func books(t testing.TB, cfg savings.Config) *savings.Books {
	t.Helper()
	b, err := savings.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// with is the table of the program with some values changed: id, low, mid, high.
func with(t testing.TB, changes map[string]pipeline.Range) savings.Config {
	t.Helper()
	factors, err := savings.SeedFactors()
	if err != nil {
		t.Fatal(err)
	}
	for id, v := range changes {
		i := slices.IndexFunc(factors, func(f pipeline.Factor) bool { return f.ID == id })
		if i < 0 {
			t.Fatalf("no factor %s", id)
		}
		factors[i].Value = v
	}
	return savings.Config{Factors: factors}
}

func exact(x float64) pipeline.Range { return pipeline.Range{Low: x, Mid: x, High: x} }

var archivedAt = time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)

// letter is an archived letter of so many pages with so many bytes for each.
func letter(id string, pages int, bytesPerPage int64) pipeline.Document {
	doc := pipeline.Document{
		ID:     pipeline.DocID(id),
		Filing: &pipeline.Filing{Type: "30-WIDER", Department: "30", Sure: true, RetainFor: pipeline.Retention{Years: 10}},
		Record: &pipeline.Record{At: archivedAt, Files: []pipeline.File{{Blob: pipeline.Blob{Size: int64(pages) * bytesPerPage}}}},
	}
	for i := range pages {
		doc.Pages = append(doc.Pages, pipeline.Page{No: i + 1, Reading: &pipeline.Reading{Millis: 1200}})
	}
	return doc
}

func account(t testing.TB, b *savings.Books, doc pipeline.Document) []pipeline.Saving {
	t.Helper()
	doc, err := b.Step(t.Context(), doc, nil)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Savings
}

func event(t testing.TB, entries []pipeline.Saving, name string) pipeline.Saving {
	t.Helper()
	i := slices.IndexFunc(entries, func(s pipeline.Saving) bool { return s.Event == name })
	if i < 0 {
		t.Fatalf("no entry %q in %d entries", name, len(entries))
	}
	return entries[i]
}

func has(entries []pipeline.Saving, name string) bool {
	return slices.ContainsFunc(entries, func(s pipeline.Saving) bool { return s.Event == name })
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9+1e-6*math.Abs(b) }

// wantRange compares a range with figures that the test worked out by hand.
func wantRange(t testing.TB, what string, got pipeline.Range, low, mid, high float64) {
	t.Helper()
	if !near(got.Low, low) || !near(got.Mid, mid) || !near(got.High, high) {
		t.Errorf("%s is %v, want %v (%v to %v)", what, got, mid, low, high)
	}
}

// TestWorkedExample follows the example of the rules: 1,000 sheets of 1.4
// images, 300 copies avoided on recycled paper save 1.32 kg; ten years of
// storage cost 0.29 kg at 100 kB an image and 1.46 kg at 500 kB, which is more
// than was saved.
func TestWorkedExample(t *testing.T) {
	b := books(t, with(t, map[string]pipeline.Range{"recyclinganteil": exact(1), "kopien-je-brief": exact(300. / 1400)}))
	for _, c := range []struct {
		perPage int64
		storage float64
		net     float64
	}{{100_000, -0.2912, 1}, {500_000, -1.456, -1}} {
		entries := account(t, b, letter("x", 1400, c.perPage))
		copies, storage := event(t, entries, savings.EventCopies), event(t, entries, savings.EventStorage)
		if !near(copies.Sheets.Mid, 300) || !near(copies.CO2e.Mid, 1.32) || !near(copies.CO2e.High, 1.5*1.05008) {
			t.Errorf("copies: %+v", copies)
		}
		if !near(storage.CO2e.Mid, c.storage) {
			t.Errorf("storage at %d bytes: %+v, want %v", c.perPage, storage.CO2e, c.storage)
		}
		if net := copies.CO2e.Mid + storage.CO2e.Mid; net*c.net <= 0 {
			t.Errorf("net at %d bytes: %v", c.perPage, net)
		}
	}
}

func TestStep(t *testing.T) {
	b := books(t, savings.Config{})
	doc := letter("d7", 3, 80_000)
	doc.Pages[2].Blank = true
	doc.Remarks = []pipeline.Remark{{Step: pipeline.StepOpen, Code: savings.EventSeparator}}
	once, err := b.Step(t.Context(), doc, nil)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := b.Step(t.Context(), once, nil)
	if err != nil || !reflect.DeepEqual(once, twice) {
		t.Errorf("accounting twice differs: %v", err)
	}
	var ids []string
	for _, s := range once.Savings {
		ids = append(ids, s.ID)
		if !s.At.Equal(archivedAt) || s.Formula.DE == "" || s.Formula.EN == "" || s.Basis == nil {
			t.Errorf("%+v", s)
		}
	}
	want := []string{"d7/received", "d7/copies-avoided", "d7/shelf", "d7/separator-sheet", "d7/scan", "d7/processing", "d7/storage"}
	if !slices.Equal(ids, want) {
		t.Errorf("entries %v, want %v", ids, want)
	}
	if r := event(t, once.Savings, savings.EventReceived); r.Received != exact(2) || r.Sheets != (pipeline.Range{}) || r.CO2e != (pipeline.Range{}) {
		t.Errorf("what came in is counted wrongly, or as saved: %+v", r)
	}
	copies := event(t, once.Savings, savings.EventCopies)
	if copies.Evidence != pipeline.Assumed || !near(copies.Sheets.Mid, 0.6) ||
		copies.Formula.DE != "2 bedruckte Seiten × 0,3 (0,1 bis 0,5) Blatt Kopien je Seite × 5 g = 0,003 (0,001 bis 0,005) kg; je kg 1,04 (1,04 bis 1,345) kg CO2e" ||
		copies.Formula.EN != "2 printed sides x 0.3 (0.1 to 0.5) sheets of copies for each side x 5 g = 0.003 (0.001 to 0.005) kg; 1.04 (1.04 to 1.345) kg CO2e for each kg" {
		t.Errorf("%+v", copies)
	}
	if sep := event(t, once.Savings, savings.EventSeparator); sep.Sheets.Mid != -1 {
		t.Errorf("%+v", sep)
	}
	if p := event(t, once.Savings, savings.EventProcessing); !near(p.CO2e.Mid, -3.6/3600*12/1000*0.363) {
		t.Errorf("%+v", p)
	}
	if s := event(t, once.Savings, savings.EventShelf); !near(s.Folders.Mid, 2./450) || !near(s.Folders.Low, 2./600) || !near(s.Shelf.Mid, 2./450/12) || s.CO2e.Mid != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhatIsNotBooked(t *testing.T) {
	b := books(t, savings.Config{})
	if s := account(t, b, pipeline.Document{ID: "empty"}); len(s) != 0 {
		t.Errorf("an empty document has entries: %+v", s)
	}
	for name, source := range map[string]pipeline.Findings{
		"a born-digital file": {BornDigital: true},
		"a mail with scans":   {Kind: "mail", Rendition: pipeline.Blob{Digest: "set from it"}},
	} {
		born := letter("b", 3, 1000)
		born.Source = &source
		for _, e := range []string{savings.EventScan, savings.EventReceived, savings.EventShelf} {
			if has(account(t, b, born), e) {
				t.Errorf("%s has %s", name, e)
			}
		}
	}
	kept := letter("k", 2, 1000)
	kept.Filing.Handling = "original_behalten"
	if has(account(t, b, kept), savings.EventShelf) {
		t.Error("a letter whose paper is kept spares a folder")
	}
	permanent := letter("p", 1, 1_000_000)
	permanent.Filing.RetainFor = pipeline.Retention{Permanent: true}
	if s := event(t, account(t, b, permanent), savings.EventStorage); !near(s.CO2e.Mid, -1e-6*30*208) {
		t.Errorf("%+v", s)
	}
	for _, c := range []struct {
		pages, blank   int
		low, mid, high float64
	}{{1, 0, 1, 1, 1}, {4, 2, 2, 2, 2}, {3, 1, 2, 2, 2}, {3, 0, 2, 3, 3}} {
		doc := letter("r", c.pages, 1)
		for i := range c.blank {
			doc.Pages[len(doc.Pages)-1-i].Blank = true
		}
		wantRange(t, "sheets received", event(t, account(t, b, doc), savings.EventReceived).Received, c.low, c.mid, c.high)
	}
}

func TestDuplex(t *testing.T) {
	for _, c := range []struct {
		pages  int
		duplex float64
		want   float64
	}{{4, 0, 4}, {4, 1, 2}, {5, 1, 3}, {1, 1, 1}, {4, 0.5, 3}} {
		b := books(t, with(t, map[string]pipeline.Range{"duplexanteil": exact(c.duplex), "kopien-je-brief": exact(1)}))
		if s := event(t, account(t, b, letter("x", c.pages, 1)), savings.EventCopies); !near(s.Sheets.Mid, c.want) {
			t.Errorf("%d pages, duplex %v: %v sheets, want %v", c.pages, c.duplex, s.Sheets.Mid, c.want)
		}
	}
}

func TestBook(t *testing.T) {
	b := books(t, with(t, map[string]pipeline.Range{"trennblatt-nutzungen": exact(4)}))
	ten := pipeline.Range{Low: 8, Mid: 10, High: 12}
	for _, c := range []struct {
		event  savings.Event
		sheets pipeline.Range
	}{
		{savings.Event{Kind: savings.EventCopies, Sheets: ten}, ten},
		{savings.Event{Kind: savings.EventReply, Sheets: ten, Envelopes: exact(4)}, ten},
		{savings.Event{Kind: savings.EventReprint, Sheets: ten}, pipeline.Range{Low: -12, Mid: -10, High: -8}},
		{savings.Event{Kind: savings.EventSeparator, Sheets: ten}, pipeline.Range{Low: -3, Mid: -2.5, High: -2}},
		{savings.Event{Kind: savings.EventCover, Sheets: ten}, pipeline.Range{Low: -3, Mid: -2.5, High: -2}},
		{savings.Event{Kind: savings.EventRescan, Pages: 10}, pipeline.Range{}},
		{savings.Event{Kind: savings.EventTrip, Trips: exact(2), Km: exact(9)}, pipeline.Range{}},
		{savings.Event{Kind: savings.EventServer, KWh: exact(9)}, pipeline.Range{}},
	} {
		c.event.ID, c.event.Evidence, c.event.At = "e", pipeline.Measured, archivedAt
		s, err := b.Book(c.event)
		if err != nil || s.Sheets != c.sheets || s.ID != "e" || s.Formula.DE == "" {
			t.Errorf("%s: %+v, %v", c.event.Kind, s, err)
		}
	}
	good := savings.Event{ID: "e", Kind: savings.EventReply, Sheets: ten, Evidence: pipeline.Measured, At: archivedAt}
	for name, spoil := range map[string]func(*savings.Event){
		"no id":        func(e *savings.Event) { e.ID = "" },
		"no time":      func(e *savings.Event) { e.At = time.Time{} },
		"unknown kind": func(e *savings.Event) { e.Kind = "trees" },
		"no evidence":  func(e *savings.Event) { e.Evidence = "" },
		"negative":     func(e *savings.Event) { e.Sheets.Low = -1 },
		"no range":     func(e *savings.Event) { e.Sheets = pipeline.Range{Low: 3, Mid: 2, High: 1} },
		"no number":    func(e *savings.Event) { e.Sheets.Mid = math.NaN() },
		"endless":      func(e *savings.Event) { e.Sheets.High = math.Inf(1) },
		"nothing":      func(e *savings.Event) { e.Sheets = pipeline.Range{} },
	} {
		e := good
		spoil(&e)
		if _, err := b.Book(e); err == nil {
			t.Errorf("%s: booked", name)
		}
	}
}

func TestConfig(t *testing.T) {
	seed, err := savings.SeedFactors()
	if err != nil {
		t.Fatal(err)
	}
	at := func(id string) int { return slices.IndexFunc(seed, func(f pipeline.Factor) bool { return f.ID == id }) }
	change := func(id string, to func(*pipeline.Factor)) []pipeline.Factor {
		list := slices.Clone(seed)
		to(&list[at(id)])
		return list
	}
	for name, cfg := range map[string]savings.Config{
		"factor of the set missing": {Factors: slices.Delete(slices.Clone(seed), at("ifeu06-prim"), at("ifeu06-prim")+1)},
		"needed factor missing":     {Factors: slices.Delete(slices.Clone(seed), at("speicher"), at("speicher")+1)},
		"factor not to be used":     {Factors: change("ifeu06-prim", func(f *pipeline.Factor) { f.Use = "never" })},
		"factor without source":     {Factors: change("copacel", func(f *pipeline.Factor) { f.Source = "" })},
		"factor twice":              {Factors: append(slices.Clone(seed), seed[0])},
		"wrong unit":                {Factors: change("scanner-kwh", func(f *pipeline.Factor) { f.Unit = "Wh/Seite" })},
		"unknown class":             {Factors: change("scanner-kwh", func(f *pipeline.Factor) { f.Evidence = "D" })},
		"division by nought":        {Factors: change("ordner-blatt", func(f *pipeline.Factor) { f.Value = pipeline.Range{} })},
		"unknown set":               {Set: "trees"},
		"unknown set of a year":     {SetByYear: map[int]string{2026: "trees"}},
		"share over one":            {Factors: change("recyclinganteil", func(f *pipeline.Factor) { f.Value = exact(1.2) })},
		"no range":                  {Factors: change("kopien-je-brief", func(f *pipeline.Factor) { f.Value = pipeline.Range{Low: 1, Mid: 0.5, High: 2} })},
		"negative":                  {Factors: change("leser-watt", func(f *pipeline.Factor) { f.Value.Low = -1 })},
	} {
		if _, err := savings.New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if s := books(t, savings.Config{Set: "uk-gov-2025"}).Sets(); !slices.Equal(s, []string{"oeko-ifeu", "uk-gov-2025"}) {
		t.Error(s)
	}
}

// entry makes a ledger of letters, numbered as the catalogue does.
type ledgerMaker struct {
	t     testing.TB
	books *savings.Books
	rows  []savings.Booked
}

func (l *ledgerMaker) letter(id string, dept pipeline.DeptID, code pipeline.TypeCode, at time.Time, doc pipeline.Document) {
	doc.ID, doc.Record.At = pipeline.DocID(id), at
	doc.Filing.Department, doc.Filing.Type = dept, code
	for _, s := range account(l.t, l.books, doc) {
		l.add(s, dept, code)
	}
}

func (l *ledgerMaker) add(s pipeline.Saving, dept pipeline.DeptID, code pipeline.TypeCode) {
	raw, err := json.Marshal(s) // as the catalogue keeps it
	if err != nil {
		l.t.Fatal(err)
	}
	var kept pipeline.Saving
	if err := json.Unmarshal(raw, &kept); err != nil {
		l.t.Fatal(err)
	}
	l.rows = append(l.rows, savings.Booked{N: int64(len(l.rows) + 1), Saving: kept, Department: dept, Type: code, At: s.At})
}

func (l *ledgerMaker) book(e savings.Event, dept pipeline.DeptID) {
	l.t.Helper()
	if e.Evidence == "" {
		e.Evidence = pipeline.Measured
	}
	s, err := l.books.Book(e)
	if err != nil {
		l.t.Fatal(err)
	}
	l.add(s, dept, "")
}

func (l *ledgerMaker) tally() *savings.Tally { return savings.Count(l.rows, time.UTC) }

// TestProperties holds for any letters: ranges are in order, debits are
// negative, savings are not, and the parts of a report make up its total,
// by department, by month, by type and by event alike.
func TestProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		lo := rng.Float64()
		b := books(t, with(t, map[string]pipeline.Range{
			"recyclinganteil": exact(rng.Float64()), "duplexanteil": exact(rng.Float64()),
			"kopien-je-brief": {Low: lo, Mid: lo + rng.Float64(), High: lo + 1 + rng.Float64()},
		}))
		l := &ledgerMaker{t: t, books: b}
		for i := range 1 + rng.IntN(12) {
			dept := strconv.Itoa(rng.IntN(3))
			l.letter(strconv.Itoa(i), pipeline.DeptID(dept), pipeline.TypeCode(dept+"-X"), archivedAt.AddDate(0, rng.IntN(14), 0), letter("", rng.IntN(40), rng.Int64N(3_000_000)))
		}
		var facts []pipeline.Fact
		if rng.IntN(2) == 0 { // cut the savings to what was bought less
			facts = []pipeline.Fact{
				{N: 1, Kind: pipeline.FactStart, From: "2026-03-01"},
				{N: 2, Kind: pipeline.FactPurchase, From: "2025-03-01", To: "2026-02-28", Sheets: 100},
				{N: 3, Kind: pipeline.FactPurchase, From: "2026-03-01", To: "2027-12-31", Sheets: 150 + 50*rng.Float64()},
			}
		}
		rep := b.Report(l.tally(), facts, pipeline.ReportQuery{})
		total := figures(rep.Total)
		for _, r := range total {
			if !(r.Low <= r.Mid+1e-12 && r.Mid <= r.High+1e-12) {
				t.Fatalf("%+v is out of order", r)
			}
		}
		if rep.Total.Saved.Sheets.Low < 0 || rep.Total.Debits.CO2e.High > 0 || rep.Total.Debits.Energy.High > 0 {
			t.Fatalf("wrong signs: %+v", rep.Total)
		}
		for _, by := range []string{"department", "month", "type", "event"} {
			sums := make([]pipeline.Range, len(total))
			n := 0
			for _, row := range rep.Rows(by) {
				for i, r := range figures(row) {
					sums[i] = pipeline.Range{Low: sums[i].Low + r.Low, Mid: sums[i].Mid + r.Mid, High: sums[i].High + r.High}
				}
				n += row.Entries
				if !near(row.Net.Kg.Low, row.Saved.Kg.Low+row.Debits.Kg.Low) {
					t.Fatalf("net %v is not saved %v plus debits %v", row.Net.Kg.Low, row.Saved.Kg.Low, row.Debits.Kg.Low)
				}
			}
			if n != len(l.rows) || n != rep.Total.Entries {
				t.Fatalf("by %s: %d entries of %d", by, n, len(l.rows))
			}
			for i := range total {
				if !near(sums[i].Low, total[i].Low) || !near(sums[i].Mid, total[i].Mid) || !near(sums[i].High, total[i].High) {
					t.Fatalf("by %s: the parts %v do not make the total %v", by, sums[i], total[i])
				}
			}
		}
		// A ledger that is read twice, or piece by piece, gives the same bits.
		pieces := &savings.Tally{}
		for range 2 {
			for _, row := range l.rows {
				pieces.Add(row, time.UTC)
			}
		}
		if !bytes.Equal(filed(t, rep), filed(t, b.Report(pieces, facts, pipeline.ReportQuery{}))) {
			t.Fatal("the same ledger gives another report")
		}
	}
}

func figures(r pipeline.SumRow) []pipeline.Range {
	var list []pipeline.Range
	for _, s := range []pipeline.Sums{r.Saved, r.Debits, r.Net} {
		list = append(list, s.Sheets, s.Kg, s.CO2e, s.Water, s.Energy, s.Folders, s.Shelf, s.Trips)
	}
	return append(list, r.Received)
}

func filed(t testing.TB, r pipeline.Report) []byte {
	t.Helper()
	raw, err := savings.Bytes(r)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func noted(r pipeline.Report, part string) bool {
	return slices.ContainsFunc(r.Notes, func(m pipeline.Message) bool { return strings.Contains(m.EN, part) && m.DE != "" })
}

func TestNotes(t *testing.T) {
	b := books(t, savings.Config{})
	l := &ledgerMaker{t: t, books: b}
	l.letter("big", "30", "30-WIDER", archivedAt, letter("", 10, 2_000_000))
	rep := b.Report(l.tally(), nil, pipeline.ReportQuery{})
	for _, want := range []string{"100 % of the sheets saved rest on an assumption", "On balance no CO₂e was saved", "not yet checked"} {
		if !noted(rep, want) {
			t.Errorf("no note that %s: %+v", want, rep.Notes)
		}
	}
	if noted(rep, "mixed") || rep.Total.Net.CO2e.Mid >= 0 {
		t.Errorf("%+v", rep.Notes)
	}
	l.book(savings.Event{ID: "r", Kind: savings.EventReprint, Sheets: exact(50), At: archivedAt}, "30")
	if rep := b.Report(l.tally(), nil, pipeline.ReportQuery{}); !noted(rep, "no paper was saved") {
		t.Errorf("%+v", rep.Notes)
	}
	if rep := b.Report(&savings.Tally{}, nil, pipeline.ReportQuery{}); len(rep.Months) != 0 || rep.Total.Entries != 0 {
		t.Errorf("%+v", rep)
	}
}

// TestOldEntries reads entries as earlier versions booked them: without a basis and
// with an English formula. They stand in reports as they were booked.
func TestOldEntries(t *testing.T) {
	old := `{"id":"a/copies-avoided","event":"copies-avoided","evidence":"C","sheets":{"low":0.1,"mid":0.3,"high":0.5},
		"kg":{"low":0.0005,"mid":0.0015,"high":0.0025},"co2e":{"low":0.1,"mid":0.2,"high":0.3},"water":{"low":0,"mid":0,"high":0},
		"energy":{"low":0,"mid":0,"high":0},"factors":["copacel","ifeu06-w-prim"],"formula":"1 sheets x 0.3 copies (0.1 to 0.5) x 5 g","at":"2026-03-04T10:00:00Z"}`
	var s pipeline.Saving
	if err := json.Unmarshal([]byte(old), &s); err != nil {
		t.Fatal(err)
	}
	if s.Formula.EN != "1 sheets x 0.3 copies (0.1 to 0.5) x 5 g" || s.Formula.DE != "1 Blatt × 0,3 Kopien (0,1 bis 0,5) × 5 g" {
		t.Errorf("%+v", s.Formula)
	}
	b := books(t, savings.Config{})
	l := &ledgerMaker{t: t, books: b}
	l.add(s, "30", "30-WIDER")
	l.letter("new", "30", "30-WIDER", archivedAt, letter("", 1, 1000))
	rep := b.Report(l.tally(), nil, pipeline.ReportQuery{})
	wantRange(t, "old and new", rep.Total.Saved.CO2e, 0.1+0.1*0.005*1.04, 0.2+0.3*0.005*1.04, 0.3+0.5*0.005*1.34508)
	if !noted(rep, "1 older entries") || !noted(rep, "mixed in 2026") {
		t.Errorf("%+v", rep.Notes)
	}
}

// ledger is two months of three letters and what people told.
func ledger(t *testing.T) (*savings.Books, *ledgerMaker) {
	b := books(t, with(t, map[string]pipeline.Range{"recyclinganteil": exact(0.8), "duplexanteil": exact(0.5)}))
	l := &ledgerMaker{t: t, books: b}
	for i, dept := range []pipeline.DeptID{"30", "63", "63"} {
		l.letter("doc-"+strconv.Itoa(i), dept, pipeline.TypeCode(string(dept)+"-X"), archivedAt.AddDate(0, i/2, 0), letter("", 2+3*i, 60_000))
	}
	l.book(savings.Event{ID: "r", Kind: savings.EventReprint, Sheets: exact(1), At: archivedAt, Note: "Druckserver"}, "63")
	return b, l
}

func noNames(_, key string) string { return "" }

func TestGolden(t *testing.T) {
	b, l := ledger(t)
	rep := b.Report(l.tally(), nil, pipeline.ReportQuery{})
	for _, c := range []struct {
		file  string
		write func(*bytes.Buffer) error
	}{
		{"department.de.txt", func(w *bytes.Buffer) error { return savings.Table(w, rep, "department", "de") }},
		{"month.en.txt", func(w *bytes.Buffer) error { return savings.Table(w, rep, "month", "en") }},
		{"type.csv", func(w *bytes.Buffer) error {
			s, _ := savings.Shape(rep, "type", "en", noNames)
			return savings.CSV(w, s, "en")
		}},
		{"report.json", func(w *bytes.Buffer) error { return savings.JSON(w, rep) }},
	} {
		var got bytes.Buffer
		if err := c.write(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", c.file)
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s differs:\n%s", c.file, got.String())
		}
	}
}

// TestExports reads every table again, from CSV and from the workbook, and compares
// cell by cell.
func TestExports(t *testing.T) {
	b, l := ledger(t)
	facts := []pipeline.Fact{
		{N: 1, Kind: pipeline.FactStart, From: "2026-01-01"},
		{N: 2, Kind: pipeline.FactPurchase, From: "2025-01-01", To: "2025-12-31", Sheets: 120_000, Recycled: 0.5, Note: "=1+1"},
		{N: 3, Kind: pipeline.FactPurchase, From: "2026-01-01", To: "2026-06-30", Sheets: 50_000, Recycled: 0.8},
		{N: 4, Kind: pipeline.FactStaff, From: "2025-01-01", To: "2026-12-31", FTE: 40},
	}
	rep := b.Report(l.tally(), facts, pipeline.ReportQuery{From: "2026-01", To: "2026-12"})
	var sheets []savings.Sheet
	for _, shape := range savings.Shapes() {
		s, ok := savings.Shape(rep, shape, "de", noNames)
		if !ok || len(s.Rows) == 0 {
			t.Fatalf("%s: %v, %d rows", shape, ok, len(s.Rows))
		}
		sheets = append(sheets, s)
		for _, lang := range []string{"de", "en"} {
			var out bytes.Buffer
			if err := savings.CSV(&out, s, lang); err != nil {
				t.Fatal(err)
			}
			in := csv.NewReader(&out)
			if lang == "de" {
				in.Comma = ';'
			}
			rows, err := in.ReadAll()
			if err != nil || len(rows) != len(s.Rows)+1 {
				t.Fatalf("%s: %d rows, %v", shape, len(rows), err)
			}
			for y, row := range s.Rows {
				for x, cell := range row {
					got := rows[y+1][x]
					if f, ok := cell.(float64); ok {
						back, err := strconv.ParseFloat(strings.Replace(got, ",", ".", 1), 64)
						if err != nil || math.Abs(back-f) > 5.1e-7 {
							t.Errorf("%s %d/%d: %q for %v", shape, y, x, got, f)
						}
					}
				}
			}
		}
	}
	if _, ok := savings.Shape(rep, "trees", "de", noNames); ok {
		t.Error("a table of trees")
	}
	var book, again bytes.Buffer
	if err := savings.XLSX(&book, sheets); err != nil {
		t.Fatal(err)
	}
	if err := savings.XLSX(&again, sheets); err != nil || !bytes.Equal(book.Bytes(), again.Bytes()) {
		t.Errorf("the same tables give another workbook (%v)", err)
	}
	back, err := excelize.OpenReader(&book)
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	for _, s := range sheets {
		for y, row := range s.Rows {
			for x, cell := range row {
				at, _ := excelize.CoordinatesToCellName(x+1, y+2)
				got, err := back.GetCellValue(s.Name, at, excelize.Options{RawCellValue: true})
				if err != nil {
					t.Fatal(err)
				}
				switch v := cell.(type) {
				case float64:
					if f, err := strconv.ParseFloat(got, 64); err != nil || !near(f, v) {
						t.Errorf("%s!%s: %q for %v", s.Name, at, got, v)
					}
				case int:
					if got != strconv.Itoa(v) {
						t.Errorf("%s!%s: %q for %d", s.Name, at, got, v)
					}
				case string:
					if got != v {
						t.Errorf("%s!%s: %q for %q", s.Name, at, got, v)
					}
				}
			}
		}
	}
	// GRI 301 of the year before, worked out here: 120,000 sheets of 5 g are 600 kg,
	// half of it recycled; EMAS: 0.6 t over 40 posts, 120,000 / 40 / 220 sheets a day.
	gri, _ := savings.Shape(rep, "gri301", "en", noNames)
	if r := gri.Rows[0]; r[0] != "301-1" || r[1] != 2025 || r[4] != 600.0 || r[6] != "measured" {
		t.Errorf("%v", r)
	}
	if r := gri.Rows[2]; r[0] != "301-2" || r[4] != 50.0 {
		t.Errorf("%v", r)
	}
	emas, _ := savings.Shape(rep, "emas", "en", noNames)
	if r := emas.Rows[0]; r[4] != 0.6 || r[6] != 40.0 || !near(r[8].(float64), 0.015) || !near(r[10].(float64), 120_000./40/220) {
		t.Errorf("%v", r)
	}
	// A text that a spreadsheet would take for a formula does not reach it as one.
	var out bytes.Buffer
	if err := savings.CSV(&out, savings.Sheet{Head: []string{"a"}, Rows: [][]any{{"=1+1"}, {0.0}, {math.Copysign(0, -1)}}}, "en"); err != nil || out.String() != "a\n'=1+1\n0.000000\n0.000000\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		x      float64
		de, en string
	}{
		{0, "0", "0"}, {1234.5, "1.234", "1,234"}, {1234567, "1.234.567", "1,234,567"}, {0.30, "0,300", "0.300"}, {-2.5, "−2,50", "−2.50"},
		{12.34, "12,3", "12.3"}, {0.000123456, "0,000123", "0.000123"}, {-1234, "−1.234", "−1,234"}, {math.NaN(), "0", "0"}, {99.96, "100,0", "100.0"},
	} {
		if de, en := savings.Figure(c.x, "de"), savings.Figure(c.x, "en"); de != c.de || en != c.en {
			t.Errorf("%v is %q and %q, want %q and %q", c.x, de, en, c.de, c.en)
		}
	}
	if s := savings.Spread(pipeline.Range{Low: -1, Mid: 0.5, High: 1200}, "de"); s != "0,500 (−1,00 bis 1.200)" {
		t.Error(s)
	}
	if s := savings.Spread(exact(3), "en"); s != "3.00" {
		t.Error(s)
	}
}

func TestSaveIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := books(t, savings.Config{}).Step(ctx, letter("x", 1, 1), nil); err == nil {
		t.Error("an account after the end")
	}
}

func BenchmarkAccount(b *testing.B) {
	bk := books(b, savings.Config{})
	doc := letter("x", 5, 60_000)
	for b.Loop() {
		if _, err := bk.Step(b.Context(), doc, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReport reports six years of a town with 25 departments.
func BenchmarkReport(b *testing.B) {
	bk := books(b, savings.Config{})
	t := &savings.Tally{}
	n := int64(0)
	for month := range 72 {
		for dept := range 25 {
			for typ := range 3 {
				for _, event := range []string{savings.EventCopies, savings.EventStorage, savings.EventProcessing} {
					n++
					t.Add(savings.Booked{
						N: n, Department: pipeline.DeptID(fmt.Sprint(10 + dept)), Type: pipeline.TypeCode(fmt.Sprintf("%d-T%d", 10+dept, typ)),
						At:     time.Date(2020, time.Month(1+month), 10, 0, 0, 0, 0, time.UTC),
						Saving: pipeline.Saving{Event: event, Evidence: pipeline.Measured, Basis: &pipeline.Basis{Sides: 3, Leaves: 2, Pages: 3, Millis: 2_000, ByteYears: 1 << 20}},
					}, time.UTC)
				}
			}
		}
	}
	for b.Loop() {
		if r := bk.Report(t, nil, pipeline.ReportQuery{}); len(r.Months) != 72 {
			b.Fatal(len(r.Months))
		}
	}
}
