package ocr

// #cgo LDFLAGS: -ljpeg
// #include "fit.h"
import "C"

import (
	"encoding/binary"
	"image"
	"unsafe"
)

// rowwisePixels is from how many pixels on a picture is scaled down while it is
// decoded, rather than after it: A3 at 300 dpi.
const rowwisePixels = 18_000_000

// decodeTo decodes a picture for a use that wants it at the size that wanted tells
// of the stored one. A large picture that is wanted smaller is decoded row by row
// to that size; others come as they are stored. full is the stored size.
func decodeTo(data []byte, media string, colour bool, wanted func(w, h int) (int, int)) (p *pix, full image.Point, err error) {
	if full = storedSize(data, media); full.X*full.Y > rowwisePixels {
		if w, h := wanted(full.X, full.Y); w <= full.X && h <= full.Y && w*h < full.X*full.Y {
			if p := fitted(data, media, w, h, colour); p != nil {
				return p, full, nil
			}
		}
	}
	if p, _, err = decode(data, media, 0, !colour); err != nil {
		return nil, full, err
	}
	return p, image.Pt(p.width(), p.height()), nil
}

// storedSize is the size in pixels that the header of a picture tells; 0, 0 where it
// tells none, or of a kind that is not decoded row by row.
func storedSize(data []byte, media string) image.Point {
	if len(data) == 0 {
		return image.Point{}
	}
	raw, size := (*C.uchar)(unsafe.Pointer(&data[0])), C.size_t(len(data))
	var w, h C.int
	switch media {
	case "image/png":
		if len(data) >= 24 && !keyed(data) {
			return image.Pt(int(int32(binary.BigEndian.Uint32(data[16:]))), int(int32(binary.BigEndian.Uint32(data[20:]))))
		}
	case "image/jpeg":
		if C.jpeg_size(raw, size, &w, &h) != 0 {
			return image.Pt(int(w), int(h))
		}
	case "image/jp2", "image/jpx":
		if C.jp2_size(raw, size, &w, &h) != 0 {
			return image.Pt(int(w), int(h))
		}
	}
	return image.Point{}
}

// fitted decodes a picture row by row to a smaller one of w x h pixels; nil where
// that does not work.
func fitted(data []byte, media string, w, h int, colour bool) *pix {
	raw, size := (*C.uchar)(unsafe.Pointer(&data[0])), C.size_t(len(data))
	inColour := C.int(0)
	if colour {
		inColour = 1
	}
	var made *C.PIX
	switch media {
	case "image/png":
		made = C.png_fit(raw, size, C.int(w), C.int(h), inColour)
	case "image/jpeg":
		var warnings C.int
		made = C.jpeg_fit(raw, size, C.int(w), C.int(h), inColour, &warnings)
	default:
		made = C.jp2_fit(raw, size, C.int(w), C.int(h), inColour)
	}
	if made == nil {
		return nil
	}
	return &pix{made}
}

// probeJPEG decodes a JPEG row by row, keeps nothing, and counts what the decoder had
// to mend; ok is false where it does not decode.
func probeJPEG(data []byte) (mended int, ok bool) {
	if len(data) == 0 {
		return 0, false
	}
	var warnings C.int
	good := C.jpeg_probe((*C.uchar)(unsafe.Pointer(&data[0])), C.size_t(len(data)), &warnings)
	return int(warnings), good != 0
}
