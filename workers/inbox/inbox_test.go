package inbox_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/workers/inbox"
)

var long = flag.Duration("long", 4*time.Second, "how long writers feed the inbox")

// office takes deliveries in, as the catalogue does: the same delivery again is
// the same receipt. Now and then it is out of order.
type office struct {
	mu     sync.Mutex
	byID   map[pipeline.DeliveryID]pipeline.Digest
	count  map[string]int // contents
	device map[string]string
	calls  int
}

func (o *office) take(_ context.Context, d pipeline.Delivery, r io.Reader) (pipeline.Digest, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calls++; o.calls%7 == 3 {
		return "", errors.New("the store is away")
	}
	sum := sha256.Sum256(raw)
	digest := pipeline.Digest(hex.EncodeToString(sum[:]))
	if was, ok := o.byID[d.ID]; ok {
		if was != digest {
			return "", errors.New("the delivery differs")
		}
		return digest, nil
	}
	o.byID[d.ID] = digest
	o.count[string(raw)]++
	o.device[string(raw)] = d.Device
	return digest, nil
}

// check fails now and then after the delivery was accepted: the file is delivered
// again, and must not be a second letter.
func (o *office) check(_ context.Context, _ pipeline.Digest) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calls%5 == 2 {
		o.calls++
		return errors.New("not to be read just now")
	}
	return nil
}

func pdf(n int, size int) string {
	return fmt.Sprintf("%%PDF-1.4 letter %d\n%s\n%%%%EOF\n", n, strings.Repeat("x", size))
}

// TestEveryFileIsAccountedFor feeds the inbox with writers that are slow, break
// off, write the same again, and write nothing.
func TestEveryFileIsAccountedFor(t *testing.T) {
	root := t.TempDir()
	o := &office{byID: map[pipeline.DeliveryID]pipeline.Digest{}, count: map[string]int{}, device: map[string]string{}}
	b, err := inbox.Open(inbox.Config{
		Root: root, Take: o.take, Check: o.check,
		Every: 20 * time.Millisecond, Settle: 150 * time.Millisecond, Patience: 700 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { b.Run(ctx) })
	defer running.Wait()
	defer stop()

	var mu sync.Mutex
	want, files := map[string]int{}, 0
	wrote := func(content string) {
		mu.Lock()
		defer mu.Unlock()
		want[content]++
		files++
	}
	create := func(name string) *os.File {
		f, err := os.Create(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
		}
		return f
	}
	for _, dir := range []string{"Scanner 1", "Amt 32/Flur"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	until := time.Now().Add(*long)
	var writers sync.WaitGroup
	for id, write := range []func(n int){
		func(n int) { // at once, under the same name again and again
			c := pdf(n, 5000)
			name := filepath.Join(root, "Scanner 1", "scan.pdf")
			if _, err := os.Stat(name); err == nil {
				return // a good scanner does not write over what is there
			}
			tmp := filepath.Join(root, ".scan.part")
			if err := errors.Join(os.WriteFile(tmp, []byte(c), 0o600), os.Rename(tmp, name)); err != nil {
				t.Error(err)
			}
			wrote(c)
		},
		func(n int) { // slow, with pauses longer than the settling time
			c := pdf(n, 300)
			f := create(fmt.Sprintf("slow-%d.pdf", n))
			defer f.Close()
			for _, part := range []string{c[:10], c[10:100], c[100:]} {
				_, _ = f.WriteString(part)
				time.Sleep(200 * time.Millisecond)
			}
			wrote(c)
		},
		func(n int) { // breaks off
			c := pdf(n, 100)[:60]
			f := create(fmt.Sprintf("broken-%d.pdf", n))
			_, _ = f.WriteString(c)
			f.Close()
			wrote(c)
		},
		func(n int) { // the same content under other names
			c := pdf(-1, 50)
			f := create(fmt.Sprintf("Amt 32/Flur/copy-%d.pdf", n))
			_, _ = f.WriteString(c)
			f.Close()
			wrote(c)
		},
		func(n int) { create(fmt.Sprintf("empty-%d.pdf", n)).Close(); wrote("") },
	} {
		writers.Go(func() {
			for n := id * 1_000_000; time.Now().Before(until); n++ {
				write(n)
				time.Sleep(time.Duration(50+rand.IntN(150)) * time.Millisecond)
			}
		})
	}
	if err := errors.Join(os.Symlink("/etc/passwd", filepath.Join(root, "link.pdf")), syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	writers.Wait()
	for deadline := time.Now().Add(30 * time.Second); len(b.Waiting()) > 0 || left(t, root) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting: %v", b.Waiting())
		}
	}
	stop()
	running.Wait()
	for c, n := range want {
		if o.count[c] != n {
			t.Errorf("%q was delivered %d times, written %d times", head(c), o.count[c], n)
		}
	}
	for c := range o.count {
		if want[c] == 0 {
			t.Errorf("%q was never written", head(c))
		}
	}
	if o.device[pdf(-1, 50)] != "Amt 32/Flur" {
		t.Errorf("the device is %q", o.device[pdf(-1, 50)])
	}
	if n := count(t, filepath.Join(root, inbox.Done)); n != files {
		t.Errorf("%d files are done, %d were written", n, files)
	}
	if n := count(t, filepath.Join(root, inbox.Failed)); n != 4 { // a link, a pipe, and a note for each
		t.Errorf("%d files are in failed", n)
	}
	t.Logf("%d files: all accounted for", files)
}

func head(s string) string { return s[:min(len(s), 30)] }

// left counts the files that are still in the inbox itself.
func left(t *testing.T, root string) int {
	return count(t, root) - count(t, filepath.Join(root, inbox.Done)) - count(t, filepath.Join(root, inbox.Failed))
}

func count(t *testing.T, root string) (n int) {
	t.Helper()
	_ = filepath.WalkDir(root, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return nil
	})
	return n
}

// TestUnreadable: a folder that went away is said to be unreadable.
func TestUnreadable(t *testing.T) {
	b, err := inbox.Open(inbox.Config{Root: t.TempDir(), Every: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if b.Unreadable() {
		t.Error("a folder is unreadable before it was looked into")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { b.Run(ctx) })
	defer running.Wait()
	defer stop()
	for deadline := time.Now().Add(10 * time.Second); !b.Unreadable(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a folder that is gone is taken for an empty one")
		}
	}
}
