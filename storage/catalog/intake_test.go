package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

func testIntake(w *world) {
	ctx := w.Context()
	d := pipeline.Delivery{
		ID: "0195d0c0-0000-7000-8000-000000000001", Original: pipeline.Blob{Digest: digest("a"), Size: 1},
		Name: "Bescheid.pdf", Source: "folder", Operator: "mueller", Received: time.Date(2026, 3, 2, 8, 59, 59, 0, time.UTC),
	}
	first, err := w.Accept(ctx, d)
	w.ok(err)
	if first.Duplicate || first.Document.Delivery.Journal != "2026-000001" || first.Document.ID != catalog.DocumentID(d.ID, 0) {
		w.Fatalf("receipt is %+v", first)
	}
	again, err := w.Accept(ctx, d)
	w.ok(err)
	if again.Duplicate || again.Document.ID != first.Document.ID || again.Document.Delivery.Journal != "2026-000001" {
		w.Errorf("the same delivery again gave %+v", again)
	}
	other := d
	other.Original.Digest = digest("b")
	_, err = w.Accept(ctx, other)
	w.is(err, catalog.ErrChanged)
	if _, err := w.Accept(ctx, pipeline.Delivery{ID: "x"}); err == nil {
		w.Error("a delivery without bytes was accepted")
	}

	e := w.entry(first.Document.ID)
	if e.State != pipeline.Working || e.Step != pipeline.StepOpen || e.Gen != 0 || !e.Received.Equal(d.Received) || e.Document.Delivery.Name != d.Name {
		w.Errorf("entry is %+v", e)
	}
	bells, err := w.Unfinished(ctx, w.clock.Now(), 10)
	w.ok(err)
	if len(bells) != 1 || bells[0].Doc != e.Document.ID || bells[0].Step != pipeline.StepOpen {
		w.Errorf("bells are %+v", bells)
	}
	events, err := w.History(ctx, e.Document.ID)
	w.ok(err)
	if len(events) != 1 || events[0].Kind != "accepted" || events[0].Actor != "mueller" || strings.Contains(string(events[0].Detail), "Bescheid") {
		w.Errorf("history is %+v", events)
	}
	_, err = w.Get(ctx, "none")
	w.is(err, catalog.ErrUnknown)
	e2, err := w.reopen().Get(ctx, e.Document.ID)
	if err != nil || e2.Document.Delivery.Journal != "2026-000001" {
		w.Errorf("a second process sees %+v, %v", e2, err)
	}
}

func testDuplicates(w *world) {
	ctx := w.Context()
	doc := w.deliver("same")
	d := pipeline.Delivery{ID: "second", Original: pipeline.Blob{Digest: digest("same"), Size: 4}, Source: "mail"}
	for range 2 { // the second is the same delivery again and must not count
		r, err := w.Accept(ctx, d)
		w.ok(err)
		if !r.Duplicate || r.Of != doc.ID || r.Document.ID != doc.ID || r.Document.Delivery.Journal != "2026-000001" {
			w.Fatalf("receipt is %+v", r)
		}
	}
	if n := w.entry(doc.ID).Duplicates; n != 1 {
		w.Errorf("%d duplicates are counted, want 1", n)
	}
	if next := w.deliver("other"); next.Delivery.Journal != "2026-000002" {
		w.Errorf("a duplicate took a journal number: the next got %s", next.Delivery.Journal)
	}
	w.ok(w.Refuse(ctx, w.claim(doc.ID, pipeline.StepOpen, 0, "p"), fault))
	r, err := w.Accept(ctx, pipeline.Delivery{Original: pipeline.Blob{Digest: digest("same"), Size: 4}})
	w.ok(err)
	if r.Duplicate || r.Document.ID == doc.ID {
		w.Errorf("bytes that were refused came again and gave %+v", r)
	}
	events, err := w.History(ctx, doc.ID)
	w.ok(err)
	if len(events) != 3 || events[1].Kind != "duplicate" || events[2].Kind != "refused" {
		w.Errorf("history is %+v", events)
	}
}

func testJournal(w *world) {
	ctx := w.Context()
	const workers, each = 8, 12
	var group sync.WaitGroup
	for k := range workers {
		group.Go(func() {
			for i := range each {
				d := pipeline.Delivery{Original: pipeline.Blob{Digest: digest(fmt.Sprint(k, i)), Size: 1}}
				if i%3 == 2 { // an intake that is given up half-way leaves no gap
					given, cancel := context.WithCancel(ctx)
					go cancel()
					w.Accept(given, d) //nolint:errcheck // either way is right
				}
				if i%4 == 3 { // a new year begins
					d.Received = time.Date(2027, 1, 1, 0, 30, 0, 0, time.UTC)
				}
				if _, err := w.Accept(ctx, d); err != nil {
					w.Error(err)
				}
			}
		})
	}
	group.Wait()
	total := 0
	for _, year := range []int{2026, 2027} {
		after := 0
		for want := 1; ; {
			list, next, err := w.Journal(ctx, year, after, 7)
			w.ok(err)
			ids := []pipeline.DocID{"no such letter"}
			for _, e := range list {
				ids = append(ids, e.Document.ID)
			}
			numbers, err := w.JournalNumbers(ctx, ids)
			w.ok(err)
			if len(numbers) != len(list) {
				w.Errorf("%d letters have %d numbers", len(list), len(numbers))
			}
			for _, e := range list {
				if got := numbers[e.Document.ID]; got != e.Document.Delivery.Journal {
					w.Errorf("number %s is told as %q", e.Document.Delivery.Journal, got)
				}
				if got := e.Document.Delivery.Journal; got != fmt.Sprintf("%d-%06d", year, want) {
					w.Fatalf("number %d of %d is %s", want, year, got)
				}
				want++
				total++
			}
			if after = next; after == 0 {
				break
			}
		}
	}
	if total != workers*each {
		w.Errorf("the journal has %d deliveries, want %d", total, workers*each)
	}
}
