package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/minio/minio-go/v7"

	"blattwerk/pipeline"
	"blattwerk/storage"
	"blattwerk/storage/storagetest"
)

func TestBlobs(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		testBlobs(t, s)
	})
	t.Run("AnyStore", func(t *testing.T) { testBlobs(t, plain{openDir(t)}) })
}

// plain hides what our own stores can do beyond the interface.
type plain struct{ storage.Store }

func testBlobs(t *testing.T, s storage.Store) {
	b := storage.NewBlobs(s)
	for _, size := range []int{0, 1, 100_000, 5 << 20} {
		body := bytes.Repeat([]byte{7, 1, 3}, size/3+1)[:size]
		for range 2 { // the same bytes twice are the same as once
			blob, err := b.Put(t.Context(), bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if blob.Digest != digest(body) || blob.Size != int64(size) {
				t.Fatalf("Put of %d bytes says %+v", size, blob)
			}
		}
		c, err := b.Open(t.Context(), digest(body))
		if err != nil {
			t.Fatal(err)
		}
		if c.Size() != int64(size) {
			t.Errorf("size %d, want %d", c.Size(), size)
		}
		if size <= 100_000 {
			if err := iotest.TestReader(c, body); err != nil {
				t.Error(err)
			}
		} else if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, body) {
			t.Errorf("other bytes: %v", err)
		}
		c.Close()
		if n, ok, err := b.Has(t.Context(), digest(body)); err != nil || !ok || n != int64(size) {
			t.Errorf("Has: %d, %t, %v", n, ok, err)
		}
	}
	one := digest([]byte{7})
	for range 2 {
		if err := b.Delete(t.Context(), one); err != nil {
			t.Error(err)
		}
	}
	if _, ok, err := b.Has(t.Context(), one); ok || err != nil {
		t.Errorf("Has after Delete: %t, %v", ok, err)
	}
	for _, d := range []pipeline.Digest{one, "", "../../etc/passwd", pipeline.Digest(strings.Repeat("g", 64)), pipeline.Digest(strings.ToUpper(string(one)))} {
		if _, err := b.Open(t.Context(), d); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Open %q: %v", d, err)
		}
	}
}

// damage changes one byte of an object behind the store's back.
func damage(t *testing.T, dir, key string) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(key))
	raw, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	os.Chmod(p, 0o600)
	if err := os.WriteFile(p, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func blobKey(d pipeline.Digest) string {
	return "blobs/sha256/" + string(d[:2]) + "/" + string(d[2:4]) + "/" + string(d)
}

// TestBlobDamaged flips a bit in a directory's blob: it is never given out, and
// the same bytes put again heal it.
func TestBlobDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b := storage.NewBlobs(d)
	body := []byte("a letter that must not change")
	blob, err := b.Put(t.Context(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	damage(t, dir, blobKey(blob.Digest))
	if _, err := b.Open(t.Context(), blob.Digest); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("Open: %v", err)
	}
	if _, err := b.Put(t.Context(), bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	if c, err := b.Open(t.Context(), blob.Digest); err != nil {
		t.Errorf("after putting it again: %v", err)
	} else {
		c.Close()
	}
}

// TestBlobDamagedOnS3 puts other bytes under a blob's key past our driver.
func TestBlobDamagedOnS3(t *testing.T) {
	t.Parallel()
	c := storagetest.Versitygw(t, false)
	b := storage.NewBlobs(openS3(t, c))
	body := "a letter that must not change"
	blob, err := b.Put(t.Context(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	other := strings.ToUpper(body)
	_, err = client(t, c).PutObject(t.Context(), c.Bucket, blobKey(blob.Digest), strings.NewReader(other), int64(len(other)), minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(t.Context(), blob.Digest); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("Open: %v", err)
	}
	if _, err := b.Put(t.Context(), strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	if c, err := b.Open(t.Context(), blob.Digest); err != nil {
		t.Errorf("after putting it again: %v", err)
	} else {
		c.Close()
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s storage.Store) {
		b := storage.NewBlobs(s)
		put := func(body string) pipeline.Digest {
			blob, err := b.Put(t.Context(), strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			return blob.Digest
		}
		wanted, unwanted := put("wanted"), put("unwanted")
		if _, err := s.Put(t.Context(), "archive/x", strings.NewReader("not a blob"), storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		keep := func(d pipeline.Digest) bool { return d == wanted }
		done, err := b.Sweep(t.Context(), keep, time.Hour)
		if err != nil || done.Seen != 2 || done.Removed != 0 {
			t.Errorf("sweeping what is young: %+v, %v", done, err)
		}
		done, err = b.Sweep(t.Context(), keep, -time.Hour)
		if err != nil || done != (storage.Swept{Seen: 2, Removed: 1, Bytes: 8}) {
			t.Errorf("sweeping: %+v, %v", done, err)
		}
		for d, stays := range map[pipeline.Digest]bool{wanted: true, unwanted: false} {
			if _, ok, err := b.Has(t.Context(), d); ok != stays || err != nil {
				t.Errorf("%s stays %t: %v", d, ok, err)
			}
		}
		content(t, s, "archive/x")
	})
}

// TestSweepMeetsPut puts an old blob again in the moment between the sweep's
// question and its deletion: the blob stays.
func TestSweepMeetsPut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b := storage.NewBlobs(d)
	blob, err := b.Put(t.Context(), strings.NewReader("again"))
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, blobKey(blob.Digest)), old, old); err != nil {
		t.Fatal(err)
	}
	done, err := b.Sweep(t.Context(), func(pipeline.Digest) bool {
		if _, err := b.Put(t.Context(), strings.NewReader("again")); err != nil {
			t.Error(err)
		}
		return false
	}, 24*time.Hour)
	if err != nil || done.Removed != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if _, ok, _ := b.Has(t.Context(), blob.Digest); !ok {
		t.Error("a blob that was just put again was swept")
	}
}

// TestBlobsTogether puts the same and other bytes from many goroutines while a
// sweep without mercy for the old runs: what was acknowledged can be read.
func TestBlobsTogether(t *testing.T) {
	t.Parallel()
	d := openDir(t)
	b := storage.NewBlobs(d)
	ctx, stop := context.WithCancel(t.Context())
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		for ctx.Err() == nil {
			b.Sweep(ctx, func(pipeline.Digest) bool { return false }, time.Minute)
		}
	}()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range 20 {
				body := bytes.Repeat([]byte{byte(n)}, 1000*n)
				blob, err := b.Put(t.Context(), bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				c, err := b.Open(t.Context(), blob.Digest)
				if err != nil {
					t.Error(err)
					return
				}
				c.Close()
			}
		})
	}
	wg.Wait()
	stop()
	<-swept
}
