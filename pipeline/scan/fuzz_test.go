package scan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"blattwerk/pipeline"
)

// seeds are small files of each kind: those of testdata/kinds, made by ImageMagick
// and libheif, and some that are bent on purpose.
func seeds(f *testing.F) {
	made, err := filepath.Glob(filepath.Join("testdata", "kinds", "*"))
	if err != nil || len(made) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range made {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	m := image.NewPaletted(image.Rect(0, 0, 9, 7), nil)
	m.Palette = append(m.Palette, image.White, image.Black)
	var j, p, g bytes.Buffer
	if err := errors.Join(jpeg.Encode(&j, m, nil), png.Encode(&p, m), gif.Encode(&g, m, nil)); err != nil {
		f.Fatal(err)
	}
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x05")
	for _, v := range []struct {
		tag, kind uint16
		value     uint32
	}{{256, 4, 2}, {257, 4, 2}, {273, 4, 8}, {274, 3, 6 << 16}, {279, 4, 4}} {
		tiff = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(tiff, v.tag), v.kind)
		tiff = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(tiff, 1), v.value)
	}
	tiff = append(tiff, 0, 0, 0, 0)
	exif := append([]byte("\xff\xd8\xff\xe1\x00\x50Exif\x00\x00"), tiff...)
	for _, b := range [][]byte{
		j.Bytes(), p.Bytes(), g.Bytes(), tiff, append(exif, j.Bytes()[2:]...),
		[]byte("RIFF\x16\x00\x00\x00WEBPVP8L\x0a\x00\x00\x00\x2f\x08\x80\x01\x00\x00\x00\x00\x00\x00\x00\x00"),
		[]byte("\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 \x00\x00\x00\x2djp2h\x00\x00\x00\x16ihdr\x00\x00\x00\x07\x00\x00\x00\x09\x00\x03\x07\x07\x00\x00"),
		append([]byte("BM"), make([]byte, 60)...),
	} {
		f.Add(b)
	}
}

// FuzzOpen checks every header parser: whatever the bytes, there is a picture
// of believable measures or a fault, and what reads the whole file ends too.
func FuzzOpen(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		r, size := bytes.NewReader(file), int64(len(file))
		facts, err := check(t.Context(), r, size, Sniff(file), 50)
		if err != nil {
			mustBeFault(t, err)
			return
		}
		if len(facts.Pages) == 0 || len(facts.Pages) > 50 {
			t.Fatalf("%d pages", len(facts.Pages))
		}
		for _, p := range facts.Pages {
			if p.Width <= 0 || p.Height <= 0 || p.Turn%90 != 0 || p.Turn < 0 || p.Turn >= 360 {
				t.Fatalf("picture %+v", p)
			}
			x, y := settle(p.Width, p.Height, p.DPIX, p.DPIY)
			if !(x >= leastDPI && x <= mostDPI && y >= leastDPI && y <= mostDPI) {
				t.Fatalf("resolution %f x %f", x, y)
			}
			if facts.Media == mediaTIFF {
				checkCut(t, p)
			}
		}
		switch facts.Media {
		case mediaJPEG:
			_, err = wholeJPEG(r, size)
		case mediaPNG:
			if p := facts.Pages[0]; p.Width < 1<<12 && p.Height < 1<<12 {
				err = wholePNG(r, size)
			}
		}
		if err != nil {
			mustBeFault(t, err)
		}
	})
}

// checkCut cuts a page out and finds the same page in what was cut.
func checkCut(t *testing.T, p Picture) {
	file, ok, err := cut(p.sheet, 1<<20)
	if err != nil {
		mustBeFault(t, err)
		return
	}
	if !ok {
		return
	}
	again, err := checkTIFF(t.Context(), bytes.NewReader(file), int64(len(file)), 1)
	if err != nil {
		t.Fatalf("the cut page: %v", err)
	}
	if q := again[0]; q.Width != p.Width || q.Height != p.Height || q.Model != p.Model || q.Turn != 0 || q.Mirror {
		t.Fatalf("the cut page says %+v, the file %+v", q, p)
	}
}

func mustBeFault(t *testing.T, err error) {
	t.Helper()
	var f *pipeline.Fault
	if !errors.As(err, &f) || f.Text.DE == "" || f.Text.EN == "" {
		t.Fatalf("error is %v, want a fault", err)
	}
}
