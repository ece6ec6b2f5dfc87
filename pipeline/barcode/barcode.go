package barcode

// #cgo pkg-config: zxing
// #cgo CXXFLAGS: -std=c++17 -O2
// #include <stdlib.h>
// #include "zxing.h"
import "C"

import (
	"errors"
	"slices"
	"strings"
	"unsafe"

	"blattwerk/pipeline"
)

// Picture is a page in grey, one byte a pixel, rows without padding; 0 is black.
type Picture struct {
	Width, Height int
	Pixels        []byte  // Width*Height
	DPI           float64 // pixels per inch
}

// valid says whether there is what is promised.
func (p Picture) valid() bool {
	return p.Width > 0 && p.Height > 0 && len(p.Pixels) == p.Width*p.Height
}

// errLibrary says that ZXing gave up on a picture.
var errLibrary = errors.New("looking for barcodes failed")

// groups are looked for one after the other, at the resolution that they need:
// the bars of linear codes are narrow, the squares of the others are not.
var groups = []struct {
	group  C.int
	coarse bool
}{
	{C.BW_LINEAR, false}, {C.BW_QR, true}, {C.BW_MATRIX, true}, {C.BW_STACKED, true},
}

const (
	maxCodes  = 8    // of one group on a page
	coarseDPI = 150  // enough for squares of half a millimetre: three pixels
	tinySide  = 600  // pixels; less is a picture of a code, not of a page
	pageSide  = 1200 // pixels; less is not reduced
)

// Find gives the barcodes on a page, patch codes included. Text that no reader
// can know to be right (checksums are part of all kinds but Code 39 and patch
// codes) is the caller's to doubt.
func Find(page Picture) ([]pipeline.Code, error) {
	if !page.valid() {
		return nil, errLibrary
	}
	codes := patches(page)
	coarse, factor := reduced(page)
	for _, g := range groups {
		from, scale := page, 1
		if g.coarse {
			from, scale = coarse, factor
		}
		found, err := read(from, g.group)
		if err != nil {
			return codes, err
		}
		if len(found) == 0 && max(page.Width, page.Height) < tinySide {
			if found, err = read(enlarged(page), g.group); err != nil {
				return codes, err
			}
			for i := range found {
				found[i].Box = shrunk(found[i].Box)
			}
		}
		for _, c := range found {
			c.Box = pipeline.Box{X0: c.Box.X0 * scale, Y0: c.Box.Y0 * scale, X1: c.Box.X1 * scale, Y1: c.Box.Y1 * scale}
			codes = append(codes, c)
		}
	}
	return codes, nil
}

var kinds = map[C.int]pipeline.CodeKind{
	1: pipeline.CodeQR, 2: pipeline.Code128, 3: pipeline.Code39, 4: pipeline.CodeDataMatrix, 5: pipeline.CodePDF417, 6: pipeline.CodeRetail,
}

// read finds the codes of a group. What was found is painted over in a copy, so
// that the next look finds the next one.
func read(p Picture, group C.int) ([]pipeline.Code, error) {
	var codes []pipeline.Code
	pixels, copied := p.Pixels, false
	for len(codes) < maxCodes {
		var c C.bw_code
		n := C.bw_read((*C.uint8_t)(unsafe.Pointer(&pixels[0])), C.int(p.Width), C.int(p.Height), C.int(p.Width), group, &c, 1)
		if n < 0 {
			return codes, errLibrary
		}
		if n == 0 {
			break
		}
		code := pipeline.Code{
			Kind: kinds[c.kind], Text: strings.ToValidUTF8(C.GoStringN(&c.text[0], c.length), "\uFFFD"), Box: boxOf(c, p),
		}
		// A linear code is only as high as the line it was read on: once found, the
		// same bars above and below are the same code.
		if !slices.ContainsFunc(codes, func(o pipeline.Code) bool { return o.Kind == code.Kind && o.Text == code.Text }) {
			codes = append(codes, code)
		}
		if !copied {
			pixels, copied = slices.Clone(pixels), true
		}
		paint(p, pixels, grown(code.Box, p, group == C.BW_LINEAR))
	}
	return codes, nil
}

func boxOf(c C.bw_code, p Picture) pipeline.Box {
	b := pipeline.Box{X0: p.Width, Y0: p.Height}
	for i := range c.x {
		x, y := min(max(int(c.x[i]), 0), p.Width), min(max(int(c.y[i]), 0), p.Height)
		b = pipeline.Box{X0: min(b.X0, x), Y0: min(b.Y0, y), X1: max(b.X1, x), Y1: max(b.Y1, y)}
	}
	return b
}

// grown is the box with a margin; of a linear code, also a centimetre above and
// below the line that was read.
func grown(b pipeline.Box, p Picture, linear bool) pipeline.Box {
	margin := max(int(p.DPI/50), 4)
	if linear {
		margin = max(int(p.DPI*0.4), 8)
	}
	return pipeline.Box{X0: max(b.X0-margin, 0), Y0: max(b.Y0-margin, 0), X1: min(b.X1+margin, p.Width), Y1: min(b.Y1+margin, p.Height)}
}

// paint makes a box white.
func paint(p Picture, pixels []byte, b pipeline.Box) {
	for y := b.Y0; y < b.Y1; y++ {
		for x := b.X0; x < b.X1; x++ {
			pixels[y*p.Width+x] = 255
		}
	}
}

// reduced is the page at half, a third ... of its size, if it is fine enough.
func reduced(p Picture) (Picture, int) {
	factor := 1
	for p.DPI/float64(factor+1) >= coarseDPI && max(p.Width, p.Height)/(factor+1) >= pageSide {
		factor++
	}
	return scaledDown(p, factor), factor
}

// scaledDown averages squares of n pixels.
func scaledDown(p Picture, n int) Picture {
	if n <= 1 {
		return p
	}
	w, h := p.Width/n, p.Height/n
	out := Picture{Width: w, Height: h, Pixels: make([]byte, w*h), DPI: p.DPI / float64(n)}
	sums := make([]uint32, w)
	area := uint32(n * n)
	for y := range h {
		clear(sums)
		for dy := range n {
			row := p.Pixels[(y*n+dy)*p.Width:]
			for x := range w {
				var s uint32
				for _, v := range row[x*n : x*n+n] {
					s += uint32(v)
				}
				sums[x] += s
			}
		}
		for x, s := range sums {
			out.Pixels[y*w+x] = byte(s / area)
		}
	}
	return out
}

const border = 20 // pixels of white around an enlarged picture: codes need a quiet zone

// enlarged is a small picture at twice its size with a white border.
func enlarged(p Picture) Picture {
	w, h := 2*p.Width+2*border, 2*p.Height+2*border
	out := Picture{Width: w, Height: h, Pixels: make([]byte, w*h), DPI: 2 * p.DPI}
	for y := range h {
		for x := range w {
			v := byte(255)
			if sx, sy := (x-border)/2, (y-border)/2; x >= border && y >= border && sx < p.Width && sy < p.Height {
				v = p.Pixels[sy*p.Width+sx]
			}
			out.Pixels[y*w+x] = v
		}
	}
	return out
}

func shrunk(b pipeline.Box) pipeline.Box {
	half := func(v int) int { return max(v-border, 0) / 2 }
	return pipeline.Box{X0: half(b.X0), Y0: half(b.Y0), X1: half(b.X1), Y1: half(b.Y1)}
}

// Symbol is a barcode to be printed: rows of modules, true is dark, without the
// quiet zone around it.
type Symbol [][]bool

// QR makes a QR code that can be read with up to a quarter of it lost (level Q).
func QR(text string) (Symbol, error) { return write(1, text, 6) }

// Linear makes a Code 128: one row.
func Linear(text string) (Symbol, error) {
	s, err := write(2, text, -1)
	if err != nil {
		return nil, err
	}
	return s[:1], nil
}

func write(kind C.int, text string, level C.int) (Symbol, error) {
	ctext := C.CString(text)
	defer C.free(unsafe.Pointer(ctext))
	var modules *C.uint8_t
	var w, h C.int
	if C.bw_write(kind, ctext, level, &modules, &w, &h) != 0 || w == 0 || h == 0 {
		return nil, errors.New("the text does not fit into a barcode")
	}
	defer C.free(unsafe.Pointer(modules))
	flat := unsafe.Slice((*byte)(unsafe.Pointer(modules)), int(w*h))
	symbol := make(Symbol, h)
	for y := range symbol {
		symbol[y] = make([]bool, w)
		for x := range symbol[y] {
			symbol[y][x] = flat[y*int(w)+x] == 1
		}
	}
	return symbol, nil
}
