package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"testing"
)

// paper is a sheet that is covered with one printed page again and again. It is
// an image that takes no memory, whatever its size.
type paper struct {
	tile          *image.RGBA
	width, height int
	dpi           float64 // that makes it a sheet of the A series
	colour        bool
}

// tileOf loads a picture and lays it on white of w x h pixels, or more where it is
// larger itself.
func tileOf(t *testing.T, path string, w, h int) *image.RGBA {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := m.Bounds()
	const margin = 100
	tile := image.NewRGBA(image.Rect(0, 0, max(b.Dx()+margin, w), max(b.Dy()+margin, h)))
	draw.Draw(tile, tile.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(tile, b.Sub(b.Min).Add(image.Pt(margin/2, margin/2)), m, b.Min, draw.Over)
	return tile
}

func (p paper) ColorModel() color.Model {
	if p.colour {
		return color.RGBAModel
	}
	return color.GrayModel
}
func (p paper) Bounds() image.Rectangle { return image.Rect(0, 0, p.width, p.height) }
func (p paper) At(x, y int) color.Color {
	c := p.tile.RGBAAt(x%p.tile.Rect.Dx(), y%p.tile.Rect.Dy())
	if p.colour {
		return c
	}
	return color.GrayModel.Convert(c)
}
func (p paper) Opaque() bool { return true }

func (p paper) samples() int {
	if p.colour {
		return 3
	}
	return 1
}

// row gives the samples of a row.
func (p paper) row(y int, into []byte) {
	line := p.tile.Pix[y%p.tile.Rect.Dy()*p.tile.Stride:]
	for x := range p.width {
		c := line[x%p.tile.Rect.Dx()*4:]
		if p.colour {
			copy(into[3*x:3*x+3], c)
		} else {
			into[x] = byte((299*int(c[0]) + 587*int(c[1]) + 114*int(c[2])) / 1000)
		}
	}
}

// flat is a grey paper as the JPEG encoder likes it best.
func (p paper) flat() image.Image {
	if p.colour {
		return p
	}
	m := image.NewGray(p.Bounds())
	for y := range p.height {
		p.row(y, m.Pix[y*m.Stride:])
	}
	return m
}

func writePaperPNG(path string, p paper, _ int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(f, p); err != nil {
		return err
	}
	return f.Close()
}

// writeProgressive writes a progressive JPEG.
func writeProgressive(path string, p paper, _ int) error {
	var baseline bytes.Buffer
	if err := jpeg.Encode(&baseline, p.flat(), &jpeg.Options{Quality: 75}); err != nil {
		return err
	}
	cmd := exec.Command("convert", "jpeg:-", "-interlace", "JPEG", "jpeg:"+path)
	cmd.Stdin = &baseline
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("convert: %w: %s", err, said)
	}
	return nil
}

// writeScanPDF writes a PDF as scanners do: each page is one JPEG.
func writeScanPDF(path string, p paper, pages int) error {
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, p.flat(), &jpeg.Options{Quality: 75}); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	at := 0
	var offsets []int
	say := func(format string, args ...any) {
		n, _ := fmt.Fprintf(f, format, args...) // errors come again on closing
		at += n
	}
	object := func(format string, args ...any) {
		offsets = append(offsets, at)
		say("%d 0 obj\n", len(offsets))
		say(format, args...)
		say("\nendobj\n")
	}
	say("%%PDF-1.4\n")
	object("<</Type/Catalog/Pages 2 0 R>>")
	kids := ""
	for i := range pages {
		kids += fmt.Sprintf("%d 0 R ", 3+3*i)
	}
	object("<</Type/Pages/Count %d/Kids[%s]>>", pages, kids)
	w, h := float64(p.width)*72/p.dpi, float64(p.height)*72/p.dpi
	space := map[bool]string{true: "DeviceRGB", false: "DeviceGray"}[p.colour]
	draw := fmt.Sprintf("q %.2f 0 0 %.2f 0 0 cm /I Do Q", w, h)
	for i := range pages {
		object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.2f %.2f]/Contents %d 0 R/Resources<</XObject<</I %d 0 R>>>>>>", w, h, 4+3*i, 5+3*i)
		object("<</Length %d>>stream\n%s\nendstream", len(draw), draw)
		object("<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/%s/BitsPerComponent 8/Filter/DCTDecode/Length %d>>stream\n%s\nendstream", p.width, p.height, space, jpg.Len(), jpg.Bytes())
	}
	xref := at
	say("xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		say("%010d 00000 n \n", o)
	}
	say("trailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, xref)
	return f.Close()
}

// writeManyTIFF writes a TIFF of many pages (TIFF 6.0; Deflate is its technical
// note 2), each in strips of 64 rows.
func writeManyTIFF(path string, p paper, pages int) error {
	strips, err := packStrips(p)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if _, err := f.Write([]byte("II*\x00\x08\x00\x00\x00")); err != nil {
		return err
	}
	at := 8
	for i := range pages {
		const entries = 11
		n := len(strips)
		tail := at + 2 + 12*entries + 4
		data := tail + 8*n + 8 + 6
		dir := le.AppendUint16(nil, entries)
		field := func(tag, kind uint16, count, value int) {
			dir = le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(dir, tag), kind), uint32(count)), uint32(value))
		}
		var offsets, counts []byte
		next := data
		for _, s := range strips {
			offsets, counts = le.AppendUint32(offsets, uint32(next)), le.AppendUint32(counts, uint32(len(s)))
			next += len(s)
		}
		next += next % 2
		bits := tail + 8*n + 8
		field(256, 4, 1, p.width)
		field(257, 4, 1, p.height)
		if p.colour {
			field(258, 3, 3, bits)
		} else {
			field(258, 3, 1, 8)
		}
		field(259, 3, 1, 8)
		field(262, 3, 1, p.samples()/3+1) // 1: black is 0; 2: RGB
		field(273, 4, n, tail)
		field(277, 3, 1, p.samples())
		field(278, 4, 1, stripRows)
		field(279, 4, n, tail+4*n)
		field(282, 5, 1, tail+8*n)
		field(283, 5, 1, tail+8*n)
		if i == pages-1 {
			dir = le.AppendUint32(dir, 0)
		} else {
			dir = le.AppendUint32(dir, uint32(next))
		}
		dir = append(append(dir, offsets...), counts...)
		dir = le.AppendUint32(le.AppendUint32(dir, uint32(p.dpi)), 1)
		dir = append(dir, 8, 0, 8, 0, 8, 0)
		for _, part := range append([][]byte{dir}, strips...) {
			if _, err := f.Write(part); err != nil {
				return err
			}
			at += len(part)
		}
		if at%2 != 0 {
			if _, err := f.Write([]byte{0}); err != nil {
				return err
			}
			at++
		}
	}
	return f.Close()
}

const stripRows = 64

func packStrips(p paper) ([][]byte, error) {
	var strips [][]byte
	row := make([]byte, p.width*p.samples())
	for y := 0; y < p.height; y += stripRows {
		var b bytes.Buffer
		w, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
		if err != nil {
			return nil, err
		}
		for i := y; i < min(y+stripRows, p.height); i++ {
			p.row(i, row)
			if _, err := io.Copy(w, bytes.NewReader(row)); err != nil {
				return nil, err
			}
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		strips = append(strips, b.Bytes())
	}
	return strips, nil
}
