package scan

import (
	"encoding/binary"
	"io"

	"blattwerk/pipeline"
)

// anyForm is for the kinds of which every picture is decoded whole.
func anyForm() otherForm {
	return otherForm{"als gewöhnliches PNG oder JPEG speichern", "save it as ordinary PNG or JPEG"}
}

// checkGIF reads the logical screen and the frame of the first picture (GIF89a
// specification, 18 and 20); the first picture is the one that is taken.
func checkGIF(r io.ReaderAt, size int64) (Picture, error) {
	b, err := readAt(r, size, 0, 13)
	if err != nil {
		return Picture{}, err
	}
	p := Picture{
		Width: int(binary.LittleEndian.Uint16(b[6:])), Height: int(binary.LittleEndian.Uint16(b[8:])),
		Model: pipeline.Colour, whole: anyForm(),
	}
	at := int64(13)
	if b[10]&0x80 != 0 {
		at += 3 << (b[10]&7 + 1)
	}
	for {
		b, err := readAt(r, size, at, 1)
		if err != nil {
			return Picture{}, err
		}
		switch b[0] {
		case 0x21: // extension: a label, then blocks
			if at, err = skipBlocks(r, size, at+2); err != nil {
				return Picture{}, err
			}
		case 0x2C:
			d, err := readAt(r, size, at, 10)
			if err != nil {
				return Picture{}, err
			}
			p.Width = max(p.Width, int(binary.LittleEndian.Uint16(d[5:])))
			p.Height = max(p.Height, int(binary.LittleEndian.Uint16(d[7:])))
			return p, nonEmpty(p)
		default:
			return Picture{}, damaged("a GIF without a picture")
		}
	}
}

// skipBlocks gives the offset behind a chain of blocks.
func skipBlocks(r io.ReaderAt, size, at int64) (int64, error) {
	for {
		b, err := readAt(r, size, at, 1)
		if err != nil {
			return 0, err
		}
		at += 1 + int64(b[0])
		if b[0] == 0 {
			return at, nil
		}
	}
}

// checkWebP reads the first chunk (RFC 9649, 2.5 to 2.7).
func checkWebP(r io.ReaderAt, size int64) (Picture, error) {
	b, err := readAt(r, size, 0, 30)
	if err != nil {
		return Picture{}, err
	}
	if riff := int64(binary.LittleEndian.Uint32(b[4:])); riff+8 > size {
		return Picture{}, truncated()
	}
	p := Picture{Model: pipeline.Colour, whole: anyForm()}
	switch string(b[12:16]) {
	case "VP8 ":
		if b[23] != 0x9D || b[24] != 0x01 || b[25] != 0x2A {
			return Picture{}, damaged("a WebP without a key frame")
		}
		p.Width = int(binary.LittleEndian.Uint16(b[26:]) & 0x3FFF)
		p.Height = int(binary.LittleEndian.Uint16(b[28:]) & 0x3FFF)
	case "VP8L":
		if b[20] != 0x2F {
			return Picture{}, damaged("a WebP without its signature")
		}
		bits := binary.LittleEndian.Uint32(b[21:])
		p.Width, p.Height = int(bits&0x3FFF)+1, int(bits>>14&0x3FFF)+1
	case "VP8X":
		if b[20]&0x02 != 0 {
			return Picture{}, animated()
		}
		p.Width = int(uint32(b[24])|uint32(b[25])<<8|uint32(b[26])<<16) + 1
		p.Height = int(uint32(b[27])|uint32(b[28])<<8|uint32(b[29])<<16) + 1
	default:
		return Picture{}, damaged("a WebP that begins with the chunk %q", b[12:16])
	}
	return p, nonEmpty(p)
}

// checkBMP reads the second header, whose length tells its version.
func checkBMP(r io.ReaderAt, size int64) (Picture, error) {
	b, err := readAt(r, size, 0, 26)
	if err != nil {
		return Picture{}, err
	}
	p := Picture{Model: pipeline.Colour, whole: anyForm()}
	if binary.LittleEndian.Uint32(b[14:]) == 12 {
		p.Width, p.Height = int(binary.LittleEndian.Uint16(b[18:])), int(binary.LittleEndian.Uint16(b[20:]))
		return p, nonEmpty(p)
	}
	if b, err = readAt(r, size, 0, 46); err != nil {
		return Picture{}, err
	}
	p.Width = int(int32(binary.LittleEndian.Uint32(b[18:])))
	if p.Height = int(int32(binary.LittleEndian.Uint32(b[22:]))); p.Height < 0 { // rows from the top
		p.Height = -p.Height
	}
	const inch = 0.0254 // metres
	p.DPIX = float64(binary.LittleEndian.Uint32(b[38:])) * inch
	p.DPIY = float64(binary.LittleEndian.Uint32(b[42:])) * inch
	return p, nonEmpty(p)
}

// checkJP2 finds the image header, in the boxes of a JP2 file (ISO/IEC 15444-1,
// I.5.3.1) or in the SIZ marker of a bare codestream (A.5.1).
func checkJP2(r io.ReaderAt, size int64) (Picture, error) {
	b, err := readAt(r, size, 0, 12)
	if err != nil {
		return Picture{}, err
	}
	if b[0] == 0xFF {
		return checkCodestream(r, size)
	}
	at, end := int64(12), size
	for range 64 { // boxes before the image header; there are two
		if b, err = readAt(r, end, at, 8); err != nil {
			return Picture{}, err
		}
		n := int64(binary.BigEndian.Uint32(b))
		switch string(b[4:]) {
		case "jp2h": // its contents follow
			at += 8
			continue
		case "ihdr":
			if b, err = readAt(r, end, at+8, 10); err != nil {
				return Picture{}, err
			}
			return jp2Picture(int64(binary.BigEndian.Uint32(b[4:])), int64(binary.BigEndian.Uint32(b)), int(binary.BigEndian.Uint16(b[8:])))
		}
		if n < 8 {
			break // a box to the end of the file, or one of more than 4 GB
		}
		at += n
	}
	return Picture{}, damaged("a JPEG 2000 without an image header")
}

func checkCodestream(r io.ReaderAt, size int64) (Picture, error) {
	b, err := readAt(r, size, 4, 38)
	if err != nil {
		return Picture{}, err
	}
	n := func(at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }
	return jp2Picture(n(4)-n(12), n(8)-n(16), int(binary.BigEndian.Uint16(b[36:])))
}

func jp2Picture(w, h int64, components int) (Picture, error) {
	if w <= 0 || h <= 0 || w > 1<<31-1 || h > 1<<31-1 {
		return Picture{}, damaged("a JPEG 2000 of %d x %d pixels", w, h)
	}
	p := Picture{Width: int(w), Height: int(h), Model: pipeline.Colour}
	if components <= 2 {
		p.Model = pipeline.Grey
	}
	return p, nil
}

func nonEmpty(p Picture) error {
	if p.Width <= 0 || p.Height <= 0 {
		return damaged("a picture of %d x %d pixels", p.Width, p.Height)
	}
	return nil
}
