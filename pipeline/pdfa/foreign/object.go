package foreign

import (
	"bytes"
	"io"
	"maps"
	"math"
	"slices"
	"unicode/utf16"
)

// PDF objects are plain Go values: nil, bool, int64, float64, name, text, ref,
// array, dict and *stream.
type (
	name  string // without the slash, #xx decoded
	text  string // bytes of a string object, decoded
	ref   int    // object number; generations are dropped, since we renumber
	array []any
	dict  map[name]any
)

// stream is a dictionary and its bytes as stored.
type stream struct {
	dict   dict
	raw    []byte
	inFile *io.SectionReader // instead of raw: a picture of a large file, which stays there
}

// stored opens the bytes as stored.
func (s *stream) stored() io.Reader {
	if s.inFile != nil {
		return io.NewSectionReader(s.inFile, 0, s.inFile.Size())
	}
	return bytes.NewReader(s.raw)
}

// size is the number of bytes as stored.
func (s *stream) size() int64 {
	if s.inFile != nil {
		return s.inFile.Size()
	}
	return int64(len(s.raw))
}

// replace gives the stream other bytes.
func (s *stream) replace(raw []byte) { s.raw, s.inFile = raw, nil }

// file is a parsed PDF.
type file struct {
	objects   map[ref]any
	root      ref
	info      dict
	id        []byte // first part of the trailer's /ID, nil if none
	next      ref    // first unused object number
	encrypted bool
}

// maxDepth bounds every walk over nested or linked objects.
const maxDepth = 64

// get follows references to a value. A dangling or circular one is nil, as ISO
// 32000-1, 7.3.10 wants it.
func (f *file) get(v any) any {
	for range maxDepth {
		r, ok := v.(ref)
		if !ok {
			return v
		}
		v = f.objects[r]
	}
	return nil
}

func (f *file) dict(v any) dict {
	switch d := f.get(v).(type) {
	case dict:
		return d
	case *stream:
		return d.dict
	}
	return nil
}

func (f *file) array(v any) array {
	a, _ := f.get(v).(array)
	return a
}

func (f *file) stream(v any) *stream {
	s, _ := f.get(v).(*stream)
	return s
}

func (f *file) name(v any) name {
	n, _ := f.get(v).(name)
	return n
}

func (f *file) text(v any) text {
	t, _ := f.get(v).(text)
	return t
}

func (f *file) bool(v any) bool {
	b, _ := f.get(v).(bool)
	return b
}

// number gives an integer or real.
func (f *file) number(v any) (float64, bool) {
	switch n := f.get(v).(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}

func (f *file) int(v any, or int) int {
	n, ok := f.number(v)
	if !ok || math.Abs(n) > 1<<40 {
		return or
	}
	return int(n)
}

// numbers gives an array of exactly n numbers.
func (f *file) numbers(v any, n int) ([]float64, bool) {
	a := f.array(v)
	if len(a) != n {
		return nil, false
	}
	out := make([]float64, n)
	for i := range a {
		x, ok := f.number(a[i])
		if !ok {
			return nil, false
		}
		out[i] = x
	}
	return out, true
}

// keys lists a dictionary's keys in order, so that what is done with them comes
// out the same each time.
func (d dict) keys() []name {
	return slices.Sorted(maps.Keys(d))
}

// add keeps v as a new object.
func (f *file) add(v any) ref {
	r := f.next
	f.next++
	f.objects[r] = v
	return r
}

func (f *file) catalog() dict { return f.dict(f.root) }

// decodeText turns a text string (ISO 32000-1, 7.9.2.2) into UTF-8.
func decodeText(t text) string {
	b := []byte(t)
	switch {
	case len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF:
		u := make([]uint16, 0, len(b)/2)
		for i := 2; i+1 < len(b); i += 2 {
			u = append(u, uint16(b[i])<<8|uint16(b[i+1]))
		}
		return string(utf16.Decode(u))
	case len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF:
		return string(b[3:])
	}
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = docEncoding(c)
	}
	return string(out)
}

// docEncoding is PDFDocEncoding, ISO 32000-1, annex D.3.
func docEncoding(c byte) rune {
	switch {
	case c >= 0x18 && c <= 0x1F:
		return []rune("˘ˇˆ˙˝˛˚˜")[c-0x18]
	case c >= 0x80 && c <= 0x9E:
		return []rune("•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž")[c-0x80]
	case c == 0xA0:
		return '€'
	case c == 0x7F || c == 0x9F || c == 0xAD:
		return 0xFFFD
	}
	return rune(c)
}

// encodeText is the inverse: ASCII as it is, all else UTF-16 with a mark.
func encodeText(s string) text {
	plain := true
	for _, r := range s {
		if r < 0x20 || r > 0x7E {
			plain = false
		}
	}
	if plain {
		return text(s)
	}
	out := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return text(out)
}
