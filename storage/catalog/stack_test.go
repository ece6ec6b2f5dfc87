package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// sheets makes pages with these numbers, each with a picture and words of its own.
func sheets(numbers ...int) []pipeline.Page {
	var pages []pipeline.Page
	for _, no := range numbers {
		pages = append(pages, pipeline.Page{
			No: no, WidthPt: 595, HeightPt: 842,
			Image:   pipeline.Image{Blob: pipeline.Blob{Digest: digest(fmt.Sprint("picture", no)), Size: 9}, Width: 10, Height: 20},
			Reading: &pipeline.Reading{Words: digest(fmt.Sprint("words", no))},
		})
	}
	return pages
}

func aside(why pipeline.Aside, numbers ...int) []pipeline.Page {
	pages := sheets(numbers...)
	for i := range pages {
		pages[i].Aside = why
	}
	return pages
}

// stack takes in a delivery and cuts it into three letters of two pages with a
// separator sheet before each but the first: 1 2, (3) 4 5, (6) 7 8.
func (w *world) stack(content string) []pipeline.DocID {
	w.Helper()
	first := w.deliver(content)
	job := w.claim(first.ID, pipeline.StepOpen, 0, "p")
	doc := job.Document
	doc.Stack = &pipeline.Stack{Found: 3}
	doc.Pages = sheets(1, 2)
	doc.Parts = []pipeline.Part{
		{Pages: sheets(4, 5), Aside: aside(pipeline.AsideSeparator, 3), Remarks: pipeline.SheetRemarks(aside(pipeline.AsideSeparator, 3))},
		{Pages: sheets(7, 8), Aside: aside(pipeline.AsideSeparator, 6), Marks: []pipeline.Field{{Name: "asn", Value: "12"}}},
	}
	w.ok(w.Advance(w.Context(), job, doc, pipeline.StepRead, nil))
	// Whoever lost the claim cuts nothing.
	w.is(w.Advance(w.Context(), job, doc, pipeline.StepRead, nil), catalog.ErrLost)
	return []pipeline.DocID{first.ID, catalog.DocumentID(first.Delivery.ID, 1), catalog.DocumentID(first.Delivery.ID, 2)}
}

func testCut(w *world) {
	ctx := w.Context()
	before := w.deliver("before")
	ids := w.stack("stack")
	after := w.deliver("after")
	journals := []string{before.Delivery.Journal}
	for i, id := range ids {
		e := w.entry(id)
		d := e.Document
		if e.State != pipeline.Working || e.Step != pipeline.StepRead || d.Stack == nil || d.Stack.Position != i || d.Stack.Found != 3 || len(d.Parts) != 0 || len(d.Pages) != 2 {
			w.Errorf("letter %d is %+v", i, e)
		}
		if d.Delivery.Original.Digest != digest("stack") {
			w.Errorf("letter %d has another original", i)
		}
		journals = append(journals, d.Delivery.Journal)
		h, err := w.History(ctx, id)
		w.ok(err)
		if kind := h[0].Kind; i > 0 && kind != "cut" {
			w.Errorf("the history of letter %d begins with %q", i, kind)
		}
	}
	journals = append(journals, after.Delivery.Journal)
	if want := []string{"2026-000001", "2026-000002", "2026-000003", "2026-000004", "2026-000005"}; !slices.Equal(journals, want) {
		w.Errorf("journal numbers are %v", journals)
	}
	letters, err := w.Letters(ctx, w.entry(ids[0]).Document.Delivery.ID)
	w.ok(err)
	if len(letters) != 3 || letters[2].Document.Marks[0].Value != "12" {
		w.Errorf("letters are %+v", letters)
	}
	bells, err := w.Unfinished(ctx, w.clock.Now(), 10)
	w.ok(err)
	if len(bells) != 5 {
		w.Errorf("bells are %+v", bells)
	}
	// The same bytes again are a duplicate of the stack.
	r, err := w.Accept(ctx, pipeline.Delivery{Original: pipeline.Blob{Digest: digest("stack"), Size: 5}})
	w.ok(err)
	if !r.Duplicate || r.Of != ids[0] {
		w.Errorf("receipt is %+v", r)
	}
	// What is cut is not cut again.
	job := w.claim(ids[1], pipeline.StepRead, 0, "p")
	doc := job.Document
	doc.Parts = []pipeline.Part{{Pages: sheets(5)}}
	if err := w.Advance(ctx, job, doc, pipeline.StepCompose, nil); err == nil {
		w.Error("a letter of a stack was cut again")
	}
	seen := map[pipeline.Digest]bool{}
	w.ok(w.References(ctx, func(d pipeline.Digest) error { seen[d] = true; return nil }))
	for no := 1; no <= 8; no++ {
		if !seen[digest(fmt.Sprint("picture", no))] {
			w.Errorf("the picture of page %d is not needed any more", no)
		}
	}
}

func refs(numbers ...int) []catalog.PageRef {
	var list []catalog.PageRef
	for _, no := range numbers {
		list = append(list, catalog.PageRef{No: no})
	}
	return list
}

func sep(no int) catalog.PageRef { return catalog.PageRef{No: no, Aside: pipeline.AsideSeparator} }

// testUndoInTurn undoes arrangements one after the other, also those of letters that
// one of them made, and says when there is no more.
func testUndoInTurn(w *world) {
	ctx := w.Context()
	ids := w.stack("stack")
	delivery := w.entry(ids[0]).Document.Delivery.ID
	last := func() string {
		w.Helper()
		a, err := w.LastArrangement(ctx, delivery)
		w.ok(err)
		return a.ID
	}
	_, err := w.LastArrangement(ctx, delivery)
	w.is(err, catalog.ErrNoUndo)
	arrange := func(letters ...catalog.Letter) catalog.Rearrangement {
		w.Helper()
		for i := range letters {
			if letters[i].Doc != "" {
				letters[i].Gen = w.entry(letters[i].Doc).Gen
			}
		}
		w.clock.turn(time.Second)
		done, err := w.Rearrange(ctx, "schmidt", letters, pipeline.StepRead)
		w.ok(err)
		return done
	}
	one := arrange(catalog.Letter{Doc: ids[0], Pages: refs(1)}, catalog.Letter{Pages: refs(2)})
	made := one.Letters[1]
	two := arrange(catalog.Letter{Doc: made, Pages: []catalog.PageRef{{No: 2, Turn: 90}}})
	three := arrange(catalog.Letter{Doc: ids[0], Pages: []catalog.PageRef{{No: 1, Turn: 180}}})
	_, err = w.UndoRearrange(ctx, "schmidt", two.Undo) // of another letter than the last
	w.ok(err)
	for _, undo := range []string{three.Undo, one.Undo} {
		if got := last(); got != undo {
			w.Fatalf("the last is %s, not %s", got, undo)
		}
		_, err := w.UndoRearrange(ctx, "weber", undo)
		w.ok(err)
	}
	_, err = w.LastArrangement(ctx, delivery)
	w.is(err, catalog.ErrNoUndo)
	if e := w.entry(ids[0]); len(e.Document.Pages) != 2 || e.Document.Pages[0].Image.Turn != 0 {
		w.Errorf("the letter is %+v", e.Document.Pages)
	}
	// After a week it stays.
	arrange(catalog.Letter{Doc: ids[0], Pages: []catalog.PageRef{{No: 2}, {No: 1}}})
	last()
	w.clock.turn(catalog.UndoFor)
	_, err = w.LastArrangement(ctx, delivery)
	w.is(err, catalog.ErrNoUndo)
}

func testRearrange(w *world) {
	ctx := w.Context()
	ids := w.stack("stack")
	a, b := ids[0], ids[1]
	pages := func(id pipeline.DocID) string {
		d := w.entry(id).Document
		var s []string
		for _, p := range d.Pages {
			s = append(s, fmt.Sprint(p.No))
		}
		for _, p := range d.Aside {
			s = append(s, fmt.Sprintf("(%d %s)", p.No, p.Aside))
		}
		return strings.Join(s, " ")
	}
	// Split, move, turn and drop at once, while a worker has one of them in hand.
	job := w.claim(b, pipeline.StepRead, 0, "p")
	done, err := w.Rearrange(ctx, "schmidt", []catalog.Letter{
		{Doc: a, Pages: refs(1)},
		{Doc: b, Pages: []catalog.PageRef{{No: 5, Turn: 90}, {No: 4}, sep(3)}},
		{Pages: []catalog.PageRef{{No: 2}}},
	}, pipeline.StepRead)
	w.ok(err)
	c := done.Letters[2]
	if pages(a) != "1" || pages(b) != "5 4 (3 separator)" || pages(c) != "2" || len(done.Bells) != 3 {
		w.Errorf("got %q, %q, %q, bells %+v", pages(a), pages(b), pages(c), done.Bells)
	}
	w.is(w.Advance(ctx, job, job.Document, pipeline.StepCompose, nil), catalog.ErrLost)
	if e := w.entry(c); e.Document.Delivery.Journal != "2026-000004" || e.Document.Stack.Position != 3 || e.Document.ArrangedBy != "schmidt" {
		w.Errorf("the new letter is %+v", e.Document)
	}
	turnedPage := w.entry(b).Document.Pages[0]
	if turnedPage.Image.Turn != 90 || !turnedPage.Upright || turnedPage.Reading != nil || turnedPage.WidthPt != 842 {
		w.Errorf("the turned page is %+v", turnedPage)
	}
	if p := w.entry(b).Document.Pages[1]; p.Reading == nil {
		w.Error("what was read of a page that only moved is gone")
	}
	if r := w.entry(b).Document.Remarks; len(r) != 1 || r[0].Code != pipeline.SheetRemark {
		w.Errorf("remarks are %+v", r)
	}
	// Back again: everything as it was, the new letter empty but numbered.
	bells, err := w.UndoRearrange(ctx, "schmidt", done.Undo)
	w.ok(err)
	if pages(a) != "1 2" || pages(b) != "4 5 (3 separator)" || pages(c) != "" || len(bells) != 2 {
		w.Errorf("got %q, %q, %q, bells %+v", pages(a), pages(b), pages(c), bells)
	}
	if e := w.entry(c); e.State != pipeline.Refused || e.Fault.Code != "no-pages" || e.Document.Delivery.Journal != "2026-000004" {
		w.Errorf("the empty letter is %+v", e)
	}
	_, err = w.UndoRearrange(ctx, "schmidt", done.Undo)
	w.is(err, catalog.ErrNoUndo)
	_, err = w.Retry(ctx, c, pipeline.StepOpen, "schmidt")
	w.is(err, catalog.ErrNotWaiting)

	// Join, and the emptied letter gets pages again.
	gen := func(id pipeline.DocID) int { return w.entry(id).Gen }
	done, err = w.Rearrange(ctx, "schmidt", []catalog.Letter{
		{Doc: a, Gen: gen(a), Pages: append(refs(1, 2, 4), sep(3))}, {Doc: b, Gen: gen(b)}, {Doc: c, Gen: gen(c), Pages: refs(5)},
	}, pipeline.StepRead)
	w.ok(err)
	if pages(a) != "1 2 4 (3 separator)" || pages(b) != "" || pages(c) != "5" || w.entry(c).State != pipeline.Working || w.entry(b).State != pipeline.Refused {
		w.Errorf("got %q, %q, %q", pages(a), pages(b), pages(c))
	}
	// Whoever decides meanwhile makes undoing impossible.
	job = w.claim(a, pipeline.StepRead, gen(a), "p")
	w.ok(w.Park(ctx, job, fault, job.Document))
	_, err = w.Decide(ctx, a, catalog.Decision{Type: "t", Department: "d", By: "meier"}, pipeline.StepRead)
	w.ok(err)
	_, err = w.UndoRearrange(ctx, "schmidt", done.Undo)
	w.is(err, catalog.ErrStale)
	if pages(c) != "5" {
		w.Error("half of an arrangement was undone")
	}
	// A person's filing outlives the next arrangement, a waiting letter goes on.
	done, err = w.Rearrange(ctx, "schmidt", []catalog.Letter{{Doc: a, Gen: gen(a), Pages: append(refs(4, 1, 2), catalog.PageRef{No: 3})}}, pipeline.StepRead)
	w.ok(err)
	if e := w.entry(a); e.Document.Filing == nil || e.State != pipeline.Working || pages(a) != "4 1 2 3" || len(e.Document.Remarks) != 0 {
		w.Errorf("got %+v", e)
	}
	w.clock.turn(catalog.UndoFor + time.Hour)
	_, err = w.UndoRearrange(ctx, "schmidt", done.Undo)
	w.is(err, catalog.ErrNoUndo)
	w.ok(w.VerifyLog(ctx, nil))
}

// testSettled holds that a person's word that a letter is right as it is counts as
// an arrangement, waits for its grace, and can be taken back.
func testSettled(w *world) {
	ctx := w.Context()
	id := w.stack("stack")[0]
	job := w.claim(id, pipeline.StepRead, 0, "p")
	doc := job.Document
	doc.Cut = &pipeline.Cut{Begins: []pipeline.Begin{{Page: 2, Confidence: 0.95, Signs: []pipeline.Sign{pipeline.SignOne}}}}
	w.ok(w.Park(ctx, job, fault, doc))
	done, err := w.Rearrange(ctx, "schmidt", []catalog.Letter{{Doc: id, Pages: refs(1, 2), Settled: true, Grace: time.Minute}}, pipeline.StepRead)
	w.ok(err)
	if e := w.entry(id); e.State != pipeline.Working || e.Step != pipeline.StepRead || e.Document.ArrangedBy != "schmidt" || e.Document.Cut != nil || len(done.Bells) != 1 {
		w.Errorf("settled it is %+v", e)
	}
	_, err = w.Claim(ctx, id, pipeline.StepRead, 1, "p", time.Minute)
	w.is(err, catalog.ErrNotClaimable)
	_, err = w.UndoRearrange(ctx, "schmidt", done.Undo)
	w.ok(err)
	if e := w.entry(id); e.State != pipeline.Waiting || e.Document.Cut == nil || e.Document.ArrangedBy != "" {
		w.Errorf("taken back it is %+v", e)
	}
	// Without a word nothing happens to a letter that is left as it is.
	done, err = w.Rearrange(ctx, "schmidt", []catalog.Letter{{Doc: id, Gen: 2, Pages: refs(1, 2)}}, pipeline.StepRead)
	w.ok(err)
	if e := w.entry(id); e.State != pipeline.Waiting || len(done.Bells) != 0 {
		w.Errorf("left as it was it is %+v", e)
	}
	// Parted with grace, the new letter waits, too.
	done, err = w.Rearrange(ctx, "schmidt", []catalog.Letter{
		{Doc: id, Gen: 2, Pages: refs(1), Grace: time.Minute}, {Pages: refs(2), Grace: time.Minute},
	}, pipeline.StepRead)
	w.ok(err)
	for i, id := range done.Letters {
		_, err = w.Claim(ctx, id, pipeline.StepRead, w.entry(id).Gen, "p", time.Minute)
		w.is(err, catalog.ErrNotClaimable)
		if !done.Bells[i].Due.Equal(w.clock.Now().Add(time.Minute)) {
			w.Errorf("the bell of letter %d is due at %s", i, done.Bells[i].Due)
		}
	}
	w.clock.turn(time.Minute)
	w.claim(done.Letters[1], pipeline.StepRead, 0, "p")
}

// testRescan gives a page another picture, twice, moves it to another letter, and
// takes it all back.
func testRescan(w *world) {
	ctx := w.Context()
	ids := w.stack("stack")
	a, b := ids[0], ids[1]
	scan := func(what string) *catalog.Scan {
		return &catalog.Scan{
			Page: pipeline.Page{No: 1, WidthPt: 600, HeightPt: 800, Image: pipeline.Image{Blob: pipeline.Blob{Digest: digest(what), Size: 3}, Width: 7, Height: 8}},
			File: pipeline.Rescan{File: pipeline.Blob{Digest: digest("file of " + what), Size: 4}, Name: what + ".jpg", Media: "image/jpeg", By: "forged"},
			Note: []pipeline.Remark{{Step: pipeline.StepOpen, Code: "depth-reduced", Page: 1}},
		}
	}
	gen := func(id pipeline.DocID) int { return w.entry(id).Gen }
	was := w.entry(a).Document.Pages[1]
	first, err := w.Rearrange(ctx, "schmidt", []catalog.Letter{{Doc: a, Pages: []catalog.PageRef{{No: 1}, {No: 2, Scan: scan("better")}}}}, pipeline.StepRead)
	w.ok(err)
	_, err = w.Rearrange(ctx, "meier", []catalog.Letter{{Doc: a, Gen: gen(a), Pages: []catalog.PageRef{{No: 1}, {No: 2, Scan: scan("best")}}}}, pipeline.StepRead)
	w.ok(err)
	_, err = w.UndoRearrange(ctx, "schmidt", first.Undo)
	w.is(err, catalog.ErrStale)
	moved, err := w.Rearrange(ctx, "meier", []catalog.Letter{{Doc: a, Gen: gen(a), Pages: refs(1)}, {Doc: b, Gen: gen(b), Pages: append([]catalog.PageRef{sep(3)}, refs(4, 2, 5)...)}}, pipeline.StepRead)
	w.ok(err)
	doc := w.entry(b).Document
	p := doc.Pages[1]
	if p.No != 2 || p.Image.Digest != digest("best") || p.Reading != nil || p.WidthPt != 600 || len(p.Rescans) != 2 || p.First() != was.Image ||
		p.Rescans[0].By != "schmidt" || p.Rescans[1].By != "meier" || p.Rescans[1].At.IsZero() || p.Rescans[1].Was.Digest != digest("better") {
		w.Errorf("the page is %+v", p)
	}
	codes := map[string]int{}
	for _, r := range doc.Remarks {
		codes[fmt.Sprint(r.Code, r.Page)]++
	}
	if codes["rescanned2"] != 1 || codes["depth-reduced2"] != 1 {
		w.Errorf("remarks %v", codes)
	}
	needed := map[pipeline.Digest]bool{}
	w.ok(w.References(ctx, func(d pipeline.Digest) error { needed[d] = true; return nil }))
	for _, d := range []pipeline.Digest{was.Image.Digest, digest("better"), digest("best"), digest("file of better"), digest("file of best")} {
		if !needed[d] {
			w.Error("a file of the page is swept")
		}
	}
	events, err := w.History(ctx, a)
	w.ok(err)
	told := ""
	for _, ev := range events {
		for _, what := range []string{"better", "best"} {
			if ev.Kind == "rescanned" && strings.Contains(string(ev.Detail), "2 "+string(digest("file of "+what))) {
				told += ev.Actor + " " + what + " "
			}
		}
		if strings.Contains(string(ev.Detail), ".jpg") {
			w.Error("a file name went into the evidence")
		}
	}
	if told != "schmidt better meier best " {
		w.Errorf("the evidence tells %q", told)
	}
	_, err = w.UndoRearrange(ctx, "meier", moved.Undo)
	w.ok(err)
	if p := w.entry(a).Document.Pages[1]; p.Image.Digest != digest("best") || len(p.Rescans) != 2 {
		w.Errorf("moved back, the page is %+v", p)
	}
	// What never was a sheet cannot be scanned again.
	drawn := w.deliver("drawn")
	job := w.claim(drawn.ID, pipeline.StepOpen, 0, "p")
	doc = job.Document
	doc.Pages, doc.Source = sheets(1), &pipeline.Findings{Kind: "pdf", BornDigital: true}
	w.ok(w.Advance(ctx, job, doc, pipeline.StepRead, nil))
	_, err = w.Rearrange(ctx, "schmidt", []catalog.Letter{{Doc: drawn.ID, Pages: []catalog.PageRef{{No: 1, Scan: scan("x")}}}}, pipeline.StepRead)
	w.is(err, catalog.ErrNoSheet)
	w.ok(w.VerifyLog(ctx, nil))
}

func testRearrangeRefuses(w *world) {
	ctx := w.Context()
	ids, other := w.stack("stack"), w.stack("other")
	all := append(refs(1, 2), refs(4, 5)...)
	for name, c := range map[string]struct {
		letters []catalog.Letter
		want    error
	}{
		"a page is lost":        {[]catalog.Letter{{Doc: ids[0], Pages: refs(1)}}, catalog.ErrPages},
		"a page is doubled":     {[]catalog.Letter{{Doc: ids[0], Pages: refs(1, 2, 2)}}, catalog.ErrPages},
		"a page is invented":    {[]catalog.Letter{{Doc: ids[0], Pages: refs(1, 2, 99)}}, catalog.ErrPages},
		"a page of another":     {[]catalog.Letter{{Doc: ids[0], Pages: refs(1, 2, 4)}}, catalog.ErrPages},
		"a sheet is forgotten":  {[]catalog.Letter{{Doc: ids[0], Pages: all}, {Doc: ids[1]}}, catalog.ErrPages},
		"named twice":           {[]catalog.Letter{{Doc: ids[0], Pages: refs(1)}, {Doc: ids[0], Pages: refs(2)}}, catalog.ErrPages},
		"an odd turn":           {[]catalog.Letter{{Doc: ids[0], Pages: []catalog.PageRef{{No: 1, Turn: 45}, {No: 2}}}}, catalog.ErrPages},
		"an odd reason":         {[]catalog.Letter{{Doc: ids[0], Pages: []catalog.PageRef{{No: 1, Aside: "x"}, {No: 2}}}}, catalog.ErrPages},
		"a new one with naught": {[]catalog.Letter{{Doc: ids[0], Pages: refs(1, 2)}, {}}, catalog.ErrPages},
		"seen long ago":         {[]catalog.Letter{{Doc: ids[0], Gen: 7, Pages: refs(2, 1)}}, catalog.ErrStale},
		"two deliveries":        {[]catalog.Letter{{Doc: ids[0], Pages: refs(1, 2)}, {Doc: other[0], Pages: refs(1, 2)}}, catalog.ErrStacks},
		"unknown":               {[]catalog.Letter{{Doc: "none", Pages: refs(1)}}, catalog.ErrUnknown},
	} {
		if _, err := w.Rearrange(ctx, "schmidt", c.letters, pipeline.StepRead); err == nil {
			w.Errorf("%s: was done", name)
		} else {
			w.T.Logf("%s: %v", name, err)
			w.is(err, c.want)
		}
	}
	_, err := w.Rearrange(ctx, "", []catalog.Letter{{Doc: ids[0], Pages: refs(2, 1)}}, pipeline.StepRead)
	w.is(err, catalog.ErrNobody)
	if d := w.entry(ids[0]); d.Gen != 0 || len(d.Document.Pages) != 2 {
		w.Errorf("a refused arrangement left %+v", d)
	}
	job := w.claim(ids[0], pipeline.StepRead, 0, "p")
	doc := finished(job.Document)
	doc.Pages = job.Document.Pages
	w.ok(w.Advance(ctx, job, doc, "", nil))
	_, err = w.Rearrange(ctx, "schmidt", []catalog.Letter{{Doc: ids[0], Pages: refs(2, 1)}}, pipeline.StepRead)
	w.is(err, catalog.ErrKept)
}
