package web_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// only gives the one letter that came in.
func (o *office) only() pipeline.DocID {
	o.t.Helper()
	list, _, err := o.rows.List(o.t.Context(), catalog.Filter{})
	if err != nil || len(list) != 1 {
		o.t.Fatalf("%d letters, %v", len(list), err)
	}
	return list[0].Document.ID
}

// stackFile is a file to hand in.
func stackFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "Stapel vom Montag.pdf")
	if err := os.WriteFile(file, []byte("%PDF-1.7"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// onTask is the letter that the review tray shows.
func onTask(t *testing.T, tab context.Context) pipeline.DocID {
	t.Helper()
	id, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.getElementById("task").dataset.letter`))
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.DocID(id)
}

// TestTheMailroomsStory walks a morning of the mailroom in a real browser without
// a mouse: sign in, hand in a stack, see which page is badly scanned, turn a page,
// part a letter and take that back, settle what is uncertain, find the line in the
// journal, make a cover sheet, sign out.
func TestTheMailroomsStory(t *testing.T) {
	o := newOffice(t, nil)
	o.member("eva", []access.Role{access.Mailroom})
	s := pagesOf(t, o)
	k := newKeyboard(t)
	k.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(s.URL+"/login?lang=de"), chromedp.WaitVisible("#login"))
	k.tabTo("#login")
	k.press("eva", kb.Tab, password, kb.Enter)
	k.on(`location.pathname === "/" && document.getElementById("upload")`)

	// The dialog to choose files is the system's; from the button on it is ours.
	k.do(chromedp.SetUploadFiles("#file", []string{stackFile(t)}))
	k.tabTo("#upload button")
	k.press(kb.Enter)
	k.on(`document.getElementById("uploads").innerText.includes("Angenommen")`)
	first, second := o.cut(o.only())
	o.news <- pipeline.Progress{Doc: first, State: pipeline.Waiting}
	k.on(fmt.Sprintf(`document.querySelector('tr[data-doc="%s"] .light.red') && document.querySelector('tr[data-doc="%s"]')`, first, second))

	// Its pages: the bad one says why; what is turned or parted can be taken back.
	k.tabTo(fmt.Sprintf(`a[href="/letters/%s/pages"]`, first))
	k.press(kb.Enter)
	k.on(`document.querySelector("#page-2 .light.red") && document.querySelector("#page-2 .flaws").innerText.length > 5`)
	for do, want := range map[string]string{"turn 1 90": "1* 2 3 [4] | 5 6", "split 3": "1 2 | 3 [4] | 5 6"} {
		act := fmt.Sprintf(`button[value="%s"]`, do)
		k.tabTo("#page-" + strings.Fields(do)[1] + " summary")
		k.press(kb.Enter)
		k.tabTo(act)
		k.press(kb.Enter)
		k.on(`document.getElementById("undo")`)
		if got := o.pages(first); got != want {
			t.Errorf("after %q: %s", do, got)
		}
		k.tabTo("#undo")
		k.press(kb.Enter)
		k.on(`!document.getElementById("undo")`)
		if got := o.pages(first); got != "1 2 3 [4] | 5 6" {
			t.Errorf("after %q was taken back: %s", do, got)
		}
	}

	// What is uncertain waits for an answer.
	k.tabTo(`nav a[href="/review"]`)
	k.press(kb.Enter)
	k.on(`location.pathname === "/review"`)
	asked := onTask(t, k.tab)
	k.sees(asked)
	k.press("1")
	number := o.entry(asked).Document.Delivery.Journal
	k.told("Abgelegt: " + number)
	k.tabTo(`nav a[href="/journal"]`)
	k.press(kb.Enter)
	k.on(fmt.Sprintf(`[...document.querySelectorAll("tbody tr")].some(r => r.innerText.includes(%q) && r.innerText.includes("Eingangsrechnung"))`, number))

	// A cover sheet for the next stack.
	k.tabTo(`nav a[href="/"]`)
	k.press(kb.Enter)
	k.on(`location.pathname === "/"`)
	k.tabTo(`a[href="/sheets"]`)
	k.press(kb.Enter)
	k.on(`location.pathname === "/sheets"`)
	k.tabTo(`form[action="/sheets/cover"] button`)
	if head, err := chromedp.Run(k.tab, chromedp.Evaluate[string](`fetch("/sheets/cover?" + new URLSearchParams(new FormData(document.activeElement.form))).then(r => r.text()).then(s => s.slice(0, 5))`, chromedp.EvalAwaitPromise)); err != nil || !strings.HasPrefix(head, "%PDF") {
		t.Errorf("the cover sheet begins with %q, %v", head, err)
	}
	k.tabTo(`form[action="/logout"] button`)
	k.press(kb.Enter)
	k.on(`location.pathname === "/login"`)
	if e := o.entry(asked); e.State != pipeline.Working || e.Document.Filing.DecidedBy != "eva" {
		t.Errorf("the letter is %s, filed %+v", e.State, e.Document.Filing)
	}
	t.Logf("a morning of the mailroom: %d keys", k.keys)
}

// TestTheBasicPathsWithoutScripts goes the basic paths in a browser that runs no
// scripts: sign in, hand a file in, arrange its pages, settle what is uncertain,
// find a letter and work on it, see what was saved, change the language.
func TestTheBasicPathsWithoutScripts(t *testing.T) {
	o := newOffice(t, nil)
	o.bookLetter("brief-1", "20", "20-RECH", 4)
	o.member("eva", []access.Role{access.Mailroom, access.Department, access.Sustainability}, "20")
	s := pagesOf(t, o)
	tab := browser(t)
	if _, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	do := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		soon, cancel := context.WithTimeout(tab, 30*time.Second)
		defer cancel()
		if err := chromedp.Do(soon, actions...); err != nil {
			page, _ := chromedp.Run(tab, chromedp.Evaluate[string](`document.body.innerText`))
			t.Fatalf("%s: %v; the page says: %s", what, err, page)
		}
	}
	says := func(text string) chromedp.Action[chromedp.Void] {
		return chromedp.WaitVisible(fmt.Sprintf(`//main//*[contains(text(), %q)]`, text))
	}
	do("signing in", chromedp.EmulateViewport(1280, 1200), chromedp.Navigate(s.URL+"/login?lang=de"), chromedp.SendKeys("#login", "eva"),
		chromedp.SendKeys("#password", password), chromedp.Click("main form button"), chromedp.WaitVisible("#upload"))
	do("handing in", chromedp.SetUploadFiles("#file", []string{stackFile(t)}), chromedp.Click("#upload button"), says("Angenommen"))
	first, _ := o.cut(o.only())
	do("arranging", chromedp.Navigate(s.URL+"/letters/"+string(first)+"/pages"), chromedp.Click("#page-2 summary"),
		chromedp.Click(`button[value="turn 2 90"]`), says("Seite gedreht."), chromedp.Click("#undo"), chromedp.WaitNotPresent("#undo"))
	if got := o.pages(first); got != "1 2 3 [4] | 5 6" {
		t.Errorf("the pages lie as %s", got)
	}
	do("the tray", chromedp.Click(`nav a[href="/review"]`), chromedp.WaitVisible(`button[data-key="1"]`))
	asked := onTask(t, tab)
	do("settling", chromedp.Click(`button[data-key="1"]`), says("Abgelegt:"))
	if e := o.entry(asked); e.State != pipeline.Working || e.Document.Filing.DecidedBy != "eva" {
		t.Errorf("the letter is %s, filed %+v", e.State, e.Document.Filing)
	}
	id := o.letter("brief.pdf", "Rechnung über Malerarbeiten im Rathaus", pipeline.Archived)
	do("finding", chromedp.Click(`nav a[href="/letters"]`), chromedp.SendKeys("#q", "Malerarbeiten"), chromedp.Click(`form[role="search"] button`),
		chromedp.WaitVisible(".snippet mark"), chromedp.Click("a.hit"), chromedp.WaitVisible(".paper svg"), chromedp.SendKeys("#note", "Preis geprüft"), chromedp.Click("#note ~ button"),
		chromedp.WaitVisible(".notes"), chromedp.Click(`button[value="done"]`), says("Als erledigt abgelegt."))
	if work, _, err := o.rows.Deeds(t.Context(), id); err != nil || work.Done.IsZero() {
		t.Errorf("work is %+v, %v", work, err)
	}
	do("the books", chromedp.Click(`nav a[href="/savings"]`), chromedp.Click(`section[aria-labelledby="q-co2e"] summary`), says("Öko-Institut"))
	do("the language", chromedp.Click("a.language"), chromedp.WaitVisible(`//html[@lang="en"]//h1[contains(., "Paper saved")]`),
		chromedp.Click(`form[action="/logout"] button`), chromedp.WaitVisible("#password"))
}
