package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web"
)

// TestPagePictures asks for pictures as pages do: many of one letter are one look
// at it, and are made once.
func TestPagePictures(t *testing.T) {
	made := map[int]int{} // by width
	o := newOffice(t, func(c *web.Config) {
		c.Picture = func(_ context.Context, doc pipeline.Document, no, width int) ([]byte, error) {
			if no < 1 || no > len(doc.Pages) {
				return nil, catalog.ErrUnknown
			}
			made[width]++
			return []byte("jpeg"), nil
		}
	})
	id := string(o.letter("a.pdf", "x", pipeline.Archived))
	for _, path := range []string{"1.png", "1.png?width=1200", "1.png?width=801", "2.png", "1.png?width=150", "1.png?width=99999"} {
		w := o.do("GET", "/letters/"+id+"/pages/"+path, nil, nil)
		if w.Code != http.StatusOK || w.Body.String() != "jpeg" || w.Header().Get("Content-Type") != "image/jpeg" || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: got %d %v", path, w.Code, w.Header())
		}
	}
	if made[1200] != 2 || made[200] != 1 || made[2400] != 1 || len(made) != 3 {
		t.Errorf("pictures were made %v times by width", made)
	}
	history, err := o.rows.History(t.Context(), pipeline.DocID(id))
	if err != nil {
		t.Fatal(err)
	}
	views := 0
	for _, e := range history {
		if e.Kind == "viewed" {
			views++
		}
	}
	if views != 1 {
		t.Errorf("%d views in the evidence log, want 1", views)
	}
	for _, path := range []string{"3.png", "x.png", "0.png", "1.png.png"} {
		w := o.do("GET", "/letters/"+id+"/pages/"+path, nil, nil)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d", path, w.Code)
		}
		if strings.Contains(w.Header().Get("ETag"), `"`) && w.Code != http.StatusOK {
			t.Errorf("%s: a failure carries an ETag", path)
		}
	}
	if w := o.do("GET", "/letters/nothing/pages/1.png", nil, nil); w.Code != http.StatusNotFound {
		t.Errorf("an unknown letter: got %d", w.Code)
	}
}
