package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

type tokensPage struct {
	frame
	Tokens      []catalog.Token
	Scopes      []access.Action
	Departments []deptName
	Secret      string // of the new token, shown once
	Now         time.Time
}

// Over says that a token counts no more.
func (p tokensPage) Over(t catalog.Token) bool {
	return !t.Revoked.IsZero() || t.Expires.Before(p.Now)
}

// tokens lists what programs come in by.
func (s *server) tokens(w http.ResponseWriter, r *http.Request) { s.showTokens(w, r, "") }

func (s *server) showTokens(w http.ResponseWriter, r *http.Request, secret string) {
	list, err := s.Rows.Tokens(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := tokensPage{frame: s.frame(r, "tokens.title"), Tokens: list, Scopes: access.Scopes(), Secret: secret, Now: s.Access.Clock()}
	for _, d := range s.departments() {
		page.Departments = append(page.Departments, deptName{d.Department, d.DepartmentName})
	}
	s.show(w, r, "tokens", page)
}

// mostDays is the longest life of a token: two years.
const mostDays = 730

// tokenForm makes a token and shows its secret, once.
func (s *server) tokenForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	t, err := s.readToken(r)
	if err != nil {
		s.again(w, r, "token", "/tokens", s.tokens, err)
		return
	}
	secret := access.NewToken()
	if _, err := s.Rows.AddToken(r.Context(), t, access.HashSecret(secret)); err != nil {
		s.fail(w, r, err)
		return
	}
	s.showTokens(w, r, secret)
}

func (s *server) readToken(r *http.Request) (catalog.Token, error) {
	if err := r.ParseForm(); err != nil {
		return catalog.Token{}, badForm
	}
	days, err := strconv.Atoi(r.PostFormValue("days"))
	t := catalog.Token{
		Name: strings.TrimSpace(r.PostFormValue("name")), Scopes: r.PostForm["scope"], All: r.PostForm.Has("all"), By: actor(r),
		Expires: s.Access.Clock().AddDate(0, 0, days),
	}
	switch {
	case t.Name == "" || len(t.Name) > 100:
		return t, unclearAt("name", "Ein Zugang braucht einen Namen von höchstens 100 Zeichen.", "A token needs a name of at most 100 characters.")
	case len(t.Scopes) == 0:
		return t, unclear("Bitte mindestens ein Recht ankreuzen.", "Please tick at least one right.")
	case err != nil || days < 1 || days > mostDays:
		return t, unclearAt("days", "Die Dauer liegt zwischen 1 und 730 Tagen.", "The life lies between 1 and 730 days.")
	}
	for _, scope := range t.Scopes {
		if !slices.Contains(access.Scopes(), access.Action(scope)) {
			return t, badForm
		}
	}
	t.Departments, err = s.readDepartments(r.PostForm["department"])
	return t, err
}

func (s *server) revokeForm(w http.ResponseWriter, r *http.Request) {
	if err := s.Rows.RevokeToken(r.Context(), r.PathValue("id"), actor(r)); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/tokens", http.StatusSeeOther)
}

type groupsPage struct {
	frame
	Groups      []catalog.Group
	Roles       []access.Role
	Departments []deptName
	Issuer      string
	Edit        catalog.Group
}

// Is and In say what the group that is edited is trusted with.
func (p groupsPage) Is(role access.Role) bool {
	return p.Picked("group", "role", role, slices.Contains(p.Edit.Roles, string(role)))
}

func (p groupsPage) In(id pipeline.DeptID) bool {
	return p.Picked("group", "department", id, slices.Contains(p.Edit.Departments, id))
}

// groups says what groups of the town's own login are trusted with.
func (s *server) groups(w http.ResponseWriter, r *http.Request) {
	list, err := s.Rows.Groups(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := groupsPage{frame: s.frame(r, "groups.title"), Groups: list, Roles: access.AllRoles()}
	if s.Access.Issuer != nil {
		page.Issuer = s.Access.Issuer.Name
	}
	for _, g := range list {
		if g.Name == r.URL.Query().Get("group") {
			page.Edit = g
		}
	}
	for _, d := range s.departments() {
		page.Departments = append(page.Departments, deptName{d.Department, d.DepartmentName})
	}
	s.show(w, r, "groups", page)
}

func (s *server) groupForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	g, err := s.readGroup(r)
	if err != nil {
		s.again(w, r, "group", "/groups", s.groups, err)
		return
	}
	if err := s.Rows.SetGroup(r.Context(), g, actor(r)); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/groups", http.StatusSeeOther)
}

func (s *server) readGroup(r *http.Request) (catalog.Group, error) {
	if err := r.ParseForm(); err != nil {
		return catalog.Group{}, badForm
	}
	g := catalog.Group{Name: strings.TrimSpace(r.PostFormValue("group"))}
	if g.Name == "" || len(g.Name) > 300 {
		return g, unclearAt("group", "Wie heißt die Gruppe in der Anmeldung der Stadt? Höchstens 300 Zeichen.", "What is the group called in the town's login? At most 300 characters.")
	}
	var err error
	if g.Roles, err = readRoles(r.PostForm["role"]); err != nil {
		return g, err
	}
	g.Departments, err = s.readDepartments(r.PostForm["department"])
	return g, err
}

// number64 reads a number; 0 for what is none.
func number64(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
