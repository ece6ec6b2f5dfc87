package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// testMasks hands a letter with a number from the department that may use it to
// another and takes that back: words and fields are at every moment those of the
// department that has the letter.
func testMasks(w *world) {
	ctx := w.Context()
	const number, page = "65929970489", "Abmeldung von Bello\n\nNummer 65929970489"
	away, meanwhile := error(nil), func() {}
	rows, err := catalog.Open(ctx, w.dsn, catalog.Options{
		Clock: w.clock.Now, Zone: time.UTC,
		Masked: func(_ context.Context, doc pipeline.Document) ([]pipeline.Field, []pipeline.PageText, error) {
			meanwhile()
			value, words := number, page
			if doc.Filing.Department != "22" {
				value, words = "•••", strings.ReplaceAll(page, number, "•••")
			}
			return []pipeline.Field{{Name: "steuer_idnr", Value: value, Page: 1}, {Name: "absender", Value: "Georg Thiel", Page: 1}}, []pipeline.PageText{text(words)}, away
		},
	})
	w.ok(err)
	defer rows.Close()
	w.Catalog = rows
	doc := w.deliver("a")
	doc.Filing = &pipeline.Filing{Department: "22", Type: "22-HUND", Sure: true, Fields: []pipeline.Field{{Name: "steuer_idnr", Value: number, Page: 1}, {Name: "absender", Value: "Georg Thiel", Page: 1}}}
	doc = w.archive(doc, text(page))
	check := func(when string, dept pipeline.DeptID, seen bool) {
		w.Helper()
		for words, want := range map[string]bool{number: seen, `"` + number + `"`: seen, "Bello": true, "Georg Thiel": true} {
			hits, err := rows.Search(ctx, catalog.Query{Words: words, Filter: catalog.Filter{Departments: []pipeline.DeptID{dept}}})
			w.ok(err)
			if (hits.Total == 1) != want {
				w.Errorf("%s, %s finds %q %d times", when, dept, words, hits.Total)
			}
			for _, h := range hits.Hits {
				if raw, err := json.Marshal(h); err != nil || strings.Contains(string(raw), number) != seen {
					w.Errorf("%s, a hit of %q is %s, %v", when, words, raw, err)
				}
			}
		}
		if e := w.entry(doc.ID); e.Document.Filing.Department != dept || (e.Document.Filing.Fields[0].Value == number) != seen || len(e.Document.Filing.Fields) != 2 {
			w.Errorf("%s, the filing is %+v", when, e.Document.Filing)
		}
		facets, err := rows.Facets(ctx, catalog.Filter{Departments: []pipeline.DeptID{dept}, Sender: "Georg Thiel"})
		if w.ok(err); len(facets.Departments) != 1 {
			w.Errorf("%s, the sender is not counted: %+v", when, facets)
		}
	}
	on := func(dept pipeline.DeptID) (catalog.Deed, error) {
		return rows.Do(ctx, catalog.Deed{Doc: doc.ID, Kind: catalog.HandOn, Department: dept, By: "weber"})
	}
	check("at first", "22", true)
	first, err := on("32")
	w.ok(err)
	check("handed on", "32", false)
	w.ok(rows.RebuildSearch(ctx))
	check("indexed anew", "32", false)
	_, err = rows.Undo(ctx, first.ID, "weber")
	w.ok(err)
	check("taken back", "22", true)

	// Not from what another department was allowed: there and back by hand.
	_, err = on("32")
	w.ok(err)
	_, err = on("22")
	w.ok(err)
	check("handed back", "22", true)

	// Where the words cannot be had, the letter stays where it is.
	away = errors.New("the store is away")
	_, err = on("32")
	w.is(err, away)
	check("with the store away", "22", true)
	away = nil
	last, err := on("32")
	w.ok(err)
	away = errors.New("the store is away")
	_, err = rows.Undo(ctx, last.ID, "weber")
	w.is(err, away)
	check("with the store away again", "32", false)
	away = nil

	// A letter that is filed anew meanwhile has other fields than those.
	w.clock.turn(time.Minute)
	meanwhile = func() {
		meanwhile = func() {}
		_, err := rows.Decide(ctx, doc.ID, catalog.Decision{Type: "32-OWI", Department: "32", By: "kaya"}, pipeline.StepArchive)
		w.ok(err)
		job := w.claim(doc.ID, pipeline.StepArchive, 1, "test")
		w.ok(rows.Advance(ctx, job, job.Document, "", []pipeline.PageText{text("Bello")}))
	}
	_, err = on("20")
	w.is(err, catalog.ErrNotWaiting)
	if e := w.entry(doc.ID); e.Document.Filing.Department != "32" || e.Document.Filing.Type != "32-OWI" {
		w.Errorf("the filing is %+v", e.Document.Filing)
	}
	// One that is sent back is the mailroom's now.
	gone, err := on("20")
	w.ok(err)
	w.ok(rows.SendBack(ctx, doc.ID, "kaya", &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "not-ours"}, pipeline.StepArchive))
	_, err = rows.Undo(ctx, gone.ID, "weber")
	w.is(err, catalog.ErrDeedGone)
	w.ok(rows.VerifyLog(ctx, nil))
}
