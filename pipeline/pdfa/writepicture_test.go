package pdfa

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/webp"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

func pictureLeaf(raw []byte) Leaf {
	return Leaf{WidthPt: 300, HeightPt: 300, Image: pipeline.Image{Width: 10, Height: 10}, Open: openBytes(raw)}
}

// imagesOf takes the pictures out of a file with poppler, as PNG.
func imagesOf(t testing.TB, path string) [][]byte {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), pipelinetest.Program(t, "pdfimages"), "-png", path, filepath.Join(dir, "p"))
	if log, err := cmd.CombinedOutput(); err != nil || len(log) > 0 {
		t.Fatalf("taking pictures out: %v: %s", err, log)
	}
	names, err := filepath.Glob(filepath.Join(dir, "p*"))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, name := range names {
		out = append(out, readTest(t, name))
	}
	return out
}

// onPaper lays a picture on white.
func onPaper(img image.Image) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, img, b.Min, draw.Over)
	return out
}

// largestDifference compares two pictures, in steps of 1/255.
func largestDifference(t testing.TB, a, b image.Image) int {
	t.Helper()
	if a.Bounds().Size() != b.Bounds().Size() {
		t.Fatalf("%v and %v differ in size", a.Bounds(), b.Bounds())
	}
	x, y := onPaper(a), onPaper(b)
	worst := 0
	for i := range x.Pix {
		worst = max(worst, distance(int(x.Pix[i]), int(y.Pix[i])))
	}
	return worst
}

func TestPicturesKeepTheirPixels(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	dir := t.TempDir()
	type sample struct {
		kind string
		want image.Image
	}
	var samples []sample
	var leaves []Leaf
	for range 150 {
		raw, width, height, kind := randomPicture(t, r)
		leaf := pictureLeaf(raw)
		if strings.HasSuffix(kind, "jpeg") {
			if !bytes.Contains(writeTest(t, claim2u, testMeta(), leaf), raw) {
				t.Errorf("%s: not byte for byte", kind)
			}
			continue
		}
		decoder, _ := findDecoder(raw)
		want, err := decoder.decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if kind == "two colours png" { // pdfimages forgets the palette of a picture of one bit
			leaf.WidthPt, leaf.HeightPt = float64(max(width, minSide)), float64(max(height, minSide))
			path := keep(t, dir, "two.pdf", writeTest(t, claim2u, testMeta(), leaf))
			// poppler does not smooth at four times the size
			if got := everyFourth(render(t, path, 4*72)[0]); width >= minSide && height >= minSide && largestDifference(t, got, want) > 1 {
				t.Errorf("%s: other pixels", kind)
			}
			continue
		}
		samples, leaves = append(samples, sample{kind, want}), append(leaves, leaf)
	}
	pictures := imagesOf(t, keep(t, dir, "pictures.pdf", writeTest(t, claim2u, testMeta(), leaves...)))
	if len(pictures) != len(samples) {
		t.Fatalf("%d pictures came out, %d went in", len(pictures), len(samples))
	}
	for i, s := range samples {
		got, err := png.Decode(bytes.NewReader(pictures[i]))
		if err != nil {
			t.Fatal(err)
		}
		// A step is for the rounding of 16 bits to 8 and of transparency.
		if d := largestDifference(t, got, s.want); d > 1 {
			t.Errorf("%s of %v: pixels differ by %d", s.kind, s.want.Bounds(), d)
		}
	}
}

// everyFourth takes a pixel out of the middle of each 4 x 4.
func everyFourth(img image.Image) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()/4, b.Dy()/4))
	for y := range b.Dy() / 4 {
		for x := range b.Dx() / 4 {
			out.Set(x, y, img.At(4*x+2, 4*y+2))
		}
	}
	return out
}

// magick makes a picture that Go cannot write.
func magick(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.CommandContext(t.Context(), pipelinetest.Program(t, "convert"), append(args, path)...)
	if log, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("making %s: %v: %s", name, err, log)
	}
	return readTest(t, path)
}

// withICC adds a colour profile to a JPEG file, in parts if it is long.
func withICC(raw, profile []byte) []byte {
	const most = 65519
	out := bytes.Clone(raw[:2])
	parts := (len(profile) + most - 1) / most
	for i := range parts {
		data := profile[i*most : min((i+1)*most, len(profile))]
		out = append(out, 0xff, 0xe2)
		out = binary.BigEndian.AppendUint16(out, uint16(2+14+len(data)))
		out = append(out, "ICC_PROFILE\x00"...)
		out = append(append(out, byte(i+1), byte(parts)), data...)
	}
	return append(out, raw[2:]...)
}

// TestPicturesOfEveryKind looks at how unusual pictures go in, and asks the
// referee about all at once.
func TestPicturesOfEveryKind(t *testing.T) {
	pattern := []string{"-size", "60x40", "plasma:red-blue"}
	plain := magick(t, "p.jpg", pattern...)
	grey := magick(t, "g.jpg", append(pattern, "-colorspace", "Gray")...)
	cmyk := magick(t, "c.jpg", append(pattern, "-colorspace", "CMYK")...)
	cmykProfile, err := os.ReadFile("/usr/share/color/icc/ghostscript/default_cmyk.icc")
	if err != nil {
		pipelinetest.Missing(t, "a CMYK profile (libgs-common)")
	}
	version5 := iccSRGB()
	version5[8] = 5
	short := iccSRGB()[:400]
	bilevel := image.NewPaletted(image.Rect(0, 0, 33, 9), color.Palette{color.Black, color.White})
	copy(bilevel.Pix, bytes.Repeat([]byte{0, 1, 1}, 40))
	jp2 := magick(t, "p.jp2", pattern...)
	tests := []struct {
		name     string
		raw      []byte
		has, not string // in the file
		same     bool   // byte for byte
	}{
		{"plain JPEG", plain, "/ColorSpace /DeviceRGB /Filter /DCTDecode", "/Decode", true},
		{"progressive JPEG", magick(t, "i.jpg", append(pattern, "-interlace", "JPEG")...), "/DCTDecode", "/Decode", true},
		{"grey JPEG", grey, "/ColorSpace /DeviceGray /Filter /DCTDecode", "", true},
		{"JPEG with sRGB", withICC(plain, iccSRGB()), "/ColorSpace [/ICCBased ", "", true},
		{"JPEG with a profile of version 5", withICC(plain, version5), "/ColorSpace /DeviceRGB", "/ICCBased", true},
		{"JPEG with half a profile", withICC(plain, short), "/ColorSpace /DeviceRGB", "/ICCBased", true},
		{"grey JPEG with a profile for RGB", withICC(grey, iccSRGB()), "/ColorSpace /DeviceGray", "/ICCBased", true},
		{"CMYK JPEG", cmyk, "/ColorSpace /DeviceRGB", "/DCTDecode", false},
		{"CMYK JPEG with its profile", withICC(cmyk, cmykProfile), "/Decode [1 0 1 0 1 0 1 0]", "/DeviceCMYK", true},
		{"RGB JPEG", magick(t, "r.jpg", append(pattern, "-set", "colorspace", "sRGB", "-define", "jpeg:colorspace=RGB")...), "/DCTDecode", "", true},
		{"JPEG 2000", jp2, "/JPXDecode", "", true},
		{"bare JPEG 2000", magick(t, "p.j2k", pattern...), "/JPXDecode", "", true},
		{"grey JPEG 2000", magick(t, "g.jp2", append(pattern, "-colorspace", "Gray")...), "/JPXDecode", "", true},
		{"interlaced PNG", magick(t, "i.png", append(pattern, "-interlace", "PNG")...), "/FlateDecode", "", false},
		{"PNG with a transparent colour", magick(t, "t.png", append(pattern, "-type", "TrueColor", "-transparent", "red")...), "/FlateDecode", "/SMask", false},
		{"two colours that are black and white", encodePNG(t, bilevel), "/CCITTFaxDecode /DecodeParms << /K -1 /Columns 33 /Rows 9 >>", "", false},
		{"WebP", magick(t, "w.webp", pattern...), "/FlateDecode", "", false},
		{"lossless WebP with transparency", magick(t, "w.webp", append(pattern, "-alpha", "set", "-channel", "A", "-evaluate", "set", "50%", "-define", "webp:lossless=true")...), "/FlateDecode", "/SMask", false},
	}
	dir := t.TempDir()
	names := map[string]string{}
	for i, tt := range tests {
		pdf := writeTest(t, claim2u, testMeta(), pictureLeaf(tt.raw))
		object := pdf[:bytes.Index(pdf, []byte("/Type /Page /Parent"))] // the picture stands before its page
		if !bytes.Contains(object, []byte(tt.has)) || tt.not != "" && bytes.Contains(object, []byte(tt.not)) {
			t.Errorf("%s: wanted %q and not %q", tt.name, tt.has, tt.not)
		}
		if tt.same != bytes.Contains(pdf, tt.raw) {
			t.Errorf("%s: byte for byte is %t", tt.name, !tt.same)
		}
		path := keep(t, dir, fmt.Sprintf("%02d.pdf", i), pdf)
		names[path] = tt.name
		render(t, path, 72) // fails on any complaint
	}
	var paths []string
	for path := range names {
		paths = append(paths, path)
	}
	for path, v := range pdfatest.Verdicts(t, "2u", paths...) {
		if !v.Valid {
			t.Errorf("%s breaks %v", names[path], v.Rules)
		}
	}
}

// TestCMYKIsNotInverted compares colours as rendered with those of the picture.
func TestCMYKIsNotInverted(t *testing.T) {
	profile, err := os.ReadFile("/usr/share/color/icc/ghostscript/default_cmyk.icc")
	if err != nil {
		pipelinetest.Missing(t, "a CMYK profile (libgs-common)")
	}
	real := readTest(t, pipelinetest.Corpus(t, "scans/baiona_cmyk.jpg"))
	light := magick(t, "c.jpg", "-size", "50x50", "xc:#f0f0f0", "-colorspace", "CMYK")
	dark := magick(t, "c.jpg", "-size", "50x50", "xc:#101010", "-colorspace", "CMYK")
	for _, tt := range []struct {
		name string
		raw  []byte
		want color.Gray
	}{
		{"light", light, color.Gray{Y: 240}}, {"dark", dark, color.Gray{Y: 16}},
		{"light with a profile", withICC(light, profile), color.Gray{Y: 230}}, {"dark with a profile", withICC(dark, profile), color.Gray{Y: 40}},
		{"of the corpus", real, averageGrey(t, real)},
	} {
		page := render(t, keep(t, t.TempDir(), "c.pdf", writeTest(t, claim2u, testMeta(), pictureLeaf(tt.raw))), 72)[0]
		var b bytes.Buffer
		if err := png.Encode(&b, page); err != nil {
			t.Fatal(err)
		}
		if got := averageGrey(t, b.Bytes()); distance(int(got.Y), int(tt.want.Y)) > 30 {
			t.Errorf("%s: average %d, want about %d", tt.name, got.Y, tt.want.Y)
		}
	}
}

func averageGrey(t testing.TB, raw []byte) color.Gray {
	t.Helper()
	decoder, _ := findDecoder(raw)
	img, err := decoder.decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	sum, b := 0, img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			sum += int(color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y)
		}
	}
	return color.Gray{Y: uint8(sum / (b.Dx() * b.Dy()))}
}

func TestWebPKeepsItsPixels(t *testing.T) {
	raw := magick(t, "w.webp", "-size", "60x40", "plasma:red-blue", "-define", "webp:lossless=true")
	want, err := webp.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	path := keep(t, t.TempDir(), "w.pdf", writeTest(t, claim2u, testMeta(), pictureLeaf(raw)))
	got, err := png.Decode(bytes.NewReader(imagesOf(t, path)[0]))
	if err != nil {
		t.Fatal(err)
	}
	if d := largestDifference(t, got, want); d != 0 {
		t.Errorf("pixels differ by %d", d)
	}
}

func TestPagesThatShareAProfileCarryItOnce(t *testing.T) {
	raw := withICC(magick(t, "p.jpg", "-size", "60x40", "plasma:red-blue"), iccSRGB())
	pdf := writeTest(t, claim2u, testMeta(), pictureLeaf(raw), pictureLeaf(raw), pictureLeaf(raw))
	if n := bytes.Count(pdf, []byte("<< /N 3 ")); n != 2 { // and the output intent
		t.Errorf("%d profiles in the file, want 2", n)
	}
}

func TestBadPicturesAreRefused(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 40, 40)), nil); err != nil {
		t.Fatal(err)
	}
	good := b.Bytes()
	frame := bytes.Index(good, []byte{0xff, 0xc0})
	with := func(at int, v byte) []byte {
		c := bytes.Clone(good)
		c[at] = v
		return c
	}
	grey := image.NewGray(image.Rect(0, 0, 400, 400))
	for i := range grey.Pix {
		grey.Pix[i] = byte(i * i)
	}
	pngFile := encodePNG(t, grey)
	bomb := bytes.Clone(pngFile)
	binary.BigEndian.PutUint32(bomb[16:], 1<<30)
	jp2 := magick(t, "a.jp2", "-size", "60x40", "plasma:", "-alpha", "set", "-channel", "A", "-evaluate", "set", "50%")
	tests := []struct {
		name string
		raw  []byte
		code string
	}{
		{"nothing", nil, "picture-unsupported"},
		{"noise", bytes.Repeat([]byte("noise "), 99), "picture-unsupported"},
		{"JPEG cut off", good[:len(good)-20], "picture-damaged"},
		{"JPEG cut off in its header", good[:frame+4], "picture-damaged"},
		{"JPEG with arithmetic codes", with(frame+1, 0xc9), "picture-unsupported"},
		{"JPEG without loss", with(frame+1, 0xc3), "picture-unsupported"},
		{"JPEG of 12 bits", with(frame+4, 12), "picture-unsupported"},
		{"JPEG of no height", with(frame+6, 0), "picture-damaged"},
		{"PNG cut off", pngFile[:len(pngFile)-200], "picture-damaged"},
		{"PNG with a byte changed", append(append(bytes.Clone(pngFile[:300]), pngFile[300]^0x55), pngFile[301:]...), "picture-damaged"},
		{"PNG that claims more than it has", bomb, "picture-damaged"},
		{"JPEG 2000 with transparency", jp2, "picture-unsupported"},
		{"JPEG 2000 cut off in its header", jp2[:60], "picture-unsupported"},
	}
	for _, tt := range tests {
		err := Write(t.Context(), io.Discard, testMeta(), leavesOf(pictureLeaf(magick(t, "p.png", "-size", "5x5", "xc:red")), pictureLeaf(tt.raw)))
		var fault *pipeline.Fault
		if !errors.As(err, &fault) {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if fault.Code != tt.code || fault.Page != 2 || fault.Verdict != pipeline.AskPerson || fault.Text.DE == "" || fault.Text.EN == "" {
			t.Errorf("%s: %+v, want %s on page 2", tt.name, fault, tt.code)
		}
	}
}

func FuzzOpenPicture(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 40 {
		raw, _, _, _ := randomPicture(f, r)
		f.Add(raw)
	}
	f.Add(withICC([]byte("\xff\xd8\xff\xd9"), iccSRGB()))
	f.Add(append(jpxWrapping(jpxHead{Width: 3, Height: 3, Components: 3, Bits: 8}, 51), "\xff\x4f\xff\x51\x00\x2f\x00\x00\x00\x00\x00\x03\x00\x00\x00\x03"+strings.Repeat("\x00", 24)+"\x00\x03\x07\x01\x01\x07\x01\x01\x07\x01\x01"...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		// What a decoder is asked to unpack is bounded elsewhere; here it would only
		// slow the search down.
		if d, ok := findDecoder(raw); ok {
			if c, err := d.config(bytes.NewReader(raw)); err == nil && (c.Width > 2000 || c.Height > 2000) {
				return
			}
		}
		p, err := openPicture(t.Context(), memory{bytes.NewReader(raw)})
		if err != nil {
			if pageFault(1, err) == nil {
				t.Fatal("no fault")
			}
			return
		}
		if p.Width <= 0 || p.Height <= 0 || p.Filter == "" {
			t.Fatalf("%+v", p)
		}
		var b bytes.Buffer
		if err := p.Copy(&b); err != nil || int64(b.Len()) != p.Size {
			t.Fatalf("%d bytes announced, %d came: %v", p.Size, b.Len(), err)
		}
	})
}

func FuzzReadICC(f *testing.F) {
	f.Add(iccSRGB())
	f.Add(iccSRGB()[:200])
	f.Fuzz(func(t *testing.T, p []byte) {
		if head, err := readICC(p); err == nil && head.Components != 1 && head.Components != 3 && head.Components != 4 {
			t.Fatalf("%+v", head)
		}
	})
}
