package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// locked says whether a letter waits for the password of its file.
func locked(e catalog.Entry) bool {
	return e.State == pipeline.Waiting && e.Fault != nil && e.Fault.Code == catalog.FaultEncrypted
}

// passwordQuestion stands over the field for it.
var passwordQuestion = pipeline.Message{DE: "Wie lautet das Passwort dieser Datei?", EN: "What is the password of this file?"}

// passwordForm takes the password of an encrypted letter. With the right one the
// letter goes on its way, read from a copy without protection; with a wrong one
// the question stays. The password is in this request alone.
func (s *server) passwordForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<12)
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err == nil && strconv.Itoa(e.Gen) != r.PostFormValue("gen") {
		err = catalog.ErrNotWaiting
	}
	if err == nil {
		err = s.unlock(r, e, r.PostFormValue("password"))
	}
	var fault *pipeline.Fault
	if errors.As(err, &fault) && fault.Code == "wrong-password" {
		s.askAgain(w, r, e, fault.Text)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/review?after="+string(e.Place())+"&done="+string(e.Document.ID), http.StatusSeeOther)
}

// apiPassword takes the password of an encrypted letter from a program.
func (s *server) apiPassword(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Password string `json:"password"`
	}
	// What the decoder says of a body that it cannot read may quote from it.
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<12)).Decode(&in) != nil {
		s.problem(w, r, badRequest("not JSON with a password", nil))
		return
	}
	e, err := s.Rows.Get(r.Context(), docID(r))
	if err == nil {
		err = s.unlock(r, e, in.Password)
	}
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.apiGet(w, r)
}

// unlock opens a letter that waits for its password and sends it on its way.
func (s *server) unlock(r *http.Request, e catalog.Entry, password string) error {
	if !locked(e) {
		return catalog.ErrNotWaiting
	}
	unlocked, err := s.Unlock(r.Context(), e.Document, password)
	if err != nil {
		return err
	}
	bell, err := s.Rows.Unlock(r.Context(), e.Document.ID, e.Gen, unlocked, s.Restart, actor(r))
	if err != nil {
		return err
	}
	s.desks.leave(e.Document.ID)
	return s.ring(r, bell)
}

// askAgain shows the question again, with why the answer did not do.
func (s *server) askAgain(w http.ResponseWriter, r *http.Request, e catalog.Entry, why pipeline.Message) {
	held, err := s.Rows.Held(r.Context())
	page := taskPage{frame: s.frame(r, "review.title"), Held: held, Labels: s.Labels}
	if err == nil {
		page, err = s.task(r, page, e, nil)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page.Here, page.Switch, page.Wrong = "/review", taskIn(page.Lang, e), &why
	s.showStatus(w, r, http.StatusUnprocessableEntity, "review", page)
}
