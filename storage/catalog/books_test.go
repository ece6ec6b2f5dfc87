package catalog_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// testBooks tells the books facts and entries, and finds them again with who told
// them, when, and an event in the evidence log.
func testBooks(w *world) {
	ctx := w.Context()
	told := []pipeline.Fact{
		{Kind: pipeline.FactPurchase, Department: "32", From: "2025-01-01", To: "2025-12-31", Sheets: 1000, Recycled: 0.5, Note: "Rechnung \x00 12"},
		{Kind: pipeline.FactFactor, Since: 2026, Factor: &pipeline.Factor{ID: "strom24", Value: pipeline.Range{Low: 0.3, Mid: 0.35, High: 0.4}, Unit: "kg/kWh", Source: "UBA 2025"}},
	}
	entry := catalog.LedgerRow{Department: "32", Saving: pipeline.Saving{ID: "told/1", Event: "reprint", At: w.clock.Now(),
		Basis: &pipeline.Basis{Evidence: "A", Sheets: pipeline.Range{Low: 2, Mid: 2, High: 2}}}}
	w.ok(w.Tell(ctx, "a.schmidt", told, []catalog.LedgerRow{entry}))
	w.clock.turn(time.Hour)
	w.ok(w.Tell(ctx, "b.weiss", told[:1], []catalog.LedgerRow{entry})) // the entry again: stays one
	facts, err := w.Facts(ctx)
	w.ok(err)
	if len(facts) != 3 || facts[0].N >= facts[1].N || facts[1].N >= facts[2].N {
		w.Fatalf("facts are %+v", facts)
	}
	if f := facts[0]; f.Author != "a.schmidt" || !f.At.Equal(w.clock.Now().Add(-time.Hour)) || f.Sheets != 1000 || f.Note != "Rechnung  12" || f.Department != "32" {
		w.Errorf("the first fact is %+v", f)
	}
	if f := facts[1]; f.Factor == nil || !reflect.DeepEqual(*f.Factor, *told[1].Factor) || f.Since != 2026 {
		w.Errorf("the factor is %+v", f)
	}
	if facts[2].Author != "b.weiss" || facts[2].Slot() != facts[0].Slot() {
		w.Errorf("the third fact is %+v", facts[2])
	}
	rows, err := w.Savings(ctx, time.Time{}, time.Time{})
	w.ok(err)
	if len(rows) != 1 || rows[0].Department != "32" || rows[0].Saving.Basis == nil || rows[0].Saving.Basis.Sheets.Mid != 2 {
		w.Errorf("ledger is %+v", rows)
	}
	if n := w.count(w.raw(), `SELECT count(*) FROM log_entry WHERE kind = 'books-told'`); n != 3 {
		w.Errorf("%d events about facts, want 3", n)
	}
	if n := w.count(w.raw(), `SELECT count(*) FROM log_entry WHERE kind = 'booked' AND actor = 'b.weiss'`); n != 1 {
		w.Errorf("%d events about entries, want 1", n)
	}
	// All or nothing: an entry without an ID takes the facts back with it.
	if err := w.Tell(ctx, "c", told, []catalog.LedgerRow{{}}); err == nil {
		w.Error("an entry without an ID was told")
	}
	if again, err := w.Facts(ctx); err != nil || len(again) != 3 {
		w.Errorf("%d facts after a failure, want 3 (%v)", len(again), err)
	}
	w.ok(w.VerifyLog(ctx, nil))
}

// testFiledReports files a report, finds it, and finds out when somebody changed
// it behind the catalogue's back.
func testFiledReports(w *world) {
	ctx := w.Context()
	_, err := w.FiledReport(ctx, "nothing")
	w.is(err, catalog.ErrNoReport)
	w.is(err, catalog.ErrUnknown)
	filed, err := w.FileReport(ctx, pipeline.FiledReport{
		Author: "a.schmidt", Title: "Jahr 2026", Seed: []pipeline.Factor{{ID: "x", Source: "y"}}, Body: []byte("{\n \"method\": 1\n}\n"),
	})
	w.ok(err)
	w.clock.turn(time.Minute)
	second, err := w.FileReport(ctx, pipeline.FiledReport{Author: "b", Title: "zwei", Body: []byte("{}")})
	w.ok(err)
	back, err := w.FiledReport(ctx, filed.ID)
	w.ok(err)
	if !reflect.DeepEqual(back, filed) || !bytes.Equal(back.Body, []byte("{\n \"method\": 1\n}\n")) || back.Digest != digest("{\n \"method\": 1\n}\n") {
		w.Errorf("filed %+v, found %+v", filed, back)
	}
	list, err := w.Reports(ctx)
	w.ok(err)
	if len(list) != 2 || list[0].ID != second.ID || list[1].Title != "Jahr 2026" || list[1].Digest != filed.Digest {
		w.Errorf("reports are %+v", list)
	}
	if n := w.count(w.raw(), `SELECT count(*) FROM log_entry WHERE kind = 'books-reported' AND detail LIKE '%`+string(filed.Digest)+`%'`); n != 1 {
		w.Errorf("%d events about the report, want 1", n)
	}
	w.exec(w.raw(), `UPDATE books_report SET body = '{"method":2}' WHERE id = $1`, filed.ID)
	if _, err := w.FiledReport(ctx, filed.ID); err == nil || errors.Is(err, catalog.ErrNoReport) {
		w.Errorf("a changed report reads as filed (%v)", err)
	}
}

// testLedgerSideBySide reads the ledger on and on while others write into it, and
// misses no entry.
func testLedgerSideBySide(w *world) {
	ctx := w.Context()
	const writers, each = 4, 25
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			for k := range each {
				if err := w.Tell(ctx, "w", nil, []catalog.LedgerRow{{Saving: pipeline.Saving{ID: fmt.Sprint(i, "/", k), At: w.clock.Now()}}}); err != nil {
					w.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	seen := map[string]bool{}
	last := int64(0)
	read := func() {
		w.ok(w.Ledger(ctx, last, func(r catalog.LedgerRow) error {
			if r.N <= last {
				w.Errorf("position %d after %d", r.N, last)
			}
			last, seen[r.Saving.ID] = r.N, true
			return nil
		}))
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		read()
	}
	if len(seen) != writers*each {
		w.Errorf("%d entries were seen, want %d", len(seen), writers*each)
	}
}

// testOldLedger opens a ledger that an older version filled, whose entries had no
// position, basis or German formula.
func testOldLedger(t *testing.T, dsn string) {
	w := &world{T: t, dsn: dsn, clock: &clock{now: time.Now()}}
	w.ok(catalog.MigrateTo(t.Context(), w.dsn, 4))
	db := w.raw()
	for i, id := range []string{"c", "a", "b"} { // at 300, 200, 100
		w.exec(db, `INSERT INTO ledger (id, doc, department, doctype, at, body) VALUES ($1, '', '32', '', $2, $3)`, id, 300-100*i,
			`{"id":"`+id+`","event":"copies-avoided","evidence":"C","sheets":{"low":0,"mid":1,"high":2},"formula":"2 sheets x 0.3 copies"}`)
	}
	w.Catalog = w.reopen()
	w.ok(w.Book(t.Context(), []pipeline.Saving{{ID: "new", At: time.UnixMilli(50)}}))
	var ids []string
	last := int64(0)
	w.ok(w.Ledger(t.Context(), 0, func(r catalog.LedgerRow) error {
		if ids = append(ids, r.Saving.ID); r.N <= last {
			t.Errorf("position %d after %d", r.N, last)
		}
		last = r.N
		if r.Saving.ID == "a" && (r.Saving.Formula.DE != "2 Blatt × 0,3 Kopien" || r.Saving.Basis != nil || r.Department != "32") {
			t.Errorf("%+v", r)
		}
		return nil
	}))
	if got := strings.Join(ids, " "); got != "b a c new" {
		t.Errorf("the ledger reads %s", got)
	}
}

func (w *world) count(db *sql.DB, query string) (n int) {
	w.Helper()
	w.ok(db.QueryRowContext(w.Context(), query).Scan(&n))
	return n
}
