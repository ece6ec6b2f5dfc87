package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/sheets"
	"blattwerk/storage"
	"blattwerk/web"
)

// smallStack is two letters with a separator sheet between them, as a scanner
// gives them: one file.
func smallStack(t *testing.T) []byte {
	t.Helper()
	sheet := printedSheet(t)
	raw, err := os.ReadFile(pipelinetest.Stack(t, []pipelinetest.Side{
		{Path: pipelinetest.Letter(t, "letters/02-hundesteuer-anmeldung.jpg")},
		{Path: sheet, Skew: 4},
		{Path: pipelinetest.Letter(t, "letters/11-kita-anmeldung.jpg")},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// printedSheet is a separator sheet as it is printed: a PDF that was drawn.
func printedSheet(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := sheets.WriteSeparators(&b, 1); err != nil {
		t.Fatal(err)
	}
	sheet := filepath.Join(t.TempDir(), "separator.pdf")
	if err := os.WriteFile(sheet, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return sheet
}

// letters waits until there are so many letters and none of them is in work.
func (s *server) letters(count int) []web.Letter {
	s.t.Helper()
	d := newRemoteDesk(s.at)
	var list struct {
		Documents []web.Letter `json:"documents"`
	}
	for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(200 * time.Millisecond) {
		if err := d.do(s.t.Context(), http.MethodGet, "/api/v1/documents", nil, &list); err != nil {
			s.t.Fatalf("%v\n%s", err, s.err)
		}
		working := slices.ContainsFunc(list.Documents, func(l web.Letter) bool { return l.State == pipeline.Working })
		if len(list.Documents) >= count && !working {
			return list.Documents
		}
	}
	s.t.Fatalf("%d letters are expected, there are %+v", count, list.Documents)
	return nil
}

// TestAStackIsCutOnce kills the program around the cut and the archive's step:
// each letter is there once, with its own number and only its own pages, and the
// catalogue can be rebuilt from them.
func TestAStackIsCutOnce(t *testing.T) {
	pipelinetest.Program(t, "tesseract")
	data, stack := t.TempDir(), smallStack(t)
	ids := map[pipeline.DocID]bool{}
	for n, place := range []string{"separate:before", "separate:after", "archive:after"} {
		s := startServe(t, data, "BLATTWERK_TEST_KILL="+place)
		_, err := s.deliver("stapel.tif", append(bytes.Clone(stack), byte(n))) // a byte behind a TIFF is none of its pages
		if err != nil {
			t.Fatalf("%s: no receipt: %v", place, err)
		}
		if !s.ended(time.Minute) {
			t.Fatalf("%s: the saboteur did not strike: %s", place, s.err)
		}
		s = startServe(t, data)
		for _, l := range s.letters(2 * (n + 1)) {
			if l.State == pipeline.Refused || l.Pages != 1 {
				t.Errorf("%s: %s is %s with %d pages: %+v", place, l.Journal, l.State, l.Pages, l.Reason)
			}
			ids[l.ID] = true
		}
		s.stop()
	}
	if len(ids) != 6 {
		t.Errorf("%d letters of three stacks of two", len(ids))
	}
	out := blattwerk(t, data, "journal", "--csv").out
	for _, number := range []string{"-000001;", "-000002;", "-000003;", "-000004;", "-000005;", "-000006;"} {
		if strings.Count(out, number) != 1 {
			t.Errorf("number %s occurs %d times: %s", number, strings.Count(out, number), out)
		}
	}
	if strings.Contains(out, "-000007;") {
		t.Errorf("a letter too many: %s", out)
	}
	if r := blattwerk(t, data, "verify"); r.code != exitDone {
		t.Errorf("verify ends with %d: %s%s", r.code, r.out, r.err)
	}
	store, err := storage.OpenDir(filepath.Join(data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	archived := 0
	err = storage.NewArchive(store, storage.ArchiveOptions{}).Walk(t.Context(), func(m storage.Manifest) error {
		archived++
		pages := 0
		for _, f := range m.Files {
			for _, role := range f.Roles {
				if role == storage.RoleOriginal {
					t.Errorf("the folder of %s holds the whole stack", m.ID)
				}
				if role == storage.RolePage {
					pages++
				}
			}
		}
		if pages != 1 || m.Stack == nil {
			t.Errorf("%s has %d pages, stack %+v", m.ID, pages, m.Stack)
		}
		return nil
	})
	if err != nil || archived == 0 {
		t.Errorf("%d letters are archived (%v)", archived, err)
	}
	for _, f := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm"} {
		if err := os.Remove(filepath.Join(data, f)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if r := blattwerk(t, data, "reindex"); r.code != exitDone || !strings.Contains(r.out, "Briefe") {
		t.Errorf("reindex ends with %d: %s%s", r.code, r.out, r.err)
	}
	if out := blattwerk(t, data, "journal").out; strings.Count(out, "archiviert") != archived {
		t.Errorf("after reindex the journal is %s", out)
	}
}

// TestInboxOfServe lays a file into the hot folder of a running program.
func TestInboxOfServe(t *testing.T) {
	pipelinetest.Program(t, "tesseract")
	data, in := t.TempDir(), t.TempDir()
	scanner := filepath.Join(in, "Poststelle 1")
	if err := os.MkdirAll(scanner, 0o750); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, data, "BLATTWERK_INBOX="+in)
	if err := os.WriteFile(filepath.Join(scanner, "scan.jpg"), sample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	done := filepath.Join(in, "done", time.Now().Format(time.DateOnly), "Poststelle 1", "scan.jpg")
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if _, err := os.Stat(done); err == nil {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatal("the file was not taken")
		}
	}
	s.stop()
	if out := blattwerk(t, data, "journal", "--csv").out; !strings.Contains(out, "folder;Poststelle 1") {
		t.Errorf("the journal is %s", out)
	}
}
