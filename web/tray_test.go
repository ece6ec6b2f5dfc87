package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
)

// doubtful puts a letter into the tray whose guess has a field in doubt.
func (o *office) doubtful(name string) pipeline.DocID {
	o.t.Helper()
	id := o.letter(name, "x", pipeline.Working)
	job, err := o.rows.Claim(o.t.Context(), id, pipeline.StepOpen, 0, "test", time.Minute)
	if err != nil {
		o.t.Fatal(err)
	}
	doc := job.Document
	doc.Pages = []pipeline.Page{
		{No: 1, Image: pipeline.Image{Width: 100, Height: 200, Turn: 90}, Reading: &pipeline.Reading{Turn: 180}}, {No: 2},
	}
	doc.Filing = &pipeline.Filing{
		Department: "20", Type: "20-RECH", Confidence: 0.9,
		Candidates: []pipeline.Candidate{{Department: "20", Type: "20-RECH", Confidence: 0.9, Reasons: []pipeline.Reason{
			{Cue: "Rechnung", Page: 1, Box: pipeline.Box{X0: 10, Y0: 20, X1: 50, Y1: 30}},
		}}},
		Fields: []pipeline.Field{{Name: "iban", Value: "DE02", Page: 1, Box: pipeline.Box{X0: 100, Y0: 50, X1: 180, Y1: 60}}},
	}
	why := &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "unsure", Text: pipeline.Message{DE: "Unsicher.", EN: "Unsure."}}
	if err := o.rows.Park(o.t.Context(), job, why, doc); err != nil {
		o.t.Fatal(err)
	}
	return id
}

func (o *office) entry(id pipeline.DocID) catalog.Entry {
	o.t.Helper()
	e, err := o.rows.Get(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return e
}

// TestTrayWithoutScript settles letters by forms alone: two questions, an answer
// of one's own, later, and undo.
func TestTrayWithoutScript(t *testing.T) {
	o := newOffice(t, nil)
	id := o.doubtful("a.pdf")
	second := o.letter("b.pdf", "x", pipeline.Waiting)
	path := "/letters/" + string(id)

	page := o.get("/review")
	for _, want := range []string{"Was ist das?", "Frage 1 von 2", "„Rechnung“", `viewBox="0 0 200 100"`, `class="place"`, "90\u00a0%"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	w := o.post(path+"/answer", url.Values{"gen": {"0"}, "key": {"1"}}, nil)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Stimmt das?") || !strings.Contains(w.Body.String(), `name="given" value="key:1"`) {
		t.Fatalf("the second question does not follow: %d", w.Code)
	}
	if e := o.entry(id); e.State != pipeline.Waiting {
		t.Errorf("half an answer made the letter %s", e.State)
	}
	w = o.post(path+"/answer", url.Values{"gen": {"0"}, "given": {"key:1"}, "value": {"DE99"}}, nil)
	if w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "done="+string(id)) {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	e := o.entry(id)
	if e.State != pipeline.Working || e.Document.Filing.DecidedBy != "local" || len(e.Document.Filing.Fields) != 1 || e.Document.Filing.Fields[0].Value != "DE99" {
		t.Fatalf("the letter is %s, filed %+v", e.State, e.Document.Filing)
	}
	if wait := time.Until(e.Due); wait < 30*time.Second || wait > time.Minute {
		t.Errorf("the letter goes on in %s", wait)
	}
	page = o.get(w.Header().Get("Location"))
	if !strings.Contains(page, "b.pdf") || !strings.Contains(page, "Abgelegt:") || !strings.Contains(page, path+"/undecide") {
		t.Error("the next letter or the way back is missing")
	}
	// The first comes back.
	w = o.post(path+"/undecide", url.Values{"gen": {fmt.Sprint(e.Gen)}}, nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/review?letter="+string(id) {
		t.Fatalf("undo answers %d %s", w.Code, w.Body)
	}
	if e := o.entry(id); e.State != pipeline.Waiting || e.Document.Filing.Fields[0].Value != "DE02" {
		t.Errorf("after undo it is %s, %+v", e.State, e.Document.Filing)
	}
	if w := o.post(path+"/undecide", url.Values{"gen": {fmt.Sprint(e.Gen)}}, nil); w.Code != http.StatusConflict {
		t.Errorf("undo twice answers %d", w.Code)
	}
	// Later, and round the end of the tray.
	page = o.get("/review?after=" + url.QueryEscape(string(o.entry(second).Place())))
	if !strings.Contains(page, "a.pdf") || !strings.Contains(page, "auf später verschoben") {
		t.Error("a letter that was put off does not come back")
	}
	// Another type than the guess: its questions about fields do not matter.
	w = o.post(path+"/answer", url.Values{"gen": {"2"}, "type": {"32-OWI"}}, nil)
	if e := o.entry(id); w.Code != http.StatusSeeOther || e.Document.Filing.Type != "32-OWI" || e.State != pipeline.Working {
		t.Errorf("got %d, %+v", w.Code, e.Document.Filing)
	}
	for _, bad := range []url.Values{
		{"gen": {"0"}, "key": {"9"}}, {"gen": {"0"}, "type": {"99-X"}}, {"gen": {"0"}, "value": {"x"}}, {"gen": {"0"}, "given": {"key:1", "key:1"}, "key": {"1"}},
	} {
		if w := o.post("/letters/"+string(second)+"/answer", bad, nil); w.Code != http.StatusBadRequest {
			t.Errorf("%v answers %d", bad, w.Code)
		}
	}
	if w := o.post("/letters/"+string(second)+"/answer", url.Values{"gen": {"7"}, "key": {"1"}}, nil); w.Code != http.StatusConflict {
		t.Errorf("an answer to what has changed gets %d", w.Code)
	}
}

func TestNotOurs(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("a.pdf", "x", pipeline.Archived)
	path := "/letters/" + string(id) + "/send-back"
	if w := o.post(path, url.Values{"why": {"  "}}, nil); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("no reason answers %d", w.Code)
	}
	if w := o.post(path, url.Values{"why": {"Betrifft ein Bußgeld <b>"}}, nil); w.Code != http.StatusSeeOther {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	page := o.get("/review")
	if !strings.Contains(page, "Stadtkasse schickt den Brief zurück: Betrifft ein Bußgeld &lt;b&gt;") || !strings.Contains(page, "Doch richtig") {
		t.Error("the tray does not ask where the letter belongs")
	}
	e := o.entry(id)
	w := o.post("/letters/"+string(id)+"/answer", url.Values{"gen": {fmt.Sprint(e.Gen)}, "type": {"32-OWI"}}, nil)
	if e := o.entry(id); w.Code != http.StatusSeeOther || e.State != pipeline.Working || e.Document.Filing.Department != "32" {
		t.Errorf("got %d, the letter is %s at %s", w.Code, e.State, e.Document.Filing.Department)
	}
	list, err := o.rows.Decisions(t.Context(), id)
	if err != nil || len(list) != 1 || list[0].Type != "32-OWI" {
		t.Errorf("the classifier cannot learn from %+v, %v", list, err)
	}
}

// TestTwoClerksGetTwoLetters opens the tray twice.
func TestTwoClerksGetTwoLetters(t *testing.T) {
	o := newOffice(t, func(c *web.Config) { c.Password = "geheim" })
	o.letter("a.pdf", "x", pipeline.Waiting)
	o.letter("b.pdf", "x", pipeline.Waiting)
	see := func(name string) string {
		return o.do("GET", "/review", nil, func(r *http.Request) { r.SetBasicAuth(name, "geheim") }).Body.String()
	}
	if !strings.Contains(see("eva"), "a.pdf") || !strings.Contains(see("max"), "b.pdf") || !strings.Contains(see("eva"), "a.pdf") {
		t.Error("two clerks work on the same letter")
	}
	if !strings.Contains(see("uwe"), "a.pdf") {
		t.Error("a third clerk gets nothing")
	}
}

// keyboard types as a person does and counts.
type keyboard struct {
	t    *testing.T
	tab  context.Context
	keys int
}

func newKeyboard(t *testing.T) *keyboard {
	k := &keyboard{t: t, tab: browser(t)}
	// The browser lives as long as the context of its first call. A page without a
	// window has no focus unless it is told so.
	if _, err := chromedp.Call(k.tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return k
}

// TestTwentyLettersByKeyboard settles twenty uncertain letters in a real browser
// with nothing but keys: most by a digit, some by typing a document type, one put
// off, one taken back. The bar is three minutes for a person, who reads besides;
// the machine's share of it is printed.
func TestTwentyLettersByKeyboard(t *testing.T) {
	var requests atomic.Int64
	o := newOffice(t, nil)
	inner := o.handler
	o.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/letters/") && r.Method == http.MethodPost {
			requests.Add(1)
		}
		inner.ServeHTTP(w, r)
	})
	var ids []pipeline.DocID
	for i := range 20 {
		ids = append(ids, o.letter(fmt.Sprintf("brief-%02d.pdf", i), "x", pipeline.Waiting))
	}
	s := pagesOf(t, o)
	k := newKeyboard(t)
	k.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(s.URL+"/review?lang=de"), chromedp.WaitVisible("#answer"),
		chromedp.Evaluate[chromedp.Void](`window.notReloaded = true`))
	start := time.Now()
	for i := range 20 {
		k.sees(ids[i])
		switch {
		case i == 4: // put off: it comes last
			k.press("0")
			continue
		case i%5 == 3: // none of the answers is right
			k.press("einspr", kb.Enter)
		default:
			k.press("1")
		}
		k.told("Abgelegt: " + o.entry(ids[i]).Document.Delivery.Journal)
		if i == 0 { // the letters that wait are counted without the one just answered
			k.on(`document.querySelector(".held").innerText.includes("Es warten: 19.")`)
		}
		if i == 9 { // a slip
			k.sees(ids[10])
			k.hold("z")
			k.sees(ids[9])
			k.press("bussg", kb.Enter)
			k.told("Abgelegt:")
		}
	}
	k.sees(ids[4])
	k.press("1")
	k.do(chromedp.WaitVisible(`//div[@id="task"]//p[contains(., "Kein Klärfall")]`))
	took := time.Since(start)

	for i, id := range ids {
		want := pipeline.TypeCode("20-RECH")
		if i%5 == 3 || i == 9 {
			want = "32-OWI"
		}
		if e := o.entry(id); e.State != pipeline.Working || e.Step != pipeline.StepArchive || e.Document.Filing.Type != want {
			t.Errorf("letter %d is %s at %q as %s, want %s", i, e.State, e.Step, e.Document.Filing.Type, want)
		}
	}
	same, err := chromedp.Run(k.tab, chromedp.Evaluate[bool](`window.notReloaded === true`))
	if err != nil || !same {
		t.Errorf("the page was loaded anew on the way (%v)", err)
	}
	if k.keys > 60 {
		t.Errorf("%d keys for twenty letters", k.keys)
	}
	if n := requests.Load(); n != 22 {
		t.Errorf("%d decisions were sent, want 20, one undo and one more", n)
	}
	if took > 3*time.Minute {
		t.Errorf("twenty letters took %s", took)
	}
	t.Logf("twenty letters: %d keys, %s from the first question to the empty tray", k.keys, took.Round(10*time.Millisecond))
}

// TestTrayIsLeftByTab walks through the whole screen by the keyboard: nothing
// holds the focus, and it is always to be seen.
func TestTrayIsLeftByTab(t *testing.T) {
	o := newOffice(t, nil)
	o.doubtful("a.pdf")
	s := pagesOf(t, o)
	k := newKeyboard(t)
	k.do(chromedp.Navigate(s.URL+"/review?lang=de"), chromedp.WaitVisible("#answer"))
	var met []string
	for range 40 {
		k.press(kb.Tab)
		at, err := chromedp.Run(k.tab, chromedp.Evaluate[string](`(() => { const e = document.activeElement; if (e === document.body) return "body";
			const r = e.getBoundingClientRect(), s = getComputedStyle(e);
			return (e.id || e.textContent.trim().slice(0, 12)) + "|" + (r.width > 0 && r.height >= 16) + "|" + s.outlineStyle; })()`))
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(met, at) {
			break
		}
		met = append(met, at)
		if at != "body" && (strings.Contains(at, "|false") || strings.HasSuffix(at, "|none")) {
			t.Errorf("the focus cannot be seen: %s", at)
		}
	}
	all := strings.Join(met, " ")
	for _, want := range []string{"later|", "Zum Inhalt", "Blattwerk"} {
		if !strings.Contains(all, want) {
			t.Errorf("the focus never reached %q: %s", want, all)
		}
	}
}

func (k *keyboard) do(actions ...chromedp.Action[chromedp.Void]) {
	k.t.Helper()
	if err := chromedp.Do(k.tab, actions...); err != nil {
		k.t.Fatal(err)
	}
}

// press types texts; each rune is one key.
func (k *keyboard) press(texts ...string) {
	k.t.Helper()
	for _, text := range texts {
		k.keys += len([]rune(text))
		k.do(chromedp.KeyEvent(text))
	}
}

// hold presses a key together with Ctrl.
func (k *keyboard) hold(key string) {
	k.t.Helper()
	k.keys++
	k.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
}

// sees waits until a letter is on the screen and the field to type in has the focus.
func (k *keyboard) sees(id pipeline.DocID) {
	k.t.Helper()
	k.wait(fmt.Sprintf(`document.activeElement.id === "answer" && document.getElementById("task").dataset.letter === %q`, id))
}

func (k *keyboard) told(what string) {
	k.t.Helper()
	k.wait(fmt.Sprintf(`document.getElementById("done").innerText.includes(%q)`, what))
}

// wait asks the page until a condition holds.
func (k *keyboard) wait(condition string) {
	k.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		ok, err := chromedp.Run(k.tab, chromedp.Evaluate[bool](condition))
		if ok {
			return
		}
		if err != nil || time.Now().After(end) {
			page, _ := chromedp.Run(k.tab, chromedp.Evaluate[string](`document.querySelector("main").innerText + " | " + document.getElementById("answer")?.value + " | " + JSON.stringify({...document.getElementById("task").dataset})`))
			k.t.Fatalf("%s does not come true (%v); the page says: %s", condition, err, page)
		}
	}
}
