package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// blobPrefix is where blobs lie: blobs/sha256/ab/cd/abcd…
const blobPrefix = "blobs/sha256/"

// Blobs are bytes under their own digest, in a [Store]: what was handed in and
// what steps leave for each other. They are not retained; [Blobs.Sweep] removes
// those that nothing refers to any more.
type Blobs struct {
	store Store
	spool string // folder for large spools; "" is the system's
}

var _ pipeline.Blobs = (*Blobs)(nil)

// NewBlobs keeps blobs in s.
func NewBlobs(s Store) *Blobs {
	b := &Blobs{store: s}
	if remote, ok := s.(*S3); ok {
		b.spool = remote.spool
	}
	return b
}

// ValidDigest says whether d is 64 lower-case hexadecimal digits.
func ValidDigest(d pipeline.Digest) bool {
	return len(d) == 64 && strings.Trim(string(d), "0123456789abcdef") == ""
}

// blobKey gives the key of a valid digest.
func blobKey(d pipeline.Digest) string {
	return blobPrefix + string(d[:2]) + "/" + string(d[2:4]) + "/" + string(d)
}

// Put implements [pipeline.Blobs]. Bytes that are there already are read and
// compared before they count as kept; if they are damaged, they are replaced.
func (b *Blobs) Put(ctx context.Context, r io.Reader) (pipeline.Blob, error) {
	info, err := b.ensure(ctx, r)
	if err != nil {
		return pipeline.Blob{}, fmt.Errorf("keeping a blob: %w", err)
	}
	return pipeline.Blob{Digest: info.Digest, Size: info.Size}, nil
}

func (b *Blobs) ensure(ctx context.Context, r io.Reader) (Info, error) {
	if n, ok := b.store.(namer); ok {
		return n.ensure(ctx, blobKey, r)
	}
	body, err := newSpool(ctx, b.spool, r)
	if err != nil {
		return Info{}, err
	}
	defer body.Close()
	key := blobKey(body.digest)
	info, err := b.store.Put(ctx, key, body, PutOptions{Size: body.size, Digest: body.digest})
	if errors.Is(err, ErrExists) {
		info = Info{Size: body.size}
		err = verify(ctx, b.store, key, body.digest)
	}
	info.Digest = body.digest
	return info, err
}

// Open implements [pipeline.Blobs]. The whole blob is read and compared with its
// digest before Open returns, so that no read, in order or at random, ever gives
// other bytes; changed ones give [ErrDamaged]. A blob of a directory is then read
// from its file, one of S3 from a copy that was made while comparing.
func (b *Blobs) Open(ctx context.Context, d pipeline.Digest) (pipeline.Content, error) {
	c, err := b.open(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("opening blob %s: %w", d, err)
	}
	return c, nil
}

func (b *Blobs) open(ctx context.Context, d pipeline.Digest) (pipeline.Content, error) {
	if !ValidDigest(d) {
		return nil, fmt.Errorf("%w: not a digest", ErrNotFound)
	}
	c, _, err := b.store.Open(ctx, blobKey(d))
	if err != nil {
		return nil, err
	}
	if f, ok := c.(*fileContent); ok {
		return verifiedFile(ctx, f, d)
	}
	defer c.Close()
	body, err := newSpool(ctx, b.spool, c)
	if err != nil {
		return nil, err
	}
	if body.digest != d {
		body.Close()
		return nil, fmt.Errorf("%w: SHA-256 %s", ErrDamaged, body.digest)
	}
	return body, nil
}

func verifiedFile(ctx context.Context, f *fileContent, want pipeline.Digest) (pipeline.Content, error) {
	_, have, err := copyHash(ctx, io.Discard, f)
	if err == nil && have != want {
		err = fmt.Errorf("%w: SHA-256 %s", ErrDamaged, have)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Has says whether a blob is there and how many bytes it has. It does not read
// them.
func (b *Blobs) Has(ctx context.Context, d pipeline.Digest) (size int64, ok bool, err error) {
	if !ValidDigest(d) {
		return 0, false, nil
	}
	info, err := b.store.Stat(ctx, blobKey(d))
	if errors.Is(err, ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("looking for blob %s: %w", d, err)
	}
	return info.Size, true, nil
}

// Delete removes a blob. One that is not there is as good as removed.
func (b *Blobs) Delete(ctx context.Context, d pipeline.Digest) error {
	if !ValidDigest(d) {
		return nil
	}
	if err := b.store.Delete(ctx, blobKey(d)); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("deleting blob %s: %w", d, err)
	}
	return nil
}

// Swept is what a sweep did.
type Swept struct {
	Seen    int   // blobs looked at
	Removed int   // blobs removed
	Bytes   int64 // bytes freed
}

// Sweep removes the blobs that were put more than olderThan ago and that keep
// does not want. keep is asked for each such blob just before it goes.
//
// olderThan must be longer than the time between putting a blob and recording
// who needs it; a day is plenty. A blob that is put again while the sweep runs is
// new again and stays; only in an S3 bucket without versions a moment remains in
// which it could go, so buckets are made with versions.
func (b *Blobs) Sweep(ctx context.Context, keep func(pipeline.Digest) bool, olderThan time.Duration) (Swept, error) {
	var done Swept
	limit := time.Now().Add(-olderThan)
	err := b.store.List(ctx, blobPrefix, func(i Info) error {
		d := pipeline.Digest(path.Base(i.Key))
		if !ValidDigest(d) || i.Key != blobKey(d) {
			return nil // not ours
		}
		done.Seen++
		if !i.Modified.Before(limit) || keep(d) {
			return nil
		}
		gone, err := b.deleteOlder(ctx, i.Key, limit)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrLocked) {
			return nil
		}
		if gone {
			done.Removed++
			done.Bytes += i.Size
		}
		return err
	})
	if err != nil {
		return done, fmt.Errorf("sweeping blobs: %w", err)
	}
	return done, nil
}

func (b *Blobs) deleteOlder(ctx context.Context, key string, t time.Time) (bool, error) {
	if n, ok := b.store.(namer); ok {
		return n.deleteOlder(ctx, key, t)
	}
	return true, b.store.Delete(ctx, key)
}
