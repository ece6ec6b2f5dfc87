package storage_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"blattwerk/storage"
)

func TestAmendments(t *testing.T) {
	dir, err := storage.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := storage.NewArchive(dir, storage.ArchiveOptions{})
	received := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	first := storage.Amendment{ID: "0197-1", Document: "doc-a", Received: received, At: received.Add(time.Hour), By: "weber", Kind: storage.AmendHandOn, Department: "63", Was: "32", Note: "Bitte übernehmen"}
	second := storage.Amendment{ID: "0197-2", Document: "doc-a", Received: received, At: received.Add(2 * time.Hour), By: "weber", Kind: storage.AmendUndo, Undoes: "0197-1"}
	for _, am := range []storage.Amendment{second, first, first} {
		if err := a.Amend(t.Context(), am); err != nil {
			t.Fatal(err)
		}
	}
	other := first
	other.Department = "20"
	if err := a.Amend(t.Context(), other); !errors.Is(err, storage.ErrExists) {
		t.Errorf("another amendment under the same ID gives %v", err)
	}
	for _, bad := range []storage.Amendment{{ID: "../x", Document: "doc", Received: received}, {ID: "x", Document: "a/b", Received: received}, {ID: "x", Document: "doc"}} {
		if err := a.Amend(t.Context(), bad); err == nil {
			t.Errorf("%+v was kept", bad)
		}
	}
	var ids []string
	walk := func(am storage.Amendment) error {
		ids = append(ids, am.ID+am.Kind+string(am.Department)+am.Note)
		return nil
	}
	if err := a.Amendments(t.Context(), walk); err != nil || len(ids) != 2 || ids[0] != "0197-1hand-on63Bitte übernehmen" || ids[1] != "0197-2undo" {
		t.Errorf("amendments are %q, %v", ids, err)
	}
	// Amendments do not disturb the archive's own check.
	if sum, err := a.Verify(t.Context(), func(p storage.Problem) error { t.Error(p); return nil }); err != nil || sum.Problems != 0 {
		t.Errorf("verify: %+v, %v", sum, err)
	}
	if _, err := dir.Put(t.Context(), "amendments/2026/03/doc-a/0197-3.json", strings.NewReader("{}"), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	var damage *storage.DamageError
	if err := a.Amendments(t.Context(), walk); !errors.As(err, &damage) || len(damage.Keys) != 1 {
		t.Errorf("a damaged amendment gives %v", err)
	}
}
