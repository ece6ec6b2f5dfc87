package savings_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
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

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9+1e-6*math.Abs(b) }

// TestWorkedExample follows the example of the rules: 1,000 sheets of 1.4
// images, 300 copies avoided on recycled paper save 1.32 kg; ten years of
// storage cost 0.29 kg at 100 kB an image and 1.46 kg at 500 kB, which is more
// than was saved.
func TestWorkedExample(t *testing.T) {
	b := books(t, savings.Config{Baseline: savings.Baseline{
		Recycled: 1,
		Default:  savings.Rate{Copies: pipeline.Range{Low: 300. / 1400, Mid: 300. / 1400, High: 300. / 1400}},
	}})
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
		if !s.At.Equal(archivedAt) || s.Formula == "" || len(s.Factors) == 0 {
			t.Errorf("%+v", s)
		}
	}
	want := []string{"d7/copies-avoided", "d7/separator-sheet", "d7/scan", "d7/processing", "d7/storage"}
	if !slices.Equal(ids, want) {
		t.Errorf("entries %v, want %v", ids, want)
	}
	copies := event(t, once.Savings, savings.EventCopies)
	if copies.Evidence != pipeline.Assumed || !near(copies.Sheets.Mid, 0.6) || copies.Formula != "2 sheets x 0.3 copies (0.1 to 0.5) x 5 g" {
		t.Errorf("%+v", copies)
	}
	if sep := event(t, once.Savings, savings.EventSeparator); sep.Sheets.Mid != -1 || sep.Evidence != pipeline.Measured {
		t.Errorf("%+v", sep)
	}
	if p := event(t, once.Savings, savings.EventProcessing); !near(p.CO2e.Mid, -3.6/3600*12/1000*0.363) {
		t.Errorf("%+v", p)
	}
}

func TestWhatIsNotBooked(t *testing.T) {
	b := books(t, savings.Config{})
	if s := account(t, b, pipeline.Document{ID: "empty"}); len(s) != 0 {
		t.Errorf("an empty document has entries: %+v", s)
	}
	born := letter("b", 1, 1000)
	born.Source = &pipeline.Findings{BornDigital: true}
	if slices.ContainsFunc(account(t, b, born), func(s pipeline.Saving) bool { return s.Event == savings.EventScan }) {
		t.Error("a born-digital file was scanned")
	}
	unsure := letter("u", 1, 1000)
	unsure.Filing.Sure = false
	rates := map[pipeline.TypeCode]savings.Rate{"30-WIDER": {Copies: pipeline.Range{Low: 2, Mid: 2, High: 2}, Evidence: pipeline.Sampled}}
	byType := books(t, savings.Config{Baseline: savings.Baseline{ByType: rates}})
	if s := event(t, account(t, byType, unsure), savings.EventCopies); s.Evidence != pipeline.Assumed || !near(s.Sheets.Mid, 0.3) {
		t.Errorf("a guessed type takes its rate: %+v", s)
	}
	if s := event(t, account(t, byType, letter("s", 1, 1000)), savings.EventCopies); s.Evidence != pipeline.Sampled || !near(s.Sheets.Mid, 2) {
		t.Errorf("%+v", s)
	}
	none := books(t, savings.Config{Baseline: savings.Baseline{Default: savings.Rate{Evidence: pipeline.Sampled}}})
	if slices.ContainsFunc(account(t, none, letter("n", 1, 1000)), func(s pipeline.Saving) bool { return s.Event == savings.EventCopies }) {
		t.Error("a town that sampled no copies saves copies")
	}
	permanent := letter("p", 1, 1_000_000)
	permanent.Filing.RetainFor = pipeline.Retention{Permanent: true}
	if s := event(t, account(t, b, permanent), savings.EventStorage); !near(s.CO2e.Mid, -1e-6*30*208) {
		t.Errorf("%+v", s)
	}
}

func TestDuplex(t *testing.T) {
	one := pipeline.Range{Low: 1, Mid: 1, High: 1}
	for _, c := range []struct {
		pages  int
		duplex float64
		want   float64
	}{{4, 0, 4}, {4, 1, 2}, {5, 1, 3}, {1, 1, 1}, {4, 0.5, 3}} {
		b := books(t, savings.Config{Baseline: savings.Baseline{Duplex: c.duplex, Default: savings.Rate{Copies: one}}})
		if s := event(t, account(t, b, letter("x", c.pages, 1)), savings.EventCopies); !near(s.Sheets.Mid, c.want) {
			t.Errorf("%d pages, duplex %v: %v sheets, want %v", c.pages, c.duplex, s.Sheets.Mid, c.want)
		}
	}
}

func TestBook(t *testing.T) {
	b := books(t, savings.Config{SeparatorUses: 4})
	ten := pipeline.Range{Low: 8, Mid: 10, High: 12}
	for _, c := range []struct {
		kind   string
		sheets pipeline.Range
	}{
		{savings.EventCopies, ten},
		{savings.EventReply, ten},
		{savings.EventReprint, pipeline.Range{Low: -12, Mid: -10, High: -8}},
		{savings.EventSeparator, pipeline.Range{Low: -3, Mid: -2.5, High: -2}},
		{savings.EventRescan, pipeline.Range{}},
	} {
		s, err := b.Book(savings.Event{ID: "e", Kind: c.kind, Sheets: ten, Evidence: pipeline.Measured, At: archivedAt})
		if err != nil || s.Sheets != c.sheets || s.ID != "e" || s.Evidence != pipeline.Measured {
			t.Errorf("%s: %+v, %v", c.kind, s, err)
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
	} {
		e := good
		spoil(&e)
		if _, err := b.Book(e); err == nil {
			t.Errorf("%s: booked", name)
		}
	}
}

// TestSourcesStay holds that a report names the source of every factor, also of
// the town's own.
func TestSourcesStay(t *testing.T) {
	own, err := savings.SeedFactors()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(own, func(f savings.Factor) bool { return f.ID == "ifeu06-prim" })
	own[i].Source = "measured by the mill"
	b := books(t, savings.Config{Factors: own, Baseline: savings.Baseline{Default: savings.Rate{
		Copies: pipeline.Range{Low: 1, Mid: 1, High: 1}, Evidence: pipeline.Sampled, Author: "Organisation", Date: archivedAt}}})
	s := event(t, account(t, b, letter("x", 1, 1)), savings.EventCopies)
	if !strings.HasSuffix(s.Formula, "(rate by Organisation, 2026-03-04)") {
		t.Error(s.Formula)
	}
	odd := s
	odd.ID, odd.Factors = "y", []string{"unheard-of"}
	rep := b.Summarise([]savings.Booked{{Saving: s}, {Saving: odd}}, "type")
	source := map[string]string{}
	for _, f := range rep.Factors {
		source[f.ID] = f.Source
	}
	if _, kept := source["unheard-of"]; !kept || source["ifeu06-prim"] != "measured by the mill" {
		t.Errorf("%v", source)
	}
}

func TestConfig(t *testing.T) {
	seed, err := savings.SeedFactors()
	if err != nil {
		t.Fatal(err)
	}
	without := slices.DeleteFunc(slices.Clone(seed), func(f savings.Factor) bool { return f.ID == "ifeu06-prim" })
	never := slices.Clone(seed)
	never[slices.IndexFunc(never, func(f savings.Factor) bool { return f.ID == "ifeu06-prim" })].Use = "never"
	nosource := slices.Clone(seed)
	nosource[0].Source = ""
	for name, cfg := range map[string]savings.Config{
		"factor of the set missing": {Factors: without},
		"factor not to be used":     {Factors: never},
		"factor without source":     {Factors: nosource},
		"factor twice":              {Factors: append(slices.Clone(seed), seed[0])},
		"unknown set":               {Set: "trees"},
		"unknown set of a year":     {SetByYear: map[int]string{2026: "trees"}},
		"share over one":            {Baseline: savings.Baseline{Recycled: 1.2}},
		"rate no range":             {Baseline: savings.Baseline{Default: savings.Rate{Copies: pipeline.Range{Low: 1, Mid: 0.5, High: 2}}}},
		"negative watts":            {ProcessWatts: pipeline.Range{Low: -1, Mid: 1, High: 2}},
	} {
		if _, err := savings.New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for _, f := range books(t, savings.Config{}).Factors() {
		if f.Source == "" || f.Value.Low > f.Value.Mid || f.Value.Mid > f.Value.High {
			t.Errorf("%+v", f)
		}
	}
}

// TestProperties holds for any letters: ranges are in order, debits are
// negative, savings are not, and the parts of a report make up its total.
func TestProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		lo := rng.Float64()
		b := books(t, savings.Config{Baseline: savings.Baseline{
			Recycled: rng.Float64(), Duplex: rng.Float64(),
			Default: savings.Rate{Copies: pipeline.Range{Low: lo, Mid: lo + rng.Float64(), High: lo + 1 + rng.Float64()}},
		}})
		var ledger []savings.Booked
		for i := range 1 + rng.IntN(12) {
			doc := letter(strconv.Itoa(i), rng.IntN(40), rng.Int64N(3_000_000))
			doc.Record.At = archivedAt.AddDate(0, rng.IntN(14), 0)
			for _, s := range account(t, b, doc) {
				for _, r := range ranges(s) {
					if !(r.Low <= r.Mid && r.Mid <= r.High) {
						t.Fatalf("%s: %+v is out of order", s.Event, r)
					}
					if s.Event == savings.EventCopies && r.Low < 0 || s.Event != savings.EventCopies && r.High > 0 {
						t.Fatalf("%s: %+v has the wrong sign", s.Event, r)
					}
				}
				ledger = append(ledger, savings.Booked{Saving: s, Department: pipeline.DeptID(strconv.Itoa(rng.IntN(3))), Type: "x"})
			}
		}
		for _, by := range []string{"department", "month", "type", "anything"} {
			rep := savings.Summarise(ledger, by)
			var sum, saved, debits float64
			n := 0
			for _, row := range rep.Rows {
				sum += row.Net.CO2e.Mid
				saved += row.Saved.Sheets.High
				debits += row.Debits.Energy.Low
				n += row.Entries
				if !near(row.Net.Kg.Low, row.Saved.Kg.Low+row.Debits.Kg.Low) {
					t.Fatalf("net %v is not saved %v plus debits %v", row.Net.Kg.Low, row.Saved.Kg.Low, row.Debits.Kg.Low)
				}
			}
			if n != len(ledger) || n != rep.Total.Entries || !near(sum, rep.Total.Net.CO2e.Mid) ||
				!near(saved, rep.Total.Saved.Sheets.High) || !near(debits, rep.Total.Debits.Energy.Low) {
				t.Fatalf("by %s: the parts do not make the total", by)
			}
		}
		if twice := savings.Summarise(append(slices.Clone(ledger), ledger...), "month"); !reflect.DeepEqual(twice, savings.Summarise(ledger, "month")) {
			t.Fatal("entries that are listed twice count twice")
		}
	}
}

func ranges(s pipeline.Saving) []pipeline.Range {
	return []pipeline.Range{s.Sheets, s.Kg, s.CO2e, s.Water, s.Energy}
}

func TestNotes(t *testing.T) {
	b := books(t, savings.Config{})
	var ledger []savings.Booked
	for _, s := range account(t, b, letter("big", 10, 2_000_000)) {
		ledger = append(ledger, savings.Booked{Saving: s})
	}
	has := func(r savings.Report, part string) bool {
		return slices.ContainsFunc(r.Notes, func(m pipeline.Message) bool { return strings.Contains(m.EN, part) && m.DE != "" })
	}
	rep := savings.Summarise(ledger, "month")
	if !has(rep, "100 % of the sheets saved rest on an assumption") || !has(rep, "On balance no CO2e was saved") || has(rep, "mixed") {
		t.Errorf("%+v", rep.Notes)
	}
	mixed := ledger[0]
	mixed.Saving.ID, mixed.Saving.Factors = "other", []string{"copacel"}
	if rep := savings.Summarise(append(ledger, mixed), "month"); !has(rep, "mixed in 2026") {
		t.Errorf("%+v", rep.Notes)
	}
	mixed.At = archivedAt.AddDate(1, 0, 0)
	if rep := savings.Summarise(append(ledger, mixed), "month"); has(rep, "mixed") {
		t.Error("sources of different years count as mixed")
	}
	if rep := savings.Summarise(nil, "type"); len(rep.Rows) != 0 || rep.Total.Entries != 0 {
		t.Errorf("%+v", rep)
	}
}

// ledger is two months of three letters.
func ledger(t *testing.T) []savings.Booked {
	b := books(t, savings.Config{Baseline: savings.Baseline{Recycled: 0.8, Duplex: 0.5}})
	var out []savings.Booked
	for i, dept := range []pipeline.DeptID{"30", "63", "63"} {
		doc := letter("doc-"+strconv.Itoa(i), 2+3*i, 60_000)
		doc.Record.At = archivedAt.AddDate(0, i/2, 0)
		for _, s := range account(t, b, doc) {
			out = append(out, savings.Booked{Saving: s, Department: dept, Type: pipeline.TypeCode(string(dept) + "-X")})
		}
	}
	return out
}

func TestGolden(t *testing.T) {
	rows := ledger(t)
	for _, c := range []struct {
		file  string
		write func(*bytes.Buffer) error
	}{
		{"department.de.txt", func(b *bytes.Buffer) error { return savings.Summarise(rows, "department").Table(b, "de") }},
		{"month.en.txt", func(b *bytes.Buffer) error { return savings.Summarise(rows, "month").Table(b, "en") }},
		{"type.csv", func(b *bytes.Buffer) error { return savings.Summarise(rows, "type").CSV(b) }},
		{"department.json", func(b *bytes.Buffer) error { return savings.Summarise(rows, "department").JSON(b) }},
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
			t.Errorf("%s differs; -update rewrites it:\n%s", c.file, got.Bytes())
		}
	}
	var buf bytes.Buffer
	if err := savings.Summarise(rows, "type").CSV(&buf); err != nil {
		t.Fatal(err)
	}
	if records, err := csv.NewReader(&buf).ReadAll(); err != nil || len(records) != 1+3*3 {
		t.Errorf("%d records, %v", len(records), err)
	}
	buf.Reset()
	if err := savings.Summarise(rows, "type").JSON(&buf); err != nil {
		t.Fatal(err)
	}
	var back savings.Report
	if err := json.Unmarshal(buf.Bytes(), &back); err != nil || back.Total.Entries != len(rows) {
		t.Errorf("%+v, %v", back.Total, err)
	}
}
