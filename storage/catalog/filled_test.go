package catalog_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/storage/catalog/catalogtest"
)

// TestFill holds what the measuring of search fills in against what Restore does.
func TestFill(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		file := func(name string) *world { return open(t, "sqlite:"+filepath.Join(t.TempDir(), name)) }
		testFill(file("restored.db"), file("filled.db"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		server := catalogtest.Start(t)
		testFill(open(t, server.Database(t)), open(t, server.Database(t)))
	})
}

func testFill(w, other *world) {
	letters := newWriter(w.T)
	var filled []catalog.Filled
	for i := range 12 {
		doc, texts := letters.document(i)
		doc.Savings = letters.savings(doc)
		filled = append(filled, catalog.Filled{Document: doc, Texts: texts, State: pipeline.Archived, Events: []string{"restored"}})
		w.ok(w.Restore(w.Context(), doc, texts))
	}
	w.ok(other.Fill(w.Context(), len(filled), func(i int) catalog.Filled { return filled[i] }))
	for _, table := range []string{"delivery", "document", "facet", "page_text", "search_terms", "vocabulary", "journal", "ledger"} {
		a, err := w.Dump(w.Context(), table)
		w.ok(err)
		b, err := other.Dump(w.Context(), table)
		w.ok(err)
		if len(a) == 0 || !slices.Equal(a, b) {
			w.Errorf("%s, %d rows:\n%.2000s\nfilled, %d rows:\n%.2000s", table, len(a), strings.Join(a, "\n"), len(b), strings.Join(b, "\n"))
		}
	}
	w.ok(other.VerifyLog(w.Context(), nil))
	for _, words := range []string{"Bescheid", "Damen Herren", "Steuer -Bauantrag"} {
		a, err := w.Search(w.Context(), catalog.Query{Words: words})
		w.ok(err)
		b, err := other.Search(w.Context(), catalog.Query{Words: words})
		w.ok(err)
		if a.Total == 0 || a.Total != b.Total || !reflect.DeepEqual(a.Facets, b.Facets) {
			w.Errorf("%s: %d hits, filled %d", words, a.Total, b.Total)
		}
	}
}
