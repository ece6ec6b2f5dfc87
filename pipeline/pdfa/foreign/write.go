package foreign

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// write serialises what can be reached from the catalog and the information
// dictionary, with a plain cross-reference table and without encryption. Equal
// files give equal bytes: objects are numbered in the order they are met,
// dictionary keys are sorted, and /ID comes from the content.
//
// The layout follows ISO 19005-2, 6.1: binary mark after the header, one space
// and single line ends around objects, exact /Length.
func (f *file) write(w io.Writer) error {
	s := &serialiser{f: f, numbers: map[ref]int{}, hash: sha256.New()}
	out := &counter{w: io.MultiWriter(w, s.hash)}
	s.out = out
	s.print("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	root := s.number(f.root)
	info := 0
	if len(f.info) > 0 {
		info = s.number(f.add(f.info))
	}
	var offsets []int64
	for i := 0; i < len(s.queue); i++ { // grows while objects are met
		offsets = append(offsets, out.n)
		s.print(strconv.Itoa(i+1) + " 0 obj\n")
		s.value(f.objects[s.queue[i]], 0)
		s.print("\nendobj\n")
		if s.err == nil {
			s.err = out.err
		}
		if s.err != nil {
			return s.err
		}
	}
	at := out.n
	s.print(fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1))
	for _, o := range offsets {
		s.print(fmt.Sprintf("%010d 00000 n \n", o))
	}
	sum := s.hash.Sum(nil)[:16]
	id := f.id
	if len(id) == 0 || len(id) > 64 {
		id = sum
	}
	s.print(fmt.Sprintf("trailer\n<</ID[<%X><%X>]", id, sum))
	if info > 0 {
		s.print(fmt.Sprintf("/Info %d 0 R", info))
	}
	s.print(fmt.Sprintf("/Root %d 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n", root, len(offsets)+1, at))
	if s.err == nil {
		s.err = out.err
	}
	return s.err
}

// counter counts bytes and keeps the first error.
type counter struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counter) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(p)
	c.n, c.err = c.n+int64(n), err
	return n, err
}

type serialiser struct {
	f    *file
	out  io.Writer
	hash interface {
		Sum([]byte) []byte
		io.Writer
	}
	numbers map[ref]int // new object numbers
	queue   []ref       // by new number
	err     error
}

func (s *serialiser) print(t string) { _, _ = io.WriteString(s.out, t) } // out keeps the error

func (s *serialiser) number(r ref) int {
	n, ok := s.numbers[r]
	if !ok {
		s.queue = append(s.queue, r)
		n = len(s.queue)
		s.numbers[r] = n
	}
	return n
}

// reference follows chains of references to the object that holds the value. A
// dangling one becomes null.
func (s *serialiser) reference(r ref) {
	for range maxDepth {
		v, ok := s.f.objects[r]
		if !ok || v == nil {
			break
		}
		next, chained := v.(ref)
		if !chained {
			s.print(strconv.Itoa(s.number(r)) + " 0 R")
			return
		}
		r = next
	}
	s.print("null")
}

func (s *serialiser) value(v any, depth int) {
	if depth > 4*maxDepth {
		s.err = fmt.Errorf("objects nested deeper than %d", 4*maxDepth)
		return
	}
	switch v := v.(type) {
	case nil:
		s.print("null")
	case bool:
		s.print(strconv.FormatBool(v))
	case int64:
		s.print(strconv.FormatInt(v, 10))
	case float64:
		s.print(real(v))
	case name:
		s.print(escapeName(v))
	case text:
		s.print(escapeText(v))
	case ref:
		s.reference(v)
	case array:
		s.print("[")
		for i, x := range v {
			if i > 0 {
				s.print(" ")
			}
			s.value(x, depth+1)
		}
		s.print("]")
	case dict:
		s.dict(v, depth)
	case *stream:
		s.stream(v, depth)
	default:
		s.err = fmt.Errorf("cannot write a %T", v)
	}
}

func (s *serialiser) dict(d dict, depth int) {
	keys := make([]name, 0, len(d))
	for k, v := range d {
		if s.f.get(v) != nil { // an entry whose value is null is no entry (ISO 32000-1, 7.3.7)
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	s.print("<<")
	for _, k := range keys {
		s.print(escapeName(k) + " ")
		s.value(d[k], depth+1)
	}
	s.print(">>")
}

func (s *serialiser) stream(v *stream, depth int) {
	if depth > 0 {
		s.err = fmt.Errorf("a stream inside another object")
		return
	}
	d := make(dict, len(v.dict)+1)
	for k, x := range v.dict {
		d[k] = x
	}
	for _, k := range []name{"F", "FFilter", "FDecodeParms", "DL"} { // ISO 19005-2, 6.1.7.1: no external data
		delete(d, k)
	}
	d["Length"] = v.size()
	s.dict(d, depth)
	s.print("\nstream\n")
	if _, err := io.Copy(s.out, v.stored()); err != nil && s.err == nil {
		s.err = err
	}
	s.print("\nendstream")
}

// real prints a number without exponent and without loss; rounding a MediaBox to
// fewer digits moved a page by a pixel. Magnitudes beyond what ISO 19005-2,
// 6.1.13, allows go to its ends.
func real(v float64) string {
	switch {
	case math.IsNaN(v):
		return "0"
	case math.Abs(v) < 1.175e-38:
		return "0"
	case v > 3.403e38:
		v = 3.403e38
	case v < -3.403e38:
		v = -3.403e38
	}
	t := strconv.FormatFloat(v, 'f', -1, 64)
	if len(t) > 40 {
		t = strconv.FormatFloat(v, 'f', 10, 64)
	}
	return t
}

// misleads says whether bytes hold a word by which readers that look for the ends
// of objects, pdfcpu among them, find them in the wrong place.
func misleads(s string) bool {
	for _, word := range []string{"stream", "endobj", "trailer", "startxref"} {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}

func escapeName(n name) string {
	var b bytes.Buffer
	b.WriteByte('/')
	hide := misleads(string(n))
	for i := range len(n) {
		c := n[i]
		if hide || c <= 0x20 || c >= 0x7F || c == '#' || isDelimiter(c) {
			fmt.Fprintf(&b, "#%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escapeText(t text) string {
	var b bytes.Buffer
	hide := misleads(string(t))
	for i := range len(t) {
		if c := t[i]; hide || c < 0x20 || c > 0x7E {
			return fmt.Sprintf("<%X>", string(t))
		}
	}
	b.WriteByte('(')
	for i := range len(t) {
		if c := t[i]; c == '(' || c == ')' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(t[i])
	}
	b.WriteByte(')')
	return b.String()
}
