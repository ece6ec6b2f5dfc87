package ocr

// #cgo pkg-config: libopenjp2
// #cgo LDFLAGS: -lleptonica -ltiff -lpng -lopenjp2
// #include <malloc.h>
// #include <stdlib.h>
// #include <leptonica/allheaders.h>
// #include "fit.h"
// #include "jp2.h"
// #include "rows.h"
// #include "tiff.h"
import "C"

import (
	"errors"
	"fmt"
	"image"
	"math"
	"unsafe"
)

// errUndecodable says that Leptonica could not make a picture of the bytes.
var errUndecodable = errors.New("the bytes do not decode to a picture")

// errMemory says that there is not memory enough for a picture.
var errMemory = errors.New("not memory enough for the picture")

// pix is a picture in Leptonica's memory. Whoever makes one closes it.
type pix struct{ p *C.PIX }

// keepMemory lets the allocator keep what it has from page to page. Pictures are
// above the size from which it would ask the kernel for fresh, cleared pages and
// give them back, dozens of times for each page that is read.
func keepMemory() {
	C.mallopt(C.M_MMAP_THRESHOLD, 32<<20) // the most there is
	C.mallopt(C.M_TRIM_THRESHOLD, 128<<20)
	C.mallopt(C.M_TOP_PAD, 8<<20)
}

// mostIdle is how much memory that is not used the allocator may keep, bytes: a
// page of A4 at 300 dpi needs less between two steps.
const mostIdle = 96 << 20

// giveBack returns memory to the kernel where much of it lies idle: a large page,
// or many pages of many sizes, leave it in pieces that the allocator keeps.
func giveBack() {
	if C.mallinfo2().fordblks > mostIdle {
		C.malloc_trim(0)
	}
}

// rest returns all memory that is not used to the kernel: no page is waiting.
func rest() { C.malloc_trim(0) }

// quiet keeps Leptonica from writing to standard error.
func quiet() { C.setMsgSeverity(C.L_SEVERITY_NONE) }

func own(p *C.PIX, doing string) (*pix, error) {
	if p == nil {
		return nil, fmt.Errorf("%s failed", doing)
	}
	return &pix{p}, nil
}

func (p *pix) close() { C.pixDestroy(&p.p) }

// replace puts the result of an operation in the place of its input.
func (p *pix) replace(next *pix, err error) error {
	if err != nil {
		return err
	}
	p.close()
	p.p = next.p
	return nil
}

func (p *pix) width() int  { return int(C.pixGetWidth(p.p)) }
func (p *pix) height() int { return int(C.pixGetHeight(p.p)) }
func (p *pix) depth() int  { return int(C.pixGetDepth(p.p)) }

// decode makes a picture of an encoded file. n counts the pages of a TIFF from
// 0. With luminance, the colours of a JPEG or PNG are not kept: half the time and a
// quarter of the memory. Warnings count what a JPEG decoder had to mend.
func decode(data []byte, media string, n int, luminance bool) (p *pix, warnings int, err error) {
	if len(data) == 0 {
		return nil, 0, errUndecodable
	}
	raw, size := (*C.l_uint8)(unsafe.Pointer(&data[0])), C.size_t(len(data))
	var made *C.PIX
	switch media {
	case "image/jpeg":
		made, warnings = decodeJPEG(raw, size, luminance)
	case "image/tiff":
		// Broken fax data end as white lines, and libtiff calls that a success.
		// Only its handler of errors hears of it. A child decodes one file at a
		// time, so that a counter in C is enough.
		C.tiff_count()
		if made = C.pixReadMemTiff(raw, size, C.l_int32(n)); made == nil {
			// Leptonica takes no tiles and no planes; libtiff takes all it knows.
			C.tiff_count()
			made = C.tiff_pix(raw, size, C.int(n))
		}
		if made != nil && C.tiff_complaints() > 0 {
			C.pixDestroy(&made)
			return nil, int(C.tiff_complaints()), errUndecodable
		}
	case "image/jp2", "image/jpx":
		made = C.jp2_pix(raw, size)
	case "image/gif", "image/png":
		if onWhite, ok := opaque(data, media); ok {
			return decode(onWhite, "image/png", 0, luminance)
		}
		if media == "image/png" && luminance {
			made = C.png_grey(raw, size)
		}
		if made == nil {
			made = C.pixReadMem(raw, size)
		}
	default:
		made = C.pixReadMem(raw, size)
	}
	if made == nil {
		if !roomFor(raw, size) {
			return nil, warnings, errMemory
		}
		return nil, warnings, errUndecodable
	}
	p = &pix{made}
	if C.pixGetColormap(made) != nil {
		err = p.replace(own(C.pixRemoveColormap(made, C.REMOVE_CMAP_BASED_ON_SRC), "removing the palette"))
	}
	if err == nil && C.pixGetSpp(p.p) == 4 {
		err = p.replace(own(C.pixRemoveAlpha(p.p), "laying transparency on white"))
	}
	if err != nil {
		p.close()
		return nil, warnings, err
	}
	return p, warnings, nil
}

// rowwise makes a PNG of page n of a TIFF of plain samples, without ever holding
// the picture: a sheet of A0 in colour has half a gigabyte. ok is false for other
// layouts and for what does not decode.
func rowwise(data []byte, n int, mirror bool) (png []byte, width, height, depth int, ok bool) {
	if len(data) == 0 {
		return nil, 0, 0, 0, false
	}
	var out *C.uchar
	var size C.size_t
	var w, h, samples, swap C.int
	if mirror {
		swap = 1
	}
	C.tiff_count()
	if C.tiff_png((*C.uchar)(unsafe.Pointer(&data[0])), C.size_t(len(data)), C.int(n), swap, &out, &size, &w, &h, &samples) == 0 {
		return nil, 0, 0, 0, false
	}
	defer C.free(unsafe.Pointer(out))
	if C.tiff_complaints() > 0 {
		return nil, 0, 0, 0, false
	}
	depth = 8
	if samples == 3 {
		depth = 32
	}
	return C.GoBytes(unsafe.Pointer(out), C.int(size)), int(w), int(h), depth, true
}

// roomFor says whether there is memory enough to decode a file. Leptonica's
// answer is the same for bad bytes and for want of memory.
func roomFor(raw *C.l_uint8, size C.size_t) bool {
	var format, w, h, bits, samples, palette C.l_int32
	if C.pixReadHeaderMem(raw, size, &format, &w, &h, &bits, &samples, &palette) != 0 || w <= 0 || h <= 0 {
		return true
	}
	// The decoders of PNG and TIFF hold the picture twice for a while.
	const bytesPerPixel = 8
	p := C.calloc(C.size_t(w)*C.size_t(h), bytesPerPixel) // unlike C.malloc, cgo lets it fail
	if p == nil {
		return false
	}
	C.free(p)
	return true
}

func decodeJPEG(raw *C.l_uint8, size C.size_t, luminance bool) (*C.PIX, int) {
	var w, h, components, ycck, cmyk C.l_int32
	if C.readHeaderMemJpeg(raw, size, &w, &h, &components, &ycck, &cmyk) != 0 {
		return nil, 0
	}
	hint := C.l_int32(C.L_JPEG_CONTINUE_WITH_BAD_DATA)
	if luminance && components != 4 {
		hint |= C.L_JPEG_READ_LUMINANCE
	}
	var warnings C.l_int32
	p := C.pixReadMemJpeg(raw, size, 0, 1, &warnings, hint)
	return p, int(warnings)
}

// grey gives 8 bits a pixel; 255 is white.
func (p *pix) grey() (*pix, error) {
	return own(C.pixConvertTo8(p.p, 0), "making grey")
}

// turned gives the picture turned clockwise by 0, 90, 180 or 270 degrees.
func (p *pix) turned(degrees int) (*pix, error) {
	return own(C.pixRotateOrth(p.p, C.l_int32(degrees/90)), "turning")
}

// mirrored swaps left and right.
func (p *pix) mirrored() (*pix, error) {
	return own(C.pixFlipLR(nil, p.p), "mirroring")
}

// rotated gives the picture rotated clockwise about its centre, same size, with
// white brought in.
func (p *pix) rotated(degrees float64) (*pix, error) {
	return own(C.pixRotate(p.p, C.l_float32(degrees*math.Pi/180), C.L_ROTATE_AREA_MAP, C.L_BRING_IN_WHITE, 0, 0), "rotating")
}

// scaled gives a grey picture of w x h pixels.
func (p *pix) scaled(w, h int) (*pix, error) {
	sx, sy := float64(w)/float64(p.width()), float64(h)/float64(p.height())
	if p.depth() == 1 && sx < 1 && math.Abs(sx/sy-1) < 0.02 {
		return own(C.pixScaleToGray(p.p, C.l_float32(sx)), "scaling")
	}
	g := p
	if p.depth() != 8 {
		made, err := p.grey()
		if err != nil {
			return nil, err
		}
		defer made.close()
		g = made
	}
	if w*h > largeSmall && sx <= 1 && sy <= 1 {
		return own(C.pix_fit(g.p, C.int(w), C.int(h)), "scaling")
	}
	if sx < 0.7 && sy < 0.7 {
		return own(C.pixScaleAreaMapToSize(g.p, C.l_int32(w), C.l_int32(h)), "scaling")
	}
	return own(C.pixScaleToSize(g.p, C.l_int32(w), C.l_int32(h)), "scaling")
}

// largeSmall is how many pixels a picture has that is large even when scaled down:
// A3 at 300 dpi, A0 at 110.
const largeSmall = rowwisePixels

// levelled evens out the background of a grey picture, so that paper is about
// 200 everywhere, whatever the light was.
func (p *pix) levelled() (*pix, error) {
	return own(C.pixBackgroundNormSimple(p.p, nil, nil), "levelling the background")
}

// stretched maps black and below to 0, white and above to 255.
func (p *pix) stretched(black, white int) (*pix, error) {
	return own(C.pixGammaTRC(nil, p.p, 1, C.l_int32(black), C.l_int32(white)), "setting the white point")
}

// dark marks the pixels of a grey picture that are darker than level.
func (p *pix) dark(level int) (*pix, error) {
	return own(C.pixThresholdToBinary(p.p, C.l_int32(level)), "finding dark pixels")
}

// skew finds by how many degrees clockwise a bitonal picture has to be rotated
// to straighten its lines, and how sure that is: 3 and more is sure.
func (p *pix) skew(within float64) (degrees, confidence float64) {
	var angle, conf C.l_float32
	if C.pixFindSkewSweepAndSearch(p.p, &angle, &conf, 2, 1, C.l_float32(within), 1, 0.01) != 0 {
		return 0, 0
	}
	return float64(angle), float64(conf)
}

// upright measures on a bitonal picture of about 150 dots per inch how strongly
// the ascenders and descenders of Latin script say that text stands upright
// (positive) or upside down (negative), and the same for text on its side.
func (p *pix) upright() (up, left float64) {
	var u, l C.l_float32
	if C.pixOrientDetect(p.p, &u, &l, 0, 0) != 0 {
		return 0, 0
	}
	return float64(u), float64(l)
}

// share is the part of black pixels of a bitonal picture, 0 to 1.
func (p *pix) share() float64 {
	var n C.l_int32
	if C.pixCountPixels(p.p, &n, nil) != 0 {
		return 0
	}
	return float64(n) / (float64(p.width()) * float64(p.height()))
}

// parts gives the frames of the connected black parts of a bitonal picture.
func (p *pix) parts() []image.Rectangle {
	boxes := C.pixConnCompBB(p.p, 8)
	if boxes == nil {
		return nil
	}
	defer C.boxaDestroy(&boxes)
	n := int(C.boxaGetCount(boxes))
	out := make([]image.Rectangle, 0, n)
	for i := range n {
		var x, y, w, h C.l_int32
		C.boxaGetBoxGeometry(boxes, C.l_int32(i), &x, &y, &w, &h)
		out = append(out, image.Rect(int(x), int(y), int(x+w), int(y+h)))
	}
	return out
}

// count is the number of black pixels of a bitonal picture within r.
func (p *pix) count(r image.Rectangle) int {
	box := C.boxCreate(C.l_int32(r.Min.X), C.l_int32(r.Min.Y), C.l_int32(r.Dx()), C.l_int32(r.Dy()))
	if box == nil {
		return 0
	}
	defer C.boxDestroy(&box)
	var n C.l_int32
	if C.pixCountPixelsInRect(p.p, box, &n, nil) != 0 {
		return 0
	}
	return int(n)
}

// steps marks the pixels of a grey picture around which, within one pixel in
// each direction, the grey differs by at least least.
func (p *pix) steps(least int) (*pix, error) {
	g, err := own(C.pixMorphGradient(p.p, 3, 3, 0), "finding edges")
	if err != nil {
		return nil, err
	}
	defer g.close()
	inverted := C.pixInvert(g.p, g.p)
	if inverted == nil {
		return nil, errors.New("finding edges failed")
	}
	return g.dark(256 - least)
}

// mean is a grey picture in which each pixel is the mean over the square of
// 2*around+1 pixels about it.
func (p *pix) mean(around int) (*pix, error) {
	return own(C.box_mean(p.p, C.int(around)), "taking means")
}

// differs marks the pixels of a grey picture that are darker than those of
// another of the same size by at least least.
func (p *pix) differs(other *pix, least int) (*pix, error) {
	d, err := own(C.pixSubtractGray(nil, other.p, p.p), "comparing pictures")
	if err != nil {
		return nil, err
	}
	defer d.close()
	if C.pixInvert(d.p, d.p) == nil {
		return nil, errors.New("comparing pictures failed")
	}
	return d.dark(256 - least)
}

// row copies row y of a grey picture; into has its width.
func (p *pix) row(y int, into []byte) {
	words := int(C.pixGetWpl(p.p))
	line := unsafe.Slice((*uint32)(unsafe.Add(unsafe.Pointer(C.pixGetData(p.p)), 4*words*y)), words)
	for x := range into {
		into[x] = byte(line[x/4] >> (24 - 8*(x%4))) // the leftmost pixel is in the highest byte
	}
}

// fill paints rectangles of a grey picture in one grey, 0 to 255.
func (p *pix) fill(rects []image.Rectangle, level int) error {
	for _, r := range rects {
		box := C.boxCreate(C.l_int32(r.Min.X), C.l_int32(r.Min.Y), C.l_int32(r.Dx()), C.l_int32(r.Dy()))
		if box == nil {
			return errors.New("painting failed")
		}
		C.pixSetInRectArbitrary(p.p, box, C.l_uint32(level))
		C.boxDestroy(&box)
	}
	return nil
}

// png encodes without loss; a bitonal picture stays 1 bit deep.
func (p *pix) png() ([]byte, error) {
	// Level 3 of zlib is three times as fast as the usual 6 on scans, for a
	// fifth more bytes.
	C.pixSetZlibCompression(p.p, 3)
	var data *C.l_uint8
	var size C.size_t
	if C.pixWriteMemPng(&data, &size, p.p, 0) != 0 {
		return nil, errors.New("encoding as PNG failed")
	}
	defer C.lept_free(unsafe.Pointer(data))
	return C.GoBytes(unsafe.Pointer(data), C.int(size)), nil
}

// solid closes gaps of a bitonal picture that are smaller than gap pixels, then
// takes away what is thinner than least.
func (p *pix) solid(gap, least int) error {
	if C.pixCloseSafeBrick(p.p, p.p, C.l_int32(gap), C.l_int32(gap)) == nil || C.pixOpenBrick(p.p, p.p, C.l_int32(least), C.l_int32(least)) == nil {
		return errors.New("finding solid areas failed")
	}
	return nil
}

// inverted turns light print on a dark ground into dark print on white; the
// ground may be uneven.
func (p *pix) inverted() error {
	if C.pixInvert(p.p, p.p) == nil {
		return errors.New("inverting failed")
	}
	if level, err := p.levelled(); err == nil { // fails on parts too small for its tiles
		_ = p.replace(level, nil)
	}
	return p.replace(p.stretched(blackPoint, whitePoint))
}

// white makes a grey picture without print.
func white(w, h int) (*pix, error) {
	p, err := own(C.pixCreate(C.l_int32(w), C.l_int32(h), 8), "making a picture")
	if err == nil {
		C.pixSetAll(p.p)
	}
	return p, err
}

// paste copies a grey picture to a place on this one.
func (p *pix) paste(part *pix, at image.Point) {
	C.pixRasterop(p.p, C.l_int32(at.X), C.l_int32(at.Y), C.l_int32(part.width()), C.l_int32(part.height()), C.PIX_SRC, part.p, 0, 0)
}

// cut gives a copy of a part.
func (p *pix) cut(r image.Rectangle) (*pix, error) {
	box := C.boxCreate(C.l_int32(r.Min.X), C.l_int32(r.Min.Y), C.l_int32(r.Dx()), C.l_int32(r.Dy()))
	if box == nil {
		return nil, errors.New("cutting failed")
	}
	defer C.boxDestroy(&box)
	return own(C.pixClipRectangle(p.p, box, nil), "cutting")
}

// resolution is what the decoded file says, pixels per inch; 0 if nothing.
func (p *pix) resolution() (x, y float64) {
	return float64(C.pixGetXRes(p.p)), float64(C.pixGetYRes(p.p))
}

// leptonicaVersion is the version of the linked library.
func leptonicaVersion() string {
	v := C.getLeptonicaVersion()
	defer C.lept_free(unsafe.Pointer(v))
	return C.GoString(v)
}
