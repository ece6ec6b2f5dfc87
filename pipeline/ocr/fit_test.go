package ocr

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

// TestFittedIsTheMeanOfWhatIsStored decodes pictures of all kinds to a smaller size
// row by row, and compares each pixel with the mean over its place on the picture
// as it is decoded whole.
func TestFittedIsTheMeanOfWhatIsStored(t *testing.T) {
	const w, h = 613, 1211 // more than one strip of JPEG 2000, and nothing even
	rgb := image.NewNRGBA(image.Rect(0, 0, w, h))
	grey := image.NewGray(rgb.Rect)
	for y := range h {
		for x := range w {
			rgb.SetNRGBA(x, y, color.NRGBA{uint8(x / 3), uint8(y / 5), uint8((x + y) / 8), 255})
			if x/40%2 == y/60%2 {
				rgb.SetNRGBA(x, y, color.NRGBA{250, 20, 120, 255})
			}
			grey.Set(x, y, rgb.At(x, y))
		}
	}
	veiled := image.NewNRGBA(rgb.Rect)
	copy(veiled.Pix, rgb.Pix)
	for i := 3; i < len(veiled.Pix); i += 4 {
		veiled.Pix[i] = uint8(i / 4 % w / 3)
	}
	deep := image.NewRGBA64(rgb.Rect)
	for y := range h {
		for x := range w {
			deep.Set(x, y, rgb.At(x, y))
		}
	}
	pngOf := func(m image.Image) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	jpegOf := func(m image.Image) []byte {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, tc := range []struct {
		name, media string
		file        []byte
	}{
		{"png", "image/png", pngOf(rgb)},
		{"png grey", "image/png", pngOf(grey)},
		{"png alpha", "image/png", pngOf(veiled)},
		{"png 16 bits", "image/png", pngOf(deep)},
		{"jpeg", "image/jpeg", jpegOf(rgb)},
		{"jpeg grey", "image/jpeg", jpegOf(grey)},
		{"jpeg cmyk", "image/jpeg", converted(t, jpegOf(rgb), "cmyk.jpg", "-colorspace", "CMYK")},
		{"jpeg progressive", "image/jpeg", converted(t, jpegOf(rgb), "p.jpg", "-interlace", "JPEG")},
		{"jp2", "image/jp2", converted(t, jpegOf(rgb), "c.jp2")},
		{"jp2 grey", "image/jp2", converted(t, jpegOf(grey), "g.jp2")},
		{"jp2 in tiles", "image/jp2", converted(t, jpegOf(rgb), "t.jp2", "-define", "jp2:tile=200x300")},
		{"jp2 bare", "image/jp2", converted(t, jpegOf(rgb), "b.j2k")},
	} {
		for _, colour := range []bool{false, true} {
			full, _, err := decode(tc.file, tc.media, 0, !colour)
			if err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			for _, size := range []image.Point{{w, h}, {409, 807}, {61, 121}, {1, 1}} {
				got := fitted(tc.file, tc.media, size.X, size.Y, colour)
				if got == nil {
					t.Fatalf("%s: no picture", tc.name)
				}
				if got.width() != size.X || got.height() != size.Y {
					t.Errorf("%s: %d x %d, want %v", tc.name, got.width(), got.height(), size)
				}
				if colour != (got.depth() == 32) && full.depth() != got.depth() {
					t.Errorf("%s: depth %d, whole %d", tc.name, got.depth(), full.depth())
				}
				if off := farthest(t, full, got); off > 2.5 {
					t.Errorf("%s, colour %t, to %v: off by %.1f greys", tc.name, colour, size, off)
				}
				got.close()
			}
			full.close()
		}
		if at := storedSize(tc.file, tc.media); at != (image.Point{w, h}) {
			t.Errorf("%s: stored size %v", tc.name, at)
		}
		for _, part := range []int{1, 30, len(tc.file) / 2, len(tc.file) - 40} {
			if p := fitted(tc.file[:part], tc.media, 61, 121, true); p != nil {
				p.close() // a JPEG may break off; others not
				if tc.media == "image/png" {
					t.Errorf("%s: a picture of %d bytes of %d", tc.name, part, len(tc.file))
				}
			}
		}
	}
}

// converted lets ImageMagick write a picture in another kind.
func converted(t *testing.T, file []byte, name string, options ...string) []byte {
	t.Helper()
	program := pipelinetest.Program(t, "convert")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, name)
	if err := os.WriteFile(in, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(program, append(append([]string{in}, options...), out)...).CombinedOutput(); err != nil {
		t.Fatalf("convert: %v: %s", err, said)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// farthest is the largest distance of a pixel's grey from the mean over its place.
func farthest(t *testing.T, full, small *pix) float64 {
	t.Helper()
	greys := func(p *pix) ([][]byte, int, int) {
		g, err := p.grey()
		if err != nil {
			t.Fatal(err)
		}
		defer g.close()
		rows := make([][]byte, g.height())
		for y := range rows {
			rows[y] = make([]byte, g.width())
			g.row(y, rows[y])
		}
		return rows, g.width(), g.height()
	}
	a, w, h := greys(full)
	b, tw, th := greys(small)
	worst := 0.0
	for ty := 0; ty < th; ty += 1 + th/40 {
		for tx := 0; tx < tw; tx += 1 + tw/40 {
			x0, x1 := float64(tx*w)/float64(tw), float64((tx+1)*w)/float64(tw)
			y0, y1 := float64(ty*h)/float64(th), float64((ty+1)*h)/float64(th)
			sum, all := 0.0, 0.0
			for y := int(y0); y < h && float64(y) < y1; y++ {
				for x := int(x0); x < w && float64(x) < x1; x++ {
					part := (min(float64(x+1), x1) - max(float64(x), x0)) * (min(float64(y+1), y1) - max(float64(y), y0))
					sum, all = sum+part*float64(a[y][x]), all+part
				}
			}
			worst = max(worst, max(sum/all-float64(b[ty][tx]), float64(b[ty][tx])-sum/all))
		}
	}
	return worst
}
