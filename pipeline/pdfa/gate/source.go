package gate

import (
	"errors"
	"fmt"
	"io"
)

// wholeFile is the size up to which a file is read at once.
const wholeFile = 24 << 20

// source gives windows into the file.
type source struct {
	r    io.ReaderAt
	size int64
	buf  []byte // bytes from off on
	off  int64
}

func newSource(r io.ReaderAt, size int64) *source {
	return &source{r: r, size: size}
}

// window gives n bytes from off on, fewer at the end of the file. The bytes must
// not be changed.
func (s *source) window(off int64, n int) []byte {
	if off < 0 || off >= s.size || n <= 0 {
		return nil
	}
	n = int(min(int64(n), s.size-off))
	if off >= s.off && off+int64(n) <= s.off+int64(len(s.buf)) {
		return s.buf[off-s.off : off-s.off+int64(n)]
	}
	from, want := off, max(n, 1<<17)
	if s.size <= wholeFile {
		from, want = 0, int(s.size)
	}
	want = int(min(int64(want), s.size-from))
	buf := make([]byte, want)
	got, err := s.r.ReadAt(buf, from)
	if got < want {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		panic(halt{err: fmt.Errorf("reading %d bytes at %d: %w", want, from, err)})
	}
	s.buf, s.off = buf, from
	return s.buf[off-s.off : off-s.off+int64(n)]
}

// at gives the byte at off, or 0 outside the file.
func (s *source) at(off int64) byte {
	if w := s.window(off, 1); len(w) == 1 {
		return w[0]
	}
	return 0
}

// section reads a part of the file in sequence.
func (s *source) section(off, n int64) io.Reader {
	if s.size <= wholeFile {
		if w := s.window(off, int(n)); int64(len(w)) == n {
			return &sliceReader{w}
		}
	}
	return &ioReader{io.NewSectionReader(s.r, off, n)}
}

type sliceReader struct{ b []byte }

func (r *sliceReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}

func (r *sliceReader) ReadByte() (byte, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c, nil
}

// ioReader halts the validation where the file cannot be read.
type ioReader struct{ r io.Reader }

func (r *ioReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		panic(halt{err: fmt.Errorf("reading a stream: %w", err)})
	}
	return n, err
}
