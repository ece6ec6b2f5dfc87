package ocr

import (
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/image/draw"

	"blattwerk/pipeline"
)

// TestQualityLight damages a good scan in ways that a person at the scanner can
// mend, and asks what the light says.
func TestQualityLight(t *testing.T) {
	const letter = "../../testdata/letters/11-kita-anmeldung.jpg" // grey, 200 dpi
	good := decodeGrey(t, letter)
	full := good.Bounds()
	r := room(t, nil)
	for _, tc := range []struct {
		name   string
		page   image.Image
		light  pipeline.Light
		flaws  []pipeline.FlawCode
		dpi    float64
		others bool // further flaws may be seen, too
	}{
		{name: "good", page: good, light: pipeline.Green, dpi: 200},
		{name: "blurred", page: blurred(good, 2), light: pipeline.Amber, flaws: []pipeline.FlawCode{pipeline.FlawBlurred}, dpi: 200, others: true},
		{name: "very blurred", page: blurred(good, 6), light: pipeline.Red, flaws: []pipeline.FlawCode{pipeline.FlawBlurred}, dpi: 200, others: true},
		{name: "left cut off", page: good.SubImage(image.Rect(full.Dx()/6, 0, full.Dx(), full.Dy())), light: pipeline.Red, flaws: []pipeline.FlawCode{pipeline.FlawCutLeft}, dpi: 200},
		{name: "right cut off", page: good.SubImage(image.Rect(0, 0, full.Dx()*3/5, full.Dy())), light: pipeline.Red, flaws: []pipeline.FlawCode{pipeline.FlawCutRight}, dpi: 200},
		{name: "almost white", page: toned(good, 0.17), light: pipeline.Red, flaws: []pipeline.FlawCode{pipeline.FlawPale}, dpi: 200, others: true},
		{name: "coarse", page: reduced(good, 0.45), light: pipeline.Red, flaws: []pipeline.FlawCode{pipeline.FlawCoarse}, dpi: 90, others: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "page.png")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, tc.page); err != nil {
				t.Fatal(err)
			}
			f.Close()
			q := qualityOf(t, r, path, tc.dpi)
			t.Logf("%+v", q)
			if q.Light != tc.light {
				t.Errorf("the light is %s, want %s", q.Light, tc.light)
			}
			var got []pipeline.FlawCode
			for _, f := range q.Flaws {
				got = append(got, f.Code)
			}
			for _, want := range tc.flaws {
				if !slices.Contains(got, want) {
					t.Errorf("flaws are %v, want %v", got, want)
				}
			}
			if !tc.others && len(got) != len(tc.flaws) {
				t.Errorf("flaws are %v, want %v only", got, tc.flaws)
			}
		})
	}
}

func qualityOf(t *testing.T, r *Room, path string, dpi float64) pipeline.Quality {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var reply readReply
	call := readCall{Media: mediaOf(path), DPIX: dpi, DPIY: dpi, Languages: "deu+eng"}
	if _, err := r.call(t.Context(), opRead, call, raw, &reply); err != nil {
		t.Fatal(err)
	}
	return reply.Quality
}

func decodeGrey(t *testing.T, path string) *image.Gray {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	g := image.NewGray(m.Bounds())
	draw.Draw(g, g.Bounds(), m, image.Point{}, draw.Src)
	return g
}

// blurred takes the mean over squares of 2r+1 pixels, as a lens out of focus does.
func blurred(m *image.Gray, r int) *image.Gray {
	b := m.Bounds()
	rows, out := image.NewGray(b), image.NewGray(b)
	mean := func(in *image.Gray, x, y, dx, dy int) uint8 {
		sum, n := 0, 0
		for k := -r; k <= r; k++ {
			if p := image.Pt(x+k*dx, y+k*dy); p.In(b) {
				sum, n = sum+int(in.GrayAt(p.X, p.Y).Y), n+1
			}
		}
		return uint8(sum / n)
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			rows.SetGray(x, y, color.Gray{Y: mean(m, x, y, 1, 0)})
		}
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetGray(x, y, color.Gray{Y: mean(rows, x, y, 0, 1)})
		}
	}
	return out
}

// toned keeps a share of the contrast to white.
func toned(m *image.Gray, share float64) *image.Gray {
	out := image.NewGray(m.Bounds())
	for i, v := range m.Pix {
		out.Pix[i] = uint8(255 - math.Round(share*float64(255-v)))
	}
	return out
}

func reduced(m *image.Gray, by float64) *image.Gray {
	b := m.Bounds()
	out := image.NewGray(image.Rect(0, 0, int(by*float64(b.Dx())), int(by*float64(b.Dy()))))
	draw.CatmullRom.Scale(out, out.Bounds(), m, b, draw.Src, nil)
	return out
}

func BenchmarkMeasure(b *testing.B) {
	quiet()
	raw, err := os.ReadFile("../../testdata/letters/11-kita-anmeldung.jpg")
	if err != nil {
		b.Fatal(err)
	}
	page, _, err := decode(raw, "image/jpeg", 0, true)
	if err != nil {
		b.Fatal(err)
	}
	defer page.close()
	for b.Loop() {
		measure(page)
	}
}
