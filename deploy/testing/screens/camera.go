package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// camera is a browser that looks at pages and takes pictures of them.
type camera struct {
	tab    context.Context
	ends   []context.CancelFunc
	url    string
	out    string
	axe    string
	taken  map[string]bool // pictures that there are, by page, screen and language
	faults []string
	bytes  int
}

const (
	wide, narrow = 1280, 320 // pixels: a desk's screen, the narrowest that must do
	tallest      = 1700      // pixels of a page in a picture; what is below shows nothing new
	scale        = .65       // of pictures of wide pages, which are still legible so
	quality      = int64(40) // of WebP
)

func newCamera(ctx context.Context, url, out, axe string) (*camera, error) {
	c := &camera{url: url, out: out, taken: map[string]bool{}}
	raw, err := os.ReadFile(axe)
	if err != nil {
		return nil, fmt.Errorf("axe-core is missing; `make setup-test` fetches it: %w", err)
	}
	c.axe = string(raw)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	old, _ := filepath.Glob(filepath.Join(out, "*.webp"))
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			return nil, err
		}
	}
	profile, err := os.MkdirTemp("", "blattwerk-browser-")
	if err != nil {
		return nil, err
	}
	ctx, cancel := chromedp.NewExecAllocator(ctx, chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU,
		chromedp.UserDataDir(profile), chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true), chromedp.Flag("hide-scrollbars", true))
	c.ends = append(c.ends, func() { _ = os.RemoveAll(profile) }, cancel)
	c.tab, cancel = chromedp.NewContext(ctx)
	c.ends = append(c.ends, cancel)
	return c, chromedp.Do(c.tab)
}

func (c *camera) close() {
	for _, end := range slices.Backward(c.ends) {
		end()
	}
}

// walk follows the links of a person's pages. Pages of the same pattern are looked
// at once; of pages that another role showed already there is no second picture.
func (c *camera) walk(p person, session *http.Cookie) error {
	set := network.SetCookieParams{Name: session.Name, Value: session.Value, URL: c.url}
	if _, err := chromedp.Call(c.tab, network.SetCookie, set); err != nil {
		return fmt.Errorf("handing the session to the browser: %w", err)
	}
	// People are led to their desks, whatever language they ask for on the way.
	if err := chromedp.Do(c.tab, chromedp.Navigate(c.url+"/")); err != nil {
		return fmt.Errorf("where %s begins: %w", p.login, err)
	}
	start, err := chromedp.Run(c.tab, chromedp.Evaluate[string](`location.pathname`))
	if err != nil {
		return fmt.Errorf("where %s begins: %w", p.login, err)
	}
	todo := append([]string{start}, p.also...)
	seen := map[string]bool{}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		if at := pattern(path); seen[at] {
			continue
		} else {
			seen[at] = true
		}
		if err := c.look(p.role, path); err != nil {
			return err
		}
		links, err := c.links()
		if err != nil {
			return err
		}
		todo = append(todo, links...)
	}
	return nil
}

var (
	id     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27,}|\b\d{4}-\d{6}\b`)
	scan   = regexp.MustCompile(`/pages/\d+/rescan$`)
	folder = regexp.MustCompile(`[^a-z0-9]+`)
	// file is an address that gives a file, or ends the session.
	file = regexp.MustCompile(`/(pdf|original|text|zip|manifest|export)(\?|$|\.)|\.(png|pdf|csv|xlsx|json|zip)(\?|$)|^/logout|^/static/|^/api/`)
)

// pattern is what pages have in common that show different letters: the address
// without the names of letters. Of a query only the names count.
func pattern(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return path
	}
	names := make([]string, 0)
	for name := range u.Query() {
		if name == "q" || name == "by" || name == "letter" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	at := scan.ReplaceAllString(id.ReplaceAllString(u.Path, "{id}"), "/pages/one/rescan")
	return strings.Join(append([]string{at}, names...), " ")
}

// name is the file name of a page's picture, after its address.
func name(path string) string {
	at := strings.Trim(folder.ReplaceAllString(strings.ReplaceAll(pattern(path), "{id}", "one"), "-"), "-")
	return cmp.Or(at, "intake") // which is where the mailroom begins
}

// links are the pages that the open page leads to.
func (c *camera) links() ([]string, error) {
	raw, err := chromedp.Run(c.tab, chromedp.Evaluate[string](`JSON.stringify([...document.querySelectorAll("main a[href], nav a[href], .who a[href], .subnav a[href]")]
		.filter(a => !a.hasAttribute("download") && a.origin === location.origin).map(a => a.pathname + a.search))`))
	if err != nil {
		return nil, fmt.Errorf("reading the links of a page: %w", err)
	}
	var links []string
	if err := json.Unmarshal([]byte(raw), &links); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(links, func(l string) bool { return file.MatchString(l) || strings.HasPrefix(l, "/review?letter=") }), nil
}

// look opens a page on both screens and in both languages, holds it against the
// rules, and takes pictures of it.
func (c *camera) look(role, path string) error {
	for _, view := range []struct {
		lang  string
		width int
	}{{"en", narrow}, {"en", wide}, {"de", narrow}, {"de", wide}} {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		if err := chromedp.Do(c.tab,
			screen(view.width, 900),
			chromedp.Navigate(c.url+path+sep+"lang="+view.lang),
		); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		// Words differ with the language and the order of things with the width, so that
		// axe-core finds in two looks what it would in four.
		if err := c.judge(role, path, view.lang, view.width, (view.lang == "en") == (view.width == narrow)); err != nil {
			return err
		}
		file := name(path)
		if view.width == narrow {
			file += ".phone"
		}
		if file += "." + view.lang; c.taken[file] {
			continue
		}
		c.taken[file] = true
		if err := c.shoot(file, view.width); err != nil {
			return err
		}
	}
	return nil
}

// screen is a desk's screen, or the glass of a telephone.
func screen(width, height int) chromedp.Action[chromedp.Void] {
	if width == narrow {
		return chromedp.EmulateViewport(int64(width), int64(height), chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	return chromedp.EmulateViewport(int64(width), int64(height))
}

const rules = `axe.run({iframes: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	.then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" | ")).join("\n"))`

func (c *camera) judge(role, path, lang string, width int, axe bool) error {
	found := ""
	if axe {
		var err error
		if found, err = chromedp.Run(c.tab, chromedp.Evaluate[string](c.axe+";"+rules, chromedp.EvalAwaitPromise)); err != nil {
			return fmt.Errorf("%s: axe-core: %w", path, err)
		}
	}
	where := fmt.Sprintf("%s %s (%s, %d)", role, pattern(path), lang, width)
	if found != "" {
		c.faults = append(c.faults, where+": "+found)
	}
	have, err := chromedp.Run(c.tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if have > width {
		c.faults = append(c.faults, fmt.Sprintf("%s: the page is %d pixels wide", where, have))
	}
	return nil
}

// shoot takes a picture of the page, cut at its most.
func (c *camera) shoot(file string, width int) error {
	ready := `Promise.all([...document.images].filter(i => !i.complete && i.loading !== "lazy").map(i => new Promise(d => { i.onload = i.onerror = d; }))).then(() => document.documentElement.scrollHeight)`
	height, err := chromedp.Run(c.tab, chromedp.Evaluate[int](ready, chromedp.EvalAwaitPromise))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	height = min(height, tallest)
	height = max(height, 400)
	if err := chromedp.Do(c.tab, screen(width, height)); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	clip := page.Viewport{Width: float64(width), Height: float64(height), Scale: 1}
	if width == wide {
		clip.Scale = scale
	}
	shot, err := chromedp.Call(c.tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatWebp, Quality: new(quality), Clip: &clip,
	})
	if err != nil {
		return fmt.Errorf("taking the picture %s: %w", file, err)
	}
	raw := shot.Data
	c.bytes += len(raw)
	return os.WriteFile(filepath.Join(c.out, file+".webp"), raw, 0o644)
}

// report says what was found.
func (c *camera) report() error {
	fmt.Printf("%d pictures, %d KB, in %s\n", len(c.taken), c.bytes>>10, c.out)
	if len(c.faults) > 0 {
		return errors.New(strings.Join(c.faults, "\n"))
	}
	return nil
}
