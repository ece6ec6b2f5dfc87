package web

import (
	"encoding/json"
	"net/http"
	"strconv"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

func docID(r *http.Request) pipeline.DocID { return pipeline.DocID(r.PathValue("id")) }

func (s *server) apiGet(w http.ResponseWriter, r *http.Request) {
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(w, http.StatusOK, LetterOf(e))
}

func (s *server) apiList(w http.ResponseWriter, r *http.Request) {
	entries, next, err := s.Rows.List(r.Context(), filterOf(r))
	if err == nil {
		err = s.seen(r, "listed", "")
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(w, http.StatusOK, struct {
		Documents []Letter       `json:"documents"`
		Next      catalog.Cursor `json:"next,omitempty"`
	}{lettersOf(entries), next})
}

func lettersOf(entries []catalog.Entry) []Letter {
	letters := make([]Letter, len(entries))
	for i, e := range entries {
		letters[i] = LetterOf(e)
	}
	return letters
}

func filterOf(r *http.Request) catalog.Filter {
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	return catalog.Filter{
		State:      pipeline.State(q.Get("state")),
		Department: pipeline.DeptID(q.Get("department")),
		Type:       pipeline.TypeCode(q.Get("type")),
		After:      catalog.Cursor(q.Get("after")),
		Limit:      min(max(limit, 0), 500),
	}
}

// found is a letter with where its words were found.
type found struct {
	Letter
	Snippet string  `json:"snippet"`
	Score   float64 `json:"score"`
	Similar bool    `json:"similar"` // found by likeness only
}

func (s *server) apiSearch(w http.ResponseWriter, r *http.Request) {
	hits, err := s.Rows.Search(r.Context(), queryOf(r))
	if err == nil {
		err = s.seen(r, "listed", "")
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	list := make([]found, len(hits.Hits))
	for i, h := range hits.Hits {
		list[i] = found{LetterOf(h.Entry), h.Snippet, h.Score, h.Similar}
	}
	answer(w, http.StatusOK, struct {
		Total int     `json:"total"`
		Hits  []found `json:"hits"`
	}{hits.Total, list})
}

func (s *server) apiDecide(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Type pipeline.TypeCode `json:"type"`
		Note string            `json:"note"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&in); err != nil {
		s.problem(w, r, badRequest("not JSON", err))
		return
	}
	if err := s.decide(r, in.Type, in.Note); err != nil {
		s.problem(w, r, err)
		return
	}
	s.apiGet(w, r)
}

func (s *server) apiRetry(w http.ResponseWriter, r *http.Request) {
	if err := s.retry(r); err != nil {
		s.problem(w, r, err)
		return
	}
	s.apiGet(w, r)
}

func (s *server) apiStatus(w http.ResponseWriter, r *http.Request) {
	counts, err := s.Rows.Counts(r.Context())
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(w, http.StatusOK, struct {
		Version string                 `json:"version"`
		States  map[pipeline.State]int `json:"states"`
	}{s.Version, counts.States})
}

// decide writes a person's filing and sends the letter on.
func (s *server) decide(r *http.Request, code pipeline.TypeCode, note string) error {
	if _, known := s.types[code]; !known {
		return badRequest("no such document type", nil)
	}
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err != nil {
		return err
	}
	filing, err := s.Apply(e.Document, code, actor(r))
	if err != nil {
		return err
	}
	bell, err := s.Rows.Decide(r.Context(), e.Document.ID, catalog.Decision{
		Type: filing.Type, Department: filing.Department, By: actor(r), Note: note,
		Protection: filing.Protection, Handling: filing.Handling, RetainFor: filing.RetainFor,
		Fields: append([]pipeline.Field{}, filing.Fields...), // some of them masked for the new department
	}, s.Resume)
	if err != nil {
		return err
	}
	return s.ring(r, bell)
}

// retry sends a waiting or refused letter on its way again.
func (s *server) retry(r *http.Request) error {
	bell, err := s.Rows.Retry(r.Context(), docID(r), s.Restart, actor(r))
	if err != nil {
		return err
	}
	return s.ring(r, bell)
}

// ring rings for a letter. Where the queue is away the reconciler rings later, so
// that the person's word counts either way.
func (s *server) ring(r *http.Request, bell catalog.Bell) error {
	if err := s.Ring(r.Context(), bell); err != nil {
		s.Log.WarnContext(r.Context(), "the bell did not ring; the reconciler will", "error", err)
	}
	return nil
}
