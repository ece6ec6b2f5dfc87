package pipelinetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"blattwerk/pipeline"
)

// Missing ends a test for want of a part of the real world: with a failure in
// CI (CI=true), else with a skip that says so.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("missing in CI: "+format, args...)
	}
	t.Skipf("skipped: "+format, args...)
}

// Program finds a program on the PATH or, failing that, in the places Debian
// and the project's own tools keep such programs.
func Program(t testing.TB, name string) string {
	t.Helper()
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	for _, pattern := range []string{
		filepath.Join(Root(t), ".cache", "tools", name),
		filepath.Join("/usr/lib/postgresql/*/bin", name),
		filepath.Join("/usr/sbin", name),
	} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	Missing(t, "%s is not installed; `make setup-test` installs it", name)
	return ""
}

// Root is the project's root folder.
func Root(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("cannot find the project's root")
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Letter is the path of a sample letter in testdata/.
func Letter(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(Root(t), "testdata", filepath.FromSlash(name))
}

// Corpus is the path of a file of the shared corpus: $BLATTWERK_CORPUS, or
// ../shared/corpus beside the project.
func Corpus(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("BLATTWERK_CORPUS")
	if dir == "" {
		dir = filepath.Join(filepath.Dir(Root(t)), "shared", "corpus")
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		Missing(t, "%s is not in the shared corpus", name)
	}
	return path
}

// Blobs keeps blobs in memory. Its zero value is empty and ready.
type Blobs struct {
	mu    sync.Mutex
	blobs map[pipeline.Digest][]byte
}

// Put keeps r.
func (b *Blobs) Put(_ context.Context, r io.Reader) (pipeline.Blob, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return pipeline.Blob{}, err
	}
	sum := sha256.Sum256(raw)
	d := pipeline.Digest(hex.EncodeToString(sum[:]))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.blobs == nil {
		b.blobs = map[pipeline.Digest][]byte{}
	}
	b.blobs[d] = raw
	return pipeline.Blob{Digest: d, Size: int64(len(raw))}, nil
}

// Open gives a kept blob.
func (b *Blobs) Open(_ context.Context, d pipeline.Digest) (pipeline.Content, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	raw, ok := b.blobs[d]
	if !ok {
		return nil, fmt.Errorf("no blob %s", d)
	}
	return content{bytes.NewReader(raw)}, nil
}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

// PutFile keeps a file and describes it as a delivery, as the intake does.
func PutFile(t testing.TB, b pipeline.Blobs, path string) pipeline.Delivery {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	blob, err := b.Put(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.Delivery{
		ID: "test", Original: blob, Name: filepath.Base(path),
		Language: "deu+eng", Mode: pipeline.ModeSkip, Source: "test",
	}
}
