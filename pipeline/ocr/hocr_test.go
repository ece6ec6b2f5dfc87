package ocr

import (
	"math"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

const smallHOCR = `<div class='ocr_page' id='page_1' title='image ""; bbox 0 0 800 600; ppageno 0'>
 <div class='ocr_carea' id='block_1_1' title="bbox 10 10 400 100">
  <p class='ocr_par' id='par_1_1' lang='deu' title="bbox 10 10 400 100">
   <span class='ocr_header' id='line_1_1' title="bbox 10 10 410 50; baseline 0.01 -5; x_size 30">
    <span class='ocrx_word' id='word_1_1' title='bbox 10 12 110 50; x_wconf 96'>M&amp;M</span>
    <span class='ocrx_word' id='word_1_2' title='bbox 300 12 410 50; x_wconf 41' lang='eng'><strong><em>&lt;Grüße&gt;</em></strong></span>
   </span>
   <span class='ocr_line' id='line_1_2' title="bbox 10 60 400 100; textangle 180; x_size 30">
    <span class='ocrx_word' id='word_1_3' title='bbox 10 60 20 100; x_wconf 0'> </span>
    <span class='ocrx_word' id='word_1_4' title='bbox 30 60 90 100; x_wconf 120'>Amt</span>
   </span>
  </p>
 </div>
 <div class='ocr_photo' id='block_1_2' title="bbox 0 0 800 600"></div>
 <div class='ocr_carea' id='block_1_3' title="bbox 10 110 400 200">
  <p class='ocr_par' id='par_1_2' lang='deu' title="bbox 10 110 400 200">
   <span class='ocr_line' id='line_1_3' title="bbox 10 110 400 200; baseline 0 0; x_size 30">
    <span class='ocrx_word' id='word_1_5' title='bbox 10 110 400 200; x_wconf 88'>Ende</span>
   </span>
  </p>
 </div>
</div>`

func TestParseHOCR(t *testing.T) {
	got, err := parseHOCR(strings.NewReader(smallHOCR))
	if err != nil {
		t.Fatal(err)
	}
	want := []pipeline.Word{
		{Text: "M&M", Box: pipeline.Box{X0: 10, Y0: 12, X1: 110, Y1: 50}, Conf: 0.96, Base: 46},
		{Text: "<Grüße>", Box: pipeline.Box{X0: 300, Y0: 12, X1: 410, Y1: 50}, Conf: 0.41, Base: 48},
		{Text: "Amt", Box: pipeline.Box{X0: 30, Y0: 60, X1: 90, Y1: 100}, Conf: 1, Line: 1, Base: 100},
		{Text: "Ende", Box: pipeline.Box{X0: 10, Y0: 110, X1: 400, Y1: 200}, Conf: 0.88, Block: 1, Par: 1, Line: 2, Base: 200},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseHOCRRefusesNonsense(t *testing.T) {
	for name, raw := range map[string]string{
		"cut":        smallHOCR[:600],
		"no box":     `<span class='ocrx_word' title='x_wconf 9'>a</span>`,
		"half a box": `<span class='ocrx_word' title='bbox 1 2 3; x_wconf 9'>a</span>`,
		"no number":  `<span class='ocrx_word' title='bbox 1 2 3 x; x_wconf 9'>a</span>`,
		"infinity":   `<span class='ocr_line' title='bbox 1 2 3 4; baseline Inf 0'></span>`,
		"no trust":   `<span class='ocrx_word' title='bbox 1 2 3 4'>a</span>`,
	} {
		if words, err := parseHOCR(strings.NewReader(raw)); err == nil {
			t.Errorf("%s: %+v", name, words)
		}
	}
}

func FuzzParseHOCR(f *testing.F) {
	f.Add(smallHOCR)
	f.Add(`<span class='ocrx_word' title='bbox 1 2 3 4; x_wconf NaN'>a</span>`)
	f.Add(`<p><span class='ocrx_word' title='bbox 1 2 3 4; x_wconf 1'><span class='ocrx_word' title='bbox 1 2 3 4; x_wconf 1'>a</span>b</span></p>`)
	f.Fuzz(func(t *testing.T, raw string) {
		words, err := parseHOCR(strings.NewReader(raw))
		if err != nil {
			return
		}
		for _, w := range words {
			if strings.TrimSpace(w.Text) == "" || w.Block < 0 || w.Par < 0 || w.Line < 0 || !(w.Conf >= 0 && w.Conf <= 1) {
				t.Fatalf("word %+v", w)
			}
			for _, v := range []int{w.Box.X0, w.Box.Y0, w.Box.X1, w.Box.Y1} {
				if math.Abs(float64(v)) > maxNumber {
					t.Fatalf("word %+v", w)
				}
			}
		}
	})
}

func TestSizes(t *testing.T) {
	for _, tc := range []struct {
		name         string
		w, h         int
		dpiX, dpiY   float64
		readW, readH int
		dpi          float64
	}{
		{"A4 at 300", 2480, 3508, 300, 300, 2480, 3508, 300},
		{"A4 at 600", 4960, 7016, 600, 600, 2480, 3508, 300},
		{"fax", 1728, 1145, 204, 98, 1728, 2383, 204},
		{"A0 at 300", 9933, 14043, 300, 300, 6671, 9431, 201.5},
		{"a till roll", 600, 100_000, 200, 200, 192, 32_000, 64},
		{"a thread", 1, 100_000, 300, 300, 1, 32_000, 96},
	} {
		w, h, dpi := sizes(tc.w, tc.h, tc.dpiX, tc.dpiY)
		if w != tc.readW || h != tc.readH || math.Abs(dpi-tc.dpi) > 0.1 {
			t.Errorf("%s: %d x %d at %.1f, want %d x %d at %.1f", tc.name, w, h, dpi, tc.readW, tc.readH, tc.dpi)
		}
	}
}

func TestDecideTurn(t *testing.T) {
	for _, tc := range []struct {
		up, left float64
		degrees  int
		sure     bool
	}{
		{20, 1, 0, true}, {-20, 1, 180, true}, {1, 20, 90, true}, {1, -20, 270, true},
		{5, 1, 0, false}, {20, 15, 0, false}, {0, 0, 0, false},
	} {
		if d, s := decideTurn(tc.up, tc.left); d != tc.degrees || s != tc.sure {
			t.Errorf("up %.0f, left %.0f: %d, %v", tc.up, tc.left, d, s)
		}
	}
}

func TestPackageOf(t *testing.T) {
	for language, want := range map[string]string{"fra": "tesseract-ocr-fra", "chi_sim": "tesseract-ocr-chi-sim"} {
		if got := packageOf(language); got != want {
			t.Errorf("%s is in %s, want %s", language, got, want)
		}
	}
}
