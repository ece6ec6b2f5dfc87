package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// browser starts a real Chromium, whose tab it gives.
func browser(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewExecAllocator(t.Context(),
		chromedp.ExecPath(pipelinetest.Program(t, "chromium")), chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true))
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

// judge lets axe-core look at the page that is open.
const judge = `axe.run({iframes: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	.then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" | ")).join("\n"))`

// TestPagesAreAccessible asks axe-core about every page, in both languages, light
// and dark, and looks for pages that must be scrolled sideways on a narrow screen.
func TestPagesAreAccessible(t *testing.T) {
	axe, err := os.ReadFile(pipelinetest.Program(t, "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, nil)
	paths := append(allPages(everyState(o)), "/nowhere")
	s := pagesOf(t, o)
	tab := browser(t)
	for _, path := range paths {
		// Words differ with the language and colours with the scheme, so that two looks
		// find what four would.
		for lang, scheme := range map[string]string{"de": "light", "en": "dark"} {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
			if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, media); err != nil {
				t.Fatal(err)
			}
			if err := chromedp.Do(tab,
				chromedp.EmulateViewport(320, 800),
				chromedp.Navigate(s.URL+path+sep+"lang="+lang),
				chromedp.Evaluate[chromedp.Void](string(axe)),
			); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			found, err := chromedp.Run(tab, chromedp.Evaluate[string](judge, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if found != "" {
				t.Errorf("%s (%s, %s): %s", path, lang, scheme, found)
			}
			width, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
			if err != nil || width > 320 {
				t.Errorf("%s (%s) is %d pixels wide on a screen of 320 (%v)", path, lang, width, err)
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
	if same, err := chromedp.Run(tab, chromedp.Evaluate[bool](`window.notReloaded === true`)); err != nil || !same {
		t.Errorf("the page was reloaded (%v)", err)
	}
}
