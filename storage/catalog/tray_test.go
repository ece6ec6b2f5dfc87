package catalog_test

import (
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// waiting takes a letter in and puts it into the tray.
func (w *world) waiting(name string) pipeline.DocID {
	w.Helper()
	doc := w.deliver(name)
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "p")
	guess := job.Document
	guess.Filing = &pipeline.Filing{Department: "32", Type: "32-OWI", Confidence: 0.4, Fields: []pipeline.Field{{Name: "iban", Value: "DE1"}}}
	w.ok(w.Park(w.Context(), job, fault, guess))
	return doc.ID
}

func testTray(w *world) {
	ctx := w.Context()
	var want []pipeline.DocID
	for _, name := range []string{"a", "b", "c", "d"} {
		want = append(want, w.waiting(name))
		w.clock.turn(time.Second)
	}
	w.deliver("not waiting")
	var got []pipeline.DocID
	after := catalog.Cursor("")
	for {
		list, err := w.Waiting(ctx, after, 2)
		w.ok(err)
		if len(list) == 0 {
			break
		}
		for _, e := range list {
			got = append(got, e.Document.ID)
			after = e.Place()
		}
	}
	if len(got) != 4 || got[0] != want[0] || got[3] != want[3] {
		w.Errorf("the tray is %v, want %v", got, want)
	}
	if n, err := w.Held(ctx); err != nil || n != 4 {
		w.Errorf("%d are held, %v", n, err)
	}
	if _, err := w.Waiting(ctx, "nonsense", 1); err == nil {
		w.Error("a place that is none was taken")
	}
}

func testUndecide(w *world) {
	ctx := w.Context()
	id := w.waiting("a")
	dec := catalog.Decision{
		Department: "63", Type: "63-BAU", By: "schmidt", Grace: time.Minute,
		Fields: []pipeline.Field{{Name: "iban", Value: "DE2", Confidence: 1}},
	}
	bell, err := w.Decide(ctx, id, dec, pipeline.StepArchive)
	w.ok(err)
	if wait := bell.Due.Sub(w.clock.Now()); wait != time.Minute {
		w.Errorf("the document goes on in %s", wait)
	}
	_, err = w.Claim(ctx, id, pipeline.StepArchive, bell.Gen, "p", time.Minute)
	w.is(err, catalog.ErrNotClaimable)
	if f := w.entry(id).Document.Filing; f.Fields[0].Value != "DE2" {
		w.Errorf("the fields are %+v", f.Fields)
	}
	w.is(w.Undecide(ctx, id, bell.Gen+1, "schmidt"), catalog.ErrWentOn)
	w.ok(w.Undecide(ctx, id, bell.Gen, "schmidt"))
	e := w.entry(id)
	f := e.Document.Filing
	if e.State != pipeline.Waiting || e.Step != pipeline.StepOpen || e.Fault == nil || e.Fault.Code != "unsure" || e.Gen != bell.Gen+1 ||
		f.Type != "32-OWI" || f.DecidedBy != "" || f.Sure || f.Fields[0].Value != "DE1" {
		w.Errorf("the entry is %+v, its filing %+v", e, f)
	}
	if list, err := w.Decisions(ctx, id); err != nil || len(list) != 0 {
		w.Errorf("decisions are %+v, %v", list, err)
	}
	w.is(w.Undecide(ctx, id, bell.Gen, "schmidt"), catalog.ErrWentOn)

	// The second decision is left alone and goes on after its grace.
	bell, err = w.Decide(ctx, id, dec, pipeline.StepArchive)
	w.ok(err)
	w.clock.turn(time.Minute)
	w.claim(id, pipeline.StepArchive, bell.Gen, "p")
	w.is(w.Undecide(ctx, id, bell.Gen, "schmidt"), catalog.ErrWentOn)

	events, err := w.History(ctx, id)
	w.ok(err)
	var kinds []string
	for _, ev := range events {
		kinds = append(kinds, ev.Kind)
		if strings.Contains(string(ev.Detail), "DE1") || strings.Contains(string(ev.Detail), "DE2") {
			w.Error("a field went into the evidence")
		}
	}
	if got := strings.Join(kinds, " "); got != "accepted parked decided undecided decided" {
		w.Errorf("history is %s", got)
	}
}

// testNotOurs sends an archived letter back to the tray, decides it, takes that
// back, and decides it for good.
func testNotOurs(w *world) {
	ctx := w.Context()
	why := &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "not-ours", Text: pipeline.Message{DE: "Gehört nicht zu uns: geheim", EN: "Not ours: geheim"}}
	waiting := w.waiting("w")
	w.is(w.SendBack(ctx, waiting, "bauamt", why, pipeline.StepArchive), catalog.ErrNotWaiting)
	done := w.archive(w.deliver("b"))
	w.ok(w.SendBack(ctx, done.ID, "bauamt", why, pipeline.StepArchive))
	e := w.entry(done.ID)
	if e.State != pipeline.Waiting || e.Fault == nil || e.Fault.Code != "not-ours" || e.Document.Record == nil || e.Document.Filing == nil {
		w.Fatalf("the entry is %+v", e)
	}
	bell, err := w.Decide(ctx, done.ID, catalog.Decision{Department: "63", Type: "63-BAU", By: "schmidt", Grace: time.Minute}, pipeline.StepArchive)
	w.ok(err)
	w.ok(w.Undecide(ctx, done.ID, bell.Gen, "schmidt"))
	if e = w.entry(done.ID); e.State != pipeline.Waiting || e.Fault.Code != "not-ours" {
		w.Errorf("the entry is %+v", e)
	}
	events, err := w.History(ctx, done.ID)
	w.ok(err)
	for _, ev := range events {
		if strings.Contains(string(ev.Detail), "geheim") {
			w.Error("the reason went into the evidence")
		}
	}
}
