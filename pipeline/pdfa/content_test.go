package pdfa

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// inkedFrame draws an upright, straight page with a black bar for each word.
func inkedFrame(width, height int, words []pipeline.Word) *image.Gray {
	frame := image.NewGray(image.Rect(0, 0, width, height))
	for i := range frame.Pix {
		frame.Pix[i] = 255
	}
	for _, w := range words {
		for y := w.Box.Y0; y < w.Box.Y1; y++ {
			for x := w.Box.X0; x < w.Box.X1; x++ {
				frame.SetGray(x, y, color.Gray{})
			}
		}
	}
	return frame
}

// asScanned undoes on pixels what a reading says has to be done to a picture: it
// rotates the frame anticlockwise by skew about its centre, then turns it
// anticlockwise in steps of 90 degrees.
func asScanned(frame *image.Gray, turn int, skew float64) *image.Gray {
	b := frame.Bounds()
	out := image.NewGray(b)
	rad := skew * math.Pi / 180
	cx, cy := float64(b.Dx())/2, float64(b.Dy())/2
	for y := range b.Dy() {
		for x := range b.Dx() {
			// A pixel of the scan is what the frame shows where a clockwise rotation
			// takes it.
			dx, dy := float64(x)+0.5-cx, float64(y)+0.5-cy
			fx, fy := cx+dx*math.Cos(rad)-dy*math.Sin(rad), cy+dx*math.Sin(rad)+dy*math.Cos(rad)
			v := color.Gray{Y: 255}
			if p := image.Pt(int(math.Floor(fx)), int(math.Floor(fy))); p.In(b) {
				v = frame.GrayAt(p.X, p.Y)
			}
			out.SetGray(x, y, v)
		}
	}
	for ; turn > 0; turn -= 90 {
		b := out.Bounds()
		turned := image.NewGray(image.Rect(0, 0, b.Dy(), b.Dx()))
		for y := range b.Dy() {
			for x := range b.Dx() {
				turned.SetGray(y, b.Dx()-1-x, out.GrayAt(x, y))
			}
		}
		out = turned
	}
	return out
}

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// render draws the pages of a file with poppler and fails if it complains.
func render(t testing.TB, path string, dpi float64) []image.Image {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), pipelinetest.Program(t, "pdftoppm"), "-png", "-r", fmt.Sprint(dpi), path, filepath.Join(dir, "p"))
	if log, err := cmd.CombinedOutput(); err != nil || len(log) > 0 {
		t.Fatalf("rendering: %v: %s", err, log)
	}
	names, err := filepath.Glob(filepath.Join(dir, "p*"))
	if err != nil {
		t.Fatal(err)
	}
	var pages []image.Image
	for _, name := range names {
		img, err := png.Decode(bytes.NewReader(readTest(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, img)
	}
	return pages
}

// wordBox is a word as a PDF reader finds it, in points from the top left.
type wordBox struct {
	XMin float64 `xml:"xMin,attr"`
	YMin float64 `xml:"yMin,attr"`
	XMax float64 `xml:"xMax,attr"`
	YMax float64 `xml:"yMax,attr"`
	Text string  `xml:",chardata"`
}

// readWordBoxes gives the words of each page.
func readWordBoxes(t testing.TB, path string) [][]wordBox {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), pipelinetest.Program(t, "pdftotext"), "-raw", "-bbox", path, "-").Output()
	if err != nil {
		t.Fatalf("reading words: %v", err)
	}
	var doc struct {
		Pages []struct {
			Words []wordBox `xml:"word"`
		} `xml:"body>doc>page"`
	}
	if err := xml.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	var pages [][]wordBox
	for _, p := range doc.Pages {
		pages = append(pages, p.Words)
	}
	return pages
}

func frameWord(text string, x0, y0, x1, y1, line int) pipeline.Word {
	return pipeline.Word{Text: text, Box: pipeline.Box{X0: x0, Y0: y0, X1: x1, Y1: y1}, Base: y1, Line: line, Par: line}
}

// TestWordsLieOnTheirInk writes pages scanned at every turn and at some skews,
// renders them, and looks for the ink where the words say it is.
func TestWordsLieOnTheirInk(t *testing.T) {
	const width, height = 600, 840
	words := []pipeline.Word{
		frameWord("oben", 60, 80, 200, 110, 0),
		frameWord("links", 300, 80, 340, 110, 0),
		frameWord("Mitte", 250, 400, 420, 440, 1),
		frameWord("unten", 420, 760, 560, 800, 2),
	}
	var names []string
	var leaves []Leaf
	for _, imageTurn := range []int{0, 90, 180, 270} {
		for _, turn := range []int{0, 90, 180, 270} {
			for _, skew := range []float64{0, 0.7, -2.5, 5} {
				scan := asScanned(inkedFrame(width, height, words), (imageTurn+turn)%360, skew)
				leaf := Leaf{
					WidthPt: width / 2, HeightPt: height / 2, Turn: turn, Skew: skew,
					Image: pipeline.Image{Width: scan.Rect.Dx(), Height: scan.Rect.Dy(), Turn: imageTurn},
					Text:  &pipeline.PageText{Width: width, Height: height, Words: words},
					Open:  openBytes(encodePNG(t, scan)),
				}
				if turn%180 != 0 {
					leaf.WidthPt, leaf.HeightPt = leaf.HeightPt, leaf.WidthPt
				}
				names = append(names, fmt.Sprintf("turn %d+%d skew %g", imageTurn, turn, skew))
				leaves = append(leaves, leaf)
			}
		}
	}
	path := keep(t, t.TempDir(), "pages.pdf", writeTest(t, claim2u, testMeta(), leaves...))
	pages, boxes := render(t, path, 144), readWordBoxes(t, path) // two pixels a point: a pixel of the frame each
	if len(pages) != len(leaves) || len(boxes) != len(leaves) {
		t.Fatalf("%d and %d pages, want %d", len(pages), len(boxes), len(leaves))
	}
	for i, name := range names {
		if got := pages[i].Bounds(); got.Dx() != width || got.Dy() != height {
			t.Fatalf("%s: rendered as %v", name, got)
		}
		checkInk(t, name, pages[i], words)
		checkBoxes(t, name, boxes[i], words)
	}
}

// checkInk wants black inside each word's box and white around it, with two
// pixels of leeway for the resampling of a rotated picture.
func checkInk(t *testing.T, name string, page image.Image, words []pipeline.Word) {
	t.Helper()
	const leeway = 2
	dark := func(x, y int) bool { return color.GrayModel.Convert(page.At(x, y)).(color.Gray).Y < 128 }
	for _, w := range words {
		b := w.Box
		for _, p := range []image.Point{{b.X0 + leeway, b.Y0 + leeway}, {b.X1 - 1 - leeway, b.Y0 + leeway}, {b.X0 + leeway, b.Y1 - 1 - leeway}, {b.X1 - 1 - leeway, b.Y1 - 1 - leeway}} {
			if !dark(p.X, p.Y) {
				t.Errorf("%s: no ink at %v, inside %q", name, p, w.Text)
			}
		}
		for _, p := range []image.Point{{b.X0 - leeway, b.Y0 - leeway}, {b.X1 + leeway, b.Y0 - leeway}, {b.X0 - leeway, b.Y1 + leeway}, {b.X1 + leeway, b.Y1 + leeway}} {
			if dark(p.X, p.Y) {
				t.Errorf("%s: ink at %v, outside %q", name, p, w.Text)
			}
		}
	}
}

// checkBoxes wants the words of a file at the left and right edges of their ink.
func checkBoxes(t *testing.T, name string, got []wordBox, want []pipeline.Word) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d words, want %d: %v", name, len(got), len(want), got)
		return
	}
	for i, w := range want {
		g := got[i]
		if g.Text != w.Text || math.Abs(g.XMin-float64(w.Box.X0)/2) > 0.03 || math.Abs(g.XMax-float64(w.Box.X1)/2) > 0.03 ||
			g.YMin > float64(w.Box.Y0)/2 || g.YMax < float64(w.Box.Y1)/2 {
			t.Errorf("%s: %+v, want %q over %+v", name, g, w.Text, w.Box)
		}
	}
}

func TestPagesOfUnevenResolutionAreRotatedInTheirPixels(t *testing.T) {
	// A fax has half as many pixels down as across. The frame keeps them.
	const width, height = 600, 420
	words := []pipeline.Word{frameWord("Fax", 40, 30, 160, 50, 0), frameWord("Ende", 420, 370, 560, 390, 1)}
	scan := asScanned(inkedFrame(width, height, words), 0, 3)
	path := keep(t, t.TempDir(), "fax.pdf", writeTest(t, claim2u, testMeta(), Leaf{
		WidthPt: 300, HeightPt: 420, Skew: 3, Image: pipeline.Image{Width: width, Height: height},
		Text: &pipeline.PageText{Width: width, Height: height, Words: words}, Open: openBytes(encodePNG(t, scan)),
	}))
	for i := range words { // to the pixels of the rendering
		words[i].Box.Y0 *= 2
		words[i].Box.Y1 *= 2
	}
	checkInk(t, "fax", render(t, path, 144)[0], words)
	checkBoxes(t, "fax", readWordBoxes(t, path)[0], words)
}

// rawText is what a reader finds that goes by the order of the content.
func rawText(t testing.TB, path string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), pipelinetest.Program(t, "pdftotext"), "-raw", path, "-").Output()
	if err != nil {
		t.Fatalf("reading text: %v", err)
	}
	// poppler puts marks of direction around Hebrew and Arabic itself.
	return strings.Fields(strings.NewReplacer("\u202b", "", "\u202c", "").Replace(string(out)))
}

// layLines sets words into lines, as a page has them.
func layLines(texts []string) *pipeline.PageText {
	text := &pipeline.PageText{Width: 2480, Height: 3508, DPI: 300}
	x, y, line := 200, 200, 0
	for _, s := range texts {
		width := 25 * max(len([]rune(s)), 1)
		if x+width > 2300 {
			x, y, line = 200, y+60, line+1
		}
		text.Words = append(text.Words, pipeline.Word{
			Text: s, Box: pipeline.Box{X0: x, Y0: y, X1: x + width, Y1: y + 40}, Base: y + 32, Line: line, Par: line / 5, Conf: 0.9,
		})
		x += width + 12
	}
	return text
}

func blankLeaf(t testing.TB, text *pipeline.PageText) Leaf {
	return Leaf{
		WidthPt: 595.2, HeightPt: 841.92, Image: pipeline.Image{Width: 8, Height: 8}, Text: text,
		Open: openBytes(encodePNG(t, image.NewGray(image.Rect(0, 0, 8, 8)))),
	}
}

func TestWordsComeOutAsTheyWentIn(t *testing.T) {
	tests := []struct {
		name     string
		in, want []string // nil: as they went in
	}{
		{name: "German", in: strings.Fields("Sehr geehrte Damen und Herren, § 5 Abs. 1 der Satzung über die Größe von Müllgefäßen – 1.234,56 € (brutto) – gilt für alle. „Zitat“ a 1 . ß")},
		{name: "single characters", in: strings.Fields("§ € 1 . - a I | , ; x")},
		{name: "ligatures", in: []string{"oﬃziell", "ﬁnden", "Auﬂage", "Œuvre"}},
		{name: "combining marks", in: []string{"nai\u0308f", "e\u0301", "Z\u030c\u0323"}},
		{name: "astral", in: []string{"😀", "a𝒳b", "𠮷野家", "𝟙𝟚"}},
		{name: "Hebrew", in: []string{"שלום", "עולם", "בְּרֵאשִׁית"}},
		{name: "Arabic", in: []string{"مرحبا", "بالعالم"}},
		{name: "CJK", in: []string{"市役所", "日本語", "한국어", "汉字。"}},
		{name: "PDF's own signs", in: []string{"(a)", `\n`, "<x>", "[y]", "/Name", "%", "<<", ">>", "stream", "endobj"}},
		{name: "what has no place in a text layer",
			in:   []string{"a\x00b", "\ufeffBOM", "x\ufffey", "\x07", "z\u200e", "bad\xff", "\u202eumkehr", "privat\ue000", ""},
			want: []string{"ab", "BOM", "xy", "z", "bad", "umkehr", "privat\ufffd"}},
		{name: "blanks inside a word", in: []string{"a b", "\u00a0c\u00a0", "1\u202f000"}, want: []string{"a", "b", "c", "1", "000"}},
	}
	dir := t.TempDir()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want == nil {
				want = tt.in
			}
			path := keep(t, dir, "text.pdf", writeTest(t, claim2u, testMeta(), blankLeaf(t, layLines(tt.in))))
			if got := rawText(t, path); !slices.Equal(got, want) {
				t.Errorf("got  %+q\nwant %+q", got, want)
			}
		})
	}
}

func TestWordsThatTouchStayApart(t *testing.T) {
	texts := []string{"ab", "m", "c.", "§", "Wort", "x"}
	for _, width := range []int{1, 5, 30, 200, 600} {
		for _, step := range []int{0, 1, 3, width - 3, width, width + 1, width + 5, width + 30} {
			text := &pipeline.PageText{Width: 2480, Height: 3508}
			for i, s := range texts {
				x := 100 + i*max(step, 0)
				text.Words = append(text.Words, pipeline.Word{Text: s, Box: pipeline.Box{X0: x, Y0: 500, X1: x + width, Y1: 545}, Base: 540})
			}
			path := keep(t, t.TempDir(), "touch.pdf", writeTest(t, claim2u, testMeta(), blankLeaf(t, text)))
			if got := rawText(t, path); !slices.Equal(got, texts) {
				t.Errorf("width %d, step %d: got %q", width, step, got)
			}
		}
	}
}

func TestWordsOutsideThePageAreFound(t *testing.T) {
	text := &pipeline.PageText{Width: 2480, Height: 3508}
	var want []string
	for i, at := range []image.Point{{-500, 100}, {2470, 300}, {2480, 500}, {1 << 40, 700}, {300, -80}, {300, 3500}, {900, 1 << 40}, {-1 << 40, -1 << 40}} {
		s := fmt.Sprintf("Wort%d", i)
		want = append(want, s)
		text.Words = append(text.Words, pipeline.Word{Text: s, Box: pipeline.Box{X0: at.X, Y0: at.Y, X1: at.X + 100, Y1: at.Y + 40}, Base: at.Y + 33, Line: i})
	}
	path := keep(t, t.TempDir(), "outside.pdf", writeTest(t, claim2u, testMeta(), blankLeaf(t, text)))
	if got := rawText(t, path); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSlopingLinesFollowTheirBaseline(t *testing.T) {
	text := &pipeline.PageText{Width: 2480, Height: 3508}
	for i := range 8 { // rises by 10 in 100
		x, y := 200+250*i, 1000-25*i
		text.Words = append(text.Words, pipeline.Word{Text: fmt.Sprintf("w%d", i), Box: pipeline.Box{X0: x, Y0: y - 60, X1: x + 200, Y1: y + 5}, Base: y})
	}
	path := keep(t, t.TempDir(), "slope.pdf", writeTest(t, claim2u, testMeta(), blankLeaf(t, text)))
	boxes := readWordBoxes(t, path)[0]
	if len(boxes) != 8 {
		t.Fatalf("%d words, want 8: %v", len(boxes), boxes)
	}
	const scale = 595.2 / 2480
	for i, b := range boxes {
		if want := text.Words[i].Box; math.Abs(b.XMin-float64(want.X0)*scale) > 0.03 || math.Abs(b.XMax-float64(want.X1)*scale) > 0.03 ||
			b.YMin > float64(want.Y0)*scale || b.YMax < float64(want.Y1)*scale {
			t.Errorf("%+v, want about %+v", b, want)
		}
	}
}

func FuzzContentText(f *testing.F) {
	f.Add("Wort § שלום \x00", 10, 20, 30, 40, 35, 2.0)
	f.Add("a", -5, 900000, 4, -1, 0, 14400.0)
	f.Fuzz(func(t *testing.T, s string, x0, y0, x1, y1, base int, width float64) {
		if !(width >= minSide && width <= maxSide) {
			return
		}
		var b bytes.Buffer
		frame := contentFrame{Width: 100, Height: 200, WidthPt: width, HeightPt: width}
		text := &pipeline.PageText{}
		for i, part := range strings.Split(s, " ") {
			text.Words = append(text.Words, pipeline.Word{Text: part, Box: pipeline.Box{X0: x0 + i, Y0: y0, X1: x1 + 2*i, Y1: y1}, Base: base, Line: i / 2, Par: i / 3})
		}
		if _, err := contentText(&b, newFontCodes(), "F0", text, frame); err != nil {
			t.Fatal(err)
		}
		for _, op := range strings.Fields(b.String()) {
			if strings.Contains(op, "NaN") || strings.Contains(op, "Inf") || strings.ContainsAny(op, "eE") && strings.ContainsAny(op, ".") {
				t.Fatalf("%q is no number for PDF", op)
			}
		}
		if n := strings.Count(b.String(), "BDC"); n != strings.Count(b.String(), "EMC") || n != strings.Count(b.String(), "BT\n") || n != strings.Count(b.String(), "ET\n") {
			t.Fatal("unbalanced marks")
		}
	})
}
