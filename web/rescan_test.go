package web_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

// sendScan hands a file in for a page, as the form does.
func (o *office) sendScan(path, name, content string) *httptest.ResponseRecorder {
	o.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	_ = form.WriteField("seen", seenValue.FindStringSubmatch(o.get(path))[1])
	for _, file := range []string{"", name} { // of two ways to choose a file one stays empty
		part, err := form.CreateFormFile("file", file)
		if err != nil {
			o.t.Fatal(err)
		}
		if file != "" {
			_, _ = part.Write([]byte(content))
		}
	}
	_ = form.Close()
	return o.do("POST", path, &b, func(r *http.Request) { r.Header.Set("Content-Type", form.FormDataContentType()) })
}

// TestAPageIsScannedAgain replaces the picture of a page with a bad light by the
// form, takes that back, and does the same by the API.
func TestAPageIsScannedAgain(t *testing.T) {
	o := newOffice(t, nil)
	first, _ := o.pile()
	stack, path := "/letters/"+string(first)+"/pages", "/letters/"+string(first)+"/pages/2/rescan"
	if page := o.get(stack); strings.Count(page, `<p class="again">`) != 2 || !strings.Contains(page, path) {
		t.Error("the pages with a red and an amber light do not offer to be scanned again")
	}
	if page := o.get(path); !strings.Contains(page, "Bild unscharf") && !strings.Contains(page, "unscharf") {
		t.Errorf("the page does not say what is wrong with the scan: %s", page)
	}
	second := func() pipeline.Page { return o.entry(first).Document.Pages[1] }
	was := second()
	w := o.sendScan(path, "neu.jpg", "better")
	to, _ := url.Parse(w.Header().Get("Location"))
	if w.Code != http.StatusSeeOther || to.Fragment != "page-2" {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	p := second()
	if p.No != 2 || p.Reading != nil || len(p.Rescans) != 1 || p.Rescans[0].Was.Digest != was.Image.Digest || p.Rescans[0].Name != "neu.jpg" || p.Rescans[0].By == "" || p.Image.Digest != p.Rescans[0].File.Digest {
		t.Errorf("the page is %+v", p)
	}
	page := o.get(to.RequestURI())
	if !strings.Contains(page, "noch einmal gescannt") || !strings.Contains(page, to.Query().Get("undo")) || len(o.rung) == 0 {
		t.Error("the stack does not tell, offers no way back, or nobody was told to go on")
	}
	if w := o.post(stack+"/undo", url.Values{"undo": {to.Query().Get("undo")}}, nil); w.Code != http.StatusSeeOther || len(second().Rescans) != 0 || second().Image.Digest != was.Image.Digest {
		t.Errorf("undo answers %d and leaves %+v", w.Code, second())
	}

	var got struct {
		Letter struct{ ID pipeline.DocID }
		Undo   string
	}
	w = o.do("POST", "/api/v1/documents/"+string(first)+"/pages/2/rescan?name=neu.jpg", strings.NewReader("better"), nil)
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || got.Letter.ID != first || len(second().Rescans) != 1 {
		t.Fatalf("the API answers %d %s (%v)", w.Code, w.Body, err)
	}
	if w := o.do("POST", "/api/v1/documents/"+string(first)+"/pages/undo?undo="+got.Undo, nil, nil); w.Code != http.StatusOK || len(second().Rescans) != 0 {
		t.Errorf("the API's undo answers %d", w.Code)
	}
}

func TestAScanThatIsNotTaken(t *testing.T) {
	o := newOffice(t, nil)
	first, _ := o.pile()
	path := "/letters/" + string(first) + "/pages/2/rescan"
	if w := o.sendScan(path, "two.pdf", "x"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "mehrere Seiten") || !strings.Contains(w.Body.String(), `name="file"`) {
		t.Errorf("a file of two pages answers %d and does not ask again", w.Code)
	}
	if w := o.sendScan(path, "", ""); w.Code != http.StatusBadRequest {
		t.Errorf("no file answers %d", w.Code)
	}
	if w := o.sendScan(path, "big.jpg", strings.Repeat("x", 2<<20)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a file that is too large answers %d", w.Code)
	}
	for _, no := range []string{"0", "9", "5", "x"} { // 5 is a page of the other letter
		if w := o.do("GET", "/letters/"+string(first)+"/pages/"+no+"/rescan", nil, nil); w.Code != http.StatusNotFound {
			t.Errorf("page %s answers %d", no, w.Code)
		}
	}
	if len(o.entry(first).Document.Pages[1].Rescans) != 0 {
		t.Error("the page changed")
	}
	done := o.letter("fertig.pdf", "x", pipeline.Archived)
	if page := o.get("/letters/" + string(done) + "/pages/1/rescan"); strings.Contains(page, `name="file"`) || !strings.Contains(page, "schon archiviert") {
		t.Error("an archived letter offers to be scanned again")
	}
	w := o.do("POST", "/api/v1/documents/"+string(done)+"/pages/1/rescan", strings.NewReader("x"), nil)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "schon archiviert") || !strings.Contains(w.Body.String(), `"kept"`) {
		t.Errorf("scanning a page of an archived letter again answers %d %s", w.Code, w.Body)
	}
}
