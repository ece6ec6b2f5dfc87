package web_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/web/access"
)

func TestFirstAccount(t *testing.T) {
	o := newOffice(t, nil)
	const code = "ABCDE-FGHIJ-KLMNO"
	if err := o.rows.OfferSetup(t.Context(), access.HashCode(code), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if page := o.get("/"); !strings.Contains(page, `href="/setup"`) {
		t.Error("the page does not say that it is open to whoever sits here")
	}
	if w := o.do("GET", "/login", nil, nil); w.Header().Get("Location") != "/setup" {
		t.Errorf("sign-in without accounts leads to %q", w.Header().Get("Location"))
	}
	form := url.Values{"code": {"abcdefghijklmno"}, "login": {"Chefin"}, "name": {"Frau Chefin"}, "new": {password}, "again": {password}}
	for field, bad := range map[string]string{"code": "XXXXX", "login": "zwei Worte", "new": "kurz", "again": "anders"} {
		v := url.Values{}
		for k := range form {
			v.Set(k, form.Get(k))
		}
		v.Set(field, bad)
		w := o.post("/setup", v, nil)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) || strings.Contains(w.Body.String(), password) {
			t.Errorf("bad %s answers %d", field, w.Code)
		}
	}
	w := o.post("/setup", form, nil)
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 1 {
		t.Fatalf("set-up answers %d %s", w.Code, w.Body)
	}
	cookie := w.Result().Cookies()[0]
	as := func(r *http.Request) { r.AddCookie(cookie) }
	if w := o.do("GET", "/accounts", nil, as); w.Code != 200 || !strings.Contains(w.Body.String(), "Frau Chefin") {
		t.Errorf("the administrator gets %d", w.Code)
	}
	if w := o.do("GET", "/", nil, nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login" {
		t.Errorf("after the first account, who sits at the machine gets %d", w.Code)
	}
	if w := o.do("GET", "/letters", nil, as); w.Code != http.StatusNotFound {
		t.Errorf("the administrator reads letters: %d", w.Code)
	}
	form.Set("login", "zweite")
	if w := o.post("/setup", form, nil); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("the code counts twice: %d", w.Code)
	}
	if w := o.do("GET", "/setup", nil, nil); w.Header().Get("Location") != "/login" {
		t.Error("set-up is still there")
	}
	if strings.Contains(o.log.String(), code) || strings.Contains(o.log.String(), password) {
		t.Error("the log has a secret")
	}
}

func TestSigningInAndOut(t *testing.T) {
	o := newOffice(t, nil)
	o.member("schmidt", []access.Role{access.Department}, "20")
	w := o.post("/login", url.Values{"login": {" SCHMIDT "}, "password": {password}, "next": {"/letters?q=x"}}, func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "blattwerk", Value: "chosen-by-somebody-else"})
	})
	cookie := w.Result().Cookies()[0]
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/letters?q=x" || cookie.Value == "chosen-by-somebody-else" ||
		!cookie.HttpOnly || cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Name != "blattwerk" {
		t.Errorf("got %d to %s with %v", w.Code, w.Header().Get("Location"), cookie)
	}
	as := func(r *http.Request) { r.AddCookie(cookie) }
	if w := o.do("GET", "/account", nil, as); w.Code != 200 || !strings.Contains(w.Body.String(), "Stadtkasse") {
		t.Errorf("own account answers %d", w.Code)
	}
	if w := o.do("GET", "/login", nil, as); w.Header().Get("Location") != "/" {
		t.Error("who is signed in is asked again")
	}
	if w := o.post("/logout", nil, as); w.Code != http.StatusSeeOther || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out answers %d", w.Code)
	}
	if w := o.do("GET", "/letters", nil, as); w.Code != http.StatusSeeOther {
		t.Errorf("after signing out the key still opens: %d", w.Code)
	}
}

func TestNextStaysWithin(t *testing.T) {
	o := newOffice(t, nil)
	o.member("schmidt", []access.Role{access.Department}, "20")
	for _, next := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "evil", "javascript:alert(1)", "/a\r\nb"} {
		w := o.post("/login", url.Values{"login": {"schmidt"}, "password": {password}, "next": {next}}, nil)
		if to := w.Header().Get("Location"); to != "/begin" {
			t.Errorf("%q leads to %q", next, to)
		}
	}
}

// TestWrongSignInsAreAlike tries a wrong password, no account, a disabled one and
// one without a password: status and page are the same.
func TestWrongSignInsAreAlike(t *testing.T) {
	o := newOffice(t, nil)
	o.member("chef", []access.Role{access.Administrator})
	o.member("schmidt", []access.Role{access.Department})
	o.member("gesperrt", []access.Role{access.Department})
	a, _, err := o.rows.AccountByLogin(t.Context(), "gesperrt")
	if err != nil {
		t.Fatal(err)
	}
	a.Disabled = true
	if err := o.rows.ChangeAccount(t.Context(), a, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.rows.AddAccount(t.Context(), catalog.Account{Login: "fremd", Issuer: "x", Subject: "y"}, "", "test"); err != nil {
		t.Fatal(err)
	}
	var first string
	for _, c := range [][2]string{{"schmidt", "falsch"}, {"niemand", password}, {"gesperrt", password}, {"fremd", ""}, {"fremd", password}, {"", ""}} {
		w := o.post("/login", url.Values{"login": {c[0]}, "password": {c[1]}}, nil)
		body := strings.ReplaceAll(w.Body.String(), `value="`+c[0]+`"`, `value=""`)
		if first == "" {
			first = body
		}
		if w.Code != http.StatusUnprocessableEntity || body != first || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s answers %d, or another page", c[0], w.Code)
		}
	}
	events, err := o.rows.SignIns(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, e := range events {
		if e.Kind == "sign-in-failed" {
			failed = append(failed, e.Actor)
		}
	}
	if got := strings.Join(failed, ","); got != ",fremd,fremd,gesperrt,,schmidt" {
		t.Errorf("the log has %q; what was typed in vain must not be in it", got)
	}
}

func TestGuessingIsSlow(t *testing.T) {
	o := newOffice(t, nil)
	o.member("schmidt", []access.Role{access.Department})
	o.member("meier", []access.Role{access.Department})
	try := func(login, password, from string) int {
		return o.post("/login", url.Values{"login": {login}, "password": {password}}, func(r *http.Request) { r.RemoteAddr = from }).Code
	}
	got := 0
	for got < 20 && try("schmidt", "falsch", "192.0.2.1:1000") == http.StatusUnprocessableEntity {
		got++
	}
	if got != 5 {
		t.Errorf("%d guesses at one login went through, want 5", got)
	}
	if code := try("schmidt", password, "192.0.2.2:1000"); code != http.StatusTooManyRequests {
		t.Errorf("from elsewhere the login answers %d at once", code)
	}
	if code := try("meier", password, "192.0.2.1:1000"); code != http.StatusSeeOther {
		t.Errorf("a neighbour is kept out: %d", code)
	}
	got = 0
	for i := range 40 {
		if try("name"+string(rune('a'+i)), "falsch", "198.51.100.7:1000") == http.StatusUnprocessableEntity {
			got++
		}
	}
	if got != 21 {
		t.Errorf("%d guesses from one address went through, want 21", got)
	}
	if code := try("andere", "falsch", "[2001:db8::1]:1000"); code != http.StatusUnprocessableEntity {
		t.Errorf("another address answers %d", code)
	}
}

func TestProxiesAndCookies(t *testing.T) {
	o := newOffice(t, func(c *web.Config) { c.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	o.member("schmidt", []access.Role{access.Department})
	sign := func(from, proto, forwarded string) *http.Cookie {
		w := o.post("/login", url.Values{"login": {"schmidt"}, "password": {password}}, func(r *http.Request) {
			r.RemoteAddr = from
			r.Header.Set("X-Forwarded-Proto", proto)
			r.Header.Set("X-Forwarded-For", forwarded)
		})
		return w.Result().Cookies()[0]
	}
	if c := sign("10.0.0.1:1", "https", "203.0.113.5, 198.51.100.9, 10.2.2.2"); !c.Secure || c.Name != "__Host-blattwerk" || c.Path != "/" || c.Domain != "" {
		t.Errorf("behind a proxy with TLS the cookie is %v", c)
	}
	if c := sign("192.0.2.9:1", "https", "127.0.0.1"); c.Secure {
		t.Errorf("anybody's word on the protocol counts: %v", c)
	}
	a, _, err := o.rows.AccountByLogin(t.Context(), "schmidt")
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := o.rows.Sessions(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	from := map[string]bool{}
	for _, s := range sessions {
		from[s.Address] = true
	}
	if !from["198.51.100.9"] || !from["192.0.2.9"] || from["127.0.0.1"] || from["203.0.113.5"] {
		t.Errorf("sessions are from %v", from)
	}
}

func TestOwnAccount(t *testing.T) {
	o := newOffice(t, nil)
	as := o.member("schmidt", []access.Role{access.Department}, "20")
	other := o.signIn("schmidt", password)
	change := func(old, fresh, again string) int {
		return o.post("/account/password", url.Values{"old": {old}, "new": {fresh}, "again": {again}}, as).Code
	}
	if a, b, c := change("falsch", "neuer Satz für Tests", "neuer Satz für Tests"), change(password, "kurz", "kurz"), change(password, "neuer Satz für Tests", "anders"); a != 422 || b != 422 || c != 422 {
		t.Errorf("bad changes answer %d, %d, %d", a, b, c)
	}
	if code := change(password, "neuer Satz für Tests", "neuer Satz für Tests"); code != http.StatusSeeOther {
		t.Fatalf("changing the password answers %d", code)
	}
	if o.do("GET", "/account", nil, as).Code != 200 || o.do("GET", "/account", nil, other).Code == 200 {
		t.Error("the own session ended, or the other did not")
	}
	third := o.signIn("schmidt", "neuer Satz für Tests")
	a, _, err := o.rows.AccountByLogin(t.Context(), "schmidt")
	if err != nil {
		t.Fatal(err)
	}
	stranger := o.member("meier", []access.Role{access.Department})
	sessions, err := o.rows.Sessions(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		if w := o.post("/account/sessions", url.Values{"end": {s.Key}}, stranger); w.Code != http.StatusNotFound {
			t.Errorf("a stranger ends a session: %d", w.Code)
		}
	}
	for _, s := range sessions {
		o.post("/account/sessions", url.Values{"end": {s.Key}}, as)
	}
	if o.do("GET", "/account", nil, as).Code == 200 || o.do("GET", "/account", nil, third).Code == 200 {
		t.Error("ended sessions still open")
	}
	as = o.signIn("schmidt", "neuer Satz für Tests")
	if w := o.post("/account/language", url.Values{"language": {"en"}}, as); w.Code != http.StatusSeeOther {
		t.Errorf("choosing a language answers %d", w.Code)
	}
	w := o.post("/login", url.Values{"login": {"schmidt"}, "password": {"neuer Satz für Tests"}}, nil)
	if c := w.Result().Cookies(); len(c) != 2 || c[1].Value != "en" {
		t.Errorf("the language does not come along: %v", c)
	}
}

// TestAccountsByAdministrators creates an account, whose owner must set a password
// of their own first, changes it and locks it out.
func TestAccountsByAdministrators(t *testing.T) {
	o := newOffice(t, nil)
	chef := o.member("chef", []access.Role{access.Administrator})
	w := o.post("/accounts/new", url.Values{"login": {"neu"}, "name": {"Frau Neu"}, "role": {"department"}, "department": {"20"}, "deputy": {""}, "from": {""}, "to": {""}}, chef)
	_, rest, found := strings.Cut(w.Body.String(), `<p class="secret">`)
	first, _, _ := strings.Cut(rest, "<")
	if w.Code != 200 || !found {
		t.Fatalf("creating answers %d %s", w.Code, w.Body)
	}
	as := o.signIn("neu", first)
	if w := o.do("GET", "/letters", nil, as); w.Header().Get("Location") != "/account" {
		t.Errorf("with a password that somebody else set, one gets on: %d", w.Code)
	}
	if w := o.do("GET", "/api/v1/documents", nil, as); w.Code != http.StatusUnauthorized {
		t.Errorf("and in the API: %d", w.Code)
	}
	if w := o.post("/account/password", url.Values{"old": {first}, "new": {password}, "again": {password}}, as); w.Code != http.StatusSeeOther {
		t.Fatalf("setting one's own answers %d", w.Code)
	}
	if w := o.do("GET", "/letters", nil, as); w.Code != 200 {
		t.Errorf("then one does not get on: %d", w.Code)
	}
	a, _, err := o.rows.AccountByLogin(t.Context(), "neu")
	if err != nil {
		t.Fatal(err)
	}
	save := func(v url.Values) int { return o.post("/accounts/"+a.ID, v, chef).Code }
	if code := save(url.Values{"name": {"Frau Alt"}, "role": {"emperor"}}); code != 422 {
		t.Errorf("an unknown role answers %d", code)
	}
	if code := save(url.Values{"name": {"Frau Alt"}, "role": {"department"}, "department": {"99"}}); code != 422 {
		t.Errorf("an unknown department answers %d", code)
	}
	if code := save(url.Values{"name": {"Frau Alt"}, "deputy": {a.ID}, "from": {"2026-01-01"}, "to": {"2026-01-02"}}); code != 422 {
		t.Errorf("standing in for oneself answers %d", code)
	}
	if code := save(url.Values{"name": {"Frau Alt"}, "role": {"department"}, "department": {"32"}}); code != http.StatusSeeOther {
		t.Errorf("saving answers %d", code)
	}
	if b, _ := o.rows.Account(t.Context(), a.ID); b.Name != "Frau Alt" || b.Departments[0] != "32" || b.Login != "neu" {
		t.Errorf("saved as %+v", b)
	}
	if w := o.post("/accounts/"+a.ID+"/password", nil, chef); w.Code != 200 || o.do("GET", "/letters", nil, as).Code == 200 {
		t.Error("a reset leaves the old session open")
	}
	if code := save(url.Values{"name": {"Frau Alt"}, "disabled": {"on"}}); code != http.StatusSeeOther {
		t.Errorf("disabling answers %d", code)
	}
	admin, _, _ := o.rows.AccountByLogin(t.Context(), "chef")
	if w := o.post("/accounts/"+admin.ID, url.Values{"name": {"Chef"}, "role": {"auditor"}}, chef); w.Code != http.StatusConflict {
		t.Errorf("the last administrator goes: %d", w.Code)
	}
	if w := o.post("/accounts/new", url.Values{"login": {"NEU"}, "role": {"department"}, "department": {"20"}}, chef); w.Code != http.StatusConflict {
		t.Errorf("a login is given twice: %d", w.Code)
	}
}

func TestTokensByAdministrators(t *testing.T) {
	o := newOffice(t, nil)
	chef := o.member("chef", []access.Role{access.Administrator})
	id := o.letter("a.pdf", "Rechnung", "archived")
	for _, bad := range []url.Values{
		{"name": {""}, "scope": {"hand"}, "days": {"1"}}, {"name": {"x"}, "days": {"1"}}, {"name": {"x"}, "scope": {"manage"}, "days": {"1"}},
		{"name": {"x"}, "scope": {"hand"}, "days": {"9999"}}, {"name": {"x"}, "scope": {"hand"}, "days": {"1"}, "department": {"99"}},
	} {
		if w := o.post("/tokens", bad, chef); w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), `class="secret"`) {
			t.Errorf("%v answers %d", bad, w.Code)
		}
	}
	w := o.post("/tokens", url.Values{"name": {"E-Akte"}, "scope": {"find"}, "department": {"20"}, "days": {"30"}}, chef)
	_, rest, _ := strings.Cut(w.Body.String(), `<p class="secret">`)
	secret, _, _ := strings.Cut(rest, "<")
	for _, scheme := range []string{"Bearer ", "Token ", "bearer "} {
		as := func(r *http.Request) { r.Header.Set("Authorization", scheme+secret) }
		if w := o.do("GET", "/api/v1/documents/"+string(id), nil, as); w.Code != 200 {
			t.Errorf("%s: the token reads with %d", scheme, w.Code)
		}
		if w := o.do("POST", "/api/v1/deliveries", strings.NewReader("x"), as); w.Code != http.StatusNotFound {
			t.Errorf("%s: the token hands in with %d", scheme, w.Code)
		}
	}
	tokens, err := o.rows.Tokens(t.Context())
	if err != nil || len(tokens) != 1 || tokens[0].Used.IsZero() {
		t.Fatalf("tokens are %+v, %v", tokens, err)
	}
	history, _ := o.rows.History(t.Context(), id)
	if last := history[len(history)-1]; last.Kind != "viewed" || last.Actor != "token E-Akte" {
		t.Errorf("the evidence of a program's reading is %+v", last)
	}
	if w := o.post("/tokens/"+tokens[0].ID+"/revoke", nil, chef); w.Code != http.StatusSeeOther {
		t.Errorf("revoking answers %d", w.Code)
	}
	if w := o.do("GET", "/api/v1/documents", nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }); w.Code != http.StatusUnauthorized {
		t.Errorf("a revoked token answers %d", w.Code)
	}
	if page := o.do("GET", "/tokens", nil, chef).Body.String(); strings.Contains(page, secret) || !strings.Contains(page, "E-Akte") {
		t.Error("the secret is shown twice, or the token not at all")
	}
}

func TestDeputies(t *testing.T) {
	o := newOffice(t, nil)
	o.member("chef", []access.Role{access.Administrator})
	o.member("meier", []access.Role{access.Department}, "20")
	deputy := o.member("schmidt", []access.Role{access.Sustainability})
	id := o.letter("a.pdf", "Rechnung", "archived") // of department 20
	look := func() int { return o.do("GET", "/letters/"+string(id), nil, deputy).Code }
	if got := look(); got != 404 {
		t.Fatalf("before: %d", got)
	}
	a, _, _ := o.rows.AccountByLogin(t.Context(), "meier")
	b, _, _ := o.rows.AccountByLogin(t.Context(), "schmidt")
	a.Deputies = []catalog.Deputy{{Account: b.ID, From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)}}
	if err := o.rows.ChangeAccount(t.Context(), a, "test"); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != 200 {
		t.Errorf("as deputy: %d", got)
	}
	a.Deputies[0].To = time.Now().Add(-time.Minute)
	if err := o.rows.ChangeAccount(t.Context(), a, "test"); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != 404 {
		t.Errorf("after: %d", got)
	}
}
