package scan

import (
	"bufio"
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
			p.moving = anotherFrame(r, size, at, d[9])
			return p, nonEmpty(p)
		default:
			return Picture{}, damaged("a GIF without a picture")
		}
	}
}

// anotherFrame says whether a second picture follows the one whose descriptor stands
// at a place. A file that breaks off before has none.
func anotherFrame(r io.ReaderAt, size, at int64, flags byte) bool {
	in := bufio.NewReaderSize(io.NewSectionReader(r, at, size-at), 1<<16)
	skip := 10 + 1 // the descriptor and the size of the codes
	if flags&0x80 != 0 {
		skip += 3 << (flags&7 + 1)
	}
	for {
		if _, err := in.Discard(skip); err != nil {
			return false
		}
		for n := byte(1); n != 0; {
			var err error
			if n, err = in.ReadByte(); err != nil {
				return false
			}
			if _, err = in.Discard(int(n)); err != nil {
				return false
			}
		}
		switch kind, err := in.ReadByte(); {
		case err != nil:
			return false
		case kind == 0x2C:
			return true
		case kind != 0x21:
			return false
		}
		skip = 1 // an extension's label
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

// checkJP2 finds the size of the picture in the SIZ marker of its codestream (ISO/IEC
// 15444-1, A.5.1), bare or in the boxes of a JP2 file (I.4): decoders go by that one,
// whatever the header of the file says.
func checkJP2(r io.ReaderAt, size int64) (Picture, error) {
	b, err := readAt(r, size, 0, 12)
	if err != nil {
		return Picture{}, err
	}
	if b[0] == 0xFF {
		return checkCodestream(r, size, 0)
	}
	at := int64(12)
	for range 64 { // boxes before the codestream; there are two or three
		if b, err = readAt(r, size, at, 8); err != nil {
			return Picture{}, err
		}
		n, head := int64(binary.BigEndian.Uint32(b)), int64(8)
		kind := string(b[4:])
		if n == 1 { // one that tells its length in eight bytes more
			if b, err = readAt(r, size, at+8, 8); err != nil {
				return Picture{}, err
			}
			n, head = int64(binary.BigEndian.Uint64(b)), 16
		}
		if kind == "jp2c" {
			return checkCodestream(r, size, at+head)
		}
		if n < head || n > size-at { // a box to the end of the file, or nonsense
			break
		}
		at += n
	}
	return Picture{}, damaged("a JPEG 2000 without a codestream")
}

// checkCodestream reads the SIZ marker at the beginning of a codestream.
func checkCodestream(r io.ReaderAt, size, at int64) (Picture, error) {
	b, err := readAt(r, size, at, 42)
	if err != nil {
		return Picture{}, err
	}
	if string(b[:4]) != "\xff\x4f\xff\x51" {
		return Picture{}, damaged("a JPEG 2000 whose codestream begins with %x", b[:4])
	}
	n := func(at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }
	return jp2Picture(n(8)-n(16), n(12)-n(20), int(binary.BigEndian.Uint16(b[40:])))
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
