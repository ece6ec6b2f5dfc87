package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage/catalog"
	"blattwerk/web"
	"blattwerk/web/access"
)

// office is a web page with a real catalogue behind it and no stations.
type office struct {
	t       *testing.T
	rows    *catalog.Catalog
	blobs   *pipelinetest.Blobs
	news    chan pipeline.Progress
	rung    []catalog.Bell
	amended []catalog.Deed
	texts   map[pipeline.DocID][]pipeline.PageText
	handler http.Handler
	log     bytes.Buffer
}

func newOffice(t *testing.T, change func(*web.Config)) *office {
	t.Helper()
	rows, err := catalog.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"), catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	o := &office{t: t, rows: rows, blobs: &pipelinetest.Blobs{}, news: make(chan pipeline.Progress, 10), texts: map[pipeline.DocID][]pipeline.PageText{}}
	cfg := web.Config{
		Rows: rows, Blobs: o.blobs, Intake: o.intake,
		Archive: func(ctx context.Context, doc pipeline.Document, role string) (pipeline.Content, pipeline.File, error) {
			for _, f := range doc.Record.Files {
				if f.Role == role {
					c, err := o.blobs.Open(ctx, f.Digest)
					return c, f, err
				}
			}
			return nil, pipeline.File{}, catalog.ErrUnknown
		},
		Ring:  func(_ context.Context, b catalog.Bell) error { o.rung = append(o.rung, b); return nil },
		Watch: func(context.Context) <-chan pipeline.Progress { return o.news },
		Types: []web.TypeInfo{
			{Code: "20-RECH", Name: "Eingangsrechnung", Department: "20", DepartmentName: "Stadtkasse"},
			{Code: "32-OWI", Name: "Einspruch Bußgeld", Department: "32", DepartmentName: "Ordnungsamt"},
		},
		Apply: func(doc pipeline.Document, code pipeline.TypeCode, by string) (pipeline.Filing, error) {
			return pipeline.Filing{Type: code, Department: pipeline.DeptID(code[:2]), Sure: true, DecidedBy: by, Fields: doc.Filing.Fields}, nil
		},
		Ready:     func(context.Context) error { return nil },
		Picture:   picture,
		Unlock:    o.unlock,
		Languages: func(context.Context) ([]string, error) { return []string{"deu", "eng", "xyz"}, nil },
		Questions: func(doc pipeline.Document, fault *pipeline.Fault) []pipeline.Question {
			if fault != nil && fault.Code != "unsure" {
				return []pipeline.Question{{Kind: pipeline.AskFault, Text: pipeline.Message{DE: "Noch einmal versuchen?", EN: "Try again?"}, Help: fault.Text, Answers: []pipeline.Answer{
					{Key: "1", Text: pipeline.Message{DE: "Noch einmal versuchen", EN: "Try again"}, Retry: pipeline.StepOpen},
				}}}
			}
			return questions(doc)
		},
		Words: o.words,
		Sheets: func(w io.Writer, s web.SheetOrder) error {
			_, err := fmt.Fprintf(w, "%%PDF %+v", s)
			return err
		},
		Rescan: o.rescan,
		Amend: func(_ context.Context, _ pipeline.Document, d catalog.Deed) error {
			o.amended = append(o.amended, d)
			return nil
		},
		Books:    testBooks(t, rows),
		Resume:   pipeline.StepArchive,
		Arranged: pipeline.StepRead,
		Restart:  pipeline.StepOpen,
		Access:   web.Access{Cost: access.Cost{Memory: 64, Passes: 1, Lanes: 1}}, // cheap
		MaxBytes: 1 << 20, Version: "test", Log: slog.New(slog.NewTextHandler(&o.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	o.handler = web.New(cfg)
	return o
}

func (o *office) intake(ctx context.Context, d pipeline.Delivery, r io.Reader) (catalog.Receipt, error) {
	blob, err := o.blobs.Put(ctx, r)
	if err != nil {
		return catalog.Receipt{}, err
	}
	d.Original = blob
	return o.rows.Accept(ctx, d)
}

// rescan takes any file for a scan of one page but one that says otherwise.
func (o *office) rescan(ctx context.Context, _ pipeline.Delivery, name string, r io.Reader) (catalog.Scan, error) {
	blob, err := o.blobs.Put(ctx, r)
	if err != nil {
		return catalog.Scan{}, err
	}
	if strings.HasPrefix(name, "two") {
		return catalog.Scan{}, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "several-pages", Text: pipeline.Message{DE: "Diese Datei hat mehrere Seiten.", EN: "This file has several pages."}}
	}
	return catalog.Scan{
		Page: pipeline.Page{No: 1, Image: pipeline.Image{Blob: blob, Width: 10, Height: 14}},
		File: pipeline.Rescan{File: blob, Name: name, Media: "image/jpeg"},
	}, nil
}

func (o *office) words(_ context.Context, doc pipeline.Document) ([]pipeline.PageText, error) {
	return o.texts[doc.ID], nil
}

// questions are one about the type, and one about each field that was not checked.
func questions(doc pipeline.Document) []pipeline.Question {
	q := pipeline.Question{Kind: pipeline.AskType, Code: "unsure", Other: true, Text: pipeline.Message{DE: "Was ist das?", EN: "What is this?"}}
	for i, c := range doc.Filing.Candidates {
		q.Answers = append(q.Answers, pipeline.Answer{Key: fmt.Sprint(i + 1), Type: c.Type, Confidence: c.Confidence, Text: pipeline.Message{DE: string(c.Type), EN: string(c.Type)}})
		if i == 0 && len(c.Reasons) > 0 {
			q.Page, q.Box = c.Reasons[0].Page, c.Reasons[0].Box
		}
	}
	list := []pipeline.Question{q}
	for _, f := range doc.Filing.Fields {
		if !f.Checked {
			list = append(list, pipeline.Question{Kind: pipeline.AskField, Code: "check-digit", Field: f.Name, Other: true, Page: f.Page, Box: f.Box,
				Text: pipeline.Message{DE: "Stimmt das?", EN: "Is this right?"}, Answers: []pipeline.Answer{
					{Key: "1", Text: pipeline.Message{DE: f.Value, EN: f.Value}, Value: &pipeline.SetField{Name: f.Name, Value: f.Value}},
					{Key: "2", Text: pipeline.Message{DE: "ohne", EN: "without"}, Value: &pipeline.SetField{Name: f.Name}},
				}})
		}
	}
	return list
}

// picture is a white page for each page of a letter.
func picture(_ context.Context, doc pipeline.Document, no, width int) ([]byte, error) {
	if no < 1 || no > len(doc.Pages) {
		return nil, catalog.ErrUnknown
	}
	page := image.NewGray(image.Rect(0, 0, width, width*297/210))
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, page, nil)
	return out.Bytes(), err
}

// letter takes a letter in and brings it to a state.
func (o *office) letter(name, text string, state pipeline.State) pipeline.DocID {
	o.t.Helper()
	ctx := o.t.Context()
	must := func(err error) {
		o.t.Helper()
		if err != nil {
			o.t.Fatal(err)
		}
	}
	receipt, err := o.intake(ctx, pipeline.Delivery{Name: name, Source: "test", Language: "deu"}, strings.NewReader("original of "+name))
	must(err)
	doc := receipt.Document
	if state == pipeline.Working {
		return doc.ID
	}
	job, err := o.rows.Claim(ctx, doc.ID, pipeline.StepOpen, 0, "test", time.Minute)
	must(err)
	if state == pipeline.Refused {
		must(o.rows.Refuse(ctx, job, &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "empty", Text: pipeline.Message{DE: "Die Datei ist leer.", EN: "The file is empty."}}))
		return doc.ID
	}
	pdf, err := o.blobs.Put(ctx, strings.NewReader("%PDF-1.7 "+name))
	must(err)
	words := pipeline.FromPlainText(text)
	o.texts[doc.ID] = words
	doc.Pages = []pipeline.Page{{No: 1}, {No: 2, Blank: true}}
	doc.PDF = &pipeline.PDF{Blob: pdf, Way: pipeline.WayComposed, Check: pipeline.Validation{Valid: true, Flavour: "2u", Gate: "1"}}
	doc.Filing = &pipeline.Filing{
		Department: "20", Type: "20-RECH", Confidence: 0.93, Sure: state == pipeline.Archived,
		Candidates: []pipeline.Candidate{{Department: "20", Type: "20-RECH", Confidence: 0.5, Reasons: []pipeline.Reason{{Cue: "Rechnung", Page: 1}}}},
		Fields:     []pipeline.Field{{Name: "betrag", Value: "12,00", Checked: true, Page: 1}},
	}
	if state == pipeline.Waiting {
		must(o.rows.Park(ctx, job, &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "unsure", Text: pipeline.Message{DE: "Unsicher.", EN: "Unsure."}}, doc))
		return doc.ID
	}
	doc.Record = &pipeline.Record{Prefix: "archive/" + string(doc.ID), At: time.Now(), Manifest: pdf.Digest, Files: []pipeline.File{
		{Role: "pdfa", Key: "archive/x/document.pdf", Blob: pdf}, {Role: "original", Key: "archive/x/original.bin", Blob: doc.Delivery.Original},
	}}
	doc.Savings = []pipeline.Saving{{ID: string(doc.ID) + "-1", Event: "copies-avoided", Formula: pipeline.Formula{DE: "2 Blatt × 0,3", EN: "2 sheets x 0.3"}, Evidence: "C", Sheets: pipeline.Range{Low: 0, Mid: 0.6, High: 1}}}
	must(o.rows.Advance(ctx, job, doc, "", words))
	return doc.ID
}

// do sends a request from this machine.
func (o *office) do(method, target string, body io.Reader, change func(*http.Request)) *httptest.ResponseRecorder {
	o.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+target, body)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}

func (o *office) get(target string) string {
	o.t.Helper()
	w := o.do("GET", target, nil, nil)
	if w.Code != http.StatusOK {
		o.t.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
	}
	return w.Body.String()
}

// Letters that wait have more than one reason; pages differ with it.
const (
	isLocked pipeline.State = "locked" // waits for the password of its file
	inPile   pipeline.State = "pile"   // one of a stack, with pages of every light
)

// everyState fills an office with a letter in each state.
func everyState(o *office) map[pipeline.State]pipeline.DocID {
	ids := map[pipeline.State]pipeline.DocID{}
	for _, s := range []pipeline.State{pipeline.Working, pipeline.Waiting, pipeline.Archived, pipeline.Refused} {
		ids[s] = o.letter("brief-"+string(s)+".pdf", "Rechnung über Malerarbeiten\nBauantrag vom 3. Mai", s)
	}
	ids[isLocked] = o.locked("geschuetzt.pdf")
	ids[inPile], _ = o.pile()
	return ids
}

// allPages are the paths of every page there is.
func allPages(ids map[pipeline.State]pipeline.DocID) []string {
	paths := []string{"/", "/letters", "/letters?q=Malerarbeiten", "/letters?q=nirgends", "/letters?q=Malerarbeiten+Mondfahrt&department=20&when=2026&sort=date&since=1", "/tray", "/intake", "/review", "/sheets", "/journal", "/journal?year=2020", "/evidence", "/help"}
	paths = append(paths, "/savings?all=1")
	for _, state := range []pipeline.State{pipeline.Working, pipeline.Waiting, pipeline.Archived, pipeline.Refused} {
		id := ids[state]
		paths = append(paths, "/letters/"+string(id), "/letters/"+string(id)+"?q=Bauantrag&page=1&field=1", "/letters/"+string(id)+"/proof", "/letters/"+string(id)+"/pages")
	}
	paths = append(paths, "/letters/"+string(ids[pipeline.Waiting])+"/pages/1/rescan", "/letters/"+string(ids[pipeline.Archived])+"/pages/1/rescan",
		"/letters/"+string(ids[inPile])+"/pages", "/letters/"+string(ids[inPile])+"/pages/2/rescan", "/letters/"+string(ids[isLocked]), "/review?letter="+string(ids[isLocked]), "/review?letter="+string(ids[inPile]))
	return paths
}

func TestEveryPageInBothLanguages(t *testing.T) {
	o := newOffice(t, nil)
	missing := regexp.MustCompile(`\[[a-z]+[./][a-z.]*\]`)
	for _, path := range slices.Concat(allPages(everyState(o)), savingsPages, moreSavingsPages) {
		for _, lang := range []string{"de", "en"} {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			body := o.get(path + sep + "lang=" + lang)
			if m := missing.FindString(body); m != "" {
				t.Errorf("%s in %s lacks the text %s", path, lang, m)
			}
			if !strings.Contains(body, `<html lang="`+lang+`">`) || strings.Contains(body, "%!") {
				t.Errorf("%s in %s is not whole", path, lang)
			}
		}
	}
}

// TestTheLanguageStays asks for a language on addresses that lead on, and looks
// where the switch of a page leads.
func TestTheLanguageStays(t *testing.T) {
	o := newOffice(t, nil)
	locked := o.locked("locked.pdf")
	for path, want := range map[string]string{
		"/letters?q=Bauantrag&department=20": `href="?department=20&amp;lang=en&amp;q=Bauantrag"`,
		"/help?lang=de":                      `href="?lang=en"`,
	} {
		if body := o.get(path); !strings.Contains(body, want) {
			t.Errorf("%s does not lead to %s", path, want)
		}
	}
	w := o.post("/letters/"+string(locked)+"/password", url.Values{"password": {"x"}, "gen": {fmt.Sprint(o.entry(locked).Gen)}}, nil)
	if want := `href="/review?lang=en&amp;letter=` + string(locked) + `"`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("a form's answer does not lead to %s", want)
	}
	anna := o.member("anna", []access.Role{access.Department}, "20")
	for path, as := range map[string]func(*http.Request){"/?lang=en": anna, "/login?lang=en": anna, "/letters?lang=en": nil} {
		w := o.do("GET", path, nil, as)
		cookies := w.Result().Cookies()
		if w.Code != http.StatusSeeOther || len(cookies) != 1 || cookies[0].Name != "lang" || cookies[0].Value != "en" {
			t.Errorf("%s answers %d with %v", path, w.Code, cookies)
		}
	}
}

func TestTextsAreTheSameInBothLanguagesAndAllUsed(t *testing.T) {
	texts := map[string]map[string]string{}
	for _, lang := range []string{"de", "en"} {
		files, err := filepath.Glob("locale/" + lang + "/*.json")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		m := map[string]string{}
		texts[lang] = m
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &m); err != nil {
				t.Fatal(file, err)
			}
		}
	}
	var sources strings.Builder
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".html" || filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") {
			raw, err := os.ReadFile(path)
			sources.Write(raw)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for key, de := range texts["de"] {
		en := texts["en"][key]
		if de == "" || en == "" || strings.Count(de, "%") != strings.Count(en, "%") {
			t.Errorf("%s: %q and %q do not go together", key, de, en)
		}
		used := strings.Contains(sources.String(), `"`+key+`"`)
		for i, r := range key { // a stem, to which the page adds a code
			if stem := key[:i+1]; r == '.' || r == '/' {
				for _, then := range []string{`" .`, `"+`, `", text`, `", key`} {
					used = used || strings.Contains(sources.String(), `"`+stem+then)
				}
				used = used || stem == "nav/" || stem == "event." || stem == "tongue."
			}
		}
		if !used {
			t.Errorf("%s is not used", key)
		}
	}
	if len(texts["de"]) != len(texts["en"]) {
		t.Errorf("%d texts in German, %d in English", len(texts["de"]), len(texts["en"]))
	}
}

func TestUpload(t *testing.T) {
	o := newOffice(t, nil)
	form := func(names ...string) (io.Reader, string) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for _, n := range names {
			p, _ := m.CreateFormFile("file", n)
			fmt.Fprint(p, "content of "+n)
		}
		_ = m.Close()
		return &b, m.FormDataContentType()
	}
	t.Run("form", func(t *testing.T) {
		body, media := form("a.pdf", "b.pdf")
		w := o.do("POST", "/", body, func(r *http.Request) { r.Header.Set("Content-Type", media) })
		if w.Code != http.StatusSeeOther {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		if page := o.get("/"); !strings.Contains(page, "a.pdf") || !strings.Contains(page, "b.pdf") {
			t.Error("the letters are not on the page")
		}
	})
	t.Run("raw, twice", func(t *testing.T) {
		var first, second web.Letter
		for _, into := range []*web.Letter{&first, &second} {
			w := o.do("POST", "/api/v1/deliveries?name=%C3%9Cbergabe.pdf", strings.NewReader("x"), nil)
			if w.Code != http.StatusCreated {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
				t.Fatal(err)
			}
		}
		if first.Name != "Übergabe.pdf" || first.Journal == "" || first.State != pipeline.Working || first.DuplicateOf != "" {
			t.Errorf("first is %+v", first)
		}
		if second.DuplicateOf != first.ID {
			t.Errorf("second is %+v", second)
		}
	})
	for name, tc := range map[string]struct {
		body   io.Reader
		media  string
		status int
		code   string
	}{
		"too large":   {strings.NewReader(strings.Repeat("x", 2<<20)), "", http.StatusRequestEntityTooLarge, "too-large"},
		"no file":     {strings.NewReader("--b--\r\n"), "multipart/form-data; boundary=b", http.StatusBadRequest, "bad-request"},
		"broken form": {strings.NewReader("--b\r\nContent-Disposition: form-data; name=file; filename=x\r\n\r\nhalf"), "multipart/form-data; boundary=b", http.StatusInternalServerError, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			before, _, _ := o.rows.List(t.Context(), catalog.Filter{})
			w := o.do("POST", "/api/v1/deliveries", tc.body, func(r *http.Request) { r.Header.Set("Content-Type", tc.media) })
			var p web.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if w.Code != tc.status || p.Code != tc.code || p.Text.DE == "" || p.Text.EN == "" {
				t.Errorf("got %d %+v", w.Code, p)
			}
			if after, _, _ := o.rows.List(t.Context(), catalog.Filter{}); len(after) != len(before) {
				t.Error("half a letter was accepted")
			}
		})
	}
}

// TestWhoMayInWithoutAccounts is what counts until the first account exists.
func TestWhoMayInWithoutAccounts(t *testing.T) {
	open := newOffice(t, nil)
	closed := newOffice(t, func(c *web.Config) { c.Password, c.Token = "geheim", "token" })
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	for _, tc := range []struct {
		name      string
		o         *office
		change    func(*http.Request)
		page, api int
	}{
		{"this machine", open, nil, 200, 200},
		{"a foreign name for this machine", open, func(r *http.Request) { r.Host = "evil.example" }, 303, 403},
		{"no token is no token", open, bearer(""), 303, 401},
		{"no password", closed, nil, 401, 401},
		{"wrong password", closed, func(r *http.Request) { r.SetBasicAuth("amt", "falsch") }, 401, 401},
		{"no name", closed, func(r *http.Request) { r.SetBasicAuth("", "geheim") }, 401, 401},
		{"password", closed, func(r *http.Request) { r.SetBasicAuth("amt", "geheim") }, 200, 200},
		{"token", closed, bearer("token"), 200, 200},
		{"wrong token", closed, bearer("x"), 401, 401},
	} {
		for path, want := range map[string]int{"/": tc.page, "/letters": tc.page, "/api/v1/documents": tc.api, "/static/app.css": 200} {
			if w := tc.o.do("GET", path, nil, tc.change); w.Code != want {
				t.Errorf("%s: GET %s answers %d, want %d", tc.name, path, w.Code, want)
			}
		}
	}
	if w := closed.do("GET", "/api/v1/health", nil, nil); w.Code != 200 {
		t.Errorf("health answers %d", w.Code)
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter("a.pdf", "x", pipeline.Waiting)
	w := o.do("POST", "/letters/"+string(id)+"/filing", strings.NewReader("type=20-RECH"), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	})
	if w.Code != http.StatusForbidden {
		t.Errorf("got %d", w.Code)
	}
	if e, _ := o.rows.Get(t.Context(), id); e.State != pipeline.Waiting {
		t.Errorf("the letter is %s", e.State)
	}
}

func TestReview(t *testing.T) {
	o := newOffice(t, nil)
	first := o.letter("erster.pdf", "x", pipeline.Waiting)
	o.letter("zweiter.pdf", "x", pipeline.Waiting)
	page := o.get("/review")
	if !strings.Contains(page, "erster.pdf") || !strings.Contains(page, "Eingangsrechnung") || !strings.Contains(page, "Rechnung") {
		t.Fatal("the oldest letter, its best answer or the reason is missing")
	}
	post := o.post
	w := post("/letters/"+string(first)+"/filing", url.Values{"type": {"32-OWI"}, "from": {"review"}}, nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/review" {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	e, err := o.rows.Get(t.Context(), first)
	if err != nil || e.State != pipeline.Working || e.Step != pipeline.StepArchive || e.Document.Filing.Type != "32-OWI" || e.Document.Filing.DecidedBy != "local" {
		t.Errorf("the letter is %+v, %v", e, err)
	}
	if len(o.rung) != 1 || o.rung[0].Doc != first {
		t.Errorf("rung %+v", o.rung)
	}
	if !strings.Contains(o.get("/review"), "zweiter.pdf") {
		t.Error("the next letter does not follow")
	}
	if w := post("/letters/"+string(first)+"/filing", url.Values{"type": {"32-OWI"}}, nil); w.Code != http.StatusConflict {
		t.Errorf("deciding again answers %d", w.Code)
	}
	if w := post("/letters/"+string(first)+"/filing", url.Values{"type": {"99-X"}}, nil); w.Code != http.StatusBadRequest {
		t.Errorf("an unknown type answers %d", w.Code)
	}
	refused := o.letter("leer.pdf", "", pipeline.Refused)
	if w := post("/letters/"+string(refused)+"/retry", nil, nil); w.Code != http.StatusSeeOther {
		t.Errorf("retry answers %d", w.Code)
	}
	if e, _ := o.rows.Get(t.Context(), refused); e.State != pipeline.Working {
		t.Errorf("after retry it is %s", e.State)
	}
}

func TestFilesAndTheEvidenceOfThem(t *testing.T) {
	o := newOffice(t, nil)
	id := o.letter(`brief "x".html`, "Text", pipeline.Archived)
	w := o.do("GET", "/letters/"+string(id)+"/original", nil, nil)
	if w.Code != 200 || w.Body.String() != `original of brief "x".html` {
		t.Fatalf("got %d %q", w.Code, w.Body)
	}
	if d := w.Header().Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") || w.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("foreign bytes would be shown: %s, %s", d, w.Header().Get("Content-Type"))
	}
	w = o.do("GET", "/letters/"+string(id)+"/pdf", nil, func(r *http.Request) { r.Header.Set("Range", "bytes=0-3") })
	if w.Code != http.StatusPartialContent || w.Body.String() != "%PDF" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
	o.get("/letters/" + string(id))
	history, err := o.rows.History(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range history {
		if e.Actor == "local" {
			kinds = append(kinds, e.Kind)
		}
	}
	if want := []string{"downloaded-original", "downloaded-pdfa", "viewed"}; !slices.Equal(kinds, want) {
		t.Errorf("the log has %v, want %v", kinds, want)
	}
	if w := o.do("GET", "/letters/nothing/pdf", nil, nil); w.Code != 404 {
		t.Errorf("an unknown letter answers %d", w.Code)
	}
}

func TestHostileNamesAreHarmless(t *testing.T) {
	o := newOffice(t, nil)
	const name = `<script>alert(1)</script>"onload='x'.pdf`
	id := o.letter(name, "<img src=x onerror=alert(1)> Brief", pipeline.Archived)
	for _, path := range []string{"/", "/letters", "/letters?q=Brief", "/letters/" + string(id), "/letters?q=" + url.QueryEscape(name)} {
		if body := o.get(path); strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") {
			t.Errorf("%s carries script from a letter", path)
		}
	}
	if strings.Contains(o.log.String(), "alert") {
		t.Errorf("the log names a letter: %s", &o.log)
	}
}

func TestSearchFindsAndMarks(t *testing.T) {
	o := newOffice(t, nil)
	o.letter("a.pdf", "Rechnung über Malerarbeiten im Rathaus", pipeline.Archived)
	if body := o.get("/letters?q=malerarbeiten"); !strings.Contains(body, "<mark>Malerarbeiten</mark>") || !strings.Contains(body, "Ein Treffer") {
		t.Errorf("got %s", body)
	}
	var out struct {
		Total int
		Hits  []struct{ Name, Snippet string }
	}
	if err := json.Unmarshal([]byte(o.get("/api/v1/search?q=Rathaus")), &out); err != nil || out.Total != 1 || !strings.Contains(out.Hits[0].Snippet, "Rathaus") {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestEventsReachTheBrowser(t *testing.T) {
	o := newOffice(t, nil)
	s := httptest.NewServer(o.handler)
	defer s.Close()
	r, err := http.Get(s.URL + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	o.news <- pipeline.Progress{Doc: "d1", Step: pipeline.StepRead, State: pipeline.Working, Done: 1, Total: 3}
	buf := make([]byte, 4096)
	var got string
	for !strings.Contains(got, `"done":1,"total":3`) {
		n, err := r.Body.Read(buf)
		if err != nil {
			t.Fatalf("the stream ended with %q: %v", got, err)
		}
		got += string(buf[:n])
	}
}

func TestHealthSaysWhenDeliveriesCannotComeIn(t *testing.T) {
	o := newOffice(t, func(c *web.Config) { c.Ready = func(context.Context) error { return errors.New("full") } })
	if w := o.do("GET", "/api/v1/health", nil, nil); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "full") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestHeaders(t *testing.T) {
	o := newOffice(t, nil)
	h := o.do("GET", "/", nil, nil).Header()
	if h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got %v", h)
	}
}

func FuzzUploadName(f *testing.F) {
	f.Add("a.pdf")
	f.Add("../../x\x00\n\"")
	f.Fuzz(func(t *testing.T, name string) {
		o := newOffice(t, nil)
		w := o.do("POST", "/api/v1/deliveries?name="+url.QueryEscape(name), strings.NewReader("x"), nil)
		if w.Code != http.StatusCreated {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		o.get("/")
	})
}
