package child

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// maxHead and maxBody bound what one side believes of the other's lengths.
const (
	maxHead = 64 << 20
	maxBody = 1 << 30
)

// head is the JSON part of a frame. A frame is: length of the head and length of
// the body, 4 bytes each, big endian; the head; the body.
type head struct {
	Op    string          `json:"op,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	Error string          `json:"error,omitempty"`
}

func writeFrame(w io.Writer, h head, body []byte) error {
	raw, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encoding a frame: %w", err)
	}
	buf := make([]byte, 8, 8+len(raw))
	binary.BigEndian.PutUint32(buf[0:], uint32(len(raw)))
	binary.BigEndian.PutUint32(buf[4:], uint32(len(body)))
	if _, err := w.Write(append(buf, raw...)); err != nil {
		return err
	}
	_, err = w.Write(body)
	return err
}

func readFrame(r io.Reader) (head, []byte, error) {
	var sizes [8]byte
	if _, err := io.ReadFull(r, sizes[:]); err != nil {
		return head{}, nil, err
	}
	nh, nb := binary.BigEndian.Uint32(sizes[0:]), binary.BigEndian.Uint32(sizes[4:])
	if nh > maxHead || nb > maxBody {
		return head{}, nil, fmt.Errorf("frame of %d and %d bytes is over the limit", nh, nb)
	}
	raw := make([]byte, nh)
	if _, err := io.ReadFull(r, raw); err != nil {
		return head{}, nil, err
	}
	var h head
	if err := json.Unmarshal(raw, &h); err != nil {
		return head{}, nil, fmt.Errorf("decoding a frame: %w", err)
	}
	body := make([]byte, nb)
	if _, err := io.ReadFull(r, body); err != nil {
		return head{}, nil, err
	}
	return h, body, nil
}
