package ocr

// #include <leptonica/allheaders.h>
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"blattwerk/pipeline"
)

// opShow makes a picture for people of the picture of a page.
const opShow = "show"

// Bounds of a picture for people. A screen shows no more, and a stranger's page
// of any shape becomes a picture of bounded size.
const (
	minShown    = 16    // pixels across
	maxShown    = 2400  // pixels across
	maxShownFar = 12000 // pixels down: a strip of paper is cut to it
	shownJPEG   = 80    // quality: print stays clean at a third of the bytes of 95
)

// showCall asks for the upright, straightened page, Width pixels across.
type showCall struct {
	Media string  `json:"media"`
	Turn  int     `json:"turn"` // clockwise degrees, 0 to 270: what the file asks for and what reading found
	Skew  float64 `json:"skew"` // further clockwise degrees
	DPIX  float64 `json:"dpiX"` // of the picture as stored; 0 is square pixels
	DPIY  float64 `json:"dpiY"`
	Width int     `json:"width"`
}

type showReply struct {
	Damaged bool `json:"damaged"`
}

// Show makes a JPEG of a page for people: upright and straightened in the frame
// of the page's words (see [pipeline.Reading]), with square pixels, width pixels
// across within bounds. file is the picture that img describes; reading may be
// nil. A picture that does not decode is a [pipeline.Fault].
func (r *Room) Show(ctx context.Context, file []byte, img pipeline.Image, reading *pipeline.Reading, width int) ([]byte, error) {
	call := showCall{Media: img.Media, Turn: img.Turn, DPIX: img.DPIX, DPIY: img.DPIY, Width: min(max(width, minShown), maxShown)}
	if reading != nil {
		call.Turn, call.Skew = img.Turn+reading.Turn, reading.Skew
	}
	call.Turn = ((call.Turn % 360) + 360) % 360
	var reply showReply
	jpeg, err := r.call(ctx, opShow, call, file, &reply)
	if err != nil {
		return nil, err
	}
	if reply.Damaged {
		return nil, damaged(nil)
	}
	return jpeg, nil
}

// serveShow answers opShow in the child.
func serveShow(value json.RawMessage, body []byte) (any, []byte, error) {
	var call showCall
	if err := json.Unmarshal(value, &call); err != nil {
		return nil, nil, fmt.Errorf("decoding the call: %w", err)
	}
	jpeg, err := show(call, body)
	if errors.Is(err, errUndecodable) {
		return showReply{Damaged: true}, nil, nil
	}
	if err != nil {
		giveUp(err)
	}
	return showReply{}, jpeg, nil
}

// show decodes, scales, turns and straightens a page, in the order that moves
// the fewest pixels.
func show(call showCall, file []byte) ([]byte, error) {
	p, err := decodeFor(call, file)
	if err != nil {
		return nil, err
	}
	defer p.close()
	w, h := shownSize(call, p.width(), p.height())
	if err := p.replace(p.resized(w, h)); err != nil {
		return nil, err
	}
	if call.Turn != 0 {
		if err := p.replace(p.turned(call.Turn)); err != nil {
			return nil, err
		}
	}
	if call.Skew != 0 {
		if err := p.replace(p.rotated(call.Skew)); err != nil {
			return nil, err
		}
	}
	return p.jpeg(shownJPEG)
}

// shownSize is the size of the stored picture, before it is turned, that gives a
// page of the wished width.
func shownSize(call showCall, width, height int) (w, h int) {
	across, down := float64(width), float64(height)
	if call.DPIX > 0 && call.DPIY > 0 {
		down *= call.DPIX / call.DPIY
	}
	wide := across // of the page as shown
	if call.Turn%180 != 0 {
		wide = down
	}
	f := float64(call.Width) / wide
	if longest := f * max(across, down); longest > maxShownFar {
		f *= maxShownFar / longest
	}
	return max(int(math.Round(across*f)), 1), max(int(math.Round(down*f)), 1)
}

// decodeFor decodes no more of a picture than is needed. The format of JPEG allows a
// half, a quarter and an eighth of the size at a fraction of the cost.
func decodeFor(call showCall, file []byte) (*pix, error) {
	if call.Media != "image/jpeg" || len(file) == 0 {
		p, _, err := decodeTo(file, call.Media, true, func(w, h int) (int, int) { return shownSize(call, w, h) })
		return p, err
	}
	raw, size := (*C.l_uint8)(unsafe.Pointer(&file[0])), C.size_t(len(file))
	var w, h, components, ycck, cmyk C.l_int32
	if C.readHeaderMemJpeg(raw, size, &w, &h, &components, &ycck, &cmyk) != 0 {
		return nil, errUndecodable
	}
	shown, _ := shownSize(call, int(w), int(h))
	reduction := 1
	for reduction < 8 && int(w)/(2*reduction) >= shown {
		reduction *= 2
	}
	made := C.pixReadMemJpeg(raw, size, 0, C.l_int32(reduction), nil, C.L_JPEG_CONTINUE_WITH_BAD_DATA)
	if made == nil {
		if !roomFor(raw, size) {
			return nil, errMemory
		}
		return nil, errUndecodable
	}
	return &pix{made}, nil
}

// resized gives the picture at w x h pixels, grey or in colour.
func (p *pix) resized(w, h int) (*pix, error) {
	if p.depth() != 32 {
		return p.scaled(w, h)
	}
	if float64(w) < 0.7*float64(p.width()) && float64(h) < 0.7*float64(p.height()) {
		return own(C.pixScaleAreaMapToSize(p.p, C.l_int32(w), C.l_int32(h)), "scaling")
	}
	return own(C.pixScaleToSize(p.p, C.l_int32(w), C.l_int32(h)), "scaling")
}

// jpeg encodes a grey or colour picture.
func (p *pix) jpeg(quality int) ([]byte, error) {
	if p.depth() != 8 && p.depth() != 32 {
		if err := p.replace(p.grey()); err != nil {
			return nil, err
		}
	}
	var data *C.l_uint8
	var size C.size_t
	if C.pixWriteMemJpeg(&data, &size, p.p, C.l_int32(quality), 0) != 0 {
		return nil, errors.New("encoding as JPEG failed")
	}
	defer C.lept_free(unsafe.Pointer(data))
	return C.GoBytes(unsafe.Pointer(data), C.int(size)), nil
}
