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
	w := &spoolWriter{dir: dir}
	n, d, err := copyHash(ctx, w, r)
	if err != nil {
		w.close()
		return nil, err
	}
	if w.file != nil {
		if _, err := w.file.Seek(0, io.SeekStart); err != nil {
			w.close()
			return nil, diskError("rewinding a temporary file", err)
		}
		return &spool{ReadSeeker: w.file, ReaderAt: w.file, size: n, digest: d, file: w.file}, nil
	}
	m := bytes.NewReader(w.mem.Bytes())
	return &spool{ReadSeeker: m, ReaderAt: m, size: n, digest: d}, nil
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

type spoolWriter struct {
	dir  string
	mem  bytes.Buffer
	file *os.File
}

func (w *spoolWriter) Write(p []byte) (int, error) {
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

func (w *spoolWriter) close() {
	if w.file != nil {
		w.file.Close()
	}
}
