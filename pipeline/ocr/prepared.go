package ocr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"blattwerk/pipeline"
)

// opPrepared makes a picture of what is read of a page.
const opPrepared = "prepared"

// preparedJPEG is the quality of such a picture: it is looked at closely.
const preparedJPEG = 90

// preparedCall asks for the page as it was read.
type preparedCall struct {
	readCall
	Found int `json:"found"` // clockwise degrees that reading turned it by in the end
}

type preparedReply struct {
	Damaged bool     `json:"damaged"`
	Actions []string `json:"actions"`
}

// Prepared makes a JPEG of the page as it is given to the engine: turned,
// straightened, its paper white and its print dark, at the size at which it is
// read; and tells what was done to it. A blank page is shown as it was judged. file
// is the picture that img describes, which is not changed; reading is what was read
// of it. A picture that does not decode is a [pipeline.Fault].
func (r *Room) Prepared(ctx context.Context, file []byte, img pipeline.Image, reading pipeline.Reading) (jpeg []byte, actions []string, err error) {
	done, err := r.alone(ctx, img)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	var reply preparedReply
	call := preparedCall{readCall{Media: img.Media, Turn: ((img.Turn % 360) + 360) % 360, DPIX: img.DPIX, DPIY: img.DPIY, DataDir: r.cfg.DataDir}, reading.Turn}
	jpeg, err = r.call(ctx, opPrepared, call, file, &reply)
	if err != nil {
		return nil, nil, err
	}
	if reply.Damaged {
		return nil, nil, damaged(nil)
	}
	return jpeg, reply.Actions, nil
}

// servePrepared answers opPrepared in the child.
func (r *reader) servePrepared(value json.RawMessage, body []byte) (any, []byte, error) {
	var call preparedCall
	if err := json.Unmarshal(value, &call); err != nil {
		return nil, nil, fmt.Errorf("decoding the call: %w", err)
	}
	reply, jpeg, err := r.prepared(call, body)
	if errors.Is(err, errUndecodable) {
		return preparedReply{Damaged: true}, nil, nil
	}
	if err != nil {
		giveUp(err)
	}
	return reply, jpeg, nil
}

func (r *reader) prepared(call preparedCall, file []byte) (preparedReply, []byte, error) {
	r.compass.dataDir = call.DataDir
	page, full, err := decodeTo(file, call.Media, false, call.wanted)
	if err != nil {
		return preparedReply{}, nil, err
	}
	defer page.close()
	call.full = full
	p, err := r.prepare(page, call.readCall)
	if err != nil {
		return preparedReply{}, nil, err
	}
	if turn := ((call.Found-p.turn)%360 + 360) % 360; turn != 0 && !p.blank {
		p.did("turn %d after reading", turn)
		if err := p.turnBy(turn); err != nil {
			return preparedReply{}, nil, err
		}
	}
	jpeg, err := p.page.jpeg(preparedJPEG)
	return preparedReply{Actions: p.actions}, jpeg, err
}
