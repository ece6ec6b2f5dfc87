package catalog_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

func testList(w *world) {
	ctx := w.Context()
	var docs []pipeline.Document
	for i := range 7 {
		docs = append(docs, w.deliver(fmt.Sprint(i)))
		if i != 2 && i != 3 { // three documents of the same moment, on two pages
			w.clock.turn(time.Hour)
		}
	}
	w.archive(docs[0])
	doc := docs[1]
	doc.Filing = &pipeline.Filing{Department: "63", Type: "63-BAU"}
	w.ok(w.Park(ctx, w.claim(doc.ID, pipeline.StepOpen, 0, "p"), fault, doc))

	var seen []pipeline.DocID
	var before time.Time
	for after := catalog.Cursor(""); ; {
		list, next, err := w.List(ctx, catalog.Filter{Limit: 2, After: after})
		w.ok(err)
		for _, e := range list {
			if !before.IsZero() && e.Received.After(before) {
				w.Error("the list is not newest first")
			}
			before = e.Received
			seen = append(seen, e.Document.ID)
		}
		if after = next; after == "" {
			break
		}
	}
	var want []pipeline.DocID // of one moment, the last number first
	for _, doc := range slices.Backward(docs) {
		want = append(want, doc.ID)
	}
	if !slices.Equal(seen, want) {
		w.Errorf("paging through the list gave %v, want %v", seen, want)
	}
	start := docs[0].Delivery.Received
	for name, c := range map[string]struct {
		filter catalog.Filter
		want   int
	}{
		"all":                {catalog.Filter{}, 7},
		"state":              {catalog.Filter{State: pipeline.Waiting}, 1},
		"step":               {catalog.Filter{State: pipeline.Working, Step: pipeline.StepOpen}, 5},
		"department":         {catalog.Filter{Department: "63"}, 1},
		"type":               {catalog.Filter{Type: "32-OWI"}, 1},
		"may see one":        {catalog.Filter{Departments: []pipeline.DeptID{"32"}}, 1},
		"may see both":       {catalog.Filter{Departments: []pipeline.DeptID{"32", "63"}}, 2},
		"may see none":       {catalog.Filter{Departments: []pipeline.DeptID{}}, 0},
		"may not see":        {catalog.Filter{Department: "63", Departments: []pipeline.DeptID{"32"}}, 0},
		"from":               {catalog.Filter{From: start.Add(time.Hour)}, 6},
		"to":                 {catalog.Filter{To: start.Add(time.Hour)}, 1},
		"injection is a key": {catalog.Filter{Department: "' OR 1=1 --"}, 0},
	} {
		list, _, err := w.List(ctx, c.filter)
		if err != nil || len(list) != c.want {
			w.Errorf("%s: %d documents, %v; want %d", name, len(list), err, c.want)
		}
	}
	for _, bad := range []catalog.Cursor{"?", "YQ", "YSBi"} {
		if _, _, err := w.List(ctx, catalog.Filter{After: bad}); err == nil {
			w.Errorf("cursor %q was taken", bad)
		}
	}
	counts, err := w.Counts(ctx)
	w.ok(err)
	wanted := catalog.Counts{
		States:      map[pipeline.State]int{pipeline.Archived: 1, pipeline.Waiting: 1, pipeline.Working: 5},
		Steps:       map[pipeline.StepName]int{pipeline.StepOpen: 5},
		Waiting:     map[pipeline.StepName]int{pipeline.StepOpen: 1},
		Departments: map[pipeline.DeptID]int{"": 5, "32": 1, "63": 1},
	}
	if !maps.Equal(counts.States, wanted.States) || !maps.Equal(counts.Steps, wanted.Steps) ||
		!maps.Equal(counts.Waiting, wanted.Waiting) || !maps.Equal(counts.Departments, wanted.Departments) {
		w.Errorf("counts are %+v", counts)
	}
}

func testLedger(w *world) {
	ctx := w.Context()
	doc := w.deliver("a")
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "p")
	doc = finished(doc)
	at := w.clock.Now()
	doc.Savings = []pipeline.Saving{
		{ID: "copies", Event: "copies-avoided", Sheets: pipeline.Range{Mid: 0.6}, At: at},
		{ID: "debit", Event: "separator-sheet", Sheets: pipeline.Range{Mid: -1}, At: at.Add(time.Hour)},
	}
	w.ok(w.Advance(ctx, job, doc, "", nil))
	energy := pipeline.Saving{ID: "server", Event: "electricity", Energy: pipeline.Range{Mid: -2}, At: at.Add(2 * time.Hour)}
	w.ok(w.Book(ctx, []pipeline.Saving{energy}))
	changed := energy
	changed.Energy.Mid = 99
	w.ok(w.Book(ctx, []pipeline.Saving{changed}))
	if err := w.Book(ctx, []pipeline.Saving{{}}); err == nil {
		w.Error("an entry without an ID was booked")
	}
	rows, err := w.Savings(ctx, time.Time{}, time.Time{})
	w.ok(err)
	if len(rows) != 3 || rows[0].Saving.ID != "copies" || rows[0].Doc != doc.ID || rows[0].Department != "32" || rows[0].Type != "32-OWI" ||
		rows[1].Saving.Sheets.Mid != -1 || rows[2].Doc != "" || rows[2].Saving.Energy.Mid != -2 {
		w.Errorf("ledger is %+v", rows)
	}
	rows, err = w.Savings(ctx, at.Add(time.Hour), at.Add(2*time.Hour))
	w.ok(err)
	if len(rows) != 1 || rows[0].Saving.ID != "debit" {
		w.Errorf("the second hour of the ledger is %+v", rows)
	}
}

func testReferences(w *world) {
	ctx := w.Context()
	gone := w.archive(w.deliver("archived"))
	refused := w.deliver("refused")
	w.ok(w.Refuse(ctx, w.claim(refused.ID, pipeline.StepOpen, 0, "p"), fault))
	doc := w.deliver("waiting")
	doc.Pages = []pipeline.Page{
		{No: 1, Image: pipeline.Image{Blob: pipeline.Blob{Digest: digest("image")}}, Text: digest("text")},
		{No: 2, Reading: &pipeline.Reading{Words: digest("words")}},
	}
	doc.PDF = &pipeline.PDF{Blob: pipeline.Blob{Digest: digest("pdf")}}
	doc.Source = &pipeline.Findings{Attachments: []pipeline.Attachment{{Name: "a.xml", Blob: pipeline.Blob{Digest: digest("attachment")}}}}
	w.ok(w.Park(ctx, w.claim(doc.ID, pipeline.StepOpen, 0, "p"), fault, doc))
	w.deliver("working")
	got := map[pipeline.Digest]bool{}
	w.ok(w.References(ctx, func(d pipeline.Digest) error { got[d] = true; return nil }))
	for _, name := range []string{"refused", "waiting", "image", "text", "words", "pdf", "attachment", "working"} {
		if !got[digest(name)] {
			w.Errorf("the blob of %s is not referenced", name)
		}
		delete(got, digest(name))
	}
	if len(got) != 0 || got[gone.Delivery.Original.Digest] {
		w.Errorf("%d other blobs are referenced", len(got))
	}
	stop := errors.New("stop")
	w.is(w.References(ctx, func(pipeline.Digest) error { return stop }), stop)
}

func testRestore(w *world) {
	ctx := w.Context()
	empty, err := w.Empty(ctx)
	w.ok(err)
	if !empty {
		w.Error("a new catalogue is not empty")
	}
	doc := finished(pipeline.Document{ID: "old", Delivery: pipeline.Delivery{
		ID: "delivery", Journal: "2026-000041", Original: pipeline.Blob{Digest: digest("old"), Size: 3},
		Received: time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC),
	}})
	doc.Savings = []pipeline.Saving{{ID: "old-saving", At: w.clock.Now()}}
	for range 2 {
		w.ok(w.Restore(ctx, doc, []pipeline.PageText{text("Gewerbeanmeldung")}))
	}
	e := w.entry("old")
	if e.State != pipeline.Archived || e.Document.Delivery.Journal != "2026-000041" || !e.Archived.Equal(doc.Record.At) {
		w.Errorf("restored entry is %+v", e)
	}
	earlier := doc
	earlier.ID, earlier.Delivery.ID, earlier.Delivery.Journal, earlier.Savings = "older", "other", "2026-000007", nil
	earlier.Delivery.Original.Digest = digest("older")
	w.ok(w.Restore(ctx, earlier, nil))
	if next := w.deliver("new"); next.Delivery.Journal != "2026-000042" {
		w.Errorf("after restoring the journal goes on at %s", next.Delivery.Journal)
	}
	hits, err := w.Search(ctx, catalog.Query{Words: "Gewerbeanmeldung"})
	w.ok(err)
	ledger, err := w.Savings(ctx, time.Time{}, time.Time{})
	w.ok(err)
	if hits.Total != 1 || len(ledger) != 1 {
		w.Errorf("%d hits and %d ledger entries, want 1 and 1", hits.Total, len(ledger))
	}
	r, err := w.Accept(ctx, pipeline.Delivery{Original: doc.Delivery.Original})
	w.ok(err)
	if !r.Duplicate || r.Of != "old" {
		w.Errorf("bytes of a restored document gave %+v", r)
	}
	unproven := doc
	unproven.Record = nil
	w.is(w.Restore(ctx, unproven, nil), catalog.ErrUnproven)
	for _, bad := range []string{"", "2026", "2026-x", "2026-0"} {
		odd := doc
		odd.Delivery.Journal = bad
		if err := w.Restore(ctx, odd, nil); err == nil {
			w.Errorf("journal number %q was restored", bad)
		}
	}
	working := w.deliver("working")
	clash := finished(working)
	w.is(w.Restore(ctx, clash, nil), catalog.ErrNotWaiting)
	if empty, _ := w.Empty(ctx); empty {
		w.Error("a catalogue with documents is empty")
	}
}

func testOddBytes(w *world) {
	ctx := w.Context()
	r, err := w.Accept(ctx, pipeline.Delivery{
		Original: pipeline.Blob{Digest: digest("odd"), Size: 1}, Name: "a\x00\xff.pdf", Operator: "o\x00\xff",
	})
	w.ok(err)
	job := w.claim(r.Document.ID, pipeline.StepOpen, 0, "p")
	doc := finished(job.Document)
	odd := pipeline.PageText{Words: []pipeline.Word{{Text: "nul\x00l"}, {Text: "\xff\xfe"}, {Text: "it's \\ :* & | ' \""}, {Text: "日本語"}, {Text: "ﬁnden"}}}
	w.ok(w.Advance(ctx, job, doc, "", []pipeline.PageText{odd}))
	for _, words := range []string{"finden", "日本語", "null", `it's`, `"nul"l`} {
		hits, err := w.Search(ctx, catalog.Query{Words: words})
		if err != nil {
			w.Errorf("%q: %v", words, err)
		}
		if words[0] != '"' && hits.Total != 1 {
			w.Errorf("%q: %d hits", words, hits.Total)
		}
	}
	w.ok(w.VerifyLog(ctx, nil))
}

func TestOpenRefuses(t *testing.T) {
	for _, dsn := range []string{"", "mysql://x", "sqlite:", "/tmp/file.db"} {
		if c, err := catalog.Open(t.Context(), dsn, catalog.Options{}); err == nil {
			c.Close()
			t.Errorf("%q was opened", dsn)
		}
	}
	if _, err := catalog.Open(t.Context(), "sqlite:"+t.TempDir()+"/x.db", catalog.Options{Key: "nonsense"}); err == nil {
		t.Error("a nonsense key was taken")
	}
}
