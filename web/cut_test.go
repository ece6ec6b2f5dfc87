package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/web"
)

// uncut takes in a scan of six pages that looks like three letters, 1 2, 3 and
// 4 5 6, and puts it into the tray.
func (o *office) uncut() pipeline.DocID {
	o.t.Helper()
	ctx := o.t.Context()
	id := o.letter("ohne-trennblatt.pdf", "x", pipeline.Working)
	job, err := o.rows.Claim(ctx, id, pipeline.StepOpen, 0, "test", time.Minute)
	if err != nil {
		o.t.Fatal(err)
	}
	doc := job.Document
	for no := range 6 {
		doc.Pages = append(doc.Pages, pipeline.Page{No: no + 1, Image: pipeline.Image{Blob: pipeline.Blob{Digest: pipeline.Digest(strings.Repeat("a", 64))}}})
	}
	doc.Cut = &pipeline.Cut{Begins: []pipeline.Begin{
		{Page: 3, Confidence: 0.97, Signs: []pipeline.Sign{pipeline.SignAddress, pipeline.SignSalutation}}, {Page: 4, Confidence: 0.8, Signs: []pipeline.Sign{pipeline.SignOne}},
	}}
	why := &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "several-letters", Text: pipeline.Message{DE: "Mehrere?", EN: "Several?"}}
	if err := o.rows.Park(ctx, job, why, doc); err != nil {
		o.t.Fatal(err)
	}
	return id
}

// asksToCut asks about letters that look like several, as the room does.
func asksToCut(cfg *web.Config) {
	cfg.Questions = func(doc pipeline.Document, fault *pipeline.Fault) []pipeline.Question {
		return []pipeline.Question{{Kind: pipeline.AskCut, Code: "several-letters", Page: 3, Text: pipeline.Message{DE: "Drei Schreiben?", EN: "Three letters?"}, Answers: []pipeline.Answer{
			{Key: "1", Cut: doc.Cut.Pages(), Text: pipeline.Message{DE: "Teilen", EN: "Part"}},
			{Key: "2", Whole: true, Text: pipeline.Message{DE: "Ein Schreiben", EN: "One letter"}},
		}}}
	}
}

// TestASuggestedCut is answered in the tray and on the page of the stack, both
// ways, and taken back.
func TestASuggestedCut(t *testing.T) {
	for name, c := range map[string]struct {
		tray string // key of the answer in the tray
		do   string // or the move on the page of the stack
		want string
	}{
		"parted in the tray":       {tray: "1", want: "1 2 | 3 | 4 5 6"},
		"left whole in the tray":   {tray: "2", want: "1 2 3 4 5 6"},
		"parted on the stack":      {do: "cut 3 4", want: "1 2 | 3 | 4 5 6"},
		"parted elsewhere":         {do: "cut 2", want: "1 | 2 3 4 5 6"},
		"left whole on the stack":  {do: "whole 1", want: "1 2 3 4 5 6"},
		"parted by the old button": {do: "split 5", want: "1 2 3 4 | 5 6"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, asksToCut)
			id := o.uncut()
			review := o.get("/review?letter=" + string(id))
			stack := o.get("/letters/" + string(id) + "/pages")
			for _, body := range []string{review, stack} {
				if !strings.Contains(body, "Auf Seite 3 beginnt wohl ein Schreiben") || !strings.Contains(body, "Anschriftfeld, Anrede") {
					t.Errorf("does not say why: %s", body)
				}
			}
			path, form := "/letters/"+string(id)+"/answer", url.Values{"key": {c.tray}, "gen": {"0"}}
			if c.do != "" {
				path, form = "/letters/"+string(id)+"/pages", url.Values{"do": {c.do}, "seen": {seenValue.FindStringSubmatch(stack)[1]}}
			}
			w := o.post(path, form, nil)
			if w.Code != http.StatusSeeOther {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if got := o.pages(id); got != c.want {
				t.Errorf("lies as %s, want %s", got, c.want)
			}
			e := o.entry(id)
			if e.State != pipeline.Working || e.Step != pipeline.StepRead || e.Document.ArrangedBy == "" || e.Document.Cut != nil {
				t.Errorf("goes on as %s at %s, arranged by %q, cut %+v", e.State, e.Step, e.Document.ArrangedBy, e.Document.Cut)
			}
			if wait := e.Due.Sub(e.Changed); c.do != "split 5" && wait != time.Minute {
				t.Errorf("goes on after %s", wait)
			}
			to, err := url.Parse(w.Header().Get("Location"))
			if err != nil {
				t.Fatal(err)
			}
			if body := o.get(to.RequestURI()); !strings.Contains(body, `id="undo"`) {
				t.Error("there is no way back")
			}
			if w := o.post("/letters/"+string(id)+"/pages/undo", url.Values{"undo": {to.Query().Get("undo")}}, nil); w.Code != http.StatusSeeOther {
				t.Fatalf("undoing answers %d %s", w.Code, w.Body)
			}
			if e = o.entry(id); e.State != pipeline.Waiting || e.Document.Cut == nil || o.pages(id) != "1 2 3 4 5 6" {
				t.Errorf("undone it is %s, %s, cut %+v", e.State, o.pages(id), e.Document.Cut)
			}
		})
	}
}

// TestASuggestedCutByKeyboard answers as the script of the tray does.
func TestASuggestedCutByKeyboard(t *testing.T) {
	o := newOffice(t, asksToCut)
	id := o.uncut()
	w := o.post("/letters/"+string(id)+"/answer", url.Values{"key": {"1"}, "gen": {"0"}}, func(r *http.Request) { r.Header.Set("Accept", "application/json") })
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"what":"Stapel geteilt."`) || !strings.Contains(w.Body.String(), `"undo":"`) {
		t.Errorf("answers %d %s", w.Code, w.Body)
	}
	for _, bad := range []string{"cut 1", "cut 9", "cut x", "cut 3 x", "whole 9"} {
		o := newOffice(t, asksToCut)
		id := o.uncut()
		seen := seenValue.FindStringSubmatch(o.get("/letters/" + string(id) + "/pages"))[1]
		if w := o.post("/letters/"+string(id)+"/pages", url.Values{"do": {bad}, "seen": {seen}}, nil); w.Code != http.StatusBadRequest {
			t.Errorf("%s answers %d", bad, w.Code)
		}
		if e := o.entry(id); e.State != pipeline.Waiting {
			t.Errorf("%s left it %s", bad, e.State)
		}
	}
}
