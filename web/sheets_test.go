package web_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/web"
)

// TestSheetsArePrinted orders sheets by the form, right and wrong.
func TestSheetsArePrinted(t *testing.T) {
	o := newOffice(t, nil)
	for path, want := range map[string]string{
		"/sheets/separators?count=3": "Kind:separators Count:3",
		"/sheets/labels?first=201&count=30": "Kind:labels Count:30 Batch: Department: Type: Received:0001-01-01 00:00:00 +0000 UTC Expected:0 " +
			"Paper: First:201",
		"/sheets/cover?batch=2026-a&type=32-OWI&received=2026-11-27&expected=47&fronts=1&count=2": "Kind:cover Count:2 Batch:2026-A Department:32 Type:32-OWI " +
			"Received:2026-11-27 00:00:00 +0000 UTC Expected:47 Paper:fronts-then-backs",
		"/sheets/cover?department=20&batch=&type=&expected=&first=&received=": "Kind:cover Count:1 Batch: Department:20",
	} {
		w := o.do("GET", path, nil, nil)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/pdf" || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s answers %d %s", path, w.Code, w.Body)
		}
	}
	for _, path := range []string{
		"/sheets/separators?count=0", "/sheets/separators?count=501", "/sheets/labels?count=5", "/sheets/cover?type=99-NIX",
		"/sheets/cover?department=99", "/sheets/cover?received=gestern", "/sheets/cover?department=20&type=32-OWI", "/sheets/cover?expected=-1",
	} {
		if w := o.do("GET", path, nil, nil); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Bitte prüfen") {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
	if w := o.do("GET", "/sheets/other", nil, nil); w.Code != http.StatusNotFound {
		t.Errorf("a kind of sheet that there is not answers %d", w.Code)
	}
}

// TestSheetsThatCannotBeMade holds that what the writer of sheets refuses is told as
// something to check, and a fault in its own words.
func TestSheetsThatCannotBeMade(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{errors.New("a batch number of 99 characters"), http.StatusUnprocessableEntity},
		{&pipeline.Fault{Verdict: pipeline.TryAgain, Code: "disk-full"}, http.StatusInsufficientStorage},
	} {
		o := newOffice(t, func(cfg *web.Config) { cfg.Sheets = func(io.Writer, web.SheetOrder) error { return c.err } })
		if w := o.do("GET", "/sheets/separators?count=1", nil, nil); w.Code != c.status {
			t.Errorf("%v answers %d, want %d", c.err, w.Code, c.status)
		}
	}
}
