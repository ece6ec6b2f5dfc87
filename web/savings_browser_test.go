package web_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"blattwerk/pipeline/pipelinetest"
	"blattwerk/web/access"
)

// typist works on a page by keyboard alone.
type typist struct {
	t   *testing.T
	tab context.Context
}

func (k typist) do(actions ...chromedp.Action[chromedp.Void]) {
	k.t.Helper()
	if err := chromedp.Do(k.tab, actions...); err != nil {
		k.t.Fatal(err)
	}
}

func (k typist) ask(js string) string {
	k.t.Helper()
	s, err := chromedp.Run(k.tab, chromedp.Evaluate[string](js, chromedp.EvalAwaitPromise))
	if err != nil {
		k.t.Fatalf("%s: %v", js, err)
	}
	return s
}

// reach presses the tab key until the focus is on what a selector means.
func (k typist) reach(selector string) {
	k.t.Helper()
	for range 120 {
		if k.ask(`String(document.activeElement.matches('`+selector+`'))`) == "true" {
			return
		}
		k.do(chromedp.KeyEvent(kb.Tab))
	}
	k.t.Fatalf("the tab key does not lead to %s on %s", selector, k.ask(`location.pathname`))
}

// enter types into a field.
func (k typist) enter(selector, text string) {
	k.t.Helper()
	k.reach(selector)
	k.do(chromedp.KeyEvent(text))
}

// follow presses enter on a link or button and waits for what comes then.
func (k typist) follow(selector, then string) {
	k.t.Helper()
	k.reach(selector)
	k.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(then))
}

// judged lets axe-core look at the page, and its width on a screen of 320 pixels.
func (k typist) judged(axe string) {
	k.t.Helper()
	where := k.ask(`location.pathname + location.search`)
	k.do(chromedp.Evaluate[chromedp.Void](axe))
	if found := k.ask(judge); found != "" {
		k.t.Errorf("%s: %s", where, found)
	}
	if width := k.ask(`String(document.documentElement.scrollWidth > 320)`); width != "false" {
		k.t.Errorf("%s is wider than a screen of 320", where)
	}
}

// TestTheSustainabilityTeamsStory goes from signing in to the exported report, by
// keyboard alone on a narrow screen: a target, a table of purchases and reprints,
// another factor, a figure opened, a report filed, computed again and fetched.
// axe-core looks at each page on the way.
func TestTheSustainabilityTeamsStory(t *testing.T) {
	raw, err := os.ReadFile(pipelinetest.Program(t, "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	axe := string(raw)
	o := newOffice(t, nil)
	o.bookLetter("brief-1", "20", "20-RECH", 4)
	o.member("umwelt", []access.Role{access.Sustainability})
	s := pagesOf(t, o)
	k := typist{t, browser(t)}
	if _, err := chromedp.Call(k.tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	year := time.Now().UTC().Format("2006")

	k.do(chromedp.EmulateViewport(320, 800), chromedp.Navigate(s.URL+"/savings?lang=de"), chromedp.WaitVisible(`input[name="password"]`))
	k.enter(`input[name="login"]`, "umwelt")
	k.enter(`input[name="password"]`, password+kb.Enter)
	k.do(chromedp.WaitVisible(`.who button`)) // not before: going on would break off the signing in
	k.do(chromedp.Navigate(s.URL+"/savings?lang=de"), chromedp.WaitVisible(`.sentence`))
	k.judged(axe)

	// A figure opens its formula, its factor and the factor's source.
	k.reach(`section[aria-labelledby="q-co2e"] summary`)
	k.do(chromedp.KeyEvent(kb.Enter))
	if text := k.ask(`document.querySelector('section[aria-labelledby="q-co2e"] details[open]')?.innerText ?? ""`); !strings.Contains(text, "ifeu06-prim") || !strings.Contains(text, "Öko-Institut") || !strings.Contains(text, "Beleg") {
		t.Errorf("the figure opens to %q", text)
	}

	// The figures by month, in words and as a file.
	month := time.Now().UTC().Format("01/2006")
	if text := k.ask(`document.querySelector("main table").innerText`); !strings.Contains(text, month) {
		t.Errorf("the figures by month are %q", text)
	}
	if csv := k.ask(`fetch(document.querySelector('a[href*="shape=month"]').href).then(r => r.text())`); !strings.Contains(csv, time.Now().UTC().Format("2006-01")) {
		t.Errorf("the CSV is %q", csv)
	}

	// A target.
	k.follow(`a[href="/savings/baseline"]`, `//h1[contains(., "Ausgangslage")]`)
	k.judged(axe)
	k.follow(`a[href="?kind=target#enter"]`, `#entertitle`)
	k.enter(`input[name="from"]`, year)
	k.enter(`input[name="value"]`, "1000")
	k.enter(`input[name="note"]`, "Ratsbeschluss"+kb.Enter)
	k.do(chromedp.WaitVisible(`//p[@class="done"]`), chromedp.WaitVisible(`//td[contains(., "Ratsbeschluss")]`))

	// A table with purchases and with what the print server counted.
	k.reach(`details > summary`)
	k.do(chromedp.KeyEvent(kb.Enter))
	k.reach(`#table`)
	k.do(chromedp.KeyEvent("art;von;bis;blatt;notiz\r" + "einkauf;" + year + ";" + year + ";120000;Rechnungen\r" + "nachdruck;" + year + "-01-15;;7;Druckserver"))
	k.follow(`form[action="/savings/import"] button`, `//td[contains(., "Rechnungen")]`)
	k.judged(axe)

	// Another factor, from this year on. A mistake is told and changes nothing.
	k.follow(`a[href="/savings/factors"]`, `//h1[contains(., "Faktoren")]`)
	k.follow(`a[href$="change=strom24"]`, `#change`)
	k.judged(axe)
	k.enter("#low", "0,3")
	k.enter("#mid", "0,35")
	k.enter("#high", "0,4")
	k.enter("#source", "Umweltbundesamt, Strommix 2025"+kb.Enter)
	k.do(chromedp.WaitVisible(`//tr[@id="f-strom24"]//td[contains(., "0,35")]`), chromedp.WaitVisible(`//tr[@id="f-strom24"]//td[contains(., "zuvor")]`))

	// The report: filed, computed again, fetched.
	k.follow(`a[href="/savings/reports"]`, `//h1[contains(., "Berichte")]`)
	k.judged(axe)
	k.enter("#title", "Bericht an den Rat"+kb.Enter)
	k.do(chromedp.WaitVisible(`//h1[contains(., "Bericht an den Rat")]`))
	k.follow(`a[href="?again=1"]`, `//p[contains(., "Byte für Byte gleich")]`)
	k.judged(axe)
	k.reach(`a[href^="/savings/export?format=pdf"]`)
	if head := k.ask(`fetch(document.activeElement.href).then(r => r.text()).then(s => s.slice(0, 8))`); head != "%PDF-1.7" {
		t.Errorf("the report begins with %q", head)
	}
	if kind := k.ask(`fetch(document.activeElement.href.replace("format=pdf", "format=xlsx")).then(r => r.status + " " + r.headers.get("content-type"))`); !strings.Contains(kind, "200 application/vnd.openxml") {
		t.Errorf("the workbook: %s", kind)
	}

	// Who did all this is known.
	facts, err := o.rows.Facts(t.Context())
	if err != nil || len(facts) != 3 {
		t.Fatalf("%d facts, %v", len(facts), err)
	}
	for _, f := range facts {
		if f.Author != "umwelt" {
			t.Errorf("%s was told by %q", f.Slot(), f.Author)
		}
	}
	if reports, err := o.rows.Reports(t.Context()); err != nil || len(reports) != 1 || reports[0].Author != "umwelt" {
		t.Errorf("%+v, %v", reports, err)
	}
}
