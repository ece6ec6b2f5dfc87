package ocr

import (
	"image"
	"image/color"
	"image/draw"
	"os"
	"slices"
	"strings"
	"testing"
)

// area paints a rectangle of one grey.
func (s sheet) area(r image.Rectangle, tone uint8) sheet {
	draw.Draw(s, r, image.NewUniform(color.Gray{Y: tone}), image.Point{}, draw.Src)
	return s
}

// fading paints a rectangle that gets lighter from left to right.
func (s sheet) fading(r image.Rectangle, from, to int) sheet {
	for x := r.Min.X; x < r.Max.X; x++ {
		s.area(image.Rect(x, r.Min.Y, x+1, r.Max.Y), uint8(from+(to-from)*(x-r.Min.X)/r.Dx()))
	}
	return s
}

func TestDarkAreas(t *testing.T) {
	top := image.Rect(0, 0, sheetW, 200)
	title := drawing().text(t, 100, 120, 22, "Bürostühle ab Lager")
	dense := drawing()
	for y := range 4 {
		dense.text(t, 150, 300+16*y, 9, "WWMMWWMM HHMMWWHH MMWWHHMM WWHHMMWW MMWWMMHH")
	}
	for _, tc := range []struct {
		name   string
		page   sheet
		did    string
		light  image.Rectangle // is light afterwards
		legend image.Rectangle // has dark print afterwards
	}{
		{"light print on a dark area is turned", paper(240).area(top, 110).lay(title, -130), "light print turned 1", image.Rect(600, 150, 1000, 190), image.Rect(100, 80, 400, 125)},
		{"a strip of colour that carries no print stays", paper(240).fading(image.Rect(0, 0, sheetW, 40), 60, 250), "", image.Rectangle{}, image.Rectangle{}},
		{"strokes of dense dark print are no area", paper(240).lay(dense, 230), "", image.Rectangle{}, image.Rect(150, 290, 500, 350)},
		{"a letter is left alone", paper(240).lay(letter(t), 200), "", image.Rectangle{}, image.Rectangle{}},
		{"the bed of the scanner becomes white", paper(240).area(image.Rect(0, 0, 60, sheetH), 15), "dark border 1", image.Rect(5, 100, 50, 1600), image.Rectangle{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			raw, err := os.ReadFile(file(t, tc.page))
			if err != nil {
				t.Fatal(err)
			}
			page, _, err := decode(raw, "image/png", 0, true)
			if err != nil {
				t.Fatal(err)
			}
			p := &prepared{page: page, dpi: 150}
			defer page.close()
			if err := clean(p); err != nil {
				t.Fatal(err)
			}
			did := slices.DeleteFunc(p.actions, func(a string) bool { return a == "background" })
			if got := strings.Join(did, ", "); got != tc.did {
				t.Errorf("did %q, want %q", got, tc.did)
			}
			if tones := p.page.tones(tc.light); !tc.light.Empty() && tone(tones, 0.05) < 230 {
				t.Errorf("a twentieth is darker than %d", tone(tones, 0.05))
			}
			if tones := p.page.tones(tc.legend); !tc.legend.Empty() && tone(tones, 0.05) > 100 {
				t.Errorf("nineteen twentieths are lighter than %d", tone(tones, 0.05))
			}
		})
	}
}
