package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blattwerk/storage/catalog"
)

// TestWorkOutlivesTheCatalogue works on a letter, lets upkeep tell the archive,
// loses the catalogue and builds it anew: notes, deadline, assignment and what is
// done are there again. What was taken back in time never reached the archive, and
// an amendment that is taken away is missed.
func TestWorkOutlivesTheCatalogue(t *testing.T) {
	data := t.TempDir()
	h := dataHouse(t, data)
	doc := archiveTaxLetter(t, h)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now().Add(-2 * time.Hour).Truncate(time.Millisecond)
	do := func(d catalog.Deed) catalog.Deed {
		t.Helper()
		at = at.Add(time.Minute)
		d.Doc, d.By, d.At = doc.ID, "weber", at
		out, err := h.rows.Do(t.Context(), d)
		ok(err)
		return out
	}
	day := time.Date(2027, 3, 5, 0, 0, 0, 0, time.UTC)
	do(catalog.Deed{Kind: catalog.Assign, Assignee: "kaya"})
	do(catalog.Deed{Kind: catalog.Note, Note: "Rückfrage bei Frau Öztürk – „eilt“"})
	do(catalog.Deed{Kind: catalog.Due, Due: day})
	do(catalog.Deed{Kind: catalog.Done})
	do(catalog.Deed{Kind: catalog.Reopen})
	at = time.Now()
	slip := do(catalog.Deed{Kind: catalog.Note, Note: "Falscher Brief, Geheimnis"})
	_, err := h.rows.Undo(t.Context(), slip.ID, "weber")
	ok(err)
	fresh := do(catalog.Deed{Kind: catalog.Note, Note: "Noch zurückzunehmen"})
	amendments := func() []string {
		t.Helper()
		list, err := filepath.Glob(filepath.Join(data, "store", "amendments", "*", "*", string(doc.ID), "*.json"))
		ok(err)
		return list
	}
	for range 2 { // the second time changes nothing
		ok(h.amendAll(t.Context()))
		if list := amendments(); len(list) != 5 {
			t.Fatalf("the archive was told of %q", list)
		}
	}
	for _, file := range amendments() {
		raw, err := os.ReadFile(file)
		ok(err)
		if strings.Contains(string(raw), "Geheimnis") || strings.Contains(string(raw), fresh.Note) {
			t.Errorf("what can be taken back is in the archive: %s", raw)
		}
	}
	was, deeds, err := h.rows.Deeds(t.Context(), doc.ID)
	ok(err)
	ok(h.Close())
	for _, f := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm"} {
		if err := os.Remove(filepath.Join(data, f)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if r := blattwerk(t, data, "reindex"); r.code != exitDone {
		t.Fatalf("reindex ends with %d: %s%s", r.code, r.out, r.err)
	}
	h = dataHouse(t, data)
	is, back, err := h.rows.Deeds(t.Context(), doc.ID)
	ok(err)
	if is.Assignee != was.Assignee || !is.Due.Equal(was.Due) || !is.Done.Equal(was.Done) || is.Department != was.Department || is.Assignee != "kaya" || !is.Due.Equal(day) {
		t.Errorf("the work was %+v and is %+v", was, is)
	}
	for i, d := range back {
		if d.ID != deeds[i].ID || d.Note != deeds[i].Note || !d.At.Equal(deeds[i].At) || d.By != deeds[i].By || d.Kind != deeds[i].Kind {
			t.Errorf("deed %d was %+v and is %+v", i, deeds[i], d)
		}
	}
	if len(back) != 5 {
		t.Errorf("%d deeds came back", len(back))
	}
	ok(h.amendAll(t.Context())) // and nothing is told twice
	ok(h.Close())
	if r := blattwerk(t, data, "verify"); r.code != exitDone || len(amendments()) != 5 {
		t.Errorf("verify ends with %d: %s%s", r.code, r.out, r.err)
	}
	ok(os.Remove(amendments()[4]))
	if r := blattwerk(t, data, "verify"); r.code != exitDamage || !strings.Contains(r.out, "no amendment beside the archive") {
		t.Errorf("without an amendment verify ends with %d: %s", r.code, r.out)
	}
}
