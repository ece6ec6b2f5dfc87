package pdfa

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// jpxHead is what the boxes and the first marker of a JPEG 2000 file say
// (ISO/IEC 15444-1, annexes A and I).
type jpxHead struct {
	Width, Height int
	Components    int
	Bits          int  // per component
	Bare          bool // a codestream without the boxes of a file
}

// errJPX and the errors wrapping it say that a JPEG 2000 file is not fit for
// PDF/A-2 as it is.
var errJPX = errors.New("JPEG 2000 that PDF/A cannot take as it is")

var jpxSignature = []byte("\x00\x00\x00\x0cjP  \x0d\x0a\x87\x0a")

// maxJPXBox bounds a box that is read into memory. Only the header boxes are,
// and a colour profile is the largest thing in them.
const maxJPXBox = maxProfile

// readJPX checks a JPEG 2000 file against ISO 19005-2, 6.2.8.3: one or three
// colour channels of one depth, without transparency or a palette, and one
// colour space that counts, of a kind that PDF/A knows.
func readJPX(r io.ReaderAt, size int64) (jpxHead, error) {
	var start [12]byte
	if _, err := r.ReadAt(start[:], 0); err != nil {
		return jpxHead{}, fmt.Errorf("%w: %w", errJPX, err)
	}
	if start[0] == 0xff && start[1] == 0x4f {
		head, err := readJPXSize(r, 0, size)
		head.Bare = true
		return head, err
	}
	if string(start[:]) != string(jpxSignature) {
		return jpxHead{}, fmt.Errorf("%w: no signature", errJPX)
	}
	var colour jpxColour
	var stream jpxHead
	err := jpxBoxes(r, 0, size, func(kind string, at, length int64) error {
		var err error
		switch kind {
		case "jp2h":
			err = jpxBoxes(r, at, length, func(kind string, at, length int64) error {
				return colour.box(r, kind, at, length)
			})
		case "jp2c":
			if stream.Width == 0 {
				stream, err = readJPXSize(r, at, length)
			}
		}
		return err
	})
	if err != nil {
		return jpxHead{}, err
	}
	if stream.Width == 0 {
		return jpxHead{}, fmt.Errorf("%w: no picture", errJPX)
	}
	return stream, colour.check(stream)
}

// jpxBoxes calls each for every box in a part of a file.
func jpxBoxes(r io.ReaderAt, at, length int64, each func(kind string, at, length int64) error) error {
	end := at + length
	for at < end {
		var head [16]byte
		n, err := r.ReadAt(head[:min(16, end-at)], at)
		if n < 8 {
			return fmt.Errorf("%w: a box is cut off: %w", errJPX, errors.Join(err))
		}
		size, skip := int64(binary.BigEndian.Uint32(head[:])), int64(8)
		switch {
		case size == 0:
			size = end - at // to the end of the file
		case size == 1 && n == 16:
			size, skip = int64(binary.BigEndian.Uint64(head[8:])), 16
		}
		if size < skip || size > end-at {
			return fmt.Errorf("%w: a box of %d bytes where %d are left", errJPX, size, end-at)
		}
		if err := each(string(head[4:8]), at+skip, size-skip); err != nil {
			return err
		}
		at += size
	}
	return nil
}

// readJPXSize reads the marker SIZ at the start of a codestream.
func readJPXSize(r io.ReaderAt, at, length int64) (jpxHead, error) {
	head := make([]byte, min(length, 42+3*3))
	if n, err := r.ReadAt(head, at); n < len(head) {
		return jpxHead{}, fmt.Errorf("%w: %w", errJPX, err)
	}
	be := binary.BigEndian
	if len(head) < 43 || be.Uint32(head) != 0xff4fff51 {
		return jpxHead{}, fmt.Errorf("%w: no size marker", errJPX)
	}
	width, height := int64(be.Uint32(head[8:]))-int64(be.Uint32(head[16:])), int64(be.Uint32(head[12:]))-int64(be.Uint32(head[20:]))
	if width <= 0 || height <= 0 || width > 1<<31-1 || height > 1<<31-1 {
		return jpxHead{}, fmt.Errorf("%w: %d x %d pixels", errJPX, width, height)
	}
	h := jpxHead{Width: int(width), Height: int(height), Components: int(be.Uint16(head[40:]))}
	if h.Components != 1 && h.Components != 3 {
		return jpxHead{}, fmt.Errorf("%w: %d channels", errJPX, h.Components)
	}
	for i := range h.Components {
		if len(head) < 42+3*(i+1) {
			return jpxHead{}, fmt.Errorf("%w: a short size marker", errJPX)
		}
		depth := head[42+3*i]
		if depth&0x80 != 0 || depth != head[42] || depth >= 38 {
			return jpxHead{}, fmt.Errorf("%w: channels of unlike or odd depth", errJPX)
		}
		h.Bits = int(depth) + 1
	}
	return h, nil
}

// jpxColour collects what the header boxes say about colour.
type jpxColour struct {
	spaces, preferred int
	enumerated        uint32
	method            byte
	profile           int    // channels of the embedded profile
	odd               string // a box that rules the file out
	channels          int
	depth             byte
}

func (c *jpxColour) box(r io.ReaderAt, kind string, at, length int64) error {
	if length > maxJPXBox {
		return fmt.Errorf("%w: a header box of %d bytes", errJPX, length)
	}
	body := make([]byte, length)
	if n, err := r.ReadAt(body, at); n < len(body) {
		return fmt.Errorf("%w: %w", errJPX, err)
	}
	switch kind {
	case "ihdr":
		if length < 14 {
			return fmt.Errorf("%w: a short header", errJPX)
		}
		c.channels, c.depth = int(binary.BigEndian.Uint16(body[8:])), body[10]
	case "bpcc", "pclr", "cmap", "cdef":
		if kind != "cdef" || !jpxPlainChannels(body) {
			c.odd = kind
		}
	case "colr":
		return c.space(body)
	}
	return nil
}

// space reads a colour specification. Of several, the one marked with an
// approximation of 1 counts.
func (c *jpxColour) space(body []byte) error {
	if len(body) < 3 {
		return fmt.Errorf("%w: a short colour box", errJPX)
	}
	c.spaces++
	if body[2] == 1 {
		c.preferred++
	}
	if c.spaces > 1 && body[2] != 1 {
		return nil
	}
	c.method, c.enumerated = body[0], 0
	switch c.method {
	case 1:
		if len(body) < 7 {
			return fmt.Errorf("%w: a short colour box", errJPX)
		}
		c.enumerated = binary.BigEndian.Uint32(body[3:])
	case 2, 3:
		head, err := readICC(body[3:])
		if err != nil {
			return fmt.Errorf("%w: %w", errJPX, err)
		}
		c.profile = head.Components
	}
	return nil
}

// check tells whether PDF/A-2 takes the colours.
func (c *jpxColour) check(stream jpxHead) error {
	const sRGB, grey, sYCC = 16, 17, 18 // ISO/IEC 15444-1, table I.10
	switch {
	case c.odd != "":
		return fmt.Errorf("%w: box %q", errJPX, c.odd)
	case c.channels != stream.Components || int(c.depth)+1 != stream.Bits:
		return fmt.Errorf("%w: header and picture differ", errJPX)
	case c.spaces == 0 || c.spaces > 1 && c.preferred != 1:
		return fmt.Errorf("%w: %d colour spaces", errJPX, c.spaces)
	case c.method == 1 && c.enumerated == grey && stream.Components == 1,
		c.method == 1 && (c.enumerated == sRGB || c.enumerated == sYCC) && stream.Components == 3,
		(c.method == 2 || c.method == 3) && c.profile == stream.Components:
		return nil
	}
	return fmt.Errorf("%w: colour space %d/%d", errJPX, c.method, c.enumerated)
}

// jpxPlainChannels tells whether a channel definition box names colours only, no
// opacity.
func jpxPlainChannels(body []byte) bool {
	if len(body) < 2 || len(body) < 2+6*int(binary.BigEndian.Uint16(body)) {
		return false
	}
	for i := range int(binary.BigEndian.Uint16(body)) {
		if binary.BigEndian.Uint16(body[2+6*i+2:]) != 0 {
			return false
		}
	}
	return true
}

// jpxWrapping is the boxes that make a file of a bare codestream: its bytes
// follow them unchanged. Colours are taken for sRGB or its grey.
func jpxWrapping(head jpxHead, size int64) []byte {
	be := binary.BigEndian
	box := func(kind string, body []byte) []byte {
		return append(append(be.AppendUint32(nil, uint32(len(body)+8)), kind...), body...)
	}
	ihdr := be.AppendUint32(be.AppendUint32(nil, uint32(head.Height)), uint32(head.Width))
	ihdr = append(be.AppendUint16(ihdr, uint16(head.Components)), byte(head.Bits-1), 7, 0, 0)
	space := uint32(17)
	if head.Components == 3 {
		space = 16
	}
	colr := be.AppendUint32([]byte{1, 0, 0}, space)
	out := append([]byte{}, jpxSignature...)
	out = append(out, box("ftyp", []byte("jp2 \x00\x00\x00\x00jp2 "))...)
	out = append(out, box("jp2h", append(box("ihdr", ihdr), box("colr", colr)...))...)
	out = append(out, be.AppendUint32(nil, 1)...)
	out = append(out, "jp2c"...)
	return be.AppendUint64(out, uint64(size)+16)
}
