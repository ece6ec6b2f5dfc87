package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage"
	"blattwerk/web"
)

// file files a letter as a clerk does.
func (s *server) file(id pipeline.DocID, code pipeline.TypeCode) {
	s.t.Helper()
	var l web.Letter
	body := strings.NewReader(`{"type":"` + string(code) + `"}`)
	if err := newRemoteDesk(s.at).do(s.t.Context(), http.MethodPost, "/api/v1/documents/"+string(id)+"/filing", body, &l); err != nil {
		s.t.Fatalf("%v\n%s", err, s.err)
	}
}

// TestAnArchivedLetterIsFiledAnew corrects an archived letter after its working
// files were swept, kills the program between the amendment and the catalogue, and
// builds the catalogue again from the archive.
func TestAnArchivedLetterIsFiledAnew(t *testing.T) {
	pipelinetest.Program(t, "tesseract")
	data := t.TempDir()
	s := startServe(t, data)
	l, err := s.deliver("brief.jpg", sample(t))
	if err != nil {
		t.Fatal(err)
	}
	first := s.settled(l.ID)
	s.stop()
	if first.State != pipeline.Archived || first.Department != "22" {
		t.Fatalf("the letter is %+v", first)
	}
	if err := os.RemoveAll(filepath.Join(data, "store", "blobs")); err != nil {
		t.Fatal(err)
	}
	s = startServe(t, data, "BLATTWERK_TEST_KILL=archive:after")
	s.file(l.ID, "32-OWI")
	if !s.ended(2 * time.Minute) {
		t.Fatalf("the saboteur did not strike: %s", s.err)
	}
	s = startServe(t, data)
	if got := s.settled(l.ID); got.State != pipeline.Archived || got.Department != "32" || got.ArchiveKey != first.ArchiveKey || got.SheetsSaved != first.SheetsSaved {
		t.Errorf("filed anew, the letter is %+v, %v", got, got.Reason)
	}
	s.stop()
	found := func(dept string) bool {
		r := blattwerk(t, data, "search", "Hundesteuer", "--department", dept)
		return strings.Contains(r.out, "document.pdf")
	}
	if found("22") || !found("32") {
		t.Error("the search does not follow the letter")
	}
	if r := blattwerk(t, data, "verify"); r.code != exitDone || !strings.Contains(r.out, "1 Nachträge") {
		t.Errorf("verify ends with %d: %s%s", r.code, r.out, r.err)
	}

	// The newest amendment is known to the catalogue alone.
	list, err := filepath.Glob(filepath.Join(data, "store", "amendments", "*", "*", string(l.ID), "*.json"))
	if err != nil || len(list) != 1 {
		t.Fatalf("amendments %q, %v", list, err)
	}
	away := filepath.Join(data, "away.json")
	if err := os.Rename(list[0], away); err != nil {
		t.Fatal(err)
	}
	if r := blattwerk(t, data, "verify"); r.code != exitDamage || !strings.Contains(r.out, "amendments/") {
		t.Errorf("without the amendment verify ends with %d: %s", r.code, r.out)
	}
	if err := os.Rename(away, list[0]); err != nil {
		t.Fatal(err)
	}

	for _, f := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm"} {
		if err := os.Remove(filepath.Join(data, f)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if r := blattwerk(t, data, "reindex"); r.code != exitDone {
		t.Fatalf("reindex ends with %d: %s%s", r.code, r.out, r.err)
	}
	if found("22") || !found("32") {
		t.Error("the archive alone does not give the new filing")
	}
	if r := blattwerk(t, data, "verify"); r.code != exitDone {
		t.Errorf("after reindex verify ends with %d: %s%s", r.code, r.out, r.err)
	}
	// And once more, on a rebuilt catalogue.
	s = startServe(t, data)
	s.file(l.ID, "22-HUND")
	if got := s.settled(l.ID); got.State != pipeline.Archived || got.Department != "22" {
		t.Errorf("filed back, the letter is %+v, %v", got, got.Reason)
	}
	s.stop()
	store, err := storage.OpenDir(filepath.Join(data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all, err := storage.NewArchive(store, storage.ArchiveOptions{}).Amendments(t.Context())
	if err != nil || len(all[l.ID]) != 2 || all[l.ID][1].Was != "32" || all[l.ID][1].Department != "22" {
		t.Errorf("amendments %+v, %v", all, err)
	}
	archivedOnce(t, data, map[pipeline.DocID][]byte{l.ID: sample(t)})
}
