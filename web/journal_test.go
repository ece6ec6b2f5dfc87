package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/web/access"
)

func TestJournal(t *testing.T) {
	o := newOffice(t, nil)
	o.letter("eins.pdf", "Rechnung", pipeline.Archived)
	o.letter("=cmd.pdf", "unklar", pipeline.Waiting)
	post := o.member("poststelle", []access.Role{access.Mailroom})
	amt := o.member("amt", []access.Role{access.Department}, "20")
	page := o.do(http.MethodGet, "/journal", nil, post)
	if page.Code != http.StatusOK || strings.Count(page.Body.String(), "-000001</a></th>") != 1 || strings.Count(page.Body.String(), "-000002</a></th>") != 1 {
		t.Errorf("the page answers %d: %s", page.Code, page.Body)
	}
	if body := o.do(http.MethodGet, "/journal", nil, o.member("prüfung", []access.Role{access.Auditor})).Body.String(); strings.Count(body, "-000001</th>") != 1 || strings.Contains(body, `href="/letters/`) {
		t.Error("the journal leads an auditor to letters, which auditors do not read")
	}
	for _, missing := range regexp.MustCompile(`\[[a-z.]+\]`).FindAllString(page.Body.String(), -1) {
		t.Errorf("a text is missing: %s", missing)
	}
	table := o.do(http.MethodGet, "/journal.csv", nil, post)
	if body := table.Body.String(); table.Code != http.StatusOK || !strings.HasPrefix(body, "\uFEFFNummer;Eingang;") || strings.Count(body, "\r\n") != 3 {
		t.Errorf("the CSV answers %d: %q", table.Code, body)
	}
	for _, path := range []string{"/journal", "/journal.csv"} {
		if code := o.do(http.MethodGet, path, nil, amt).Code; code == http.StatusOK {
			t.Errorf("a department reads %s", path)
		}
	}
}

func TestScannerApps(t *testing.T) {
	o := newOffice(t, nil)
	app := o.token("app", false, []access.Action{access.Hand})
	post := func(field, name string, as func(*http.Request)) (int, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		_ = form.WriteField("title", "Mein Brief")
		part, err := form.CreateFormFile(field, name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte("bytes of a scan"))
		_ = form.Close()
		got := o.do(http.MethodPost, "/api/documents/post_document/", &body, func(r *http.Request) {
			r.Header.Set("Content-Type", form.FormDataContentType())
			as(r)
		})
		return got.Code, strings.TrimSpace(got.Body.String())
	}
	code, task := post("document", "scan.pdf", app)
	if code != http.StatusOK || !regexp.MustCompile(`^"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"$`).MatchString(task) {
		t.Errorf("an upload answers %d %s", code, task)
	}
	if code, text := post("file", "scan.pdf", app); code != http.StatusBadRequest && code != http.StatusUnprocessableEntity {
		t.Errorf("a form without a document answers %d %s", code, text)
	}
	reader := o.token("reader", false, []access.Action{access.Count})
	if code, _ := post("document", "scan.pdf", reader); code == http.StatusOK {
		t.Error("a token that may not hand in does")
	}
}
