package web

import (
	_ "embed" // for the description
	"encoding/json"
	"net/http"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// description is what the API is: OpenAPI 3.1. A test holds it against the routes
// and against real answers.
//
//go:embed openapi.yaml
var description []byte

func (s *server) apiDescription(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8") // RFC 9512
	_, _ = w.Write(description)                                       // the other side may be gone
}

func docID(r *http.Request) pipeline.DocID { return pipeline.DocID(r.PathValue("id")) }

func (s *server) apiGet(w http.ResponseWriter, r *http.Request) {
	e, err := s.Rows.Get(r.Context(), docID(r))
	// The command line asks ten times a second how far a letter is; what it shows,
	// whoever holds its token could read from the data folder.
	if err == nil && actor(r) != commandLine {
		err = s.seen(r, "viewed", e.Document.ID)
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(w, http.StatusOK, LetterOf(e))
}

func (s *server) apiList(w http.ResponseWriter, r *http.Request) {
	entries, next, err := s.Rows.List(r.Context(), s.queryOf(r).Filter)
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

// found is a letter with where its words were found.
type found struct {
	Letter
	Page    int      `json:"page,omitempty"` // of the snippet, from 1
	Snippet string   `json:"snippet"`
	Score   float64  `json:"score"`
	Similar bool     `json:"similar"`           // found by likeness only
	Missing []string `json:"missing,omitempty"` // what was asked for and is not there
}

// apiFacet is a value that results can be narrowed by; Value goes into the
// parameter of the facet's name.
type apiFacet struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

func (s *server) apiSearch(w http.ResponseWriter, r *http.Request) {
	hits, err := s.Rows.Search(r.Context(), s.queryOf(r))
	if err == nil {
		err = s.seen(r, "listed", "")
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	list := make([]found, len(hits.Hits))
	for i, h := range hits.Hits {
		list[i] = found{LetterOf(h.Entry), h.Page, h.Snippet, h.Score, h.Similar, h.Missing}
	}
	facets := map[string][]apiFacet{}
	for name, counts := range map[string][]catalog.Count{
		"department": hits.Facets.Departments, "type": hits.Facets.Types, "state": hits.Facets.States,
		"when": hits.Facets.Months, "sender": hits.Facets.Senders, "reference": hits.Facets.References,
	} {
		facets[name] = []apiFacet{}
		for _, c := range counts {
			facets[name] = append(facets[name], apiFacet{c.Value, c.N})
		}
	}
	answer(w, http.StatusOK, struct {
		Total  int                   `json:"total"`
		More   bool                  `json:"more"` // there are more than total: the newest were looked at
		Hits   []found               `json:"hits"`
		Facets map[string][]apiFacet `json:"facets"`
		Next   catalog.Cursor        `json:"next,omitempty"`
	}{hits.Total, hits.More, list, facets, hits.Next})
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
		Inlets  []Inlet                `json:"inlets"`
	}{s.Version, counts.States, s.inlets()})
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
