package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// trayRows is what the review tray needs of the catalogue.
type trayRows interface {
	Waiting(ctx context.Context, after catalog.Cursor, limit int) ([]catalog.Entry, error)
	Held(ctx context.Context) (int, error)
	Undecide(ctx context.Context, id pipeline.DocID, gen int, by string) error
	SendBack(ctx context.Context, id pipeline.DocID, by string, why *pipeline.Fault, resume pipeline.StepName) error
}

// trayRoutes is the review tray (Klärfälle): one letter and one question a screen.
func (s *server) trayRoutes() []route {
	return []route{
		{"GET /review", access.Sort, s.review},
		{"POST /letters/{id}/answer", access.Sort, s.answerForm},
		{"POST /letters/{id}/password", access.Sort, s.passwordForm},
		{"POST /letters/{id}/undecide", access.Sort, s.undecideForm},
		{"POST /letters/{id}/send-back", access.Find, s.sendBackForm},
	}
}

// taskPage is a screen of the tray.
type taskPage struct {
	frame
	row
	Question pipeline.Question
	Step     int // of Steps questions about this letter, from 1
	Steps    int
	Given    []string // answers to the questions before, as the form sends them
	Answers  []answerView
	Types    []typeGroup // to choose from, by department
	Sheet    sheet
	Gen      int
	After    catalog.Cursor // the place of this letter in the tray
	Held     int
	Locked   bool              // the file needs a password, which can be entered
	Wrong    *pipeline.Message // the password that was entered did not open it
	Original bool              // what came in is this letter and no other
	Again    bool              // the tray was gone through; this letter was put off before
	Done     *doneView
	Labels   map[string]pipeline.Message
	Begins   []cutPlace // pages that look like the first of a letter
}

// answerView is an answer with why it is one.
type answerView struct {
	pipeline.Answer
	Cues []string // words on the page that speak for it
}

// typeGroup is the document types of a department.
type typeGroup struct {
	Department string
	Types      []TypeInfo
}

// sheet is the page to look at, with places to see.
type sheet struct {
	Page   int // 1-based; 0 is none
	Pages  []int
	Width  int // of the frame of Boxes
	Height int
	Boxes  []pipeline.Box // the place that the question is about
	Hints  []pipeline.Box // words that speak for the first answer
}

// review shows the letter that waits longest behind the place "after", or the one
// that "letter" names, with the question and the answers.
func (s *server) review(w http.ResponseWriter, r *http.Request) {
	page, err := s.nextTask(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page.Done = s.doneOf(r, pipeline.DocID(r.URL.Query().Get("done")))
	s.show(w, r, "review", page)
}

func (s *server) nextTask(r *http.Request) (taskPage, error) {
	held, err := s.Rows.Held(r.Context())
	page := taskPage{frame: s.frame(r, "review.title"), Held: held, Labels: s.Labels}
	if err != nil || held == 0 {
		return page, err
	}
	if id := pipeline.DocID(r.URL.Query().Get("letter")); id != "" {
		e, err := s.Rows.Get(r.Context(), id)
		if err == nil && e.State == pipeline.Waiting {
			return s.task(r, page, e, nil)
		} else if err != nil && !errors.Is(err, catalog.ErrUnknown) {
			return page, err
		}
	}
	after := catalog.Cursor(r.URL.Query().Get("after"))
	entry, ok, err := s.free(r, after)
	if err == nil && !ok && after != "" { // at the end: what was put off comes again
		page.Again = true
		entry, ok, err = s.free(r, "")
	}
	if err != nil || !ok {
		return page, err
	}
	return s.task(r, page, entry, nil)
}

// free is the first waiting letter behind a place that no colleague has on the
// screen; if colleagues have them all, the first.
func (s *server) free(r *http.Request, after catalog.Cursor) (catalog.Entry, bool, error) {
	entries, err := s.Rows.Waiting(r.Context(), after, 20)
	if err != nil || len(entries) == 0 {
		return catalog.Entry{}, false, err
	}
	for _, e := range entries {
		if s.desks.take(e.Document.ID, actor(r), time.Now()) {
			return e, true, nil
		}
	}
	return entries[0], true, nil
}

// task shows the first question of a letter that given does not answer.
func (s *server) task(r *http.Request, page taskPage, e catalog.Entry, given []string) (taskPage, error) {
	doc := e.Document
	page.row, page.Gen, page.After, page.Given, page.Original = s.row(e), e.Gen, e.Place(), given, doc.Stack == nil
	questions := s.questions(e)
	if len(questions) == 0 { // nothing doubtful left: only the filing is to be confirmed
		questions = []pipeline.Question{confirm(doc.Filing)}
	}
	page.Step, page.Steps = min(len(given)+1, len(questions)), len(questions)
	page.Question = questions[page.Step-1]
	for _, a := range page.Question.Answers {
		page.Answers = append(page.Answers, answerView{a, cues(doc.Filing, a.Type)})
	}
	if page.Question.Kind == pipeline.AskType && page.Question.Other {
		page.Types = s.typeGroups()
	}
	if page.Question.Kind == pipeline.AskCut {
		page.Begins = cutPlaces(doc.Cut)
	}
	if page.Locked = locked(e); page.Locked {
		page.Question.Text = passwordQuestion
	}
	page.Sheet = s.sheet(r.Context(), doc, page.Question)
	return page, s.seenLately(r, doc.ID)
}

// taskIn is the address of a letter's task in the other language than lang.
func taskIn(lang string, e catalog.Entry) string {
	return "/review?" + url.Values{"letter": {string(e.Document.ID)}, "lang": {other(lang)}}.Encode()
}

// questions are what a person has to settle about a waiting letter.
func (s *server) questions(e catalog.Entry) []pipeline.Question {
	if e.Fault != nil && e.Fault.Code == notOurs {
		return []pipeline.Question{s.elsewhere(e)}
	}
	return s.Questions(e.Document, e.Fault)
}

// confirm asks whether a filing is right that nothing speaks against.
func confirm(f *pipeline.Filing) pipeline.Question {
	q := pipeline.Question{Kind: pipeline.AskType, Code: "confirm", Other: true, Text: pipeline.Message{
		DE: "Was für ein Schreiben ist das?", EN: "What kind of letter is this?",
	}, Help: pipeline.Message{
		DE: "Alle Fragen dazu sind geklärt; bitte bestätigen Sie den Vorschlag oder ändern Sie ihn.",
		EN: "Nothing else is open; please confirm the suggestion or change it.",
	}}
	if f != nil && f.Type != "" {
		q.Answers = []pipeline.Answer{{Key: "1", Type: f.Type, Confidence: f.Confidence, Text: pipeline.Message{DE: string(f.Type), EN: string(f.Type)}}}
	}
	return q
}

// cues are the words that speak for a type, at most four.
func cues(f *pipeline.Filing, code pipeline.TypeCode) []string {
	var out []string
	if f == nil || code == "" {
		return nil
	}
	for _, c := range f.Candidates {
		if c.Type != code {
			continue
		}
		for _, reason := range c.Reasons {
			if len(out) < 4 && reason.Cue != "" && !slices.Contains(out, reason.Cue) {
				out = append(out, reason.Cue)
			}
		}
	}
	return out
}

// typeGroups are all types by department, in the order of the departments.
func (s *server) typeGroups() []typeGroup {
	var groups []typeGroup
	for _, d := range s.departments() {
		g := typeGroup{Department: string(d.Department) + " " + d.DepartmentName}
		for _, t := range s.Types {
			if t.Department == d.Department {
				g.Types = append(g.Types, t)
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// sheet is the page that a question is about, else the first that is not blank.
func (s *server) sheet(ctx context.Context, doc pipeline.Document, q pipeline.Question) sheet {
	var out sheet
	for _, p := range doc.Pages {
		if !p.Blank || len(doc.Pages) == 1 {
			out.Pages = append(out.Pages, p.No)
		}
	}
	if len(out.Pages) == 0 {
		return out
	}
	out.Page = out.Pages[0]
	if slices.Contains(out.Pages, q.Page) {
		out.Page = q.Page
	}
	i := slices.IndexFunc(doc.Pages, func(p pipeline.Page) bool { return p.No == out.Page })
	out.Width, out.Height = s.frameOf(ctx, doc.Pages[i])
	if out.Width == 0 {
		return out
	}
	if q.Page == out.Page && q.Box != (pipeline.Box{}) {
		out.Boxes = append(out.Boxes, around(q.Box, out.Width))
	}
	if doc.Filing != nil && len(q.Answers) > 0 && q.Answers[0].Type != "" {
		for _, c := range doc.Filing.Candidates {
			for _, reason := range c.Reasons {
				if c.Type == q.Answers[0].Type && reason.Page == out.Page && reason.Box != (pipeline.Box{}) && reason.Box != q.Box && len(out.Hints) < 8 {
					out.Hints = append(out.Hints, around(reason.Box, out.Width))
				}
			}
		}
	}
	return out
}

// frameOf is the size of the frame of a page's words; 0, 0 if it is not known.
func (s *server) frameOf(ctx context.Context, p pipeline.Page) (width, height int) {
	if p.Image.Width > 0 {
		turn := p.Image.Turn
		if p.Reading != nil {
			turn += p.Reading.Turn
		}
		if turn%180 != 0 {
			return p.Image.Height, p.Image.Width
		}
		return p.Image.Width, p.Image.Height
	}
	var text struct{ Width, Height int }
	if p.Text == "" || pipeline.OpenJSON(ctx, s.Blobs, p.Text, &text) != nil {
		return 0, 0 // only the places on the page cannot be shown then
	}
	return text.Width, text.Height
}

// around widens a box a little, so that its line does not cross the letters.
func around(b pipeline.Box, width int) pipeline.Box {
	air := max(width/200, 2)
	return pipeline.Box{X0: max(b.X0-air, 0), Y0: max(b.Y0-air, 0), X1: b.X1 + air, Y1: b.Y1 + air}
}
