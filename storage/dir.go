package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"blattwerk/pipeline"
)

// Our own folders in a store's directory. Keys cannot reach them, since no
// segment of a key begins with a dot.
const (
	tmpDir    = ".blattwerk/tmp"
	lockDir   = ".blattwerk/lock"
	retainDir = ".blattwerk/retain"
)

const (
	fileMode = 0o440 // what is written once is not writable
	dirMode  = 0o750
)

// Dir is a [Store] in a directory. It needs a file system with hard links and
// file locks, which every usual local one has; OpenDir finds out.
//
// Retention is enforced by Delete only: who may write the directory may remove
// the files. Objects are therefore never reported as locked.
type Dir struct {
	root *os.Root
	path string

	mu     sync.Mutex
	synced map[string]bool // folders whose own entry in their parent is known durable
}

var (
	_ Store = (*Dir)(nil)
	_ namer = (*Dir)(nil)
)

// OpenDir opens the store in the directory dir, which it makes if need be, tries
// whether the file system can do what the store needs, and removes temporary
// files that dead processes left.
func OpenDir(dir string) (*Dir, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, diskError("making the storage directory", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the storage directory: %w", err)
	}
	d := &Dir{root: root, path: dir, synced: map[string]bool{".": true}}
	for _, sub := range []string{tmpDir, lockDir, retainDir} {
		if err := d.makeDir(sub); err != nil {
			root.Close()
			return nil, err
		}
	}
	if err := errors.Join(d.probe(), d.sweepTemps()); err != nil {
		root.Close()
		return nil, err
	}
	return d, nil
}

// Close lets go of the directory.
func (d *Dir) Close() error { return d.root.Close() }

// probe makes and links a file, so that a file system without hard links or
// locks is found at the start and not with the first letter. A full disk is not
// a reason to refuse: what is kept can still be read.
func (d *Dir) probe() error {
	t, err := d.newTemp()
	if err != nil {
		if errors.Is(err, ErrFull) {
			return nil
		}
		return fmt.Errorf("trying the storage directory: %w", err)
	}
	defer t.drop()
	link := t.name + "-link"
	if err := d.root.Link(t.name, link); err != nil {
		return fmt.Errorf("the storage directory's file system has no hard links: %w", err)
	}
	return d.root.Remove(link)
}

// Put implements [Store].
func (d *Dir) Put(ctx context.Context, key string, r io.Reader, opt PutOptions) (Info, error) {
	if err := CheckKey(key); err != nil {
		return Info{}, err
	}
	return d.put(ctx, func(pipeline.Digest) string { return key }, r, opt, false)
}

func (d *Dir) ensure(ctx context.Context, name func(pipeline.Digest) string, r io.Reader) (Info, error) {
	return d.put(ctx, name, r, PutOptions{}, true)
}

func (d *Dir) put(ctx context.Context, name func(pipeline.Digest) string, r io.Reader, opt PutOptions, ensure bool) (Info, error) {
	t, err := d.newTemp()
	if err != nil {
		return Info{}, err
	}
	defer t.drop()
	size, digest, err := copyHash(ctx, t.file, r)
	if err != nil {
		return Info{}, err
	}
	if err := checkAnnounced(opt, size, digest); err != nil {
		return Info{}, err
	}
	if err := t.file.Sync(); err != nil {
		return Info{}, diskError("syncing an object", err)
	}
	key := name(digest)
	if err := CheckKey(key); err != nil {
		return Info{}, err
	}
	info := Info{Key: key, Size: size, Digest: digest, Media: opt.Media, Modified: time.Now()}
	if opt.RetainUntil.After(time.Now()) {
		info.RetainUntil = opt.RetainUntil.UTC()
	}
	if err := d.publish(ctx, t, info, ensure); err != nil {
		return Info{}, err
	}
	return info, nil
}

// publish gives the finished temporary file its name and makes the name durable.
func (d *Dir) publish(ctx context.Context, t *temp, info Info, ensure bool) error {
	if err := d.makeDir(path.Dir(info.Key)); err != nil {
		return err
	}
	// Notes are written and removed, and objects removed, under the key's lock.
	// Where there is no note, link(2) alone is enough.
	if !info.RetainUntil.IsZero() || ensure || d.hasNote(info.Key) {
		unlock, err := d.lock(info.Key)
		if err != nil {
			return err
		}
		defer unlock()
		if err := d.noteFirst(info); err != nil {
			return err
		}
	}
	err := d.root.Link(t.name, info.Key)
	switch {
	case errors.Is(err, fs.ErrExist):
		return d.taken(ctx, t, info, ensure)
	case errors.Is(err, syscall.ENOTDIR):
		return errBelowObject
	case err != nil:
		return diskError("naming an object", err)
	}
	return d.syncDir(path.Dir(info.Key))
}

var errBelowObject = fmt.Errorf("%w: part of the way to it is an object", ErrKey)

// taken answers a put to a key that is taken. The name is synced before that,
// because who put it may not have come so far and the caller may rely on it.
func (d *Dir) taken(ctx context.Context, t *temp, info Info, ensure bool) error {
	st, err := d.root.Lstat(info.Key)
	if err != nil {
		return diskError("looking at a taken key", err)
	}
	if st.IsDir() {
		return fmt.Errorf("%w: it is the folder of other objects", ErrKey)
	}
	if !ensure {
		return errors.Join(d.syncDir(path.Dir(info.Key)), ErrExists)
	}
	switch err := verify(ctx, d, info.Key, info.Digest); {
	case errors.Is(err, ErrDamaged):
		slog.WarnContext(ctx, "a damaged object is replaced", "key", info.Key)
		if err := d.root.Rename(t.name, info.Key); err != nil {
			return diskError("replacing a damaged object", err)
		}
	case err != nil:
		return err
	default:
		now := time.Now()
		if err := d.root.Chtimes(info.Key, now, now); err != nil {
			return diskError("renewing an object", err)
		}
	}
	return d.syncDir(path.Dir(info.Key))
}

// checkAnnounced compares what came with what was announced.
func checkAnnounced(opt PutOptions, size int64, digest pipeline.Digest) error {
	if opt.Size > 0 && opt.Size != size {
		return fmt.Errorf("%w: %d bytes instead of %d", ErrMismatch, size, opt.Size)
	}
	if opt.Digest != "" && opt.Digest != digest {
		return fmt.Errorf("%w: SHA-256 %s instead of %s", ErrMismatch, digest, opt.Digest)
	}
	return nil
}

// Open implements [Store]. The content stays readable even if the object is
// deleted meanwhile.
func (d *Dir) Open(ctx context.Context, key string) (pipeline.Content, Info, error) {
	info, err := d.Stat(ctx, key)
	if err != nil && !errors.Is(err, ErrDamaged) { // a damaged note must not keep anyone from reading
		return nil, Info{}, err
	}
	f, err := d.root.Open(key)
	if err != nil {
		return nil, Info{}, notFound("opening an object", err)
	}
	return &fileContent{f, info.Size}, info, nil
}

type fileContent struct {
	*os.File
	size int64
}

func (c *fileContent) Size() int64 { return c.size }

// forget drops the file from the system's cache, so that reading it back reads
// the disk. It is only advice, and only for what was synced.
func (c *fileContent) forget() {
	_ = unix.Fadvise(int(c.Fd()), 0, 0, unix.FADV_DONTNEED)
}

// Stat implements [Store].
func (d *Dir) Stat(ctx context.Context, key string) (Info, error) {
	if err := ctx.Err(); err != nil {
		return Info{}, err
	}
	if err := CheckKey(key); err != nil {
		return Info{}, err
	}
	st, err := d.root.Lstat(key)
	if err != nil {
		return Info{}, notFound("looking at an object", err)
	}
	if !st.Mode().IsRegular() {
		return Info{}, ErrNotFound
	}
	info := Info{Key: key, Size: st.Size(), Modified: st.ModTime()}
	n, err := d.readNote(key)
	if err != nil {
		return info, err
	}
	info.Digest, info.Media, info.RetainUntil = n.Digest, n.Media, n.RetainUntil
	return info, nil
}

// notFound wraps an error of the file system, with [ErrNotFound] where the file
// or a folder on the way to it is not there.
func notFound(doing string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return ErrNotFound
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s: %w: %w", doing, ErrDenied, err)
	}
	return diskError(doing, err)
}

// Delete implements [Store].
func (d *Dir) Delete(ctx context.Context, key string) error {
	_, err := d.remove(ctx, key, time.Time{})
	return err
}

func (d *Dir) deleteOlder(ctx context.Context, key string, t time.Time) (bool, error) {
	return d.remove(ctx, key, t)
}

// remove deletes an object that is not retained and, unless older is zero, was
// put before older.
func (d *Dir) remove(ctx context.Context, key string, older time.Time) (bool, error) {
	if err := CheckKey(key); err != nil {
		return false, err
	}
	unlock, err := d.lock(key)
	if err != nil {
		return false, err
	}
	defer unlock()
	info, err := d.Stat(ctx, key)
	if err != nil {
		return false, err
	}
	if info.RetainUntil.After(time.Now()) {
		return false, fmt.Errorf("%w until %s", ErrLocked, info.RetainUntil.Format(time.RFC3339))
	}
	if !older.IsZero() && !info.Modified.Before(older) {
		return false, nil
	}
	// The note goes first: an object without its expired note is harmless, a note
	// without its object would describe the next one.
	if err := d.dropNote(key); err != nil {
		return false, err
	}
	if err := d.root.Remove(key); err != nil {
		return false, notFound("deleting an object", err)
	}
	return true, d.syncDir(path.Dir(key))
}

// Ready says whether there is room for that many bytes; its error wraps
// [ErrFull].
func (d *Dir) Ready(_ context.Context, room int64) error {
	free, err := d.Free()
	if err != nil {
		return err
	}
	if free < room {
		return fmt.Errorf("%w: %d MiB free, %d MiB needed", ErrFull, free>>20, room>>20)
	}
	return nil
}

// Free is the number of bytes that the directory's file system still takes.
func (d *Dir) Free() (int64, error) {
	return freeBytes(d.path)
}

func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("measuring free space: %w", err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// makeDir makes the folder name and those above it, and makes their names
// durable.
func (d *Dir) makeDir(name string) error {
	d.mu.Lock()
	known := d.synced[name]
	d.mu.Unlock()
	if known {
		return nil
	}
	if err := d.makeDir(path.Dir(name)); err != nil {
		return err
	}
	err := d.root.Mkdir(name, dirMode)
	if errors.Is(err, fs.ErrExist) {
		st, serr := d.root.Stat(name)
		if serr == nil && !st.IsDir() {
			return errBelowObject
		}
		err = serr
	}
	if err != nil {
		return diskError("making a folder", err)
	}
	// Synced even if another process made it: that one may not be so far yet.
	if err := d.syncDir(path.Dir(name)); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.synced) > 100_000 { // forgetting only costs a sync
		d.synced = map[string]bool{".": true}
	}
	d.synced[name] = true
	return nil
}

func (d *Dir) syncDir(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return diskError("opening a folder", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return diskError("syncing a folder", err)
	}
	return nil
}

// List implements [Store]. Objects that are put or deleted meanwhile may be
// listed or not.
func (d *Dir) List(ctx context.Context, prefix string, each func(Info) error) error {
	start := "."
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		start = prefix[:i]
		if err := CheckKey(start); err != nil {
			return nil // nothing can lie there
		}
	}
	return d.list(ctx, start, prefix, each)
}
