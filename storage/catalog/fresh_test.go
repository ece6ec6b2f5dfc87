package catalog_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
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
	// Words of which so many begin alike that SQLite looks at the newest letters, not
	// at the index, and a whole that begins like them though none of its parts does.
	var many strings.Builder
	for i := range 1_100 {
		fmt.Fprintf(&many, "Verk%c%c%cung ", 'a'+i/100, 'a'+i/10%10, 'a'+i%10)
	}
	w.letter("many", many.String())
	w.letter("whole", "Zeichen VE-RK 5/12 Ende")
	w.letter("other", "Die Sachen verkaufen sich")
	w.letter("digits", "Artikel Verk77x99y und 4711008")
	var all []catalog.Query
	var totals []int
	for _, words := range []string{"Verk*", "Verk* Ende", "Verk* -Ende", "Verk7*", "4711*", "25-0*", "Stadt", "Bescheid", "Steuer Antrag", "Antrag -Bescheid", `"Sehr geehrte Damen"`,
		"Hundestcuer", "Weltraumbahnhof Stadt", "Wann wird der Bescheid der Stadt fällig?", "Ver*", "2020", "-Stadt Amt"} {
		index, err := w.Search(w.Context(), catalog.Query{Words: words})
		w.ok(err)
		news, err := w.Search(w.Context(), catalog.Query{Words: words, Filter: catalog.Filter{Arrived: time.UnixMilli(1)}})
		w.ok(err)
		if !reflect.DeepEqual(index, news) {
			w.Errorf("%s: %d hits by the index, %d among the news", words, index.Total, news.Total)
		}
		all = append(all, catalog.Query{Words: words, Filter: catalog.Filter{Arrived: time.UnixMilli(1)}}, catalog.Query{Words: words})
		totals = append(totals, index.Total, index.Total)
		if words == "Verk*" && index.Total < 4 {
			w.Errorf("%s: %d hits, want the letter with many such words, the reference, the verb and the article", words, index.Total)
		}
	}
	all, totals = append(all, catalog.Query{Filter: catalog.Filter{Arrived: time.UnixMilli(1)}}), append(totals, 44)
	news, err := w.News(w.Context(), all)
	w.ok(err)
	for i, h := range news {
		if h.Total != totals[i] {
			w.Errorf("news of %q: %d, want %d", all[i].Words, h.Total, totals[i])
		}
	}
	// What is found among the newest is what the index gives.
	for i := range 30 {
		w.letter(fmt.Sprint("sale", i), []string{"Der Verkauf", "Ein Kauf", "Nummer VE-RK 5"}[i%3])
	}
	for _, words := range []string{"Verk*", "Verk* -Nummer", "Verk* Der"} {
		newest, index, err := w.NewestAndIndex(w.Context(), words, 8)
		w.ok(err)
		if len(newest) != 8 || !slices.Equal(newest, index) {
			w.Errorf("%s: the newest are %v, by the index %v", words, newest, index)
		}
	}
}
