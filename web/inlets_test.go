package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
)

// TestInlets: the intake's page and the API say how the ways in stand.
func TestInlets(t *testing.T) {
	o := newOffice(t, func(c *web.Config) {
		c.Inlets = func() []web.Inlet {
			return []web.Inlet{
				{Kind: "folder", Place: "/srv/scans", Light: pipeline.Green, Text: pipeline.Message{DE: "wird beobachtet", EN: "is watched"}},
				{Kind: "mail", Place: "post@stadt.example/<INBOX>", Light: pipeline.Red, Text: pipeline.Message{DE: "Passwort abgelehnt", EN: "password refused"}},
			}
		}
	})
	page := o.get("/intake")
	for _, want := range []string{"/srv/scans", "wird beobachtet", "post@stadt.example/&lt;INBOX&gt;", `class="up bad"`, "Passwort abgelehnt"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if status := o.get("/api/v1/status"); !strings.Contains(status, `"light":"red","text":{"de":"Passwort abgelehnt","en":"password refused"}`) {
		t.Errorf("the API says %s", status)
	}
}

// TestPaper: how a stack was scanned is told by the page's form and by the API.
func TestPaper(t *testing.T) {
	var got []pipeline.Paper
	o := newOffice(t, func(c *web.Config) {
		intake := c.Intake
		c.Intake = func(ctx context.Context, d pipeline.Delivery, r io.Reader) (catalog.Receipt, error) {
			got = append(got, d.Paper)
			return intake(ctx, d, r)
		}
	})
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	for _, word := range []string{"fronts-then-backs", "label-parts"} {
		_ = m.WriteField("paper", word)
	}
	for _, name := range []string{"a.pdf", "b.pdf"} {
		part, _ := m.CreateFormFile("file", name)
		fmt.Fprint(part, "content of "+name)
	}
	_ = m.Close()
	for _, c := range []struct {
		target, media string
		body          io.Reader
		status        int
		want          []pipeline.Paper
	}{
		{"/intake", m.FormDataContentType(), &form, http.StatusSeeOther, []pipeline.Paper{
			{FrontsThenBacks: true, LabelParts: true}, {FrontsThenBacks: true, LabelParts: true}}},
		{"/api/v1/deliveries?name=c&paper=blank-parts", "", strings.NewReader("c"), http.StatusCreated, []pipeline.Paper{{BlankParts: true}}},
		{"/api/v1/deliveries?name=d&paper=blank-parts&paper=label-parts", "", strings.NewReader("d"), http.StatusCreated, []pipeline.Paper{{BlankParts: true, LabelParts: true}}},
		{"/api/v1/deliveries?name=e", "", strings.NewReader("e"), http.StatusCreated, []pipeline.Paper{{}}},
		{"/api/v1/deliveries?name=f&paper=both-sides", "", strings.NewReader("f"), http.StatusBadRequest, nil},
	} {
		got = nil
		w := o.do("POST", c.target, c.body, func(r *http.Request) { r.Header.Set("Content-Type", c.media) })
		if w.Code != c.status || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s answers %d and takes %v, want %d, %v", c.target, w.Code, got, c.status, c.want)
		}
	}
}
