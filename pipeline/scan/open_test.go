package scan_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/ocr"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/scan"
)

// TestMain lets the test binary be the child that decodes.
func TestMain(m *testing.M) {
	if os.Getenv("SCAN_TEST_CHILD") == "1" {
		if err := ocr.Serve(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var errPDF = errors.New("this would be a PDF")

// opener opens with the real decoder in a child process.
func opener(t testing.TB) (*scan.Opener, *ocr.Room) {
	t.Helper()
	room := ocr.New(ocr.Config{Command: []string{os.Args[0]}, Env: []string{"SCAN_TEST_CHILD=1"}, Readers: 1})
	t.Cleanup(func() { _ = room.Close() })
	return scan.New(scan.Config{
		PDF: func(_ context.Context, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
			return doc, errPDF
		},
		Decode: room.Decode, Probe: room.Probe,
	}), room
}

func open(t testing.TB, o *scan.Opener, file []byte) (pipeline.Document, *pipelinetest.Blobs, error) {
	t.Helper()
	var blobs pipelinetest.Blobs
	blob, err := blobs.Put(t.Context(), bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := o.Step(t.Context(), pipeline.Document{Delivery: pipeline.Delivery{Original: blob}}, &blobs)
	return doc, &blobs, err
}

func corpus(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(pipelinetest.Corpus(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRealFilesBecomePages(t *testing.T) {
	type want struct {
		pages         int
		media         string
		origin        pipeline.Origin
		model         pipeline.ColourModel
		width, height float64 // points of the first page
	}
	const a4w, a4h = 595.3, 841.9
	o, _ := opener(t)
	for name, w := range map[string]want{
		"scans/typewriter.png":                           {1, "image/png", pipeline.OriginFile, pipeline.Bitonal, 0, 0},
		"scans/linn.png":                                 {1, "image/png", pipeline.OriginFile, pipeline.Bitonal, 0, 0},
		"scans/baiona_color.jpg":                         {1, "image/jpeg", pipeline.OriginFile, pipeline.Colour, 0, 0},
		"scans/baiona_cmyk.jpg":                          {1, "image/jpeg", pipeline.OriginFile, pipeline.CMYK, 0, 0},
		"scans/multi-page-images.tiff":                   {3, "image/png", pipeline.OriginDecoded, "", 0, 0},
		"scans/multi-page-images-alpha.tiff":             {3, "image/png", pipeline.OriginDecoded, "", 0, 0},
		"scans/testTIFF_multipage.tif":                   {2, "image/png", pipeline.OriginDecoded, "", 0, 0},
		"scans/smile-lzw.tiff":                           {1, "image/png", pipeline.OriginDecoded, pipeline.Colour, 0, 0},
		"scans/smile-pack-bits.tiff":                     {1, "image/png", pipeline.OriginDecoded, pipeline.Colour, 0, 0},
		"scans/simple-no-dpi.png":                        {1, "image/png", pipeline.OriginFile, "", 0, 0},
		"scans/simple.gif":                               {1, "image/png", pipeline.OriginDecoded, "", 0, 0},
		"scans/document.webp":                            {1, "image/png", pipeline.OriginDecoded, pipeline.Colour, 0, 0},
		"scans/simple.heic":                              {1, "image/png", pipeline.OriginDecoded, pipeline.Colour, 0, 0},
		"scans/no-text-alpha.png":                        {1, "image/png", pipeline.OriginFile, pipeline.Colour, 0, 0},
		"scans/crom.png":                                 {1, "image/png", pipeline.OriginFile, "", 0, 0},
		"scans/blank1.jpg":                               {1, "image/jpeg", pipeline.OriginFile, "", 0, 0},
		"ocr-gt/bebel_frau_1879_0146.tif":                {1, "image/png", pipeline.OriginDecoded, pipeline.Bitonal, 0, 0},
		"ocr-gt/scan-letter-en.jpg":                      {1, "image/jpeg", pipeline.OriginFile, pipeline.Colour, 0, 0},
		"ocr-gt/german-derived/koma_letter-9_p1_fax.tif": {1, "image/png", pipeline.OriginDecoded, pipeline.Bitonal, a4w, a4h},
		"ocr-gt/german-derived/Hinweisblatt_Prozesskostenhilfe_p3_pale.jpg": {1, "image/jpeg", pipeline.OriginFile, "", a4w, a4h},
	} {
		t.Run(name, func(t *testing.T) {
			file := corpus(t, name)
			doc, blobs, err := open(t, o, file)
			if err != nil {
				t.Fatal(err)
			}
			if len(doc.Pages) != w.pages {
				t.Fatalf("%d pages, want %d", len(doc.Pages), w.pages)
			}
			p := doc.Pages[0]
			t.Logf("%d x %d at %.0f x %.0f, %.0f x %.0f points, %s", p.Image.Width, p.Image.Height, p.Image.DPIX, p.Image.DPIY, p.WidthPt, p.HeightPt, p.Image.Model)
			if p.Image.Media != w.media || p.Origin != w.origin || w.model != "" && p.Image.Model != w.model {
				t.Errorf("got %s, %s, %s, want %s, %s, %s", p.Image.Media, p.Origin, p.Image.Model, w.media, w.origin, w.model)
			}
			if w.width > 0 && (math.Abs(p.WidthPt-w.width) > 10 || math.Abs(p.HeightPt-w.height) > 10) {
				t.Errorf("page of %.1f x %.1f points, want %.1f x %.1f", p.WidthPt, p.HeightPt, w.width, w.height)
			}
			for _, p := range doc.Pages {
				checkPicture(t, blobs, p)
			}
			if w.origin == pipeline.OriginFile && p.Image.Blob != doc.Delivery.Original {
				t.Error("the picture of the page is not the delivered file")
			}
		})
	}
}

// checkPicture compares what a page says with a second decoder, Go's own.
func checkPicture(t *testing.T, blobs *pipelinetest.Blobs, p pipeline.Page) {
	t.Helper()
	c, err := blobs.Open(t.Context(), p.Image.Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cfg, format, err := image.DecodeConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Width != p.Image.Width || cfg.Height != p.Image.Height || "image/"+format != p.Image.Media {
		t.Errorf("page %d says %d x %d, %s; it is %d x %d, %s", p.No, p.Image.Width, p.Image.Height, p.Image.Media, cfg.Width, cfg.Height, format)
	}
	if p.Image.DPIX < 50 || p.Image.DPIX > 2400 || p.WidthPt <= 0 || p.HeightPt <= 0 {
		t.Errorf("page %d at %.1f dpi of %.1f x %.1f points", p.No, p.Image.DPIX, p.WidthPt, p.HeightPt)
	}
}

func TestEveryScanEndsInPagesOrAFault(t *testing.T) {
	o, _ := opener(t)
	for _, folder := range []string{"scans", "barcodes", "mail", "ocr-gt", "ocr-gt/german-derived"} {
		entries, err := os.ReadDir(pipelinetest.Corpus(t, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			doc, _, err := open(t, o, corpus(t, folder+"/"+e.Name()))
			var f *pipeline.Fault
			switch {
			case errors.Is(err, errPDF):
				if filepath.Ext(e.Name()) != ".pdf" {
					t.Errorf("%s was taken for a PDF", e.Name())
				}
			case err == nil:
				if len(doc.Pages) == 0 {
					t.Errorf("%s: neither pages nor a fault", e.Name())
				}
			case !errors.As(err, &f) || f.Verdict != pipeline.GiveBack || f.Text.DE == "" || f.Text.EN == "":
				t.Errorf("%s: %v", e.Name(), err)
			case strings.Contains("jpg png tif tiff gif webp heic", strings.TrimPrefix(filepath.Ext(e.Name()), ".")):
				t.Errorf("%s was given back: %v", e.Name(), err)
			}
		}
	}
}

func TestPagesOfATIFFAreCutOutWithoutChange(t *testing.T) {
	o, room := opener(t)
	for _, name := range []string{
		"scans/multi-page-images.tiff", "scans/testTIFF_multipage.tif", "scans/smile-lzw.tiff",
		"scans/smile-pack-bits.tiff", "ocr-gt/phototest.tif", "ocr-gt/german-derived/koma_briefwbk2_p1_g4.tif",
	} {
		file := corpus(t, name)
		doc, blobs, err := open(t, o, file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, p := range doc.Pages {
			whole, _, err := room.Decode(t.Context(), file, "image/tiff", i, false)
			if err != nil {
				t.Fatal(err)
			}
			c, err := blobs.Open(t.Context(), p.Image.Digest)
			if err != nil {
				t.Fatal(err)
			}
			a, err := png.Decode(bytes.NewReader(whole))
			if err != nil {
				t.Fatal(err)
			}
			b, err := png.Decode(c)
			if err != nil {
				t.Fatal(err)
			}
			if !sameLook(a, b) {
				t.Errorf("%s, page %d: the cut page looks different", name, i+1)
			}
		}
	}
}

func sameLook(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if color.NRGBAModel.Convert(a.At(x, y)) != color.NRGBAModel.Convert(b.At(x, y)) {
				return false
			}
		}
	}
	return true
}

// picture is dark in its top left quarter only, so that every stance differs.
func picture(w, h int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetGray(x, y, color.Gray{Y: 230})
			if x < w/2 && y < h/2 {
				m.SetGray(x, y, color.Gray{Y: 20})
			}
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts Exif data with a stance and 200 dots per inch into a JPEG.
func withExif(file []byte, stance uint16, order binary.AppendByteOrder) []byte {
	exif := []byte("Exif\x00\x00II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		exif = []byte("Exif\x00\x00MM\x00*")
	}
	exif = order.AppendUint32(exif, 8)
	exif = order.AppendUint16(exif, 3)
	field := func(tag, kind uint16, value uint32) {
		exif = order.AppendUint16(order.AppendUint16(exif, tag), kind)
		exif = order.AppendUint32(exif, 1)
		if kind == 3 {
			exif = order.AppendUint16(order.AppendUint16(exif, uint16(value)), 0)
		} else {
			exif = order.AppendUint32(exif, value)
		}
	}
	field(274, 3, uint32(stance))
	field(282, 5, 50)
	field(283, 5, 50)
	exif = order.AppendUint32(exif, 0)
	exif = order.AppendUint32(order.AppendUint32(exif, 200), 1)
	out := append([]byte{}, file[:2]...)
	out = append(out, 0xFF, 0xE1, byte((len(exif)+2)>>8), byte(len(exif)+2))
	return append(append(out, exif...), file[2:]...)
}

func TestExifStance(t *testing.T) {
	// Where the dark quarter has to be seen, by value of the Orientation tag.
	// The stored picture is 400 x 600 with the dark quarter top left.
	corners := map[uint16]string{1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left", 5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left"}
	o, room := opener(t)
	stored := jpegOf(t, picture(400, 600))
	for v, want := range corners {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			doc, blobs, err := open(t, o, withExif(stored, v, order))
			if err != nil {
				t.Fatalf("stance %d: %v", v, err)
			}
			p := doc.Pages[0]
			w, h := 144.0, 216.0
			if v >= 5 {
				w, h = h, w
			}
			if p.Image.DPIX != 200 || p.WidthPt != w || p.HeightPt != h {
				t.Errorf("stance %d: %.1f dpi, %.1f x %.1f points, want 200 dpi, %.1f x %.1f", v, p.Image.DPIX, p.WidthPt, p.HeightPt, w, h)
			}
			if got := darkCorner(t, room, blobs, p); got != want {
				t.Errorf("stance %d: the dark quarter is %s, want %s", v, got, want)
			}
		}
	}
}

// darkCorner shows a page and says where its dark quarter is.
func darkCorner(t *testing.T, room *ocr.Room, blobs *pipelinetest.Blobs, p pipeline.Page) string {
	t.Helper()
	c, err := blobs.Open(t.Context(), p.Image.Digest)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(c)
	if err != nil {
		t.Fatal(err)
	}
	right, bottom := false, false
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	for _, q := range []image.Point{{w / 4, h / 4}, {3 * w / 4, h / 4}, {w / 4, 3 * h / 4}, {3 * w / 4, 3 * h / 4}} {
		if color.GrayModel.Convert(m.At(q.X, q.Y)).(color.Gray).Y < 128 {
			right, bottom = q.X > w/2, q.Y > h/2
		}
	}
	for range p.Image.Turn / 90 { // a quarter clockwise: top left goes top right
		right, bottom = !bottom, right
	}
	return map[bool]string{false: "top", true: "bottom"}[bottom] + " " + map[bool]string{false: "left", true: "right"}[right]
}

func TestFaults(t *testing.T) {
	scanned := corpus(t, "ocr-gt/scan-letter-en.jpg")
	tiff := corpus(t, "scans/multi-page-images.tiff")
	drawing := pngOf(t, picture(300, 400))
	flip := func(b []byte, at int) []byte {
		c := bytes.Clone(b)
		c[at] ^= 0x55
		return c
	}
	cases := []struct {
		name string
		file []byte
		code string
	}{
		{"nothing", nil, "empty"},
		{"text", []byte("Sehr geehrte Damen und Herren,\r\nanbei die Unterlagen.\r\n"), "unknown-format"},
		{"garbage", bytes.Repeat([]byte{0, 1, 2, 0xFE}, 300), "unknown-format"},
		{"web page", []byte("<!DOCTYPE html><html></html>"), "unknown-format"},
		{"mail", corpus(t, "mail/froide_mail_01.eml"), "mail"},
		{"archive", []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00a.txt"), "archive-file"},
		{"word", []byte("PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x13\x00\x00\x00[Content_Types].xml"), "office-document"},
		{"old word", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on"), "office-document"},
		{"half a phone picture", corpus(t, "scans/simple.heic")[:70000], "truncated"},
		{"half a JPEG", scanned[:len(scanned)/2], "truncated"},
		{"JPEG without its last marker", scanned[:len(scanned)-2], "truncated"},
		{"JPEG of a header", scanned[:200], "truncated"},
		{"JPEG of two markers", []byte("\xff\xd8\xff\xd9"), "damaged"},
		{"JPEG whose middle is lost", append(bytes.Clone(scanned[:len(scanned)/2]), 0xFF, 0xD9), "damaged"},
		{"half a PNG", drawing[:len(drawing)/2], "truncated"},
		{"PNG without its end", drawing[:len(drawing)-12], "truncated"},
		{"PNG with a wrong bit", flip(drawing, len(drawing)/2), "damaged"},
		{"half a TIFF", tiff[:len(tiff)/2], "truncated"},
		{"TIFF of a header", tiff[:8], "truncated"},
		{"TIFF that goes in a circle", circle(), "damaged"},
		{"BigTIFF", []byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"), "bigtiff"},
		{"PNG bomb", pngBomb(t, 20000, 20000), "too-many-pixels"},
		{"TIFF bomb", tiffBomb(30000, 30000), "too-many-pixels"},
		{"JPEG bomb", jpegBomb(t, jpegOf(t, picture(8, 8))), "too-many-pixels"},
	}
	o, _ := opener(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := open(t, o, tc.file)
			var f *pipeline.Fault
			if !errors.As(err, &f) {
				t.Fatalf("error is %v, want a fault", err)
			}
			if f.Code != tc.code || f.Verdict != pipeline.GiveBack || f.Text.DE == "" || f.Text.EN == "" {
				t.Errorf("fault is %+v, want the code %q", f, tc.code)
			}
		})
	}
}

// pngBomb is a small file of many white pixels.
func pngBomb(t testing.TB, w, h int) []byte {
	t.Helper()
	file := pngOf(t, image.NewGray(image.Rect(0, 0, 4, 4)))
	binary.BigEndian.PutUint32(file[16:], uint32(w))
	binary.BigEndian.PutUint32(file[20:], uint32(h))
	return file
}

// tiffField is a field of a directory with one value.
type tiffField struct {
	tag, kind uint16
	value     uint32
}

// tiffOf writes a little-endian TIFF of one page.
func tiffOf(fields []tiffField, next uint32, strip []byte) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(fields)))
	for _, f := range fields {
		b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, f.tag), f.kind)
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, 1), f.value)
	}
	return append(binary.LittleEndian.AppendUint32(b, next), strip...)
}

func plainTIFF(w, h, stance, next uint32, strip []byte) []byte {
	const n = 10
	return tiffOf([]tiffField{
		{256, 4, w}, {257, 4, h}, {258, 3, 8}, {259, 3, 1}, {262, 3, 1}, {273, 4, 8 + 2 + 12*n + 4},
		{274, 3, stance}, {277, 3, 1}, {278, 4, h}, {279, 4, uint32(len(strip))},
	}, next, strip)
}

func tiffBomb(w, h uint32) []byte { return plainTIFF(w, h, 1, 0, []byte{1, 2, 3, 4}) }
func circle() []byte              { return plainTIFF(2, 2, 1, 8, []byte{1, 2, 3, 4}) }

// jpegBomb makes a JPEG say that it is of 65,500 x 65,500 pixels.
func jpegBomb(t testing.TB, file []byte) []byte {
	t.Helper()
	at := bytes.Index(file, []byte{0xFF, 0xC0})
	if at < 0 {
		t.Fatal("no frame header")
	}
	binary.BigEndian.PutUint16(file[at+5:], 65500)
	binary.BigEndian.PutUint16(file[at+7:], 65500)
	return file
}

func TestTIFFStance(t *testing.T) {
	corners := map[uint32]string{1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left", 5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left"}
	o, room := opener(t)
	for v, want := range corners {
		doc, blobs, err := open(t, o, plainTIFF(40, 60, v, 0, picture(40, 60).Pix))
		if err != nil {
			t.Fatalf("stance %d: %v", v, err)
		}
		if got := darkCorner(t, room, blobs, doc.Pages[0]); got != want {
			t.Errorf("stance %d: the dark quarter is %s, want %s", v, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	base := scan.Config{
		Decode: func(context.Context, []byte, string, int, bool) ([]byte, pipeline.Image, error) {
			t.Error("the decoder saw a file that is over a limit")
			return nil, pipeline.Image{}, errors.New("no")
		},
	}
	for _, tc := range []struct {
		name   string
		change func(*scan.Config)
		file   []byte
		code   string
	}{
		{"pixels", func(c *scan.Config) { c.MaxPixels = 9_999 }, plainTIFF(100, 100, 1, 0, make([]byte, 10_000)), "too-many-pixels"},
		{"bytes", func(c *scan.Config) { c.MaxBytes = 100 }, plainTIFF(10, 10, 1, 0, make([]byte, 100)), "too-large"},
		{"pages", func(c *scan.Config) { c.MaxPages = 2 }, corpus(t, "scans/multi-page-images.tiff"), "too-many-pages"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := base
			tc.change(&cfg)
			_, _, err := open(t, scan.New(cfg), tc.file)
			if f := pipeline.AsFault(err); f == nil || f.Code != tc.code {
				t.Errorf("error is %v, want the code %q", err, tc.code)
			}
		})
	}
}

// TestWhatIsDecodedWholeHasALimitOfItsOwn gives files of all kinds to an opener that
// decodes next to nothing whole. saved is what a clerk is told to do, "" for a kind
// that is decoded row by row.
func TestWhatIsDecodedWholeHasALimitOfItsOwn(t *testing.T) {
	const (
		png      = "als gewöhnliches PNG oder JPEG"
		baseline = "nicht progressives JPEG"
		tiff     = "als gewöhnliches TIFF"
	)
	errDecoding := errors.New("it would be decoded")
	o := scan.New(scan.Config{
		MaxWhole: 100,
		Decode: func(context.Context, []byte, string, int, bool) ([]byte, pipeline.Image, error) {
			return nil, pipeline.Image{}, errDecoding
		},
		Probe: func(context.Context, []byte, string) (int, error) { return 0, nil },
	})
	kind := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join("testdata", "kinds", name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	baselineJPEG := kind("c.jpg")
	for _, tc := range []struct {
		name  string
		file  []byte
		saved string
	}{
		{"a.bmp", kind("a.bmp"), png},
		{"a.gif", kind("a.gif"), png},
		{"w.webp", kind("w.webp"), png},
		{"wl.webp", kind("wl.webp"), png},
		{"wa.webp", kind("wa.webp"), png},
		{"h.heic", kind("h.heic"), png},
		{"h.avif", kind("h.avif"), png},
		{"inter.png", kind("inter.png"), "ohne Interlacing"},
		{"one transparent colour", keyed(t), "ohne transparente Farbe"},
		{"alpha.png", kind("alpha.png"), ""},
		{"rgb16.png", kind("rgb16.png"), ""},
		{"pal.png", kind("pal.png"), ""},
		{"c.jpg", baselineJPEG, ""},
		{"g.jpg", kind("g.jpg"), ""},
		{"prog.jpg", kind("prog.jpg"), baseline},
		{"a scan for each colour", splitScans(t, baselineJPEG), baseline},
		{"c4.jpg", kind("c4.jpg"), "in RGB statt CMYK"},
		{"mirrored", withExif(baselineJPEG, 2, binary.LittleEndian), "ungespiegelt"},
		{"turned", withExif(baselineJPEG, 6, binary.LittleEndian), ""},
		{"a.jp2", kind("a.jp2"), ""},
		{"b.j2k", kind("b.j2k"), ""},
		{"TIFF in RGB", made(t, inColour, "a.tif", "-type", "TrueColor", "-compress", "zip"), ""},
		{"TIFF in grey", made(t, inGrey, "a.tif", "-type", "Grayscale", "-compress", "zip"), ""},
		{"t-jpeg.tif", kind("t-jpeg.tif"), ""},
		{"t-g4.tif", kind("t-g4.tif"), ""},
		{"t-16.tif", kind("t-16.tif"), tiff},
		{"t-pal.tif", kind("t-pal.tif"), tiff},
		{"t-planes.tif", kind("t-planes.tif"), tiff},
		{"t-tiles.tif", kind("t-tiles.tif"), tiff},
		{"t-alpha.tif", kind("t-alpha.tif"), tiff},
		{"t-cmyk.tif", kind("t-cmyk.tif"), tiff},
	} {
		_, _, err := open(t, o, tc.file)
		if err == nil || errors.Is(err, errDecoding) {
			if tc.saved != "" {
				t.Errorf("%s: taken", tc.name)
			}
			continue
		}
		f := pipeline.AsFault(err)
		if tc.saved == "" || f.Code != "too-many-pixels" || f.Verdict != pipeline.GiveBack || !strings.Contains(f.Text.DE, "Bitte") ||
			!strings.Contains(f.Text.DE, tc.saved) || !strings.Contains(f.Text.EN, "save it ") {
			t.Errorf("%s: %s, %q, %q; want words with %q", tc.name, f.Code, f.Text.DE, f.Text.EN, tc.saved)
		}
	}
	if _, _, err := open(t, scan.New(scan.Config{
		Decode: func(context.Context, []byte, string, int, bool) ([]byte, pipeline.Image, error) {
			return nil, pipeline.Image{}, errDecoding
		},
	}), kind("w.webp")); !errors.Is(err, errDecoding) {
		t.Errorf("a small picture under the limit that is the default: %v", err)
	}
}

// splitScans claims in the scan header of a JPEG of three components that it is of
// one alone.
func splitScans(t *testing.T, file []byte) []byte {
	t.Helper()
	head := []byte{0xFF, 0xDA, 0, 12, 3}
	at := bytes.Index(file, head)
	if at < 0 {
		t.Fatal("the JPEG has no scan of three components")
	}
	split := []byte{0xFF, 0xDA, 0, 8, 1, file[at+5], file[at+6], 0, 63, 0}
	return slices.Concat(file[:at], split, file[at+14:])
}

// TestTheWorldsFaultsAreNotTheFiles makes sure that a store that fails in the
// middle does not have letters given back.
func TestTheWorldsFaultsAreNotTheFiles(t *testing.T) {
	o, _ := opener(t)
	for _, name := range []string{"ocr-gt/scan-letter-en.jpg", "scans/linn.png", "scans/multi-page-images.tiff", "scans/simple.gif"} {
		file := corpus(t, name)
		for _, after := range []int64{0, 10, 100, int64(len(file)) / 2, int64(len(file)) - 1} {
			doc := pipeline.Document{Delivery: pipeline.Delivery{Original: pipeline.Blob{Digest: "x"}}}
			_, err := o.Step(t.Context(), doc, &ailing{file: file, after: after})
			if err == nil || pipeline.AsFault(err).Verdict != pipeline.TryAgain || !errors.Is(err, errAiling) {
				t.Errorf("%s, store fails at byte %d: %v", name, after, err)
			}
		}
	}
}

var errAiling = errors.New("input/output error")

// ailing is a store that cannot read behind a certain byte.
type ailing struct {
	pipelinetest.Blobs
	file  []byte
	after int64
}

func (a *ailing) Open(context.Context, pipeline.Digest) (pipeline.Content, error) {
	return &ailingContent{bytes.NewReader(a.file), a.after}, nil
}

type ailingContent struct {
	*bytes.Reader
	after int64
}

func (c *ailingContent) Close() error { return nil }
func (c *ailingContent) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > c.after {
		n, _ := c.Reader.ReadAt(b[:max(0, min(int64(len(b)), c.after-at))], at)
		return n, errAiling
	}
	return c.Reader.ReadAt(b, at)
}
