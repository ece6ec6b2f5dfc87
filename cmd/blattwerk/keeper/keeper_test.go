package keeper_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blattwerk/cmd/blattwerk/keeper"
	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/gate"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/savings"
	"blattwerk/storage/catalog"
	"blattwerk/storage/catalog/catalogtest"
	"blattwerk/web"
)

func open(t *testing.T, dsn string) (*keeper.Keeper, *catalog.Catalog) {
	t.Helper()
	rows, err := catalog.Open(t.Context(), dsn, catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	return again(t, rows), rows
}

// again is a keeper as another process would have it, which has read nothing yet.
func again(t *testing.T, rows *catalog.Catalog) *keeper.Keeper {
	t.Helper()
	books, err := savings.New(savings.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return keeper.New(keeper.Config{Rows: rows, Books: books, Zone: time.UTC, Town: "Musterstadt", Names: func(_, key string) string { return "Name " + key }})
}

func databases(t *testing.T, test func(*testing.T, string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, "sqlite:"+filepath.Join(t.TempDir(), "catalog.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, catalogtest.Start(t).Database(t)) })
}

// book writes the entries of some letters of ten pages into the ledger.
func book(t *testing.T, rows *catalog.Catalog, from, n int, at time.Time) {
	t.Helper()
	books, err := savings.New(savings.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var entries []catalog.LedgerRow
	for i := range n {
		doc := pipeline.Document{
			ID: pipeline.DocID(fmt.Sprint("letter-", from+i)), Filing: &pipeline.Filing{Type: "32-OWI", Department: "32", Sure: true, RetainFor: pipeline.Retention{Years: 10}},
			Record: &pipeline.Record{At: at, Files: []pipeline.File{{Blob: pipeline.Blob{Size: 1000}}}}, Pages: make([]pipeline.Page, 10),
		}
		if doc, err = books.Step(t.Context(), doc, nil); err != nil {
			t.Fatal(err)
		}
		for _, s := range doc.Savings {
			entries = append(entries, catalog.LedgerRow{Saving: s, Department: "32", Type: "32-OWI"})
		}
	}
	if err := rows.Tell(t.Context(), "test", nil, entries); err != nil {
		t.Fatal(err)
	}
}

// TestChangesReachNewReportsOnly files a report, then changes everything that
// figures rest on: a factor, a sample, more letters of the same month. The filed
// report stays, and follows once more from the ledger and the facts to the last
// byte, also in another process; a new one reckons with all of it.
func TestChangesReachNewReportsOnly(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		k, rows := open(t, dsn)
		march := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
		book(t, rows, 0, 2, march)
		q := pipeline.ReportQuery{From: "2026-01", To: "2026-12"}
		filed, err := k.File(ctx, "a.schmidt", "Jahr 2026", q)
		if err != nil {
			t.Fatal(err)
		}
		// 2 letters x 10 sides x 0.3 copies x 5 g x 1.04 kg.
		_, was, err := k.Filed(ctx, filed.ID)
		if err != nil || !near(was.Total.Saved.CO2e.Mid, 2*10*0.3*0.005*1.04) {
			t.Fatalf("%+v, %v", was.Total.Saved.CO2e, err)
		}

		if err := k.Replace(ctx, "b.weiss", web.FactorChange{ID: "ifeu06-prim", Value: pipeline.Range{Low: 2, Mid: 2, High: 2}, Source: "UBA 2022", Since: 2026}); err != nil {
			t.Fatal(err)
		}
		if facts, entries, err := k.Import(ctx, "b.weiss", "", strings.NewReader("art;typ;von;bis;briefe;kopien\nstichprobe;32-OWI;2026-02-01;2026-02-14;100;50\n")); facts != 1 || entries != 0 || err != nil {
			t.Fatal(facts, entries, err)
		}
		book(t, rows, 2, 1, march)

		for name, k := range map[string]*keeper.Keeper{"this process": k, "another": again(t, rows)} {
			if same, err := k.Again(ctx, filed.ID); err != nil || !same {
				t.Errorf("%s: the filed report comes out otherwise (%v)", name, err)
			}
			_, still, err := k.Filed(ctx, filed.ID)
			if err != nil || still.Total.Net != was.Total.Net {
				t.Errorf("%s: the filed report changed (%v)", name, err)
			}
			// 3 letters x 10 sides x 0.5 copies x 5 g x 2 kg.
			now, err := k.Report(ctx, q)
			if err != nil || !near(now.Total.Saved.CO2e.Mid, 3*10*0.5*0.005*2) {
				t.Errorf("%s: the new report says %v (%v)", name, now.Total.Saved.CO2e, err)
			}
			if now.FactorSet == still.FactorSet || now.Ledger <= still.Ledger || now.Facts <= still.Facts {
				t.Errorf("%s: the new report names the place of the filed one", name)
			}
		}
		if _, err := k.Again(ctx, "nothing"); !errors.Is(err, catalog.ErrUnknown) {
			t.Errorf("a report that nobody filed: %v", err)
		}
		// Withdrawn, the factor of the program holds again, and the history has both.
		facts, err := k.Facts(ctx)
		if err != nil || len(facts) != 2 || facts[0].Author != "b.weiss" {
			t.Fatalf("%+v, %v", facts, err)
		}
		if err := k.Withdraw(ctx, "c", facts[0].N); err != nil {
			t.Fatal(err)
		}
		if err := k.Withdraw(ctx, "c", 999); !errors.Is(err, catalog.ErrUnknown) {
			t.Error(err)
		}
		if now, err := k.Report(ctx, q); err != nil || !near(now.Total.Saved.CO2e.Mid, 3*10*0.5*0.005*1.04) {
			t.Errorf("%v, %v", now.Total.Saved.CO2e, err)
		}
		if err := rows.VerifyLog(ctx, nil); err != nil {
			t.Error(err)
		}
	})
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

// TestBadFiguresChangeNothing hands in what the books cannot use.
func TestBadFiguresChangeNothing(t *testing.T) {
	k, _ := open(t, "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"))
	ctx := t.Context()
	_, _, inTable := k.Import(ctx, "a", "", strings.NewReader("art;von;blatt\nnachdruck;2026-03-01;5\nnachdruck;2026-03-01;viele\n"))
	for name, err := range map[string]error{
		"table": inTable, "factor": k.Replace(ctx, "a", web.FactorChange{ID: "trees"}), "set": k.Use(ctx, "a", "trees", 2026),
	} {
		var f *pipeline.Fault
		if !errors.As(err, &f) || f.Text.DE == "" || f.Text.EN == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	facts, err := k.Facts(ctx)
	r, err2 := k.Report(ctx, pipeline.ReportQuery{})
	if len(facts) != 0 || r.Total.Entries != 0 || err != nil || err2 != nil {
		t.Errorf("%d facts, %d entries, %v, %v", len(facts), r.Total.Entries, err, err2)
	}
}

// TestOnePage writes the report of a full year, and of an empty one, and holds them
// against the gate and the referee.
func TestOnePage(t *testing.T) {
	k, rows := open(t, "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"))
	ctx := t.Context()
	for m := range 12 {
		book(t, rows, 100*m, 3+m%5, time.Date(2026, time.Month(m+1), 10, 10, 0, 0, 0, time.UTC))
	}
	_, _, err := k.Import(ctx, "a.schmidt", "", strings.NewReader(`art;amt;von;bis;blatt;recycling;vzä;km;fahrten;kwh;größe;wert;umschläge;beleg
beginn;;2026-01-01;;;;;;;;;;;
einkauf;;2024;2024;120000;50 %;;;;;;;;
einkauf;;2025;2025;125000;60 %;;;;;;;;
einkauf;;2026;2026;118000;80 %;;;;;;;;
personal;;2024;2026;;;41,5;;;;;;;
ziel;;2026;2026;;;;;;;sheets;100;;
nachdruck;32;2026-05-03;;20;;;;;;;;;A
antwort;32;2026-05-03;;40;;;;;;;;20;A
fahrt;;2026-05-03;;;;;48;4;;;;;B
strom;;2026-05-03;;;;;;;12,5;;;;A
trennblatt;;2026-05-03;;6;;;;;;;;;A
nachscan;;2026-05-03;;;;;;;;;;;A
`))
	if err == nil {
		t.Fatal("a rescan without pages was taken")
	}
	_, _, err = k.Import(ctx, "a.schmidt", "", strings.NewReader(`art;amt;von;bis;blatt;recycling;vzä;km;fahrten;kwh;größe;wert;umschläge;beleg;seiten
beginn;;2026-01-01;;;;;;;;;;;;
einkauf;;2024;2024;120000;50 %;;;;;;;;;
einkauf;;2025;2025;125000;60 %;;;;;;;;;
einkauf;;2026;2026;118000;80 %;;;;;;;;;
personal;;2024;2026;;;41,5;;;;;;;;
ziel;;2026;2026;;;;;;;sheets;100;;;
nachdruck;32;2026-05-03;;20;;;;;;;;;A;
antwort;32;2026-05-03;;40;;;;;;;;20;A;
fahrt;;2026-05-03;;;;;48;4;;;;;B;
strom;;2026-05-03;;;;;;;12,5;;;;A;
trennblatt;;2026-05-03;;6;;;;;;;;;A;
nachscan;;2026-05-03;;;;;;;;;;;A;8
`))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for name, q := range map[string]pipeline.ReportQuery{"full": {From: "2026-01", To: "2026-12"}, "empty": {From: "1999-01", To: "1999-12"}} {
		filed, err := k.File(ctx, "a.schmidt", name, q)
		if err != nil {
			t.Fatal(err)
		}
		filed, r, err := k.Filed(ctx, filed.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range []string{"de", "en"} {
			e := web.Export{Format: "pdf", Lang: lang, Report: r, Filed: &filed}
			var page, twice bytes.Buffer
			if err := errors.Join(k.Export(ctx, &page, e), k.Export(ctx, &twice, e)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(page.Bytes(), twice.Bytes()) {
				t.Errorf("%s: the same report gives another page", name)
			}
			if n := bytes.Count(page.Bytes(), []byte("/Type /Page ")); n != 1 {
				t.Errorf("%s, %s: %d pages", name, lang, n)
			}
			if v, err := gate.Validate(context.Background(), bytes.NewReader(page.Bytes()), int64(page.Len()), "2a"); err != nil || !v.Valid {
				t.Errorf("%s: %+v, %v", name, v.Breaks, err)
			}
			path := filepath.Join(t.TempDir(), name+"."+lang+".pdf")
			if err := os.WriteFile(path, page.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
			if folder := os.Getenv("BLATTWERK_PICTURES"); folder != "" {
				_ = os.WriteFile(filepath.Join(folder, name+"."+lang+".pdf"), page.Bytes(), 0o600)
			}
		}
	}
	for _, flavour := range []string{"2u", "2a", "ua1"} {
		for path, v := range pdfatest.Verdicts(t, flavour, paths...) {
			if !v.Valid {
				t.Errorf("%s as %s: %v", filepath.Base(path), flavour, v.Rules)
			}
		}
	}
}
