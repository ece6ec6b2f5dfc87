package catalog_test

import (
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

func testPeople(w *world) {
	ctx := w.Context()
	doc := w.deliver("a")
	_, err := w.Decide(ctx, doc.ID, catalog.Decision{Type: "t", Department: "d", By: "b"}, pipeline.StepClassify)
	w.is(err, catalog.ErrNotWaiting)
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "p")
	guess := job.Document
	guess.Filing = &pipeline.Filing{
		Department: "32", Type: "32-OWI", Confidence: 0.4, Handling: "scan", RetainFor: pipeline.Retention{Years: 2},
		Candidates: []pipeline.Candidate{{Department: "32", Type: "32-OWI"}, {Department: "63", Type: "63-BAU"}},
	}
	w.ok(w.Park(ctx, job, fault, guess))
	e := w.entry(doc.ID)
	if e.State != pipeline.Waiting || e.Step != pipeline.StepOpen || e.Fault == nil || e.Fault.Page != 2 || len(e.Document.Filing.Candidates) != 2 {
		w.Fatalf("parked entry is %+v", e)
	}
	_, err = w.Decide(ctx, doc.ID, catalog.Decision{Type: "t", Department: "d"}, pipeline.StepClassify)
	if err == nil {
		w.Error("a decision without an author was taken")
	}
	dec := catalog.Decision{Department: "63", Type: "63-BAU", By: "schmidt", Note: "wegen des Bauplans", RetainFor: pipeline.Retention{Permanent: true}}
	bell, err := w.Decide(ctx, doc.ID, dec, pipeline.StepArchive)
	w.ok(err)
	if bell.Gen != 1 || bell.Step != pipeline.StepArchive || bell.Doc != doc.ID {
		w.Errorf("bell is %+v", bell)
	}
	e = w.entry(doc.ID)
	f := e.Document.Filing
	if e.State != pipeline.Working || e.Gen != 1 || e.Fault != nil || f.Type != "63-BAU" || f.DecidedBy != "schmidt" || !f.Sure ||
		!f.RetainFor.Permanent || f.Handling != "" || len(f.Candidates) != 2 {
		w.Errorf("decided entry is %+v, filing %+v", e, f)
	}
	_, err = w.Claim(ctx, doc.ID, pipeline.StepOpen, 0, "p", time.Minute)
	w.is(err, catalog.ErrNotClaimable)
	job = w.claim(doc.ID, pipeline.StepArchive, 1, "p")
	w.ok(w.Refuse(ctx, job, fault))
	if e := w.entry(doc.ID); e.State != pipeline.Refused || e.Fault.Code != "unsure" {
		w.Errorf("refused entry is %+v", e)
	}
	bell, err = w.Retry(ctx, doc.ID, pipeline.StepOpen, "schmidt")
	w.ok(err)
	if bell.Gen != 2 || w.entry(doc.ID).State != pipeline.Working {
		w.Errorf("bell is %+v", bell)
	}
	_, err = w.Retry(ctx, doc.ID, pipeline.StepOpen, "schmidt")
	w.is(err, catalog.ErrNotWaiting)
	_, err = w.Retry(ctx, "none", pipeline.StepOpen, "schmidt")
	w.is(err, catalog.ErrUnknown)
	list, err := w.Decisions(ctx, doc.ID)
	w.ok(err)
	if len(list) != 1 || list[0].By != "schmidt" || list[0].Note != dec.Note || !list[0].At.Equal(w.clock.Now()) {
		w.Errorf("decisions are %+v", list)
	}
	events, err := w.History(ctx, doc.ID)
	w.ok(err)
	var kinds []string
	for _, ev := range events {
		kinds = append(kinds, ev.Kind)
		if strings.Contains(string(ev.Detail), "Bauplan") {
			w.Error("a note went into the evidence")
		}
	}
	if got := strings.Join(kinds, " "); got != "accepted parked decided refused retried" {
		w.Errorf("history is %s", got)
	}
}

// testSentBack sends a letter back that lay in the wrong tray of the archive.
func testSentBack(w *world) {
	ctx := w.Context()
	dec := catalog.Decision{Department: "63", Type: "63-BAU", By: "schmidt"}
	done := w.archive(w.deliver("b"))
	bell, err := w.Decide(ctx, done.ID, dec, pipeline.StepArchive)
	w.ok(err)
	if e := w.entry(done.ID); e.State != pipeline.Working || e.Step != pipeline.StepArchive || bell.Gen != 1 {
		w.Errorf("entry is %+v", e)
	}
	w.ok(w.Refuse(ctx, w.claim(done.ID, pipeline.StepArchive, 1, "p"), fault))
	if e := w.entry(done.ID); e.State != pipeline.Waiting {
		w.Errorf("a document in the archive was refused: %+v", e)
	}
}

// testUnlock sends a document on that waits for a password: once, in its
// generation, and only if it waits for that.
func testUnlock(w *world) {
	ctx := w.Context()
	doc := w.deliver("locked")
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "p")
	locked := &pipeline.Fault{Verdict: pipeline.AskPerson, Code: catalog.FaultEncrypted, Text: pipeline.Message{DE: "Passwort?", EN: "Password?"}}
	w.ok(w.Park(ctx, job, locked, job.Document))
	unlocked := pipeline.Blob{Digest: pipeline.Digest(strings.Repeat("ab", 32)), Size: 7}
	if _, err := w.Unlock(ctx, doc.ID, 0, pipeline.Blob{}, pipeline.StepOpen, "schmidt"); err == nil {
		w.Error("unlocked without a copy")
	}
	_, err := w.Unlock(ctx, doc.ID, 1, unlocked, pipeline.StepOpen, "schmidt")
	w.is(err, catalog.ErrNotWaiting)
	_, err = w.Unlock(ctx, "none", 0, unlocked, pipeline.StepOpen, "schmidt")
	w.is(err, catalog.ErrUnknown)
	bell, err := w.Unlock(ctx, doc.ID, 0, unlocked, pipeline.StepOpen, "schmidt")
	w.ok(err)
	e := w.entry(doc.ID)
	if bell.Gen != 1 || e.State != pipeline.Working || e.Step != pipeline.StepOpen || e.Fault != nil || e.Document.Source.Unlocked != unlocked {
		w.Errorf("bell %+v, entry %+v", bell, e)
	}
	_, err = w.Unlock(ctx, doc.ID, 1, unlocked, pipeline.StepOpen, "schmidt")
	w.is(err, catalog.ErrNotWaiting)
	var kept []pipeline.Digest
	w.ok(w.References(ctx, func(d pipeline.Digest) error { kept = append(kept, d); return nil }))
	if !slices.Contains(kept, unlocked.Digest) {
		w.Error("a sweep would take the copy")
	}
	job = w.claim(doc.ID, pipeline.StepOpen, 1, "p")
	w.ok(w.Park(ctx, job, &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "unsure"}, job.Document))
	_, err = w.Unlock(ctx, doc.ID, 1, unlocked, pipeline.StepOpen, "schmidt")
	w.is(err, catalog.ErrNotWaiting)
	events, err := w.History(ctx, doc.ID)
	w.ok(err)
	if last := events[len(events)-2]; last.Kind != "unlocked" || last.Actor != "schmidt" || string(last.Detail) != `{"from":"open","gen":1}` {
		w.Errorf("the evidence is %+v", last)
	}
}
