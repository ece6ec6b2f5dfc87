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
	Wrong       *pipeline.Message
	Now         time.Time
}

// Over says that a token counts no more.
func (p tokensPage) Over(t catalog.Token) bool {
	return !t.Revoked.IsZero() || t.Expires.Before(p.Now)
}

// tokens lists what programs come in by.
func (s *server) tokens(w http.ResponseWriter, r *http.Request) { s.showTokens(w, r, "", nil) }

func (s *server) showTokens(w http.ResponseWriter, r *http.Request, secret string, wrong error) {
	list, err := s.Rows.Tokens(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := tokensPage{frame: s.frame(r, "tokens.title"), Tokens: list, Scopes: access.Scopes(), Secret: secret, Now: s.Access.Clock()}
	for _, d := range s.departments() {
		page.Departments = append(page.Departments, deptName{d.Department, d.DepartmentName})
	}
	status := http.StatusOK
	if wrong != nil {
		text := textOf(wrong)
		status, page.Wrong = statusOf(wrong), &text
	}
	s.showStatus(w, r, status, "tokens", page)
}

// mostDays is the longest life of a token: two years.
const mostDays = 730

// tokenForm makes a token and shows its secret, once.
func (s *server) tokenForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	t, err := s.readToken(r)
	if err != nil {
		s.showTokens(w, r, "", err)
		return
	}
	secret := access.NewToken()
	if _, err := s.Rows.AddToken(r.Context(), t, access.HashSecret(secret)); err != nil {
		s.fail(w, r, err)
		return
	}
	s.showTokens(w, r, secret, nil)
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
	if err != nil || days < 1 || days > mostDays || t.Name == "" || len(t.Name) > 100 || len(t.Scopes) == 0 {
		return t, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-token", Text: pipeline.Message{
			DE: "Ein Zugang braucht einen Namen, mindestens ein Recht und eine Dauer von 1 bis 730 Tagen.",
			EN: "A token needs a name, at least one right, and a life of 1 to 730 days.",
		}}
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
	Wrong       *pipeline.Message
}

// Is and In say what the group that is edited is trusted with.
func (p groupsPage) Is(role access.Role) bool   { return slices.Contains(p.Edit.Roles, string(role)) }
func (p groupsPage) In(id pipeline.DeptID) bool { return slices.Contains(p.Edit.Departments, id) }

// groups says what groups of the town's own login are trusted with.
func (s *server) groups(w http.ResponseWriter, r *http.Request) { s.showGroups(w, r, nil) }

func (s *server) showGroups(w http.ResponseWriter, r *http.Request, wrong error) {
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
	status := http.StatusOK
	if wrong != nil {
		text := textOf(wrong)
		status, page.Wrong = statusOf(wrong), &text
	}
	s.showStatus(w, r, status, "groups", page)
}

func (s *server) groupForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	g, err := s.readGroup(r)
	if err != nil {
		s.showGroups(w, r, err)
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
		return g, badForm
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
