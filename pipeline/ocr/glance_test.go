package ocr

import (
	"errors"
	"image"
	"os"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// emptySheet is a sheet with nothing on it.
func emptySheet(t *testing.T) string {
	sheet := image.NewGray(image.Rect(0, 0, 1240, 1754))
	for i := range sheet.Pix {
		sheet.Pix[i] = 246
	}
	return file(t, sheet)
}

func TestGlance(t *testing.T) {
	t.Parallel()
	r := room(t, nil)
	for _, c := range []struct {
		path, media string
		dpi         float64
		codes       int
		blank       bool
	}{
		{pipelinetest.Corpus(t, "barcodes/skewed.jpg"), "image/jpeg", 300, 1, false},
		{emptySheet(t), "image/png", 150, 0, true},
		{pipelinetest.Letter(t, "letters/11-kita-anmeldung.jpg"), "image/jpeg", 200, 0, false},
	} {
		raw, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		img := pipeline.Image{Media: c.media, DPIX: c.dpi, DPIY: c.dpi}
		codes, blank, err := r.Glance(t.Context(), raw, img, true)
		if err != nil || (len(codes) > 0) != (c.codes > 0) || blank != c.blank {
			t.Errorf("%s: %d codes, blank %v, %v", c.path, len(codes), blank, err)
		}
		var f *pipeline.Fault
		if _, _, err := r.Glance(t.Context(), raw[:len(raw)/50], img, false); !errors.As(err, &f) && err != nil {
			t.Errorf("%s, broken off: %v", c.path, err)
		}
	}
	var f *pipeline.Fault
	if _, _, err := r.Glance(t.Context(), []byte("no picture"), pipeline.Image{Media: "image/png", DPIX: 300, DPIY: 300}, false); !errors.As(err, &f) || f.Code != "damaged" {
		t.Errorf("got %v", err)
	}
}

// TestAPersonsWordOnAPage reads a page upside down because a person said so, and a
// blank page because a person said that it is not.
func TestAPersonsWordOnAPage(t *testing.T) {
	t.Parallel()
	r, blobs := room(t, nil), &pipelinetest.Blobs{}
	page := func(path, media string, change func(*pipeline.Page)) pipeline.Page {
		d := pipelinetest.PutFile(t, blobs, path)
		p := pipeline.Page{No: 1, Image: pipeline.Image{Blob: d.Original, Media: media, DPIX: 150, DPIY: 150}}
		change(&p)
		return p
	}
	doc := pipeline.Document{Delivery: pipeline.Delivery{Language: "deu"}, Pages: []pipeline.Page{
		page(pipelinetest.Letter(t, "letters/11-kita-anmeldung.jpg"), "image/jpeg", func(p *pipeline.Page) { p.Image.Turn, p.Upright = 180, true }),
		page(emptySheet(t), "image/png", func(p *pipeline.Page) { p.Kept = true }),
	}}
	out, err := r.Step(t.Context(), doc, blobs)
	if err != nil {
		t.Fatal(err)
	}
	if turn := out.Pages[0].Reading.Turn; turn != 0 {
		t.Errorf("the page was turned by %d more", turn)
	}
	if out.Pages[1].Blank {
		t.Error("the page counts as blank in spite of a person")
	}
	// What was read is not read again.
	again, err := r.Step(t.Context(), out, blobs)
	if err != nil || again.Pages[0].Reading != out.Pages[0].Reading {
		t.Errorf("read again: %v", err)
	}
}
