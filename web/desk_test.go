package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/web/access"
)

// deed posts a deed as a person and gives where it leads.
func (o *office) deed(id pipeline.DocID, as func(*http.Request), form url.Values) string {
	o.t.Helper()
	w := o.post("/letters/"+string(id)+"/deeds", form, as)
	if w.Code != http.StatusSeeOther {
		o.t.Fatalf("%v answers %d %s", form, w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func TestWorkOnALetter(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("brief.pdf", "Rechnung über Malerarbeiten", pipeline.Archived)
	anna := o.member("anna", []access.Role{access.Department}, "20")
	ben := o.member("ben", []access.Role{access.Department}, "20")
	olga := o.member("olga", []access.Role{access.Department}, "32")
	page := func(path string, as func(*http.Request)) string {
		t.Helper()
		w := o.do("GET", path, nil, func(r *http.Request) { as(r); r.Header.Set("Accept-Language", "de") })
		if w.Code != http.StatusOK {
			t.Fatalf("%s answers %d", path, w.Code)
		}
		return w.Body.String()
	}
	letter := "/letters/" + string(id)
	if !strings.Contains(page("/tray", anna), letter) || strings.Contains(page("/tray", olga), letter) {
		t.Error("the new letter is not in the trays of its department, or in that of another")
	}
	o.deed(id, anna, url.Values{"kind": {"assign"}, "assignee": {"ben"}})
	o.deed(id, anna, url.Values{"kind": {"note"}, "note": {"Bitte <b>bald</b>"}})
	o.deed(id, anna, url.Values{"kind": {"due"}, "due": {time.Now().Format(time.DateOnly)}})
	if got := page("/tray", ben); !strings.Contains(got, "Heute dran (1)") || !strings.Contains(got, letter) {
		t.Error("what is due today is not in the tray of the one it is assigned to")
	}
	if got := page(letter, ben); !strings.Contains(got, "Bitte &lt;b&gt;bald&lt;/b&gt;") || !strings.Contains(got, "Wiedervorlage am") || !strings.Contains(got, "zugeteilt an: ben") {
		t.Error("the letter does not tell note, deadline and history")
	}
	at := o.deed(id, ben, url.Values{"kind": {"done"}})
	if got := page(at, ben); !strings.Contains(got, "Als erledigt abgelegt.") || !strings.Contains(got, "Zurücknehmen") {
		t.Error("the page does not offer to take back what was done")
	}
	if got := page(at, anna); strings.Contains(got, "Zurücknehmen</button>") {
		t.Error("somebody else may take it back")
	}
	undo := regexp.MustCompile(`/deeds/[0-9a-f-]+/undo`).FindString(page(at, ben))
	if w := o.post(undo, nil, anna); w.Code == http.StatusSeeOther {
		t.Error("somebody else took it back")
	}
	if w := o.post(undo, nil, ben); w.Code != http.StatusSeeOther {
		t.Errorf("taking back answers %d", w.Code)
	}

	// Handing on: the other department sees it, one's own does not any more, and the
	// archive is told.
	at = o.deed(id, ben, url.Values{"kind": {"hand-on"}, "department": {"32"}, "note": {"gehört zu euch"}})
	if !strings.HasPrefix(at, "/tray?") {
		t.Errorf("handing on leads to %s", at)
	}
	if o.do("GET", letter, nil, anna).Code != http.StatusNotFound || !strings.Contains(page("/tray", olga), letter) || !strings.Contains(page(letter, olga), "gehört zu euch") {
		t.Error("rights do not follow the letter")
	}
	undo = regexp.MustCompile(`/deeds/[0-9a-f-]+/undo`).FindString(page(at, ben))
	if w := o.post(undo, nil, ben); w.Code != http.StatusSeeOther || o.do("GET", letter, nil, olga).Code != http.StatusNotFound {
		t.Errorf("taking a hand-over back answers %d, or the other department still sees the letter", w.Code)
	}
	if len(o.amended) != 2 || o.amended[0].Department != "32" || o.amended[1].Undone.IsZero() {
		t.Errorf("the archive was told %+v", o.amended)
	}

	for name, form := range map[string]url.Values{
		"nothing": {}, "empty note": {"kind": {"note"}, "note": {" "}}, "no day": {"kind": {"due"}, "due": {"gestern"}},
		"stranger": {"kind": {"assign"}, "assignee": {"olga"}}, "no department": {"kind": {"hand-on"}, "department": {"99"}},
		"own department": {"kind": {"hand-on"}, "department": {"20"}}, "long note": {"kind": {"note"}, "note": {strings.Repeat("x", 5000)}},
	} {
		if w := o.post(letter+"/deeds", form, ben); w.Code != http.StatusUnprocessableEntity && (name != "nothing" || w.Code != http.StatusBadRequest) {
			t.Errorf("%s answers %d", name, w.Code)
		}
	}
}

func TestDeputySeesTheTray(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("brief.pdf", "Rechnung", pipeline.Archived)
	anna := o.member("anna", []access.Role{access.Department}, "20")
	ben := o.member("ben", []access.Role{access.Department}, "20")
	o.deed(id, anna, url.Values{"kind": {"assign"}, "assignee": {"me"}})
	tray := func() string { return o.do("GET", "/tray", nil, ben).Body.String() }
	if strings.Contains(tray(), "/letters/"+string(id)) {
		t.Error("what is assigned to a colleague is in one's tray")
	}
	accounts, err := o.rows.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, b := accounts[0], accounts[1]
	a.Deputies = []catalog.Deputy{{Account: b.ID, From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)}}
	if err := o.rows.ChangeAccount(t.Context(), a, "test"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(tray(), "/letters/"+string(id)) {
		t.Error("the deputy does not see the tray")
	}
}

// TestADeputyIsNamedByOneself names a colleague of the same departments; whoever
// reads less is not offered and not taken.
func TestADeputyIsNamedByOneself(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("a.pdf", "Rechnung", pipeline.Archived)
	anna := o.member("anna", []access.Role{access.Department}, "20")
	ben := o.member("ben", []access.Role{access.Department}, "20", "32")
	o.member("olga", []access.Role{access.Department}, "32")
	ids := map[string]string{}
	for _, login := range []string{"anna", "ben", "olga"} {
		a, _, err := o.rows.AccountByLogin(t.Context(), login)
		if err != nil {
			t.Fatal(err)
		}
		ids[login] = a.ID
	}
	if w := o.post("/letters/"+string(id)+"/deeds", url.Values{"kind": {"assign"}, "assignee": {"me"}}, anna); w.Code != http.StatusSeeOther {
		t.Fatalf("assigning answers %d", w.Code)
	}
	own := o.do("GET", "/account?lang=de", nil, anna).Body.String()
	if !strings.Contains(own, ids["ben"]) || strings.Contains(own, ids["olga"]) {
		t.Error("not the colleagues of all departments are offered")
	}
	today := time.Now().UTC().Format(time.DateOnly)
	for name, form := range map[string]url.Values{
		"reads less": {"deputy": {ids["olga"]}, "from": {today}, "to": {today}}, "oneself": {"deputy": {ids["anna"]}, "from": {today}, "to": {today}},
		"no day": {"deputy": {ids["ben"]}, "from": {"bald"}, "to": {today}}, "over": {"deputy": {ids["ben"]}, "from": {"2020-01-01"}, "to": {"2020-01-02"}},
		"backwards": {"deputy": {ids["ben"]}, "from": {today}, "to": {"2020-01-02"}},
	} {
		w := o.post("/account/deputies", form, anna)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="mistake"`) || !strings.Contains(w.Body.String(), `value="`+form.Get("to")+`"`) {
			t.Errorf("%s answers %d", name, w.Code)
		}
	}
	tray := func() bool { return strings.Contains(o.do("GET", "/tray", nil, ben).Body.String(), "anna") }
	if tray() {
		t.Error("the tray shows what is not ben's")
	}
	if w := o.post("/account/deputies", url.Values{"deputy": {ids["ben"]}, "from": {today}, "to": {today}}, anna); w.Code != http.StatusSeeOther || !tray() {
		t.Errorf("naming a deputy answers %d, and the tray shows it: %v", w.Code, tray())
	}
	if w := o.post("/account/deputies", url.Values{"end": {"7"}}, anna); w.Code != http.StatusNotFound {
		t.Errorf("ending what there is not answers %d", w.Code)
	}
	if w := o.post("/account/deputies", url.Values{"end": {"0"}}, anna); w.Code != http.StatusSeeOther || tray() {
		t.Errorf("ending it answers %d, and the tray shows it still: %v", w.Code, tray())
	}
}

func TestSavedSearchTellsWhatIsNew(t *testing.T) {
	o := newOffice(t, nil)
	o.letter("alt.pdf", "Hundesteuer", pipeline.Archived)
	anna := o.member("anna", []access.Role{access.Department}, "20")
	olga := o.member("olga", []access.Role{access.Department}, "32")
	for _, as := range []func(*http.Request){anna, olga} {
		if w := o.post("/searches", url.Values{"name": {"Hunde"}, "query": {"q=Hundesteuer&type=20-RECH&after=x"}}, as); w.Code != http.StatusSeeOther {
			t.Fatalf("saving answers %d", w.Code)
		}
	}
	badge := func(as func(*http.Request)) string {
		return regexp.MustCompile(`class="badge" href="([^"]*)">[^<]*`).FindString(o.do("GET", "/tray?lang=de", nil, as).Body.String())
	}
	if got := badge(anna); got != "" {
		t.Errorf("nothing is new, the badge says %s", got)
	}
	time.Sleep(5 * time.Millisecond)
	o.letter("neu.pdf", "Hundesteuer wieder", pipeline.Archived)
	got := badge(anna)
	if !strings.HasSuffix(got, "1 neu") || badge(olga) != "" {
		t.Errorf("the badge says %q, that of another department %q", got, badge(olga))
	}
	link := strings.ReplaceAll(regexp.MustCompile(`href="([^"]*)"`).FindStringSubmatch(got)[1], "&amp;", "&")
	if body := o.do("GET", link, nil, anna).Body.String(); strings.Count(body, `class="hit"`) != 1 || !strings.Contains(body, "Neu seit") {
		t.Errorf("what is new is not shown under %s", link)
	}
	list, _ := o.rows.SavedSearches(t.Context(), "anna")
	if w := o.post("/searches/"+list[0].ID+"/seen", nil, olga); w.Code != http.StatusNotFound {
		t.Errorf("somebody else's search is seen: %d", w.Code)
	}
	if w := o.post("/searches/"+list[0].ID+"/seen", url.Values{"from": {"tray"}}, anna); w.Header().Get("Location") != "/tray" || badge(anna) != "" {
		t.Errorf("after it was seen, the badge says %q", badge(anna))
	}
}

func TestFacetsNarrowAndDoNotTell(t *testing.T) {
	o := newOffice(t, nil)
	o.letter("a.pdf", "Rechnung", pipeline.Archived)
	o.letter("b.pdf", "Rechnung", pipeline.Waiting)
	body := o.get("/letters?q=12,00&lang=de")
	link := strings.ReplaceAll(regexp.MustCompile(`href="(/letters\?[^"]*state=archived[^"]*)"`).FindStringSubmatch(body)[1], "&amp;", "&")
	if narrowed := o.get(link); strings.Count(narrowed, `class="hit"`) != 1 || !strings.Contains(narrowed, "Stand: archiviert") {
		t.Errorf("%s does not narrow", link)
	}
	var found struct {
		Total  int
		Next   string
		Facets map[string][]struct {
			Value string
			Count int
		}
	}
	if err := json.Unmarshal([]byte(o.get("/api/v1/search?q=12,00&limit=1")), &found); err != nil {
		t.Fatal(err)
	}
	if found.Total != 2 || len(found.Facets["state"]) != 2 || found.Next == "" {
		t.Errorf("the API says %+v", found)
	}
	kasse := o.member("kasse", []access.Role{access.Department}, "20")
	if err := json.Unmarshal(o.do("GET", "/api/v1/search?q=12,00", nil, kasse).Body.Bytes(), &found); err != nil || found.Total != 1 || len(found.Facets["state"]) != 1 {
		t.Errorf("to a department the facets tell %+v (%v)", found, err)
	}
}

func TestZip(t *testing.T) {
	o := newOffice(t, nil)
	a, b := o.letter("a.pdf", "x", pipeline.Archived), o.letter("b.exe.unusual", "y", pipeline.Working)
	w := o.do("GET", "/letters/zip?id="+string(a)+"&id="+string(b)+"&id="+string(a), nil, nil)
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	var manifest struct {
		Format string
		Files  []struct {
			Path, SHA256, Journal string
			Size                  int
		}
	}
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Files) != 3 || manifest.Format != "blattwerk-zip/1" { // PDF/A and original of one, the original of the other
		t.Fatalf("manifest is %+v", manifest)
	}
	for _, f := range manifest.Files {
		sum := sha256.Sum256(files[f.Path])
		if hex.EncodeToString(sum[:]) != f.SHA256 || len(files[f.Path]) != f.Size || f.Journal == "" {
			t.Errorf("%s is not what the manifest says: %+v", f.Path, f)
		}
	}
	rows := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(files["manifest.csv"]), "\ufeff")))
	rows.Comma = ';'
	if list, err := rows.ReadAll(); err != nil || len(list) != 4 || list[1][4] != manifest.Files[0].SHA256 {
		t.Errorf("CSV is %v, %v", list, err)
	}
	history, _ := o.rows.History(t.Context(), a)
	if !strings.Contains(fmt.Sprint(history), "downloaded-zip") {
		t.Error("the download is not in the evidence log")
	}
	for path, want := range map[string]int{"/letters/zip": 400, "/letters/zip?id=nowhere": 404, "/letters/zip?id=" + string(a) + "&id=nowhere": 404} {
		if w := o.do("GET", path, nil, nil); w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
	}
}

func TestAZipOfDamagedBytesBreaksOff(t *testing.T) {
	o := newOffice(t, func(c *web.Config) {
		right := c.Archive
		c.Archive = func(ctx context.Context, doc pipeline.Document, _ string) (pipeline.Content, pipeline.File, error) {
			return right(ctx, doc, "original")
		}
	})
	id := o.letter("a.pdf", "x", pipeline.Archived)
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("a zip with other bytes than were archived was given out whole")
		}
	}()
	o.do("GET", "/letters/"+string(id)+"/zip", nil, nil)
}

func TestProof(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("a.pdf", "x", pipeline.Archived)
	page := o.get("/letters/" + string(id) + "/proof?lang=de")
	doc := o.entry(id).Document
	for _, want := range []string{string(doc.Delivery.Original.Digest), string(doc.PDF.Digest), "PDF/A-2u", "Prüfregeln 1", "Weg zur Wurzel", "archiviert"} {
		if !strings.Contains(page, want) {
			t.Errorf("the proof lacks %q", want)
		}
	}
	var proof struct {
		Format, Root string
		Entries      []struct{ Record, Leaf string }
	}
	if err := json.Unmarshal([]byte(o.get("/letters/"+string(id)+"/proof.json")), &proof); err != nil {
		t.Fatal(err)
	}
	if proof.Format != "blattwerk-proof/1" || len(proof.Entries) < 2 || proof.Root == "" || proof.Entries[0].Leaf == "" {
		t.Errorf("proof is %+v", proof)
	}
}

// TestProofOfSignatures tells of each signature what checking it gave.
func TestProofOfSignatures(t *testing.T) {
	o := newOffice(t, nil)
	signed := time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)
	id := o.letter("a.pdf", "x", pipeline.Working)
	job, err := o.rows.Claim(t.Context(), id, pipeline.StepOpen, 0, "test", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	doc := job.Document
	doc.Source = &pipeline.Findings{Signed: true, Signatures: []pipeline.Signature{
		{State: pipeline.SignatureIntact, Whole: true, Signer: "Erika <Muster>", Issuer: "Bundesdruckerei", At: signed, NotBefore: signed.AddDate(-1, 0, 0), NotAfter: signed.AddDate(1, 0, 0)},
		{State: pipeline.SignatureBroken, Stamp: true},
		{State: pipeline.SignatureUnchecked, Whole: true},
	}}
	if err := o.rows.Park(t.Context(), job, &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "unsure", Text: pipeline.Message{DE: "Unsicher.", EN: "Unsure."}}, doc); err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string][]string{
		"de": {"Erika &lt;Muster&gt;", "03.02.2026, 10:00", "unverändert", "Bundesdruckerei", "Ungültig", "Zeitstempel von", "kam noch etwas hinzu", "nicht geprüft werden", "zum genannten Zeitpunkt nicht"},
		"en": {"Signed by", "unchanged", "Invalid", "could not be checked", "not checked"},
	} {
		page := o.get("/letters/" + string(id) + "/proof?lang=" + lang)
		for _, w := range want {
			if !strings.Contains(strings.ToLower(page), strings.ToLower(w)) {
				t.Errorf("the proof (%s) lacks %q", lang, w)
			}
		}
		if n := strings.Count(page, "class=\"state archived\">✓ "+map[string]string{"de": "Die signierten", "en": "The signed"}[lang]); n != 1 {
			t.Errorf("the proof (%s) calls %d signatures intact", lang, n)
		}
	}
}

// TestTheDepartmentsStory walks a department clerk's morning in a real browser
// without a mouse: sign in, see what came in, find a letter, look where the words
// stand, see its proof, fetch it, take it on, note, set a deadline, file as done,
// take that back, hand it on, sign out.
func TestTheDepartmentsStory(t *testing.T) {
	o := newOffice(t, nil)
	o.letter("andere.pdf", "Ganz etwas anderes", pipeline.Archived)
	id := o.letter("brief.pdf", "Sehr geehrte Damen und Herren,\n\ndie Rechnung über Malerarbeiten im Rathaus liegt bei.", pipeline.Archived)
	o.member("anna", []access.Role{access.Department}, "20")
	s := pagesOf(t, o)
	k := newKeyboard(t)
	k.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(s.URL+"/login?lang=de"), chromedp.WaitVisible("#login"))
	k.tabTo("#login")
	k.press("anna", kb.Tab, password, kb.Enter)
	k.on(`location.pathname === "/tray"`)
	k.on(`document.querySelectorAll("a.hit").length === 2`) // both are new
	k.press("/")
	k.on(`document.activeElement.id === "q"`)
	k.press("Maler", kb.Enter)
	k.on(`location.pathname === "/letters" && document.querySelectorAll("a.hit").length === 1`)
	k.tabTo("h1, a.brand") // out of the search box
	k.press("j")
	k.on(`document.activeElement.matches("a.hit")`)
	k.press(kb.Enter)
	k.on(fmt.Sprintf(`location.pathname === "/letters/%s" && document.querySelectorAll(".paper rect.hit").length === 1`, id))
	if in, err := chromedp.Run(k.tab, chromedp.Evaluate[bool](`(() => {
		const img = document.querySelector(".paper img").getBoundingClientRect(), box = document.querySelector(".paper rect").getBoundingClientRect();
		return box.left > img.left && box.right < img.right && box.top > img.top && box.bottom < img.bottom && box.width > 5; })()`)); err != nil || !in {
		t.Errorf("the mark does not lie on the picture (%v)", err)
	}
	// Its proof, and all of it in one file.
	k.tabTo(`a[href$="/proof"]`)
	k.press(kb.Enter)
	k.on(fmt.Sprintf(`location.pathname.endsWith("/proof") && document.body.innerText.includes(%q)`, o.entry(id).Document.Delivery.Original.Digest))
	k.tabTo(fmt.Sprintf(`main a[href="/letters/%s"]`, id))
	k.press(kb.Enter)
	k.on(`location.pathname.startsWith("/letters/") && !location.pathname.endsWith("/proof")`)
	k.tabTo(`a[href$="/zip"]`)
	if head, err := chromedp.Run(k.tab, chromedp.Evaluate[string](`fetch(document.activeElement.href).then(r => r.text()).then(s => s.slice(0, 2))`, chromedp.EvalAwaitPromise)); err != nil || head != "PK" {
		t.Errorf("the zip begins with %q, %v", head, err)
	}
	k.tabTo("#assignee ~ button")
	k.press(kb.Enter)
	k.on(`document.body.innerText.includes("Zugeteilt.") && document.body.innerText.includes("Liegt bei anna")`)
	k.tabTo("#note")
	k.press("Preis geprüft", kb.Tab, kb.Enter)
	k.on(`document.querySelector(".notes")?.innerText.includes("Preis geprüft")`)
	k.tabTo("#due")
	k.press("01022040", kb.Enter) // a day in every order of days and months
	k.on(`document.body.innerText.includes("Wiedervorlage am 0") && document.body.innerText.includes(".2040")`)
	k.tabTo(`button[value="done"]`)
	k.press(kb.Enter)
	k.on(`document.body.innerText.includes("Als erledigt abgelegt.")`)
	if work, _, err := o.rows.Deeds(t.Context(), id); err != nil || work.Done.IsZero() || work.Assignee != "anna" {
		t.Errorf("work is %+v, %v", work, err)
	}
	k.tabTo(".notice button")
	k.press(kb.Enter)
	k.on(`!!document.querySelector('button[value="done"]')`)
	if _, deeds, _ := o.rows.Deeds(t.Context(), id); len(deeds) != 4 || deeds[3].Undone.IsZero() {
		t.Errorf("deeds are %+v", deeds)
	}
	k.tabTo("#department")
	k.press("3") // 32 Ordnungsamt
	k.tabTo("#why")
	k.press("gehört zu euch", kb.Enter)
	k.on(`location.pathname === "/tray" && document.body.innerText.includes("Abgegeben.")`)
	if e := o.entry(id); e.Document.Filing.Department != "32" {
		t.Errorf("the letter is with %s", e.Document.Filing.Department)
	}
	k.tabTo(`form[action="/logout"] button`)
	k.press(kb.Enter)
	k.on(`location.pathname === "/login"`)
	t.Logf("a clerk's morning: %d keys", k.keys)
}

// tabTo goes by the tab key to an element and fails if none of a hundred leads
// there.
func (k *keyboard) tabTo(selector string) {
	k.t.Helper()
	for range 100 {
		if there, err := chromedp.Run(k.tab, chromedp.Evaluate[bool](fmt.Sprintf(`document.activeElement.matches(%q)`, selector))); err != nil {
			k.t.Fatal(err)
		} else if there {
			return
		}
		k.press(kb.Tab)
	}
	k.t.Fatalf("the tab key does not lead to %s", selector)
}

// on waits until a page is there on which a condition holds.
func (k *keyboard) on(condition string) {
	k.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		ok, err := chromedp.Run(k.tab, chromedp.Evaluate[bool](`document.readyState === "complete" && !!(`+condition+`)`))
		if ok && err == nil {
			return
		}
		if time.Now().After(end) {
			page, _ := chromedp.Run(k.tab, chromedp.Evaluate[string](`location.href + " " + document.activeElement.outerHTML.slice(0, 200) + document.body.innerText`))
			k.t.Fatalf("%s does not come true (%v); the page says: %s", condition, err, page)
		}
	}
}
