package web

import (
	"encoding/json"
	"net/http"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// apiDeed is something that was done with a letter, for programs.
type apiDeed struct {
	ID         string           `json:"id"`
	Kind       catalog.DeedKind `json:"kind"`
	By         string           `json:"by"`
	At         time.Time        `json:"at"`
	Assignee   string           `json:"assignee,omitempty"`
	Due        string           `json:"due,omitempty"` // a day
	Note       string           `json:"note,omitempty"`
	Department pipeline.DeptID  `json:"department,omitempty"`
	Undone     time.Time        `json:"undone,omitzero"`
}

func (s *server) apiDeedOf(d catalog.Deed) apiDeed {
	return apiDeed{d.ID, d.Kind, d.By, d.At, d.Assignee, s.dayOf(d.Due), d.Note, d.Department, d.Undone}
}

// dayOf writes a day as programs do; "" is none.
func (s *server) dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(s.Zone).Format(time.DateOnly)
}

// apiWork is how the work on a letter stands, and how it came to that.
type apiWork struct {
	Assignee string    `json:"assignee,omitempty"`
	Due      string    `json:"due,omitempty"`
	Done     time.Time `json:"done,omitzero"`
	Deeds    []apiDeed `json:"deeds"` // oldest first
}

func (s *server) apiWork(w http.ResponseWriter, r *http.Request) {
	work, deeds, err := s.Rows.Deeds(r.Context(), docID(r))
	if err == nil {
		err = s.seen(r, "viewed", docID(r))
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	out := apiWork{work.Assignee, s.dayOf(work.Due), work.Done, make([]apiDeed, len(deeds))}
	for i, d := range deeds {
		out.Deeds[i] = s.apiDeedOf(d)
	}
	answer(w, http.StatusOK, out)
}

func (s *server) apiDo(w http.ResponseWriter, r *http.Request) {
	var in deedInput
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&in); err != nil {
		s.problem(w, r, notUnderstood(err))
		return
	}
	d, err := s.do(r, in)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(w, http.StatusCreated, s.apiDeedOf(d))
}

func (s *server) apiUndo(w http.ResponseWriter, r *http.Request) {
	d, err := s.undo(r)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	answer(w, http.StatusOK, s.apiDeedOf(d))
}
