package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// flowLife is how long somebody may take at the town's own login.
const flowLife = 10 * time.Minute

func (d *door) flowName(r *http.Request) string { return d.cookieName(r) + "-oidc" }

// issuerLogin leads to the town's own login.
func (s *server) issuerLogin(w http.ResponseWriter, r *http.Request) {
	some, err := s.door.hasAccounts(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if s.Access.Issuer == nil || !some {
		s.notFound(w, r)
		return
	}
	to, flow, err := s.Access.Issuer.Begin(r.Context(), within(r.FormValue("next")))
	if err != nil {
		s.Log.ErrorContext(r.Context(), "the town's own login is away", slog.Any("error", err))
		s.showLogin(w, r, http.StatusServiceUnavailable, pipeline.Message{
			DE: "Die Anmeldung der Stadt antwortet gerade nicht. Bitte später noch einmal versuchen.",
			EN: "The town's login does not answer just now. Please try again later.",
		})
		return
	}
	raw, err := json.Marshal(flow)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.SetCookie(w, s.door.cookie(r, s.door.flowName(r), base64.RawURLEncoding.EncodeToString(raw), flowLife))
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *server) showLogin(w http.ResponseWriter, r *http.Request, status int, wrong pipeline.Message) {
	page := s.loginPage(r)
	page.Wrong = &wrong
	s.showStatus(w, r, status, "login", page)
}

// issuerBack takes back whom the town's own login vouches for. What they may do
// is what their groups are trusted with now.
func (s *server) issuerBack(w http.ResponseWriter, r *http.Request) {
	if s.Access.Issuer == nil {
		s.notFound(w, r)
		return
	}
	var flow access.Flow
	if c, err := r.Cookie(s.door.flowName(r)); err == nil {
		raw, _ := base64.RawURLEncoding.DecodeString(c.Value)
		_ = json.Unmarshal(raw, &flow) // what is no flow has no state, and that is refused
	}
	http.SetCookie(w, s.door.cookie(r, s.door.flowName(r), "", 0)) // good for one way back only
	identity, err := s.Access.Issuer.Finish(r.Context(), flow, r.URL.Query())
	var account catalog.Account
	if err == nil {
		account, err = s.enrol(r, identity)
	}
	if err == nil && account.Disabled {
		err = errNoRights
	}
	if err == nil {
		err = s.door.open(w, r, account)
	}
	switch {
	case err == nil:
		to := within(flow.Next)
		if to == "" {
			to = "/begin"
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	case errors.Is(err, errNoRights), errors.Is(err, catalog.ErrNoAccount):
		s.refuseForeign(w, r, errNoRights, err)
	case errors.Is(err, catalog.ErrTaken), errors.Is(err, catalog.ErrLastAdmin):
		s.refuseForeign(w, r, errClash, err)
	case errors.Is(err, access.ErrNotVouched):
		s.refuseForeign(w, r, errNotVouched, err)
	default:
		s.fail(w, r, err)
	}
}

// refuseForeign tells somebody from the town's own login why they are not let in.
func (s *server) refuseForeign(w http.ResponseWriter, r *http.Request, fault *pipeline.Fault, why error) {
	s.Log.WarnContext(r.Context(), "sign-in refused", slog.String("code", fault.Code), slog.Any("error", why))
	if err := s.Rows.FailedSignIn(r.Context(), ""); err != nil {
		s.fail(w, r, err)
		return
	}
	s.showLogin(w, r, http.StatusForbidden, fault.Text)
}

var (
	errNoRights = &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "no-rights", Text: pipeline.Message{
		DE: "Sie sind bei der Stadt angemeldet, haben in Blattwerk aber keine Aufgabe. Die Verwaltung von Blattwerk kann Ihre Gruppe eintragen.",
		EN: "You are signed in with the town, but have no role in Blattwerk. The administrators of Blattwerk can enter your group.",
	}}
	errClash = &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "clash", Text: pipeline.Message{
		DE: "Ihr Name bei der Stadt gehört in Blattwerk schon zu einem anderen Konto. Bitte die Verwaltung von Blattwerk fragen.",
		EN: "Your name with the town belongs to another account in Blattwerk already. Please ask the administrators of Blattwerk.",
	}}
	errNotVouched = &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "not-vouched", Text: pipeline.Message{
		DE: "Die Anmeldung der Stadt wurde abgebrochen oder ist zu lange her. Bitte noch einmal anmelden.",
		EN: "The town's login was broken off or is too long ago. Please sign in again.",
	}}
)

// enrol brings a person's account up to what their groups are trusted with.
func (s *server) enrol(r *http.Request, id access.Identity) (catalog.Account, error) {
	groups, err := s.Rows.Groups(r.Context())
	if err != nil {
		return catalog.Account{}, err
	}
	a := catalog.Account{Login: strings.ReplaceAll(id.Login, " ", "."), Name: id.Name, Issuer: id.Issuer, Subject: id.Subject}
	for _, g := range groups {
		if slices.Contains(id.Groups, g.Name) {
			a.Roles = append(a.Roles, g.Roles...)
			a.Departments = append(a.Departments, g.Departments...)
		}
	}
	if len(a.Roles) == 0 {
		return a, errNoRights
	}
	slices.Sort(a.Roles)
	slices.Sort(a.Departments)
	a.Roles, a.Departments = slices.Compact(a.Roles), slices.Compact(a.Departments)
	return s.Rows.Enrol(r.Context(), a)
}
