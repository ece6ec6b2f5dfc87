package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"blattwerk/pipeline"
)

const (
	chunk       = 256 << 10 // bytes copied between two looks at the context
	spoolMemory = 4 << 20   // bytes kept in memory before a spool goes to disk
)

// copyHash copies r to w until its end, looking at ctx between chunks, and gives
// the number of bytes and their digest. An error of r is returned as it is; an
// error of w wraps what kind of error it is.
func copyHash(ctx context.Context, w io.Writer, r io.Reader) (int64, pipeline.Digest, error) {
	h := sha256.New()
	buf := make([]byte, chunk)
	var n int64
	for {
		if err := ctx.Err(); err != nil {
			return n, "", err
		}
		m, rerr := r.Read(buf)
		if m > 0 {
			h.Write(buf[:m])
			if _, err := w.Write(buf[:m]); err != nil {
				return n, "", diskError("writing", err)
			}
			n += int64(m)
		}
		if errors.Is(rerr, io.EOF) {
			return n, digestOf(h), nil
		}
		if rerr != nil {
			return n, "", fmt.Errorf("reading what is to be stored: %w", rerr)
		}
	}
}

func digestBytes(b []byte) pipeline.Digest {
	sum := sha256.Sum256(b)
	return pipeline.Digest(hex.EncodeToString(sum[:]))
}

func digestOf(h hash.Hash) pipeline.Digest {
	return pipeline.Digest(hex.EncodeToString(h.Sum(nil)))
}

// spool holds bytes whose size and digest must be known before they go anywhere:
// in memory while they are few, else in a file that has no name any more and so
// disappears with the process.
type spool struct {
	io.ReadSeeker
	io.ReaderAt
	size   int64
	digest pipeline.Digest
	file   *os.File // nil while in memory
}

// newSpool reads all of r. dir is where large spools go; "" is the system's
// folder for temporary files.
func newSpool(ctx context.Context, dir string, r io.Reader) (*spool, error) {
	f := &spoolFill{dir: dir}
	if _, _, err := copyHash(ctx, f, r); err != nil {
		f.close()
		return nil, err
	}
	return f.done()
}

// Size is the number of bytes.
func (s *spool) Size() int64 { return s.size }

// Close frees the bytes.
func (s *spool) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// spoolFill is a spool that is being written.
type spoolFill struct {
	dir  string
	mem  bytes.Buffer
	file *os.File
	hash hash.Hash
	size int64
}

func (w *spoolFill) Write(p []byte) (int, error) {
	n, err := w.write(p)
	if w.hash == nil {
		w.hash = sha256.New()
	}
	w.hash.Write(p[:n])
	w.size += int64(n)
	return n, err
}

func (w *spoolFill) write(p []byte) (int, error) {
	if w.file == nil && w.mem.Len()+len(p) <= spoolMemory {
		return w.mem.Write(p)
	}
	if w.file == nil {
		f, err := os.CreateTemp(w.dir, "blattwerk-*")
		if err != nil {
			return 0, err
		}
		w.file = f
		if err := os.Remove(f.Name()); err != nil {
			return 0, err
		}
		if _, err := f.Write(w.mem.Bytes()); err != nil {
			return 0, err
		}
		w.mem = bytes.Buffer{}
	}
	return w.file.Write(p)
}

// done gives the spool, to be read from its start.
func (w *spoolFill) done() (*spool, error) {
	if w.hash == nil {
		w.hash = sha256.New()
	}
	s := &spool{size: w.size, digest: digestOf(w.hash), file: w.file}
	if w.file == nil {
		m := bytes.NewReader(w.mem.Bytes())
		s.ReadSeeker, s.ReaderAt = m, m
		return s, nil
	}
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		w.close()
		return nil, diskError("rewinding a temporary file", err)
	}
	s.ReadSeeker, s.ReaderAt = w.file, w.file
	return s, nil
}

func (w *spoolFill) close() {
	if w.file != nil {
		w.file.Close()
	}
}
