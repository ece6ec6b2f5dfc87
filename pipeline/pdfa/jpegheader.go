package pdfa

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// jpegHead is what the markers of a JPEG file say (ITU-T T.81, annex B).
type jpegHead struct {
	Width, Height int
	Components    int
	Precision     int  // bits per component
	Coded         bool // with Huffman codes, baseline or progressive: what PDF's DCTDecode knows
	RGB           bool // three components that are not YCbCr
	Adobe         bool // carries Adobe's marker: four components are then stored inverted
	Whole         bool // ends with its end marker
	ICC           []byte
}

// errNotJPEG and the errors wrapping it say that bytes are no readable JPEG file.
var errNotJPEG = errors.New("not a readable JPEG file")

const (
	jpegSOI = 0xd8
	jpegEOI = 0xd9
	jpegSOS = 0xda
)

// readJPEG reads the markers of a whole JPEG file. It does not decode the
// picture, but sees whether the file was cut off.
func readJPEG(r io.Reader) (jpegHead, error) {
	p := jpegParser{r: bufio.NewReaderSize(r, 64<<10), icc: map[byte][]byte{}}
	if b, err := p.r.Peek(2); err != nil || b[0] != 0xff || b[1] != jpegSOI {
		return jpegHead{}, errNotJPEG
	}
	_, _ = p.r.Discard(2)
	err := p.segments()
	if p.head.Width == 0 || p.head.Height == 0 {
		return jpegHead{}, fmt.Errorf("%w: no size: %w", errNotJPEG, errors.Join(err))
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return jpegHead{}, err
	}
	p.head.RGB = p.head.Components == 3 && p.rgb()
	p.head.ICC = p.profile()
	return p.head, nil
}

type jpegParser struct {
	r         *bufio.Reader
	head      jpegHead
	transform byte // of Adobe's marker
	jfif      bool
	ids       []byte
	icc       map[byte][]byte // parts by number, from 1
	iccParts  byte
	iccSize   int
	iccBad    bool // the parts contradict each other
}

// segments walks over all markers to the end of the picture.
func (p *jpegParser) segments() error {
	for {
		marker, err := p.next()
		if err != nil {
			return err
		}
		switch {
		case marker == jpegEOI:
			p.head.Whole = true
			return nil
		case marker >= 0xd0 && marker <= 0xd7, marker == 0x01: // restart and such: no content
			continue
		}
		body, err := p.body()
		if err != nil {
			return err
		}
		switch {
		case marker == 0xc4 || marker == 0xc8 || marker == 0xcc: // tables, not frames
		case marker >= 0xc0 && marker <= 0xcf:
			if err := p.frame(marker, body); err != nil {
				return err
			}
		case marker == 0xe0:
			p.jfif = p.jfif || len(body) >= 5 && string(body[:5]) == "JFIF\x00"
		case marker == 0xe2:
			p.part(body)
		case marker == 0xee:
			if len(body) >= 12 && string(body[:5]) == "Adobe" {
				p.head.Adobe, p.transform = true, body[11]
			}
		}
	}
}

// next finds the next marker, over coded data if need be, in which 0xff stands
// before 0x00 or a restart marker.
func (p *jpegParser) next() (byte, error) {
	for {
		if _, err := p.r.ReadSlice(0xff); err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			return 0, err
		}
		b := byte(0xff)
		for b == 0xff {
			var err error
			if b, err = p.r.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 {
			return b, nil
		}
	}
}

func (p *jpegParser) body() ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(p.r, length[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(length[:]))
	if n < 2 {
		return nil, fmt.Errorf("%w: a segment of %d bytes", errNotJPEG, n)
	}
	body := make([]byte, n-2)
	_, err := io.ReadFull(p.r, body)
	return body, err
}

func (p *jpegParser) frame(marker byte, body []byte) error {
	if p.head.Width != 0 {
		return fmt.Errorf("%w: two frames", errNotJPEG)
	}
	if len(body) < 6 || len(body) < 6+3*int(body[5]) {
		return fmt.Errorf("%w: a short frame header", errNotJPEG)
	}
	p.head.Precision = int(body[0])
	p.head.Height = int(binary.BigEndian.Uint16(body[1:]))
	p.head.Width = int(binary.BigEndian.Uint16(body[3:]))
	p.head.Components = int(body[5])
	p.head.Coded = marker <= 0xc2
	for i := range p.head.Components {
		p.ids = append(p.ids, body[6+3*i])
	}
	if p.head.Width == 0 || p.head.Height == 0 {
		return fmt.Errorf("%w: a side of no pixels", errNotJPEG)
	}
	return nil
}

// rgb tells whether three components are RGB, by the signs that libjpeg goes by.
func (p *jpegParser) rgb() bool {
	switch {
	case p.head.Adobe:
		return p.transform == 0
	case p.jfif:
		return false
	}
	return string(p.ids) == "RGB"
}

// part keeps a part of the ICC profile (ICC.1:2010, annex B.4).
func (p *jpegParser) part(body []byte) {
	const sign = "ICC_PROFILE\x00"
	if len(body) < len(sign)+2 || string(body[:len(sign)]) != sign {
		return
	}
	no, of, data := body[len(sign)], body[len(sign)+1], body[len(sign)+2:]
	if p.iccParts != 0 && of != p.iccParts || p.icc[no] != nil || p.iccSize+len(data) > maxProfile {
		p.iccBad = true
		return
	}
	p.iccParts = of
	p.iccSize += len(data)
	p.icc[no] = data
}

func (p *jpegParser) profile() []byte {
	if p.iccBad {
		return nil
	}
	var profile []byte
	for i := range int(p.iccParts) {
		part, ok := p.icc[byte(i+1)]
		if !ok {
			return nil
		}
		profile = append(profile, part...)
	}
	return profile
}
