package web_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"blattwerk/pipeline/pipelinetest"
	"blattwerk/web/access"
)

// TestTheFirstDayInABrowser walks from set-up to a colleague's first letter with
// the keyboard alone, and looks at every page about accounts on the way with
// axe-core, in both languages, on a narrow screen.
func TestTheFirstDayInABrowser(t *testing.T) {
	axe, err := os.ReadFile(pipelinetest.Program(t, "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, nil)
	const code = "ABCDE-FGHIJ"
	if err := o.rows.OfferSetup(t.Context(), access.HashCode(code), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	id := o.letter("rechnung.pdf", "Rechnung über Malerarbeiten", "archived")
	s := pagesOf(t, o)
	tab := browser(t)
	look := func(paths ...string) {
		t.Helper()
		for _, path := range paths {
			for _, lang := range []string{"en", "de"} {
				sep := "?"
				if strings.Contains(path, "?") {
					sep = "&"
				}
				if err := chromedp.Do(tab, chromedp.EmulateViewport(320, 800), chromedp.Navigate(s.URL+path+sep+"lang="+lang),
					chromedp.Evaluate[chromedp.Void](string(axe))); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				found, err := chromedp.Run(tab, chromedp.Evaluate[string](judge, chromedp.EvalAwaitPromise))
				if err != nil || found != "" {
					t.Errorf("%s (%s): %s %v", path, lang, found, err)
				}
				width, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
				if err != nil || width > 320 {
					t.Errorf("%s (%s) is %d pixels wide on a screen of 320 (%v)", path, lang, width, err)
				}
			}
		}
	}
	// keys types into what has the focus; "\t" goes on, "\r" sends.
	keys := func(text string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(text) }
	do := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(tab, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	do("set-up", chromedp.Navigate(s.URL+"/setup?code="+code), chromedp.Focus("#name"),
		keys("Frau Chefin\tchefin\t"+password+"\t"+password+"\r"), chromedp.WaitVisible(`a[href="/accounts/new"]`))
	look("/accounts", "/sign-ins", "/account")
	// The other language is one key away, on the same page, and stays.
	do("the language", chromedp.Navigate(s.URL+"/accounts?lang=de"), chromedp.Focus("a.language"), keys("\r"), chromedp.WaitVisible(`html[lang="en"] a[href="/accounts/new"]`),
		chromedp.Focus(`a[href="/accounts/new"]`), keys("\r"), chromedp.WaitVisible(`html[lang="en"] #login`),
		chromedp.Focus("a.language"), keys("\r"), chromedp.WaitVisible(`html[lang="de"] #login`))
	do("a new account", chromedp.Navigate(s.URL+"/accounts/new"), chromedp.Focus("#login"), keys("schmidt\tFrau Schmidt"),
		chromedp.Focus(`input[name=role][value="department"]`), keys(" "), chromedp.Focus(`input[name=department][value="20"]`), keys(" "), chromedp.Focus("main form button"), keys("\r"), chromedp.WaitVisible(".secret"))
	first, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector(".secret").textContent`))
	if err != nil {
		t.Fatal(err)
	}
	account, _, err := o.rows.AccountByLogin(t.Context(), "schmidt")
	if err != nil || len(account.Departments) != 1 {
		t.Fatalf("the account is %+v, %v", account, err)
	}
	look("/accounts/" + account.ID)
	do("signing out", chromedp.Navigate(s.URL+"/account"), chromedp.Focus(".who button"), keys("\r"), chromedp.WaitVisible("#password"))
	do("a wrong password", chromedp.Navigate(s.URL+"/login"), chromedp.Focus("#login"), keys("schmidt\tfalsch\r"), chromedp.WaitVisible("#wrong"))
	do("the first sign-in", chromedp.Navigate(s.URL+"/login?next=/letters"), chromedp.Focus("#login"), keys("schmidt\t"+first+"\r"), chromedp.WaitVisible("#old"))
	do("one's own password", chromedp.Navigate(s.URL+"/account"), chromedp.Focus("#old"),
		keys(first+"\t"+password+"\t"+password+"\r"), chromedp.WaitVisible(`.done[role=status]`))
	do("the letter", chromedp.Navigate(s.URL+"/letters"), chromedp.WaitReady(`a[href^="/letters/`+string(id)+`"]`))
	if got, err := o.rows.SignIns(t.Context(), 0, 10); err != nil || len(got) != 4 {
		t.Errorf("sign-ins are %+v, %v", got, err)
	}
}
