package savings_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/savings"
)

// TestEveryFigureByHand works every figure of a report out again, from the raw
// events, with the arithmetic written out and the factors as the sources print
// them. It calls nothing of the package but what it judges.
func TestEveryFigureByHand(t *testing.T) {
	b := books(t, savings.Config{})
	l := &ledgerMaker{t: t, books: b}
	march, april := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC), time.Date(2026, 4, 10, 9, 0, 0, 0, time.UTC)

	// An objection of four pages, one of them a blank back: 3 printed sides, 2 sheets
	// came in. 300,000 bytes are kept 10 years. Read in 4 x 1.2 s.
	objection := letter("", 4, 75_000)
	objection.Pages[3].Blank = true
	l.letter("objection", "32", "32-OWI", march, objection)

	// A building application of ten pages without a blank one: 10 sides, 5 to 10
	// sheets. 2,000,000 bytes are kept without an end. One separator sheet before it.
	application := letter("", 10, 200_000)
	application.Filing.RetainFor = pipeline.Retention{Permanent: true}
	application.Remarks = []pipeline.Remark{{Code: savings.EventSeparator}}
	l.letter("application", "63", "63-ANTRAG", april, application)

	l.book(savings.Event{ID: "reprint", Kind: savings.EventReprint, Sheets: exact(2), At: march}, "32")
	l.book(savings.Event{ID: "reply", Kind: savings.EventReply, Sheets: exact(30), Envelopes: exact(15), At: march}, "32")
	l.book(savings.Event{ID: "trip", Kind: savings.EventTrip, Trips: exact(4), Km: exact(50), At: april, Evidence: pipeline.Sampled}, "")
	l.book(savings.Event{ID: "server", Kind: savings.EventServer, KWh: exact(2.5), At: april}, "")
	l.book(savings.Event{ID: "rescan", Kind: savings.EventRescan, Pages: 6, At: april}, "63")

	facts := []pipeline.Fact{
		// 200 objections were looked at, 80 copies made of them, a quarter on both sides.
		{N: 1, Kind: pipeline.FactSample, Type: "32-OWI", From: "2026-01-05", To: "2026-01-18", Letters: 200, Copies: 80, Duplex: 0.25, Author: "a.schmidt"},
		// Half of the paper of 2026 is recycled.
		{N: 2, Kind: pipeline.FactPurchase, From: "2026-01-01", To: "2026-12-31", Sheets: 1_000_000, Recycled: 0.5, Author: "a.schmidt"},
	}
	r := b.Report(l.tally(), facts, pipeline.ReportQuery{From: "2026-01", To: "2026-12"})

	events := map[string]pipeline.SumRow{}
	for _, e := range r.Events {
		events[e.Key] = e
	}

	// Copies of the objection: a copy takes 0.75 x 3 + 0.25 x 2 = 2.75 sheets; 80/200 =
	// 0.4 copies, 95 % interval of 80 counted events 63.43 to 99.57 (Byar).
	objectionSheets := [3]float64{2.75 * 63.4327 / 200, 2.75 * 0.4, 2.75 * 99.5702 / 200}
	// Copies of the application: nobody sampled it, so 0.1, 0.3, 0.5 copies of 10 sheets.
	applicationSheets := [3]float64{1, 3, 5}
	near4 := func(what string, got pipeline.Range, want [3]float64) {
		t.Helper()
		for i, x := range []float64{got.Low, got.Mid, got.High} {
			if d := x - want[i]; d > 2e-4*max(1, want[i]) || d < -2e-4*max(1, want[i]) {
				t.Errorf("%s: %v, want %v", what, got, want)
				return
			}
		}
	}
	var copies [3]float64
	for i := range copies {
		copies[i] = objectionSheets[i] + applicationSheets[i]
	}
	near4("copies, sheets", events["copies-avoided"].Net.Sheets, copies)
	near4("copies, kg", events["copies-avoided"].Net.Kg, [3]float64{copies[0] * 0.005, copies[1] * 0.005, copies[2] * 0.005})
	// CO2e of half virgin (1.04; high 1.34508), half recycled paper (0.88; 1.05008).
	low, high := 0.5*1.04+0.5*0.88, 0.5*1.34508+0.5*1.05008
	near4("copies, CO2e", events["copies-avoided"].Net.CO2e, [3]float64{copies[0] * 0.005 * low, copies[1] * 0.005 * low, copies[2] * 0.005 * high})
	near4("copies, water", events["copies-avoided"].Net.Water, [3]float64{copies[0] * 0.005 * 36.35, copies[1] * 0.005 * 36.35, copies[2] * 0.005 * 36.35}) // (52.2 + 20.5) / 2
	near4("copies, energy", events["copies-avoided"].Net.Energy, [3]float64{copies[0] * 0.005 * 7.45, copies[1] * 0.005 * 7.45, copies[2] * 0.005 * 7.45})  // (10.7 + 4.2) / 2
	if e := events["copies-avoided"]; e.Paper != pipeline.Assumed || !near(e.Grades.B, 1.1) || !near(e.Grades.C, 3) {
		t.Errorf("copies: 1.1 sheets are sampled and 3 assumed, not %+v, %s", e.Grades, e.Paper)
	}

	// 30 sheets of 5 g and 15 envelopes of 4, 5 or 7 g are 210, 225 or 255 g.
	wantRange(t, "replies, sheets", events["digital-reply"].Net.Sheets, 30, 30, 30)
	wantRange(t, "replies, kg", events["digital-reply"].Net.Kg, 0.210, 0.225, 0.255)
	wantRange(t, "replies, CO2e", events["digital-reply"].Net.CO2e, 0.210*0.96, 0.225*0.96, 0.255*1.19758)

	// 2 and 5 to 10 sheets into folders of 350 to 600, 12 of them a metre.
	wantRange(t, "folders", events["shelf"].Net.Folders, 7./600, 12./450, 12./350)
	wantRange(t, "shelf", events["shelf"].Net.Shelf, 7./600/12, 12./450/12, 12./350/12)

	wantRange(t, "trips", events["trip"].Net.Trips, 4, 4, 4)
	wantRange(t, "trips, CO2e", events["trip"].Net.CO2e, 12.8, 12.8, 12.8) // 50 km x 0.256

	// Debits: what costs most is the lowest saving.
	wantRange(t, "reprints", events["reprint"].Net.Sheets, -2, -2, -2)
	wantRange(t, "reprints, CO2e", events["reprint"].Net.CO2e, -0.01*1.19758, -0.01*0.96, -0.01*0.96)
	wantRange(t, "separator sheets", events["separator-sheet"].Net.Sheets, -1, -1, -1)
	wantRange(t, "server, CO2e", events["server"].Net.CO2e, -0.9075, -0.9075, -0.9075) // 2.5 kWh x 0.363
	wantRange(t, "server, energy", events["server"].Net.Energy, -4.5, -4.5, -4.5)      // 2.5 kWh x 1.8
	// 14 pages scanned, 6 scanned again, 0.02, 0.1 or 0.3 Wh each.
	wantRange(t, "scan, CO2e", events["scan"].Net.CO2e, -14*0.0003*0.363, -14*0.0001*0.363, -14*0.00002*0.363)
	wantRange(t, "rescan, energy", events["rescan"].Net.Energy, -6*0.0003*1.8, -6*0.0001*1.8, -6*0.00002*1.8)
	// 14 pages x 1.2 s = 16.8 s at 5, 12 or 25 W.
	wantRange(t, "recognition, CO2e", events["processing"].Net.CO2e, -16.8/3600*0.025*0.363, -16.8/3600*0.012*0.363, -16.8/3600*0.005*0.363)
	// 300,000 bytes x 10 years and 2,000,000 bytes x 30 years are 63 MB years = 63e-6 TB
	// years, at 166, 208 or 280 kg.
	wantRange(t, "storage, CO2e", events["storage"].Net.CO2e, -63e-6*280, -63e-6*208, -63e-6*166)

	// What came in: 2 sheets, and 5 to 10. None of it is in any other sum.
	if r.Total.Letters != 2 {
		t.Errorf("%d letters came in", r.Total.Letters)
	}
	wantRange(t, "received", r.Total.Received, 7, 12, 12)
	if e := events["received"]; e.Net != (pipeline.Sums{}) || e.Saved != (pipeline.Sums{}) {
		t.Errorf("what came in is in the sums: %+v", e)
	}

	// The bottom line, sheets: copies + 30 - 2 - 1.
	near4("net, sheets", r.Total.Net.Sheets, [3]float64{copies[0] + 27, copies[1] + 27, copies[2] + 27})
	// CO2e in the middle: copies, replies, trips, less paper, power and storage.
	net := copies[1]*0.005*0.96 + 0.225*0.96 + 12.8 - 0.01*0.96 - 0.005*0.96 - 0.9075 - 20*0.0001*0.363 - 16.8/3600*0.012*0.363 - 63e-6*208
	if d := r.Total.Net.CO2e.Mid - net; d > 1e-9 || d < -1e-9 {
		t.Errorf("net CO2e is %v, want %v", r.Total.Net.CO2e.Mid, net)
	}

	// By month: March has the objection, reprint and reply; April the rest.
	if len(r.Months) != 2 || r.Months[0].Key != "2026-03" || r.Months[1].Key != "2026-04" {
		t.Fatalf("months: %+v", r.Months)
	}
	near4("March", r.Months[0].Net.Sheets, [3]float64{objectionSheets[0] + 28, objectionSheets[1] + 28, objectionSheets[2] + 28})
	wantRange(t, "April", r.Months[1].Net.Sheets, 0, 2, 4) // 1, 3, 5 less a separator sheet
	// By department: 32 has March; 63 the application and its sheet.
	near4("32", r.Departments[1].Net.Sheets, [3]float64{objectionSheets[0] + 28, objectionSheets[1] + 28, objectionSheets[2] + 28})
	wantRange(t, "63", r.Departments[2].Net.Sheets, 0, 2, 4)
	// By type, and narrowed to a department.
	wantRange(t, "63-ANTRAG", r.Types[2].Net.Sheets, 0, 2, 4)
	only := b.Report(l.tally(), facts, pipeline.ReportQuery{Department: "63"})
	wantRange(t, "only 63", only.Total.Net.Sheets, 0, 2, 4)
	if only.Total.Letters != 1 || len(only.Departments) != 1 {
		t.Errorf("the report about 63 is about more: %+v", only.Departments)
	}
}

// TestCap holds what the letters say against what was bought, with figures worked
// out here.
func TestCap(t *testing.T) {
	b := books(t, with(t, map[string]pipeline.Range{"kopien-je-brief": {Low: 1, Mid: 2, High: 4}}))
	l := &ledgerMaker{t: t, books: b}
	l.letter("a", "32", "32-OWI", time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC), letter("", 10, 1)) // 10, 20, 40 sheets
	l.letter("b", "63", "63-X", time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC), letter("", 5, 1))    // 5, 10, 20 sheets
	facts := func(bought float64, more ...pipeline.Fact) []pipeline.Fact {
		list := []pipeline.Fact{
			{Kind: pipeline.FactStart, From: "2026-01-01"},
			{Kind: pipeline.FactPurchase, From: "2025-01-01", To: "2025-12-31", Sheets: 1200}, // 100 a month
			{Kind: pipeline.FactPurchase, From: "2026-01-01", To: "2026-06-30", Sheets: bought},
		}
		list = append(list, more...)
		for i := range list {
			list[i].N = int64(i + 1)
		}
		return list
	}
	q := pipeline.ReportQuery{From: "2026-01", To: "2026-12"}

	// 600 were to be expected in six months, 500 were bought: a decline of 100, well
	// over the 30 sheets computed.
	r := b.Report(l.tally(), facts(500), q)
	if len(r.Checks) != 1 || r.Checks[0].Capped || r.Checks[0].Months != 6 || r.Checks[0].BaseMonths != 12 || r.Checks[0].Expected != 600 || !near(r.Checks[0].Decline, 100) {
		t.Errorf("%+v", r.Checks)
	}
	wantRange(t, "uncut", r.Total.Saved.Sheets, 15, 30, 60)

	// 585 were bought: a decline of 15. Nothing over 15 counts, in no month and no
	// department; each is cut alike.
	r = b.Report(l.tally(), facts(585), q)
	if len(r.Checks) != 1 || !r.Checks[0].Capped || !noted(r, "only the decline is counted") {
		t.Errorf("%+v, %+v", r.Checks, r.Notes)
	}
	wantRange(t, "cut", r.Total.Saved.Sheets, 15, 15, 15)
	wantRange(t, "32, cut", r.Departments[0].Saved.Sheets, 10, 10, 10)
	wantRange(t, "March, cut", r.Months[1].Saved.Sheets, 5, 5, 5)
	wantRange(t, "kg, cut", r.Total.Saved.Kg, 0.075, 0.075, 0.075)

	// More was bought than before: nothing was saved, whatever the letters say.
	r = b.Report(l.tally(), facts(700), q)
	wantRange(t, "no decline", r.Total.Saved.Sheets, 0, 0, 0)

	// Staff fell by a tenth: 540 were to be expected, so 530 bought are a decline of 10.
	staff := []pipeline.Fact{
		{Kind: pipeline.FactStaff, From: "2025-01-01", To: "2025-12-31", FTE: 10},
		{Kind: pipeline.FactStaff, From: "2026-01-01", To: "2026-12-31", FTE: 9},
	}
	r = b.Report(l.tally(), facts(530, staff...), q)
	if r.Checks[0].Norm != 0.9 || !near(r.Checks[0].Decline, 10) {
		t.Errorf("%+v", r.Checks)
	}
	wantRange(t, "less staff", r.Total.Saved.Sheets, 10, 10, 10)

	// What was printed again is part of what was bought: 30 computed less 20 reprints
	// are 10, which a decline of 12 allows.
	l.book(savings.Event{ID: "r", Kind: savings.EventReprint, Sheets: exact(20), At: time.Date(2026, 3, 11, 9, 0, 0, 0, time.UTC)}, "63")
	r = b.Report(l.tally(), facts(588), q)
	if r.Checks[0].Capped || !near(r.Checks[0].BottomUp, 10) {
		t.Errorf("%+v", r.Checks)
	}
	if !near(r.Total.Saved.Sheets.Mid, 30) || !near(r.Total.Net.Sheets.Mid, 10) {
		t.Errorf("%+v", r.Total.Net.Sheets)
	}

	// Eleven months are no baseline, and without a start there is none at all.
	short := facts(585)
	short[1].To, short[1].Sheets = "2025-11-30", 1100
	if r := b.Report(l.tally(), short, q); len(r.Checks) != 0 || !noted(r, "not yet checked") {
		t.Errorf("%+v", r.Checks)
	}
	if r := b.Report(l.tally(), facts(585)[1:], q); len(r.Checks) != 0 {
		t.Errorf("%+v", r.Checks)
	}

	// A department's own counters cut that department alone.
	own := facts(500,
		pipeline.Fact{Kind: pipeline.FactPrints, Department: "63", From: "2025-01-01", To: "2025-12-31", Sheets: 120},
		pipeline.Fact{Kind: pipeline.FactPrints, Department: "63", From: "2026-01-01", To: "2026-12-31", Sheets: 136})
	r = b.Report(l.tally(), own, q)
	if len(r.Checks) != 2 || r.Checks[0].Department != "63" || r.Checks[0].Source != "prints" || r.Checks[1].Department != "" {
		t.Fatalf("%+v", r.Checks)
	}
	wantRange(t, "32 beside", r.Departments[0].Saved.Sheets, 10, 20, 40)
	if s := r.Departments[1].Saved.Sheets; s.Mid > 20 { // no decline: only what was printed again is allowed for
		t.Errorf("63 is %v", s)
	}

	// Before the start, letters were copied as ever.
	early := facts(500)
	early[0].From = "2026-03-01"
	early[1].From, early[1].To, early[1].Sheets = "2025-01-01", "2026-02-28", 1400
	early[2].From = "2026-03-01"
	r = b.Report(l.tally(), early, q)
	if !noted(r, "1 letters came before digital filing began") || r.Departments[0].Saved.Sheets.High != 0 {
		t.Errorf("%+v, %+v", r.Notes, r.Departments[0].Saved.Sheets)
	}
}

// TestFactorsChangeOnlyNewReports changes a factor. A report filed before follows
// from its place once more, bit by bit; a new one uses the new row, shows the old
// one beside it, and only for the years from which the new one holds.
func TestFactorsChangeOnlyNewReports(t *testing.T) {
	b := books(t, savings.Config{})
	l := &ledgerMaker{t: t, books: b}
	l.letter("old", "32", "32-OWI", time.Date(2025, 6, 1, 9, 0, 0, 0, time.UTC), letter("", 10, 1000))
	l.letter("new", "32", "32-OWI", archivedAt, letter("", 10, 1000))
	var facts []pipeline.Fact
	before := b.Report(l.tally(), facts, pipeline.ReportQuery{})
	f := pipeline.FiledReport{ID: "r", Seed: b.Seed(), Body: filed(t, before)}

	change, err := b.NewFactor("ifeu06-prim", exact(2), "", "UBA Texte 123/2022, Seite 46", "", 2022, 2026)
	if err != nil {
		t.Fatal(err)
	}
	change.N, change.Author, change.At = 1, "a.schmidt", archivedAt
	facts = append(facts, change)
	l.letter("later", "32", "32-OWI", archivedAt, letter("", 10, 1000)) // and another letter comes

	again, err := savings.Again(f, l.rows, facts, time.UTC)
	if err != nil || !bytes.Equal(again, f.Body) {
		t.Errorf("the filed report comes out otherwise (%v)", err)
	}
	after := b.Report(l.tally(), facts, pipeline.ReportQuery{})
	if after.FactorSet == before.FactorSet {
		t.Error("another table of factors has the same name")
	}
	// 3 sheets of 5 g a letter: at 1.04 before, from 2026 at 2 kg for each kg.
	if !near(after.Months[0].Saved.CO2e.Mid, 0.015*1.04) || !near(after.Months[1].Saved.CO2e.Mid, 2*0.015*2) {
		t.Errorf("%+v", after.Months)
	}
	i := slices.IndexFunc(after.Factors, func(f pipeline.FactorUse) bool { return f.ID == "ifeu06-prim" && f.Fact == 1 })
	if i < 0 || after.Factors[i].Before == nil || after.Factors[i].Before.Value.Mid != 1.04 || after.Factors[i].Value.Mid != 2 || after.Factors[i].Author != "a.schmidt" {
		t.Errorf("the change is not shown: %+v", after.Factors)
	}
	// Withdrawn, the old row holds again.
	gone := change
	gone.N, gone.Withdrawn = 2, true
	if r := b.Report(l.tally(), append(facts, gone), pipeline.ReportQuery{}); !near(r.Months[1].Saved.CO2e.Mid, 2*0.015*1.04) {
		t.Errorf("%+v", r.Months[1].Saved.CO2e)
	}
	// A set changes all factors for paper from a year on.
	set := pipeline.Fact{N: 3, Kind: pipeline.FactSet, Set: "uk-gov-2025", Since: 2026}
	if err := b.Check(set); err != nil {
		t.Fatal(err)
	}
	r := b.Report(l.tally(), []pipeline.Fact{set}, pipeline.ReportQuery{})
	if !near(r.Months[0].Saved.CO2e.Mid, 0.015*1.04) || !near(r.Months[1].Saved.CO2e.Mid, 2*0.015*1.34508) {
		t.Errorf("%+v", r.Months)
	}
	// Another way of computing is not held against this one.
	f.Body = bytes.Replace(f.Body, []byte(`"method": 1`), []byte(`"method": 99`), 1)
	if _, err := savings.Again(f, l.rows, facts, time.UTC); err == nil {
		t.Error("a report of another method was computed again")
	}
}

func TestTargets(t *testing.T) {
	b, l := ledger(t) // 3.45 sheets of copies at duplex 0.5, less one reprint
	year := func(q string, v float64) pipeline.Fact {
		return pipeline.Fact{Kind: pipeline.FactTarget, From: "2026-01-01", To: "2026-12-31", Quantity: q, Value: v}
	}
	facts := []pipeline.Fact{
		year("sheets", 2), year("co2e", 100), year("purchase", 4), year("recycled", 75), year("sheets-fte-day", 15),
		{Kind: pipeline.FactPurchase, From: "2026-01-01", To: "2026-12-31", Sheets: 1000, Recycled: 0.8},
	}
	for i := range facts {
		facts[i].N = int64(i + 1)
	}
	r := b.Report(l.tally(), facts, pipeline.ReportQuery{From: "2026-01", To: "2026-12"})
	want := map[string]struct {
		reached    float64
		met, known bool
	}{"sheets": {2.45, true, true}, "purchase": {5, false, true}, "recycled": {80, true, true}, "sheets-fte-day": {0, false, false}}
	if len(r.Targets) != 5 {
		t.Fatalf("%+v", r.Targets)
	}
	for _, s := range r.Targets {
		if w, ok := want[s.Quantity]; ok && (!near(s.Reached, w.reached) || s.Met != w.met || s.Known != w.known) {
			t.Errorf("%+v, want %+v", s, w)
		}
		if s.Quantity == "co2e" && (s.Met || !s.Known) {
			t.Errorf("%+v", s)
		}
	}
}

func TestReadTable(t *testing.T) {
	b := books(t, savings.Config{})
	const table = "\ufeffart;amt;typ;von;bis;blatt;kg;recycling;vzä;briefe;kopien;duplex;km;fahrten;kwh;notiz\r\n" +
		"einkauf;;;2025;2025;1.250.000;;60 %;;;;;;;;Rechnungen\r\n" +
		"Einkauf;32;;2026-01;2026-03;;62,5;0,8;;;;;;;;\r\n" +
		"personal;;;2025-01-01;2025-12-31;;;;412,5;;;;;;;\r\n" +
		"stichprobe;32;32-OWI;2.2.2026;15.2.2026;;;;;140;52;25 %;;;;Strichliste\r\n" +
		"beginn;;;2026-01-01;;;;;;;;;;;;\r\n" +
		";;;;;;;;;;;;;;;\r\n" +
		"nachdruck;32;;2026-03-31;;318;;;;;;;;;;Druckserver\r\n" +
		"nachdruck;32;;2026-03-31;;318;;;;;;;;;;Druckserver\r\n" +
		"fahrt;;;2026-03-31;;;;;;;;;48,5;4;;\r\n"
	told, err := b.ReadTable(strings.NewReader(table), time.UTC, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(told.Facts) != 5 || len(told.Entries) != 3 {
		t.Fatalf("%d facts, %d entries", len(told.Facts), len(told.Entries))
	}
	f := told.Facts
	if f[0].Sheets != 1_250_000 || f[0].Recycled != 0.6 || f[0].From != "2025-01-01" || f[0].To != "2025-12-31" || f[0].Note != "Rechnungen" {
		t.Errorf("%+v", f[0])
	}
	if f[1].Sheets != 12_500 || f[1].To != "2026-03-31" || f[1].Department != "32" || f[1].Recycled != 0.8 {
		t.Errorf("%+v", f[1])
	}
	if f[2].FTE != 412.5 || f[3].Letters != 140 || f[3].Copies != 52 || f[3].Duplex != 0.25 || f[3].From != "2026-02-02" || f[3].Type != "32-OWI" || f[4].To != "" {
		t.Errorf("%+v", f[2:])
	}
	if e := told.Entries; e[0].Saving.Sheets.Mid != -318 || e[0].Department != "32" || e[0].Saving.ID == e[1].Saving.ID || e[2].Saving.Trips.Mid != 4 || e[2].Saving.Basis.Km.Mid != 48.5 {
		t.Errorf("%+v", e)
	}
	// The same file gives the same ids, another salt others.
	again, err := b.ReadTable(strings.NewReader(table), time.UTC, "")
	salted, err2 := b.ReadTable(strings.NewReader(table), time.UTC, "x")
	if err != nil || err2 != nil || again.Entries[1].Saving.ID != told.Entries[1].Saving.ID || salted.Entries[1].Saving.ID == told.Entries[1].Saving.ID {
		t.Error("ids do not follow from the file")
	}
	// English with commas and points.
	told, err = b.ReadTable(strings.NewReader("kind,from,to,sheets\nprints,2025-01,2025-12,1234.5\n"), time.UTC, "")
	if err != nil || told.Facts[0].Sheets != 1234.5 {
		t.Errorf("%+v, %v", told, err)
	}
	for name, c := range map[string]struct{ table, where string }{
		"empty":          {"", "Line 1"},
		"only headings":  {"art;von\n", "Line 1"},
		"unknown column": {"art;bäume\nziel;3\n", "Line 1"},
		"unknown kind":   {"art;von\nbäume;2026\n", "Line 2"},
		"no number":      {"art;von;bis;blatt\neinkauf;2025;2025;12\neinkauf;2026;2026;viel\n", "Line 3"},
		"no day":         {"art;von;blatt\nnachdruck;gestern;3\n", "Line 2"},
		"half a month":   {"art;von;bis;blatt\neinkauf;2025-01-01;2025-01-15;3\n", "Line 2"},
		"short sample":   {"art;von;bis;briefe\nstichprobe;2025-01-01;2025-01-13;3\n", "14 days"},
		"negative":       {"art;von;bis;blatt\neinkauf;2025;2025;-1\n", "Line 2"},
		"nothing":        {"art;von;blatt\nnachdruck;2026-01-01;0\n", "Line 2"},
		"latin1":         {"art;von;notiz\nnachdruck;2026-01-01;M\xe4rz\n", "UTF-8"},
		"not CSV":        {"art;von\n\"nachdruck;2026\n", "Nothing was taken over"},
		"blank lines":    {"art;von\n;\n;\n", "nothing here"},
	} {
		_, err := b.ReadTable(strings.NewReader(c.table), time.UTC, "")
		if fault := pipeline.AsFault(err); err == nil || fault.Verdict != pipeline.GiveBack || !strings.Contains(fault.Text.EN, c.where) || fault.Text.DE == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add("art;von;bis;blatt\neinkauf;2025;2025;12\n")
	f.Add("kind,from,sheets,evidence\nreprint,2026-03-31,1e309,A\n")
	f.Add("art;von;duplex;briefe;kopien\nstichprobe;2025-01-01;NaN;1;2\n")
	b := books(f, savings.Config{})
	f.Fuzz(func(t *testing.T, table string) {
		told, err := b.ReadTable(strings.NewReader(table), time.UTC, "")
		if err != nil {
			return
		}
		tally := savings.Count(told.Entries, time.UTC)
		r := b.Report(tally, told.Facts, pipeline.ReportQuery{})
		if _, err := savings.Bytes(r); err != nil { // NaN and infinity cannot be written
			t.Errorf("%q makes a report that cannot be filed: %v", table, err)
		}
	})
}

func TestCheckFacts(t *testing.T) {
	b := books(t, savings.Config{})
	good, err := b.NewFactor("scanner-kwh", pipeline.Range{Low: 0.1, Mid: 0.2, High: 0.3}, pipeline.Measured, "own meter", "with standby", 2026, 2026)
	if err != nil || good.Factor.Unit != "kWh/Seite" || good.Factor.Evidence != pipeline.Measured || good.Factor.Boundary != "with standby" {
		t.Fatalf("%+v, %v", good, err)
	}
	if f, err := b.NewFactor("ifeu06-prim", exact(1), pipeline.Measured, "x", "", 0, 0); err != nil || f.Factor.Evidence != "" {
		t.Errorf("a published factor got a class of evidence: %+v, %v", f, err)
	}
	for name, try := range map[string]func() error{
		"unknown factor": func() error { _, err := b.NewFactor("trees", exact(1), "", "x", "", 0, 0); return err },
		"never used":     func() error { _, err := b.NewFactor("warm-sr", exact(1), "", "x", "", 0, 0); return err },
		"no source":      func() error { _, err := b.NewFactor("strom24", exact(1), "", " ", "", 0, 0); return err },
		"no range": func() error {
			_, err := b.NewFactor("strom24", pipeline.Range{Low: 2, Mid: 1, High: 3}, "", "x", "", 0, 0)
			return err
		},
		"odd year": func() error { _, err := b.NewFactor("strom24", exact(1), "", "x", "", 0, 12); return err },
		"nought folder": func() error {
			_, err := b.NewFactor("ordner-blatt", exact(0), pipeline.Measured, "x", "", 0, 0)
			return err
		},
		"other unit": func() error {
			f := good
			other := *good.Factor
			other.Unit = "Wh/Seite"
			f.Factor = &other
			return b.Check(f)
		},
		"unknown set": func() error { return b.Check(pipeline.Fact{Kind: pipeline.FactSet, Set: "trees"}) },
		"unknown target": func() error {
			return b.Check(pipeline.Fact{Kind: pipeline.FactTarget, From: "2026-01-01", To: "2026-12-31", Quantity: "trees"})
		},
		"half a year": func() error {
			return b.Check(pipeline.Fact{Kind: pipeline.FactTarget, From: "2026-01-01", To: "2026-06-30", Quantity: "sheets"})
		},
		"unknown kind": func() error { return b.Check(pipeline.Fact{Kind: "trees", From: "2026-01-01", To: "2026-06-30"}) },
	} {
		if f := pipeline.AsFault(try()); f == nil || f.Verdict != pipeline.GiveBack || f.Text.DE == "" || f.Text.EN == "" {
			t.Errorf("%s: %v", name, f)
		}
	}
}
