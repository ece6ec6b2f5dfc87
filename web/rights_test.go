package web_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/web/access"
)

const password = "ein Satz für Tests"

// member creates an account and gives what signs a request as it.
func (o *office) member(login string, roles []access.Role, departments ...pipeline.DeptID) func(*http.Request) {
	o.t.Helper()
	a := catalog.Account{Login: login, Name: login, Departments: departments}
	for _, r := range roles {
		a.Roles = append(a.Roles, string(r))
	}
	hash := access.NewPasswords(access.Cost{Memory: 64, Passes: 1, Lanes: 1}).Hash(password)
	if _, err := o.rows.AddAccount(o.t.Context(), a, hash, "test"); err != nil {
		o.t.Fatal(err)
	}
	return o.signIn(login, password)
}

// signIn signs in by the form.
func (o *office) signIn(login, password string) func(*http.Request) {
	o.t.Helper()
	w := o.post("/login", url.Values{"login": {login}, "password": {password}}, nil)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) == 0 {
		o.t.Fatalf("signing in as %s answers %d %s", login, w.Code, w.Body)
	}
	return func(r *http.Request) { r.AddCookie(cookies[0]) }
}

// token creates an API token and gives what signs a request with it.
func (o *office) token(name string, all bool, scopes []access.Action, departments ...pipeline.DeptID) func(*http.Request) {
	o.t.Helper()
	secret := access.NewToken()
	o.tokenWith(secret, name, all, scopes, departments...)
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
}

// tokenWith creates an API token whose secret is known.
func (o *office) tokenWith(secret, name string, all bool, scopes []access.Action, departments ...pipeline.DeptID) {
	o.t.Helper()
	t := catalog.Token{Name: name, All: all, Departments: departments, By: "test", Expires: time.Now().Add(time.Hour)}
	for _, s := range scopes {
		t.Scopes = append(t.Scopes, string(s))
	}
	if _, err := o.rows.AddToken(o.t.Context(), t, access.HashSecret(secret)); err != nil {
		o.t.Fatal(err)
	}
}

// post sends a form.
func (o *office) post(path string, v url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	o.t.Helper()
	return o.do("POST", path, strings.NewReader(v.Encode()), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if change != nil {
			change(r)
		}
	})
}

// The people of the table: (m)ailroom, (d)epartment, (s)ustainability,
// a(n) administrator, a(u)ditor, and (e)verybody who is signed in, (a)nybody at
// all.
var people = map[string]access.Role{
	"m": access.Mailroom, "d": access.Department, "s": access.Sustainability, "n": access.Administrator, "u": access.Auditor,
}

// rights says who gets through to which route. It is written by hand and not made
// from the table of grants, so that each is held against the other. A route that
// is not here fails the test: whoever adds one decides who may use it.
var rights = map[string]string{
	"GET /begin":                                    "e",
	"GET /{$}":                                      "md",
	"POST /{$}":                                     "md",
	"GET /letters":                                  "md",
	"GET /letters/{id}":                             "md",
	"GET /letters/{id}/pdf":                         "md",
	"GET /letters/{id}/original":                    "md",
	"GET /letters/{id}/text":                        "md",
	"GET /letters/{id}/pages/{file}":                "md",
	"GET /letters/{id}/proof":                       "md",
	"GET /letters/{id}/proof.json":                  "md",
	"GET /letters/{id}/zip":                         "md",
	"GET /letters/zip":                              "md",
	"POST /letters/{id}/deeds":                      "d",
	"POST /deeds/{id}/undo":                         "d",
	"GET /tray":                                     "d",
	"POST /searches":                                "md",
	"POST /searches/{id}/seen":                      "md",
	"POST /searches/{id}/forget":                    "md",
	"POST /letters/{id}/filing":                     "m",
	"POST /letters/{id}/retry":                      "m",
	"POST /letters/{id}/password":                   "m",
	"GET /review":                                   "m",
	"GET /letters/{id}/pages":                       "m",
	"POST /letters/{id}/pages":                      "m",
	"POST /letters/{id}/pages/undo":                 "m",
	"GET /letters/{id}/pages/{no}/rescan":           "m",
	"POST /letters/{id}/pages/{no}/rescan":          "m",
	"POST /api/v1/documents/{id}/pages/{no}/rescan": "m",
	"POST /api/v1/documents/{id}/pages/undo":        "m",
	"GET /sheets":                                   "md",
	"GET /sheets/{kind}":                            "md",
	"GET /intake":                                   "md",
	"POST /intake":                                  "md",
	"POST /letters/{id}/answer":                     "m",
	"POST /letters/{id}/undecide":                   "m",
	"POST /letters/{id}/send-back":                  "md",
	"GET /savings":                                  "snu",
	"GET /savings/table":                            "snu",
	"GET /savings/method":                           "snu",
	"GET /savings/factors":                          "snu",
	"POST /savings/factors":                         "s",
	"POST /savings/set":                             "s",
	"GET /savings/baseline":                         "snu",
	"POST /savings/baseline":                        "s",
	"POST /savings/withdraw":                        "s",
	"POST /savings/import":                          "s",
	"GET /savings/reports":                          "snu",
	"POST /savings/reports":                         "s",
	"GET /savings/reports/{id}":                     "snu",
	"GET /savings/export":                           "snu",
	"GET /api/v1/savings/facts":                     "snu",
	"POST /api/v1/savings/table":                    "s",
	"GET /api/v1/savings/factors":                   "snu",
	"POST /api/v1/savings/factors":                  "s",
	"GET /api/v1/savings/reports":                   "snu",
	"POST /api/v1/savings/reports":                  "s",
	"GET /api/v1/savings/reports/{id}":              "snu",
	"GET /help":                                     "e",
	"POST /api/v1/deliveries":                       "md",
	"GET /journal":                                  "mu",
	"GET /journal.csv":                              "mu",
	"POST /api/documents/post_document/":            "md",
	"GET /api/documents/post_document/":             "md",
	"GET /api/v1/documents":                         "md",
	"GET /api/v1/documents/{id}":                    "md",
	"POST /api/v1/documents/{id}/filing":            "m",
	"GET /api/v1/documents/{id}/work":               "d",
	"POST /api/v1/documents/{id}/work":              "d",
	"POST /api/v1/work/{id}/undo":                   "d",
	"POST /api/v1/documents/{id}/retry":             "m",
	"POST /api/v1/documents/{id}/password":          "m",
	"GET /api/v1/search":                            "md",
	"GET /api/v1/savings":                           "snu",
	"GET /api/v1/status":                            "md",
	"GET /api/v1/events":                            "md",
	"GET /setup":                                    "a",
	"POST /setup":                                   "a",
	"GET /login":                                    "a",
	"POST /login":                                   "a",
	"GET /login/oidc":                               "a",
	"GET /login/oidc/callback":                      "a",
	"POST /logout":                                  "a",
	"GET /account":                                  "e",
	"POST /account/password":                        "e",
	"POST /account/language":                        "e",
	"POST /account/sessions":                        "e",
	"POST /account/deputies":                        "d",
	"GET /accounts":                                 "n",
	"GET /accounts/new":                             "n",
	"POST /accounts/new":                            "n",
	"GET /accounts/{id}":                            "n",
	"POST /accounts/{id}":                           "n",
	"POST /accounts/{id}/password":                  "n",
	"GET /tokens":                                   "n",
	"POST /tokens":                                  "n",
	"POST /tokens/{id}/revoke":                      "n",
	"GET /groups":                                   "n",
	"POST /groups":                                  "n",
	"GET /sign-ins":                                 "n",
	"GET /evidence":                                 "u",
	"GET /api/v1/documents/{id}/pdf":                "md",
	"GET /api/v1/documents/{id}/original":           "md",
	"GET /api/v1/documents/{id}/text":               "md",
	"GET /api/v1/openapi.yaml":                      "a",
}

// TestRightsOfEveryRoute asks every route as every role, and as nobody. What a
// role may not is answered exactly like an address that does not exist.
func TestRightsOfEveryRoute(t *testing.T) {
	routes := web.Routes()
	for _, rt := range routes {
		if rights[rt.Pattern] == "" {
			t.Errorf("%s is not in the table of rights: who may use it?", rt.Pattern)
		}
	}
	for pattern := range rights {
		if !slices.ContainsFunc(routes, func(rt web.Route) bool { return rt.Pattern == pattern }) {
			t.Errorf("%s is in the table of rights but no route", pattern)
		}
	}
	o := newOffice(t, func(c *web.Config) { c.Watch = closedWatch })
	ids := everyState(o)
	signed := map[string]func(*http.Request){}
	for letter, role := range people {
		signed[letter] = o.member("role-"+letter, []access.Role{role}, "20")
	}
	unknown := func(method, api string, as func(*http.Request)) *httptest.ResponseRecorder {
		return o.do(method, api+"/nowhere/at/all", nil, as)
	}
	for _, rt := range routes {
		method, path, _ := strings.Cut(rt.Pattern, " ")
		api := ""
		if strings.HasPrefix(path, "/api/") {
			api = "/api/v1"
		}
		path = strings.NewReplacer("{$}", "", "{id}", string(ids[pipeline.Archived]), "{file}", "1.png").Replace(path)
		for letter, as := range signed {
			may := strings.ContainsAny(rights[rt.Pattern], letter+"ea")
			if rt.Pattern == "POST /logout" {
				continue // it ends the session that the next row needs; TestSigningInAndOut has it
			}
			w := o.do(method, path, nil, as)
			none := unknown(method, api, as)
			refused := w.Code == none.Code && w.Body.String() == none.Body.String()
			if path == "/" && method == "GET" && !may {
				refused = w.Code == http.StatusSeeOther // led to where their own work begins
			}
			if refused == may && !(may && w.Code == http.StatusNotFound) {
				t.Errorf("%s as %s answers %d: may is %v", rt.Pattern, people[letter], w.Code, may)
			}
		}
		w := o.do(method, path, nil, nil)
		switch {
		case rights[rt.Pattern] == "a":
		case api != "" && w.Code != http.StatusUnauthorized, api == "" && (w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/login")):
			t.Errorf("%s as nobody answers %d", rt.Pattern, w.Code)
		}
	}
}

func closedWatch(context.Context) <-chan pipeline.Progress {
	c := make(chan pipeline.Progress)
	close(c)
	return c
}

// unguarded are the methods of Rows that show no letter to anybody, each with the
// reason. All others are of the guard itself.
var unguarded = map[string]string{
	"Journal":       "the book of the whole mailroom, for the action keep only; its lines hold no more than the book does",
	"Log":           "writes evidence, shows nothing",
	"Highlight":     "reads a query and the words of the corpus that it stands for; what it marks, the caller shows",
	"StandsFor":     "names of accounts only; the tray itself is guarded",
	"SaveSearch":    "keeps what an account typed",
	"SavedSearches": "gives an account what it typed; what it finds is searched for anew, guarded",
	"SeeSearch":     "of the account only",
	"ForgetSearch":  "of the account only",
}

// TestEveryRowIsGuarded fails for a method of web.Rows that neither the guard
// narrows nor the list above excuses.
func TestEveryRowIsGuarded(t *testing.T) {
	accounts := reflect.TypeFor[web.AccountRows]()
	for m := range reflect.TypeFor[web.Rows]().Methods() {
		_, aboutAccounts := accounts.MethodByName(m.Name)
		guarded := web.Guards(m.Name)
		if _, excused := unguarded[m.Name]; guarded == (excused || aboutAccounts) {
			t.Errorf("web.Rows.%s: guarded is %v, excused is %v", m.Name, guarded, excused || aboutAccounts)
		}
	}
}

// TestTwoHundredAttempts tries in all ways to read the letter of another
// department. Each is answered as if there were no such letter.
func TestTwoHundredAttempts(t *testing.T) {
	o := newOffice(t, nil)
	theirs := o.letter("fremd-Zwetschgenkuchen.pdf", "Rechnung wegen Zwetschgenkuchen an Frau Geheim", pipeline.Archived) // filed under 20
	waiting := o.letter("unsicher-Zwetschgenkuchen.pdf", "Zwetschgenkuchen unklar", pipeline.Waiting)                     // guessed to be of 20
	o.member("chef", []access.Role{access.Administrator})
	strangers := map[string]func(*http.Request){
		"other department":  o.member("ordnung", []access.Role{access.Department}, "32"),
		"no department":     o.member("neu", []access.Role{access.Department}),
		"administrator":     o.member("verwaltung", []access.Role{access.Administrator}, "20"),
		"auditor":           o.member("pruefung", []access.Role{access.Auditor}, "20"),
		"sustainability":    o.member("umwelt", []access.Role{access.Sustainability}, "20"),
		"token of others":   o.token("e-akte", false, []access.Action{access.Find, access.Work}, "32"),
		"token that hands":  o.token("scanner", false, []access.Action{access.Hand}),
		"token that sorts":  o.token("sortierer", false, []access.Action{access.Hand, access.Find, access.Sort}, "32"),
		"owner of a guess":  o.member("kasse", []access.Role{access.Department}, "20"), // may see theirs, not waiting
		"nobody":            func(*http.Request) {},
		"a made-up session": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "blattwerk", Value: "x"}) },
		"a made-up token":   func(r *http.Request) { r.Header.Set("Authorization", "Bearer blattwerk_x") },
	}
	tries := 0
	for who, as := range strangers {
		targets := []pipeline.DocID{theirs, waiting}
		if who == "owner of a guess" {
			targets = targets[1:]
		}
		for _, id := range targets {
			for _, template := range []string{
				"GET /letters/%s", "GET /letters/%s/pdf", "GET /letters/%s/original", "GET /letters/%s/text",
				"GET /letters/%s/pages/1.png", "GET /letters/%s/proof", "GET /letters/%s/proof.json", "GET /letters/%s/zip", "GET /letters/zip?id=%s",
				"GET /letters/%s?q=Rechnung", "POST /letters/%s/deeds", "POST /letters/%s/filing", "POST /letters/%s/retry",
				"GET /letters/%s/pages", "POST /letters/%s/pages", "POST /letters/%s/pages/undo", "GET /letters/%s/pages/1/rescan", "POST /letters/%s/pages/1/rescan",
				"POST /api/v1/documents/%s/pages/1/rescan", "POST /api/v1/documents/%s/pages/undo", "POST /letters/%s/answer", "POST /letters/%s/password", "POST /letters/%s/undecide", "POST /letters/%s/send-back",
				"GET /api/v1/documents/%s", "POST /api/v1/documents/%s/filing", "POST /api/v1/documents/%s/retry", "POST /api/v1/documents/%s/password",
			} {
				tries++
				got, none := o.ask(template, string(id), as), o.ask(template, "00000000-0000-5000-8000-000000000000", as)
				if got.Code != none.Code || strings.ReplaceAll(got.Body.String(), string(id), "ID") != strings.ReplaceAll(none.Body.String(), "00000000-0000-5000-8000-000000000000", "ID") {
					t.Errorf("%s: "+template+" answers %d, an unknown letter %d", who, id, got.Code, none.Code)
				}
				if strings.Contains(got.Body.String(), "Zwetschgenkuchen") {
					t.Errorf("%s: "+template+" tells of the letter", who, id)
				}
			}
		}
		if who == "owner of a guess" {
			continue
		}
		for _, path := range []string{
			"/", "/letters", "/letters?department=20", "/letters?state=archived", "/letters?state=waiting", "/letters?q=Zwetschgenkuchen",
			"/letters?q=Zwetschgenkuchne", "/letters?q=Zwetschgen*&department=20", `/letters?q="Frau+Geheim"`, "/review",
			"/api/v1/documents", "/api/v1/documents?department=20", "/api/v1/documents?type=20-RECH&limit=500", "/api/v1/search?q=Zwetschgenkuchen",
			"/api/v1/search?q=kuchen&department=20", "/api/v1/status", "/tray", "/letters/zip?q=Zwetschgenkuchen", "/letters/zip?department=20",
			"/api/v1/search?q=Zwetschgenkuchen&sender=x", "/api/v1/documents?reference=x", "/tray", "/letters?sender=x&when=2026", "/letters?q=Rechnung+Mondfahrt",
		} {
			tries++
			w := o.do("GET", path, nil, as)
			body := w.Body.String()
			if strings.HasPrefix(path, "/letters/zip") { // packed: what is in it cannot be read off its bytes
				if none := o.do("GET", "/letters/zip?q=nirgendwo", nil, as); w.Code != none.Code || (w.Code == http.StatusOK && len(body) != none.Body.Len()) {
					t.Errorf("%s: GET %s answers %d with %d bytes, nothing to pack %d with %d", who, path, w.Code, len(body), none.Code, none.Body.Len())
				}
			}
			if strings.Contains(strings.ReplaceAll(body, `value="Zwetschgen`, ""), "-Zwetschgenkuchen") || strings.Contains(body, "<mark>") ||
				strings.Contains(body, "Treffer</h2>") && !strings.Contains(body, ">0 Treffer<") || strings.Contains(body, `"total":1`) || strings.Contains(body, `"total":2`) || strings.Contains(body, `"archived":1`) {
				t.Errorf("%s: GET %s tells of the letter: %s", who, path, body)
			}
		}
	}
	if tries < 200 {
		t.Errorf("only %d attempts", tries)
	}
	t.Logf("%d attempts", tries)
	for _, id := range []pipeline.DocID{theirs, waiting} {
		history, err := o.rows.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range history {
			if strings.HasPrefix(e.Kind, "viewed") || strings.HasPrefix(e.Kind, "downloaded") || e.Kind == "decided" || e.Kind == "retried" {
				t.Errorf("the evidence says that %s %s the letter", e.Actor, e.Kind)
			}
		}
	}
	if owner := strangers["owner of a guess"]; o.do("GET", "/letters/"+string(theirs), nil, owner).Code != http.StatusOK ||
		!strings.Contains(o.do("GET", "/api/v1/search?q=Zwetschgenkuchen", nil, owner).Body.String(), `"total":1`) {
		t.Error("the department does not see its own letter")
	}
}

func (o *office) ask(template, id string, as func(*http.Request)) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(fmt.Sprintf(template, id), " ")
	if method == "POST" && strings.HasPrefix(path, "/api/") {
		return o.do(method, path, strings.NewReader(`{"type":"32-OWI"}`), as)
	}
	if method == "POST" {
		return o.post(path, url.Values{"type": {"32-OWI"}, "why": {"x"}, "kind": {"note"}, "note": {"x"}, "gen": {"1"}, "key": {"1"}}, as)
	}
	return o.do(method, path, nil, as)
}

// TestEventsTellOnlyOfWhatOneSees sends progress of two letters to a department
// that sees one of them.
func TestEventsTellOnlyOfWhatOneSees(t *testing.T) {
	o := newOffice(t, nil)
	theirs, waiting := o.letter("a.pdf", "x", pipeline.Archived), o.letter("b.pdf", "y", pipeline.Waiting)
	s := httptest.NewServer(o.handler)
	defer s.Close()
	for _, tc := range []struct {
		who  string
		as   func(*http.Request)
		want []pipeline.DocID
	}{
		{"mailroom", o.member("post", []access.Role{access.Mailroom}), []pipeline.DocID{theirs, waiting}},
		{"department", o.member("kasse", []access.Role{access.Department}, "20"), []pipeline.DocID{theirs}},
		{"other department", o.member("ordnung", []access.Role{access.Department}, "32"), nil},
		{"token", o.token("scanner", false, []access.Action{access.Hand}), nil},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		r, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		tc.as(r)
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		// The last one is seen by all: it is about the letter that tells the end.
		var got []pipeline.DocID
		lines := bufio.NewScanner(w.Body)
		go func() {
			for _, id := range []pipeline.DocID{waiting, theirs, "unknown"} {
				o.news <- pipeline.Progress{Doc: id, State: pipeline.Archived}
			}
			time.Sleep(200 * time.Millisecond)
			cancel()
		}()
		for lines.Scan() {
			for _, id := range []pipeline.DocID{theirs, waiting} {
				if strings.Contains(lines.Text(), string(id)) {
					got = append(got, id)
				}
			}
			if strings.Contains(lines.Text(), "unknown") {
				t.Errorf("%s is told of a letter that there is not", tc.who)
			}
		}
		w.Body.Close()
		cancel()
		slices.Sort(got)
		slices.Sort(tc.want)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s is told of %v, want %v", tc.who, got, tc.want)
		}
	}
}

// TestDuplicatesDoNotTell hands in bytes that are here already, as somebody who
// may not see them: the receipt is that of new bytes.
func TestDuplicatesDoNotTell(t *testing.T) {
	o := newOffice(t, nil)
	o.letter("a.pdf", "x", pipeline.Archived) // of department 20
	as := o.member("ordnung", []access.Role{access.Department}, "32")
	receipt := func(content string) string {
		return o.do("POST", "/api/v1/deliveries?name=meins.pdf", strings.NewReader(content), as).Body.String()
	}
	if known, fresh := receipt("original of a.pdf"), receipt("something new"); known != fresh {
		t.Errorf("known bytes answer %s, new ones %s", known, fresh)
	}
	own := o.member("kasse", []access.Role{access.Department}, "20")
	if body := o.do("POST", "/api/v1/deliveries?name=nochmal.pdf", strings.NewReader("original of a.pdf"), own).Body.String(); !strings.Contains(body, "duplicate_of") {
		t.Errorf("who sees the letter is not told that it is here already: %s", body)
	}
}

// TestMailroomSeesLettersForSixWeeks turns the clock.
func TestMailroomSeesLettersForSixWeeks(t *testing.T) {
	now := time.Now()
	o := newOffice(t, func(c *web.Config) { c.Access.Clock = func() time.Time { return now } })
	id := o.letter("a.pdf", "Rechnung", pipeline.Archived)
	as := o.member("post", []access.Role{access.Mailroom})
	look := func() int { return o.do("GET", "/letters/"+string(id), nil, as).Code }
	if got := look(); got != 200 {
		t.Errorf("just archived: %d", got)
	}
	now = now.Add(43 * 24 * time.Hour)
	if got := look(); got != 404 {
		t.Errorf("after six weeks: %d", got)
	}
	if body := o.do("GET", "/letters?q=Rechnung", nil, as).Body.String(); strings.Contains(body, "a.pdf") {
		t.Error("the search still finds it")
	}
}
