package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// accountRows is what signing in and the pages about accounts need of the
// catalogue.
type accountRows interface {
	HasAccounts(ctx context.Context) (bool, error)
	Accounts(ctx context.Context) ([]catalog.Account, error)
	Account(ctx context.Context, id string) (catalog.Account, error)
	AccountByLogin(ctx context.Context, login string) (catalog.Account, string, error)
	AddFirst(ctx context.Context, a catalog.Account, passwordHash, codeHash string) (catalog.Account, error)
	AddAccount(ctx context.Context, a catalog.Account, passwordHash, by string) (catalog.Account, error)
	ChangeAccount(ctx context.Context, a catalog.Account, by string) error
	SetPassword(ctx context.Context, id, hash, keep, by string) error
	SetLanguage(ctx context.Context, id, language string) error
	Rehash(ctx context.Context, id, was, hash string) error
	Enrol(ctx context.Context, a catalog.Account) (catalog.Account, error)

	StartSession(ctx context.Context, s catalog.Session) error
	Present(ctx context.Context, key string, idle time.Duration) (catalog.Presence, error)
	Sessions(ctx context.Context, account string) ([]catalog.Session, error)
	EndSession(ctx context.Context, account, key, by string) error
	Attempt(ctx context.Context, guesses ...catalog.Guess) (time.Duration, error)
	Forgive(ctx context.Context, login, address catalog.Guess) error
	FailedSignIn(ctx context.Context, login string) error
	Evidence(ctx context.Context, before int64, limit int) ([]catalog.Event, error)
	JournalNumbers(ctx context.Context, ids []pipeline.DocID) (map[pipeline.DocID]string, error)
	SignIns(ctx context.Context, before int64, limit int) ([]catalog.Event, error)

	AddToken(ctx context.Context, t catalog.Token, hash string) (catalog.Token, error)
	Tokens(ctx context.Context) ([]catalog.Token, error)
	TokenByHash(ctx context.Context, hash string) (catalog.Token, error)
	RevokeToken(ctx context.Context, id, by string) error
	Groups(ctx context.Context) ([]catalog.Group, error)
	SetGroup(ctx context.Context, g catalog.Group, by string) error
}

func (s *server) signInRoutes() []route {
	return []route{
		{"GET /setup", access.Arrive, s.setup},
		{"POST /setup", access.Arrive, s.setupForm},
		{"GET /login", access.Arrive, s.login},
		{"POST /login", access.Arrive, s.loginForm},
		{"GET /begin", access.Enter, s.begin},
		{"GET /login/oidc", access.Arrive, s.issuerLogin},
		{"GET /login/oidc/callback", access.Arrive, s.issuerBack},
		{"POST /logout", access.Arrive, s.logout},
		{"GET /account", access.Enter, s.own},
		{"POST /account/password", access.Enter, s.ownPassword},
		{"POST /account/language", access.Enter, s.ownLanguage},
		{"POST /account/sessions", access.Enter, s.ownSessions},
		{"POST /account/deputies", access.Work, s.ownDeputies},
	}
}

// smallForm keeps forms of words small.
func smallForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
}

type loginPage struct {
	frame
	Login  string
	Next   string
	Wrong  *pipeline.Message
	Issuer string // name of the town's own login; "" is none
}

func (s *server) loginPage(r *http.Request) loginPage {
	p := loginPage{frame: s.frame(r, "login.title"), Next: within(r.FormValue("next"))}
	if s.Access.Issuer != nil {
		p.Issuer = s.Access.Issuer.Name
	}
	return p
}

// login asks who it is.
func (s *server) login(w http.ResponseWriter, r *http.Request) {
	some, err := s.door.hasAccounts(r.Context())
	switch {
	case err != nil:
		s.fail(w, r, err)
	case !some:
		http.Redirect(w, r, "/setup", http.StatusSeeOther)
	case !access.From(r.Context()).Nobody():
		http.Redirect(w, r, "/", http.StatusSeeOther)
	default:
		s.show(w, r, "login", s.loginPage(r))
	}
}

// within gives a path of this site, or "" for anything else: a link must not lead
// from our sign-in to a foreign copy of it.
func within(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return ""
	}
	return next
}

// after is where a sign-in leads: to the page that was asked for, or to where the
// person's work begins.
func after(next string) string {
	if to := within(next); to != "" && to != "/" {
		return to
	}
	return "/begin"
}

// begin leads people to where their work begins.
func (s *server) begin(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, landing(access.From(r.Context())), http.StatusSeeOther)
}

// loginForm lets in who knows the password. Whether there is no such account, it
// is disabled, it has no password or the password is wrong: the answer is the
// same, in the same time.
func (s *server) loginForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	login := r.PostFormValue("login")
	account, err := s.door.try(r, login, r.PostFormValue("password"))
	if err == nil {
		if err = s.door.open(w, r, account); err == nil {
			http.Redirect(w, r, after(r.PostFormValue("next")), http.StatusSeeOther)
			return
		}
	}
	var wrong *pipeline.Fault
	if !errors.As(err, &wrong) {
		s.fail(w, r, err)
		return
	}
	s.Log.WarnContext(r.Context(), "sign-in refused", slog.String("code", wrong.Code), slog.String("address", s.door.address(r).String()))
	if wrong.Code == "too-many" {
		w.Header().Set("Retry-After", "60")
	}
	page := s.loginPage(r)
	page.Login, page.Wrong = login, &wrong.Text
	s.showStatus(w, r, statusOf(wrong), "login", page)
}

var errWrong = &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "wrong-password", Text: pipeline.Message{
	DE: "Name oder Passwort stimmt nicht. Bitte prüfen und noch einmal versuchen.",
	EN: "Name or password is wrong. Please check and try again.",
}}

// try checks a login and its password, and counts the attempt.
func (d *door) try(r *http.Request, login, password string) (catalog.Account, error) {
	ctx := r.Context()
	byLogin, byAddress := d.guesses(r, login)
	wait, err := d.rows.Attempt(ctx, byLogin, byAddress)
	if err != nil {
		return catalog.Account{}, err
	}
	if wait > 0 {
		return catalog.Account{}, tooMany(wait)
	}
	account, hash, err := d.rows.AccountByLogin(ctx, login)
	known := err == nil && !account.Disabled
	if err != nil && !errors.Is(err, catalog.ErrNoAccount) {
		return catalog.Account{}, err
	}
	if !known {
		hash = ""
	}
	right, stale := d.passwords.Check(hash, password)
	if !right {
		return catalog.Account{}, errors.Join(d.rows.FailedSignIn(ctx, account.Login), errWrong)
	}
	if stale {
		if err := d.rows.Rehash(ctx, account.ID, hash, d.passwords.Hash(password)); err != nil {
			return catalog.Account{}, err
		}
	}
	return account, d.rows.Forgive(ctx, byLogin, byAddress)
}

func tooMany(wait time.Duration) error {
	seconds := int(wait.Seconds()) + 1
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "too-many", Text: pipeline.Message{
		DE: fmt.Sprintf("Das waren zu viele Versuche. Bitte %d Sekunden warten.", seconds),
		EN: fmt.Sprintf("There were too many attempts. Please wait %d seconds.", seconds),
	}}
}

// logout ends the session, whether it still counts or not.
func (s *server) logout(w http.ResponseWriter, r *http.Request) {
	if p := access.From(r.Context()); p.Session != "" {
		err := s.Rows.EndSession(r.Context(), p.ID, p.Session, p.Account)
		if err != nil && !errors.Is(err, catalog.ErrNoSession) {
			s.fail(w, r, err)
			return
		}
	}
	http.SetCookie(w, s.door.cookie(r, s.door.cookieName(r), "", 0))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

type setupPage struct {
	frame
	Code, Login, Name string
	Wrong             *pipeline.Message
}

// setup is where the first administrator is created, by whoever has the code that
// serve printed.
func (s *server) setup(w http.ResponseWriter, r *http.Request) {
	some, err := s.door.hasAccounts(r.Context())
	switch {
	case err != nil:
		s.fail(w, r, err)
	case some:
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	default:
		s.show(w, r, "setup", setupPage{frame: s.frame(r, "setup.title"), Code: r.FormValue("code")})
	}
}

func (s *server) setupForm(w http.ResponseWriter, r *http.Request) {
	smallForm(w, r)
	page := setupPage{Code: r.PostFormValue("code"), Login: r.PostFormValue("login"), Name: r.PostFormValue("name")}
	account, err := s.createFirst(r, page)
	if err == nil {
		s.door.accounts.Store(true)
		if err = s.door.open(w, r, account); err == nil {
			http.Redirect(w, r, "/accounts", http.StatusSeeOther)
			return
		}
	}
	text, status := textOf(err), statusOf(err)
	if errors.Is(err, catalog.ErrNotFirst) {
		status = http.StatusUnprocessableEntity
		text = pipeline.Message{
			DE: "Der Code stimmt nicht oder ist abgelaufen. Ein Neustart von Blattwerk zeigt einen neuen; gibt es schon Konten, so gilt keiner mehr.",
			EN: "The code is wrong or has ended. A restart of Blattwerk shows a new one; if there are accounts already, none counts any more.",
		}
	}
	s.logFailure(r, status, err)
	page.frame, page.Wrong = s.frame(r, "setup.title"), &text
	s.showStatus(w, r, status, "setup", page)
}

func (s *server) createFirst(r *http.Request, p setupPage) (catalog.Account, error) {
	_, byAddress := s.door.guesses(r, "")
	if wait, err := s.Rows.Attempt(r.Context(), byAddress); err != nil || wait > 0 {
		return catalog.Account{}, errors.Join(err, tooMany(wait))
	}
	if err := CheckLogin(p.Login); err != nil {
		return catalog.Account{}, err
	}
	hash, err := s.door.newHash(r, p.Login)
	if err != nil {
		return catalog.Account{}, err
	}
	return s.Rows.AddFirst(r.Context(), catalog.Account{
		Login: p.Login, Name: cmp.Or(strings.TrimSpace(p.Name), p.Login), Roles: []string{string(access.Administrator)},
	}, hash, access.HashCode(p.Code))
}

// newHash hashes the new password of a form, if it will do.
func (d *door) newHash(r *http.Request, login string) (string, error) {
	password := r.PostFormValue("new")
	if err := access.CheckNew(password, login); err != nil {
		return "", err
	}
	if password != r.PostFormValue("again") {
		return "", &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "unlike", Text: pipeline.Message{
			DE: "Die beiden neuen Passwörter sind nicht gleich.", EN: "The two new passwords are not the same."}}
	}
	return d.passwords.Hash(password), nil
}

// CheckLogin says whether a login can be typed, read and told apart.
func CheckLogin(login string) error {
	folded := catalog.FoldLogin(login)
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("äöüß.-_@", r))
	}
	// "local" is who sits at a machine without accounts.
	if folded == "" || folded == "local" || len(folded) > 100 || strings.ContainsFunc(folded, odd) {
		return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-login", Text: pipeline.Message{
			DE: "Der Anmeldename besteht aus Buchstaben, Ziffern und . - _ @, ohne Leerzeichen.",
			EN: "The login consists of letters, digits and . - _ @, without blanks.",
		}}
	}
	return nil
}
