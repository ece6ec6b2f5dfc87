package inbox

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

	"github.com/google/uuid"

	"blattwerk/pipeline"
)

// The folders of an inbox that nothing is taken from.
const (
	Done   = "done"
	Failed = "failed"
)

// Config says what is taken from where. Root, Take and Check are required.
type Config struct {
	Root string
	// Take accepts a delivery and gives the digest of what was kept. When it answers
	// nil, the delivery cannot be lost. Its reader can be set back to the begin.
	Take func(ctx context.Context, d pipeline.Delivery, r io.Reader) (pipeline.Digest, error)
	// Check reads kept bytes back.
	Check    func(ctx context.Context, d pipeline.Digest) error
	Every    time.Duration // between two looks; 0 is 2 s
	Settle   time.Duration // how long a file has to stay the same; 0 is 5 s
	Patience time.Duration // how long the end of a file is waited for; 0 is 2 minutes
	Log      *slog.Logger  // nil is slog.Default()
}

// Inbox is a watched folder.
type Inbox struct {
	cfg  Config
	root *os.Root
	mu   sync.Mutex
	seen map[string]watched
	lost bool // the folder could not be read when it was looked into last
}

// watched is a file that is waited for.
type watched struct {
	size    int64
	changed time.Time // by the file's own clock
	since   time.Time // by ours: when it last looked different
	retry   time.Time // not before
	tries   int
	why     string
}

// Open opens a folder and makes its subfolders.
func Open(cfg Config) (*Inbox, error) {
	if cfg.Every <= 0 {
		cfg.Every = 2 * time.Second
	}
	if cfg.Settle <= 0 {
		cfg.Settle = 5 * time.Second
	}
	if cfg.Patience <= 0 {
		cfg.Patience = 2 * time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	root, err := os.OpenRoot(cfg.Root)
	if err != nil {
		return nil, fmt.Errorf("opening the inbox: %w", err)
	}
	for _, dir := range []string{Done, Failed} {
		if err := root.MkdirAll(dir, 0o750); err != nil {
			return nil, errors.Join(fmt.Errorf("making the folders of the inbox: %w", err), root.Close())
		}
	}
	return &Inbox{cfg: cfg, root: root, seen: map[string]watched{}}, nil
}

// Close closes the folder.
func (b *Inbox) Close() error { return b.root.Close() }

// Run looks into the folder until ctx ends.
func (b *Inbox) Run(ctx context.Context) {
	tick := time.NewTicker(b.cfg.Every)
	defer tick.Stop()
	for {
		err := b.look(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.cfg.Log.WarnContext(ctx, "the inbox cannot be read", slog.Any("error", err))
		}
		b.mu.Lock()
		b.lost = err != nil
		b.mu.Unlock()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Waiting gives the files that are still waited for, and why. Names are those of
// files, not of people.
func (b *Inbox) Waiting() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := map[string]string{}
	for name, w := range b.seen {
		list[name] = w.why
	}
	return list
}

// Unreadable says that the folder could not be read at the last look.
func (b *Inbox) Unreadable() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

// look goes through the folder once.
func (b *Inbox) look(ctx context.Context) error {
	there := map[string]bool{}
	err := fs.WalkDir(b.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && name == ".":
			return err
		case errors.Is(err, fs.ErrNotExist):
			return nil // gone meanwhile
		case err != nil:
			b.cfg.Log.WarnContext(ctx, "part of the inbox cannot be read", slog.Any("error", err))
			return nil
		case name != "." && (name == Done || name == Failed || strings.HasPrefix(entry.Name(), ".")):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		there[name] = true
		b.file(ctx, name)
		return nil
	})
	b.mu.Lock()
	for name := range b.seen {
		if !there[name] {
			delete(b.seen, name)
		}
	}
	b.mu.Unlock()
	return err
}

// file does what is to be done about one file now.
func (b *Inbox) file(ctx context.Context, name string) {
	info, err := b.root.Lstat(name)
	if err != nil {
		return // gone meanwhile
	}
	if !info.Mode().IsRegular() {
		b.refuse(ctx, name, "Das ist keine Datei, sondern eine Verknüpfung oder ein Gerät. Bitte die Datei selbst ablegen.\n"+
			"This is no file but a link or a device. Please lay the file itself here.\n")
		return
	}
	now := time.Now()
	w, known := b.get(name)
	if !known || w.size != info.Size() || !w.changed.Equal(info.ModTime()) {
		b.put(name, watched{size: info.Size(), changed: info.ModTime(), since: now, why: "being written"})
		return
	}
	if still := now.Sub(w.since); still < b.cfg.Settle || now.Before(w.retry) {
		return
	}
	if now.Sub(w.since) < b.cfg.Patience && !b.whole(name, info.Size()) {
		w.why = "its end is missing"
		b.put(name, w)
		return
	}
	err = b.take(ctx, name, info)
	switch {
	case err == nil:
		b.mu.Lock()
		delete(b.seen, name)
		b.mu.Unlock()
	case errors.Is(err, errChanged):
		w.since, w.why = now, "changed while it was read"
		b.put(name, w)
	default:
		w.tries++
		w.retry, w.why = now.Add(min(b.cfg.Every<<min(w.tries, 10), time.Minute)), "will be tried again"
		b.put(name, w)
		if ctx.Err() == nil {
			b.cfg.Log.WarnContext(ctx, "a file of the inbox was not taken in yet", slog.Int("tries", w.tries), slog.Any("error", err))
		}
	}
}

func (b *Inbox) get(name string) (watched, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w, ok := b.seen[name]
	return w, ok
}

func (b *Inbox) put(name string, w watched) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[name] = w
}

// whole says whether the end of a file is there.
func (b *Inbox) whole(name string, size int64) bool {
	f, err := b.open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return ended(f, size)
}

// open opens a file without following a link or waiting for a pipe.
func (b *Inbox) open(name string) (*os.File, error) {
	return b.root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

var errChanged = errors.New("the file changed while it was read")

// names is the namespace of deliveries from folders; any fixed value serves.
var names = uuid.MustParse("0c3f2f6e-6f0b-4a57-9d2b-3b1f7f5f7a10")

// take delivers one file, reads it back and moves it to done/.
func (b *Inbox) take(ctx context.Context, name string, info fs.FileInfo) error {
	f, err := b.open(name)
	if err != nil {
		return fmt.Errorf("opening a file: %w", err)
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(now, info) || !now.Mode().IsRegular() {
		return errChanged
	}
	device := path.Dir(name)
	if device == "." {
		device = ""
	}
	// The same file gives the same delivery: delivered again after a crash, it is
	// answered with the first receipt.
	id := uuid.NewSHA1(names, fmt.Appendf(nil, "%s\x00%d\x00%d", name, info.Size(), info.ModTime().UnixNano()))
	d := pipeline.Delivery{ID: pipeline.DeliveryID(id.String()), Name: path.Base(name), Source: "folder", Device: device}
	digest, err := b.cfg.Take(ctx, d, &steady{f: f, want: info})
	if err != nil {
		return err
	}
	if err := b.cfg.Check(ctx, digest); err != nil {
		return fmt.Errorf("reading back what was taken in: %w", err)
	}
	if err := b.move(name, Done); err != nil {
		return fmt.Errorf("moving a file that was taken in: %w", err)
	}
	b.cfg.Log.InfoContext(ctx, "taken from the inbox", slog.Int64("bytes", info.Size()), slog.String("device", device))
	return nil
}

// steady reads a file and fails at its end if it is not what it was at its begin.
type steady struct {
	f    *os.File
	want fs.FileInfo
	n    int64
}

func (s *steady) Read(p []byte) (int, error) {
	n, err := s.f.Read(p)
	s.n += int64(n)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	now, statErr := s.f.Stat()
	if statErr != nil || s.n != s.want.Size() || now.Size() != s.want.Size() || !now.ModTime().Equal(s.want.ModTime()) {
		return n, errChanged
	}
	return n, io.EOF
}

// Seek begins again: only to the begin.
func (s *steady) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("a file of the inbox is read from its begin")
	}
	s.n = 0
	return s.f.Seek(0, io.SeekStart)
}

// move puts a file into done/ or failed/, in the folder of the day and of its
// own, under its own name or, if that is taken, one with a number.
func (b *Inbox) move(name, to string) error {
	dir := path.Join(to, time.Now().Format(time.DateOnly), path.Dir(name))
	if err := b.root.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	ext := path.Ext(name)
	stem := strings.TrimSuffix(path.Base(name), ext)
	for i := 1; ; i++ {
		target := path.Join(dir, path.Base(name))
		if i > 1 {
			target = path.Join(dir, fmt.Sprintf("%s-%d%s", stem, i, ext))
		}
		if _, err := b.root.Lstat(target); errors.Is(err, fs.ErrNotExist) {
			return b.root.Rename(name, target)
		} else if err != nil {
			return err
		}
	}
}

// refuse moves what is no file to failed/ and lays a note beside it.
func (b *Inbox) refuse(ctx context.Context, name, why string) {
	if err := b.move(name, Failed); err != nil {
		b.put(name, watched{why: "refused: a link or a device"})
		return
	}
	dir := path.Join(Failed, time.Now().Format(time.DateOnly), path.Dir(name))
	if err := b.root.WriteFile(path.Join(dir, path.Base(name)+".warum.txt"), []byte(why), 0o640); err != nil {
		b.cfg.Log.WarnContext(ctx, "no note could be laid beside what was refused", slog.Any("error", err))
	}
	b.cfg.Log.WarnContext(ctx, "refused in the inbox: a link or a device")
}
