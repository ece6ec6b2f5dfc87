package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// grace is how long an answered letter waits before it goes on, so that the
// person can take the answer back. Nobody needs the archive sooner.
const grace = time.Minute

// doneView is the last decision, which can still be taken back.
type doneView struct {
	ID      pipeline.DocID `json:"id"`
	Gen     int            `json:"gen"`
	Journal string         `json:"journal"`
	What    string         `json:"what"` // the type, or that it is tried again
	Seconds int            `json:"seconds"`
	Undo    string         `json:"undo,omitempty"` // of pages that were arranged: what takes it back
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
		page.Here, page.Switch = "/review", taskIn(page.Lang, e)
		s.show(w, r, "review", page)
		return
	}
	if verdict.cut != "" {
		s.answerCut(w, r, e, verdict.cut)
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

// answerCut does what a person said about a letter that looks like several: it is
// parted, or it is one. The stack is shown as it lies now, with the way back.
func (s *server) answerCut(w http.ResponseWriter, r *http.Request, e catalog.Entry, do string) {
	m, err := parseMove(do)
	var letters []catalog.Entry
	if err == nil {
		letters, err = s.Rows.Letters(r.Context(), e.Document.Delivery.ID)
	}
	var done catalog.Rearrangement
	if err == nil {
		done, err = s.move(r, letters, m)
	}
	if err != nil {
		s.failTask(w, r, arrangeFault(err))
		return
	}
	s.desks.leave(e.Document.ID)
	if wantsJSON(r) {
		what := s.pages.words.text(language(r), "did."+m.what)
		answer(w, http.StatusOK, doneView{ID: e.Document.ID, Journal: e.Document.Delivery.Journal, What: what, Undo: done.Undo, Seconds: int(grace.Seconds())})
		return
	}
	http.Redirect(w, r, stackAfter(e.Document.ID, done.Undo, m), http.StatusSeeOther)
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
	cut    string // a move of pages
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
		case len(a.Cut) > 0 || a.Whole:
			return verdict{whole: true, cut: cutMove(a, e.Document)}, nil
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

// nextTask is where the tray goes on.
type nextTask struct {
	Next string `json:"next"`
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
		answer(w, http.StatusOK, nextTask{to})
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
