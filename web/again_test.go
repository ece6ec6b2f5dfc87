package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/web/access"
)

// TestAFormThatIsWrongKeepsItsEntries sends the forms of all desks with a mistake in
// each: the page comes again with what was entered, and says at the entry what is
// wrong with it.
func TestAFormThatIsWrongKeepsItsEntries(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("brief.pdf", "Rechnung über Malerarbeiten", pipeline.Archived)
	signed := o.member("eva", []access.Role{access.Mailroom, access.Department, access.Sustainability, access.Administrator}, "20")
	eva := func(r *http.Request) {
		signed(r)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	letter := "/letters/" + string(id)
	long := strings.Repeat("Eine lange Notiz – ", 250)
	for _, c := range []struct {
		method, path, form string
		says               string
		at                 string   // the entry that is marked; "" is none
		keeps              []string // parts of the page
	}{
		{"POST", "/savings/baseline", "kind=trip&from=2026-03-02&trips=drei&km=4,5&evidence=B&note=Boteng%C3%A4nge", `„drei“ ist keine Zahl.`, "trips",
			[]string{`value="drei"`, `value="4,5"`, `value="2026-03-02"`, `value="B" selected`, `value="Botengänge"`}},
		{"POST", "/savings/baseline", "kind=trip&from=2026-03-02&trips=-3&km=4", `Die Zahl ist negativ.`, "trips", []string{`value="-3"`}},
		{"POST", "/savings/baseline", "kind=server&from=2026-03-02&kwh=0", `größer als null`, "kwh", nil},
		{"POST", "/savings/baseline", "kind=sample&from=2026-03-02&to=2026-03-04&letters=10&copies=1&type=20-RECH", "mindestens 14 Tage", "to",
			[]string{`value="2026-03-04"`, `value="20-RECH" selected`}},
		{"POST", "/savings/baseline", "kind=target&from=2026&quantity=co2e&value=viel", "keine Zahl", "value", []string{`value="viel"`, `value="co2e" selected`}},
		{"POST", "/savings/factors", "id=a4-kg&low=1&mid=zwei&high=3&source=Wiegung&since=2026", "eine Zahl stehen", "mid", []string{`value="zwei"`, `value="Wiegung"`}},
		{"POST", "/savings/set", "set=nix&since=2026", "Satz von Faktoren", "", nil},
		{"POST", "/savings/reports", "from=2026-05&to=2026-01&title=Bericht", "bevor er beginnt", "to", []string{`value="2026-05"`, `value="Bericht"`}},
		{"GET", "/savings?from=2026-05&to=2026-01", "", "bevor er beginnt", "to", []string{`value="2026-05"`}},
		{"GET", "/savings/table?from=gestern", "", "kein Monat", "from", []string{`value="gestern"`}},
		{"POST", letter + "/deeds", "kind=note&note=++", "Die Notiz ist leer.", "note", nil},
		{"POST", letter + "/deeds", "kind=note&page=1&note=" + url.QueryEscape(long), "zu lang", "note", []string{strings.TrimSpace(long)}},
		{"POST", letter + "/deeds", "kind=due&due=morgen", "kein Tag im Kalender", "due", []string{`value="morgen"`}},
		{"POST", letter + "/deeds", "kind=hand-on&department=99&note=Bitte", "Dieses Amt gibt es nicht", "department", []string{`value="Bitte"`}},
		{"POST", letter + "/deeds", "kind=hand-on&department=20&note=Bitte", "ändert nichts", "", []string{`value="Bitte"`}},
		{"POST", letter + "/deeds", "kind=assign&assignee=niemand", "im Amt nicht", "assignee", nil},
		{"POST", letter + "/send-back", "why=+", "warum der Brief nicht zu Ihnen", "why", nil},
		{"POST", "/searches", "query=q%3DMalerarbeiten&name=", "braucht einen Namen", "name", []string{"<mark>Malerarbeiten</mark>"}},
		{"POST", "/searches", "query=q%3DMalerarbeiten&name=" + strings.Repeat("x", 300), "Der Name ist zu lang.", "name", []string{strings.Repeat("x", 300)}},
		{"POST", "/tokens", "name=Ratsinfo&scope=find&all=on&days=9000", "1 und 730 Tagen", "days",
			[]string{`value="Ratsinfo"`, `value="find" checked`, `name="all" checked`, `value="9000"`}},
		{"POST", "/tokens", "name=Ratsinfo&department=20&days=30", "mindestens ein Recht", "", []string{`value="Ratsinfo"`, `value="20" checked`}},
		{"POST", "/groups", "group=&role=mailroom&department=32", "Wie heißt die Gruppe", "group", []string{`value="mailroom" checked`, `value="32" checked`}},
		{"GET", "/sheets/cover?department=20&type=32-OWI&expected=7&blanks=1&count=2", "", "passen nicht zusammen", "type",
			[]string{`value="20" selected`, `value="32-OWI" selected`, `value="7"`, `name="blanks" value="1" checked`}},
		{"GET", "/sheets/labels?count=5", "", "die erste Nummer", "", []string{`value="5"`}},
	} {
		name := c.path + " " + c.form[:min(len(c.form), 60)]
		w := o.do(c.method, c.path, strings.NewReader(c.form), eva)
		page := w.Body.String()
		if w.Code != http.StatusUnprocessableEntity || strings.Count(page, `id="mistake"`) != 1 || !strings.Contains(readable(page), c.says) {
			t.Errorf("%s answers %d, %d messages, no %q", name, w.Code, strings.Count(page, `id="mistake"`), c.says)
			continue
		}
		if marked := strings.Count(page, `aria-invalid="true"`); c.at == "" && marked != 0 || c.at != "" && !strings.Contains(tagOf(page, `aria-invalid="true"`), `name="`+c.at+`"`) {
			t.Errorf("%s marks %q, want %q", name, tagOf(page, `aria-invalid="true"`), c.at)
		}
		for _, part := range c.keeps {
			if !strings.Contains(readable(page), part) {
				t.Errorf("%s does not keep %s", name, part)
			}
		}
	}
	if facts, err := o.rows.Facts(t.Context()); err != nil || len(facts) != 0 {
		t.Errorf("the books were told %v, %v", facts, err)
	}
	// The account's form is shown with a deputy whose days are wrong, and with the others.
	admin, _, err := o.rows.AccountByLogin(t.Context(), "eva")
	if err != nil {
		t.Fatal(err)
	}
	o.member("jens", []access.Role{access.Department}, "20")
	jens, _, err := o.rows.AccountByLogin(t.Context(), "jens")
	if err != nil {
		t.Fatal(err)
	}
	w := o.do(http.MethodPost, "/accounts/"+admin.ID, strings.NewReader(url.Values{
		"name": {"Eva Neu"}, "role": {"administrator", "auditor"}, "deputy": {jens.ID, jens.ID}, "from": {"2026-03-01", "2026-05-09"}, "to": {"2026-03-08", "2026-05-01"},
	}.Encode()), eva)
	for _, part := range []string{`value="Eva Neu"`, `value="auditor" checked`, `value="2026-03-08"`, `value="2026-05-01"`} {
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), part) {
			t.Errorf("the account's form answers %d without %s", w.Code, part)
		}
	}
}

// TestTheLanguageOfAFormThatIsWrong leads to the page of the form, not to where it
// was sent to.
func TestTheLanguageOfAFormThatIsWrong(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("brief.pdf", "Rechnung", pipeline.Archived)
	w := o.do(http.MethodPost, "/letters/"+string(id)+"/deeds?lang=en", strings.NewReader("kind=note&note="), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	})
	if !strings.Contains(w.Body.String(), `href="/letters/`+string(id)+`?`) || strings.Contains(w.Body.String(), `class="language" href="?`) {
		t.Errorf("the other language is not to be had: %s", tagOf(w.Body.String(), `class="language"`))
	}
}

// readable is a page with its quotation marks as they are read.
func readable(page string) string {
	return strings.NewReplacer("&#34;", `"`, "&#39;", "'").Replace(page)
}

// tagOf is the tag that holds a text; "" if there is none.
func tagOf(page, text string) string {
	at := strings.Index(page, text)
	if at < 0 {
		return ""
	}
	from := strings.LastIndex(page[:at], "<")
	return page[from : at+strings.Index(page[at:], ">")+1]
}
