package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage"
	"blattwerk/web"
	"blattwerk/workers"
)

// sample is a one-page letter that is filed without a question.
func sample(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile(pipelinetest.Letter(t, "letters/02-hundesteuer-anmeldung.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// archivedOnce checks that each of these letters lies in the archive exactly
// once, and that its original is byte for byte what was handed in.
func archivedOnce(t *testing.T, data string, want map[pipeline.DocID][]byte) {
	t.Helper()
	store, err := storage.OpenDir(filepath.Join(data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	archive := storage.NewArchive(store, storage.ArchiveOptions{})
	seen := map[pipeline.DocID]int{}
	err = archive.Walk(t.Context(), func(m storage.Manifest) error {
		seen[m.ID]++
		c, _, err := archive.Open(t.Context(), m.Record(), "original")
		if err != nil {
			return err
		}
		defer c.Close()
		var kept bytes.Buffer
		if _, err := kept.ReadFrom(c); err != nil {
			return err
		}
		if original, ok := want[m.ID]; ok && !bytes.Equal(kept.Bytes(), original) {
			t.Errorf("the original of %s has changed", m.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range want {
		if seen[id] != 1 {
			t.Errorf("%s lies in the archive %d times", id, seen[id])
		}
	}
	if r := blattwerk(t, data, "verify"); r.code != exitDone {
		t.Errorf("verify ends with %d: %s%s", r.code, r.out, r.err)
	}
}

// TestKilledAtEveryBoundary kills the whole program before, during and after
// every step, starts it again, and looks for what was accepted. Then the
// catalogue is deleted and built again from the archive.
func TestKilledAtEveryBoundary(t *testing.T) {
	pipelinetest.Program(t, "tesseract")
	data, jpeg := t.TempDir(), sample(t)
	accepted := map[pipeline.DocID][]byte{}
	places := []string{"read:during"}
	for _, step := range []string{"open", "separate", "read", "compose", "classify", "archive", "account"} {
		places = append(places, step+":before", step+":after")
	}
	for n, place := range places {
		s := startServe(t, data, "BLATTWERK_TEST_KILL="+place)
		content := distinct(jpeg, n)
		l, err := s.deliver("brief.jpg", content)
		if err != nil {
			t.Fatalf("%s: no receipt: %v", place, err)
		}
		accepted[l.ID] = content
		if !s.ended(time.Minute) {
			t.Fatalf("%s: the saboteur did not strike: %s", place, s.err)
		}
		s = startServe(t, data)
		if l := s.settled(l.ID); l.State != pipeline.Archived {
			t.Errorf("%s: the letter is %s: %+v", place, l.State, l.Reason)
		}
		s.stop()
	}
	archivedOnce(t, data, accepted)

	for _, f := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm"} {
		if err := os.Remove(filepath.Join(data, f)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	before := blattwerk(t, data, "search", "Hundesteuer")
	if !strings.Contains(before.out, "0 Treffer") {
		t.Errorf("the catalogue was not gone: %s", before.out)
	}
	if r := blattwerk(t, data, "reindex"); r.code != exitDone {
		t.Fatalf("reindex ends with %d: %s%s", r.code, r.out, r.err)
	}
	if r := blattwerk(t, data, "search", "Hundesteuer", "--limit", "100"); strings.Count(r.out, "document.pdf") != len(accepted) {
		t.Errorf("after reindex the search finds: %s", r.out)
	}
	if r := blattwerk(t, data, "savings", "--format", "json"); !strings.Contains(r.out, `"22"`) {
		t.Errorf("after reindex the books are empty: %s", r.out)
	}
	archivedOnce(t, data, accepted)
}

// TestFlushedRedis empties a real Redis while letters are on the belt, and kills
// the program too.
func TestFlushedRedis(t *testing.T) {
	data, jpeg, url := t.TempDir(), sample(t), redisServer(t)
	client, closeRedis, err := workers.OpenRedis(url)
	if err != nil {
		t.Fatal(err)
	}
	defer closeRedis()
	accepted := map[pipeline.DocID][]byte{}
	deliver := func(s *server, from, to int) {
		for n := from; n < to; n++ {
			content := distinct(jpeg, n)
			l, err := s.deliver("brief.jpg", content)
			if err != nil {
				t.Fatal(err)
			}
			accepted[l.ID] = content
			if err := client.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := startServe(t, data, "BLATTWERK_REDIS_URL="+url)
	deliver(s, 0, 2)
	time.Sleep(time.Second)
	s.kill()
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s = startServe(t, data, "BLATTWERK_REDIS_URL="+url)
	deliver(s, 2, 4)
	for id := range accepted {
		if l := s.settled(id); l.State != pipeline.Archived {
			t.Errorf("%s is %s: %+v", id, l.State, l.Reason)
		}
	}
	s.stop()
	archivedOnce(t, data, accepted)
}

// redisServer starts a real Redis and gives its address.
func redisServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	cmd := exec.Command(pipelinetest.Program(t, "redis-server"), "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 200 {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			return "redis://127.0.0.1:" + port + "/0"
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("Redis does not start")
	return ""
}

// TestBadFilesDoNotHurtTheirNeighbours hands in every broken file there is
// together with a good letter.
func TestBadFilesDoNotHurtTheirNeighbours(t *testing.T) {
	data := t.TempDir()
	bad := pipelinetest.Letter(t, "bad")
	r := blattwerk(t, data, "ingest", "--json", bad, pipelinetest.Letter(t, "letters/02-hundesteuer-anmeldung.jpg"))
	byName := map[string]web.Letter{}
	for _, l := range r.letters(t) {
		byName[l.Name] = l
	}
	files, err := os.ReadDir(bad)
	if err != nil || len(files) < 8 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		l, ok := byName[f.Name()]
		switch {
		case !ok || l.ID == "":
			t.Errorf("%s was not accepted: bytes must be kept", f.Name())
		case l.State != pipeline.Refused && l.State != pipeline.Waiting:
			t.Errorf("%s is %s", f.Name(), l.State)
		case l.Reason == nil || l.Reason.DE == "" || l.Reason.EN == "" || l.Reason.DE == l.Reason.EN:
			t.Errorf("%s has no reason in both languages: %+v", f.Name(), l.Reason)
		default:
			t.Logf("%-22s %s: %s", f.Name(), l.State, l.Reason.DE)
		}
	}
	if l := byName["02-hundesteuer-anmeldung.jpg"]; l.State != pipeline.Archived {
		t.Errorf("the good letter is %s: %+v", l.State, l.Reason)
	}
	if r.code != exitBadInput {
		t.Errorf("ingest ends with %d", r.code)
	}
	if r.memory > 1<<30 {
		t.Errorf("a process took %d MB", r.memory>>20)
	}
	// The bytes of what was refused are kept, every one.
	store, err := storage.OpenDir(filepath.Join(data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	blobs := storage.NewBlobs(store)
	mem := &pipelinetest.Blobs{}
	for _, f := range files {
		d := pipelinetest.PutFile(t, mem, filepath.Join(bad, f.Name()))
		if size, ok, err := blobs.Has(t.Context(), d.Original.Digest); !ok || err != nil || size != d.Original.Size {
			t.Errorf("the bytes of %s are not kept (%v)", f.Name(), err)
		}
	}
}

func TestTheSameFileTwice(t *testing.T) {
	data, letter := t.TempDir(), pipelinetest.Letter(t, "letters/02-hundesteuer-anmeldung.jpg")
	first := blattwerk(t, data, "ingest", "--json", letter).letters(t)
	second := blattwerk(t, data, "ingest", "--json", letter).letters(t)
	if len(first) != 1 || len(second) != 1 || second[0].DuplicateOf != first[0].ID || second[0].ArchiveKey != first[0].ArchiveKey {
		t.Fatalf("got %+v and %+v", first, second)
	}
	archivedOnce(t, data, map[pipeline.DocID][]byte{first[0].ID: sample(t)})
}

// TestAHostileNameStaysAName hands in a name that climbs out of every folder.
func TestAHostileNameStaysAName(t *testing.T) {
	data := t.TempDir()
	s := startServe(t, data)
	l, err := s.deliver("../../../etc/x\x00\"<b>.jpg", sample(t))
	if err != nil {
		t.Fatal(err)
	}
	if l = s.settled(l.ID); l.State != pipeline.Archived || strings.ContainsAny(l.Name, "/\\\x00") {
		t.Errorf("got %+v", l)
	}
	s.stop()
	archivedOnce(t, data, map[pipeline.DocID][]byte{l.ID: sample(t)})
}

// TestAFileThatIsStillBeingWritten grows while ingest looks at it.
func TestAFileThatIsStillBeingWritten(t *testing.T) {
	data, jpeg := t.TempDir(), sample(t)
	path := filepath.Join(t.TempDir(), "scan.jpg")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	half := len(jpeg) / 2
	if _, err := f.Write(jpeg[:half]); err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(1500 * time.Millisecond)
		_, _ = f.Write(jpeg[half:])
	}()
	l := blattwerk(t, data, "ingest", "--json", path).letters(t)
	if len(l) != 1 || l[0].State != pipeline.Archived {
		t.Fatalf("got %+v", l)
	}
	archivedOnce(t, data, map[pipeline.DocID][]byte{l[0].ID: jpeg})
}

// TestDamageIsFound changes, removes and adds in the archive; verify says so.
func TestDamageIsFound(t *testing.T) {
	data := t.TempDir()
	l := blattwerk(t, data, "ingest", "--json", pipelinetest.Letter(t, "letters/02-hundesteuer-anmeldung.jpg")).letters(t)
	if len(l) != 1 || l[0].ArchiveKey == "" {
		t.Fatalf("got %+v", l)
	}
	if r := blattwerk(t, data, "verify"); r.code != exitDone {
		t.Fatalf("verify of a sound archive ends with %d: %s", r.code, r.out)
	}
	path := filepath.Join(data, "store", filepath.FromSlash(l[0].ArchiveKey))
	raw, err := os.ReadFile(path)
	if err != nil {
		// The directory store may keep objects in a folder of its own.
		found, _ := filepath.Glob(filepath.Join(data, "store", "*", filepath.FromSlash(l[0].ArchiveKey)))
		if len(found) != 1 {
			t.Fatal(err)
		}
		path = found[0]
		if raw, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	raw[len(raw)/2] ^= 1
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := blattwerk(t, data, "verify"); r.code != exitDamage || !strings.Contains(r.out, "document.pdf") {
		t.Errorf("a changed bit: verify ends with %d: %s", r.code, r.out)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r := blattwerk(t, data, "verify"); r.code != exitDamage || !strings.Contains(r.out, "document.pdf") {
		t.Errorf("a missing file: verify ends with %d: %s", r.code, r.out)
	}
}
