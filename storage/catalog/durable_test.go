package catalog_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// writerDSN makes the test binary the victim of testKill: a process that takes
// in and moves documents until it is killed.
const writerDSN = "BLATTWERK_TEST_WRITER_DSN"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(writerDSN); dsn != "" {
		if err := writeForever(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForever says on its standard output what was acknowledged: "accepted ID"
// or "archived ID".
func writeForever(dsn string) error {
	ctx := context.Background()
	c, err := catalog.Open(ctx, dsn, catalog.Options{})
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	failed := make(chan error, 4)
	for k := range cap(failed) {
		group.Go(func() {
			for i := 0; ; i++ {
				if err := writeOne(ctx, c, fmt.Sprint(os.Getpid(), " ", k, " ", i)); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	return <-failed
}

func writeOne(ctx context.Context, c *catalog.Catalog, content string) error {
	r, err := c.Accept(ctx, pipeline.Delivery{Original: pipeline.Blob{Digest: digest(content), Size: 1}})
	if err != nil {
		return err
	}
	fmt.Println("accepted", r.Document.ID)
	job, err := c.Claim(ctx, r.Document.ID, pipeline.StepOpen, 0, "victim", time.Hour)
	if err != nil {
		return err
	}
	doc := finished(job.Document)
	doc.Savings = []pipeline.Saving{{ID: string(doc.ID)}}
	if err := c.Advance(ctx, job, doc, "", []pipeline.PageText{text("Bescheid über Gebühren")}); err != nil {
		return err
	}
	fmt.Println("archived", r.Document.ID)
	return nil
}

// testKill kills a writing process, some times at moments of chance, and
// expects that nothing acknowledged is lost and nothing is half done.
func testKill(t *testing.T, dsn string) {
	w := &world{T: t, dsn: dsn, clock: &clock{now: time.Now()}}
	w.Catalog = w.reopen()
	acknowledged := map[string]string{}
	for round := range 4 {
		kill(t, dsn, 30+round*25, acknowledged)
	}
	ctx := t.Context()
	if n, err := w.ReleaseOwner(ctx, "victim"); err != nil || n > 16 {
		t.Errorf("%d claims were left, %v", n, err)
	}
	for id, what := range acknowledged {
		e, err := w.Get(ctx, pipeline.DocID(id))
		if err != nil {
			t.Fatalf("%s, acknowledged as %s: %v", id, what, err)
		}
		if what == "archived" && e.State != pipeline.Archived {
			t.Errorf("%s was acknowledged as archived and is %s", id, e.State)
		}
	}
	// All that belongs together is there together.
	counts, err := w.Counts(ctx)
	w.ok(err)
	hits, err := w.Search(ctx, catalog.Query{Words: "Bescheid"})
	w.ok(err)
	ledger, err := w.Savings(ctx, time.Time{}, time.Time{})
	w.ok(err)
	archived := counts.States[pipeline.Archived]
	if hits.Total != archived || len(ledger) != archived {
		t.Errorf("%d archived, %d indexed, %d booked", archived, hits.Total, len(ledger))
	}
	bells, err := w.Unfinished(ctx, time.Now().Add(time.Minute), 1000)
	w.ok(err)
	if len(bells) != counts.States[pipeline.Working] {
		t.Errorf("%d documents are working, %d are rung", counts.States[pipeline.Working], len(bells))
	}
	w.ok(w.VerifyLog(ctx, nil))
	number := 0
	for after := 0; ; {
		list, next, err := w.Journal(ctx, time.Now().Year(), after, 500)
		w.ok(err)
		for _, e := range list {
			number++
			if want := fmt.Sprintf("%d-%06d", time.Now().Year(), number); e.Document.Delivery.Journal != want {
				t.Fatalf("journal number %s stands where %s should", e.Document.Delivery.Journal, want)
			}
		}
		if after = next; after == 0 {
			break
		}
	}
	t.Logf("%d acknowledged, %d in the journal, %d archived", len(acknowledged), number, archived)
}

// kill runs a writer until it acknowledged lines, kills it, and reads what it
// had said before it died.
func kill(t *testing.T, dsn string, lines int, acknowledged map[string]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerDSN+"="+dsn)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for s := bufio.NewScanner(out); s.Scan(); {
		what, id, ok := strings.Cut(s.Text(), " ")
		if !ok || len(id) != 36 {
			continue // a line that death cut off
		}
		acknowledged[id] = what
		if seen++; seen == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Wait() //nolint:errcheck // it was killed
	if seen < lines {
		t.Fatalf("the writer ended by itself after %d lines", seen)
	}
}

func TestFileModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub folder", "ca?ta%log.db")
	w := &world{T: t, dsn: "sqlite:" + path, clock: &clock{now: time.Now()}}
	w.Catalog = w.reopen()
	w.deliver("a")
	folder, err := os.Stat(filepath.Dir(path))
	w.ok(err)
	if m := folder.Mode().Perm(); m != 0o700 {
		t.Errorf("the folder has mode %o", m)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	w.ok(err)
	for _, f := range files {
		info, err := f.Info()
		w.ok(err)
		if m := info.Mode().Perm(); m != 0o600 || !strings.HasPrefix(f.Name(), "ca?ta%log.db") {
			t.Errorf("%s has mode %o", f.Name(), m)
		}
	}
	if len(files) < 3 {
		t.Errorf("only %d files: no WAL?", len(files))
	}
}

// TestPragmas reads back what the durability of SQLite stands on.
func TestPragmas(t *testing.T) {
	c, err := catalog.Open(t.Context(), "sqlite:"+t.TempDir()+"/c.db", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		if got := catalog.Pragma(t, c, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// testMigration opens a database that an older version filled.
func testMigration(t *testing.T, dsn string) {
	w := &world{T: t, dsn: dsn, clock: &clock{now: time.Now()}}
	w.ok(catalog.MigrateTo(t.Context(), w.dsn, 1))
	db := w.raw()
	w.exec(db, `INSERT INTO delivery (id, digest, duplicate_of, received, body) VALUES ('d', $1, '', 1767225600000, '{}')`, string(digest("old")))
	w.exec(db, `INSERT INTO journal (year, last) VALUES (2026, 1)`)
	w.exec(db, `INSERT INTO document (id, delivery, journal, year, number, original, state, step, gen, attempt, crashes, owner, fence,
			lease, due, pages, department, doctype, duplicates, fault, received, changed, archived, body)
		VALUES ('doc', 'd', '2026-000001', 2026, 1, $1, 'working', 'open', 0, 0, 0, '', 0, 0, 0, 0, '', '', 0, '', 1767225600000, 0, 0, $2)`,
		string(digest("old")), `{"id":"doc","delivery":{"id":"d","journal":"2026-000001","original":{"digest":"`+string(digest("old"))+`","size":3}}}`)
	w.clock.now = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	w.Catalog = w.reopen()
	job := w.claim("doc", pipeline.StepOpen, 0, "p")
	w.ok(w.Advance(t.Context(), job, finished(job.Document), "", []pipeline.PageText{text("Altbestand")}))
	hits, err := w.Search(t.Context(), catalog.Query{Words: "Altbestand"})
	w.ok(err)
	if hits.Total != 1 {
		t.Errorf("%d hits in old data, want 1", hits.Total)
	}
	if next := w.deliver("new"); next.Delivery.Journal != "2026-000002" {
		t.Errorf("the journal goes on at %s", next.Delivery.Journal)
	}
	w.ok(w.VerifyLog(t.Context(), nil))
}

// testOpenAtOnce starts several processes' worth of catalogues on a new place.
func testOpenAtOnce(t *testing.T, dsn string) {
	key := filepath.Join(t.TempDir(), "log.key")
	var group sync.WaitGroup
	keys := make([]string, 4)
	for i := range keys {
		group.Go(func() {
			c, err := catalog.Open(t.Context(), dsn, catalog.Options{KeyFile: key})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			keys[i] = c.VerifierKey()
			for k := range 5 {
				if err := writeQuietly(t.Context(), c, fmt.Sprint(i, k)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for _, k := range keys {
		if k == "" || k != keys[0] {
			t.Errorf("keys are %q", keys)
		}
	}
	w := &world{T: t, dsn: dsn, clock: &clock{now: time.Now()}}
	w.Catalog = w.reopen()
	w.ok(w.VerifyLog(t.Context(), nil))
	counts, err := w.Counts(t.Context())
	w.ok(err)
	if counts.States[pipeline.Working] != 20 {
		t.Errorf("counts are %+v", counts)
	}
}

func writeQuietly(ctx context.Context, c *catalog.Catalog, content string) error {
	_, err := c.Accept(ctx, pipeline.Delivery{Original: pipeline.Blob{Digest: digest(content), Size: 1}})
	return err
}
