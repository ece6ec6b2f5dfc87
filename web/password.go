package web

import (
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
	if err == nil && (!locked(e) || strconv.Itoa(e.Gen) != r.PostFormValue("gen")) {
		err = catalog.ErrNotWaiting
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	unlocked, err := s.Unlock(r.Context(), e.Document, r.PostFormValue("password"))
	var fault *pipeline.Fault
	if errors.As(err, &fault) && fault.Code == "wrong-password" {
		s.askAgain(w, r, e, fault.Text)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	bell, err := s.Rows.Unlock(r.Context(), e.Document.ID, e.Gen, unlocked, s.Restart, actor(r))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_ = s.ring(r, bell)
	s.desks.leave(e.Document.ID)
	http.Redirect(w, r, "/review?after="+string(e.Place())+"&done="+string(e.Document.ID), http.StatusSeeOther)
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
	page.Here, page.Wrong = "/review", &why
	s.showStatus(w, r, http.StatusUnprocessableEntity, "review", page)
}
