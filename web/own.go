package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

type ownPage struct {
	frame
	Account     catalog.Account
	Departments []deptName
	Deputies    []deputyName
	Colleagues  []catalog.Account // who may be asked to stand in
	Sessions    []ownSession
	Done        string // what was done: "password", "language", "sessions", "deputies" or ""
	Wrong       *pipeline.Message
}

type deptName struct {
	ID   pipeline.DeptID
	Name string
}

type deputyName struct {
	Name     string
	From, To time.Time // To is the last day
}

type ownSession struct {
	catalog.Session
	This bool
}

// Browser is what people call the program that they signed in with: "Firefox,
// Windows". What is not known stays as it calls itself.
func (o ownSession) Browser() string {
	first := func(marks ...string) string { // pairs of a mark and what it stands for
		for pair := range slices.Chunk(marks, 2) {
			if strings.Contains(o.Agent, pair[0]) {
				return pair[1]
			}
		}
		return ""
	}
	// Browsers carry the marks of those that they are made of: the rarer come first.
	program := first("Edg", "Edge", "OPR/", "Opera", "SamsungBrowser", "Samsung Internet", "Firefox/", "Firefox", "FxiOS", "Firefox",
		"CriOS", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari")
	system := first("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case program == "":
		return o.Agent
	case system == "":
		return program
	}
	return program + ", " + system
}

// own is a person's own account. Who sits at a machine without accounts has none.
func (s *server) own(w http.ResponseWriter, r *http.Request) {
	s.showOwn(w, r, http.StatusOK, r.URL.Query().Get("done"), nil)
}

func (s *server) showOwn(w http.ResponseWriter, r *http.Request, status int, done string, wrong *pipeline.Message) {
	person := access.From(r.Context())
	if person.ID == "" {
		s.notFound(w, r)
		return
	}
	page := ownPage{frame: s.frame(r, "own.title"), Wrong: wrong}
	switch done {
	case "password", "language", "sessions", "deputies":
		page.Done = done
	}
	var err error
	if page.Account, err = s.Rows.Account(r.Context(), person.ID); err != nil {
		s.fail(w, r, err)
		return
	}
	sessions, err := s.Rows.Sessions(r.Context(), person.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, x := range sessions {
		page.Sessions = append(page.Sessions, ownSession{x, x.Key == person.Session})
	}
	page.Departments = s.deptNames(person.Departments)
	for _, d := range page.Account.Deputies {
		a, err := s.Rows.Account(r.Context(), d.Account)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		page.Deputies = append(page.Deputies, deputyName{a.Name, d.From, d.To.AddDate(0, 0, -1)})
	}
	all, err := s.Rows.Accounts(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page.Colleagues = mayDeputise(all, page.Account)
	if mistakeOf(r) != nil {
		s.show(w, r, "own", page)
		return
	}
	s.showStatus(w, r, status, "own", page)
}

// deptNames gives departments their names.
func (s *server) deptNames(ids []pipeline.DeptID) []deptName {
	var list []deptName
	for _, id := range ids {
		n := deptName{ID: id}
		for _, t := range s.Types {
			if t.Department == id {
				n.Name = t.DepartmentName
				break
			}
		}
		list = append(list, n)
	}
	return list
}

// ownPassword changes a person's own password. The old one is asked for, and
// counted like an attempt to sign in: a browser left open must not give the
// account away.
func (s *server) ownPassword(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	person := access.From(r.Context())
	err := s.changeOwn(r, person)
	if err != nil {
		text, status := textOf(err), statusOf(err)
		s.logFailure(r, status, err)
		s.showOwn(w, r, status, "", &text)
		return
	}
	http.Redirect(w, r, "/account?done=password", http.StatusSeeOther)
}

func (s *server) changeOwn(r *http.Request, person access.Person) error {
	if person.ID == "" {
		return catalog.ErrNoAccount
	}
	if _, err := s.door.try(r, person.Account, r.PostFormValue("old")); err != nil {
		return err
	}
	hash, err := s.door.newHash(r, person.Account)
	if err != nil {
		return err
	}
	return s.Rows.SetPassword(r.Context(), person.ID, hash, person.Session, person.Account)
}

func (s *server) ownLanguage(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	person, lang := access.From(r.Context()), r.PostFormValue("language")
	if person.ID == "" || lang != "de" && lang != "en" {
		s.notFound(w, r)
		return
	}
	if err := s.Rows.SetLanguage(r.Context(), person.ID, lang); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/account?done=language&lang="+lang, http.StatusSeeOther)
}

// ownSessions ends one of a person's own sessions.
func (s *server) ownSessions(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	person := access.From(r.Context())
	key := r.PostFormValue("end")
	if err := s.Rows.EndSession(r.Context(), person.ID, key, person.Account); err != nil {
		s.fail(w, r, err)
		return
	}
	if key == person.Session {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/account?done=sessions", http.StatusSeeOther)
}
