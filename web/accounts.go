package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

func (s *server) accountRoutes() []route {
	return []route{
		{"GET /accounts", access.Manage, s.accounts},
		{"GET /accounts/new", access.Manage, s.newAccount},
		{"POST /accounts/new", access.Manage, s.newAccountForm},
		{"GET /accounts/{id}", access.Manage, s.account},
		{"POST /accounts/{id}", access.Manage, s.accountForm},
		{"POST /accounts/{id}/password", access.Manage, s.resetForm},
		{"GET /tokens", access.Manage, s.tokens},
		{"POST /tokens", access.Manage, s.tokenForm},
		{"POST /tokens/{id}/revoke", access.Manage, s.revokeForm},
		{"GET /groups", access.Manage, s.groups},
		{"POST /groups", access.Manage, s.groupForm},
		{"GET /sign-ins", access.Manage, s.signIns},
		{"GET /evidence", access.Audit, s.evidence},
	}
}

type accountsPage struct {
	frame
	Accounts    []catalog.Account
	Departments []members
}

// members are those who read a department's letters.
type members struct {
	deptName
	Names []string
}

// accounts lists who may sign in, and who reads which department's letters.
func (s *server) accounts(w http.ResponseWriter, r *http.Request) {
	list, err := s.Rows.Accounts(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := accountsPage{frame: s.frame(r, "accounts.title"), Accounts: list}
	for _, d := range s.departments() {
		m := members{deptName: deptName{d.Department, d.DepartmentName}}
		for _, a := range list {
			if !a.Disabled && slices.Contains(a.Roles, string(access.Department)) && slices.Contains(a.Departments, d.Department) {
				m.Names = append(m.Names, a.Name)
			}
		}
		page.Departments = append(page.Departments, m)
	}
	s.show(w, r, "accounts", page)
}

type accountPage struct {
	frame
	Account     catalog.Account
	Roles       []access.Role
	Departments []deptName
	Others      []catalog.Account // who may stand in
	Password    string            // shown once
	Done        bool
	Wrong       *pipeline.Message
}

// Is says whether the account has a role; In whether it is in a department.
func (p accountPage) Is(role access.Role) bool   { return slices.Contains(p.Account.Roles, string(role)) }
func (p accountPage) In(id pipeline.DeptID) bool { return slices.Contains(p.Account.Departments, id) }

// Foreign says that roles and departments come from the town's own login.
func (p accountPage) Foreign() bool { return p.Account.Issuer != "" }

// Rows are the deputies and an empty line for one more.
func (p accountPage) Rows() []catalog.Deputy {
	return append(slices.Clone(p.Account.Deputies), catalog.Deputy{})
}

// showAccount shows the form of an account. What must be known of the others is
// read anew.
func (s *server) showAccount(w http.ResponseWriter, r *http.Request, page accountPage, err error) {
	status := http.StatusOK
	if err != nil {
		text := accountText(err)
		status, page.Wrong = statusOf(err), &text
		if errors.Is(err, catalog.ErrTaken) || errors.Is(err, catalog.ErrLastAdmin) {
			status = http.StatusConflict
		}
		if status >= http.StatusInternalServerError {
			s.fail(w, r, err)
			return
		}
	}
	all, err := s.Rows.Accounts(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page.Others = slices.DeleteFunc(all, func(a catalog.Account) bool { return a.Disabled || a.ID == page.Account.ID })
	page.frame, page.Roles = s.frame(r, "account.title"), access.AllRoles()
	for _, d := range s.departments() {
		page.Departments = append(page.Departments, deptName{d.Department, d.DepartmentName})
	}
	s.showStatus(w, r, status, "account", page)
}

// accountText is what an administrator is told about a change that failed.
func accountText(err error) pipeline.Message {
	switch {
	case errors.Is(err, catalog.ErrTaken):
		return pipeline.Message{DE: "Diesen Anmeldenamen gibt es schon. Er wird nicht zweimal vergeben, auch wenn das Konto gesperrt ist.",
			EN: "This login exists already. It is not given twice, even if the account is disabled."}
	case errors.Is(err, catalog.ErrLastAdmin):
		return pipeline.Message{DE: "Das ist das letzte Konto, das Konten verwalten darf. Bitte zuerst ein anderes dazu berechtigen.",
			EN: "This is the last account that may manage accounts. Please allow another one first."}
	}
	return textOf(err)
}

func (s *server) newAccount(w http.ResponseWriter, r *http.Request) {
	s.showAccount(w, r, accountPage{}, nil)
}

// useful says that an account can do something: a form sent too early makes none
// that signs in and sees nothing.
func useful(a catalog.Account) error {
	switch {
	case len(a.Roles) == 0:
		return unclear("Bitte mindestens eine Aufgabe ankreuzen: sonst sieht dieses Konto nichts.", "Please tick at least one role: else this account sees nothing.")
	case slices.Contains(a.Roles, string(access.Department)) && len(a.Departments) == 0:
		return unclear("Bitte ankreuzen, welcher Ämter Briefe dieses Konto liest.", "Please tick whose letters this account reads.")
	}
	return nil
}

// newAccountForm creates an account and shows its first password, once.
func (s *server) newAccountForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	page := accountPage{Account: catalog.Account{Login: r.PostFormValue("login"), Renew: true}}
	err := errors.Join(s.readAccount(r, &page.Account), CheckLogin(page.Account.Login), useful(page.Account))
	if err == nil {
		password := access.NewPassword()
		var made catalog.Account
		if made, err = s.Rows.AddAccount(r.Context(), page.Account, s.door.passwords.Hash(password), actor(r)); err == nil {
			page.Account, page.Password = made, password
		}
	}
	s.showAccount(w, r, page, err)
}

func (s *server) account(w http.ResponseWriter, r *http.Request) {
	a, err := s.Rows.Account(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showAccount(w, r, accountPage{Account: a, Done: r.URL.Query().Has("done")}, nil)
}

func (s *server) accountForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	a, err := s.Rows.Account(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err = s.readAccount(r, &a); err == nil {
		err = s.Rows.ChangeAccount(r.Context(), a, actor(r))
	}
	if err != nil {
		s.showAccount(w, r, accountPage{Account: a}, err)
		return
	}
	http.Redirect(w, r, "/accounts/"+a.ID+"?done", http.StatusSeeOther)
}

// resetForm gives an account a new password, which is shown once and which its
// owner has to change.
func (s *server) resetForm(w http.ResponseWriter, r *http.Request) {
	a, err := s.Rows.Account(r.Context(), r.PathValue("id"))
	if err == nil && a.Issuer != "" {
		err = catalog.ErrNoAccount // it signs in elsewhere
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	password := access.NewPassword()
	if err := s.Rows.SetPassword(r.Context(), a.ID, s.door.passwords.Hash(password), "", actor(r)); err != nil {
		s.fail(w, r, err)
		return
	}
	s.showAccount(w, r, accountPage{Account: a, Password: password}, nil)
}

// readAccount reads the form of an account. Of one that comes from the town's own
// login, roles and departments are its issuer's business.
func (s *server) readAccount(r *http.Request, a *catalog.Account) error {
	if err := r.ParseForm(); err != nil {
		return badForm
	}
	a.Disabled = r.PostForm.Has("disabled")
	var deputies, roles, departments error // the form is shown again with whatever could be read
	a.Deputies, deputies = s.readDeputies(r, a.ID)
	if a.Issuer != "" {
		return deputies
	}
	a.Name = cmp.Or(strings.TrimSpace(r.PostFormValue("name")), a.Login)
	a.Roles, roles = readRoles(r.PostForm["role"])
	a.Departments, departments = s.readDepartments(r.PostForm["department"])
	return errors.Join(deputies, roles, departments)
}

var badForm = &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-form", Text: pipeline.Message{
	DE: "Diese Angaben passen nicht zusammen. Bitte die Seite neu laden und noch einmal versuchen.",
	EN: "These entries do not go together. Please load the page again and try once more.",
}}

func readRoles(values []string) ([]string, error) {
	for _, v := range values {
		if !slices.Contains(access.AllRoles(), access.Role(v)) {
			return nil, badForm
		}
	}
	return values, nil
}

func (s *server) readDepartments(values []string) ([]pipeline.DeptID, error) {
	known := s.departments()
	var list []pipeline.DeptID
	for _, v := range values {
		if !slices.ContainsFunc(known, func(t TypeInfo) bool { return string(t.Department) == v }) {
			return nil, badForm
		}
		list = append(list, pipeline.DeptID(v))
	}
	return list, nil
}

// readDeputies reads lines of who, first day and last day. A line without a person
// is left out. Where a line makes no sense, all come with the error.
func (s *server) readDeputies(r *http.Request, self string) ([]catalog.Deputy, error) {
	who, from, to := r.PostForm["deputy"], r.PostForm["from"], r.PostForm["to"]
	if len(who) != len(from) || len(who) != len(to) {
		return nil, badForm
	}
	wrong := &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-dates", Text: pipeline.Message{
		DE: "Eine Vertretung braucht einen ersten und einen letzten Tag, der nicht davor liegt.",
		EN: "A deputy needs a first and a last day, which is not before the first.",
	}}
	var list []catalog.Deputy
	var failed error
	for i := range who {
		if who[i] == "" {
			continue
		}
		first, err1 := time.ParseInLocation(time.DateOnly, from[i], s.Zone)
		last, err2 := time.ParseInLocation(time.DateOnly, to[i], s.Zone)
		if !last.IsZero() {
			last = last.AddDate(0, 0, 1)
		}
		list = append(list, catalog.Deputy{Account: who[i], From: first, To: last})
		if err1 != nil || err2 != nil || !first.Before(last) || who[i] == self {
			failed = wrong
		} else if _, err := s.Rows.Account(r.Context(), who[i]); err != nil {
			return nil, err
		}
	}
	return list, failed
}

type eventsPage struct {
	frame
	Events []catalog.Event
	Next   int64
}

// signIns lists who signed in and who failed to.
func (s *server) signIns(w http.ResponseWriter, r *http.Request) {
	const most = 100
	events, err := s.Rows.SignIns(r.Context(), number64(r.URL.Query().Get("before")), most+1)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := eventsPage{frame: s.frame(r, "signins.title"), Events: events}
	if len(events) > most {
		page.Events, page.Next = events[:most], events[most-1].N
	}
	s.show(w, r, "signins", page)
}
