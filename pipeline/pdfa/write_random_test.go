package pdfa

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

var (
	randomFiles = flag.Int("random", 200, "how many random files TestRandomFilesPassTheReferee writes")
	randomSeed  = flag.Uint64("random-seed", 2, "where their randomness starts")
)

// randomPicture draws a picture of a random kind in a random format.
func randomPicture(t testing.TB, r *rand.Rand) (raw []byte, width, height int, kind string) {
	t.Helper()
	width, height = 1+r.IntN(120), 1+r.IntN(120)
	bounds := image.Rect(0, 0, width, height)
	noise := func(pix []byte) {
		for i := range pix {
			if pix[i] = byte(r.Uint32()); r.IntN(3) > 0 && i > 0 {
				pix[i] = pix[i-1]
			}
		}
	}
	palette := func(n int) color.Palette {
		p := make(color.Palette, n)
		for i := range p {
			p[i] = color.NRGBA{R: byte(r.Uint32()), G: byte(r.Uint32()), B: byte(r.Uint32()), A: byte(255 - r.IntN(2)*r.IntN(256))}
		}
		return p
	}
	var img image.Image
	kinds := []string{"bitonal", "grey", "grey16", "rgb", "rgba", "rgba16", "palette", "two colours"}
	kind = kinds[r.IntN(len(kinds))]
	switch kind {
	case "bitonal", "two colours", "palette":
		p := color.Palette{color.Gray{Y: 255}, color.Gray{}}
		if kind == "two colours" {
			p = palette(2)
		} else if kind == "palette" {
			p = palette(1 + r.IntN(256))
		}
		m := image.NewPaletted(bounds, p)
		for i := range m.Pix {
			m.Pix[i] = byte(r.IntN(len(p)))
		}
		img = m
	case "grey":
		m := image.NewGray(bounds)
		noise(m.Pix)
		img = m
	case "grey16":
		m := image.NewGray16(bounds)
		noise(m.Pix)
		img = m
	case "rgb", "rgba":
		m := image.NewNRGBA(bounds)
		noise(m.Pix)
		for i := 3; kind == "rgb" && i < len(m.Pix); i += 4 {
			m.Pix[i] = 255
		}
		img = m
	case "rgba16":
		m := image.NewNRGBA64(bounds)
		noise(m.Pix)
		img = m
	}
	var b bytes.Buffer
	var err error
	switch format := r.IntN(10); {
	case format < 5:
		kind += " png"
		err = png.Encode(&b, img)
	case format < 7:
		kind += " jpeg"
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 1 + r.IntN(100)})
	case format == 7 && width > 1 && height > 1:
		kind += " gif"
		err = gif.Encode(&b, img, nil)
	case format == 8:
		kind += " bmp"
		err = bmp.Encode(&b, img)
	default:
		kind += " tiff"
		err = tiff.Encode(&b, img, &tiff.Options{Compression: tiff.Deflate, Predictor: true})
	}
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return b.Bytes(), width, height, kind
}

// randomRunes are where the characters of random words come from: mostly what
// German letters hold, sometimes anything.
var randomRunes = [][2]rune{
	{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'!', '/'}, {0xc0, 0x17f}, {0x2010, 0x2044}, {0x20a0, 0x20bf},
	{0, 0x1f}, {0x300, 0x36f}, {0x590, 0x6ff}, {0x2000, 0x200f}, {0x3040, 0x30ff}, {0x4e00, 0x9fff},
	{0xe000, 0xf8ff}, {0xfb00, 0xfb06}, {0xfdd0, 0xfdef}, {0xfe70, 0xffff}, {0x1d400, 0x1d7ff}, {0x1f300, 0x1f6ff}, {0x10fff0, 0x10ffff},
}

func randomWord(r *rand.Rand) string {
	kinds := 4
	if r.IntN(4) == 0 {
		kinds = len(randomRunes)
	}
	word := make([]rune, r.IntN(12))
	for i := range word {
		span := randomRunes[r.IntN(kinds)]
		word[i] = span[0] + r.Int32N(span[1]-span[0]+1)
	}
	return string(word)
}

func randomText(r *rand.Rand, width, height int) *pipeline.PageText {
	text := &pipeline.PageText{Width: width, Height: height, DPI: 300}
	for i := range r.IntN(60) {
		x, y := r.IntN(width+10)-5, r.IntN(height+10)-5
		text.Words = append(text.Words, pipeline.Word{
			Text: randomWord(r), Box: pipeline.Box{X0: x, Y0: y, X1: x + r.IntN(40) - 1, Y1: y + r.IntN(20) - 1},
			Base: y + r.IntN(30) - 5, Line: i / (1 + r.IntN(8)), Par: i / (1 + r.IntN(20)),
		})
	}
	return text
}

func randomLeaf(t testing.TB, r *rand.Rand) (Leaf, string) {
	raw, width, height, kind := randomPicture(t, r)
	side := func() float64 { // log-uniform over all that is allowed
		return math.Exp(r.Float64()*math.Log(maxSide/minSide)) * minSide
	}
	leaf := Leaf{
		WidthPt: side(), HeightPt: side(), Turn: 90 * r.IntN(4), Open: openBytes(raw),
		Image: pipeline.Image{Width: width, Height: height, Turn: 90 * r.IntN(4)},
	}
	if r.IntN(2) == 0 {
		leaf.Skew = r.Float64()*30 - 15
	}
	if r.IntN(5) > 0 {
		leaf.Text = randomText(r, 1+r.IntN(3000), 1+r.IntN(3000))
	}
	return leaf, kind
}

func randomMeta(r *rand.Rand) Meta {
	languages := []string{"deu+eng", "de-DE", "", "frk", "chi_sim", "nonsense!", "eng", "deu_latf"}
	m := Meta{
		Title: randomWord(r) + " " + randomWord(r), Language: languages[r.IntN(len(languages))],
		Created: time.Unix(r.Int64N(4e9), r.Int64N(1e9)), Document: pipeline.DocID(randomWord(r)),
	}
	if r.IntN(2) == 0 {
		m.Engine, m.Words, m.Confidence = "tesseract "+randomWord(r), r.IntN(1000), r.Float64()
		m.SourceDigest, m.SourcePages, m.Journal, m.Author = pipeline.Digest(randomWord(r)), randomWord(r), randomWord(r), randomWord(r)
	}
	return m
}

func TestRandomFilesPassTheReferee(t *testing.T) {
	pipelinetest.Program(t, "verapdf")
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(*randomSeed, 19005))
	kinds := map[string]int{}
	var paths []string
	for i := range *randomFiles {
		leaves := make([]Leaf, 1+r.IntN(3))
		for j := range leaves {
			var kind string
			leaves[j], kind = randomLeaf(t, r)
			kinds[kind]++
		}
		paths = append(paths, keep(t, dir, fmt.Sprintf("%d.pdf", i), writeTest(t, claim2u, randomMeta(r), leaves...)))
	}
	for path, v := range pdfatest.Verdicts(t, "2u", paths...) {
		if !v.Valid {
			t.Errorf("%s breaks %v", filepath.Base(path), v.Rules)
		}
	}
	t.Logf("%d files of %d kinds of picture: %v", len(paths), len(kinds), kinds)
}

// TestTagsKeepTheHigherRules lets files claim what only a person may promise, to
// see that the machine has no objection.
func TestTagsKeepTheHigherRules(t *testing.T) {
	for flavour, claim := range map[string]xmpClaim{
		"2a":  {Part: 2, Level: "A"},
		"ua1": {Part: 2, Level: "U", UA: true},
	} {
		t.Run(flavour, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 14289))
			dir := t.TempDir()
			var paths []string
			for i := range 12 {
				leaf, _ := randomLeaf(t, r)
				second, _ := randomLeaf(t, r)
				meta := randomMeta(r)
				meta.Title = "Bescheid"
				paths = append(paths, keep(t, dir, fmt.Sprintf("%d.pdf", i), writeTest(t, claim, meta, leaf, second)))
			}
			for path, v := range pdfatest.Verdicts(t, flavour, paths...) {
				if !v.Valid {
					t.Errorf("%s breaks %v", filepath.Base(path), v.Rules)
				}
			}
		})
	}
}

func TestTheRefereeSeesDamage(t *testing.T) {
	// A check that cannot fail is none: what the writer takes care of is undone.
	whole := writeTest(t, claim2u, testMeta(), blankLeaf(t, layLines([]string{"Wort"})))
	dir := t.TempDir()
	want := map[string]string{}
	for name, change := range map[string][3]string{
		"version":  {"%PDF-1.7", "%PDF-2.0", "6.1.2-1"},
		"length":   {"/N 3 /Filter /FlateDecode /Length 2", "/N 3 /Filter /FlateDecode /Length 1", "6.1.7.1-1"},
		"identity": {"/ID [", "/IX [", "6.1.3-1"},
		"part":     {"<pdfaid:part>2", "<pdfaid:part>3", "6.6.4-2"},
		"intent":   {"GTS_PDFA1", "GTS_PDFX1", "6.2.4.3-4"},
		"property": {"<bw:engine>", "<bw:motor1>", "6.6.2.3.1-1"},
		"mapping":  {"/CIDToGIDMap ", "/CIDToGIDMop ", "6.2.11.3.2-1"},
	} {
		if !bytes.Contains(whole, []byte(change[0])) {
			t.Fatalf("%s: %q is not in the file", name, change[0])
		}
		damaged := bytes.ReplaceAll(whole, []byte(change[0]), []byte(change[1]))
		damaged = bytes.ReplaceAll(damaged, []byte("</bw:engine>"), []byte(map[bool]string{true: "</bw:motor1>", false: "</bw:engine>"}[name == "property"]))
		want[keep(t, dir, name+".pdf", damaged)] = change[2]
	}
	var paths []string
	for path := range want {
		paths = append(paths, path)
	}
	for path, v := range pdfatest.Verdicts(t, "2u", paths...) {
		if v.Valid || !slices.Contains(v.Rules, want[path]) {
			t.Errorf("%s: valid %t, breaks %v, want %s", filepath.Base(path), v.Valid, v.Rules, want[path])
		}
	}
}
