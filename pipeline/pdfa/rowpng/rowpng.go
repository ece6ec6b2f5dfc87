package rowpng

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// Header says how the rows of a picture are laid out. It is PDF's layout and
// PNG's alike (ISO 32000-1, 8.9.5.2; PNG, 7.2): rows padded to bytes, samples
// packed from the high bit, 16-bit samples big endian.
type Header struct {
	Width, Height int
	Bits          int     // of a sample: 1, 2, 4, 8, 16
	Samples       int     // per pixel: 1 or 3
	Palette       []byte  // RGB triplets, for indexed pixels; else nil
	DPIX, DPIY    float64 // pixels per inch; 0 is unknown
	ICC           []byte  // profile, nil if none
}

func (p Header) rowBytes() int { return (p.Width*p.Samples*p.Bits + 7) / 8 }

// Write writes rows as they are, or with every bit inverted if flip is set.
//
// A source that ends early is an error: a missing part of a letter must not
// pass for white paper.
func Write(w io.Writer, p Header, rows io.Reader, flip bool) error {
	out := bufio.NewWriterSize(w, 1<<16)
	if _, err := out.WriteString("\x89PNG\r\n\x1a\n"); err != nil {
		return err
	}
	head := make([]byte, 13)
	binary.BigEndian.PutUint32(head[0:], uint32(p.Width))
	binary.BigEndian.PutUint32(head[4:], uint32(p.Height))
	head[8] = byte(p.Bits)
	switch {
	case p.Palette != nil:
		head[9] = 3
	case p.Samples == 3:
		head[9] = 2
	}
	if err := chunk(out, "IHDR", head); err != nil {
		return err
	}
	if p.DPIX > 0 && p.DPIY > 0 {
		phys := make([]byte, 9)
		binary.BigEndian.PutUint32(phys[0:], uint32(math.Round(p.DPIX/0.0254)))
		binary.BigEndian.PutUint32(phys[4:], uint32(math.Round(p.DPIY/0.0254)))
		phys[8] = 1 // the unit is the metre
		if err := chunk(out, "pHYs", phys); err != nil {
			return err
		}
	}
	if p.ICC != nil {
		if err := chunk(out, "iCCP", profileChunk(p.ICC)); err != nil {
			return err
		}
	}
	if p.Palette != nil {
		if err := chunk(out, "PLTE", p.Palette); err != nil {
			return err
		}
	}
	data := &chunks{w: out}
	if err := p.deflate(data, rows, flip); err != nil {
		return err
	}
	if err := data.flush(); err != nil {
		return err
	}
	if err := chunk(out, "IEND", nil); err != nil {
		return err
	}
	return out.Flush()
}

// profileChunk is a name, the method 0 and the compressed profile (PNG, 11.3.2.3).
func profileChunk(icc []byte) []byte {
	var b bytes.Buffer
	b.WriteString("source\x00\x00")
	z := zlib.NewWriter(&b)
	_, _ = z.Write(icc) // a bytes.Buffer does not fail
	_ = z.Close()
	return b.Bytes()
}

func (p Header) deflate(w io.Writer, rows io.Reader, flip bool) error {
	z, err := zlib.NewWriterLevel(w, zlib.DefaultCompression)
	if err != nil {
		return err
	}
	n := p.rowBytes()
	last, row, out := make([]byte, n), make([]byte, n), make([]byte, n+1)
	step := max(1, p.Samples*p.Bits/8)
	for y := range p.Height {
		if _, err := io.ReadFull(rows, row); err != nil {
			return fmt.Errorf("the picture breaks off at row %d of %d: %w", y, p.Height, err)
		}
		if flip {
			for i := range row {
				row[i] = ^row[i]
			}
		}
		p.filter(out, row, last, step)
		if _, err := z.Write(out); err != nil {
			return err
		}
		row, last = last, row
	}
	return z.Close()
}

// filter chooses Paeth for whole-byte continuous tones and none for the rest, as
// the PNG specification, 12.8, advises.
func (p Header) filter(out, row, last []byte, step int) {
	if p.Bits < 8 || p.Palette != nil {
		out[0] = 0
		copy(out[1:], row)
		return
	}
	out[0] = 4
	for i := range row {
		var left, corner byte
		if i >= step {
			left, corner = row[i-step], last[i-step]
		}
		out[i+1] = row[i] - Paeth(left, last[i], corner)
	}
}

func chunk(w io.Writer, kind string, data []byte) error {
	buf := make([]byte, 8, 12+len(data))
	binary.BigEndian.PutUint32(buf, uint32(len(data)))
	copy(buf[4:], kind)
	buf = append(buf, data...)
	buf = binary.BigEndian.AppendUint32(buf, crc32.ChecksumIEEE(buf[4:]))
	_, err := w.Write(buf)
	return err
}

// chunks collects compressed bytes into IDAT chunks.
type chunks struct {
	w   io.Writer
	buf []byte
}

func (c *chunks) Write(p []byte) (int, error) {
	c.buf = append(c.buf, p...)
	if len(c.buf) >= 1<<16 {
		return len(p), c.flush()
	}
	return len(p), nil
}

func (c *chunks) flush() error {
	if len(c.buf) == 0 {
		return nil
	}
	err := chunk(c.w, "IDAT", c.buf)
	c.buf = c.buf[:0]
	return err
}

// Paeth is the predictor of the PNG specification, 9.4; PDF uses it, too.
func Paeth(a, b, c byte) byte {
	pa, pb, pc := abs(int(b)-int(c)), abs(int(a)-int(c)), abs(int(a)+int(b)-2*int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
