package storagetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage"
)

func digest(b []byte) pipeline.Digest {
	sum := sha256.Sum256(b)
	return pipeline.Digest(hex.EncodeToString(sum[:]))
}

func put(t *testing.T, s storage.Store, key string, b []byte, opt storage.PutOptions) storage.Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, bytes.NewReader(b), opt)
	if err != nil {
		t.Fatalf("Put %q: %v", key, err)
	}
	return info
}

func read(t *testing.T, s storage.Store, key string) []byte {
	t.Helper()
	c, info, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open %q: %v", key, err)
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("reading %q: %v", key, err)
	}
	if c.Size() != int64(len(b)) || info.Size != int64(len(b)) {
		t.Errorf("%q: content says %d bytes, info %d, it has %d", key, c.Size(), info.Size, len(b))
	}
	return b
}

func keys(t *testing.T, s storage.Store, prefix string) []string {
	t.Helper()
	var got []string
	err := s.List(t.Context(), prefix, func(i storage.Info) error {
		got = append(got, i.Key)
		return nil
	})
	if err != nil {
		t.Fatalf("List %q: %v", prefix, err)
	}
	return got
}

func want(t *testing.T, err, kind error, doing string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got error %v, want %v", doing, err, kind)
	}
}

// watchHeap samples the heap until it is asked for the most it grew by, in bytes.
func watchHeap() func() uint64 {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	base := heap()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				peak = max(peak, heap())
			case <-stop:
				most <- max(peak, base) - base
				return
			}
		}
	}()
	return func() uint64 { close(stop); return <-most }
}

// noise gives n bytes that look random and are the same every time.
func noise(n int) []byte {
	b, err := io.ReadAll(noiseReader(int64(n)))
	if err != nil {
		panic(err)
	}
	return b
}

func noiseReader(n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{1, 2, 3}), n)
}
