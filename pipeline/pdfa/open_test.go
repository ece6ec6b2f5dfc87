package pdfa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestOpenTakesPicturesAsTheyAre states what the first page of each file is.
func TestOpenTakesPicturesAsTheyAre(t *testing.T) {
	r := testRoom(t, nil)
	for file, want := range map[string]string{
		"scans/c02-22.pdf":                           "embedded image/jpeg 800x981 colour turn 0",
		"scans/francais.pdf":                         "embedded image/jpeg 900x900 grey turn 0",
		"scans/lichtenstein.pdf":                     "embedded image/jp2 512x512 grey turn 0",
		"scans/rotated.pdf":                          "embedded image/jpeg 2200x1700 grey turn 0",
		"scans/ccitt.pdf":                            "decoded image/png 2550x3300 bitonal turn 0",
		"scans/epson.pdf":                            "decoded image/png 2480x3507 bitonal turn 0",
		"scans/palette.pdf":                          "decoded image/png 640x682 colour turn 0",
		"scans/graph.pdf":                            "decoded image/png 958x400 colour turn 0",
		"scans/cardinal.pdf":                         "decoded image/png 2550x3300 bitonal turn 0", // JBIG2
		"scans/aspect.pdf":                           "rendered image/png 1000x800 colour turn 0",  // a soft mask
		"pdf-torture/ccitt4-cib-test.pdf":            "rendered image/png 1679x2376 grey turn 0",   // does not fill the page
		"barcodes/patch-code-t.pdf":                  "decoded image/png 1654x2339 bitonal turn 0",
		"pdf-torture/type3_font_nomapping.pdf":       "rendered image/png 1255x749 grey turn 0", // its text means nothing
		"signed/pdf-signed-original.pdf":             "rendered image/png 2479x3508 colour turn 0",
		"german/koma_letter-0.pdf":                   "text",
		"german/Hinweisblatt_Prozesskostenhilfe.pdf": "text",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			var b pipelinetest.Blobs
			path := pipelinetest.Corpus(t, file)
			doc, err := r.Open(t.Context(), deliver(t, &b, path), &b)
			if err != nil {
				t.Fatal(err)
			}
			p := doc.Pages[0]
			got := "text"
			if p.Image.Digest != "" {
				got = fmt.Sprintf("%s %s %dx%d %s turn %d", p.Origin, p.Image.Media, p.Image.Width, p.Image.Height, p.Image.Model, p.Image.Turn)
			} else if n := len(pageWords(t, &b, p).Words); n < 5 {
				t.Errorf("only %d words", n)
			}
			if got != want {
				t.Fatalf("page 1 is %q, want %q", got, want)
			}
			if p.Origin == pipeline.OriginEmbedded &&
				!bytes.Contains(blobBytes(t, &b, doc.Delivery.Original.Digest), blobBytes(t, &b, p.Image.Digest)) {
				t.Error("the picture is not byte for byte in the file")
			}
		})
	}
}

func TestOpenFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		file   string
		raw    []byte
		change func(*Config)
		want   string
	}{
		"password":    {file: "pdf-torture/password-is-test.pdf", want: "ask-person encrypted 0"},
		"aes 256":     {file: "pdf-torture/encrypted_version5_revision6_256bit_aes_user_pass_apples_enc_metadata.pdf", want: "ask-person encrypted 0"},
		"rc4 40":      {file: "pdf-torture/encrypted_version1_revision2_40bit_rc4_user_pass_apples.pdf", want: "ask-person encrypted 0"},
		"zero bytes":  {file: "pdf-torture/empty.pdf", want: "give-back empty 0"},
		"only header": {file: "pdf-torture/invalid.pdf", want: "give-back broken-pdf 0"},
		"no root":     {file: "pdf-torture/qpdf/issue-100.pdf", want: "give-back broken-pdf 0"},
		"plain text":  {raw: []byte("Sehr geehrte Damen und Herren\n"), want: "give-back broken-pdf 0"},
		"xfa": {raw: makePDF("<</Type/Catalog/Pages 2 0 R/NeedsRendering true/AcroForm<</Fields[]/XFA 4 0 R>>>>",
			"<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>", streamObject("", "<xdp/>")),
			want: "ask-person xfa 0"},
		"too long": {file: "pdf-torture/large-file.pdf", change: func(c *Config) { c.MaxPages = 36 }, want: "give-back too-many-pages 0"},
		"a picture too large": {raw: onePage("/MediaBox[0 0 595 842]/Resources<</XObject<</I 5 0 R>>>>", "q 595 0 0 842 0 0 cm /I Do Q",
			streamObject("/Type/XObject/Subtype/Image/Width 35000/Height 35000/BitsPerComponent 8/ColorSpace/DeviceGray", "x")),
			want: "give-back too-many-pixels 1"},
		"missing program": {file: "scans/ccitt.pdf", change: func(c *Config) { c.Pdftotext = "no-such-program" }, want: "try-again missing-program 0"},
	} {
		t.Run(name, func(t *testing.T) {
			var b pipelinetest.Blobs
			var doc pipeline.Document
			if tc.raw != nil {
				doc = deliverBytes(t, &b, tc.raw)
			} else {
				doc = deliver(t, &b, pipelinetest.Corpus(t, tc.file))
			}
			_, err := testRoom(t, tc.change).Open(t.Context(), doc, &b)
			var f *pipeline.Fault
			if !errors.As(err, &f) {
				t.Fatalf("error is %v, not a fault", err)
			}
			if got := fmt.Sprintf("%s %s %d", f.Verdict, f.Code, f.Page); got != tc.want {
				t.Fatalf("fault is %q, want %q (%v)", got, tc.want, err)
			}
			if f.Text.DE == "" || f.Text.EN == "" {
				t.Error("the clerk gets no words")
			}
		})
	}
}

// TestOpenBoundsHostileFiles feeds files that ask for more than anyone has.
func TestOpenBoundsHostileFiles(t *testing.T) {
	bomb := streamObject("/Filter[/ASCIIHexDecode/RunLengthDecode/RunLengthDecode]", strings.Repeat("81208120", 1<<18)+">")
	for name, raw := range map[string][]byte{
		"content that grows": makePDF("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>", bomb),
		"a page tree that turns on itself": makePDF("<</Type/Catalog/Pages 2 0 R>>",
			"<</Type/Pages/Kids[2 0 R 3 0 R 2 0 R]/Count 900000000>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>"),
		"a form that draws itself": onePage("/MediaBox[0 0 612 792]/Resources<</XObject<</X 5 0 R>>>>", "/X Do",
			streamObject("/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</XObject<</X 5 0 R>>>>", "/X Do /X Do")),
		"deep arrays": onePage("/MediaBox[0 0 612 792]", strings.Repeat("[", 200_000)),
		"a huge page": onePage("/MediaBox[0 0 2000000 2000000]", "0 0 100 100 re f"),
	} {
		t.Run(name, func(t *testing.T) {
			r := testRoom(t, func(c *Config) { c.Deadline = 20 * time.Second; c.Memory = 600 << 20 })
			var b pipelinetest.Blobs
			doc, err := r.Open(t.Context(), deliverBytes(t, &b, raw), &b)
			var f *pipeline.Fault
			if err != nil && !errors.As(err, &f) {
				t.Fatalf("error is %v, not a fault", err)
			}
			if err == nil && len(doc.Pages) != 1 {
				t.Fatalf("%d pages", len(doc.Pages))
			}
		})
	}
}

// TestOpenSamples decodes pictures made of known samples, in every layout that
// is taken without loss, and compares each pixel with what a viewer shows.
func TestOpenSamples(t *testing.T) {
	rows := func(bytesPerRow int) string {
		var b strings.Builder
		for y := range 40 {
			for x := range bytesPerRow {
				b.WriteByte(byte(37*x + 91*y + x*y))
			}
		}
		return b.String()
	}
	for name, tc := range map[string]struct {
		dict string
		data string
		want string
	}{
		"1 bit":          {"/BitsPerComponent 1/ColorSpace/DeviceGray", rows(4), "bitonal"},
		"1 bit inverted": {"/BitsPerComponent 1/ColorSpace/DeviceGray/Decode[1 0]", rows(4), "bitonal"},
		"stencil":        {"/BitsPerComponent 1/ImageMask true", rows(4), "bitonal"},
		"2 bits":         {"/BitsPerComponent 2/ColorSpace/DeviceGray", rows(8), "grey"},
		"4 bits":         {"/BitsPerComponent 4/ColorSpace/DeviceGray", rows(16), "grey"},
		"grey":           {"/BitsPerComponent 8/ColorSpace/DeviceGray", rows(32), "grey"},
		"grey inverted":  {"/BitsPerComponent 8/ColorSpace/DeviceGray/Decode[1 0]", rows(32), "grey"},
		"rgb":            {"/BitsPerComponent 8/ColorSpace/DeviceRGB", rows(96), "colour"},
		"black, white":   {"/BitsPerComponent 1/ColorSpace[/Indexed/DeviceRGB 1<000000FFFFFF>]", rows(4), "bitonal"},
		"white, black":   {"/BitsPerComponent 1/ColorSpace[/Indexed/DeviceGray 1<FF00>]", rows(4), "bitonal"},
		"palette":        {"/BitsPerComponent 2/ColorSpace[/Indexed/DeviceRGB 3<FF0000 00FF00 0000FF 808080>]", rows(8), "colour"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := testRoom(t, nil)
			raw := onePage("/MediaBox[0 0 32 40]/Resources<</XObject<</I 5 0 R>>>>", "q 32 0 0 40 0 0 cm /I Do Q",
				streamObject("/Type/XObject/Subtype/Image/Width 32/Height 40"+tc.dict, tc.data))
			var b pipelinetest.Blobs
			doc, err := r.Open(t.Context(), deliverBytes(t, &b, raw), &b)
			if err != nil {
				t.Fatal(err)
			}
			p := doc.Pages[0]
			if p.Origin != pipeline.OriginDecoded || string(p.Image.Model) != tc.want {
				t.Fatalf("page is %s %s, want decoded %s", p.Origin, p.Image.Model, tc.want)
			}
			img, err := png.Decode(bytes.NewReader(blobBytes(t, &b, p.Image.Digest)))
			if err != nil {
				t.Fatal(err)
			}
			s, err := r.stage(t.Context(), deliverBytes(t, &b, raw), &b)
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			const zoom = 8 // poppler blurs pictures at their own size; the middle of a large pixel is clean
			ppm, size := s.path("view.ppm"), raster{32 * zoom, 40 * zoom}
			if err := r.toFile(t.Context(), s, 1, size, ppm); err != nil {
				t.Fatal(err)
			}
			in, _, done, err := openPPM(ppm, size)
			if err != nil {
				t.Fatal(err)
			}
			defer done()
			view, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			worst := 0
			for y := range 40 {
				for x := range 32 {
					cr, cg, cb, _ := img.At(x, y).RGBA()
					at := 3 * ((y*zoom+zoom/2)*size.width + x*zoom + zoom/2)
					for i, v := range []uint32{cr, cg, cb} {
						worst = max(worst, abs(int(v>>8)-int(view[at+i])))
					}
				}
			}
			if worst > 2 {
				t.Fatalf("a sample differs by %d of 255 from what a viewer shows", worst)
			}
		})
	}
}

// TestOwnTextLiesOnItsInk renders drawn pages of all rotations and looks for the
// ink under each word.
func TestOwnTextLiesOnItsInk(t *testing.T) {
	r := testRoom(t, nil)
	files := map[string][]byte{}
	for _, rotate := range []int{0, 90, 180, 270} {
		files[fmt.Sprintf("rotate %d", rotate)] = onePage(fmt.Sprintf("/MediaBox[0 0 595 842]/CropBox[20 30 575 812]/Rotate %d%s", rotate, helvetica), letterText())
	}
	files["user unit"] = onePage("/MediaBox[0 0 595 842]/UserUnit 2"+helvetica, letterText())
	for name, raw := range files {
		t.Run(name, func(t *testing.T) {
			var b pipelinetest.Blobs
			doc := deliverBytes(t, &b, raw)
			opened, err := r.Open(t.Context(), doc, &b)
			if err != nil {
				t.Fatal(err)
			}
			p := opened.Pages[0]
			if p.Text == "" {
				t.Fatal("the page's own text was not kept")
			}
			words := pageWords(t, &b, p)
			if w, h := int(math.Round(p.WidthPt*300/72)), int(math.Round(p.HeightPt*300/72)); words.Width != w || words.Height != h {
				t.Fatalf("frame is %d x %d, page %d x %d", words.Width, words.Height, w, h)
			}
			img, err := r.Picture(t.Context(), doc, &b, 1)
			if err != nil {
				t.Fatal(err)
			}
			pix, err := png.Decode(bytes.NewReader(blobBytes(t, &b, img.Digest)))
			if err != nil {
				t.Fatal(err)
			}
			fx, fy := float64(img.Width)/float64(words.Width), float64(img.Height)/float64(words.Height)
			for _, w := range words.Words {
				dark := 0
				for y := int(float64(w.Box.Y0) * fy); y < int(float64(w.Box.Y1)*fy); y++ {
					for x := int(float64(w.Box.X0) * fx); x < int(float64(w.Box.X1)*fx); x++ {
						if v, _, _, _ := pix.At(x, y).RGBA(); v < 0x8000 {
							dark++
						}
					}
				}
				if dark < 20 {
					t.Errorf("no ink under %q at %v", w.Text, w.Box)
				}
			}
		})
	}
}

// TestModes opens a page with an earlier recognition in each mode.
func TestModes(t *testing.T) {
	r := testRoom(t, nil)
	for mode, want := range map[pipeline.Mode]struct {
		origin pipeline.Origin
		text   bool
	}{
		pipeline.ModeSkip:  {pipeline.OriginEmbedded, true},
		pipeline.ModeRedo:  {pipeline.OriginEmbedded, false},
		pipeline.ModeForce: {pipeline.OriginRendered, false},
	} {
		var b pipelinetest.Blobs
		doc := deliver(t, &b, pipelinetest.Corpus(t, "scans/graph_ocred.pdf"))
		doc.Delivery.Mode = mode
		doc, err := r.Open(t.Context(), doc, &b)
		if err != nil {
			t.Fatal(err)
		}
		if p := doc.Pages[0]; p.Origin != want.origin || (p.Text != "") != want.text {
			t.Errorf("%s: origin %s, text %t", mode, p.Origin, p.Text != "")
		}
	}
}

// TestOpenTwiceIsTheSame is the promise of every step.
func TestOpenTwiceIsTheSame(t *testing.T) {
	r := testRoom(t, nil)
	var b pipelinetest.Blobs
	doc := deliver(t, &b, pipelinetest.Corpus(t, "scans/multi-page-mixed.pdf"))
	first, err := r.Open(t.Context(), doc, &b)
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.Open(t.Context(), first, &b)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprintf("%+v", first.Pages), fmt.Sprintf("%+v", second.Pages); a != b || len(first.Remarks) != len(second.Remarks) {
		t.Fatalf("first %s\nthen %s", a, b)
	}
}

func TestOpenStopsWithItsContext(t *testing.T) {
	r := testRoom(t, nil)
	var b pipelinetest.Blobs
	doc := deliver(t, &b, pipelinetest.Corpus(t, "scans/multipage.pdf"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.Open(ctx, doc, &b); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v", err)
	}
}

// TestPagesThatAreNotThereAreTold opens files whose page tree counts more pages
// than it has.
func TestPagesThatAreNotThereAreTold(t *testing.T) {
	r := testRoom(t, nil)
	for file, want := range map[string]string{
		"pdf-torture/circular-page-tree.pdf":                            "Die Datei gibt 3 Seiten an, enthält aber nur 1.",
		"pdf-torture/handbuilt/T02-02_003_page-tree-different-kids.pdf": "Die Datei gibt 3 Seiten an, enthält aber nur 2.",
		"german/koma_letter-0.pdf":                                      "",
	} {
		var b pipelinetest.Blobs
		doc, err := r.Open(t.Context(), deliver(t, &b, pipelinetest.Corpus(t, file)), &b)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		got := ""
		for _, m := range doc.Remarks {
			if m.Code == "pages-missing" {
				got = m.Text.DE
			}
		}
		if !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: the clerk reads %q, want %q", file, got, want)
		}
	}
}
