package storage

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"
)

// remote is an open S3 object. Reading streams from the current place; ReadAt
// asks the server for just its range, so it suits few and large reads.
type remote struct {
	ctx  context.Context // of Open: the methods of io have no place for one
	s    *S3
	key  string
	size int64

	pos  int64
	body io.ReadCloser // streaming from pos; nil if not begun
}

func (c *remote) Size() int64 { return c.size }

func (c *remote) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	if c.pos >= c.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if c.body == nil {
		body, err := c.get(c.pos, c.size)
		if err != nil {
			return 0, err
		}
		c.body = body
	}
	n, err := c.body.Read(p)
	c.pos += int64(n)
	switch {
	case errors.Is(err, io.EOF) && c.pos < c.size:
		return n, fmt.Errorf("reading an object: %w: the answer ended early", ErrUnreachable)
	case err != nil && !errors.Is(err, io.EOF):
		return n, s3Error("reading an object", err)
	case c.pos > c.size:
		return n, fmt.Errorf("reading an object: %w: more bytes than announced", ErrDamaged)
	}
	return n, err
}

func (c *remote) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("reading an object: negative offset")
	}
	if off >= c.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	end := min(off+int64(len(p)), c.size)
	body, err := c.get(off, end)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	n, err := io.ReadFull(body, p[:end-off])
	if err != nil {
		return n, s3Error("reading a range of an object", err)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// get asks for the bytes from start to before end, which must not be empty.
func (c *remote) get(start, end int64) (io.ReadCloser, error) {
	var o minio.GetObjectOptions
	if start > 0 || end < c.size {
		if err := o.SetRange(start, end-1); err != nil {
			return nil, fmt.Errorf("asking for a range: %w", err)
		}
	}
	body, info, _, err := c.s.core.GetObject(c.ctx, c.s.bucket, c.key, o)
	if err != nil {
		return nil, s3Error("reading an object", err)
	}
	if info.Size != end-start {
		body.Close()
		return nil, fmt.Errorf("reading an object: %w: %d bytes instead of %d", ErrDamaged, info.Size, end-start)
	}
	return body, nil
}

func (c *remote) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.pos
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errors.New("seeking in an object: before its start")
	}
	if offset != c.pos {
		c.stop()
	}
	c.pos = offset
	return offset, nil
}

func (c *remote) Close() error {
	c.stop()
	return nil
}

func (c *remote) stop() {
	if c.body != nil {
		c.body.Close()
		c.body = nil
	}
}
