package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/cmd/blattwerk/keeper"
	"blattwerk/pipeline"
	"blattwerk/pipeline/savings"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/web/access"
)

// savingsPages are pages of the sustainability desk, one of each kind.
var savingsPages = []string{
	"/savings?all=1", "/savings/table?by=event", "/savings/method", "/savings/factors?change=scanner-kwh", "/savings/baseline?kind=sample", "/savings/reports",
}

// moreSavingsPages differ from them in little.
var moreSavingsPages = []string{
	"/savings", "/savings?year=1999", "/savings?department=20", "/savings?type=20-RECH", "/savings/table", "/savings/table?by=department&quantity=co2e",
	"/savings/table?by=type", "/savings/factors", "/savings/factors?change=strom24", "/savings/baseline", "/savings/baseline?kind=purchase",
	"/savings/baseline?kind=target", "/savings/baseline?kind=start", "/savings/baseline?kind=staff", "/savings/baseline?kind=volume",
	"/savings/baseline?kind=reprint", "/savings/baseline?kind=digital-reply", "/savings/baseline?kind=trip", "/savings/baseline?kind=server",
	"/savings/baseline?kind=rescan",
}

// testBooks are the real books over a catalogue.
func testBooks(t *testing.T, rows *catalog.Catalog) web.Books {
	t.Helper()
	books, err := savings.New(savings.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return keeper.New(keeper.Config{Rows: rows, Books: books, Zone: time.UTC, Town: "Musterstadt", Names: func(_, key string) string { return "Name " + key }})
}

// bookLetter writes the entries of an archived letter into the ledger.
func (o *office) bookLetter(id string, dept pipeline.DeptID, code pipeline.TypeCode, pages int) {
	o.t.Helper()
	books, err := savings.New(savings.Config{})
	if err != nil {
		o.t.Fatal(err)
	}
	doc := pipeline.Document{
		ID: pipeline.DocID(id), Filing: &pipeline.Filing{Department: dept, Type: code, Sure: true, RetainFor: pipeline.Retention{Years: 10}},
		Record: &pipeline.Record{At: time.Now(), Files: []pipeline.File{{Blob: pipeline.Blob{Size: 400_000}}}},
	}
	for i := range pages {
		doc.Pages = append(doc.Pages, pipeline.Page{No: i + 1, Reading: &pipeline.Reading{Millis: 1200}})
	}
	if doc, err = books.Step(o.t.Context(), doc, nil); err != nil {
		o.t.Fatal(err)
	}
	var rows []catalog.LedgerRow
	for _, s := range doc.Savings {
		rows = append(rows, catalog.LedgerRow{Saving: s, Doc: doc.ID, Department: dept, Type: code})
	}
	if err := o.rows.Tell(o.t.Context(), "", nil, rows); err != nil {
		o.t.Fatal(err)
	}
}

// slowBooks are books that are being read.
type slowBooks struct {
	web.Books
	read chan struct{} // closed when they are
}

func (b slowBooks) Report(ctx context.Context, q pipeline.ReportQuery) (pipeline.Report, error) {
	<-b.read
	return b.Books.Report(ctx, q)
}

// TestBooksBeingRead waits for nothing without a word: after a start the ledger is
// read, and who opens the desk meanwhile is told, and gets the page afterwards.
func TestBooksBeingRead(t *testing.T) {
	books := slowBooks{read: make(chan struct{})}
	o := newOffice(t, func(c *web.Config) { books.Books, c.Books = c.Books, &books })
	w := o.do("GET", "/savings/table?by=type", nil, nil)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Refresh") == "" || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, want := range []string{"Die Bücher werden gerade gelesen", "The books are being read", `href="/savings/table?by=type"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in the page", want)
		}
	}
	close(books.read)
	if w := o.do("GET", "/savings/table?by=type", nil, nil); w.Code != http.StatusOK {
		t.Errorf("read, and yet %d", w.Code)
	}
}

// TestSavingsAPI speaks with the books as a print server and a reporting tool do:
// counters in, report out, filed and fetched byte for byte.
func TestSavingsAPI(t *testing.T) {
	o := newOffice(t, nil)
	o.bookLetter("brief-1", "20", "20-RECH", 4)
	counters := o.token("Druckserver", true, []access.Action{access.Count, access.Tune})
	table := func(text string) *httptest.ResponseRecorder {
		return o.do("POST", "/api/v1/savings/table", strings.NewReader(text), counters)
	}
	day := time.Now().UTC().Format(time.DateOnly)
	good := "kind,department,from,sheets,note\nreprint,20," + day + ",3,print server\n"
	if w := table(good); w.Code != http.StatusCreated || w.Body.String() != "{\"facts\":0,\"entries\":1}\n" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	table(good) // once more: stays one
	if w := table("kind,from\ntrees,2026\n"); w.Code/100 != 4 || !strings.Contains(w.Body.String(), "Zeile 2") || !strings.Contains(w.Body.String(), "Line 2") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	var r pipeline.Report
	get := func(path string, into any) *httptest.ResponseRecorder {
		t.Helper()
		w := o.do("GET", path, nil, counters)
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return w
	}
	get("/api/v1/savings", &r)
	if len(r.Departments) != 1 || r.Departments[0].Key != "20" || r.Total.Debits.Sheets.Mid != -3 || r.Total.Letters != 1 {
		t.Errorf("%+v", r.Total)
	}
	if w := o.do("GET", "/api/v1/savings?from=2026-13", nil, counters); w.Code/100 != 4 || !strings.Contains(w.Body.String(), "2026-13") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	change := `{"id":"strom24","value":{"low":0.3,"mid":0.35,"high":0.4},"source":"UBA 2025","since":2026}`
	if w := o.do("POST", "/api/v1/savings/factors", strings.NewReader(change), counters); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	var factors []pipeline.FactorUse
	get("/api/v1/savings/factors?year=2026", &factors)
	if i := slices.IndexFunc(factors, func(f pipeline.FactorUse) bool { return f.ID == "strom24" }); factors[i].Value.Mid != 0.35 || factors[i].Before == nil {
		t.Errorf("%+v", factors[i])
	}
	var facts []pipeline.Fact
	if get("/api/v1/savings/facts", &facts); len(facts) != 1 || facts[0].Author == "" {
		t.Errorf("%+v", facts)
	}
	w := o.post("/api/v1/savings/reports", url.Values{"title": {"Rat"}, "from": {"2026"}, "to": {"2026"}}, counters)
	var filed pipeline.FiledReport
	if err := json.Unmarshal(w.Body.Bytes(), &filed); err != nil || w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var again pipeline.Report
	body := get(w.Header().Get("Location"), &again)
	sum := sha256.Sum256(body.Body.Bytes())
	if hex.EncodeToString(sum[:]) != string(filed.Digest) || body.Header().Get("Content-Digest") != "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":" {
		t.Errorf("the filed report is not what its digest says: %s", body.Header().Get("Content-Digest"))
	}
	var list []pipeline.FiledReport
	if get("/api/v1/savings/reports", &list); len(list) != 1 || list[0].Title != "Rat" {
		t.Errorf("%+v", list)
	}
	for format, head := range map[string]string{"pdf": "%PDF-1.7", "xlsx": "PK", "csv": "\ufeffmonth"} {
		if w := o.do("GET", "/api/v1/savings/reports/"+filed.ID+"?format="+format, nil, counters); !strings.HasPrefix(w.Body.String(), head) {
			t.Errorf("%s: %d %.20q", format, w.Code, w.Body.String())
		}
	}
	if w := o.do("GET", "/api/v1/savings/reports/nothing", nil, counters); w.Code != http.StatusNotFound {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// Who may only look changes nothing.
	reader := o.token("Berichte", true, []access.Action{access.Count})
	if w := o.do("POST", "/api/v1/savings/table", strings.NewReader(good), reader); w.Code != http.StatusNotFound {
		t.Errorf("a token that may only look answers %d", w.Code)
	}
}
