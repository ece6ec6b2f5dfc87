package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"blattwerk/pipeline"
)

// Store keeps write-once objects under keys. All methods may be called from many
// goroutines, and many processes may use one directory or bucket at once.
//
// An error of the world below (disk, network, server) wraps [ErrFull],
// [ErrUnreachable] or [ErrDenied] where the kind is known.
type Store interface {
	// Put keeps all of r under key. When it returns without an error, the bytes
	// are durable and readers see the whole object; until then they see nothing.
	//
	// A key is given away once: [ErrExists] if it is taken, and what is there
	// stays as it is. After a broken connection ErrExists may also mean that an
	// earlier attempt of the same Put did arrive; compare with Stat. Bytes that
	// differ from opt.Size or opt.Digest are refused with [ErrMismatch]. Whatever
	// goes wrong, also in r or when ctx ends, leaves nothing behind.
	Put(ctx context.Context, key string, r io.Reader, opt PutOptions) (Info, error)

	// Open gives the bytes of key, or [ErrNotFound]. It does not verify them; it
	// reads on demand, so ctx must last as long as the content is used.
	Open(ctx context.Context, key string) (pipeline.Content, Info, error)

	// Stat describes key, or gives [ErrNotFound].
	Stat(ctx context.Context, key string) (Info, error)

	// List calls each for every key that starts with prefix, in lexical order of
	// the keys' bytes. The Infos have Key, Size and Modified only. It stops with
	// the first error of each.
	List(ctx context.Context, prefix string, each func(Info) error) error

	// Delete removes key for good: [ErrLocked] while it is retained,
	// [ErrNotFound] if there is none.
	Delete(ctx context.Context, key string) error
}

// PutOptions say more about the bytes to put. The zero value asks for nothing.
type PutOptions struct {
	Size        int64           // bytes that must come; 0 and less: unknown
	Digest      pipeline.Digest // SHA-256 that they must have; "": unknown
	Media       string          // media type, kept where the store has a place for it
	RetainUntil time.Time       // not to be deleted before; zero or past: no retention
}

// Info describes an object.
type Info struct {
	Key         string
	Size        int64           // bytes
	Digest      pipeline.Digest // as recorded when it was put; "" if the store does not know
	Media       string          // "" if the store does not know
	Modified    time.Time       // when it was put, by the store's clock
	RetainUntil time.Time       // not to be deleted before; zero: no retention
	Locked      bool            // the server itself refuses deletion until RetainUntil
}

// The errors of stores. They are wrapped: use [errors.Is].
var (
	ErrNotFound    = errors.New("no such object")
	ErrExists      = errors.New("the key is taken")
	ErrLocked      = errors.New("the object is retained")
	ErrKey         = errors.New("not a portable key")
	ErrMismatch    = errors.New("the bytes are not those that were announced")
	ErrDamaged     = errors.New("the stored bytes have changed")
	ErrFull        = errors.New("no space left")
	ErrUnreachable = errors.New("the store cannot be reached")
	ErrDenied      = errors.New("the store refuses access")
)

const (
	maxKey     = 1024 // bytes; the limit of S3
	maxSegment = 255  // bytes; the limit of most file systems
)

// CheckKey says whether key is portable over directories and S3 servers; its
// error wraps [ErrKey].
//
// A key is one or more segments divided by "/". A segment is valid UTF-8 of 1 to
// 255 bytes without control characters or backslash and does not begin with a
// dot, which leaves no way to climb and keeps our own folders apart. The whole
// key has at most 1024 bytes. Beyond what can be seen in one key: no key may be
// another key's folder ("a" and "a/b").
func CheckKey(key string) error {
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("%w: %d bytes", ErrKey, len(key))
	}
	if !utf8.ValidString(key) {
		return fmt.Errorf("%w: not UTF-8", ErrKey)
	}
	for seg := range strings.SplitSeq(key, "/") {
		switch {
		case seg == "":
			return fmt.Errorf("%w: empty segment", ErrKey)
		case len(seg) > maxSegment:
			return fmt.Errorf("%w: segment of %d bytes", ErrKey, len(seg))
		case seg[0] == '.':
			return fmt.Errorf("%w: segment begins with a dot", ErrKey)
		case strings.ContainsFunc(seg, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }):
			return fmt.Errorf("%w: control character or backslash", ErrKey)
		}
	}
	return nil
}

// namer is a store that can name an object after its bytes have been seen, so
// that content-addressed bytes need not be kept twice. Dir and S3 are namers.
type namer interface {
	// ensure makes sure that the key that name gives holds the bytes of r. If it
	// is taken, what is there is read: the same bytes then count as put now, which
	// keeps a sweep away from them, and others are damage and are replaced.
	ensure(ctx context.Context, name func(pipeline.Digest) string, r io.Reader) (Info, error)
	// deleteOlder is Delete if the object was put before t, else nothing. It
	// reports whether the object is gone.
	deleteOlder(ctx context.Context, key string, t time.Time) (bool, error)
}

// verify reads an object and compares its digest; its error wraps [ErrDamaged].
func verify(ctx context.Context, s Store, key string, want pipeline.Digest) error {
	c, _, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	defer c.Close()
	if f, ok := c.(*fileContent); ok {
		f.forget()
	}
	_, have, err := copyHash(ctx, io.Discard, c)
	if err != nil {
		return err
	}
	if have != want {
		return fmt.Errorf("%w: SHA-256 %s instead of %s", ErrDamaged, have, want)
	}
	return nil
}
