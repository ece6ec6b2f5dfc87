package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/web/access"
)

// savingsFrame is what every page of the desk has.
type savingsFrame struct {
	frame
	Query pipeline.ReportQuery
	Years []int
	Year  int  // if the query is about one whole year
	Tunes bool // may change what the books rest on
	Done  string
	names map[string]string // of people, by account
}

// Who is the name of somebody who entered or filed something.
func (f savingsFrame) Who(account string) string { return cmp.Or(f.names[account], account) }

func (s *server) savingsFrame(r *http.Request, title string, q pipeline.ReportQuery, all pipeline.Report) savingsFrame {
	f := savingsFrame{frame: s.frame(r, title), Query: q, Years: s.years(all), Tunes: access.From(r.Context()).May(access.Tune), Done: r.URL.Query().Get("done")}
	var err error
	if f.names, err = s.names(r.Context()); err != nil { // the accounts stand there as they are called then
		s.Log.WarnContext(r.Context(), "the names of accounts cannot be told", "error", err)
	}
	if len(q.From) == 7 && len(q.To) == 7 && q.From[:4] == q.To[:4] && q.From[5:] == "01" && q.To[5:] == "12" {
		f.Year, _ = strconv.Atoi(q.From[:4])
	}
	return f
}

// Period is the query as the address of another page needs it.
func (f savingsFrame) Period() string {
	v := url.Values{}
	for name, value := range map[string]string{"from": f.Query.From, "to": f.Query.To, "department": string(f.Query.Department), "type": string(f.Query.Type)} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if f.Query.From == "" && f.Query.To == "" {
		v.Set("all", "1")
	}
	return v.Encode()
}

// savingsLine is a row of the books with its name and where its figures open.
type savingsLine struct {
	pipeline.SumRow
	Name string
	Link string // "" if there is nothing more to see
}

func (s *server) savingsLines(lang, by string, rows []pipeline.SumRow, q pipeline.ReportQuery) []savingsLine {
	lines := make([]savingsLine, len(rows))
	for i, row := range rows {
		l := savingsLine{SumRow: row, Name: s.nameOf(lang, by, row.Key)}
		narrow := q
		switch by {
		case "month":
			narrow.From, narrow.To = row.Key, row.Key
		case "department":
			narrow.Department = pipeline.DeptID(row.Key)
		case "type":
			narrow.Type = pipeline.TypeCode(row.Key)
		}
		if by != "event" && row.Key != "-" {
			l.Link = "/savings?" + savingsFrame{Query: narrow}.Period()
		}
		lines[i] = l
	}
	return lines
}

// savingsTile is one quantity with everything that it comes from.
type savingsTile struct {
	Quantity           string
	Saved, Debits, Net pipeline.Range
	Parts              []savingsPart
	Negative           bool
}

// savingsPart is an event's share in a quantity.
type savingsPart struct {
	Event    string
	Value    pipeline.Range
	Formula  pipeline.Formula
	Evidence pipeline.Evidence
	Factors  []string
}

func savingsTiles(r pipeline.Report) []savingsTile {
	var tiles []savingsTile
	for _, quantity := range []string{"sheets", "kg", "co2e", "water", "energy", "folders", "shelf", "trips"} {
		t := savingsTile{
			Quantity: quantity, Saved: quantityOf(r.Total.Saved, quantity), Debits: quantityOf(r.Total.Debits, quantity), Net: quantityOf(r.Total.Net, quantity),
		}
		for _, e := range r.Events {
			if v := quantityOf(e.Net, quantity); v != (pipeline.Range{}) {
				t.Parts = append(t.Parts, savingsPart{e.Key, v, e.Formula, e.Worst, e.Factors})
			}
		}
		if t.Negative = t.Net.Mid < 0; len(t.Parts) > 0 {
			tiles = append(tiles, t)
		}
	}
	return tiles
}

type savingsPage struct {
	savingsFrame
	Report   pipeline.Report
	Sentence pipeline.Message
	Tiles    []savingsTile
	Months   []savingsLine
	Chart    chart
	Factors  map[string]pipeline.FactorUse
	Name     string // of the department or type that the page is about
}

// savings is the overview: what a year comes to, in a sentence and in figures that
// open.
func (s *server) savings(w http.ResponseWriter, r *http.Request) {
	q, rep, all, ok := s.booksOf(w, r)
	if !ok {
		return
	}
	page := savingsPage{
		savingsFrame: s.savingsFrame(r, "savings.title", q, all), Report: rep, Sentence: s.Books.Sentence(rep), Tiles: savingsTiles(rep),
		Factors: map[string]pipeline.FactorUse{},
	}
	page.Months = s.savingsLines(page.Lang, "month", rep.Months, q)
	page.Chart = barChart(page.Months, "sheets")
	for _, f := range rep.Factors {
		page.Factors[f.ID] = f
	}
	switch {
	case q.Department != "":
		page.Name = s.nameOf(page.Lang, "department", string(q.Department))
	case q.Type != "":
		page.Name = s.nameOf(page.Lang, "type", string(q.Type))
	}
	s.show(w, r, "savings", page)
}

// inPeriod shows a page of the books again, with what is wrong, where the period
// that it shall be about is none.
func (s *server) inPeriod(show http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.queryOfBooks(r); err != nil {
			s.again(w, r, "period", r.URL.Path, show, err)
			return
		}
		show(w, r)
	}
}

// booksOf makes the report that a request asks for, and the one of all times.
func (s *server) booksOf(w http.ResponseWriter, r *http.Request) (q pipeline.ReportQuery, rep, all pipeline.Report, ok bool) {
	q, err := s.queryOfBooks(r)
	if err != nil {
		s.fail(w, r, err)
		return q, rep, all, false
	}
	type reports struct {
		asked, all pipeline.Report
		err        error
	}
	// What was read when somebody lost patience is there for the next who asks.
	ctx, done := context.WithoutCancel(r.Context()), make(chan reports, 1)
	go func() {
		var made reports
		if made.asked, made.err = s.Books.Report(ctx, q); made.err == nil {
			made.all, made.err = s.Books.Report(ctx, pipeline.ReportQuery{})
		}
		done <- made
	}()
	select {
	case made := <-done:
		if made.err != nil {
			s.fail(w, r, made.err)
		}
		return q, made.asked, made.all, made.err == nil
	case <-time.After(patience):
		s.stillReading(w, r)
		return q, rep, all, false
	}
}

// patience is how long a page waits for the books. Only after a start, while the
// whole ledger is read, they take longer.
const patience = 500 * time.Millisecond

type readingPage struct {
	frame
	Again string
}

// stillReading says that the books are being read, and looks again by itself.
func (s *server) stillReading(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Refresh", "2")
	w.Header().Set("Retry-After", "2")
	s.showStatus(w, r, http.StatusServiceUnavailable, "savings_reading", readingPage{s.frame(r, "savings.reading"), r.URL.RequestURI()})
}

type savingsTablePage struct {
	savingsFrame
	By       string
	Quantity string
	Rows     []savingsLine
	Total    pipeline.SumRow
	Chart    chart
	Shapes   []string
}

// savingsTable parts the books by month, department, type or event.
func (s *server) savingsTable(w http.ResponseWriter, r *http.Request) {
	q, rep, all, ok := s.booksOf(w, r)
	if !ok {
		return
	}
	by := byOf(r)
	page := savingsTablePage{
		savingsFrame: s.savingsFrame(r, "savings.table", q, all), By: by, Quantity: cmp.Or(r.URL.Query().Get("quantity"), "sheets"), Total: rep.Total, Shapes: s.Books.Shapes(),
	}
	if !slices.Contains(quantities, page.Quantity) {
		page.Quantity = "sheets"
	}
	page.Rows = s.savingsLines(page.Lang, by, rep.Rows(by), q)
	page.Chart = barChart(page.Rows, page.Quantity)
	s.show(w, r, "savings_table", page)
}

// quantities are what a chart can draw.
var quantities = []string{"sheets", "kg", "co2e", "water", "energy", "shelf"}

// savingsMethod says what is counted, what is not, and why.
func (s *server) savingsMethod(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, "savings_method", savingsFrame{frame: s.frame(r, "savings.method")})
}

type factorsPage struct {
	savingsFrame
	Factors []pipeline.FactorUse
	Sets    []string
	History []pipeline.Fact
	Change  *pipeline.FactorUse // to be changed
}

// savingsFactors lists the factors of a year with source and boundary, and what
// was changed by whom.
func (s *server) savingsFactors(w http.ResponseWriter, r *http.Request) {
	q, _, all, ok := s.booksOf(w, r)
	if !ok {
		return
	}
	page := factorsPage{savingsFrame: s.savingsFrame(r, "savings.factors", q, all), Sets: s.Books.Sets()}
	if page.Year == 0 {
		page.Year = time.Now().In(s.Zone).Year()
	}
	var err error
	if page.Factors, err = s.Books.Factors(r.Context(), page.Year); err != nil {
		s.fail(w, r, err)
		return
	}
	facts, err := s.Books.Facts(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, f := range slices.Backward(facts) {
		if f.Kind == pipeline.FactFactor || f.Kind == pipeline.FactSet {
			page.History = append(page.History, f)
		}
	}
	if id := r.URL.Query().Get("change"); id != "" && page.Tunes {
		if i := slices.IndexFunc(page.Factors, func(f pipeline.FactorUse) bool { return f.ID == id && f.Use != "never" }); i >= 0 {
			page.Change = &page.Factors[i]
		}
	}
	s.show(w, r, "savings_factors", page)
}

type baselinePage struct {
	savingsFrame
	Groups  []factGroup
	Types   []TypeInfo
	Depts   []TypeInfo
	Targets []string
	Kind    string // to be entered
	Kinds   []string
	Report  pipeline.Report
	Today   string
}

// factGroup is the facts of one kind, newest first.
type factGroup struct {
	Kind  pipeline.FactKind
	Facts []factLine
}

// factLine is a fact; Over says that a later one took its place, or that it was
// withdrawn.
type factLine struct {
	pipeline.Fact
	Over bool
}

// baselineKinds are the facts that people enter on the page, in the order in which
// they are needed, and the events beside them.
var baselineKinds = []string{"start", "purchase", "prints", "staff", "volume", "sample", "target", "reprint", "digital-reply", "trip", "server", "rescan", "separator-sheet"}

// savingsBaseline shows what the books were told, by whom and when, and takes
// more.
func (s *server) savingsBaseline(w http.ResponseWriter, r *http.Request) {
	q, rep, all, ok := s.booksOf(w, r)
	if !ok {
		return
	}
	facts, err := s.Books.Facts(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := baselinePage{
		savingsFrame: s.savingsFrame(r, "savings.baseline", q, all), Types: s.Types, Depts: s.departments(), Targets: s.Books.Targets(),
		Kinds: baselineKinds, Report: rep, Today: time.Now().In(s.Zone).Format(time.DateOnly),
	}
	if kind := r.URL.Query().Get("kind"); slices.Contains(baselineKinds, kind) {
		page.Kind = kind
	}
	latest := map[string]int64{}
	for _, f := range facts {
		latest[f.Slot()] = f.N
	}
	for _, kind := range baselineKinds[:7] {
		g := factGroup{Kind: pipeline.FactKind(kind)}
		for _, f := range slices.Backward(facts) {
			if f.Kind == g.Kind {
				g.Facts = append(g.Facts, factLine{f, latest[f.Slot()] != f.N || f.Withdrawn})
			}
		}
		page.Groups = append(page.Groups, g)
	}
	s.show(w, r, "savings_baseline", page)
}

type reportsPage struct {
	savingsFrame
	Reports []pipeline.FiledReport
	Month   string
}

// savingsReports lists the filed reports.
func (s *server) savingsReports(w http.ResponseWriter, r *http.Request) {
	q, _, all, ok := s.booksOf(w, r)
	if !ok {
		return
	}
	list, err := s.Books.Reports(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, "savings_reports", reportsPage{
		savingsFrame: s.savingsFrame(r, "savings.reports", q, all), Reports: list, Month: time.Now().In(s.Zone).Format("2006-01"),
	})
}

type reportPage struct {
	savingsFrame
	Filed    pipeline.FiledReport
	Report   pipeline.Report
	Sentence pipeline.Message
	Compare  []comparison
	Changed  []pipeline.FactorUse // factors that differ today
	Same     bool                 // nothing would come out otherwise today
	Again    string               // "", "same" or "other": what computing it once more gave
	Shapes   []string
}

// comparison is a quantity as it was reported and as it would be today.
type comparison struct {
	Quantity string
	Was, Is  pipeline.Range
}

// savingsReport shows a filed report as it was given out, and beside it what the
// same period comes to today.
func (s *server) savingsReport(w http.ResponseWriter, r *http.Request) {
	filed, rep, err := s.Books.Filed(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	now, err := s.Books.Report(r.Context(), rep.ReportQuery)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := reportPage{
		savingsFrame: s.savingsFrame(r, "savings.report", rep.ReportQuery, now), Filed: filed, Report: rep, Sentence: s.Books.Sentence(rep), Same: true, Shapes: s.Books.Shapes(),
	}
	for _, quantity := range []string{"sheets", "kg", "co2e", "water", "energy", "shelf", "trips"} {
		c := comparison{quantity, quantityOf(rep.Total.Net, quantity), quantityOf(now.Total.Net, quantity)}
		page.Compare = append(page.Compare, c)
		page.Same = page.Same && c.Was == c.Is
	}
	was := map[string]pipeline.FactorUse{}
	for _, f := range rep.Factors {
		was[f.ID] = f
	}
	for _, f := range now.Factors {
		if before, ok := was[f.ID]; ok && before.Value != f.Value {
			f.Before = &before.Factor
			page.Changed = append(page.Changed, f)
		}
	}
	if r.URL.Query().Get("again") != "" {
		same, err := s.Books.Again(r.Context(), filed.ID)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if page.Again = "other"; same {
			page.Again = "same"
		}
	}
	s.show(w, r, "savings_report", page)
}

// exportTypes are the media types of exports.
var exportTypes = map[string]string{
	"csv": "text/csv; charset=utf-8", "json": "application/json", "pdf": "application/pdf",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// savingsExport gives a report as a file: a filed one by its id, else the period's
// as it stands now.
func (s *server) savingsExport(w http.ResponseWriter, r *http.Request) {
	e := Export{Format: r.URL.Query().Get("format"), Shape: cmp.Or(r.URL.Query().Get("shape"), "month"), Lang: language(r)}
	if exportTypes[e.Format] == "" || !slices.Contains(s.Books.Shapes(), e.Shape) {
		s.notFound(w, r)
		return
	}
	name := "blattwerk"
	if id := r.URL.Query().Get("id"); id != "" {
		filed, rep, err := s.Books.Filed(r.Context(), id)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		e.Filed, e.Report = &filed, rep
		name += "-" + id[:min(8, len(id))]
	} else {
		_, rep, _, ok := s.booksOf(w, r)
		if !ok {
			return
		}
		e.Report = rep
	}
	for _, part := range []string{e.Report.From, e.Report.To} {
		if part != "" {
			name += "-" + part
		}
	}
	if e.Format == "csv" {
		name += "-" + e.Shape
	}
	s.export(w, r, e, name)
}

// export makes the file whole before it sends the first byte.
func (s *server) export(w http.ResponseWriter, r *http.Request, e Export, name string) {
	var b strings.Builder
	if e.Format == "csv" {
		b.WriteString("\ufeff") // spreadsheets take the file for Latin-1 without it
	}
	if err := s.Books.Export(r.Context(), &b, e); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.seen(r, "books-exported", ""); err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", exportTypes[e.Format])
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+"."+e.Format+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	_, _ = strings.NewReader(b.String()).WriteTo(w) // the other side may be gone
}
