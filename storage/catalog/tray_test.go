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

// testFiledAnew files an archived letter elsewhere: the other department sees it as
// new and at once, the first no more, and it is never made anew.
func testFiledAnew(w *world) {
	ctx := w.Context()
	doc := w.archive(w.deliver("b"))
	dept := doc.Filing.Department
	sees := func(d pipeline.DeptID) (tray, facets int) {
		sight := catalog.Sight{Departments: []pipeline.DeptID{d}}
		t, err := w.Tray(ctx, catalog.Desk{Accounts: []string{"x"}, Filter: catalog.Filter{Sight: &sight}, Own: sight.Departments, Day: w.clock.Now()})
		w.ok(err)
		f, err := w.Facets(ctx, catalog.Filter{Sight: &sight})
		w.ok(err)
		for _, c := range f.Departments {
			facets += c.N
		}
		return len(t.New), facets
	}
	check := func(when string, d pipeline.DeptID, tray, facets int) {
		w.Helper()
		if gotTray, gotFacets := sees(d); gotTray != tray || gotFacets != facets {
			w.Errorf("%s: department %s sees %d new and %d at all, want %d and %d", when, d, gotTray, gotFacets, tray, facets)
		}
	}
	_, err := w.Do(ctx, catalog.Deed{Doc: doc.ID, Kind: catalog.Assign, Assignee: "x", By: "x"})
	w.ok(err)
	check("before", dept, 0, 1)

	why := &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "not-ours", Text: pipeline.Message{DE: "?", EN: "?"}}
	w.ok(w.SendBack(ctx, doc.ID, "x", why, pipeline.StepArchive))
	check("sent back", dept, 0, 0)
	bell, err := w.Retry(ctx, doc.ID, pipeline.StepOpen, "meyer")
	w.ok(err)
	if bell.Step != pipeline.StepArchive {
		w.Errorf("a letter that is archived goes on at %s", bell.Step)
	}
	finish := func(bell catalog.Bell) {
		w.Helper()
		for _, next := range []pipeline.StepName{pipeline.StepAccount, ""} {
			job, err := w.Claim(ctx, doc.ID, w.entry(doc.ID).Step, bell.Gen, "worker", time.Minute)
			w.ok(err)
			w.ok(w.Advance(ctx, job, job.Document, next, nil))
		}
	}
	finish(bell)
	check("right after all", dept, 0, 1) // and still on the colleague's desk

	bell, err = w.Decide(ctx, doc.ID, catalog.Decision{Department: "63", Type: "63-BAU", By: "meyer", Grace: time.Minute}, pipeline.StepArchive)
	w.ok(err)
	check("decided", dept, 0, 0)
	w.ok(w.Undecide(ctx, doc.ID, bell.Gen, "meyer"))
	if work, _, err := w.Deeds(ctx, doc.ID); err != nil || work.Assignee != "x" || work.Department != dept {
		w.Errorf("taken back, the work is %+v, %v", work, err)
	}
	bell, err = w.Decide(ctx, doc.ID, catalog.Decision{Department: "63", Type: "63-BAU", By: "meyer"}, pipeline.StepArchive)
	w.ok(err)
	finish(bell)
	check("filed anew", dept, 0, 0)
	check("filed anew", "63", 1, 1)
}
