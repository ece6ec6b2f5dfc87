package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage"
	"blattwerk/web"
)

// TestAPageIsScannedAgain hands in a letter whose second page was scanned badly,
// replaces it while the letter waits for a person, takes that back, does it again,
// and looks for both scans in the archive.
func TestAPageIsScannedAgain(t *testing.T) {
	pipelinetest.Program(t, "tesseract")
	private := pipelinetest.Letter(t, "letters/16-privatbrief.png") // nobody knows whose it is, so that it waits
	raw, err := os.ReadFile(pipelinetest.Stack(t, []pipelinetest.Side{{Path: private}, {Path: private, Skew: 9}}))
	if err != nil {
		t.Fatal(err)
	}
	better, err := os.ReadFile(pipelinetest.Letter(t, "letters/13-grabnutzungsrecht.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	s := startServe(t, data)
	l, err := s.deliver("brief.tif", raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.settled(l.ID); got.State != pipeline.Waiting || got.Pages != 2 {
		t.Fatalf("the letter is %+v, %v", got, got.Reason)
	}
	api := func(path string, body []byte, into any) error {
		return newRemoteDesk(s.at).do(t.Context(), http.MethodPost, "/api/v1/documents/"+string(l.ID)+path, bytes.NewReader(body), into)
	}
	var done struct{ Undo string }
	rescan := func(scan []byte) {
		t.Helper()
		if err := api("/pages/2/rescan?name=besser.jpg", scan, &done); err != nil || done.Undo == "" {
			t.Fatalf("%v %+v\n%s", err, done, s.err)
		}
	}
	drawn := printedSheet(t)
	for name, bad := range map[string]string{
		"several pages": pipelinetest.Letter(t, "letters/04-widerspruch-strassenreinigung.tif"),
		"no scan":       drawn,
		"truncated":     pipelinetest.Letter(t, "bad/truncated.jpg"),
		"garbage":       pipelinetest.Letter(t, "bad/garbage.bin"),
	} {
		body, err := os.ReadFile(bad)
		if err != nil {
			t.Fatal(err)
		}
		var none struct{}
		if err := api("/pages/2/rescan?name=x", body, &none); err == nil || s.settled(l.ID).Pages != 2 {
			t.Errorf("%s was taken for a page (%v)", name, err)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
	straight, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	rescan(straight)
	if got := s.settled(l.ID); got.State != pipeline.Waiting {
		t.Fatalf("the letter is %+v", got)
	}
	var back web.Letter
	if err := api("/pages/undo?undo="+done.Undo, nil, &back); err != nil {
		t.Fatalf("%v\n%s", err, s.err)
	}
	if got := s.settled(l.ID); got.State != pipeline.Waiting || got.Pages != 2 {
		t.Fatalf("taken back, the letter is %+v", got)
	}
	rescan(better)
	if got := s.settled(l.ID); got.State == pipeline.Waiting {
		s.file(l.ID, "32-OWI")
	}
	got := s.settled(l.ID)
	if got.State != pipeline.Archived || got.Pages != 2 {
		t.Fatalf("the letter is %+v, %v", got, got.Reason)
	}
	if err := api("/pages/1/rescan?name=zu-spaet.jpg", better, &struct{}{}); err == nil || !strings.Contains(err.Error(), "archived") {
		t.Errorf("a page of an archived letter was scanned again: %v", err)
	}
	s.stop()

	store, err := storage.OpenDir(filepath.Join(data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	archive := storage.NewArchive(store, storage.ArchiveOptions{})
	err = archive.Walk(t.Context(), func(m storage.Manifest) error {
		want := map[string][]byte{"original.tif": raw, "rescan-0002-1.jpg": better}
		for _, f := range m.Files {
			kept, err := os.ReadFile(filepath.Join(data, "store", filepath.FromSlash(m.Record().Prefix+f.Name)))
			if err != nil || want[f.Name] != nil && !bytes.Equal(kept, want[f.Name]) {
				t.Errorf("%s is not what was handed in (%v)", f.Name, err)
			}
			delete(want, f.Name)
		}
		p := m.Pages[1]
		if len(want) != 0 || len(p.Rescans) != 1 || p.Rescans[0].Name != "besser.jpg" || p.Rescans[0].By == "" || p.Image.Digest != p.Rescans[0].File.Digest || len(m.Pages[0].Rescans) != 0 {
			t.Errorf("the manifest lacks %d files, its page is %+v", len(want), p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, "store", filepath.FromSlash(got.ArchiveKey))
	if !pdfatest.Referee(t, "2u", path)[path] {
		t.Error("the referee refuses the letter")
	}
	sidecar := strings.TrimSuffix(pipelinetest.Letter(t, "letters/13-grabnutzungsrecht.jpg"), ".jpg") + ".txt"
	printed, err := os.ReadFile(sidecar)
	if err != nil {
		t.Fatal(err)
	}
	if missing := missingWords(t, path, []string{string(printed)}); missing > 0.06 {
		t.Errorf("%.1f %% of the words of the better scan cannot be found in the PDF", 100*missing)
	}
	if pdf, err := os.ReadFile(path); err != nil || !bytes.Contains(pdf, []byte("2 "+string(digestOf(better)))) {
		t.Errorf("the PDF does not say which page comes from which file (%v)", err)
	}
	if r := blattwerk(t, data, "search", "Grabstätte"); !strings.Contains(r.out, "document.pdf") {
		t.Errorf("the better scan is not found: %s", r.out)
	}
	archivedOnce(t, data, map[pipeline.DocID][]byte{l.ID: raw})

	for _, f := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm"} {
		if err := os.Remove(filepath.Join(data, f)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if r := blattwerk(t, data, "reindex"); r.code != exitDone {
		t.Fatalf("reindex ends with %d: %s%s", r.code, r.out, r.err)
	}
	if r := blattwerk(t, data, "search", "Grabstätte"); !strings.Contains(r.out, "document.pdf") {
		t.Errorf("after reindex the better scan is not found: %s", r.out)
	}
}

func digestOf(raw []byte) pipeline.Digest {
	sum := sha256.Sum256(raw)
	return pipeline.Digest(hex.EncodeToString(sum[:]))
}
