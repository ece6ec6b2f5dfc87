package keeper_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"blattwerk/cmd/blattwerk/keeper"
	"blattwerk/pipeline"
	"blattwerk/pipeline/savings"
	"blattwerk/storage/catalog"
)

// BenchmarkBooks measures the books over a year of letters: the first call of a
// process, which reads the whole ledger, and every later one.
func BenchmarkBooks(b *testing.B) {
	const letters = 20_000
	rows, err := catalog.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "catalog.db"), catalog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	books, err := savings.New(savings.Config{})
	if err != nil {
		b.Fatal(err)
	}
	var entries []catalog.LedgerRow
	for i := range letters {
		dept, code := pipeline.DeptID(fmt.Sprint(10+i%20)), pipeline.TypeCode(fmt.Sprint(10+i%20, "-", i%57))
		doc := pipeline.Document{
			ID: pipeline.DocID(fmt.Sprint("letter-", i)), Filing: &pipeline.Filing{Type: code, Department: dept, Sure: true, RetainFor: pipeline.Retention{Years: 10}},
			Record: &pipeline.Record{At: time.Date(2026, time.Month(1+i%12), 3, 9, 0, 0, 0, time.UTC), Files: []pipeline.File{{Blob: pipeline.Blob{Size: 1000}}}}, Pages: make([]pipeline.Page, 3),
		}
		if doc, err = books.Step(b.Context(), doc, nil); err != nil {
			b.Fatal(err)
		}
		for _, s := range doc.Savings {
			entries = append(entries, catalog.LedgerRow{Saving: s, Department: dept, Type: code})
		}
	}
	if err := rows.Tell(b.Context(), "bench", nil, entries); err != nil {
		b.Fatal(err)
	}
	open := func() *keeper.Keeper {
		return keeper.New(keeper.Config{Rows: rows, Books: books, Zone: time.UTC, Names: func(_, key string) string { return key }})
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if _, err := open().Report(b.Context(), pipeline.ReportQuery{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/letters, "ns/letter")
	})
	b.Run("later", func(b *testing.B) {
		k := open()
		if _, err := k.Report(b.Context(), pipeline.ReportQuery{}); err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			if _, err := k.Report(b.Context(), pipeline.ReportQuery{From: fmt.Sprintf("%d-01", 1900+i%100)}); err != nil { // another question each time
				b.Fatal(err)
			}
		}
	})
}
