package catalog_test

import (
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/storage/catalog/catalogtest"
)

// TestEndsMigrated holds the ends of stems that the migration makes against those
// that indexing makes.
func TestEndsMigrated(t *testing.T) {
	dsn := catalogtest.Postgres(t)
	w := open(t, dsn)
	letters := newWriter(t)
	for i := range 5 {
		doc, _ := letters.document(i)
		w.ok(w.Restore(t.Context(), doc, []pipeline.PageText{text("Grundsteuerbescheid Bauanträge Straßenverzeichnis Übergrößenschränke Amt Gebühr Jagdsteuer")}))
	}
	const tokens = `SELECT string_agg(CAST(tokens AS text), E'\n' ORDER BY doc) FROM search_index`
	var fresh, migrated string
	db := w.raw()
	w.ok(db.QueryRowContext(t.Context(), tokens).Scan(&fresh))
	// Back to how it was before: without ends.
	w.exec(db, `UPDATE search_index SET tokens = ts_delete(tokens, ARRAY(SELECT lexeme FROM unnest(tokens) WHERE lexeme LIKE 'r%'))`)
	w.ok(catalog.MigrateDownTo(t.Context(), dsn, 16))
	w.Catalog = w.reopen()
	w.ok(db.QueryRowContext(t.Context(), tokens).Scan(&migrated))
	if migrated != fresh || !strings.Contains(fresh, "'ruetsd'") {
		t.Errorf("fresh:\n%s\nmigrated:\n%s", fresh, migrated)
	}
}
