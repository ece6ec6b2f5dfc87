package ocr

import (
	"os"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

// TestGrainIsNotStretched prepares sheets with little print among the shadows of
// folds: their contrast is that of the shadows.
func TestGrainIsNotStretched(t *testing.T) {
	quiet()
	folds := drawing()
	for x := 300.0; x < sheetW; x += 500 {
		folds.line(x, 0, x, sheetH, 3)
	}
	corner := drawing().text(t, 60, 60, 9, "0.5 mm", "minimum")
	for _, tc := range []struct {
		name, path string
		dpi        float64
	}{
		{"folds", file(t, paper(240).lay(folds.softened(), 26).lay(corner, 220)), 300},
		{"a real scan", pipelinetest.Corpus(t, "scans/blank1.jpg"), 300},
	} {
		raw, err := os.ReadFile(tc.path)
		if err != nil {
			t.Fatal(err)
		}
		call := readCall{Media: mediaOf(tc.path), DPIX: tc.dpi, DPIY: tc.dpi, Languages: "deu"}
		page, _, err := decodeTo(raw, call.Media, false, call.wanted)
		if err != nil {
			t.Fatal(err)
		}
		defer page.close()
		p, err := (&reader{}).prepare(page, call)
		if err != nil {
			t.Fatal(err)
		}
		if p.blank || p.pale || p.scan.contrast > fullInk/2 {
			t.Errorf("%s: blank %t, pale %t, contrast %.2f: nothing is shown", tc.name, p.blank, p.pale, p.scan.contrast)
		}
		grain, err := p.page.grainy(p.dpi)
		if err != nil || grain {
			t.Errorf("%s: the page is full of specks, %v", tc.name, err)
		}
		evenedAnyway, err := stretchedByContrast(tc.path, call)
		if err != nil || !evenedAnyway {
			t.Errorf("%s: would not be full of specks in any case, %v: nothing is shown", tc.name, err)
		}
	}
}

// stretchedByContrast says whether a page whose dark print is nowhere would be full of
// specks.
func stretchedByContrast(path string, call readCall) (bool, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	page, _, err := decodeTo(raw, call.Media, false, call.wanted)
	if err != nil {
		return false, err
	}
	defer page.close()
	if page.depth() != 8 {
		if err := page.replace(page.grey()); err != nil {
			return false, err
		}
	}
	p := &prepared{page: page, pale: true, scan: measure(page)}
	level, err := page.levelled()
	if err != nil {
		return false, err
	}
	defer level.close()
	out, err := p.evened(level)
	if err != nil {
		return false, err
	}
	defer out.close()
	return out.grainy(int(call.DPIX))
}

func TestOtsu(t *testing.T) {
	var tones [256]int
	for v := range 10 {
		tones[50+v], tones[200+v] = 10, 1000
	}
	if at := otsu(tones); at < 60 || at > 200 {
		t.Errorf("parts print of 50 to 59 from paper of 200 to 209 at %d", at)
	}
	if at := otsu([256]int{255: 100}); at != 0 {
		t.Errorf("white paper is parted at %d", at)
	}
}
