package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"blattwerk/pipeline"
	"blattwerk/storage"
	"blattwerk/storage/catalog"
)

// taxID belongs to nobody; it is a published example.
const taxID = "65929970489"

// TestMasksFollowTheLetter hands a letter with a tax number from the tax office to
// another department, rebuilds the catalogue from the archive, takes the hand-over
// back and rebuilds again: whoever has the letter finds what it may, no more and
// no less.
func TestMasksFollowTheLetter(t *testing.T) {
	data := t.TempDir()
	h := dataHouse(t, data)
	doc := archiveTaxLetter(t, h)
	check := func(when string, dept pipeline.DeptID, may bool) {
		t.Helper()
		for words, want := range map[string]bool{taxID: may, `"65 929 970 489"`: may, "Hundesteuer": true, "Bello": true} {
			hits, err := h.rows.Search(t.Context(), catalog.Query{Words: words, Filter: catalog.Filter{Departments: []pipeline.DeptID{dept}}})
			if err != nil || (hits.Total > 0) != want {
				t.Errorf("%s: %s finds %q %d times, %v", when, dept, words, hits.Total, err)
			}
			for _, hit := range hits.Hits {
				if !may {
					noNumber(t, when+": a hit", hit)
				}
			}
		}
		e, err := h.rows.Get(t.Context(), doc.ID)
		if err != nil || e.State != pipeline.Archived || e.Document.Filing.Department != dept {
			t.Fatalf("%s: the letter is %s, filed in %s, %v", when, e.State, e.Document.Filing.Department, err)
		}
		raw, err := json.Marshal(e.Document.Filing)
		if err != nil || strings.Contains(string(raw), taxID) != may {
			t.Errorf("%s: the filing is %s, %v", when, raw, err)
		}
		// What its department may know of a letter is no other filing: a letter that
		// comes to the archive again needs no amendment, and is no conflict.
		if _, err := h.archive.Step(t.Context(), e.Document, h.blobs); err != nil {
			t.Errorf("%s: archiving again: %v", when, err)
		}
		all, err := h.archive.Amendments(t.Context())
		if err != nil {
			t.Error(err)
		}
		for _, am := range all[doc.ID] {
			if am.Kind == storage.AmendFile {
				t.Errorf("%s: %s is said to have filed the letter anew", when, am.By)
			}
		}
	}
	rebuild := func() {
		t.Helper()
		if err := h.Close(); err != nil {
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
		h = dataHouse(t, data)
	}
	told := func(d catalog.Deed, err error) catalog.Deed {
		t.Helper()
		if err == nil {
			err = h.amend(t.Context(), doc, d)
		}
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	check("filed", "22", true)
	on := told(h.rows.Do(t.Context(), catalog.Deed{Doc: doc.ID, Kind: catalog.HandOn, Department: "32", By: "weber"}))
	check("handed on", "32", false)
	rebuild()
	check("handed on and rebuilt", "32", false)
	told(h.rows.Undo(t.Context(), on.ID, "weber"))
	check("taken back", "22", true)
	rebuild()
	check("taken back and rebuilt", "22", true)
}

// dataHouse opens the house of a data folder.
func dataHouse(t *testing.T, data string) *house {
	t.Helper()
	set, err := resolve(pflag.NewFlagSet("test", pflag.ContinueOnError), func(key string) string {
		return map[string]string{"BLATTWERK_DATA": data}[key]
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := openHouse(t.Context(), &call{set: set, program: program{}})
	if err != nil {
		t.Fatal(err)
	}
	h.log = slog.New(slog.DiscardHandler)
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// archiveTaxLetter archives a letter to the tax office as the steps would.
func archiveTaxLetter(t *testing.T, h *house) pipeline.Document {
	t.Helper()
	text := "Betreff: Abmeldung von der Hundesteuer, Steuer-ID " + taxID + "\n\nSehr geehrte Damen und Herren,\n\n" +
		"unser Hund Bello ist gestorben, ich möchte ihn von der Hundesteuer abmelden. Meine Steuer-ID ist 65 929 970 489.\n\nMit freundlichen Grüßen\nGeorg Thiel\n"
	pages := pipeline.FromPlainText(text)
	words, err := pipeline.PutJSON(t.Context(), h.blobs, pages[0])
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := h.blobs.Put(t.Context(), strings.NewReader("%PDF"))
	if err != nil {
		t.Fatal(err)
	}
	received := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	doc := pipeline.Document{
		ID:       "6f1d2c3b-0000-5000-8000-000000000001",
		Delivery: pipeline.Delivery{ID: "x", Journal: "2026-000001", Original: pdf, Media: "application/pdf", Received: received},
		Pages:    []pipeline.Page{{No: 1, WidthPt: 595, HeightPt: 842, Text: words.Digest}},
		PDF:      &pipeline.PDF{Blob: pdf, Check: pipeline.Validation{Valid: true, Flavour: "2u", At: received}},
	}
	room := newSorter(t)
	f := room.Classify(pages)
	doc.Filing = &f
	if !f.Sure || f.Department != "22" {
		t.Fatalf("the machine files it as %+v", f)
	}
	if doc, err = h.archive.Step(t.Context(), doc, h.blobs); err != nil {
		t.Fatal(err)
	}
	if err := h.rows.Restore(t.Context(), doc, maskAll(pages, doc)); err != nil {
		t.Fatal(err)
	}
	return doc
}
