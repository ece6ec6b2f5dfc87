package web_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/web/access"
)

// townLogin is a small OpenID provider: discovery, keys, authorization with PKCE,
// and tokens, whose claims and signature a test may change.
type townLogin struct {
	*httptest.Server
	t      *testing.T
	key    *rsa.PrivateKey
	signer *rsa.PrivateKey       // nil is key
	change func(map[string]any)  // the claims
	asked  map[string]url.Values // by code
	person map[string]any        // who signs in
}

func newTownLogin(t *testing.T) *townLogin {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &townLogin{t: t, key: key, asked: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.json(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.json(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		code := access.NewSecret()
		p.asked[code] = q
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *townLogin) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *townLogin) token(w http.ResponseWriter, r *http.Request) {
	asked := p.asked[r.FormValue("code")]
	delete(p.asked, r.FormValue("code"))
	id, secret, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if asked == nil || id != "blattwerk" || secret != "client-secret" || asked.Get("code_challenge_method") != "S256" ||
		asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		p.json(w, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{
		"iss": p.URL, "aud": "blattwerk", "nonce": asked.Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	for k, v := range p.person {
		claims[k] = v
	}
	if p.change != nil {
		p.change(claims)
	}
	key := p.key
	if p.signer != nil {
		key = p.signer
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		p.t.Error(err)
		return
	}
	raw, _ := json.Marshal(claims)
	signed, err := signer.Sign(raw)
	if err != nil {
		p.t.Error(err)
		return
	}
	word, _ := signed.CompactSerialize()
	p.json(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": word})
}

// visit goes from our sign-in to the town's and back, with what the browser
// keeps. tamper may change the way back.
func (p *townLogin) visit(o *office, tamper func(back *url.URL, r *http.Request)) *httptest.ResponseRecorder {
	p.t.Helper()
	w := o.do("GET", "/login/oidc?next=/letters", nil, nil)
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 1 {
		p.t.Fatalf("on the way out: %d %s", w.Code, w.Body)
	}
	kept := w.Result().Cookies()[0]
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(w.Header().Get("Location"))
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		p.t.Fatal(err)
	}
	return o.do("GET", "", nil, func(r *http.Request) {
		r.AddCookie(kept)
		if tamper != nil {
			tamper(back, r)
		}
		r.URL.Path, r.URL.RawQuery = back.Path, back.RawQuery
	})
}

func townOffice(t *testing.T) (*office, *townLogin) {
	p := newTownLogin(t)
	o := newOffice(t, func(c *web.Config) {
		c.Access.Issuer = access.NewIssuer(access.IssuerConfig{
			Name: "Stadt-Konto", URL: p.URL, ClientID: "blattwerk", Secret: "client-secret", Callback: "http://127.0.0.1:8080/login/oidc/callback",
		})
	})
	o.member("chef", []access.Role{access.Administrator})
	for _, g := range []catalog.Group{
		{Name: "amt-20", Roles: []string{"department"}, Departments: []pipeline.DeptID{"20"}},
		{Name: "poststelle", Roles: []string{"mailroom"}},
	} {
		if err := o.rows.SetGroup(t.Context(), g, "test"); err != nil {
			t.Fatal(err)
		}
	}
	return o, p
}

func TestTownLogin(t *testing.T) {
	o, p := townOffice(t)
	if page := o.get("/login"); !strings.Contains(page, "Stadt-Konto") {
		t.Error("the sign-in does not offer the town's own")
	}
	p.person = map[string]any{"sub": "s-1", "preferred_username": "Schmidt", "name": "Frau Schmidt", "groups": []string{"amt-20", "turnverein"}}
	w := p.visit(o, nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/letters" {
		t.Fatalf("on the way back: %d %s", w.Code, w.Body)
	}
	var as func(*http.Request)
	for _, c := range w.Result().Cookies() {
		if c.Name == "blattwerk" {
			as = func(r *http.Request) { r.AddCookie(c) }
		}
	}
	id := o.letter("a.pdf", "Rechnung", "archived") // of department 20
	if w := o.do("GET", "/letters/"+string(id), nil, as); w.Code != 200 || !strings.Contains(w.Body.String(), "Frau Schmidt") {
		t.Errorf("the department's letter answers %d", w.Code)
	}
	if w := o.do("GET", "/review", nil, as); w.Code != 404 {
		t.Errorf("the review tray answers %d", w.Code)
	}
	// In another group from the next sign-in on, under the same account.
	p.person["groups"], p.person["preferred_username"] = "poststelle", "married"
	p.visit(o, nil)
	a, _, err := o.rows.AccountByLogin(t.Context(), "schmidt")
	if err != nil || len(a.Roles) != 1 || a.Roles[0] != "mailroom" || len(a.Departments) != 0 {
		t.Errorf("account is %+v, %v", a, err)
	}
}

func TestTownLoginRefuses(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(key string, v any) func(*townLogin) {
		return func(p *townLogin) { p.change = func(c map[string]any) { c[key] = v } }
	}
	for name, tc := range map[string]struct {
		provider func(*townLogin)
		tamper   func(back *url.URL, r *http.Request)
	}{
		"over":            {provider: claim("exp", time.Now().Add(-time.Minute).Unix())},
		"other audience":  {provider: claim("aud", "another-program")},
		"other issuer":    {provider: claim("iss", "https://evil.example")},
		"other nonce":     {provider: claim("nonce", "replayed")},
		"no nonce":        {provider: claim("nonce", "")},
		"other key":       {provider: func(p *townLogin) { p.signer = other }},
		"no group of use": {provider: claim("groups", []string{"turnverein"})},
		"no groups":       {provider: claim("groups", nil)},
		"taken login":     {provider: claim("preferred_username", "chef")},
		"other state":     {tamper: func(b *url.URL, _ *http.Request) { q := b.Query(); q.Set("state", "x"); b.RawQuery = q.Encode() }},
		"other browser":   {tamper: func(_ *url.URL, r *http.Request) { r.Header.Del("Cookie") }},
		"made-up code":    {tamper: func(b *url.URL, _ *http.Request) { q := b.Query(); q.Set("code", "x"); b.RawQuery = q.Encode() }},
		"mixed up": {tamper: func(b *url.URL, _ *http.Request) {
			q := b.Query()
			q.Set("iss", "https://evil.example")
			b.RawQuery = q.Encode()
		}},
		"broken off": {tamper: func(b *url.URL, _ *http.Request) {
			q := b.Query()
			q.Set("error", "access_denied")
			b.RawQuery = q.Encode()
		}},
		"other verifier": {tamper: func(_ *url.URL, r *http.Request) {
			c, _ := r.Cookie("blattwerk-oidc")
			raw, _ := base64.RawURLEncoding.DecodeString(c.Value)
			var f access.Flow
			_ = json.Unmarshal(raw, &f)
			f.Verifier = "x"
			raw, _ = json.Marshal(f)
			r.Header.Set("Cookie", "blattwerk-oidc="+base64.RawURLEncoding.EncodeToString(raw))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o, p := townOffice(t)
			p.person = map[string]any{"sub": "s-1", "preferred_username": "schmidt", "groups": []string{"amt-20"}}
			if tc.provider != nil {
				tc.provider(p)
			}
			w := p.visit(o, tc.tamper)
			if w.Code != http.StatusForbidden {
				t.Errorf("answers %d %s", w.Code, w.Header().Get("Location"))
			}
			for _, c := range w.Result().Cookies() {
				if c.Name == "blattwerk" {
					t.Error("a session was opened")
				}
			}
			if accounts, _ := o.rows.Accounts(t.Context()); len(accounts) != 1 {
				t.Errorf("there are %d accounts", len(accounts))
			}
		})
	}
}

func TestTownLoginIsAway(t *testing.T) {
	o, p := townOffice(t)
	p.Close()
	if w := o.do("GET", "/login/oidc", nil, nil); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `name="password"`) {
		t.Errorf("answers %d, or offers no password", w.Code)
	}
}

func TestADisabledAccountStaysOut(t *testing.T) {
	o, p := townOffice(t)
	p.person = map[string]any{"sub": "s-1", "preferred_username": "schmidt", "groups": []string{"amt-20"}}
	p.visit(o, nil)
	a, _, err := o.rows.AccountByLogin(t.Context(), "schmidt")
	if err != nil {
		t.Fatal(err)
	}
	a.Disabled = true
	if err := o.rows.ChangeAccount(t.Context(), a, "chef"); err != nil {
		t.Fatal(err)
	}
	if w := p.visit(o, nil); w.Code != http.StatusForbidden {
		t.Errorf("answers %d", w.Code)
	}
}
