package catalog_test

import (
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// decideArchived files a letter that is in the archive and archives it again.
func (w *world) decideArchived(id pipeline.DocID, typ pipeline.TypeCode, by string) {
	w.Helper()
	w.clock.turn(time.Minute)
	bell, err := w.Decide(w.Context(), id, catalog.Decision{Department: "63", Type: typ, By: by}, pipeline.StepArchive)
	w.ok(err)
	job := w.claim(id, pipeline.StepArchive, bell.Gen, "p")
	w.ok(w.Advance(w.Context(), job, finished(job.Document), "", nil))
}

func (w *world) examples(perType int) []catalog.Example {
	w.Helper()
	var list []catalog.Example
	w.ok(w.Examples(w.Context(), perType, func(e catalog.Example) error {
		list = append(list, e)
		return nil
	}))
	return list
}

// testLearning lists what may be learned from: the last word of a person on each
// archived letter, and never the machine's own guess.
func testLearning(w *world) {
	ctx := w.Context()
	guessed := w.archive(w.deliver("a"), text("von der Maschine abgelegt"))
	if got := w.examples(10); len(got) > 0 {
		w.Fatalf("the machine's guess is an example: %+v", got)
	}
	first := w.archive(w.deliver("b"), text("Bauantrag"), text("Lageplan"))
	w.decideArchived(first.ID, "63-VB", "schmidt")
	w.decideArchived(first.ID, "63-BA", "schmidt") // sent back and corrected
	second := w.archive(w.deliver("c"), text("Noch ein Bauantrag"))
	w.decideArchived(second.ID, "63-BA", "weber")

	got := w.examples(10)
	if len(got) != 2 || got[0].Doc != second.ID || got[1].Doc != first.ID || got[1].Type != "63-BA" ||
		!slices.Equal(got[1].Pages, []string{"Bauantrag\n", "Lageplan\n"}) {
		w.Errorf("examples are %+v", got)
	}
	if got := w.examples(1); len(got) != 1 || got[0].Doc != second.ID {
		w.Errorf("the newest example of a type is %+v", got)
	}
	lessons, err := w.Lessons(ctx)
	w.ok(err)
	if lessons != (catalog.Lessons{Decisions: 3}) {
		w.Errorf("lessons are %+v", lessons)
	}

	w.ok(w.Withdraw(ctx, first.ID, "dsb"))
	w.ok(w.Withdraw(ctx, first.ID, "dsb"))
	w.is(w.Withdraw(ctx, "none", "dsb"), catalog.ErrUnknown)
	if got := w.examples(10); len(got) != 1 || got[0].Doc != second.ID {
		w.Errorf("after a withdrawal examples are %+v", got)
	}
	lessons, err = w.Lessons(ctx)
	w.ok(err)
	if lessons != (catalog.Lessons{Decisions: 3, Withdrawn: 1}) {
		w.Errorf("lessons are %+v", lessons)
	}
	bell, err := w.Decide(ctx, guessed.ID, catalog.Decision{Department: "63", Type: "63-BA", By: "weber"}, pipeline.StepArchive)
	w.ok(err)
	if got := w.examples(10); len(got) != 1 {
		w.Errorf("a letter on its way is an example: %+v, %+v", got, bell)
	}
}

// testSortingModel keeps one model, which the sweeper spares.
func testSortingModel(w *world) {
	ctx := w.Context()
	_, err := w.Model(ctx)
	w.is(err, catalog.ErrUnknown)
	for i, name := range []string{"one", "two"} {
		m := catalog.SortingModel{
			Version: name, Blob: pipeline.Blob{Digest: digest(name), Size: 3},
			Lessons: catalog.Lessons{Decisions: 10 + i, Withdrawn: i}, Basis: "cues",
		}
		w.ok(w.KeepModel(ctx, m))
		m.Made = w.clock.Now()
		got, err := w.Model(ctx)
		w.ok(err)
		if !got.Made.Equal(m.Made) {
			w.Errorf("made at %s", got.Made)
		}
		if got.Made = m.Made; got != m {
			w.Errorf("the model is %+v, want %+v", got, m)
		}
		w.clock.turn(time.Hour)
	}
	var needed []pipeline.Digest
	w.ok(w.References(ctx, func(d pipeline.Digest) error {
		needed = append(needed, d)
		return nil
	}))
	if !slices.Equal(needed, []pipeline.Digest{digest("two")}) {
		w.Errorf("needed are %v", needed)
	}
	w.ok(w.DropModel(ctx))
	_, err = w.Model(ctx)
	w.is(err, catalog.ErrUnknown)
}

// testDecidedFields lets a person's word on a field stand in place of the
// machine's readings.
func testDecidedFields(w *world) {
	ctx := w.Context()
	doc := w.deliver("a")
	job := w.claim(doc.ID, pipeline.StepOpen, 0, "p")
	there := pipeline.Box{X0: 1, Y0: 2, X1: 3, Y1: 4}
	read := job.Document
	read.Filing = &pipeline.Filing{
		Department: "20", Type: "20-RECH", Confidence: 0.95,
		Fields: []pipeline.Field{{Name: "betrag", Value: "1.00 EUR", Page: 1}, {Name: "datum", Value: "2027-01-01", Page: 1}},
		Doubts: []pipeline.Doubt{{Code: "check-digit", Field: "iban", Page: 2, Box: there, Read: "DE88"}},
	}
	w.ok(w.Park(ctx, job, fault, read))
	set := []pipeline.SetField{{Name: "iban", Value: "DE89370400440532013000"}, {Name: "datum"}}
	_, err := w.Decide(ctx, doc.ID, catalog.Decision{Type: "20-RECH", Department: "20", By: "weber", Set: set}, pipeline.StepArchive)
	w.ok(err)
	f := w.entry(doc.ID).Document.Filing
	want := []pipeline.Field{
		{Name: "betrag", Value: "1.00 EUR", Page: 1},
		{Name: "iban", Value: "DE89370400440532013000", Confidence: 1, Page: 2, Box: there},
	}
	if !slices.Equal(f.Fields, want) || len(f.Doubts) > 0 {
		w.Errorf("the filing is %+v", f)
	}
	list, err := w.Decisions(ctx, doc.ID)
	w.ok(err)
	if len(list) != 1 || !slices.Equal(list[0].Set, set) {
		w.Errorf("decisions are %+v", list)
	}
	events, err := w.History(ctx, doc.ID)
	w.ok(err)
	for _, ev := range events {
		if strings.Contains(string(ev.Detail), "DE89") {
			w.Error("the value of a field went into the evidence")
		}
	}
}

// testFiles finds the department that keeps a file, by letters that people filed.
func testFiles(w *world) {
	ctx := w.Context()
	lay := func(content, reference string, dept pipeline.DeptID, by string) {
		doc := w.deliver(content)
		doc.Filing = &pipeline.Filing{Department: dept, Type: pipeline.TypeCode(dept + "-X"), Sure: true, DecidedBy: by,
			Fields: []pipeline.Field{{Name: "aktenzeichen", Value: reference, Page: 1}}}
		w.archive(doc, text("Schreiben zum Zeichen "+reference))
	}
	lay("a", "32-17/44", "32", "weber")
	lay("b", "63-9/2026", "63", "weber")
	lay("c", "63-9/2026", "61", "weber")
	lay("d", "50-3/1", "50", "") // the machine's own filing
	for _, c := range []struct {
		reference string
		want      pipeline.DeptID
	}{{"32-17/44", "32"}, {"32-17/4", ""}, {"63-9/2026", ""}, {"50-3/1", ""}, {"", ""}, {`"`, ""}, {"99", ""}} {
		got, ok, err := w.FileDepartment(ctx, c.reference)
		w.ok(err)
		if got != c.want || ok != (c.want != "") {
			w.Errorf("%q is a file of %q", c.reference, got)
		}
	}
}
