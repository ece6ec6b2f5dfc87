package pdfa

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Colour types of PNG (ISO/IEC 15948, 11.2.2).
const (
	pngGrey      = 0
	pngRGB       = 2
	pngPalette   = 3
	pngGreyAlpha = 4
	pngRGBAlpha  = 6
)

// pngFile is what the chunks of a PNG file say.
type pngFile struct {
	r             io.ReaderAt
	Width, Height int
	Depth, Kind   int
	Interlaced    bool
	Palette       []byte // RGB, already laid on white where it is transparent
	Key           bool   // one colour counts as transparent
	ICC           []byte
	data          []pngChunk
	Packed        int64 // bytes of all data chunks
}

type pngChunk struct{ at, length int64 }

// errPNG and the errors wrapping it say that a PNG file is damaged.
var errPNG = errors.New("damaged PNG file")

const pngSignature = "\x89PNG\r\n\x1a\n"

// maxPNGChunk bounds a chunk that is read into memory; data chunks are not.
const maxPNGChunk = maxProfile

// readPNG reads the chunks of a PNG file except its data.
func readPNG(r io.ReaderAt, size int64) (*pngFile, error) {
	p := &pngFile{r: r}
	for at := int64(len(pngSignature)); ; {
		var head [8]byte
		if _, err := r.ReadAt(head[:], at); err != nil {
			return nil, fmt.Errorf("%w: %w", errPNG, err)
		}
		length, kind := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		if at+12+length > size {
			return nil, fmt.Errorf("%w: chunk %q is cut off", errPNG, kind)
		}
		if kind == "IEND" {
			break
		}
		if err := p.chunk(kind, at+8, length); err != nil {
			return nil, err
		}
		at += 12 + length
	}
	if p.Width == 0 || len(p.data) == 0 || p.Kind == pngPalette && len(p.Palette) == 0 {
		return nil, fmt.Errorf("%w: a chunk is missing", errPNG)
	}
	return p, nil
}

func (p *pngFile) chunk(kind string, at, length int64) error {
	switch kind {
	case "IDAT":
		p.data = append(p.data, pngChunk{at, length})
		p.Packed += length
		return nil
	case "IHDR", "PLTE", "tRNS", "iCCP":
	default:
		return nil
	}
	if length > maxPNGChunk {
		return fmt.Errorf("%w: chunk %q of %d bytes", errPNG, kind, length)
	}
	body := make([]byte, length)
	if n, err := p.r.ReadAt(body, at); n < len(body) {
		return fmt.Errorf("%w: %w", errPNG, err)
	}
	switch kind {
	case "IHDR":
		return p.header(body)
	case "PLTE":
		if length%3 != 0 || length == 0 || length > 768 {
			return fmt.Errorf("%w: a palette of %d bytes", errPNG, length)
		}
		p.Palette = body
	case "tRNS":
		if p.Kind != pngPalette {
			p.Key = true
			return nil
		}
		for i, alpha := range body[:min(len(body), len(p.Palette)/3)] {
			for j := 3 * i; j < 3*i+3; j++ {
				p.Palette[j] = onWhite(p.Palette[j], alpha)
			}
		}
	case "iCCP":
		p.ICC = pngProfile(body)
	}
	return nil
}

func (p *pngFile) header(b []byte) error {
	if len(b) != 13 {
		return fmt.Errorf("%w: a header of %d bytes", errPNG, len(b))
	}
	width, height := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	p.Width, p.Height, p.Depth, p.Kind, p.Interlaced = int(width), int(height), int(b[8]), int(b[9]), b[12] != 0
	depths := map[int]string{pngGrey: "\x01\x02\x04\x08\x10", pngRGB: "\x08\x10", pngPalette: "\x01\x02\x04\x08",
		pngGreyAlpha: "\x08\x10", pngRGBAlpha: "\x08\x10"}[p.Kind]
	if width == 0 || height == 0 || width > 1<<31-1 || height > 1<<31-1 || bytes.IndexByte([]byte(depths), b[8]) < 0 {
		return fmt.Errorf("%w: %d x %d pixels, depth %d, colour type %d", errPNG, width, height, p.Depth, p.Kind)
	}
	return nil
}

// pngProfile unpacks an embedded colour profile; nil if it cannot.
func pngProfile(chunk []byte) []byte {
	name := bytes.IndexByte(chunk, 0)
	if name < 0 || len(chunk) < name+2 || chunk[name+1] != 0 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(chunk[name+2:]))
	if err != nil {
		return nil
	}
	profile, err := io.ReadAll(io.LimitReader(z, maxProfile+1))
	if err != nil {
		return nil
	}
	return profile
}

// onWhite lays a sample of some opacity on white paper.
func onWhite(sample, alpha byte) byte {
	return byte((uint(sample)*uint(alpha) + 255*uint(255-alpha) + 127) / 255)
}

// Samples is how many samples a pixel has.
func (p *pngFile) Samples() int {
	return map[int]int{pngGrey: 1, pngRGB: 3, pngPalette: 1, pngGreyAlpha: 2, pngRGBAlpha: 4}[p.Kind]
}

// rowBytes is the length of a row without its filter byte.
func (p *pngFile) rowBytes() int64 {
	return (int64(p.Width)*int64(p.Samples())*int64(p.Depth) + 7) / 8
}

// packed gives the compressed data, all chunks in one.
func (p *pngFile) packed() io.Reader {
	parts := make([]io.Reader, len(p.data))
	for i, c := range p.data {
		parts[i] = io.NewSectionReader(p.r, c.at, c.length)
	}
	return io.MultiReader(parts...)
}

// verify unpacks the data once, to see that it is whole: only then may it be
// handed on packed as it is.
func (p *pngFile) verify() error {
	rows, err := p.rows()
	if err != nil {
		return err
	}
	for range p.Height {
		if _, err := rows.filtered(); err != nil {
			return err
		}
	}
	return rows.end()
}

// rows unpacks the data row by row. The file must not be interlaced.
func (p *pngFile) rows() (*pngRows, error) {
	z, err := zlib.NewReader(p.packed())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPNG, err)
	}
	n := p.rowBytes()
	const longest = 1 << 28
	if n > longest {
		return nil, fmt.Errorf("%w: a row of %d bytes", errPNG, n)
	}
	return &pngRows{
		z: z, row: make([]byte, n+1), above: make([]byte, n+1),
		pixel: max(p.Samples()*p.Depth/8, 1),
	}, nil
}

type pngRows struct {
	z          io.Reader
	row, above []byte // with the filter byte
	pixel      int    // bytes of a whole pixel, at least 1
}

// filtered reads the next row as stored.
func (p *pngRows) filtered() ([]byte, error) {
	if _, err := io.ReadFull(p.z, p.row); err != nil {
		return nil, fmt.Errorf("%w: the picture is not whole: %w", errPNG, err)
	}
	if p.row[0] > 4 {
		return nil, fmt.Errorf("%w: filter %d", errPNG, p.row[0])
	}
	return p.row, nil
}

// end checks that nothing is left and that the checksum holds.
func (p *pngRows) end() error {
	if n, err := p.z.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return fmt.Errorf("%w: more than the picture, or a wrong checksum: %w", errPNG, errors.Join(err))
	}
	return nil
}

// next gives the next row's samples, valid until the next call (ISO/IEC 15948,
// clause 9).
func (p *pngRows) next() ([]byte, error) {
	p.row, p.above = p.above, p.row
	if _, err := p.filtered(); err != nil {
		return nil, err
	}
	cur, up := p.row[1:], p.above[1:]
	for i := range cur {
		var left, corner byte
		if i >= p.pixel {
			left, corner = cur[i-p.pixel], up[i-p.pixel]
		}
		switch p.row[0] {
		case 1:
			cur[i] += left
		case 2:
			cur[i] += up[i]
		case 3:
			cur[i] += byte((int(left) + int(up[i])) / 2)
		case 4:
			cur[i] += paeth(left, up[i], corner)
		}
	}
	return cur, nil
}

// paeth is the neighbour closest to left + up - corner (ISO/IEC 15948, 9.4).
func paeth(left, up, corner byte) byte {
	l, u, c := int(left), int(up), int(corner)
	estimate := l + u - c
	dl, du, dc := distance(estimate, l), distance(estimate, u), distance(estimate, c)
	switch {
	case dl <= du && dl <= dc:
		return left
	case du <= dc:
		return up
	}
	return corner
}

func distance(a, b int) int {
	if a > b {
		return a - b
	}
	return b - a
}
