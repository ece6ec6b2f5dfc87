package catalog_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"blattwerk/storage/catalog"
)

// raw is the database behind the catalogue's back.
func (w *world) raw() *sql.DB {
	w.Helper()
	driver, dsn := "pgx", w.dsn
	if path, ok := strings.CutPrefix(w.dsn, "sqlite:"); ok {
		driver, dsn = "sqlite", path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { db.Close() })
	return db
}

// exec runs a statement that must hit something.
func (w *world) exec(db *sql.DB, query string, args ...any) {
	w.Helper()
	res, err := db.Exec(query, args...)
	if err != nil {
		w.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		w.Fatalf("%s hit %d rows, %v", query, n, err)
	}
}

func (w *world) log(n int) {
	w.Helper()
	for i := range n {
		w.ok(w.Log(w.Context(), catalog.Event{Kind: "viewed", Doc: "doc", Actor: "weber", Detail: json.RawMessage(fmt.Sprintf(`{"page":%d}`, i))}))
	}
}

func testEvidence(w *world) {
	ctx := w.Context()
	w.ok(w.VerifyLog(ctx, nil))
	var points [][]byte
	for range 4 {
		p, err := w.Checkpoint(ctx)
		w.ok(err)
		points = append(points, p)
		w.log(3)
	}
	w.ok(w.VerifyLog(ctx, points))
	events, err := w.History(ctx, "doc")
	w.ok(err)
	if len(events) != 12 || events[11].N != 11 || events[11].Actor != "weber" || string(events[11].Detail) != `{"page":2}` {
		w.Errorf("history is %+v", events)
	}
	if err := w.Log(ctx, catalog.Event{Kind: "x", Detail: json.RawMessage(`{`)}); err == nil {
		w.Error("a detail that is no JSON was logged")
	}
	if err := w.Log(ctx, catalog.Event{}); err == nil {
		w.Error("an event without a kind was logged")
	}
	// Anyone with the public key can read a checkpoint.
	verifier, err := note.NewVerifier(w.VerifierKey())
	w.ok(err)
	n, err := note.Open(points[3], note.VerifierList(verifier))
	w.ok(err)
	if !strings.HasPrefix(n.Text, "blattwerk/") || !strings.Contains(n.Text, "\n9\n") {
		w.Errorf("checkpoint says %q", n.Text)
	}
	forged := bytes.Replace(points[3], []byte("\n9\n"), []byte("\n8\n"), 1)
	if err := w.VerifyLog(ctx, [][]byte{forged}); err == nil {
		w.Error("a forged checkpoint was believed")
	}
	keyless, err := catalog.Open(ctx, w.dsn, catalog.Options{})
	w.ok(err)
	defer keyless.Close()
	_, err = keyless.Checkpoint(ctx)
	w.is(err, catalog.ErrNoKey)
}

// testTampering does to the log what somebody with the database's password can
// do, and expects each to be found and named.
func testTampering(w *world) {
	ctx := w.Context()
	w.log(11)
	early, err := w.Checkpoint(ctx)
	w.ok(err)
	w.log(9)
	late, err := w.Checkpoint(ctx)
	w.ok(err)
	points := [][]byte{late, early}
	w.ok(w.VerifyLog(ctx, points))
	db := w.raw()
	within := func(name string, from, to int64, points [][]byte) {
		w.Helper()
		var tamper *catalog.TamperError
		err := w.VerifyLog(ctx, points)
		if !errors.As(err, &tamper) || !errors.Is(err, catalog.ErrTampered) || tamper.From != from || tamper.To != to {
			w.Errorf("%s: got %v, want an entry from %d to %d", name, err, from, to)
		}
	}
	exact := func(name string, entry int64, points [][]byte) {
		w.Helper()
		within(name, entry, entry, points)
	}

	w.exec(db, `UPDATE log_entry SET actor = 'nobody' WHERE n = 6`)
	exact("an UPDATE", 6, nil)
	w.exec(db, `UPDATE log_entry SET actor = 'weber' WHERE n = 6`)
	w.ok(w.VerifyLog(ctx, points))

	w.exec(db, `UPDATE log_entry SET at = at + 1 WHERE n = 13`)
	exact("another time", 13, points)
	w.exec(db, `UPDATE log_entry SET at = at - 1 WHERE n = 13`)

	w.exec(db, `UPDATE log_hash SET hash = (SELECT hash FROM log_hash WHERE n = 0) WHERE n = 5`)
	within("a hash of an inner node", 2, 3, points)
	w.exec(db, `DELETE FROM log_hash WHERE n = 5`)
	within("a hash that is gone", 2, 3, points)
	w.ok(rebuild(ctx, db))
	w.ok(w.VerifyLog(ctx, points))

	// A forger who also rewrites all hashes is caught by a checkpoint.
	w.exec(db, `UPDATE log_entry SET actor = 'nobody' WHERE n = 14`)
	w.ok(rebuild(ctx, db))
	w.ok(w.VerifyLog(ctx, nil))
	w.ok(w.VerifyLog(ctx, [][]byte{early}))
	within("a rewritten log", 11, 19, points)
	w.exec(db, `UPDATE log_entry SET actor = 'weber' WHERE n = 14`)
	w.ok(rebuild(ctx, db))
	w.ok(w.VerifyLog(ctx, points))

	w.exec(db, `UPDATE log_entry SET n = 100 WHERE n = 19`)
	exact("an entry that moved", 19, nil)
	w.exec(db, `UPDATE log_entry SET n = 19 WHERE n = 100`)

	w.exec(db, `DELETE FROM log_entry WHERE n = 17`)
	exact("a DELETE in the middle", 17, nil)
	w.exec(db, `DELETE FROM log_entry WHERE n > 17`)
	exact("a cut without a checkpoint", 17, nil)
	w.ok(rebuild(ctx, db))
	w.ok(w.VerifyLog(ctx, nil))
	exact("a cut that took the hashes too", 17, points)

	// New entries after the cut do not hide it.
	w.log(8)
	within("a cut that was written over", 11, 19, points)
}

// rebuild makes the stored hashes anew from the entries, as a forger would: it
// gives the entries back to a second catalogue's worth of hashes.
func rebuild(ctx context.Context, db *sql.DB) error {
	return catalog.RewriteHashes(ctx, db)
}

func TestKeyFile(t *testing.T) {
	path := t.TempDir() + "/keys/log.key"
	open := func() string {
		c, err := catalog.Open(t.Context(), "sqlite:"+t.TempDir()+"/c.db", catalog.Options{KeyFile: path})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.VerifierKey()
	}
	first, second := open(), open()
	if first == "" || first != second {
		t.Errorf("the key is %q, then %q", first, second)
	}
}

func testProof(w *world) {
	ctx := w.Context()
	doc := w.letter("a", "Ein Brief.")
	w.letter("b", "Ein anderer.")
	w.ok(w.Log(ctx, catalog.Event{Kind: "viewed", Doc: doc.ID, Actor: "weber"}))
	p, err := w.Prove(ctx, doc.ID, func(kind string) bool { return kind != "viewed" })
	w.ok(err)
	if len(p.Entries) != 2 || p.Checkpoint == "" || p.Key != w.VerifierKey() || p.Size < 4 {
		w.Fatalf("proof is %+v", p)
	}
	for _, e := range p.Entries {
		if e.Event.Kind == "viewed" || len(e.Path) == 0 || !strings.Contains(e.Record, string(doc.ID)) {
			w.Errorf("entry is %+v", e)
		}
	}
	// What was altered is not proven.
	w.exec(w.raw(), `UPDATE log_entry SET actor = 'somebody' WHERE n = 0`)
	_, err = w.Prove(ctx, doc.ID, func(string) bool { return true })
	w.is(err, catalog.ErrTampered)
}
