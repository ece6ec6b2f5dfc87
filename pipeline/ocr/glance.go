package ocr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"blattwerk/pipeline"
	"blattwerk/pipeline/barcode"
)

// glanceCall asks for what can be seen on a page without reading it.
type glanceCall struct {
	Media string  `json:"media"`
	DPIX  float64 `json:"dpiX"`
	DPIY  float64 `json:"dpiY"`
	Blank bool    `json:"blank"` // say whether it is blank, too
}

type glanceReply struct {
	Damaged bool            `json:"damaged"`
	Codes   []pipeline.Code `json:"codes"`
	Blank   bool            `json:"blank"`
}

// Glance gives the barcodes on a page, in pixels of the picture as stored, and, if
// asked, whether it is blank. It costs a twentieth of reading the page. A picture
// that does not decode is a [pipeline.Fault].
func (r *Room) Glance(ctx context.Context, file []byte, img pipeline.Image, wantBlank bool) (codes []pipeline.Code, blank bool, err error) {
	if !r.hold(ctx) {
		return nil, false, ctx.Err()
	}
	defer r.release()
	done, err := r.alone(ctx, img)
	if err != nil {
		return nil, false, err
	}
	defer done()
	var reply glanceReply
	call := glanceCall{Media: img.Media, DPIX: img.DPIX, DPIY: img.DPIY, Blank: wantBlank}
	if _, err := r.call(ctx, opGlance, call, file, &reply); err != nil {
		return nil, false, err
	}
	if reply.Damaged {
		return nil, false, damaged(nil)
	}
	return reply.Codes, reply.Blank, nil
}

// serveGlance answers a glanceCall inside a child.
func serveGlance(value json.RawMessage, body []byte) (any, []byte, error) {
	var call glanceCall
	if err := json.Unmarshal(value, &call); err != nil {
		return nil, nil, fmt.Errorf("decoding the call: %w", err)
	}
	reply, err := glance(call, body)
	if err != nil {
		giveUp(err)
	}
	return reply, nil, nil
}

func glance(call glanceCall, file []byte) (glanceReply, error) {
	page, full, err := decodeTo(file, call.Media, false, readCall{DPIX: call.DPIX, DPIY: call.DPIY}.wanted)
	if errors.Is(err, errUndecodable) {
		return glanceReply{Damaged: true}, nil
	}
	if err != nil {
		return glanceReply{}, err
	}
	defer page.close()
	w, h, dpi := sizes(full.X, full.Y, call.DPIX, call.DPIY)
	if w != page.width() || h != page.height() {
		if err := page.replace(page.scaled(w, h)); err != nil {
			return glanceReply{}, err
		}
	}
	var reply glanceReply
	if call.Blank {
		looks, err := look(page, dpi)
		if err != nil {
			return reply, err
		}
		reply.Blank, _, err = looks.blank()
		looks.close()
		if err != nil {
			return reply, err
		}
	}
	if page.depth() != 8 {
		if err := page.replace(page.grey()); err != nil {
			return reply, err
		}
	}
	pixels := make([]byte, w*h)
	for y := range h {
		page.row(y, pixels[y*w:(y+1)*w])
	}
	reply.Codes, err = barcode.Find(barcode.Picture{Width: w, Height: h, Pixels: pixels, DPI: dpi})
	sx, sy := float64(full.X)/float64(w), float64(full.Y)/float64(h)
	for i := range reply.Codes {
		b := &reply.Codes[i].Box
		*b = pipeline.Box{X0: int(float64(b.X0) * sx), Y0: int(float64(b.Y0) * sy), X1: int(float64(b.X1) * sx), Y1: int(float64(b.Y1) * sy)}
	}
	return reply, err
}
