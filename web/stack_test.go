package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"blattwerk/pipeline"
)

// pile takes in a stack of two letters, pages 1 to 3 and 5 to 6, with a separator
// sheet between them, and puts both into the tray.
func (o *office) pile() (first, second pipeline.DocID) {
	o.t.Helper()
	return o.cut(o.letter("stapel.pdf", "x", pipeline.Working))
}

// cut makes two letters of what was handed in, as the stations would, and is not
// sure of either.
func (o *office) cut(id pipeline.DocID) (first, second pipeline.DocID) {
	o.t.Helper()
	ctx := o.t.Context()
	job, err := o.rows.Claim(ctx, id, pipeline.StepOpen, 0, "test", time.Minute)
	if err != nil {
		o.t.Fatal(err)
	}
	page := func(no int, light pipeline.Light) pipeline.Page {
		p := pipeline.Page{No: no, Image: pipeline.Image{Blob: pipeline.Blob{Digest: pipeline.Digest(fmt.Sprintf("%064d", no))}, Width: 10, Height: 14}}
		p.Reading = &pipeline.Reading{Quality: &pipeline.Quality{Light: light}}
		if light == pipeline.Red {
			p.Reading.Quality.Flaws = []pipeline.Flaw{{Code: pipeline.FlawBlurred, Light: pipeline.Red}}
		}
		return p
	}
	doc := job.Document
	doc.Stack = &pipeline.Stack{Found: 2}
	doc.Pages = []pipeline.Page{page(1, pipeline.Green), page(2, pipeline.Red), page(3, pipeline.Amber)}
	sheet := page(4, "")
	sheet.Aside, sheet.Reading = pipeline.AsideSeparator, nil
	doc.Aside = []pipeline.Page{sheet}
	doc.Parts = []pipeline.Part{{Pages: []pipeline.Page{page(5, pipeline.Green), page(6, pipeline.Green)}}}
	if err := o.rows.Advance(ctx, job, doc, pipeline.StepClassify, nil); err != nil {
		o.t.Fatal(err)
	}
	letters, err := o.rows.Letters(ctx, doc.Delivery.ID)
	if err != nil || len(letters) != 2 {
		o.t.Fatal(len(letters), err)
	}
	for _, e := range letters {
		job, err := o.rows.Claim(ctx, e.Document.ID, pipeline.StepClassify, 0, "test", time.Minute)
		if err != nil {
			o.t.Fatal(err)
		}
		why := &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "unsure", Text: pipeline.Message{DE: "Unsicher.", EN: "Unsure."}}
		doc := job.Document
		doc.Filing = &pipeline.Filing{Department: "20", Type: "20-RECH", Confidence: 0.6, Candidates: []pipeline.Candidate{{Department: "20", Type: "20-RECH", Confidence: 0.6}}}
		if err := o.rows.Park(ctx, job, why, doc); err != nil {
			o.t.Fatal(err)
		}
	}
	return letters[0].Document.ID, letters[1].Document.ID
}

// pages tells how the pages of a stack lie: letters parted by bars, pages turned
// with a star, set aside in brackets. Letters without pages are left out.
func (o *office) pages(of pipeline.DocID) string {
	o.t.Helper()
	letters, err := o.rows.Letters(o.t.Context(), o.entry(of).Document.Delivery.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	var out []string
	for _, e := range letters {
		var s []string
		for _, p := range e.Document.Pages {
			s = append(s, fmt.Sprint(p.No)+strings.Repeat("*", p.Image.Turn/90))
		}
		for _, p := range e.Document.Aside {
			s = append(s, fmt.Sprintf("[%d]", p.No))
		}
		if len(s) > 0 {
			out = append(out, strings.Join(s, " "))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " | ")
}

var seenValue = regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`)

// TestPagesAreArranged does each thing that can be done to a page and takes it
// back again.
func TestPagesAreArranged(t *testing.T) {
	const before = "1 2 3 [4] | 5 6"
	for do, want := range map[string]string{
		"turn 2 90":         "1 2* 3 [4] | 5 6",
		"turn 6 270":        "1 2 3 [4] | 5 6***",
		"up 3":              "1 3 2 [4] | 5 6",
		"down 1":            "2 1 3 [4] | 5 6",
		"up 5":              "1 2 3 5 [4] | 6",
		"to 6 1":            "5 | 6 1 2 3 [4]",
		"to 1 6":            "2 3 [4] | 5 1 6",
		"split 2":           "1 | 2 3 [4] | 5 6",
		"split 6":           "1 2 3 [4] | 5 | 6",
		"join 5":            "1 2 3 5 6 [4]",
		"aside 2 blank":     "1 3 [2] [4] | 5 6",
		"aside 5 separator": "1 2 3 [4] | 6 [5]",
		"back 4":            "1 2 3 4 | 5 6",
	} {
		t.Run(do, func(t *testing.T) {
			o := newOffice(t, nil)
			first, _ := o.pile()
			if got := o.pages(first); got != before {
				t.Fatalf("the stack begins as %s", got)
			}
			path := "/letters/" + string(first) + "/pages"
			w := o.post(path, url.Values{"do": {do}, "seen": {seenValue.FindStringSubmatch(o.get(path))[1]}}, nil)
			if w.Code != http.StatusSeeOther {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if got := o.pages(first); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			if len(o.rung) == 0 {
				t.Error("nobody was told to go on")
			}
			to, _ := url.Parse(w.Header().Get("Location"))
			if page := o.get(to.RequestURI()); !strings.Contains(page, to.Query().Get("undo")) || !strings.Contains(page, "✓") {
				t.Error("the page does not offer the way back")
			}
			w = o.post(path+"/undo", url.Values{"undo": {to.Query().Get("undo")}}, nil)
			if got := o.pages(first); w.Code != http.StatusSeeOther || got != before {
				t.Errorf("undo answers %d and leaves %s", w.Code, got)
			}
			if w := o.post(path+"/undo", url.Values{"undo": {to.Query().Get("undo")}}, nil); w.Code == http.StatusSeeOther {
				t.Error("undone twice")
			}
		})
	}
}

// TestEveryMoveIsUndoneInTurn does several things to a stack and leaves the page: it
// offers the last one to whoever opens it again, then the one before, until the
// stack lies as it came; what is done meanwhile is undone first.
func TestEveryMoveIsUndoneInTurn(t *testing.T) {
	o := newOffice(t, nil)
	first, _ := o.pile()
	path := "/letters/" + string(first) + "/pages"
	do := func(move string) {
		t.Helper()
		if w := o.post(path, url.Values{"do": {move}, "seen": {seenValue.FindStringSubmatch(o.get(path))[1]}}, nil); w.Code != http.StatusSeeOther {
			t.Fatalf("%s answers %d %s", move, w.Code, w.Body)
		}
	}
	offer := regexp.MustCompile(`name="undo" value="([^"]+)"`)
	undo := func() {
		t.Helper()
		found := offer.FindStringSubmatch(o.get(path))
		if found == nil || !strings.Contains(o.get(path), "zuletzt geordnet von local") {
			t.Fatal("the page offers no way back")
		}
		if w := o.post(path+"/undo", url.Values{"undo": {found[1]}}, nil); w.Code != http.StatusSeeOther {
			t.Fatalf("undoing answers %d %s", w.Code, w.Body)
		}
	}
	lies := []string{o.pages(first)}
	for _, move := range []string{"turn 1 90", "split 2", "turn 2 180", "join 2", "aside 3 blank"} {
		do(move)
		lies = append(lies, o.pages(first))
	}
	undo()
	do("up 6")
	undo()
	for i := len(lies) - 2; i > 0; i-- {
		if got := o.pages(first); got != lies[i] {
			t.Fatalf("%d moves back the pages lie as %s, not %s", len(lies)-1-i, got, lies[i])
		}
		undo()
	}
	if got := o.pages(first); got != lies[0] {
		t.Errorf("in the end the pages lie as %s, not %s", got, lies[0])
	}
	if offer.MatchString(o.get(path)) {
		t.Error("there is still something to undo")
	}
}

func TestPagesStayWhereTheyAre(t *testing.T) {
	o := newOffice(t, nil)
	first, _ := o.pile()
	path := "/letters/" + string(first) + "/pages"
	seen := seenValue.FindStringSubmatch(o.get(path))[1]
	for _, do := range []string{"", "turn", "turn 9 90", "turn 1 45", "turn x 90", "split 1", "join 1", "up 1", "to 1 1", "to 1 99", "eat 1", "aside 1 eaten"} {
		if w := o.post(path, url.Values{"do": {do}, "seen": {seen}}, nil); w.Code < 400 || w.Code >= 500 {
			t.Errorf("%q answers %d", do, w.Code)
		}
	}
	for do, says := range map[string]string{"up 1": "am Rand des Stapels", "down 6": "am Rand des Stapels", "split 1": "beginnt schon einen Brief", "join 1": "Davor liegt kein Brief"} {
		if w := o.post(path, url.Values{"do": {do}, "seen": {seen}}, nil); !strings.Contains(w.Body.String(), says) || strings.Contains(o.get(path), `value="`+do+`"`) {
			t.Errorf("%q does not say %q, or is offered", do, says)
		}
	}
	if w := o.post(path, url.Values{"do": {"turn 1 90"}, "seen": {"0"}}, nil); !strings.Contains(w.Body.String(), "inzwischen geändert") {
		t.Errorf("a stack that changed meanwhile answers %d", w.Code)
	}
	if got := o.pages(first); got != "1 2 3 [4] | 5 6" {
		t.Errorf("the pages lie as %s", got)
	}
	done := o.letter("fertig.pdf", "x", pipeline.Archived)
	path = "/letters/" + string(done) + "/pages"
	page := o.get(path)
	if strings.Contains(page, `value="turn`) || !strings.Contains(page, "abgeschlossen") {
		t.Error("an archived letter offers to be changed")
	}
	w := o.post(path, url.Values{"do": {"turn 1 90"}, "seen": {seenValue.FindStringSubmatch(page)[1]}}, nil)
	if !strings.Contains(w.Body.String(), "schon archiviert") {
		t.Errorf("changing an archived letter answers %d", w.Code)
	}
}

// TestStackInABrowser turns and splits with keys alone and takes it back.
func TestStackInABrowser(t *testing.T) {
	o := newOffice(t, nil)
	first, _ := o.pile()
	s := pagesOf(t, o)
	k := newKeyboard(t)
	k.do(chromedp.Navigate(s.URL+"/letters/"+string(first)+"/pages?lang=de"), chromedp.WaitVisible("#page-2 summary"),
		chromedp.Evaluate[chromedp.Void](`window.notReloaded = true; document.querySelector("#page-2 summary").focus()`))
	k.press("\r", "\t", "\r") // open the page's actions, to the first of them, do it
	k.wait(`document.getElementById("moved").innerText.includes("Seite gedreht.")`)
	if got := o.pages(first); got != "1 2* 3 [4] | 5 6" {
		t.Errorf("after turning: %s", got)
	}
	k.wait(`document.activeElement.value === "turn 2 90"`)
	k.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("undo").focus()`))
	k.press("\r")
	k.wait(`document.getElementById("moved").innerText.trim() === ""`)
	if got := o.pages(first); got != "1 2 3 [4] | 5 6" {
		t.Errorf("after undo: %s", got)
	}
	if same, err := chromedp.Run(k.tab, chromedp.Evaluate[bool](`window.notReloaded === true`)); err != nil || !same {
		t.Errorf("the page was loaded anew (%v)", err)
	}
}
