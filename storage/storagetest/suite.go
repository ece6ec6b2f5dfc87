package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage"
)

// Run checks every promise of [storage.Store]. open gives an empty store, a new
// one for each part of the suite.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, storage.Store)
	}{
		{"RoundTrip", roundTrip},
		{"OddKeys", oddKeys},
		{"BadKeys", badKeys},
		{"KeyAndFolder", keyAndFolder},
		{"Race", race},
		{"Ranges", ranges},
		{"List", list},
		{"BigObject", bigObject},
		{"Announced", announced},
		{"BrokenReader", brokenReader},
		{"Cancel", cancelled},
		{"Delete", remove},
		{"Retention", retention},
		{"RetentionEnds", retentionEnds},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, open(t)) })
	}
}

func roundTrip(t *testing.T, s storage.Store) {
	for _, size := range []int{0, 1, 4095, 1 << 20, 5<<20 + 1} {
		b := noise(size)
		key := fmt.Sprintf("round/trip/%d.bin", size)
		before := time.Now().Add(-time.Minute)
		info := put(t, s, key, b, storage.PutOptions{Size: int64(size), Digest: digest(b), Media: "application/pdf"})
		if info.Key != key || info.Size != int64(size) || info.Digest != digest(b) {
			t.Errorf("Put of %d bytes says %+v", size, info)
		}
		if got := read(t, s, key); !bytes.Equal(got, b) {
			t.Errorf("%d bytes: other bytes came back", size)
		}
		st, err := s.Stat(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if st.Size != int64(size) || st.Locked || !st.RetainUntil.IsZero() || st.Modified.Before(before) {
			t.Errorf("Stat of %d bytes says %+v", size, st)
		}
		if st.Digest != "" && st.Digest != digest(b) {
			t.Errorf("Stat says digest %s, want %s", st.Digest, digest(b))
		}
	}
	_, err := s.Put(t.Context(), "round/trip/1.bin", strings.NewReader("other"), storage.PutOptions{})
	want(t, err, storage.ErrExists, "Put of a taken key")
	if got := read(t, s, "round/trip/1.bin"); !bytes.Equal(got, noise(1)) {
		t.Error("a refused Put changed the object")
	}
	_, err = s.Stat(t.Context(), "round/none")
	want(t, err, storage.ErrNotFound, "Stat of nothing")
	_, _, err = s.Open(t.Context(), "round/none")
	want(t, err, storage.ErrNotFound, "Open of nothing")
	_, err = s.Stat(t.Context(), "round")
	want(t, err, storage.ErrNotFound, "Stat of a folder")
	_, err = s.Stat(t.Context(), "round/trip/1.bin/below")
	want(t, err, storage.ErrNotFound, "Stat below an object")
}

var odd = []string{
	"odd/Straße Köln/Größe – Übermaß.pdf",
	"odd/plus+percent%25 & question?=#hash.txt",
	"odd/quote'\"back`tick$dollar;semi:colon",
	"odd/[brackets]{braces}(round)~tilde^caret|pipe",
	"odd/emoji 📬/日本語",
	"odd/ leading and trailing ",
	"odd/" + strings.Repeat("x", 255),
	"odd/a.b..c",
	"odd/-rf",
	"odd/*",
}

func oddKeys(t *testing.T, s storage.Store) {
	for _, key := range odd {
		put(t, s, key, []byte(key), storage.PutOptions{})
		if got := read(t, s, key); string(got) != key {
			t.Errorf("%q holds %q", key, got)
		}
	}
	sorted := slices.Sorted(slices.Values(odd))
	if got := keys(t, s, "odd/"); !slices.Equal(got, sorted) {
		t.Errorf("listed %q\nwant %q", got, sorted)
	}
	for _, key := range odd {
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete %q: %v", key, err)
		}
	}
	if got := keys(t, s, ""); len(got) > 0 {
		t.Errorf("left after deleting all: %q", got)
	}
}

func badKeys(t *testing.T, s storage.Store) {
	for _, key := range []string{
		"", "/", "/abs", "a/", "a//b", ".", "..", "../up", "a/../b", "a/./b", ".blattwerk/tmp/x", "a/.hidden",
		"nul\x00", "line\nfeed", "tab\t", "del\x7f", "c1\u0085", "back\\slash", "bad\xffutf8",
		strings.Repeat("x", 256), strings.Repeat("x/", 600) + "x",
	} {
		_, err := s.Put(t.Context(), key, strings.NewReader("x"), storage.PutOptions{})
		want(t, err, storage.ErrKey, fmt.Sprintf("Put %q", key))
		_, err = s.Stat(t.Context(), key)
		want(t, err, storage.ErrKey, fmt.Sprintf("Stat %q", key))
		_, _, err = s.Open(t.Context(), key)
		want(t, err, storage.ErrKey, fmt.Sprintf("Open %q", key))
		want(t, s.Delete(t.Context(), key), storage.ErrKey, fmt.Sprintf("Delete %q", key))
	}
	if got := keys(t, s, ""); len(got) > 0 {
		t.Errorf("a refused Put left %q", got)
	}
}

// keyAndFolder breaks the rule that no key is another key's folder. A store may
// refuse, but what is there must not suffer.
func keyAndFolder(t *testing.T, s storage.Store) {
	put(t, s, "kf/d", []byte("first"), storage.PutOptions{})
	_, err := s.Put(t.Context(), "kf/d/e", strings.NewReader("second"), storage.PutOptions{})
	want(t, err, storage.ErrKey, "Put below an object")
	put(t, s, "kf/f/g", []byte("third"), storage.PutOptions{})
	_, err = s.Put(t.Context(), "kf/f", strings.NewReader("fourth"), storage.PutOptions{})
	want(t, err, storage.ErrKey, "Put over a folder")
	if got := keys(t, s, "kf/"); !slices.Equal(got, []string{"kf/d", "kf/f/g"}) {
		t.Errorf("listed %q", got)
	}
	if string(read(t, s, "kf/d")) != "first" || string(read(t, s, "kf/f/g")) != "third" {
		t.Error("an object suffered")
	}
}

func race(t *testing.T, s storage.Store) {
	const racers = 16
	for _, opt := range []storage.PutOptions{{}, {RetainUntil: time.Now().Add(3 * time.Second)}} {
		key := fmt.Sprintf("race/%t", opt.RetainUntil.IsZero())
		bodies := make([][]byte, racers)
		errs := make([]error, racers)
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range racers {
			bodies[i] = bytes.Repeat([]byte{byte(i)}, 100_000+i)
			wg.Go(func() {
				<-start
				_, errs[i] = s.Put(t.Context(), key, bytes.NewReader(bodies[i]), opt)
			})
		}
		close(start)
		wg.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner >= 0:
				t.Errorf("both %d and %d won", winner, i)
			case err == nil:
				winner = i
			default:
				want(t, err, storage.ErrExists, fmt.Sprintf("racer %d", i))
			}
		}
		if winner < 0 {
			t.Fatal("nobody won")
		}
		if !bytes.Equal(read(t, s, key), bodies[winner]) {
			t.Error("the key does not hold the winner's bytes")
		}
		st, err := s.Stat(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if st.Digest != "" && st.Digest != digest(bodies[winner]) {
			t.Error("the key does not have the winner's digest")
		}
	}
}

func ranges(t *testing.T, s storage.Store) {
	b := noise(3<<20 + 17)
	put(t, s, "ranges", b, storage.PutOptions{})
	c, _, err := s.Open(t.Context(), "ranges")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := iotest.TestReader(io.NewSectionReader(c, 100, 40), b[100:140]); err != nil {
		t.Errorf("ReadAt: %v", err)
	}
	size := int64(len(b))
	for _, r := range []struct{ off, n int64 }{{0, 1}, {0, size}, {size - 1, 1}, {1 << 20, 1 << 20}, {5, 0}} {
		p := make([]byte, r.n)
		if n, err := c.ReadAt(p, r.off); int64(n) != r.n || (err != nil && err != io.EOF) || !bytes.Equal(p, b[r.off:r.off+r.n]) {
			t.Errorf("ReadAt(%d bytes, %d): %d, %v", r.n, r.off, n, err)
		}
	}
	if n, err := c.ReadAt(make([]byte, 10), size-4); n != 4 || err != io.EOF {
		t.Errorf("ReadAt over the end: %d, %v", n, err)
	}
	if n, err := c.ReadAt(make([]byte, 10), size+4); n != 0 || err != io.EOF {
		t.Errorf("ReadAt after the end: %d, %v", n, err)
	}
	if pos, err := c.Seek(-20, io.SeekEnd); pos != size-20 || err != nil {
		t.Errorf("Seek: %d, %v", pos, err)
	}
	tail, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(tail, b[size-20:]) {
		t.Errorf("read %d bytes after Seek: %v", len(tail), err)
	}
	if pos, err := c.Seek(10, io.SeekStart); pos != 10 || err != nil {
		t.Errorf("Seek: %d, %v", pos, err)
	}
	p := make([]byte, 10)
	if _, err := io.ReadFull(c, p); err != nil || !bytes.Equal(p, b[10:20]) {
		t.Errorf("read after Seek: %v", err)
	}
	if pos, err := c.Seek(5, io.SeekCurrent); pos != 25 || err != nil {
		t.Errorf("Seek: %d, %v", pos, err)
	}
	if _, err := io.ReadFull(c, p); err != nil || !bytes.Equal(p, b[25:35]) {
		t.Errorf("read after relative Seek: %v", err)
	}
	if _, err := c.Seek(-1, io.SeekStart); err == nil {
		t.Error("Seek before the start was taken")
	}
}

func list(t *testing.T, s storage.Store) {
	all := []string{
		"l/a", "l/a-b", "l/a.b", "l/a0", "l/ab/x", "l/b-c/x", "l/b/x", "l/b/y/z", "l/b0/x", "l/ä", "m/1",
	}
	for i := range 30 { // more than a folder's worth, out of order
		all = append(all, fmt.Sprintf("l/n/%03d", (i*7)%30))
	}
	for _, key := range all {
		put(t, s, key, []byte(key), storage.PutOptions{})
	}
	slices.Sort(all)
	for _, prefix := range []string{"", "l", "l/", "l/a", "l/b", "l/b/", "l/b/y", "l/n/01", "l/n/011", "m/", "none", "none/", "l/a/", "../", "/"} {
		var wanted []string
		for _, key := range all {
			if strings.HasPrefix(key, prefix) {
				wanted = append(wanted, key)
			}
		}
		if got := keys(t, s, prefix); !slices.Equal(got, wanted) {
			t.Errorf("prefix %q: listed %q\nwant %q", prefix, got, wanted)
		}
	}
	enough := errors.New("enough")
	n := 0
	err := s.List(t.Context(), "l/", func(i storage.Info) error {
		if i.Size != int64(len(i.Key)) || time.Since(i.Modified).Abs() > time.Hour {
			t.Errorf("listed %+v", i)
		}
		if n++; n == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 3 {
		t.Errorf("stopped after %d with %v", n, err)
	}
}

// bigObject streams more than any buffer should hold and looks at the memory.
func bigObject(t *testing.T, s storage.Store) {
	const size = 80 << 20
	h := sha256.New()
	peak := watchHeap()
	info, err := s.Put(t.Context(), "big/object", io.TeeReader(noiseReader(size), h), storage.PutOptions{Size: size})
	if err != nil {
		t.Fatal(err)
	}
	sum := pipeline.Digest(hex.EncodeToString(h.Sum(nil)))
	if info.Size != size || info.Digest != sum {
		t.Errorf("Put says %+v", info)
	}
	c, _, err := s.Open(t.Context(), "big/object")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	h.Reset()
	if _, err := io.Copy(h, c); err != nil {
		t.Fatal(err)
	}
	if got := pipeline.Digest(hex.EncodeToString(h.Sum(nil))); got != sum {
		t.Error("other bytes came back")
	}
	if most := peak(); most > 48<<20 {
		t.Errorf("the heap grew by %d MiB for an object of %d MiB", most>>20, size>>20)
	}
}

func announced(t *testing.T, s storage.Store) {
	b := noise(70_000)
	for name, opt := range map[string]storage.PutOptions{
		"too few":      {Size: 70_001},
		"too many":     {Size: 69_999},
		"wrong digest": {Digest: digest([]byte("other"))},
	} {
		_, err := s.Put(t.Context(), "announced", bytes.NewReader(b), opt)
		want(t, err, storage.ErrMismatch, name)
	}
	nothingLeft(t, s, "announced")
	put(t, s, "announced", b, storage.PutOptions{Size: 70_000, Digest: digest(b)})
}

func nothingLeft(t *testing.T, s storage.Store, key string) {
	t.Helper()
	_, err := s.Stat(t.Context(), key)
	want(t, err, storage.ErrNotFound, "Stat after a Put that failed")
	if got := keys(t, s, ""); len(got) > 0 {
		t.Errorf("a Put that failed left %q", got)
	}
}

func brokenReader(t *testing.T, s storage.Store) {
	broken := errors.New("the line broke")
	for _, size := range []int{0, 10, 6 << 20} {
		r := io.MultiReader(bytes.NewReader(noise(size)), iotest.ErrReader(broken))
		_, err := s.Put(t.Context(), "broken", r, storage.PutOptions{RetainUntil: time.Now().Add(time.Hour)})
		want(t, err, broken, fmt.Sprintf("Put that breaks after %d bytes", size))
	}
	nothingLeft(t, s, "broken")
	put(t, s, "broken", []byte("whole"), storage.PutOptions{})
	if st, err := s.Stat(t.Context(), "broken"); err != nil || !st.RetainUntil.IsZero() {
		t.Errorf("the broken Put's retention stayed: %+v, %v", st, err)
	}
}

func cancelled(t *testing.T, s storage.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	r := readerFunc(func(p []byte) (int, error) {
		if n++; n == 20 {
			cancel()
		}
		return len(p), nil
	})
	_, err := s.Put(ctx, "cancelled", r, storage.PutOptions{})
	want(t, err, context.Canceled, "Put")
	_, err = s.Stat(ctx, "cancelled")
	want(t, err, context.Canceled, "Stat")
	nothingLeft(t, s, "cancelled")
	put(t, s, "cancelled", []byte("x"), storage.PutOptions{})
	want(t, s.List(ctx, "", func(storage.Info) error { return nil }), context.Canceled, "List")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func remove(t *testing.T, s storage.Store) {
	put(t, s, "del/a", []byte("a"), storage.PutOptions{})
	put(t, s, "del/b", []byte("b"), storage.PutOptions{})
	if err := s.Delete(t.Context(), "del/a"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Stat(t.Context(), "del/a")
	want(t, err, storage.ErrNotFound, "Stat after Delete")
	want(t, s.Delete(t.Context(), "del/a"), storage.ErrNotFound, "second Delete")
	want(t, s.Delete(t.Context(), "del"), storage.ErrNotFound, "Delete of a folder")
	put(t, s, "del/a", []byte("again"), storage.PutOptions{})
	if got := keys(t, s, "del/"); !slices.Equal(got, []string{"del/a", "del/b"}) {
		t.Errorf("listed %q", got)
	}
	if got := read(t, s, "del/a"); string(got) != "again" {
		t.Errorf("the key holds %q", got)
	}
}

func retention(t *testing.T, s storage.Store) {
	until := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	b := noise(5000)
	info := put(t, s, "retained/r", b, storage.PutOptions{RetainUntil: until, Media: "image/png"})
	st, err := s.Stat(t.Context(), "retained/r")
	if err != nil {
		t.Fatal(err)
	}
	for what, i := range map[string]storage.Info{"Put": info, "Stat": st} {
		if !i.RetainUntil.Equal(until) || i.Digest != digest(b) || i.Media != "image/png" {
			t.Errorf("%s says %+v", what, i)
		}
	}
	want(t, s.Delete(t.Context(), "retained/r"), storage.ErrLocked, "Delete of a retained object")
	if got := read(t, s, "retained/r"); !bytes.Equal(got, b) {
		t.Error("a refused Delete changed the object")
	}
	// A second put must neither lengthen, shorten nor lift the retention.
	for _, other := range []time.Time{{}, until.Add(time.Hour), time.Now().Add(time.Minute)} {
		_, err := s.Put(t.Context(), "retained/r", bytes.NewReader(b), storage.PutOptions{RetainUntil: other})
		want(t, err, storage.ErrExists, "second Put")
	}
	if st, err := s.Stat(t.Context(), "retained/r"); err != nil || !st.RetainUntil.Equal(until) {
		t.Errorf("after a second Put, Stat says %+v, %v", st, err)
	}
	put(t, s, "retained/past", b, storage.PutOptions{RetainUntil: time.Now().Add(-time.Hour)})
	if err := s.Delete(t.Context(), "retained/past"); err != nil {
		t.Errorf("Delete after a retention that was over at the start: %v", err)
	}
}

func retentionEnds(t *testing.T, s storage.Store) {
	put(t, s, "ends", []byte("x"), storage.PutOptions{RetainUntil: time.Now().Add(2 * time.Second)})
	want(t, s.Delete(t.Context(), "ends"), storage.ErrLocked, "Delete while retained")
	deadline := time.Now().Add(time.Minute)
	for {
		err := s.Delete(t.Context(), "ends")
		if err == nil {
			break
		}
		if !errors.Is(err, storage.ErrLocked) || time.Now().After(deadline) {
			t.Fatalf("Delete after the retention's end: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	put(t, s, "ends", []byte("y"), storage.PutOptions{})
	if st, err := s.Stat(t.Context(), "ends"); err != nil || !st.RetainUntil.IsZero() {
		t.Errorf("the next object inherited the retention: %+v, %v", st, err)
	}
}
