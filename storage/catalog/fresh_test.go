package catalog_test

import (
	"reflect"
	"time"

	"blattwerk/storage/catalog"
)

// testFresh holds what is found by looking at each of the news against what the
// index finds: of letters that are all new, both are the same.
func testFresh(w *world) {
	letters := newWriter(w.T)
	for i := range 40 {
		doc, texts := letters.document(i)
		w.ok(w.Restore(w.Context(), doc, texts))
	}
	for _, words := range []string{"Stadt", "Bescheid", "Steuer Antrag", "Antrag -Bescheid", `"Sehr geehrte Damen"`,
		"Hundestcuer", "Weltraumbahnhof Stadt", "Wann wird der Bescheid der Stadt fällig?", "Ver*", "2020", "-Stadt Amt"} {
		index, err := w.Search(w.Context(), catalog.Query{Words: words})
		w.ok(err)
		news, err := w.Search(w.Context(), catalog.Query{Words: words, Filter: catalog.Filter{Arrived: time.UnixMilli(1)}})
		w.ok(err)
		if !reflect.DeepEqual(index, news) {
			w.Errorf("%s: %d hits by the index, %d among the news", words, index.Total, news.Total)
		}
	}
}
