package foreign

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// The pictures of a large file stay where they are: a stack of 500 scanned sheets
// may have hundreds of megabytes, of which only the outline between the pictures is
// needed to know the file. pdfcpu loads every stream of a file, so that it is shown
// the file with the pictures' /Length as 1; all offsets stay as they are. Whatever
// is unusual about a file (it does not parse, is encrypted, or a picture is not
// found again where it was seen) has it read into memory as a whole, like any small one.
// So has a table of objects that is broken: pdfcpu looks for them in all bytes then, and
// with other lengths might find others. So has what looks like a picture and is none of
// the file's: it may stand in a stream of another kind, an attached PDF for one, whose
// bytes would not be its own.
const (
	largeFile    = 4 << 20  // bytes; smaller ones are read as a whole
	leastPicture = 12 << 10 // bytes; smaller streams are loaded
	readAhead    = 4 << 10  // bytes at the ends of a picture that pdfcpu reads along with what is beside it
	longestHead  = 2 << 10  // bytes of a picture's dictionary
)

// errWhole says that a file has to be read into memory as a whole.
var errWhole = errors.New("the file has to be read as a whole")

// span is where the bytes of a stream lie in a file.
type span struct{ at, size int64 }

// openLarge parses a file and leaves its pictures in it. The handle is closed when the
// last stream that lies in it is given up: streams change from file to file when
// they are put together.
func openLarge(ctx context.Context, path string) (*file, error) {
	src, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	v, err := outlineOf(src)
	if err != nil || len(v.pictures) == 0 {
		return nil, errors.Join(err, errWhole, src.Close())
	}
	left := map[int64]bool{}
	f, err := parseFrom(ctx, v, converter{ctx: ctx, src: src, pictures: v.pictures, left: left})
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	if f.encrypted || v.searched || len(left) != len(v.pictures) {
		return nil, errors.Join(errWhole, src.Close())
	}
	return f, nil
}

// inFile gives the bytes of a picture that was left in the file.
func (c converter) inFile(o types.StreamDict) (*io.SectionReader, error) {
	if p, ok := c.pictures[o.StreamOffset]; ok {
		c.left[p.at] = true
		return io.NewSectionReader(c.src, p.at, p.size), nil
	}
	if c.src != nil && len(o.Raw) == 1 && o.Image() {
		return nil, fmt.Errorf("a picture that is not where it was seen: %w", errWhole)
	}
	return nil, nil
}

// outline is a file whose pictures are said to be one byte long.
type outline struct {
	src      io.ReaderAt
	size, at int64
	changes  []change       // in the order of the file
	pictures map[int64]span // by where their bytes begin
	inOrder  []span         // the same in the order of the file
	searched bool           // someone read on in the middle of a picture
}

// change is other bytes at one place, as many as there were.
type change struct {
	at    int64
	bytes []byte
}

func (o *outline) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return 0, errors.New("seeking before the file")
	}
	o.at = offset
	return offset, nil
}

func (o *outline) Read(b []byte) (int, error) {
	if o.at >= o.size {
		return 0, io.EOF
	}
	before, _ := slices.BinarySearchFunc(o.inOrder, o.at, func(p span, at int64) int { return cmp.Compare(p.at, at) })
	if before > 0 {
		p := o.inOrder[before-1]
		o.searched = o.searched || o.at > p.at+readAhead && o.at < p.at+p.size-readAhead
	}
	n, err := o.src.ReadAt(b, o.at)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	b = b[:n]
	from, _ := slices.BinarySearchFunc(o.changes, o.at, func(c change, at int64) int {
		if c.at+int64(len(c.bytes)) <= at {
			return -1
		}
		return 1
	})
	for _, c := range o.changes[from:] {
		off := c.at - o.at
		if off >= int64(n) {
			break
		}
		copy(b[max(off, 0):], c.bytes[max(-off, 0):])
	}
	o.at += int64(n)
	return n, err
}

// outlineOf looks for the pictures of a file.
func outlineOf(src *os.File) (*outline, error) {
	st, err := src.Stat()
	if err != nil {
		return nil, err
	}
	o := &outline{src: src, size: st.Size(), pictures: map[int64]span{}}
	word := []byte("stream")
	w := window{src: src, buf: make([]byte, 64<<10)}
	for at := int64(0); ; {
		b, err := w.from(at, len(word)+2)
		if err != nil {
			return nil, err
		}
		i := bytes.Index(b, word)
		switch {
		case i < 0 && int64(len(b))+at >= o.size:
			return o, nil
		case i < 0:
			at += int64(len(b) - len(word) + 1)
			continue
		}
		at += int64(i + len(word))
		end, err := o.picture(at)
		if err != nil {
			return nil, err
		}
		at = max(at, end)
	}
}

var (
	imageDict   = regexp.MustCompile(`/Subtype\s*/Image[\s/>]`)
	lengthEntry = regexp.MustCompile(`/Length\s+(\d{4,9})(\s+\d+\s+R)?`)
)

// picture looks at the stream whose keyword ends at a place. If it is a picture that
// may stay in the file, that is noted, and where its bytes end is given; else 0.
func (o *outline) picture(at int64) (end int64, err error) {
	from := max(at-longestHead, 0)
	head, err := o.piece(from, int(at-from))
	if err != nil {
		return 0, err
	}
	begin := bytes.LastIndex(head, []byte("obj")) + len("obj")
	if begin < len("obj") || !imageDict.Match(head[begin:]) {
		return 0, nil
	}
	found := lengthEntry.FindAllSubmatchIndex(head[begin:], -1)
	if len(found) != 1 || found[0][4] >= 0 || bytes.Count(head[begin:], []byte("/Length")) != 1 {
		return 0, nil
	}
	digits := head[begin+found[0][2] : begin+found[0][3]]
	size, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || size < leastPicture {
		return 0, nil //nolint:nilerr // no number: loaded like any other stream
	}
	tail, err := o.piece(at, 2)
	if err != nil {
		return 0, err
	}
	switch {
	case bytes.HasPrefix(tail, []byte("\r\n")):
		at += 2
	case bytes.HasPrefix(tail, []byte("\n")):
		at++
	default:
		return 0, nil
	}
	tail, err = o.piece(at+size, len("\r\nendstream"))
	if err != nil || !bytes.HasPrefix(bytes.TrimLeft(tail, "\r\n"), []byte("endstream")) {
		return 0, err
	}
	one := bytes.Repeat([]byte("0"), len(digits))
	one[len(one)-1] = '1'
	o.changes = append(o.changes, change{from + int64(begin+found[0][2]), one})
	o.pictures[at] = span{at, size}
	o.inOrder = append(o.inOrder, o.pictures[at])
	return at + size, nil
}

// piece reads n bytes, or as many as there are.
func (o *outline) piece(at int64, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := o.src.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:got], err
}

// window reads a file in pieces from front to back.
type window struct {
	src io.ReaderAt
	buf []byte
	at  int64 // of the first byte of have
	has []byte
}

// from gives what is at hand from a place on: least bytes, or fewer at the end of the
// file.
func (w *window) from(at int64, least int) ([]byte, error) {
	if skip := at - w.at; skip >= 0 && skip+int64(least) <= int64(len(w.has)) {
		return w.has[skip:], nil
	}
	n, err := w.src.ReadAt(w.buf, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	w.at, w.has = at, w.buf[:n]
	return w.has, err
}
