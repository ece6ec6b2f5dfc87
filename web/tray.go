package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
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

// grace is how long an answered letter waits before it goes on, so that the
// person can take the answer back. Nobody needs the archive sooner.
const grace = time.Minute

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
	Again    bool              // the tray was gone through; this letter was put off before
	Done     *doneView
	Labels   map[string]pipeline.Message
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

// doneView is the last decision, which can still be taken back.
type doneView struct {
	ID      pipeline.DocID `json:"id"`
	Gen     int            `json:"gen"`
	Journal string         `json:"journal"`
	What    string         `json:"what"` // the type, or that it is tried again
	Seconds int            `json:"seconds"`
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
	page.row, page.Gen, page.After, page.Given = s.row(e), e.Gen, e.Place(), given
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
	page.Locked = locked(e)
	page.Sheet = s.sheet(r.Context(), doc, page.Question)
	return page, s.seenLately(r, doc.ID)
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
		DE: "Bitte bestätigen Sie, was für ein Schreiben das ist.", EN: "Please confirm what kind of letter this is.",
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

// answerForm takes the answer to a question. If it was the last one about the
// letter, the letter goes on after its grace, and the next one comes.
func (s *server) answerForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err == nil && (e.State != pipeline.Waiting || strconv.Itoa(e.Gen) != r.PostFormValue("gen")) {
		err = catalog.ErrNotWaiting
	}
	if err != nil {
		s.failTask(w, r, err)
		return
	}
	given := append(slices.Clone(r.PostForm["given"]), answerOf(r))
	verdict, err := s.verdict(e, given)
	if err != nil {
		s.failTask(w, r, err)
		return
	}
	if !verdict.whole {
		held, err := s.Rows.Held(r.Context())
		page := taskPage{frame: s.frame(r, "review.title"), Held: held, Labels: s.Labels}
		if err == nil {
			page, err = s.task(r, page, e, given)
		}
		if err != nil {
			s.failTask(w, r, err)
			return
		}
		page.Here = "/review"
		s.show(w, r, "review", page)
		return
	}
	if verdict.retry != "" {
		bell, err := s.Rows.Retry(r.Context(), e.Document.ID, verdict.retry, actor(r))
		if err != nil {
			s.failTask(w, r, err)
			return
		}
		_ = s.ring(r, bell)
	} else if err := s.settle(r, e, verdict.code, verdict.fields); err != nil {
		s.failTask(w, r, err)
		return
	}
	s.desks.leave(e.Document.ID)
	if wantsJSON(r) {
		answer(w, http.StatusOK, s.doneOf(r, e.Document.ID))
		return
	}
	http.Redirect(w, r, "/review?after="+string(e.Place())+"&done="+string(e.Document.ID), http.StatusSeeOther)
}

// failTask tells what went wrong, to a person or to the script of the tray.
func (s *server) failTask(w http.ResponseWriter, r *http.Request, err error) {
	if wantsJSON(r) {
		s.problem(w, r, err)
		return
	}
	s.fail(w, r, err)
}

func wantsJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

// answerOf is the answer of a form: the key of one that was offered, or another
// type, or another value.
func answerOf(r *http.Request) string {
	switch {
	case r.PostFormValue("key") != "":
		return "key:" + r.PostFormValue("key")
	case r.PostFormValue("type") != "":
		return "type:" + r.PostFormValue("type")
	}
	return "value:" + strings.TrimSpace(r.PostFormValue("value"))
}

// verdict is what answers come to.
type verdict struct {
	whole  bool // nothing is left to ask
	code   pipeline.TypeCode
	fields []pipeline.Field // set by the person; an empty value says that there is none
	retry  pipeline.StepName
}

// verdict adds up the answers to a letter's questions, in order.
func (s *server) verdict(e catalog.Entry, given []string) (verdict, error) {
	questions := s.questions(e)
	if len(questions) == 0 {
		questions = []pipeline.Question{confirm(e.Document.Filing)}
	}
	var v verdict
	if e.Document.Filing != nil {
		v.code = e.Document.Filing.Type
	}
	guess := v.code
	if len(given) > len(questions) {
		return v, badRequest("more answers than questions", nil)
	}
	for i, g := range given {
		a, err := s.pick(questions[i], g)
		if err != nil {
			return v, err
		}
		switch {
		case a.Retry != "":
			return verdict{whole: true, retry: a.Retry}, nil
		case a.Type != "":
			v.code = a.Type
		case a.Value != nil:
			v.fields = append(v.fields, pipeline.Field{
				Name: a.Value.Name, Value: a.Value.Value, Confidence: 1, Page: questions[i].Page, Box: questions[i].Box,
			})
		}
	}
	// Questions about fields belong to the type that was guessed.
	v.whole = len(given) == len(questions) || v.code != guess
	if _, known := s.types[v.code]; v.whole && !known {
		return v, badRequest("no such document type", nil)
	}
	return v, nil
}

// pick finds the answer that a form gives to a question.
func (s *server) pick(q pipeline.Question, given string) (pipeline.Answer, error) {
	kind, what, _ := strings.Cut(given, ":")
	switch {
	case kind == "key":
		for _, a := range q.Answers {
			if a.Key == what {
				return a, nil
			}
		}
	case kind == "type" && q.Kind == pipeline.AskType:
		if _, known := s.types[pipeline.TypeCode(what)]; known {
			return pipeline.Answer{Type: pipeline.TypeCode(what)}, nil
		}
	case kind == "value" && q.Kind == pipeline.AskField && what != "":
		return pipeline.Answer{Value: &pipeline.SetField{Name: q.Field, Value: what}}, nil
	}
	return pipeline.Answer{}, badRequest("no such answer", nil)
}

// settle writes a person's filing and lets the letter wait for its grace.
func (s *server) settle(r *http.Request, e catalog.Entry, code pipeline.TypeCode, set []pipeline.Field) error {
	doc := e.Document
	if len(set) > 0 && doc.Filing != nil {
		f := *doc.Filing
		f.Fields = slices.DeleteFunc(slices.Clone(f.Fields), func(have pipeline.Field) bool {
			return slices.ContainsFunc(set, func(s pipeline.Field) bool { return s.Name == have.Name })
		})
		for _, x := range set {
			if x.Value != "" {
				f.Fields = append(f.Fields, x)
			}
		}
		doc.Filing = &f
	}
	filing, err := s.Apply(doc, code, actor(r))
	if err != nil {
		return err
	}
	bell, err := s.Rows.Decide(r.Context(), doc.ID, catalog.Decision{
		Type: filing.Type, Department: filing.Department, By: actor(r), Note: r.PostFormValue("note"),
		Protection: filing.Protection, Handling: filing.Handling, RetainFor: filing.RetainFor,
		Set: wordsOn(set), Fields: append([]pipeline.Field{}, filing.Fields...), Grace: grace,
	}, s.Resume)
	if err != nil {
		return err
	}
	return s.ring(r, bell)
}

// wordsOn is what a person said about fields, without where they stand.
func wordsOn(fields []pipeline.Field) []pipeline.SetField {
	var set []pipeline.SetField
	for _, f := range fields {
		set = append(set, pipeline.SetField{Name: f.Name, Value: f.Value})
	}
	return set
}

// doneOf tells about a decision that can still be taken back; nil if none.
func (s *server) doneOf(r *http.Request, id pipeline.DocID) *doneView {
	if id == "" {
		return nil
	}
	e, err := s.Rows.Get(r.Context(), id)
	if err != nil || e.State != pipeline.Working {
		return nil
	}
	d := &doneView{ID: id, Gen: e.Gen, Journal: e.Document.Delivery.Journal}
	if e.Document.Filing != nil && e.Document.Filing.DecidedBy != "" && e.Step == s.Resume {
		t := s.types[e.Document.Filing.Type]
		d.What, d.Seconds = t.DepartmentName+": "+t.Name, int(time.Until(e.Due).Seconds())
	}
	return d
}

// undecideForm takes the last decision back and shows the letter again.
func (s *server) undecideForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	gen, err := strconv.Atoi(r.PostFormValue("gen"))
	if err != nil {
		err = badRequest("which decision", err)
	} else {
		err = s.Rows.Undecide(r.Context(), docID(r), gen, actor(r))
	}
	if err != nil {
		s.failTask(w, r, err)
		return
	}
	to := "/review?letter=" + string(docID(r))
	if wantsJSON(r) {
		answer(w, http.StatusOK, struct {
			Next string `json:"next"`
		}{to})
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
