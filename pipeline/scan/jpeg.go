package scan

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"blattwerk/pipeline"
)

// Markers of ITU-T T.81, table B.1.
const (
	jpegTEM  = 0x01
	jpegSOF0 = 0xC0 // baseline
	jpegSOF1 = 0xC1 // extended sequential
	jpegSOF2 = 0xC2 // progressive
	jpegDHT  = 0xC4
	jpegJPG  = 0xC8
	jpegDAC  = 0xCC
	jpegRST0 = 0xD0
	jpegRST7 = 0xD7
	jpegSOI  = 0xD8
	jpegEOI  = 0xD9
	jpegSOS  = 0xDA
	jpegAPP0 = 0xE0
	jpegAPP1 = 0xE1
	jpegAPP2 = 0xE2
)

// jpegReader walks over the segments of a JPEG.
type jpegReader struct {
	r     *bufio.Reader
	loose bool // bytes stood between segments that belong to none
}

// errEnds is the end of the file before the end of the picture.
var errEnds = errors.New("the file ends within the picture")

// marker gives the next marker and skips what stands before it.
func (j *jpegReader) marker() (byte, error) {
	for {
		b, err := j.r.ReadByte()
		if err != nil {
			return 0, ends(err)
		}
		if b != 0xFF {
			j.loose = true
			continue
		}
		for b == 0xFF { // fill bytes
			if b, err = j.r.ReadByte(); err != nil {
				return 0, ends(err)
			}
		}
		if b == 0 {
			j.loose = true
			continue
		}
		return b, nil
	}
}

// segment gives the parameters of a marker that has some.
func (j *jpegReader) segment() ([]byte, error) {
	var two [2]byte
	if _, err := io.ReadFull(j.r, two[:]); err != nil {
		return nil, ends(err)
	}
	n := int(binary.BigEndian.Uint16(two[:]))
	if n < 2 {
		return nil, damaged("a JPEG segment of length %d", n)
	}
	b := make([]byte, n-2)
	if _, err := io.ReadFull(j.r, b); err != nil {
		return nil, ends(err)
	}
	return b, nil
}

// entropy skips the coded data after a scan header and gives the marker that
// ends it. Restart markers and stuffed zeros belong to the data.
func (j *jpegReader) entropy() (byte, error) {
	for {
		if _, err := j.r.ReadSlice(0xFF); err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			return 0, ends(err)
		}
		b := byte(0xFF)
		for b == 0xFF {
			var err error
			if b, err = j.r.ReadByte(); err != nil {
				return 0, ends(err)
			}
		}
		if b != 0 && (b < jpegRST0 || b > jpegRST7) {
			return b, nil
		}
	}
}

func ends(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errEnds
	}
	return fmt.Errorf("reading a JPEG: %w", err)
}

func newJPEGReader(r io.ReaderAt, size int64) *jpegReader {
	return &jpegReader{r: bufio.NewReaderSize(io.NewSectionReader(r, 2, max(size-2, 0)), 1<<16)}
}

func bare(marker byte) bool {
	return marker == jpegTEM || marker == jpegSOI || marker >= jpegRST0 && marker <= jpegRST7
}

func isFrame(marker byte) bool {
	return marker >= jpegSOF0 && marker <= 0xCF && marker != jpegDHT && marker != jpegJPG && marker != jpegDAC
}

// checkJPEG reads the segments before the first scan: size and components of
// the frame (T.81, B.2.2), resolution of JFIF (ITU-T T.871, 10.1) or Exif.
func checkJPEG(r io.ReaderAt, size int64) (Picture, error) {
	j := newJPEGReader(r, size)
	var (
		p       Picture
		framed  bool
		kind    byte // the marker of the frame
		profile bool // a colour profile says what the samples mean
		exif    *directory
	)
	for {
		m, err := j.marker()
		if err != nil {
			return Picture{}, jpegFault(err)
		}
		if m == jpegEOI {
			return Picture{}, damaged("a JPEG without a picture")
		}
		if bare(m) {
			continue
		}
		b, err := j.segment()
		if err != nil {
			return Picture{}, jpegFault(err)
		}
		switch {
		case m == jpegSOS:
			if !framed {
				return Picture{}, damaged("a JPEG without a frame header")
			}
			applyExif(&p, exif)
			p.whole = jpegForm(p, kind, b, profile)
			return p, nil
		case isFrame(m) && !framed:
			framed, kind = true, m
			if err := frameHeader(&p, m, b); err != nil {
				return Picture{}, err
			}
		case isFrame(m):
			return Picture{}, damaged("a JPEG with two frames")
		case m == jpegAPP0 && len(b) >= 12 && string(b[:5]) == "JFIF\x00":
			p.DPIX, p.DPIY = density(b[7], binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b[10:]))
		case m == jpegAPP1 && bytes.HasPrefix(b, []byte("Exif\x00\x00")) && exif == nil:
			exif = exifDirectory(b[6:])
		case m == jpegAPP2 && bytes.HasPrefix(b, []byte("ICC_PROFILE\x00")):
			profile = true
		}
	}
}

// jpegForm says how to save a JPEG that is decoded whole. Frame is the marker of its
// frame, scan the header of its first scan (T.81, B.2.3): one that leaves out
// components makes the decoder hold all coefficients, just as a progressive one does.
func jpegForm(p Picture, frame byte, scan []byte, profile bool) otherForm {
	components := map[pipeline.ColourModel]byte{pipeline.Grey: 1, pipeline.Colour: 3, pipeline.CMYK: 4}[p.Model]
	switch {
	case frame != jpegSOF0 && frame != jpegSOF1, len(scan) > 0 && scan[0] < components:
		return otherForm{"als gewöhnliches, nicht progressives JPEG speichern", "save it as baseline JPEG, not progressive"}
	case p.Model == pipeline.CMYK && !profile:
		return otherForm{"als JPEG in RGB statt CMYK speichern", "save it as JPEG in RGB instead of CMYK"}
	case p.Mirror:
		return otherForm{"ungespiegelt speichern", "save it without mirroring"}
	}
	return otherForm{}
}

// frameHeader reads a frame header without its marker and length.
func frameHeader(p *Picture, marker byte, b []byte) error {
	if len(b) < 6 {
		return damaged("a JPEG frame header of %d bytes", len(b))
	}
	p.Height, p.Width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if p.Width == 0 {
		return damaged("a JPEG without width")
	}
	if p.Height == 0 {
		return unsupported("a JPEG that tells its height only after the picture")
	}
	switch b[5] {
	case 1:
		p.Model = pipeline.Grey
	case 3:
		p.Model = pipeline.Colour
	case 4:
		p.Model = pipeline.CMYK
	default:
		return unsupported("a JPEG of %d components", b[5])
	}
	// What PDF's DCTDecode takes (ISO 32000-1, 7.4.8); the others are decoded.
	p.asIs = b[0] == 8 && (marker == jpegSOF0 || marker == jpegSOF1 || marker == jpegSOF2)
	return nil
}

func density(unit byte, x, y uint16) (dpiX, dpiY float64) {
	switch unit {
	case 1:
		return float64(x), float64(y)
	case 2: // per centimetre
		return float64(x) * 2.54, float64(y) * 2.54
	}
	return 0, 0
}

// exifDirectory gives the first directory of Exif data, nil if it is broken:
// pictures are shown all the same then.
func exifDirectory(b []byte) *directory {
	r, size := bytes.NewReader(b), int64(len(b))
	order, first, err := tiffHeader(r, size)
	if err != nil {
		return nil
	}
	d, _, err := readDirectory(r, size, order, first)
	if err != nil {
		return nil
	}
	return &d
}

// applyExif takes the stance, and the resolution where none is known yet.
func applyExif(p *Picture, d *directory) {
	if d == nil {
		return
	}
	s := d.orientation()
	p.Mirror, p.Turn = s.mirror, s.turn
	if x, y := d.resolution(); p.DPIX == 0 || p.DPIY == 0 {
		p.DPIX, p.DPIY = x, y
	}
}

// wholeJPEG walks through the whole file to the end of the picture. Loose says
// that it has stray bytes between its segments, which decoders step over.
func wholeJPEG(r io.ReaderAt, size int64) (loose bool, err error) {
	j := newJPEGReader(r, size)
	m, err := j.marker()
	for err == nil && m != jpegEOI {
		if bare(m) {
			m, err = j.marker()
			continue
		}
		if _, err = j.segment(); err != nil {
			break
		}
		if m == jpegSOS {
			m, err = j.entropy()
		} else {
			m, err = j.marker()
		}
	}
	if err != nil {
		return false, jpegFault(err)
	}
	return j.loose, nil
}

func jpegFault(err error) error {
	if errors.Is(err, errEnds) {
		return truncated()
	}
	return err
}
