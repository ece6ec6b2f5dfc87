package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// Access is how people sign in.
type Access struct {
	Cost    access.Cost      // of hashing a password; the zero value is access.DefaultCost
	Idle    time.Duration    // a session ends when it was not used for so long; 0 is an hour
	Life    time.Duration    // a session ends at the latest after; 0 is twelve hours, a long working day
	Proxies []netip.Prefix   // whose word on protocol and sender of a request counts
	Public  string           // address that people type, e.g. https://blattwerk.example; "" if unknown
	Issuer  *access.Issuer   // the town's own login; nil is none
	Clock   func() time.Time // nil is time.Now
}

func (a Access) complete() Access {
	if a.Idle <= 0 {
		a.Idle = time.Hour
	}
	if a.Life <= 0 {
		a.Life = 12 * time.Hour
	}
	if a.Clock == nil {
		a.Clock = time.Now
	}
	return a
}

// door knows who comes in.
type door struct {
	rows      accountRows
	access    Access
	password  string
	token     string
	passwords *access.Passwords
	accounts  atomic.Bool // there is one; accounts are never deleted
}

func newDoor(cfg Config) *door {
	return &door{rows: cfg.Rows, access: cfg.Access, password: cfg.Password, token: cfg.Token, passwords: access.NewPasswords(cfg.Access.Cost)}
}

// hasAccounts says whether sign-in is asked for.
func (d *door) hasAccounts(ctx context.Context) (bool, error) {
	if d.accounts.Load() {
		return true, nil
	}
	some, err := d.rows.HasAccounts(ctx)
	if some {
		d.accounts.Store(true)
	}
	return some, err
}

// commandLine is the actor of requests that carry the token of this machine.
const commandLine = "command line"

// whoIs tells who makes a request: a program by its token, a person by their
// session, and, as long as there are no accounts, whoever knows the one password
// or sits at this machine. Who is none of these is nobody, without an error.
func (d *door) whoIs(r *http.Request) (access.Person, error) {
	if secret, ok := tokenOf(r); ok {
		return d.program(r.Context(), secret)
	}
	some, err := d.hasAccounts(r.Context())
	switch {
	case err != nil:
		return access.Person{}, err
	case some:
		return d.member(r)
	case d.password != "":
		name, password, ok := r.BasicAuth()
		if ok && name != "" && same(password, d.password) {
			return access.Person{Account: name, Everything: true}, nil
		}
	case isLoopback(r.Host):
		return access.Person{Account: "local", Everything: true}, nil
	}
	return access.Person{}, nil
}

// tokenOf reads a token from its header: "Bearer", as RFC 6750 says, or "Token",
// as the apps around paperless-ngx do.
func tokenOf(r *http.Request) (string, bool) {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(secret), ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Token"))
}

func (d *door) program(ctx context.Context, secret string) (access.Person, error) {
	if d.token != "" && same(secret, d.token) {
		return access.Person{Account: commandLine, Everything: true}, nil
	}
	t, err := d.rows.TokenByHash(ctx, access.HashSecret(secret))
	if errors.Is(err, catalog.ErrNoToken) {
		return access.Person{}, nil
	}
	if err != nil {
		return access.Person{}, err
	}
	p := access.Person{Account: "token " + t.Name, Name: t.Name, Departments: t.Departments, AllLetters: t.All}
	for _, scope := range t.Scopes {
		p.Scopes = append(p.Scopes, access.Action(scope))
	}
	return p, nil
}

// member tells whose session a request belongs to.
func (d *door) member(r *http.Request) (access.Person, error) {
	cookie, err := r.Cookie(d.cookieName(r))
	if err != nil {
		return access.Person{}, nil
	}
	p, err := d.rows.Present(r.Context(), access.HashSecret(cookie.Value), d.access.Idle)
	if errors.Is(err, catalog.ErrNoSession) {
		return access.Person{}, nil
	}
	if err != nil {
		return access.Person{}, err
	}
	return personOf(p), nil
}

// personOf gives an account its rights. Departments of those whom it stands in
// for count like its own.
func personOf(p catalog.Presence) access.Person {
	a := p.Account
	person := access.Person{ID: a.ID, Account: a.Login, Name: a.Name, Departments: slices.Concat(a.Departments, p.Covers),
		Session: p.Session.Key, Language: a.Language, Renew: a.Renew}
	for _, role := range a.Roles {
		person.Roles = append(person.Roles, access.Role(role))
	}
	if len(p.Covers) > 0 && !slices.Contains(person.Roles, access.Department) {
		person.Roles = append(person.Roles, access.Department)
		person.Departments = p.Covers // a role that was not given does not wake departments of one's own
	}
	slices.Sort(person.Departments)
	person.Departments = slices.Compact(person.Departments)
	return person
}

// admit tells the handlers who makes the request.
func (s *server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		person, err := s.door.whoIs(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(access.With(r.Context(), person)))
	})
}

// grant lets only those through who may do what the route is for. Who is not
// signed in is asked to; who lacks the right is answered as if the address did
// not exist.
func (s *server) grant(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		person := access.From(r.Context())
		switch {
		case rt.action == access.Arrive:
			rt.serve(w, r)
		case person.Nobody():
			s.askWho(w, r)
		case person.Renew && rt.action != access.Enter:
			s.askRenewal(w, r)
		case person.May(rt.action):
			rt.serve(w, r)
		case r.Method == http.MethodGet && r.URL.Path == "/":
			http.Redirect(w, r, landing(person), http.StatusSeeOther)
		default:
			s.notFound(w, r)
		}
	}
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// landing is the page that a person's work begins on.
func landing(p access.Person) string {
	if intakeOf(p) != "/" {
		return "/tray" // what is theirs to do
	}
	for _, n := range navigation {
		if p.May(n.action) && n.action != access.Enter {
			return n.path
		}
	}
	return "/account"
}

// askWho answers a request of nobody: programs get 401 or 403, people are led to
// where they sign in, or to the set-up where nobody can sign in yet.
func (s *server) askWho(w http.ResponseWriter, r *http.Request) {
	some := s.door.accounts.Load()
	switch {
	case !some && s.Password != "":
		w.Header().Set("WWW-Authenticate", `Basic realm="Blattwerk", charset="UTF-8"`)
		time.Sleep(300 * time.Millisecond) // slows guessing down
		http.Error(w, "Bitte mit Namen und Passwort anmelden. / Please sign in with name and password.", http.StatusUnauthorized)
	case isAPI(r) && (some || r.Header.Get("Authorization") != ""):
		w.Header().Set("WWW-Authenticate", `Bearer realm="Blattwerk"`)
		s.problem(w, r, errSignIn)
	case isAPI(r):
		s.problem(w, r, errOnlyHere)
	case !some:
		http.Redirect(w, r, "/setup", http.StatusSeeOther)
	default:
		to := "/login"
		if r.Method == http.MethodGet && r.URL.Path != "/" {
			to += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
}

// askRenewal leads somebody whose password was set by somebody else to where they
// set their own.
func (s *server) askRenewal(w http.ResponseWriter, r *http.Request) {
	if isAPI(r) {
		s.problem(w, r, errSignIn)
		return
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

var (
	errSignIn = &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "sign-in", Text: pipeline.Message{
		DE: "Bitte anmelden.", EN: "Please sign in."}}
	errOnlyHere = &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "set-up", Text: pipeline.Message{
		DE: "Hier gibt es noch keine Konten; bis dahin antwortet diese Seite nur auf ihrem eigenen Rechner.",
		EN: "There are no accounts here yet; until then this page answers on its own machine only."}}
)

// actor is the account that makes a request.
func actor(r *http.Request) string { return access.From(r.Context()).Account }

// same compares without telling by its time where the difference is.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// trusted says whether a request comes through a proxy whose word counts.
func (d *door) trusted(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && d.isProxy(at.Addr())
}

func (d *door) isProxy(ip netip.Addr) bool {
	return slices.ContainsFunc(d.access.Proxies, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) })
}

// encrypted says whether the browser's side of the connection is.
func (d *door) encrypted(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(d.access.Public, "https://") ||
		d.trusted(r) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// address is where a request comes from: the last one in X-Forwarded-For that is
// no proxy of ours, if a proxy of ours says so.
func (d *door) address(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	ip := at.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !d.isProxy(ip) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		ip = next.Unmap()
	}
	return ip
}

// guesses are what attempts to sign in are counted by: the login, and the address;
// of IPv6 the network, since one machine has many addresses there.
func (d *door) guesses(r *http.Request, login string) (byLogin, byAddress catalog.Guess) {
	ip := d.address(r)
	network := ip.String()
	if p, err := ip.Prefix(64); ip.Is6() && err == nil {
		network = p.String()
	}
	key := func(kind, what string) string {
		sum := sha256.Sum256([]byte(kind + "\x00" + what))
		return hex.EncodeToString(sum[:])
	}
	return catalog.Guess{Key: key("login", catalog.FoldLogin(login)), Free: 4}, catalog.Guess{Key: key("address", network), Free: 20}
}

// cookieName keeps sessions of encrypted and plain connections apart: the prefix
// makes browsers take the cookie from an encrypted connection of this very host
// only (RFC 6265bis, 4.1.3).
func (d *door) cookieName(r *http.Request) string {
	if d.encrypted(r) {
		return "__Host-blattwerk"
	}
	return "blattwerk"
}

// cookie is a cookie of the door. It goes along when somebody follows a link from
// a mail, never with a request that another site sends.
func (d *door) cookie(r *http.Request, name, value string, age time.Duration) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: d.encrypted(r), SameSite: http.SameSiteLaxMode,
		MaxAge: int(age.Seconds())}
	if age <= 0 {
		c.MaxAge = -1
	}
	return c
}

// open starts a session for an account and gives the browser its key. What the
// browser held before is not taken over, whoever gave it to it.
func (d *door) open(w http.ResponseWriter, r *http.Request, account catalog.Account) error {
	secret := access.NewSecret()
	agent := r.UserAgent()
	err := d.rows.StartSession(r.Context(), catalog.Session{
		Key: access.HashSecret(secret), Account: account.ID, Expires: d.access.Clock().Add(d.access.Life),
		Address: d.address(r).String(), Agent: agent[:min(len(agent), 200)],
	})
	if err != nil {
		return err
	}
	http.SetCookie(w, d.cookie(r, d.cookieName(r), secret, d.access.Life))
	if account.Language != "" {
		d.speak(w, r, account.Language)
	}
	return nil
}
