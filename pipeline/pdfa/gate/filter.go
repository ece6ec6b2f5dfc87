package gate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// decode gives the decoded bytes of a stream. Flate, ASCIIHex, ASCII85 and
// RunLength are decoded; picture codecs are not, nor is LZW, which ISO 19005-2,
// 6.1.7.2 forbids.
func (f *file) decode(s *stream) ([]byte, error) {
	var r io.Reader = f.src.section(s.start, s.length)
	filters, parms := f.filters(s.dict)
	if s.length == 0 {
		return nil, nil
	}
	if len(filters) > 8 {
		return nil, errors.New("more than 8 filters")
	}
	for i, name := range filters {
		var err error
		if r, err = f.filter(name, parms[i], r); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if len(filters) == 0 {
		out.Grow(int(min(s.length, maxStream)))
	}
	n, err := io.Copy(&out, &meter{r: r, b: f.budget, left: maxStream})
	if err != nil {
		return out.Bytes(), fmt.Errorf("after %d bytes: %w", n, err)
	}
	return out.Bytes(), nil
}

// filters lists the filters of a stream and the parameters of each.
func (f *file) filters(d dict) (names []name, parms []dict) {
	one := func(o, p object) {
		names = append(names, f.name(o))
		parms = append(parms, f.dict(p))
	}
	fo := f.resolve(d["Filter"])
	po := f.resolve(d["DecodeParms"])
	if a, ok := fo.(array); ok {
		p, _ := po.(array)
		f.budget.spend(16 * len(a))
		for i := range a {
			if i < len(p) {
				one(a[i], p[i])
			} else {
				one(a[i], nil)
			}
		}
	} else if fo != nil {
		one(fo, po)
	}
	return names, parms
}

func (f *file) filter(n name, parms dict, r io.Reader) (io.Reader, error) {
	switch n {
	case "FlateDecode", "Fl":
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil, err
		}
		return f.predict(parms, z)
	case "ASCIIHexDecode", "AHx":
		return &hexReader{r: r}, nil
	case "ASCII85Decode", "A85":
		return &ascii85Reader{r: r}, nil
	case "RunLengthDecode", "RL":
		return &runReader{r: r}, nil
	case "Crypt":
		if n, ok := parms["Name"]; !ok || f.name(n) == "Identity" {
			return r, nil
		}
	}
	return nil, fmt.Errorf("filter is not decoded here")
}

// meter books what is decoded.
type meter struct {
	r    io.Reader
	b    *budget
	left int
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.b.inflate(n)
	m.left -= n
	if m.left < 0 {
		panic(halt{rule: ruleLimits, cause: "a stream decodes to more than 32 MB"})
	}
	return n, err
}

// predict undoes a predictor (ISO 32000-1, 7.4.4.4).
func (f *file) predict(parms dict, r io.Reader) (io.Reader, error) {
	get := func(key name, otherwise int) int {
		if v, ok := f.integer(parms[key]); ok {
			return v
		}
		return otherwise
	}
	kind := get("Predictor", 1)
	if kind == 1 {
		return r, nil
	}
	colors, bits, columns := get("Colors", 1), get("BitsPerComponent", 8), get("Columns", 1)
	if colors < 1 || colors > 32 || bits < 1 || bits > 16 || columns < 1 || columns > 1<<20 ||
		kind != 2 && (kind < 10 || kind > 15) {
		return nil, errors.New("predictor parameters out of range")
	}
	p := &predictor{r: r, png: kind >= 10, bits: bits, step: max(1, colors*bits/8), colors: colors}
	p.row = make([]byte, (colors*bits*columns+7)/8)
	p.prev = make([]byte, len(p.row))
	return p, nil
}

type predictor struct {
	r         io.Reader
	png       bool
	bits      int
	step      int // bytes of one pixel
	colors    int
	row, prev []byte
	out       []byte
}

func (p *predictor) Read(dst []byte) (int, error) {
	if len(p.out) == 0 {
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n := copy(dst, p.out)
	p.out = p.out[n:]
	return n, nil
}

func (p *predictor) next() error {
	var tag [1]byte
	if p.png {
		if _, err := io.ReadFull(p.r, tag[:]); err != nil {
			return err
		}
	}
	p.row, p.prev = p.prev, p.row
	n, err := io.ReadFull(p.r, p.row)
	if n == 0 {
		if p.png && errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	clear(p.row[n:])
	p.out = p.row[:n]
	if !p.png {
		return p.tiff()
	}
	return p.unfilter(tag[0])
}

func (p *predictor) tiff() error {
	if p.bits != 8 {
		return errors.New("TIFF predictor with other than 8 bits is not decoded here")
	}
	for i := p.colors; i < len(p.row); i++ {
		p.row[i] += p.row[i-p.colors]
	}
	return nil
}

// unfilter undoes a PNG filter (PNG specification, clause 9).
func (p *predictor) unfilter(tag byte) error {
	for i := range p.row {
		var left, corner byte
		if i >= p.step {
			left, corner = p.row[i-p.step], p.prev[i-p.step]
		}
		up := p.prev[i]
		switch tag {
		case 0:
		case 1:
			p.row[i] += left
		case 2:
			p.row[i] += up
		case 3:
			p.row[i] += byte((int(left) + int(up)) / 2)
		case 4:
			p.row[i] += paeth(left, up, corner)
		default:
			return fmt.Errorf("PNG filter %d", tag)
		}
	}
	return nil
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := p-int(a), p-int(b), p-int(c)
	pa, pb, pc = max(pa, -pa), max(pb, -pb), max(pc, -pc)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

// byteSource reads single bytes from a reader.
type byteSource struct {
	buf  [512]byte
	have []byte
}

func (s *byteSource) next(r io.Reader) (byte, error) {
	for len(s.have) == 0 {
		n, err := r.Read(s.buf[:])
		s.have = s.buf[:n]
		if n == 0 && err != nil {
			return 0, err
		}
	}
	c := s.have[0]
	s.have = s.have[1:]
	return c, nil
}

type hexReader struct {
	r    io.Reader
	src  byteSource
	done bool
}

func (h *hexReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && !h.done {
		v, digits := 0, 0
		for digits < 2 {
			c, err := h.src.next(h.r)
			if errors.Is(err, io.EOF) || err == nil && c == '>' {
				h.done = true
				break
			}
			if err != nil {
				return n, err
			}
			if isSpace(c) {
				continue
			}
			if unhex(c) < 0 {
				return n, errors.New("not a hexadecimal digit")
			}
			v = v<<4 | unhex(c)
			digits++
		}
		if digits > 0 {
			if digits == 1 {
				v <<= 4
			}
			p[n] = byte(v)
			n++
		}
	}
	if n == 0 && h.done {
		return 0, io.EOF
	}
	return n, nil
}

type ascii85Reader struct {
	r    io.Reader
	src  byteSource
	out  []byte
	done bool
}

func (a *ascii85Reader) Read(p []byte) (int, error) {
	for len(a.out) == 0 {
		if a.done {
			return 0, io.EOF
		}
		if err := a.group(); err != nil {
			return 0, err
		}
	}
	n := copy(p, a.out)
	a.out = a.out[n:]
	return n, nil
}

// group decodes up to five characters (ISO 32000-1, 7.4.3).
func (a *ascii85Reader) group() error {
	var v uint64
	n := 0
	for n < 5 {
		c, err := a.src.next(a.r)
		if errors.Is(err, io.EOF) || err == nil && c == '~' {
			a.done = true
			break
		}
		switch {
		case err != nil:
			return err
		case isSpace(c):
			continue
		case c == 'z' && n == 0:
			a.out = []byte{0, 0, 0, 0}
			return nil
		case c < '!' || c > 'u':
			return errors.New("not a base-85 digit")
		}
		v = v*85 + uint64(c-'!')
		n++
	}
	if n == 0 {
		return nil
	}
	if n == 1 {
		return errors.New("lone base-85 digit")
	}
	for i := n; i < 5; i++ {
		v = v*85 + 84
	}
	if v > 1<<32-1 {
		return errors.New("base-85 group too large")
	}
	a.out = []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}[:n-1]
	return nil
}

type runReader struct {
	r    io.Reader
	src  byteSource
	left int // bytes still to give
	same bool
	c    byte
}

func (r *runReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.left == 0 {
			c, err := r.src.next(r.r)
			if err != nil || c == 128 {
				if n > 0 {
					return n, nil
				}
				return 0, io.EOF
			}
			r.same = c > 128
			r.left = int(c) + 1
			if r.same {
				r.left = 257 - int(c)
				if r.c, err = r.src.next(r.r); err != nil {
					return n, io.ErrUnexpectedEOF
				}
			}
		}
		if !r.same {
			c, err := r.src.next(r.r)
			if err != nil {
				return n, io.ErrUnexpectedEOF
			}
			r.c = c
		}
		p[n] = r.c
		n++
		r.left--
	}
	return n, nil
}
