package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// browser starts a real Chromium, whose tab it gives.
func browser(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewExecAllocator(t.Context(),
		chromedp.ExecPath(pipelinetest.Program(t, "chromium")), chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true),
		chromedp.Env("LC_ALL=C.UTF-8")) // or it takes no file with an umlaut in its name
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// pagesOf serves an office's pages. Its end cuts the event streams that a browser
// holds open, which it would wait for otherwise.
func pagesOf(t *testing.T, o *office) *httptest.Server {
	s := httptest.NewServer(o.handler)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// judge lets axe-core look at the page that is open, judgeColours only at its
// colours, at 7:1 where the person asked for more contrast.
const (
	judge = `axe.run({iframes: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	.then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" | ")).join("\n"))`
	judgeColours = `axe.run({iframes: false, runOnly: {type: "rule", values: [matchMedia("(prefers-contrast: more)").matches ? "color-contrast-enhanced" : "color-contrast"]}})
	.then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" | ")).join("\n"))`
)

// viewer looks at pages as people do who see, read or move in their own way.
type viewer struct {
	t     *testing.T
	tab   context.Context
	tools string // scripts that judge: axe-core and our own probes
}

func newViewer(t *testing.T) viewer {
	t.Helper()
	axe, err := os.ReadFile(pipelinetest.Program(t, "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	probes, err := os.ReadFile("testdata/probes.js")
	if err != nil {
		t.Fatal(err)
	}
	v := viewer{t, browser(t), string(axe) + "\n" + string(probes)}
	if _, err := chromedp.Call(v.tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return v
}

// open goes to a page with a screen of so many pixels.
func (v viewer) open(url string, width int) {
	v.t.Helper()
	if err := chromedp.Do(v.tab, chromedp.EmulateViewport(int64(width), 800), chromedp.Navigate(url), chromedp.Evaluate[chromedp.Void](v.tools)); err != nil {
		v.t.Fatalf("%s: %v", url, err)
	}
}

// ask gives what a script finds.
func (v viewer) ask(js string) string {
	v.t.Helper()
	found, err := chromedp.Run(v.tab, chromedp.Evaluate[string](`Promise.resolve(`+js+`).then(x => String(x ?? ""))`, chromedp.EvalAwaitPromise))
	if err != nil {
		v.t.Fatalf("%s: %v", js, err)
	}
	return found
}

// prefer tells the page what the person prefers: "prefers-contrast", "more", ...
// Nothing moves meanwhile, so that no colour is judged half way to another.
func (v viewer) prefer(pairs ...string) {
	v.t.Helper()
	var media emulation.SetEmulatedMediaParams
	pairs = append(pairs, "prefers-reduced-motion", "reduce")
	for pair := range slices.Chunk(pairs, 2) {
		media.Features = append(media.Features, &emulation.MediaFeature{Name: pair[0], Value: pair[1]})
	}
	if _, err := chromedp.Call(v.tab, emulation.SetEmulatedMedia, media); err != nil {
		v.t.Fatal(err)
	}
}

func (v viewer) size(width int) {
	v.t.Helper()
	if err := chromedp.Do(v.tab, chromedp.EmulateViewport(int64(width), 800)); err != nil {
		v.t.Fatal(err)
	}
}

// walk presses the tab key until every control had the focus, or long enough.
func (v viewer) walk() string {
	v.t.Helper()
	n, err := chromedp.Run(v.tab, chromedp.Evaluate[int](`probes.begin()`))
	if err != nil {
		v.t.Fatal(err)
	}
	for range 4*n + 20 { // a field for a date takes several keys
		all, err := chromedp.Run(v.tab, chromedp.Evaluate[bool](`probes.step()`))
		if err != nil {
			v.t.Fatal(err)
		}
		if all {
			break
		}
		if err := chromedp.Do(v.tab, chromedp.KeyEvent(kb.Tab)); err != nil {
			v.t.Fatal(err)
		}
	}
	return v.ask(`probes.end()`)
}

// looks are the ways to look at a page that is open on 320 pixels, which is what
// 1280 become at 400 %. Each leaves the page as it was.
var looks = map[string]func(viewer) string{
	"axe-core":   func(v viewer) string { return v.ask(judge) },
	"400 % zoom": func(v viewer) string { return v.ask(`probes.reflow() + probes.cut()`) },
	"text spacing": func(v viewer) string {
		return v.ask(`(probes.spaced(true), probes.reflow() + probes.cut() + (probes.spaced(false) ?? ""))`)
	},
	"tab key": viewer.walk,
	"200 % zoom": func(v viewer) string {
		v.size(640)
		defer v.size(320)
		return v.ask(`probes.reflow() + probes.cut()`)
	},
	"reduced motion": func(v viewer) string { return v.ask(`probes.still()`) },
	"more contrast": func(v viewer) string {
		v.prefer("prefers-contrast", "more")
		return v.ask(judgeColours)
	},
	"more contrast, dark": func(v viewer) string {
		v.prefer("prefers-contrast", "more", "prefers-color-scheme", "dark")
		return v.ask(judgeColours)
	},
	"forced colours": func(v viewer) string {
		v.prefer("forced-colors", "active")
		return v.ask(`probes.edges()`) + v.ask(judgeColours)
	},
}

// TestLooksFindWhatIsBroken shows to each look a page that it must not let pass,
// and to all of them one that is well.
func TestLooksFindWhatIsBroken(t *testing.T) {
	const head = `<!doctype html><html lang="en"><head><title>x</title><style>:focus-visible { outline: 3px solid }</style></head><body><main><h1>Page</h1>`
	broken := map[string]string{
		"axe-core":            `<img src="x.png">`,
		"400 % zoom":          `<p style="width: 40rem">wider than the screen</p>`,
		"text spacing":        `<p style="width: 15rem; height: 1.3rem; overflow: hidden; line-height: 1.2; font: 16px monospace">exactly one line here</p>`,
		"tab key":             `<button>one</button><button tabindex="-1">never</button>`,
		"200 % zoom":          `<style>@media (min-width: 600px) { p { width: 50rem } }</style><p>a column too wide</p>`,
		"reduced motion":      `<p style="transition: color 1s">slow</p>`,
		"more contrast":       `<p style="color: #767676; background: #fff">pale enough for 4.5:1</p>`,
		"more contrast, dark": `<style>@media (prefers-color-scheme: dark) { p { color: #808080; background: #000 } }</style><p>pale</p>`,
		"forced colours":      `<button style="border: 0">no edge</button>`,
	}
	page := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, head+page+"</main></body></html>") }))
	defer s.Close()
	v := newViewer(t)
	for name, look := range looks {
		page = `<p>Well.</p><div style="overflow-x: auto" tabindex="0" role="region" aria-label="Table"><table><tbody><tr><td style="min-width: 50rem">wide</td></tr></tbody></table></div><a href="/">on</a>`
		v.prefer()
		v.open(s.URL, 320)
		if found := look(v); found != "" {
			t.Errorf("%s finds on a page that is well: %s", name, found)
		}
		page = broken[name]
		v.prefer()
		v.open(s.URL, 320)
		if look(v) == "" {
			t.Errorf("%s finds nothing on %s", name, page)
		}
	}
	for fault, part := range map[string]string{
		"shows no focus":        `<a href="/" style="outline: none">a</a>`,
		"is covered by":         `<a href="/">a</a><div style="position: fixed; inset: 0; background: #fff"></div>`,
		"is scrolled by no key": `<pre style="overflow-x: auto"><code>` + strings.Repeat("x", 200) + `</code></pre>`,
		"stands above what":     `<div style="display: flex; flex-direction: column"><a href="/" style="order: 2">first</a><a href="/">second</a></div>`,
		"is scrolled sideways":  `<p style="overflow-x: auto; white-space: nowrap">` + strings.Repeat("word ", 40) + `</p>`,
	} {
		page = part
		v.prefer()
		v.open(s.URL, 320)
		// Chromium focuses what it scrolls; other browsers do not.
		if found := v.walk() + v.ask(`probes.reflow()`); !strings.Contains(found, fault) {
			t.Errorf("%s gives %q", part, found)
		}
	}
}

// pagesOfAll are the pages of all desks, those of accounts and books too.
func pagesOfAll(o *office) []string {
	return slices.Concat(allPages(everyState(o)), savingsPages,
		[]string{"/accounts", "/accounts/new", "/tokens", "/groups", "/sign-ins", "/setup", "/nowhere",
			"/savings?from=2026-12&to=2026-01", "/sheets/cover?department=20&type=32-OWI"}) // forms that could not be taken
}

// TestPagesAreAccessible lets axe-core and our own probes look at every page on
// a narrow screen, light in German and dark in English: words differ with the
// language and colours with the scheme, so that two looks find what four would.
func TestPagesAreAccessible(t *testing.T) {
	o := newOffice(t, nil)
	paths := pagesOfAll(o)
	s := pagesOf(t, o)
	v := newViewer(t)
	both := []string{"axe-core", "400 % zoom", "200 % zoom", "text spacing"}
	for _, path := range paths {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		for lang, names := range map[string][]string{
			"de": append([]string{"tab key", "more contrast", "forced colours"}, both...),
			"en": append([]string{"reduced motion", "more contrast, dark"}, both...),
		} {
			scheme := map[string]string{"de": "light", "en": "dark"}[lang]
			v.prefer("prefers-color-scheme", scheme)
			v.open(s.URL+path+sep+"lang="+lang, 320)
			for _, name := range names {
				if found := looks[name](v); found != "" {
					t.Errorf("%s (%s, %s), %s: %s", path, lang, scheme, name, found)
				}
				v.prefer("prefers-color-scheme", scheme)
			}
		}
	}
}

// TestALetterIsHandedInWithABrowser chooses a file, sends it, and sees its row
// appear without a reload.
func TestALetterIsHandedInWithABrowser(t *testing.T) {
	o := newOffice(t, nil)
	s := pagesOf(t, o)
	file := filepath.Join(t.TempDir(), "Übergabe.pdf")
	if err := os.WriteFile(file, []byte("%PDF-1.7"), 0o600); err != nil {
		t.Fatal(err)
	}
	tab := browser(t)
	if err := chromedp.Do(tab,
		chromedp.Navigate(s.URL+"/?lang=de"),
		chromedp.Evaluate[chromedp.Void](`window.notReloaded = true`),
		chromedp.SetUploadFiles("#file", []string{file}),
		chromedp.Click("#upload button"),
		chromedp.WaitVisible(`//div[@id="uploads"]//span[contains(., "Angenommen")]`),
		chromedp.WaitVisible(`//div[@id="newest"]//a[contains(., "Übergabe.pdf")]`),
	); err != nil {
		t.Fatal(err)
	}
	id := o.letter("zweiter.pdf", "x", pipeline.Waiting)
	o.news <- pipeline.Progress{Doc: id, State: pipeline.Waiting}
	if err := chromedp.Do(tab, chromedp.WaitVisible(fmt.Sprintf(`tr[data-doc="%s"]`, id))); err != nil {
		t.Fatalf("the row does not appear by itself: %v", err)
	}
	// At the start of a step nothing is done yet, and the event leaves the number out.
	o.news <- pipeline.Progress{Doc: id, State: pipeline.Working, Total: 3}
	if err := chromedp.Do(tab, chromedp.WaitReady(fmt.Sprintf(`tr[data-doc="%s"] .step[data-done="0/3"]`, id))); err != nil {
		t.Errorf("the beginning of a step is not told: %v", err)
	}
	if same, err := chromedp.Run(tab, chromedp.Evaluate[bool](`window.notReloaded === true`)); err != nil || !same {
		t.Errorf("the page was reloaded (%v)", err)
	}
}
