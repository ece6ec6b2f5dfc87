package ocr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"blattwerk/pipeline/child"
)

// Serve is the main of a child: it reads and decodes pages that come on in and
// answers on out, until in ends.
func Serve(in io.Reader, out io.Writer) error {
	quiet()
	keepMemory()
	return child.Serve(in, out, frugal(handlers(&reader{})), rest)
}

// frugal gives idle memory back after each call.
func frugal(handlers map[string]child.Handler) map[string]child.Handler {
	for op, handle := range handlers {
		handlers[op] = func(value json.RawMessage, body []byte) (any, []byte, error) {
			defer giveBack()
			return handle(value, body)
		}
	}
	return handlers
}

func handlers(r *reader) map[string]child.Handler {
	return map[string]child.Handler{
		opRead: func(value json.RawMessage, body []byte) (any, []byte, error) {
			var call readCall
			if err := json.Unmarshal(value, &call); err != nil {
				return nil, nil, fmt.Errorf("decoding the call: %w", err)
			}
			reply, err := r.read(call, body)
			if err != nil {
				giveUp(err)
			}
			return reply, nil, nil
		},
		opDecode: func(value json.RawMessage, body []byte) (any, []byte, error) {
			var call decodeCall
			if err := json.Unmarshal(value, &call); err != nil {
				return nil, nil, fmt.Errorf("decoding the call: %w", err)
			}
			reply, png, err := convert(call, body)
			if err != nil {
				giveUp(err)
			}
			return reply, png, nil
		},
		opGlance:   serveGlance,
		opShow:     serveShow,
		opPrepared: r.servePrepared,
		opLanguages: func(value json.RawMessage, _ []byte) (any, []byte, error) {
			var call languagesCall
			if err := json.Unmarshal(value, &call); err != nil {
				return nil, nil, fmt.Errorf("decoding the call: %w", err)
			}
			names, err := installed(call.DataDir)
			return names, nil, err
		},
	}
}

// giveUp ends the child. What fails here besides bad bytes is foreign code that
// is out of memory or in disorder: a fresh child has a better chance, and the
// parent counts.
func giveUp(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(3)
}

// convert decodes picture n of a file and encodes it as PNG.
func convert(call decodeCall, file []byte) (decodeReply, []byte, error) {
	if call.Media == "image/tiff" && !call.Probe {
		if png, w, h, depth, ok := rowwise(file, call.N, call.Mirror); ok {
			return decodeReply{Width: w, Height: h, Depth: depth}, png, nil
		}
	}
	if call.Media == "image/jpeg" && call.Probe {
		mended, ok := probeJPEG(file)
		return decodeReply{Damaged: !ok, Warnings: mended}, nil, nil
	}
	p, warnings, err := decode(file, call.Media, call.N, call.Probe)
	if errors.Is(err, errUndecodable) {
		return decodeReply{Damaged: true, Warnings: warnings}, nil, nil
	}
	if err != nil {
		return decodeReply{}, nil, err
	}
	defer p.close()
	if call.Mirror && !call.Probe {
		if err := p.replace(p.mirrored()); err != nil {
			return decodeReply{}, nil, err
		}
	}
	reply := decodeReply{Width: p.width(), Height: p.height(), Depth: p.depth(), Warnings: warnings}
	reply.DPIX, reply.DPIY = p.resolution()
	if call.Probe {
		return reply, nil, nil
	}
	png, err := p.png()
	return reply, png, err
}
