package ocr

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestShowStandsInTheFrameOfTheWords stores a page with a mark in its upper left
// corner in many stances and looks for the mark where the frame has it.
func TestShowStandsInTheFrameOfTheWords(t *testing.T) {
	r := room(t, nil)
	upright := image.NewGray(image.Rect(0, 0, 400, 600))
	for i := range upright.Pix {
		upright.Pix[i] = 255
	}
	for y := 30; y < 90; y++ {
		for x := 20; x < 80; x++ {
			upright.SetGray(x, y, color.Gray{})
		}
	}
	for _, tc := range []struct {
		name       string
		stored     int // clockwise degrees by which the stored picture is turned
		said, read int // of them turned back by the file's word, and by the reading
		dpiX, dpiY float64
		wantW      int
		wantH      int
	}{
		{name: "upright", wantW: 200, wantH: 300},
		{name: "the file says it", stored: 90, said: 270, wantW: 200, wantH: 300},
		{name: "the reading found it", stored: 180, read: 180, wantW: 200, wantH: 300},
		{name: "both", stored: 90, said: 90, read: 180, wantW: 200, wantH: 300},
		{name: "fax pixels", dpiX: 200, dpiY: 100, wantW: 200, wantH: 600},
		{name: "fax pixels, on its side", stored: 270, read: 90, dpiX: 100, dpiY: 200, wantW: 200, wantH: 600},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var file bytes.Buffer
			if err := png.Encode(&file, turnedImage(upright, tc.stored)); err != nil {
				t.Fatal(err)
			}
			img := pipeline.Image{Media: "image/png", Turn: tc.said, DPIX: tc.dpiX, DPIY: tc.dpiY}
			shown, err := r.Show(t.Context(), file.Bytes(), img, &pipeline.Reading{Turn: tc.read}, 200)
			if err != nil {
				t.Fatal(err)
			}
			got, err := jpeg.Decode(bytes.NewReader(shown))
			if err != nil {
				t.Fatal(err)
			}
			if b := got.Bounds(); b.Dx() != tc.wantW || b.Dy() != tc.wantH {
				t.Fatalf("got %v, want %d x %d", b, tc.wantW, tc.wantH)
			}
			// The middle of the mark, as shares of the frame.
			if dark := at(got, 50.0/400, 60.0/600); dark > 60 {
				t.Errorf("no mark at its place: grey %d", dark)
			}
			if light := at(got, 350.0/400, 540.0/600); light < 200 {
				t.Errorf("a mark at the wrong place: grey %d", light)
			}
		})
	}
}

func at(img image.Image, x, y float64) uint8 {
	b := img.Bounds()
	g := color.GrayModel.Convert(img.At(int(x*float64(b.Dx())), int(y*float64(b.Dy()))))
	return g.(color.Gray).Y
}

func turnedImage(img *image.Gray, degrees int) *image.Gray {
	for range degrees / 90 {
		b := img.Bounds()
		next := image.NewGray(image.Rect(0, 0, b.Dy(), b.Dx()))
		for y := range b.Dy() {
			for x := range b.Dx() {
				next.SetGray(b.Dy()-1-y, x, img.GrayAt(x, y))
			}
		}
		img = next
	}
	return img
}

// TestShowOfWhatIsRead compares the place of a word on the shown page with the
// box that reading gave it, on a scan that lies skewed.
func TestShowOfWhatIsRead(t *testing.T) {
	r := room(t, nil)
	var blobs pipelinetest.Blobs
	page := pageOf(t, r, &blobs, pipelinetest.Corpus(t, phototest))
	raw, err := load(t.Context(), &blobs, page.Image.Digest)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := decode(raw, page.Image.Media, 0, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := p.replace(p.grey()); err != nil {
		t.Fatal(err)
	}
	if err := p.replace(p.rotated(3)); err != nil {
		t.Fatal(err)
	}
	if raw, err = p.png(); err != nil {
		t.Fatal(err)
	}
	if page.Image.Blob, err = blobs.Put(t.Context(), bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	doc, err := r.Step(t.Context(), pipeline.Document{Delivery: pipeline.Delivery{Language: "eng"}, Pages: []pipeline.Page{page}}, &blobs)
	if err != nil {
		t.Fatal(err)
	}
	reading := doc.Pages[0].Reading
	if reading.Skew > -2.5 || reading.Skew < -3.5 {
		t.Fatalf("the page lies skewed by 3 degrees, found %g", reading.Skew)
	}
	shown, err := r.Show(t.Context(), raw, doc.Pages[0].Image, reading, page.Image.Width)
	if err != nil {
		t.Fatal(err)
	}
	got, err := jpeg.Decode(bytes.NewReader(shown))
	if err != nil {
		t.Fatal(err)
	}
	var text pipeline.PageText
	if err := pipeline.OpenJSON(t.Context(), &blobs, reading.Words, &text); err != nil {
		t.Fatal(err)
	}
	for _, w := range text.Words {
		if ink := darkest(got, w.Box); ink > 128 {
			t.Errorf("no ink in the box %v of %q: grey %d", w.Box, w.Text, ink)
		}
	}
}

func darkest(img image.Image, b pipeline.Box) uint8 {
	least := uint8(255)
	for y := b.Y0; y < b.Y1; y++ {
		for x := b.X0; x < b.X1; x++ {
			least = min(least, color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y)
		}
	}
	return least
}

func TestShowIsBounded(t *testing.T) {
	for _, tc := range []struct {
		call   showCall
		w, h   int
		ww, wh int
	}{
		{showCall{Width: 800}, 1600, 2400, 800, 1200},
		{showCall{Width: 800, Turn: 90}, 2400, 1600, 1200, 800},
		{showCall{Width: 800}, 10, 30000, 4, 12000},
		{showCall{Width: 16}, 30000, 10, 16, 1},
	} {
		if w, h := shownSize(tc.call, tc.w, tc.h); w != tc.ww || h != tc.wh {
			t.Errorf("%d x %d with %+v becomes %d x %d, want %d x %d", tc.w, tc.h, tc.call, w, h, tc.ww, tc.wh)
		}
	}
	if _, err := room(t, nil).Show(t.Context(), []byte("no picture"), pipeline.Image{Media: "image/jpeg"}, nil, 100); pipeline.AsFault(err).Code != "damaged" {
		t.Errorf("got %v", err)
	}
}
