package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

func testRoute(w *world) {
	ctx := w.Context()
	doc := w.deliver("a")
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "p")
	if job.Attempt != 1 || job.Crashes != 0 || job.Document.ID != doc.ID {
		w.Fatalf("job is %+v", job)
	}
	doc = job.Document
	doc.Pages = []pipeline.Page{{No: 1}, {No: 2}}
	w.ok(w.Advance(ctx, job, doc, pipeline.StepRead, nil))
	bells, err := w.Unfinished(ctx, w.clock.Now(), 10)
	w.ok(err)
	if len(bells) != 1 || bells[0].Step != pipeline.StepRead || bells[0].Pages != 2 {
		w.Fatalf("bells are %+v", bells)
	}
	job = w.claim(doc.ID, pipeline.StepRead, 0, "p")
	again := &pipeline.Fault{Verdict: pipeline.TryAgain, Code: "store-away", Err: errors.New("secret cause")}
	w.ok(w.Defer(ctx, job, again, w.clock.Now().Add(time.Minute)))
	e := w.entry(doc.ID)
	if e.Fault == nil || e.Fault.Code != "store-away" || e.Attempt != 1 || e.Owner != "" {
		w.Errorf("deferred entry is %+v", e)
	}
	_, err = w.Claim(ctx, doc.ID, pipeline.StepRead, 0, "p", time.Minute)
	w.is(err, catalog.ErrNotClaimable)
	if bells, _ := w.Unfinished(ctx, w.clock.Now(), 10); len(bells) != 0 {
		w.Errorf("a document that is not due is rung: %+v", bells)
	}
	w.clock.turn(time.Minute)
	job = w.claim(doc.ID, pipeline.StepRead, 0, "p")
	if job.Attempt != 2 || job.Crashes != 0 {
		w.Errorf("second try is %+v", job)
	}
	w.ok(w.Defer(ctx, job, nil, w.clock.Now()))
	job = w.claim(doc.ID, pipeline.StepRead, 0, "p")
	if job.Attempt != 2 || job.Crashes != 0 {
		w.Errorf("after being given back unhurt the job is %+v", job)
	}
	w.ok(w.Advance(ctx, job, finished(doc), "", nil))
	e = w.entry(doc.ID)
	if e.State != pipeline.Archived || e.Step != "" || e.Archived.IsZero() || e.Fault != nil {
		w.Errorf("archived entry is %+v", e)
	}
	_, err = w.Claim(ctx, doc.ID, pipeline.StepRead, 0, "p", time.Minute)
	w.is(err, catalog.ErrNotClaimable)
	_, err = w.Claim(ctx, "none", pipeline.StepRead, 0, "p", time.Minute)
	w.is(err, catalog.ErrUnknown)
	altered := doc
	altered.Delivery.Original.Digest = digest("forged")
	w.is(w.Advance(ctx, job, altered, pipeline.StepRead, nil), catalog.ErrChanged)
}

func testClaims(w *world) {
	ctx := w.Context()
	doc := w.deliver("a")
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "p")
	for _, c := range []struct {
		name string
		step pipeline.StepName
		gen  int
	}{{"leased", pipeline.StepOpen, 0}, {"other step", pipeline.StepRead, 0}, {"other generation", pipeline.StepOpen, 1}} {
		_, err := w.Claim(ctx, doc.ID, c.step, c.gen, "q", time.Minute)
		if !errors.Is(err, catalog.ErrNotClaimable) {
			w.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := w.Claim(ctx, doc.ID, pipeline.StepOpen, 0, "", time.Minute); err == nil {
		w.Error("a claim without an owner was given")
	}
	w.clock.turn(50 * time.Second)
	w.ok(w.Extend(ctx, job, time.Minute))
	w.clock.turn(50 * time.Second)
	_, err := w.Claim(ctx, doc.ID, pipeline.StepOpen, 0, "q", time.Minute)
	w.is(err, catalog.ErrNotClaimable)
	w.clock.turn(11 * time.Second)
	if bells, _ := w.Unfinished(ctx, w.clock.Now(), 10); len(bells) != 1 {
		w.Errorf("a document whose lease ran out is not rung: %+v", bells)
	}
	// Nobody took it over, so its slow owner may still finish.
	w.ok(w.Advance(ctx, job, job.Document, pipeline.StepRead, nil))
}

func testCrashes(w *world) {
	ctx := w.Context()
	a, b := w.deliver("a"), w.deliver("b")
	w.claim(a.ID, pipeline.StepOpen, 0, "p1")
	w.clock.turn(2 * time.Minute)
	job := w.claim(a.ID, pipeline.StepOpen, 0, "p2")
	if job.Crashes != 1 || job.Attempt != 2 {
		w.Errorf("after a lease ran out the job is %+v", job)
	}
	w.claim(b.ID, pipeline.StepOpen, 0, "p2")
	n, err := w.ReleaseOwner(ctx, "p2")
	w.ok(err)
	if n != 2 {
		w.Errorf("%d claims were released, want 2", n)
	}
	if n, _ := w.ReleaseOwner(ctx, "p2"); n != 0 {
		w.Errorf("%d claims were released twice", n)
	}
	job = w.claim(a.ID, pipeline.StepOpen, 0, "p3")
	if job.Crashes != 2 || job.Attempt != 3 {
		w.Errorf("after its owner was declared dead the job is %+v", job)
	}
	w.ok(w.Advance(ctx, job, job.Document, pipeline.StepRead, nil))
	if job = w.claim(a.ID, pipeline.StepRead, 0, "p3"); job.Crashes != 0 || job.Attempt != 1 {
		w.Errorf("crashes were carried to the next step: %+v", job)
	}
}

func testOvertaken(w *world) {
	ctx := w.Context()
	doc := w.deliver("a")
	old := w.claim(doc.ID, pipeline.StepOpen, 0, "p")
	w.clock.turn(2 * time.Minute)
	young := w.claim(doc.ID, pipeline.StepOpen, 0, "p") // the same process, another try
	events, err := w.History(ctx, doc.ID)
	w.ok(err)
	late := old.Document
	late.Pages = []pipeline.Page{{No: 1}}
	late.Savings = []pipeline.Saving{{ID: "late"}}
	w.is(w.Advance(ctx, old, late, pipeline.StepRead, []pipeline.PageText{text("verspätet")}), catalog.ErrLost)
	w.is(w.Extend(ctx, old, time.Minute), catalog.ErrLost)
	w.is(w.Defer(ctx, old, nil, w.clock.Now()), catalog.ErrLost)
	w.is(w.Park(ctx, old, fault, late), catalog.ErrLost)
	w.is(w.Refuse(ctx, old, fault), catalog.ErrLost)
	after, err := w.History(ctx, doc.ID)
	w.ok(err)
	ledger, err := w.Savings(ctx, time.Time{}, time.Time{})
	w.ok(err)
	hits, err := w.Search(ctx, catalog.Query{Words: "verspätet"})
	w.ok(err)
	if len(after) != len(events) || len(ledger) != 0 || hits.Total != 0 || len(w.entry(doc.ID).Document.Pages) != 0 {
		w.Error("a worker that was overtaken left something")
	}
	w.ok(w.Advance(ctx, young, young.Document, pipeline.StepRead, nil))
	w.is(w.Advance(ctx, young, young.Document, pipeline.StepRead, nil), catalog.ErrLost)
}

func testClockJumps(w *world) {
	ctx := w.Context()
	a, b := w.deliver("a"), w.deliver("b")
	w.clock.turn(365 * 24 * time.Hour)
	w.claim(a.ID, pipeline.StepOpen, 0, "p")
	w.ok(w.Defer(ctx, w.claim(b.ID, pipeline.StepOpen, 0, "p"), fault, w.clock.Now().Add(time.Hour)))
	w.clock.turn(-365 * 24 * time.Hour)
	bells, err := w.Unfinished(ctx, w.clock.Now(), 10)
	w.ok(err)
	if len(bells) != 2 {
		w.Errorf("after the clock went back a year %d of 2 documents are rung", len(bells))
	}
	w.claim(a.ID, pipeline.StepOpen, 0, "q")
	w.claim(b.ID, pipeline.StepOpen, 0, "q")
	if _, err := w.Claim(ctx, a.ID, pipeline.StepOpen, 0, "r", time.Minute); !errors.Is(err, catalog.ErrNotClaimable) {
		w.Errorf("a living claim was taken over: %v", err)
	}
}

// testContest lets eight workers fight for every step of some documents; each
// step must be done once.
func testContest(w *world) {
	ctx := w.Context()
	route := []pipeline.StepName{pipeline.StepOpen, pipeline.StepRead, pipeline.StepArchive}
	const docs, workers = 12, 8
	for i := range docs {
		w.deliver(fmt.Sprint(i))
	}
	var mu sync.Mutex
	done := map[string]int{}
	work := func(owner string) error {
		return w.workAll(owner, route, func(step string) {
			mu.Lock()
			defer mu.Unlock()
			done[step]++
		})
	}
	var group sync.WaitGroup
	for k := range workers {
		group.Go(func() {
			if err := work(fmt.Sprint("worker ", k)); err != nil {
				w.Error(err)
			}
		})
	}
	group.Wait()
	// A worker may leave while another still holds the last claims.
	w.ok(work("last"))
	if len(done) != docs*len(route) {
		w.Errorf("%d steps were done, want %d", len(done), docs*len(route))
	}
	for key, n := range done {
		if n != 1 {
			w.Errorf("%s was done %d times", key, n)
		}
	}
	counts, err := w.Counts(ctx)
	w.ok(err)
	if counts.States[pipeline.Archived] != docs {
		w.Errorf("counts are %+v", counts)
	}
	w.ok(w.VerifyLog(ctx, nil))
}

// workAll does all steps that it can get, and tells of each.
func (w *world) workAll(owner string, route []pipeline.StepName, tell func(step string)) error {
	ctx := w.Context()
	for {
		bells, err := w.Unfinished(ctx, w.clock.Now(), 100)
		if err != nil || len(bells) == 0 {
			return err
		}
		for _, b := range bells {
			job, err := w.Claim(ctx, b.Doc, b.Step, b.Gen, owner, time.Hour)
			if errors.Is(err, catalog.ErrNotClaimable) {
				continue
			}
			if err != nil {
				return err
			}
			doc, next := job.Document, pipeline.StepName("")
			if i := slices.Index(route, b.Step); i+1 < len(route) {
				next = route[i+1]
			} else {
				doc = finished(doc)
			}
			if err := w.Advance(ctx, job, doc, next, []pipeline.PageText{text("Bescheid über die Gebühren " + owner)}); err != nil {
				return err
			}
			tell(string(b.Doc) + " " + string(b.Step))
		}
	}
}

func testUnproven(w *world) {
	ctx := w.Context()
	job := w.claim(w.deliver("a").ID, pipeline.StepOpen, 0, "p")
	for name, spoil := range map[string]func(*pipeline.Document){
		"no record":      func(d *pipeline.Document) { d.Record = nil },
		"no manifest":    func(d *pipeline.Document) { d.Record = &pipeline.Record{} },
		"no PDF":         func(d *pipeline.Document) { d.PDF = nil },
		"invalid PDF":    func(d *pipeline.Document) { d.PDF = &pipeline.PDF{} },
		"no filing":      func(d *pipeline.Document) { d.Filing = nil },
		"guessed filing": func(d *pipeline.Document) { d.Filing = &pipeline.Filing{Type: "x", Department: "y"} },
	} {
		doc := finished(job.Document)
		spoil(&doc)
		if err := w.Advance(ctx, job, doc, "", nil); !errors.Is(err, catalog.ErrUnproven) {
			w.Errorf("%s: got %v", name, err)
		}
	}
	if e := w.entry(job.Document.ID); e.State != pipeline.Working {
		w.Errorf("state is %s", e.State)
	}
}
