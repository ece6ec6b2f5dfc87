package foreign

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/lzw"
	"encoding/ascii85"
	"errors"
	"fmt"
	"io"

	tifflzw "golang.org/x/image/tiff/lzw"

	"blattwerk/pipeline/pdfa/rowpng"
)

// maxDecoded bounds what one content stream may decode to, bytes.
const maxDecoded = 128 << 20

// errTooLarge says that a stream decodes to more than its limit.
var errTooLarge = errors.New("stream decodes to more than the limit")

// filter is one entry of a stream's /Filter with its parameters.
type filter struct {
	name  name
	parms dict
}

// filters lists a stream's filters, outermost first, with the short names of
// inline images resolved (ISO 32000-1, table 94).
func (f *file) filters(d dict) []filter {
	names := f.get(first(d, "Filter", "F"))
	parms := f.get(first(d, "DecodeParms", "DP"))
	var out []filter
	switch n := names.(type) {
	case name:
		p := f.dict(parms)
		if a, ok := parms.(array); ok && len(a) > 0 {
			p = f.dict(a[0])
		}
		out = append(out, filter{longFilter(n), p})
	case array:
		a, _ := parms.(array)
		for i, v := range n {
			fl := filter{name: longFilter(f.name(v))}
			if i < len(a) {
				fl.parms = f.dict(a[i])
			} else if len(n) == 1 {
				fl.parms = f.dict(parms)
			}
			out = append(out, fl)
		}
	}
	return out
}

func first(d dict, keys ...name) any {
	for _, k := range keys {
		if v, ok := d[k]; ok {
			return v
		}
	}
	return nil
}

func longFilter(n name) name {
	if long, ok := map[name]name{
		"Fl": "FlateDecode", "LZW": "LZWDecode", "AHx": "ASCIIHexDecode", "A85": "ASCII85Decode",
		"RL": "RunLengthDecode", "CCF": "CCITTFaxDecode", "DCT": "DCTDecode",
	}[n]; ok {
		return long
	}
	return n
}

// decoded opens a stream through all filters that are not picture codecs, and
// gives the codecs that remain.
func (f *file) decoded(s *stream) (io.Reader, []filter, error) {
	r := s.stored()
	fs := f.filters(s.dict)
	if len(fs) > 8 {
		return nil, nil, fmt.Errorf("%d filters on one stream", len(fs))
	}
	for i, fl := range fs {
		switch fl.name {
		case "FlateDecode":
			r = &tolerant{r: inflate(r)}
		case "LZWDecode":
			if f.int(fl.parms["EarlyChange"], 1) == 0 {
				r = &tolerant{r: lzw.NewReader(r, lzw.MSB, 8)}
			} else {
				r = &tolerant{r: tifflzw.NewReader(r, tifflzw.MSB, 8)}
			}
		case "ASCIIHexDecode":
			r = hexReader(r)
		case "ASCII85Decode":
			r = ascii85Reader(r)
		case "RunLengthDecode":
			r = &runs{r: bufio.NewReader(r)}
		case "Crypt":
		default:
			return r, fs[i:], nil
		}
		var err error
		if r, err = f.unpredict(r, fl.parms); err != nil {
			return nil, nil, err
		}
	}
	return r, nil, nil
}

// bytes decodes a whole stream that is not a picture, up to limit bytes.
func (f *file) bytes(s *stream, limit int64) ([]byte, error) {
	r, rest, err := f.decoded(s)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("cannot decode %s here", rest[0].name)
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, errTooLarge
	}
	return b, nil
}

// inflate skips the two bytes of the zlib header and ignores the checksum:
// writers get the checksum wrong, and readers of PDF do not look at it.
func inflate(r io.Reader) io.Reader {
	br := bufio.NewReader(r)
	if h, err := br.Peek(2); err == nil && h[0]&0x0F == 8 && (int(h[0])<<8|int(h[1]))%31 == 0 {
		_, _ = br.Discard(2)
	}
	return flate.NewReader(br)
}

// tolerant turns damage in the middle of a stream into its end, as viewers do.
// What was lost shows when the result is compared with the original.
type tolerant struct{ r io.Reader }

func (t *tolerant) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

func hexReader(r io.Reader) io.Reader {
	return &lazy{make: func() []byte {
		raw, _ := io.ReadAll(r)
		if i := bytes.IndexByte(raw, '>'); i >= 0 {
			raw = raw[:i]
		}
		return []byte(hexText(string(raw)))
	}}
}

func ascii85Reader(r io.Reader) io.Reader {
	return &lazy{make: func() []byte {
		raw, _ := io.ReadAll(r)
		raw = bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("<~"))
		if i := bytes.IndexByte(raw, '~'); i >= 0 {
			raw = raw[:i]
		}
		out := make([]byte, len(raw)*4+4) // 'z' stands for four bytes
		n, _, _ := ascii85.Decode(out, raw, true)
		return out[:n]
	}}
}

// lazy decodes at the first read.
type lazy struct {
	make func() []byte
	r    *bytes.Reader
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.r == nil {
		l.r = bytes.NewReader(l.make())
	}
	return l.r.Read(p)
}

// runs decodes RunLengthDecode, ISO 32000-1, 7.4.5.
type runs struct {
	r    *bufio.Reader
	buf  []byte
	done bool
}

func (d *runs) Read(p []byte) (int, error) {
	for len(d.buf) == 0 {
		if d.done {
			return 0, io.EOF
		}
		n, err := d.r.ReadByte()
		if err != nil || n == 128 {
			d.done = true
			continue
		}
		if n < 128 {
			d.buf = make([]byte, int(n)+1)
			m, err := io.ReadFull(d.r, d.buf)
			d.buf, d.done = d.buf[:m], err != nil
			continue
		}
		b, err := d.r.ReadByte()
		if err != nil {
			d.done = true
			continue
		}
		d.buf = bytes.Repeat([]byte{b}, 257-int(n))
	}
	n := copy(p, d.buf)
	d.buf = d.buf[n:]
	return n, nil
}

// unpredict undoes the predictor of Flate and LZW, ISO 32000-1, 7.4.4.4.
func (f *file) unpredict(r io.Reader, p dict) (io.Reader, error) {
	predictor := f.int(p["Predictor"], 1)
	if predictor <= 1 {
		return r, nil
	}
	colours, bits, columns := f.int(p["Colors"], 1), f.int(p["BitsPerComponent"], 8), f.int(p["Columns"], 1)
	if colours < 1 || colours > 32 || columns < 1 || columns > 1<<20 || (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16) {
		return nil, fmt.Errorf("predictor with %d colours of %d bits in %d columns", colours, bits, columns)
	}
	row := (colours*bits*columns + 7) / 8
	u := &unpredictor{r: bufio.NewReaderSize(r, 1<<16), png: predictor >= 10, colours: colours, bits: bits,
		step: max(1, colours*bits/8), row: make([]byte, row), last: make([]byte, row)}
	return u, nil
}

type unpredictor struct {
	r             *bufio.Reader
	png           bool
	colours, bits int
	step          int // bytes to the pixel on the left
	row, last     []byte
	out           []byte
	done          bool
}

func (u *unpredictor) Read(p []byte) (int, error) {
	if len(u.out) == 0 {
		if u.done {
			return 0, io.EOF
		}
		u.next()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

func (u *unpredictor) next() {
	kind := byte(0)
	if u.png {
		var err error
		if kind, err = u.r.ReadByte(); err != nil {
			u.done = true
			return
		}
	}
	u.row, u.last = u.last, u.row
	n, err := io.ReadFull(u.r, u.row)
	if err != nil {
		u.done = true
	}
	if n == 0 {
		return
	}
	if u.png {
		u.unfilter(kind)
	} else {
		u.undifference()
	}
	u.out = u.row[:n]
}

func (u *unpredictor) unfilter(kind byte) {
	for i := range u.row {
		var left, up, corner byte
		up = u.last[i]
		if i >= u.step {
			left, corner = u.row[i-u.step], u.last[i-u.step]
		}
		switch kind {
		case 1:
			u.row[i] += left
		case 2:
			u.row[i] += up
		case 3:
			u.row[i] += byte((int(left) + int(up)) / 2)
		case 4:
			u.row[i] += rowpng.Paeth(left, up, corner)
		}
	}
}

// undifference undoes TIFF predictor 2.
func (u *unpredictor) undifference() {
	switch u.bits {
	case 8:
		for i := u.colours; i < len(u.row); i++ {
			u.row[i] += u.row[i-u.colours]
		}
	case 16:
		for i := 2 * u.colours; i+1 < len(u.row); i += 2 {
			v := int(u.row[i])<<8 + int(u.row[i+1]) + int(u.row[i-2*u.colours])<<8 + int(u.row[i-2*u.colours+1])
			u.row[i], u.row[i+1] = byte(v>>8), byte(v)
		}
	default:
		last := make([]int, u.colours)
		mask := 1<<u.bits - 1
		for i := 0; (i+1)*u.bits <= 8*len(u.row); i++ {
			at, shift := i*u.bits/8, 8-u.bits-i*u.bits%8
			v := (int(u.row[at])>>shift + last[i%u.colours]) & mask
			last[i%u.colours] = v
			u.row[at] = u.row[at]&^byte(mask<<shift) | byte(v<<shift)
		}
	}
}
