package catalog_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/storage/catalog/catalogtest"
)

// world is a fresh catalogue with a clock that the test turns.
type world struct {
	*testing.T
	*catalog.Catalog
	dsn   string
	clock *clock
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// suite is every test that both databases must pass.
var suite = map[string]func(*world){
	"intake":          testIntake,
	"duplicates":      testDuplicates,
	"journal":         testJournal,
	"route":           testRoute,
	"claims":          testClaims,
	"crashes":         testCrashes,
	"overtaken":       testOvertaken,
	"clock jumps":     testClockJumps,
	"contest":         testContest,
	"unproven":        testUnproven,
	"people":          testPeople,
	"list":            testList,
	"ledger":          testLedger,
	"references":      testReferences,
	"restore":         testRestore,
	"evidence":        testEvidence,
	"tampering":       testTampering,
	"search":          testSearch,
	"search pages":    testSearchPages,
	"search snippets": testSnippets,
	"search upkeep":   testSearchUpkeep,
	"search bounds":   testSearchBounds,
	"odd bytes":       testOddBytes,
}

// places are tests that open the catalogue in their own way.
var places = map[string]func(t *testing.T, dsn string){
	"kill":         testKill,
	"migration":    testMigration,
	"open at once": testOpenAtOnce,
}

func TestSQLite(t *testing.T) {
	runSuite(t, func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "books", "catalog.db") })
}

func TestPostgres(t *testing.T) {
	server := catalogtest.Start(t)
	runSuite(t, func(t *testing.T) string { return server.Database(t) })
}

func runSuite(t *testing.T, dsn func(*testing.T) string) {
	for name, test := range suite {
		t.Run(name, func(t *testing.T) { test(open(t, dsn(t))) })
	}
	for name, test := range places {
		t.Run(name, func(t *testing.T) { test(t, dsn(t)) })
	}
}

func open(t *testing.T, dsn string) *world {
	t.Helper()
	w := &world{T: t, dsn: dsn, clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	w.Catalog = w.reopen()
	return w
}

func (w *world) reopen() *catalog.Catalog {
	w.Helper()
	c, err := catalog.Open(w.Context(), w.dsn, catalog.Options{
		Clock: w.clock.Now, Zone: time.UTC, KeyFile: filepath.Join(w.TempDir(), "keys", "log.key"),
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { c.Close() })
	return c
}

func digest(s string) pipeline.Digest {
	sum := sha256.Sum256([]byte(s))
	return pipeline.Digest(hex.EncodeToString(sum[:]))
}

// deliver takes in a delivery of the bytes content.
func (w *world) deliver(content string) pipeline.Document {
	w.Helper()
	r, err := w.Accept(w.Context(), pipeline.Delivery{
		Original: pipeline.Blob{Digest: digest(content), Size: int64(len(content))}, Name: "scan.pdf", Media: "application/pdf",
		Source: "upload", Language: "deu", Mode: pipeline.ModeSkip,
	})
	if err != nil {
		w.Fatal(err)
	}
	return r.Document
}

func (w *world) claim(id pipeline.DocID, step pipeline.StepName, gen int, owner string) catalog.Job {
	w.Helper()
	job, err := w.Claim(w.Context(), id, step, gen, owner, time.Minute)
	if err != nil {
		w.Fatal(err)
	}
	return job
}

func (w *world) entry(id pipeline.DocID) catalog.Entry {
	w.Helper()
	e, err := w.Get(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return e
}

// ok ends the test at an error; is if the error is not the one wanted.
func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) is(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Fatalf("got error %v, want %v", err, want)
	}
}

// finished fills in what a document needs to be archived.
func finished(doc pipeline.Document) pipeline.Document {
	doc.Pages = []pipeline.Page{{No: 1}}
	doc.PDF = &pipeline.PDF{Blob: pipeline.Blob{Digest: digest("pdf" + string(doc.ID)), Size: 3}, Check: pipeline.Validation{Valid: true, Flavour: "2u"}}
	if doc.Filing == nil {
		doc.Filing = &pipeline.Filing{Department: "32", Type: "32-OWI", Confidence: 0.97, Sure: true}
	}
	doc.Record = &pipeline.Record{Prefix: "2026/" + string(doc.ID), Manifest: digest("manifest" + string(doc.ID)),
		At: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	return doc
}

// archive brings a fresh document to its end with these texts.
func (w *world) archive(doc pipeline.Document, texts ...pipeline.PageText) pipeline.Document {
	w.Helper()
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "test")
	doc = finished(doc)
	for i := range texts {
		if i >= len(doc.Pages) {
			doc.Pages = append(doc.Pages, pipeline.Page{No: i + 1})
		}
	}
	w.ok(w.Advance(w.Context(), job, doc, "", texts))
	return doc
}

// text makes the words of a page; lines end in "\n", an empty line ends a
// paragraph.
func text(s string) pipeline.PageText {
	t := pipeline.PageText{Width: 2480, Height: 3508, DPI: 300}
	par := 0
	for line, l := range strings.Split(s, "\n") {
		if l == "" {
			par++
		}
		for _, word := range strings.Fields(l) {
			t.Words = append(t.Words, pipeline.Word{Text: word, Conf: 1, Par: par, Line: line})
		}
	}
	return t
}

var fault = &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "unsure", Text: pipeline.Message{DE: "unklar", EN: "unsure"}, Page: 2}

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
			for _, e := range list {
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
		for {
			bells, err := w.Unfinished(ctx, w.clock.Now(), docs)
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
				for i, s := range route[:len(route)-1] {
					if s == b.Step {
						next = route[i+1]
					}
				}
				if next == "" {
					doc = finished(doc)
				}
				if err := w.Advance(ctx, job, doc, next, []pipeline.PageText{text("Bescheid über die Gebühren " + owner)}); err != nil {
					return err
				}
				mu.Lock()
				done[string(b.Doc)+" "+string(b.Step)]++
				mu.Unlock()
			}
		}
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
	// A letter in the wrong tray is sent back after it was archived.
	done := w.archive(w.deliver("b"))
	bell, err = w.Decide(ctx, done.ID, dec, pipeline.StepArchive)
	w.ok(err)
	if e := w.entry(done.ID); e.State != pipeline.Working || e.Step != pipeline.StepArchive || bell.Gen != 1 {
		w.Errorf("entry is %+v", e)
	}
}
