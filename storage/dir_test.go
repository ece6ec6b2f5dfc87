package storage_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage"
)

// The test binary is also the child that crash tests kill.
const childRole = "BLATTWERK_STORAGE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childRole) {
	case "writer":
		childWriter(os.Args[1])
	case "limited":
		childLimited(os.Args[1])
	default:
		os.Exit(m.Run())
	}
}

func child(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childRole+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

// childWriter puts objects and blobs for ever and prints what was acknowledged.
func childWriter(dir string) {
	d, err := storage.OpenDir(dir)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	blobs := storage.NewBlobs(d)
	var out sync.Mutex
	say := func(format string, args ...any) {
		out.Lock()
		defer out.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				b := make([]byte, rand.IntN(300_000)+1)
				rand.NewChaCha8([32]byte{byte(w), byte(n), byte(n >> 8)}).Read(b)
				if w == 0 {
					blob, err := blobs.Put(context.Background(), bytes.NewReader(b))
					if err != nil {
						say("error %v", err)
						return
					}
					say("blob %s", blob.Digest)
					continue
				}
				key := fmt.Sprintf("archive/2026/11/%d-%d-%d/x.bin", os.Getpid(), w, n)
				opt := storage.PutOptions{}
				if w == 1 {
					opt.RetainUntil = time.Now().Add(time.Hour)
				}
				info, err := d.Put(context.Background(), key, bytes.NewReader(b), opt)
				if err != nil {
					say("error %v", err)
					return
				}
				say("put %s %s %t", key, info.Digest, w == 1)
			}
		})
	}
	wg.Wait()
}

// TestDirKilled kills a writing process again and again. Every write that was
// acknowledged is there and right, and nothing torn is visible.
func TestDirKilled(t *testing.T) {
	dir := t.TempDir()
	type written struct {
		digest   pipeline.Digest
		retained bool
	}
	acked := map[string]written{}
	var blobs []pipeline.Digest
	for range 8 {
		cmd := child("writer", dir)
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, limit := bufio.NewScanner(pipe), 20+rand.IntN(40)
		for n := 0; lines.Scan(); n++ {
			if n == limit {
				cmd.Process.Kill()
			}
			f := strings.Fields(lines.Text())
			switch {
			case len(f) == 2 && f[0] == "blob" && len(f[1]) == 64:
				blobs = append(blobs, pipeline.Digest(f[1]))
			case len(f) == 4 && f[0] == "put":
				acked[f[1]] = written{pipeline.Digest(f[2]), f[3] == "true"}
			case len(f) > 0 && f[0] == "error":
				t.Fatal(lines.Text())
			} // else a line that the kill cut
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the writer ended by itself")
		}
	}
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for key, w := range acked {
		if got := digest(content(t, d, key)); got != w.digest {
			t.Errorf("%s was acknowledged with other bytes", key)
		}
		if info, err := d.Stat(t.Context(), key); err != nil || w.retained != !info.RetainUntil.IsZero() {
			t.Errorf("%s: %+v, %v", key, info, err)
		}
	}
	for _, b := range blobs {
		c, err := storage.NewBlobs(d).Open(t.Context(), b)
		if err != nil {
			t.Errorf("acknowledged blob: %v", err)
			continue
		}
		c.Close()
	}
	seen := 0
	err = d.List(t.Context(), "", func(i storage.Info) error {
		seen++
		if hex, found := strings.CutPrefix(i.Key, "blobs/sha256/"); found {
			if got := digest(content(t, d, i.Key)); string(got) != filepath.Base(hex) {
				t.Errorf("%s is torn", i.Key)
			}
		}
		if w, ok := acked[i.Key]; !ok && i.Size == 0 {
			t.Errorf("%s is visible and empty (%v)", i.Key, w)
		}
		return nil
	})
	if err != nil || len(acked) < 50 || len(blobs) < 10 || seen < len(acked) {
		t.Errorf("%d objects and %d blobs acknowledged, %d seen: %v", len(acked), len(blobs), seen, err)
	}
	t.Logf("8 kills: %d objects and %d blobs acknowledged, all there", len(acked), len(blobs))
}

func TestDirTempsSwept(t *testing.T) {
	dir := t.TempDir()
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(dir, ".blattwerk", "tmp")
	old := time.Now().Add(-2 * time.Hour)
	for name, age := range map[string]time.Time{"old": old, "young": time.Now(), "held": old} {
		p := filepath.Join(tmp, name)
		if err := os.WriteFile(p, []byte("x"), 0o440); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, age, age); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(filepath.Join(tmp, "held"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	d.Close()
	d, err = storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for name, stays := range map[string]bool{"old": false, "young": true, "held": true} {
		if _, err := os.Stat(filepath.Join(tmp, name)); (err == nil) != stays {
			t.Errorf("%s: stays %t: %v", name, stays, err)
		}
	}
}

// TestDirNothingLeft looks into the directory itself after writes that failed.
func TestDirNothingLeft(t *testing.T) {
	dir := t.TempDir()
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.Put(t.Context(), "a/b", io.MultiReader(strings.NewReader("half"), errReader{}), storage.PutOptions{})
	d.Put(t.Context(), "a/b", strings.NewReader("x"), storage.PutOptions{Size: 2})
	var files []string
	filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && !strings.Contains(p, "/lock/") {
			files = append(files, p)
		}
		return err
	})
	if len(files) > 0 {
		t.Errorf("left: %q", files)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestDirFileMode(t *testing.T) {
	dir := t.TempDir()
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Put(t.Context(), "a/b", strings.NewReader("x"), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(filepath.Join(dir, "a", "b"))
	if err != nil || st.Mode() != 0o440 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
}

// TestDirSymlink plants links that lead out of the directory.
func TestDirSymlink(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for name, target := range map[string]string{"folder": outside, "file": filepath.Join(outside, "secret")} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"folder/secret", "file"} {
		if c, _, err := d.Open(t.Context(), key); err == nil {
			c.Close()
			t.Errorf("%s can be read", key)
		}
		if err := d.Delete(t.Context(), key); err == nil {
			t.Errorf("%s can be deleted", key)
		}
	}
	if _, err := d.Put(t.Context(), "folder/new", strings.NewReader("x"), storage.PutOptions{}); err == nil {
		t.Error("a put left the directory")
	}
	err = d.List(t.Context(), "", func(i storage.Info) error { return errors.New("listed " + i.Key) })
	if err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(outside, "new")); err == nil {
		t.Error("a file lies outside")
	}
}

// TestDirDamagedNote damages the note about retention: the object stays readable
// and is not deleted.
func TestDirDamagedNote(t *testing.T) {
	dir := t.TempDir()
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Put(t.Context(), "a/b", strings.NewReader("x"), storage.PutOptions{RetainUntil: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(dir, ".blattwerk", "retain", "a", "b")
	os.Chmod(note, 0o600)
	if err := os.WriteFile(note, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete(t.Context(), "a/b"); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("Delete: %v", err)
	}
	if got := content(t, d, "a/b"); string(got) != "x" {
		t.Errorf("the object holds %q", got)
	}
}

// fill archives letters until the disk is full, checks what is then visible,
// makes room and goes on.
func fill(t *testing.T, dir string, room func()) {
	d, err := storage.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	blobs := storage.NewBlobs(d)
	big := make([]byte, 700_000)
	var full error
	var done []pipeline.Document
	var stuck pipeline.Document
	for i := range 50 {
		mem := &pipelinetest.Blobs{} // so that the step meets the full disk, not the test
		doc := letter(t, mem, fmt.Sprintf("full-%d", i))
		big[0] = byte(i)
		if doc.PDF.Blob, err = mem.Put(t.Context(), bytes.NewReader(big)); err != nil {
			t.Fatal(err)
		}
		out, err := storage.NewArchive(d, options()).Step(t.Context(), doc, mem)
		if err != nil {
			full, stuck = err, doc
			defer func() {
				if _, err := storage.NewArchive(d, options()).Step(t.Context(), stuck, mem); err != nil {
					t.Errorf("with room again: %v", err)
				}
			}()
			break
		}
		done = append(done, out)
	}
	if f := pipeline.AsFault(full); f == nil || f.Verdict != pipeline.TryAgain || f.Code != "disk-full" {
		t.Fatalf("the full disk gave %v", full)
	}
	if _, err := blobs.Put(t.Context(), bytes.NewReader(make([]byte, 4<<20))); !errors.Is(err, storage.ErrFull) {
		t.Errorf("a blob on the full disk: %v", err)
	}
	if err := storage.Preflight(t.Context(), d, 1<<40, 0); pipeline.AsFault(err).Code != "disk-full" {
		t.Errorf("Preflight on the full disk: %v", err)
	}
	err = storage.NewArchive(d, options()).Walk(t.Context(), func(m storage.Manifest) error {
		for _, f := range m.Record().Files {
			if digest(content(t, d, f.Key)) != f.Digest {
				t.Errorf("%s is torn", f.Key)
			}
		}
		return nil
	})
	if err != nil || len(done) == 0 {
		t.Errorf("%d letters fit, then: %v", len(done), err)
	}
	room()
}

// TestDirFull fills a small file system of its own.
func TestDirFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		// Without the right to mount, TestDirLimited still meets a write that fails.
		pipelinetest.Missing(t, "not allowed to mount a small file system: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	fill(t, dir, func() {
		if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDirLimited lets the system cut every file at one megabyte, which is how a
// disk that fills up in the middle of a write looks. It needs no rights.
func TestDirLimited(t *testing.T) {
	cmd := child("limited", t.TempDir())
	out, err := cmd.Output()
	if err != nil || string(out) != "ok\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func childLimited(dir string) {
	const limit = 1 << 20
	signal.Ignore(syscall.SIGXFSZ)
	d, err := storage.OpenDir(dir)
	if err == nil {
		err = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: limit})
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	blobs := storage.NewBlobs(d)
	if _, err := blobs.Put(context.Background(), bytes.NewReader(make([]byte, limit+1))); !errors.Is(err, storage.ErrFull) || storage.Fault(err).Code != "disk-full" {
		fmt.Println("over the limit:", err)
	}
	if err := d.List(context.Background(), "", func(i storage.Info) error { return errors.New("visible: " + i.Key) }); err != nil {
		fmt.Println(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".blattwerk/tmp/*")); len(left) > 0 {
		fmt.Println("left:", left)
	}
	if _, err := blobs.Put(context.Background(), bytes.NewReader(make([]byte, limit))); err != nil {
		fmt.Println("within the limit:", err)
	}
	fmt.Println("ok")
}

func TestPreflight(t *testing.T) {
	d := openDir(t)
	if err := storage.Preflight(t.Context(), d, 1, 1); err != nil {
		t.Errorf("room for two bytes: %v", err)
	}
	free, err := d.Free()
	if err != nil || free <= 0 {
		t.Fatalf("free: %d, %v", free, err)
	}
	for _, need := range []struct{ need, reserve int64 }{{free + 1<<40, 0}, {0, free + 1<<40}, {free, free}} {
		f := pipeline.AsFault(storage.Preflight(t.Context(), d, need.need, need.reserve))
		if f == nil || f.Code != "disk-full" || f.Verdict != pipeline.TryAgain {
			t.Errorf("room for %d+%d: %v", need.need, need.reserve, f)
		}
	}
}

func BenchmarkDirPut(b *testing.B) {
	d := openDir(b)
	body := make([]byte, 200<<10)
	b.SetBytes(int64(len(body)))
	for i := 0; b.Loop(); i++ {
		if _, err := d.Put(b.Context(), "b/"+strconv.Itoa(i), bytes.NewReader(body), storage.PutOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkArchiveStep(b *testing.B) {
	d := openDir(b)
	blobs := storage.NewBlobs(d)
	for i := 0; b.Loop(); i++ {
		archive(b, d, letter(b, blobs, "bench-"+strconv.Itoa(i)), blobs)
	}
}
