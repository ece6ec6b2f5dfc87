package ocr

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// sheet is an A4 page at 150 dots per inch that is drawn on.
type sheet struct{ *image.Gray }

const sheetW, sheetH = 1240, 1754

// paper is a sheet with the grain of real paper.
func paper(tone uint8) sheet {
	m := image.NewGray(image.Rect(0, 0, sheetW, sheetH))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = uint8(min(max(float64(tone)+3*r.NormFloat64(), 0), 255))
	}
	return sheet{m}
}

// grainless is a sheet without grain, as programs draw it.
func grainless(tone uint8) sheet {
	m := image.NewGray(image.Rect(0, 0, sheetW, sheetH))
	draw.Draw(m, m.Bounds(), image.NewUniform(color.Gray{Y: tone}), image.Point{}, draw.Src)
	return sheet{m}
}

// mask is a drawing: how much of a tone each pixel gets, 0 to 1.
type mask struct {
	*image.Alpha
}

func drawing() mask { return mask{image.NewAlpha(image.Rect(0, 0, sheetW, sheetH))} }

func (m mask) text(t testing.TB, x, y int, points float64, lines ...string) mask {
	t.Helper()
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: points, DPI: 150, Hinting: font.HintingNone})
	if err != nil {
		t.Fatal(err)
	}
	d := font.Drawer{Dst: m.Alpha, Src: image.Opaque, Face: face}
	for i, l := range lines {
		d.Dot = fixed.P(x, y+int(float64(i)*points*1.3*150/72))
		d.DrawString(l)
	}
	return m
}

func (m mask) line(x0, y0, x1, y1, width float64) mask {
	n := int(math.Hypot(x1-x0, y1-y0) * 2)
	for i := range n + 1 {
		f := float64(i) / float64(n)
		m.disc(x0+f*(x1-x0), y0+f*(y1-y0), width/2)
	}
	return m
}

func (m mask) disc(x, y, radius float64) mask {
	for py := int(y - radius - 1); py <= int(y+radius+1); py++ {
		for px := int(x - radius - 1); px <= int(x+radius+1); px++ {
			a := min(max(radius+0.5-math.Hypot(float64(px)-x, float64(py)-y), 0), 1)
			if uint8(255*a) > m.AlphaAt(px, py).A {
				m.SetAlpha(px, py, color.Alpha{A: uint8(255 * a)})
			}
		}
	}
	return m
}

// mirrored swaps left and right, as the other side of a sheet shows.
func (m mask) mirrored() mask {
	out := drawing()
	for y := range sheetH {
		for x := range sheetW {
			out.Pix[y*out.Stride+x] = m.Pix[y*m.Stride+sheetW-1-x]
		}
	}
	return out
}

// blurred softens by a mean over a square, three times: close to a Gaussian.
func (m mask) blurred(radius int) mask {
	for range 3 {
		m = m.mean(radius, 1, sheetW).mean(radius, sheetW, 1)
	}
	return m
}

// softened is the blur of a lens that is a little out of focus.
func (m mask) softened() mask { return m.mean(1, 1, sheetW).mean(1, sheetW, 1) }

// fibres lie about the sheet anyhow, to 2 mm long, and some are dark.
func fibres() mask {
	m := drawing()
	r := rand.New(rand.NewPCG(5, 6))
	for range 900 {
		x, y, angle, long := r.Float64()*sheetW, r.Float64()*sheetH, r.Float64()*math.Pi, 4+8*r.Float64()
		m.line(x, y, x+long*math.Cos(angle), y+long*math.Sin(angle), 0.7)
	}
	return m
}

func (m mask) mean(radius, step, _ int) mask {
	out := drawing()
	for i := range m.Pix {
		sum, n := 0, 0
		for k := -radius; k <= radius; k++ {
			if j := i + k*step; j >= 0 && j < len(m.Pix) {
				sum += int(m.Pix[j])
				n++
			}
		}
		out.Pix[i] = uint8(sum / n)
	}
	return out
}

// lay darkens the sheet where the mask is, by up to contrast.
func (s sheet) lay(m mask, contrast float64) sheet {
	for i := range s.Pix {
		s.Pix[i] = uint8(max(float64(s.Pix[i])-contrast*float64(m.Pix[i])/255, 0))
	}
	return s
}

// rounded leaves greys that lie step apart.
func (s sheet) rounded(step int) sheet {
	for i, v := range s.Pix {
		s.Pix[i] = uint8(min((int(v)+step/2)/step*step, 255))
	}
	return s
}

func letter(t testing.TB) mask {
	t.Helper()
	m := drawing()
	for y := 250; y < 1500; y += 130 {
		m.text(t, 150, y, 11, "Sehr geehrte Damen und Herren, hiermit beantrage ich die Ausstellung",
			"einer Meldebescheinigung für die Gemeinde. Mit freundlichen Grüßen")
	}
	return m
}

func file(t testing.TB, m image.Image) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "page.png")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBlankPages(t *testing.T) {
	black := sheet{image.NewGray(image.Rect(0, 0, sheetW, sheetH))}
	draw.Draw(black, image.Rect(20, 20, sheetW-10, sheetH-10), image.NewUniform(color.Gray{Y: 235}), image.Point{}, draw.Src)
	specks := drawing()
	r := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		specks.disc(r.Float64()*sheetW, r.Float64()*sheetH, 0.6+r.Float64())
	}
	night := sheet{image.NewGray(image.Rect(0, 0, sheetW, sheetH))}
	cases := []struct {
		name  string
		page  sheet
		blank bool
	}{
		{"white", paper(252), true},
		{"recycled paper", paper(205), true},
		{"faint show-through", paper(240).lay(letter(t).mirrored().blurred(2), 25), true},
		{"strong show-through", paper(240).lay(letter(t).mirrored().blurred(2), 60), true},
		{"dust", paper(240).lay(specks, 180), true},
		{"streak of a feeder", paper(240).lay(drawing().line(400, 0, 400, sheetH, 2), 90), true},
		{"two punched holes", paper(240).lay(drawing().disc(70, 640, 18).disc(70, 1110, 18), 200), true},
		{"dark border of the bed", black, true},
		{"all black", night, false},
		{"faint pencil line", paper(240).lay(drawing().line(300, 800, 700, 780, 2.5), 45), false},
		{"faint short pencil tick", paper(240).lay(drawing().line(600, 800, 615, 820, 2.5).line(615, 820, 650, 760, 2.5), 55), false},
		{"faint stamp", paper(240).lay(drawing().text(t, 500, 900, 14, "EINGEGANGEN"), 60), false},
		{"a letter of 5 % contrast on clean white", grainless(255).lay(letter(t), 13), false},
		{"a letter of 8 % contrast on clean white", grainless(255).lay(letter(t), 20), false},
		{"a letter of 5 % contrast", paper(250).lay(letter(t), 13), false},
		{"a letter of 8 % contrast", paper(250).lay(letter(t), 20), false},
		{"a letter of 12 % contrast", paper(250).lay(letter(t), 31), false},
		{"a letter of 20 % contrast", paper(250).lay(letter(t), 51), false},
		{"a blurred letter of 8 % contrast", paper(250).lay(letter(t).softened(), 20), false},
		{"one line of 8 % contrast", paper(250).lay(drawing().text(t, 300, 800, 11, "Wir bitten um Antwort."), 20), false},
		{"one word of 8 % contrast", grainless(255).lay(drawing().text(t, 300, 800, 11, "Widerspruch"), 20), false},
		{"small print of 8 % contrast", paper(250).lay(drawing().text(t, 300, 800, 8, "Wir bitten um Antwort."), 20), false},
		{"show-through of 5 %", paper(250).lay(letter(t).mirrored().blurred(2), 13), true},
		{"show-through of 5 % on clean white", grainless(255).lay(letter(t).mirrored().blurred(2), 13), true},
		{"show-through of 25 % on clean white", grainless(255).lay(letter(t).mirrored().blurred(2), 64), true},
		{"show-through in sixteen greys", paper(250).lay(letter(t).mirrored().blurred(2), 40).rounded(17), true},
		{"a letter of 12 % contrast in sixteen greys", paper(250).lay(letter(t), 31).rounded(17), false},
		{"fibres of recycled paper", paper(225).lay(fibres(), 22), true},
		{"one page number", paper(240).lay(drawing().text(t, 600, 1650, 10, "- 2 -"), 200), false},
		{"one word", paper(240).lay(drawing().text(t, 600, 500, 10, "siehe"), 160), false},
		{"a letter", paper(240).lay(letter(t), 200), false},
		{"a round stamp near the edge", paper(240).lay(drawing().disc(150, 200, 90), 120), false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			raw, err := os.ReadFile(file(t, tc.page))
			if err != nil {
				t.Fatal(err)
			}
			page, _, err := decode(raw, "image/png", 0, true)
			if err != nil {
				t.Fatal(err)
			}
			defer page.close()
			looks, err := look(page, 150)
			if err != nil {
				t.Fatal(err)
			}
			defer looks.close()
			if got, _, err := looks.blank(); err != nil || got != tc.blank {
				t.Errorf("blank is %v, ink %.5f, %v", got, looks.dark.share(), err)
			}
		})
	}
}

func TestBlankPagesAreSetAside(t *testing.T) {
	r := room(t, nil)
	empty, full := file(t, paper(240)), pipelinetest.Corpus(t, phototest)
	doc, texts := read(t, r, "eng", empty, full, empty)
	for i, want := range []bool{true, false, true} {
		p := doc.Pages[i]
		if p.Blank != want || p.Reading == nil || (p.Reading.Count == 0) != want || (p.Ink > 0.01) == want {
			t.Errorf("page %d: blank is %v, ink %.5f, reading %+v", i+1, p.Blank, p.Ink, p.Reading)
		}
	}
	if texts[0].Words == nil || texts[0].Width == 0 {
		t.Errorf("the words of a blank page are %+v", texts[0])
	}
	if len(doc.Remarks) != 0 {
		t.Errorf("remarks %+v", doc.Remarks)
	}
	doc, _ = read(t, r, "eng", empty, empty)
	if len(doc.Remarks) != 1 || doc.Remarks[0].Code != "all-blank" || doc.Remarks[0].Text.DE == "" {
		t.Errorf("remarks %+v", doc.Remarks)
	}
}

func TestRealScanWithAFewLinesIsNotBlank(t *testing.T) {
	doc, _ := read(t, room(t, nil), "eng", pipelinetest.Corpus(t, "scans/notblank.jpg"))
	if p := doc.Pages[0]; p.Blank || p.Reading.Count < 20 {
		t.Errorf("blank is %v, %d words", p.Blank, p.Reading.Count)
	}
}

// TestRealBlankScan takes a scanned sheet whose corners have leftovers of print
// (which make it not blank, rightly) and looks at what is between.
func TestRealBlankScan(t *testing.T) {
	raw, err := os.ReadFile(pipelinetest.Corpus(t, "scans/blank1.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	inner := image.NewGray(image.Rect(0, 0, 2240, 2900))
	draw.Draw(inner, inner.Bounds(), m, image.Pt(155, 200), draw.Src)
	doc, _ := read(t, room(t, nil), "eng", file(t, inner))
	if p := doc.Pages[0]; !p.Blank {
		t.Errorf("not blank: ink %.5f, %d words", p.Ink, p.Reading.Count)
	}
	if doc.Pages[0].Reading.Confidence != 0 || len(doc.Remarks) != 1 || doc.Remarks[0].Step != pipeline.StepRead {
		t.Errorf("reading %+v, remarks %+v", doc.Pages[0].Reading, doc.Remarks)
	}
}
