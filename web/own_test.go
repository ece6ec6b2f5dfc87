package web_test

import (
	"net/http"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/web/access"
)

// TestOwnSessionsAreNamedAsPeopleNameThem reads the list of one's own sessions.
func TestOwnSessionsAreNamedAsPeopleNameThem(t *testing.T) {
	o := newOffice(t, nil)
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0": "Edge, Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                "Firefox, Linux",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1":             "Safari, iPhone",
		"scanner/3": "scanner/3",
	} {
		login := strings.ToLower(strings.NewReplacer(", ", "-", "/", "-").Replace(want))
		o.member(login, []access.Role{access.Mailroom})
		w := o.do("POST", "/login", strings.NewReader("login="+login+"&password="+strings.ReplaceAll(password, " ", "+")), func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("User-Agent", agent)
		})
		page := o.do("GET", "/account", nil, func(r *http.Request) { r.AddCookie(w.Result().Cookies()[0]) }).Body.String()
		if !strings.Contains(page, ">"+want+"</td>") {
			t.Errorf("%s is not called %s", agent, want)
		}
	}
}

// TestNewsAreInTheNavigation shows how many letters came to kept searches, on
// whatever page a person is.
func TestNewsAreInTheNavigation(t *testing.T) {
	o := newOffice(t, nil)
	anna := o.member("anna", []access.Role{access.Department}, "20")
	olga := o.member("olga", []access.Role{access.Department}, "32")
	for _, as := range []func(*http.Request){anna, olga} {
		o.do("POST", "/searches", strings.NewReader("name=Hunde&query=q%3DHundesteuer"), func(r *http.Request) {
			as(r)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		})
	}
	o.letter("neu.pdf", "Hundesteuer", pipeline.Archived)
	see := func(path string, as func(*http.Request)) string {
		return o.do("GET", path+"?lang=de", nil, as).Body.String()
	}
	if page := see("/help", anna); !strings.Contains(page, "(1 neu in gemerkten Suchen)") {
		t.Error("the help page does not tell of the new letter")
	}
	if strings.Contains(see("/help", olga), "neu in gemerkten") {
		t.Error("another department is told of the letter")
	}
}

// TestDepartmentsAreLedNowhere hands people of departments no link to the pages of a
// stack, which are the mailroom's.
func TestDepartmentsAreLedNowhere(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("a.pdf", "Rechnung", pipeline.Archived)
	anna := o.member("anna", []access.Role{access.Department}, "20")
	page := o.do("GET", "/intake", nil, anna).Body.String()
	if !strings.Contains(page, `/letters/`+string(id)+`"`) || strings.Contains(page, "/pages") {
		t.Error("the page to hand letters in leads departments where they may not go")
	}
	if !strings.Contains(o.do("GET", "/intake", nil, o.member("eva", []access.Role{access.Mailroom})).Body.String(), "/letters/"+string(id)+"/pages") {
		t.Error("the mailroom is not led to the pages")
	}
}
