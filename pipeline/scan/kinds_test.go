package scan_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/ocr"
	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/pdfa/gate"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/scan"
)

// look is how a picture looks: the colours of its quarters, row by row. No two
// quarters are alike, so that it tells how a picture lies, too.
type look [4]color.RGBA

var (
	inColour  = look{{200, 40, 40, 255}, {40, 150, 70, 255}, {50, 70, 190, 255}, {235, 235, 235, 255}}
	inGrey    = look{{30, 30, 30, 255}, {100, 100, 100, 255}, {170, 170, 170, 255}, {240, 240, 240, 255}}
	inBlack   = look{{0, 0, 0, 255}, {255, 255, 255, 255}, {255, 255, 255, 255}, {255, 255, 255, 255}}
	onPaper   = look{{200, 40, 40, 255}, {255, 255, 255, 255}, {50, 70, 190, 255}, {255, 255, 255, 255}} // in colour, its right half transparent
	quarterOf = 120                                                                                      // pixels across
)

// paint draws a look, 320 x 240 pixels; see through what is white if clear.
func paint(l look, clear bool) *image.NRGBA {
	w, h := 2*quarterOf+80, 2*quarterOf
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := l[y*2/h*2+x*2/w]
			alpha := byte(255)
			if clear && c.R == 255 && c.G == 255 && c.B == 255 {
				c, alpha = color.RGBA{R: 10, G: 20, B: 30}, 0 // what lies under it must not show
			}
			m.SetNRGBA(x, y, color.NRGBA{c.R, c.G, c.B, alpha})
		}
	}
	return m
}

// made makes a file by ImageMagick from a painted look. The name's ending tells
// the format.
func made(t testing.TB, l look, name string, args ...string) []byte {
	t.Helper()
	in := filepath.Join(t.TempDir(), "in.png")
	if err := os.WriteFile(in, pngOf(t, paint(l, false)), 0o600); err != nil {
		t.Fatal(err)
	}
	return magick(t, name, append([]string{in}, args...)...)
}

func magick(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), name[strings.IndexByte(name, ':')+1:])
	args = append(args, name[:strings.IndexByte(name, ':')+1]+out)
	if log, err := exec.CommandContext(t.Context(), pipelinetest.Program(t, "convert"), args...).CombinedOutput(); err != nil {
		t.Fatalf("making %s: %v: %s", name, err, log)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// heif makes a phone picture by libheif's encoder from encoded pictures.
func heif(t testing.TB, name string, pictures [][]byte, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, name)
	args = append(args, "-o", out)
	for i, p := range pictures {
		in := filepath.Join(dir, fmt.Sprintf("in%d.%s", i, map[bool]string{true: "png", false: "jpg"}[bytes.HasPrefix(p, []byte("\x89PNG"))]))
		if err := os.WriteFile(in, p, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, in)
	}
	if log, err := exec.CommandContext(t.Context(), pipelinetest.Program(t, "heif-enc"), args...).CombinedOutput(); err != nil {
		t.Fatalf("making %s: %v: %s", name, err, log)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seen gives the look of an encoded picture.
func seen(t testing.TB, file []byte) look {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	b := m.Bounds()
	var l look
	for i := range l {
		x, y := b.Dx()/4+i%2*b.Dx()/2, b.Dy()/4+i/2*b.Dy()/2
		var sum [3]int
		for dy := range 9 {
			for dx := range 9 {
				c := color.NRGBAModel.Convert(m.At(b.Min.X+x+dx-4, b.Min.Y+y+dy-4)).(color.NRGBA)
				sum[0], sum[1], sum[2] = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B)
			}
		}
		l[i] = color.RGBA{uint8(sum[0] / 81), uint8(sum[1] / 81), uint8(sum[2] / 81), 255}
	}
	return l
}

func (l look) near(other look, by int) bool {
	far := func(a, b uint8) bool { return max(int(a)-int(b), int(b)-int(a)) > by }
	for i := range l {
		if far(l[i].R, other[i].R) || far(l[i].G, other[i].G) || far(l[i].B, other[i].B) {
			return false
		}
	}
	return true
}

// kind is a file and the looks that its pages have to have.
type kind struct {
	name  string
	file  []byte
	pages []look
	as    pipeline.Origin // "" is decoded
	by    int             // how far a colour may be off; 0 is 6
}

// checkKinds opens files and holds what is seen on the screen and in the PDF/A
// against what has to be seen.
func checkKinds(t *testing.T, kinds []kind) {
	o, room := opener(t)
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			doc, blobs, err := open(t, o, k.file)
			if err != nil {
				t.Fatal(err)
			}
			if len(doc.Pages) != len(k.pages) {
				t.Fatalf("%d pages, want %d", len(doc.Pages), len(k.pages))
			}
			if k.as == "" {
				k.as = pipeline.OriginDecoded
			}
			if k.by == 0 {
				k.by = 6
			}
			printed := printed(t, blobs, doc)
			for i, p := range doc.Pages {
				if p.Origin != k.as || k.as == pipeline.OriginFile && p.Image.Blob != doc.Delivery.Original {
					t.Errorf("page %d is of origin %s, want %s", i+1, p.Origin, k.as)
				}
				if got := seen(t, shown(t, room, blobs, p)); !got.near(k.pages[i], k.by) {
					t.Errorf("page %d on the screen: %v, want %v", i+1, got, k.pages[i])
				}
				if got := seen(t, printed[i]); !got.near(k.pages[i], k.by) {
					t.Errorf("page %d in the PDF/A: %v, want %v", i+1, got, k.pages[i])
				}
			}
		})
	}
}

// shown is a page as people see it on the screen.
func shown(t *testing.T, room *ocr.Room, blobs *pipelinetest.Blobs, p pipeline.Page) []byte {
	t.Helper()
	jpg, err := room.Show(t.Context(), stored(t, blobs, p.Image.Digest), p.Image, nil, 300)
	if err != nil {
		t.Fatal(err)
	}
	return jpg
}

func stored(t *testing.T, blobs *pipelinetest.Blobs, d pipeline.Digest) []byte {
	t.Helper()
	c, err := blobs.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, c.Size())
	if _, err := c.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// printed is what poppler makes of the pages of the PDF/A.
func printed(t *testing.T, blobs *pipelinetest.Blobs, doc pipeline.Document) [][]byte {
	t.Helper()
	pdf, err := pdfa.ComposeScan(t.Context(), doc, blobs, gate.Validate)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(in, stored(t, blobs, pdf.Blob.Digest), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), pipelinetest.Program(t, "pdftoppm"), "-png", "-scale-to", "300", in, filepath.Join(dir, "page"))
	if log, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	names, err := filepath.Glob(filepath.Join(dir, "page*.png"))
	if err != nil || len(names) != len(doc.Pages) {
		t.Fatalf("%d pages in the PDF/A, want %d: %v", len(names), len(doc.Pages), err)
	}
	slices.Sort(names)
	var out [][]byte
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// turned is a look as a value of the Orientation tag asks to show it (TIFF 6.0,
// section 8: which corner of the page row 0 and column 0 are).
func turned(l look, orientation int) look {
	a, b, c, d := l[0], l[1], l[2], l[3]
	return [...]look{
		1: {a, b, c, d}, 2: {b, a, d, c}, 3: {d, c, b, a}, 4: {c, d, a, b},
		5: {a, c, b, d}, 6: {c, a, d, b}, 7: {d, b, c, a}, 8: {b, d, a, c},
	}[orientation]
}

func TestKindsOfTIFF(t *testing.T) {
	colour := func(args ...string) []byte { return made(t, inColour, "a.tif", args...) }
	kinds := []kind{
		{name: "uncompressed", file: colour("-compress", "none"), pages: []look{inColour}},
		{name: "LZW", file: colour("-compress", "lzw"), pages: []look{inColour}},
		{name: "Deflate", file: colour("-compress", "zip"), pages: []look{inColour}},
		{name: "PackBits", file: colour("-compress", "rle"), pages: []look{inColour}},
		{name: "JPEG", file: colour("-compress", "jpeg", "-quality", "95"), pages: []look{inColour}, by: 10},
		{name: "LZW with a predictor", file: colour("-compress", "lzw", "-define", "tiff:predictor=2"), pages: []look{inColour}},
		{name: "big-endian", file: colour("-endian", "msb", "-compress", "lzw"), pages: []look{inColour}},
		{name: "tiles", file: colour("-define", "tiff:tile-geometry=64x64", "-compress", "zip"), pages: []look{inColour}},
		{name: "strips", file: colour("-define", "tiff:rows-per-strip=7", "-compress", "zip"), pages: []look{inColour}},
		{name: "planes", file: colour("-interlace", "plane", "-compress", "lzw"), pages: []look{inColour}},
		{name: "16 bits", file: colour("-depth", "16", "-compress", "lzw"), pages: []look{inColour}},
		{name: "palette", file: colour("-type", "palette", "-colors", "16", "-compress", "lzw"), pages: []look{inColour}},
		{name: "CMYK", file: colour("-colorspace", "CMYK", "-compress", "lzw"), pages: []look{inColour}, by: 12},
		{name: "alpha", file: alphaTIFF(t, "unassociated"), pages: []look{onPaper}},
		{name: "alpha, colours multiplied", file: alphaTIFF(t, "associated"), pages: []look{onPaper}},
		{name: "grey", file: made(t, inGrey, "a.tif", "-colorspace", "gray", "-compress", "lzw"), pages: []look{inGrey}},
		{name: "grey, 16 bits", file: made(t, inGrey, "a.tif", "-colorspace", "gray", "-depth", "16", "-compress", "lzw"), pages: []look{inGrey}},
		{name: "grey, 4 bits", file: made(t, inGrey, "a.tif", "-colorspace", "gray", "-depth", "4", "-compress", "lzw"), pages: []look{inGrey}, by: 16},
		{name: "grey, white is 0", file: made(t, inGrey, "a.tif", "-negate", "-colorspace", "gray", "-define", "quantum:polarity=min-is-white", "-compress", "lzw"), pages: []look{inGrey}},
		{name: "fax group 4", file: made(t, inBlack, "a.tif", "-monochrome", "-compress", "group4"), pages: []look{inBlack}},
		{name: "fax group 3", file: made(t, inBlack, "a.tif", "-monochrome", "-compress", "fax"), pages: []look{inBlack}},
		{name: "black is 1", file: made(t, inBlack, "a.tif", "-monochrome", "-compress", "group4", "-define", "quantum:polarity=min-is-black"), pages: []look{inBlack}},
		{name: "bitonal, LZW", file: made(t, inBlack, "a.tif", "-monochrome", "-compress", "lzw"), pages: []look{inBlack}},
	}
	for v := 1; v <= 8; v++ {
		file := colour("-compress", "lzw", "-orient", [...]string{"", "TopLeft", "TopRight", "BottomRight", "BottomLeft", "LeftTop", "RightTop", "RightBottom", "LeftBottom"}[v])
		kinds = append(kinds, kind{name: fmt.Sprint("orientation ", v), file: file, pages: []look{turned(inColour, v)}})
	}
	checkKinds(t, kinds)
}

// alphaTIFF is a TIFF whose right half is transparent.
func alphaTIFF(t testing.TB, alpha string) []byte {
	t.Helper()
	in := filepath.Join(t.TempDir(), "in.png")
	if err := os.WriteFile(in, pngOf(t, paint(onPaper, true)), 0o600); err != nil {
		t.Fatal(err)
	}
	return magick(t, "a.tif", in, "-define", "tiff:alpha="+alpha, "-compress", "lzw")
}

// TestMixedTIFF opens one file whose pages have nothing in common.
func TestMixedTIFF(t *testing.T) {
	dir := t.TempDir()
	var args []string
	page := func(l look, more ...string) {
		name := filepath.Join(dir, fmt.Sprint(len(args), ".tif"))
		if err := os.WriteFile(name, made(t, l, "a.tif", more...), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	page(inBlack, "-monochrome", "-compress", "group4", "-density", "200", "-units", "PixelsPerInch")
	page(inColour, "-compress", "lzw", "-density", "150", "-units", "PixelsPerInch", "-orient", "RightTop")
	page(inColour, "-compress", "zip", "-density", "118.11", "-units", "PixelsPerCentimeter", "-orient", "BottomRight")
	page(inColour, "-compress", "jpeg", "-quality", "95")
	page(inGrey, "-colorspace", "gray", "-compress", "rle", "-density", "100x50", "-units", "PixelsPerInch", "-orient", "TopRight")
	page(inGrey, "-colorspace", "gray", "-compress", "none", "-density", "1", "-units", "PixelsPerInch")
	file := magick(t, "mixed.tif", args...)
	checkKinds(t, []kind{{name: "mixed", file: file, by: 10,
		pages: []look{inBlack, turned(inColour, 6), turned(inColour, 3), inColour, turned(inGrey, 2), inGrey}}})
	o, _ := opener(t)
	doc, _, err := open(t, o, file)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ dpiX, dpiY, width, height float64 }{
		{200, 200, 115.2, 86.4}, {150, 150, 115.2, 153.6}, {300, 300, 76.8, 57.6}, {72, 72, 320, 240}, {100, 50, 230.4, 345.6}, {72, 72, 320, 240},
	} {
		p := doc.Pages[i]
		if abs(p.Image.DPIX-want.dpiX) > 0.1 || abs(p.Image.DPIY-want.dpiY) > 0.1 || abs(p.WidthPt-want.width) > 0.1 || abs(p.HeightPt-want.height) > 0.1 {
			t.Errorf("page %d: %.2f x %.2f dpi, %.1f x %.1f points, want %+v", i+1, p.Image.DPIX, p.Image.DPIY, p.WidthPt, p.HeightPt, want)
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }

func TestKindsOfJPEG(t *testing.T) {
	const asIs = pipeline.OriginFile
	colour := func(args ...string) []byte {
		return made(t, inColour, "a.jpg", append([]string{"-quality", "95"}, args...)...)
	}
	plain := colour()
	kinds := []kind{
		{name: "plain", file: plain, pages: []look{inColour}, as: asIs},
		{name: "progressive", file: colour("-interlace", "plane"), pages: []look{inColour}, as: asIs},
		{name: "halved colours", file: colour("-sampling-factor", "4:2:0"), pages: []look{inColour}, as: asIs, by: 10},
		{name: "grey", file: made(t, inGrey, "a.jpg", "-colorspace", "gray", "-quality", "95"), pages: []look{inGrey}, as: asIs},
		{name: "RGB without transform", file: colour("-colorspace", "sRGB", "-define", "jpeg:colorspace=RGB"), pages: []look{inColour}, as: asIs},
		{name: "YCCK, inverted as Adobe's programs do", file: colour("-colorspace", "CMYK"), pages: []look{inColour}, as: asIs, by: 16},
	}
	for v := 1; v <= 8; v++ {
		as := pipeline.Origin(asIs)
		if v == 2 || v == 4 || v == 5 || v == 7 {
			as = pipeline.OriginDecoded // PDF viewers and people know no mirrored pages
		}
		kinds = append(kinds, kind{name: fmt.Sprint("Exif orientation ", v), file: withExif(plain, uint16(v), binary.BigEndian), pages: []look{turned(inColour, v)}, as: as})
	}
	checkKinds(t, kinds)
}

func TestKindsOfPNG(t *testing.T) {
	const asIs = pipeline.OriginFile
	colour := func(name string, args ...string) []byte { return made(t, inColour, name, args...) }
	kinds := []kind{
		{name: "RGB", file: colour("PNG24:a.png"), pages: []look{inColour}, as: asIs},
		{name: "RGB, 16 bits", file: colour("PNG48:a.png"), pages: []look{inColour}, as: asIs},
		{name: "palette", file: colour("PNG8:a.png"), pages: []look{inColour}, as: asIs},
		{name: "interlaced", file: colour("PNG24:a.png", "-interlace", "PNG"), pages: []look{inColour}, as: asIs},
		{name: "grey", file: made(t, inGrey, "a.png", "-colorspace", "gray", "-depth", "8"), pages: []look{inGrey}, as: asIs},
		{name: "grey, 16 bits", file: made(t, inGrey, "a.png", "-colorspace", "gray", "-define", "png:bit-depth=16", "-define", "png:color-type=0"), pages: []look{inGrey}, as: asIs},
		{name: "grey, 4 bits", file: made(t, inGrey, "a.png", "-colorspace", "gray", "-depth", "4"), pages: []look{inGrey}, as: asIs, by: 16},
		{name: "bitonal", file: made(t, inBlack, "a.png", "-monochrome"), pages: []look{inBlack}, as: asIs},
		{name: "bitonal, interlaced", file: made(t, inBlack, "a.png", "-monochrome", "-interlace", "PNG"), pages: []look{inBlack}, as: asIs},
	}
	clear := filepath.Join(t.TempDir(), "clear.png")
	if err := os.WriteFile(clear, pngOf(t, paint(onPaper, true)), 0o600); err != nil {
		t.Fatal(err)
	}
	grey := look{inGrey[0], {255, 255, 255, 255}, inGrey[2], {255, 255, 255, 255}}
	clearGrey := filepath.Join(t.TempDir(), "cleargrey.png")
	if err := os.WriteFile(clearGrey, pngOf(t, paint(grey, true)), 0o600); err != nil {
		t.Fatal(err)
	}
	kinds = append(kinds,
		kind{name: "alpha", file: magick(t, "PNG32:a.png", clear), pages: []look{onPaper}, as: asIs},
		kind{name: "alpha, 16 bits", file: magick(t, "PNG64:a.png", clear), pages: []look{onPaper}, as: asIs},
		kind{name: "alpha, interlaced", file: magick(t, "PNG32:a.png", clear, "-interlace", "PNG"), pages: []look{onPaper}, as: asIs},
		kind{name: "palette with a transparent colour", file: magick(t, "PNG8:a.png", clear), pages: []look{onPaper}, as: asIs},
		kind{name: "grey with alpha", file: magick(t, "a.png", clearGrey, "-colorspace", "gray", "-define", "png:color-type=4", "-define", "png:bit-depth=8"), pages: []look{grey}, as: asIs},
		kind{name: "grey with alpha, 16 bits", file: magick(t, "a.png", clearGrey, "-colorspace", "gray", "-define", "png:color-type=4", "-define", "png:bit-depth=16"), pages: []look{grey}, as: asIs},
		kind{name: "one colour is transparent", file: keyed(t), pages: []look{{inColour[0], inColour[1], inColour[2], {255, 255, 255, 255}}}, as: asIs},
	)
	checkKinds(t, kinds)
}

// keyed is a PNG without alpha in which the light quarter's colour is
// transparent (ISO/IEC 15948, 11.3.2.1).
func keyed(t testing.TB) []byte {
	t.Helper()
	file := made(t, inColour, "PNG24:a.png")
	at := bytes.Index(file, []byte("IDAT")) - 4
	return slices.Concat(file[:at], chunk("tRNS", []byte{0, 235, 0, 235, 0, 235}), file[at:])
}

func TestKindsOfOthers(t *testing.T) {
	colour := func(name string, args ...string) []byte { return made(t, inColour, name, args...) }
	clear := filepath.Join(t.TempDir(), "clear.png")
	if err := os.WriteFile(clear, pngOf(t, paint(onPaper, true)), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := colour("a.jpg", "-quality", "95")
	bitmap := pngOf(t, paint(inColour, false))
	kinds := []kind{
		{name: "WebP", file: colour("a.webp", "-quality", "95"), pages: []look{inColour}, by: 10},
		{name: "WebP without loss", file: colour("a.webp", "-define", "webp:lossless=true"), pages: []look{inColour}},
		{name: "WebP with alpha", file: magick(t, "a.webp", clear, "-define", "webp:lossless=true"), pages: []look{onPaper}},
		{name: "WebP with loss and alpha", file: magick(t, "a.webp", clear, "-quality", "95"), pages: []look{onPaper}, by: 10},
		{name: "GIF", file: colour("a.gif"), pages: []look{inColour}},
		{name: "GIF with a transparent colour", file: magick(t, "a.gif", clear), pages: []look{onPaper}},
		{name: "BMP", file: colour("BMP3:a.bmp", "-type", "truecolor"), pages: []look{inColour}},
		{name: "BMP with a palette", file: colour("BMP3:a.bmp", "-type", "palette"), pages: []look{inColour}},
		{name: "BMP of two colours", file: made(t, inBlack, "BMP3:a.bmp", "-monochrome"), pages: []look{inBlack}},
		{name: "JPEG 2000", file: colour("a.jp2"), pages: []look{inColour}},
		{name: "JPEG 2000, bare", file: colour("a.j2k"), pages: []look{inColour}},
		{name: "JPEG 2000, grey", file: made(t, inGrey, "a.jp2", "-colorspace", "gray"), pages: []look{inGrey}},
		{name: "JPEG 2000, alpha", file: magick(t, "a.jp2", clear), pages: []look{onPaper}},
		{name: "JPEG 2000, 16 bits", file: colour("a.jp2", "-depth", "16"), pages: []look{inColour}},
		{name: "HEIC", file: heif(t, "a.heic", [][]byte{bitmap}, "-q", "95"), pages: []look{inColour}, by: 10},
		{name: "HEIC of 10 bits", file: heif(t, "a.heic", [][]byte{colour("PNG48:a.png")}, "-q", "95", "-b", "10"), pages: []look{inColour}, by: 10},
		{name: "HEIC with alpha", file: heif(t, "a.heic", [][]byte{pngOf(t, paint(onPaper, true))}, "-q", "95"), pages: []look{onPaper}, by: 10},
		{name: "HEIC with a thumbnail", file: heif(t, "a.heic", [][]byte{plain}, "-q", "95", "-t", "64"), pages: []look{inColour}, by: 10},
		{name: "HEIC of two", file: heif(t, "a.heic", [][]byte{bitmap, pngOf(t, paint(turned(inColour, 3), false))}, "-q", "95"), pages: []look{inColour, turned(inColour, 3)}, by: 10},
		{name: "AVIF", file: heif(t, "a.avif", [][]byte{bitmap}, "-q", "95"), pages: []look{inColour}, by: 10},
	}
	for quarters, v := range []int{1, 8, 3, 6} { // counter-clockwise
		kinds = append(kinds, kind{name: fmt.Sprint("HEIC turned ", quarters), file: rotated(t, heif(t, "a.heic", [][]byte{bitmap}, "-q", "95"), quarters), pages: []look{turned(inColour, v)}, by: 10})
	}
	// Where the file is not turned, Exif's word on it does not count (ISO/IEC 23008-12, annex A.2).
	kinds = append(kinds, kind{name: "HEIC with Exif", file: heif(t, "a.heic", [][]byte{withExif(plain, 6, binary.BigEndian)}, "-q", "95"), pages: []look{inColour}, by: 10})
	checkKinds(t, kinds)
}

// rotated makes of a picture's number of channels, which decoders know anyway, the
// property that turns it (ISO/IEC 23008-12, 6.5.10), as phones write it.
func rotated(t testing.TB, file []byte, quarters int) []byte {
	t.Helper()
	at := bytes.Index(file, []byte("pixi"))
	if at < 0 {
		t.Fatal("no property to replace")
	}
	copy(file[at:], "irot")
	file[at+4] = byte(quarters)
	return file
}

// TestPhonePictureWithoutDecoder tells the administrator what to install.
func TestPhonePictureWithoutDecoder(t *testing.T) {
	o := scan.New(scan.Config{Heif: "/no/such/program"})
	_, _, err := open(t, o, corpus(t, "scans/simple.heic"))
	var f *pipeline.Fault
	if !errors.As(err, &f) || f.Code != "missing-program" || f.Verdict != pipeline.TryAgain || !strings.Contains(f.Text.DE, "libheif-examples") {
		t.Errorf("error is %v", err)
	}
}

// chunk is a chunk of a PNG.
func chunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}
