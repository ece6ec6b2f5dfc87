package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/storage"
	"blattwerk/storage/catalog"
	"blattwerk/workers"
)

// words gives the words of a letter's pages, in the order of its pages: from the
// archive, or, before it is archived, from what the steps left.
func (h *house) words(ctx context.Context, doc pipeline.Document) ([]pipeline.PageText, error) {
	if doc.Record == nil {
		return workers.Texts(ctx, h.blobs, doc)
	}
	texts := make([]pipeline.PageText, len(doc.Pages))
	err := h.archive.Words(ctx, *doc.Record, func(no int, text pipeline.PageText) error {
		if i := slices.IndexFunc(doc.Pages, func(p pipeline.Page) bool { return p.No == no }); i >= 0 {
			texts[i] = text
		}
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return texts, nil // nothing was recognised
	}
	return texts, err
}

// masked gives what the department of an archived letter's filing may find of it.
// It starts from what the archive has, not from what another department was
// allowed, so that a letter which comes back is found as before.
func (h *house) masked(ctx context.Context, doc pipeline.Document) ([]pipeline.Field, []pipeline.PageText, error) {
	filing, err := h.archive.Filing(ctx, doc)
	if err != nil {
		return nil, nil, storage.Fault(err)
	}
	texts, err := h.words(ctx, doc)
	if err != nil {
		return nil, nil, storage.Fault(err)
	}
	return classify.MaskFields(filing.Fields, doc.Filing.Department), maskAll(texts, doc), nil
}

// amend keeps beside the archive what a person did with a letter, and, if so, that
// this was taken back. Doing it again changes nothing.
func (h *house) amend(ctx context.Context, doc pipeline.Document, d catalog.Deed) error {
	am := storage.Amendment{
		ID: d.ID, Document: doc.ID, Received: doc.Delivery.Received, At: d.At, By: d.By, Kind: string(d.Kind),
		Assignee: d.Assignee, Due: d.Due, Note: d.Note,
	}
	if d.Kind == catalog.HandOn {
		am.Department, am.Was = d.Department, d.Was.Department
	}
	if err := h.archive.Amend(ctx, am); err != nil {
		return err
	}
	if !d.Undone.IsZero() {
		undo := storage.Amendment{
			ID: d.ID + undoSuffix, Document: doc.ID, Received: doc.Delivery.Received, At: d.Undone, By: d.UndoneBy,
			Kind: storage.AmendUndo, Undoes: d.ID, Department: am.Was, Was: am.Department,
		}
		if err := h.archive.Amend(ctx, undo); err != nil {
			return err
		}
	}
	return h.rows.KeepDeed(ctx, d)
}

// amendAll keeps beside the archive what people did with letters and the archive
// was not told yet. Handing on decides who sees a letter: it is told at once, and
// here only what a crash or a store that was away left undone. All else waits until
// it cannot be taken back any more: a note at the wrong letter that was taken back
// in time never reaches a store that could not forget it. A letter that cannot be
// amended holds none of the others up.
func (h *house) amendAll(ctx context.Context) error {
	var failed error
	err := h.rows.EachDeed(ctx, true, func(d catalog.Deed) error {
		if d.Kind != catalog.HandOn && !d.Undone.IsZero() {
			return h.rows.KeepDeed(ctx, d) // as if it had never been done
		}
		e, err := h.rows.Get(ctx, d.Doc)
		if err == nil {
			err = h.amend(ctx, e.Document, d)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("keeping beside the archive what was done with %s: %w", d.Doc, err))
		}
		return nil
	})
	return errors.Join(err, failed)
}

// verifyAmendments holds the catalogue against the archive: what the archive was
// told of has to be there, and so does every hand-over that upkeep had time for.
// Letters that were filed anew name their amendments among their files.
func (h *house) verifyAmendments(ctx context.Context, report func(where, what string)) error {
	there := map[string]bool{}
	err := h.archive.EachAmendment(ctx, func(am storage.Amendment) error {
		there[am.ID] = true
		return nil
	})
	if damage := (*storage.DamageError)(nil); err != nil && !errors.As(err, &damage) { // the archive's own check tells of damage
		return err
	}
	const upkeep = 2 * time.Hour
	return h.rows.EachDeed(ctx, false, func(d catalog.Deed) error {
		done, undone := d.Kept, d.Kept && !d.Undone.IsZero()
		if d.Kind == catalog.HandOn {
			done, undone = done || time.Since(d.At) > upkeep, undone || !d.Undone.IsZero() && time.Since(d.Undone) > upkeep
		} else if undone {
			done, undone = false, false // the archive never heard of it
		}
		if done && !there[d.ID] || undone && !there[d.ID+undoSuffix] {
			report(string(d.Doc), string(d.Kind)+" by "+d.By+" on "+d.At.Format(time.DateOnly)+", but no amendment beside the archive says so")
		}
		return nil
	})
}

// undoSuffix makes the name of an amendment that takes back a deed.
const undoSuffix = ".undo"

// recall writes back into the catalogue what the amendments of a letter tell.
func (h *house) recall(ctx context.Context, id pipeline.DocID, list []storage.Amendment) error {
	undone := map[string]storage.Amendment{}
	for _, am := range list {
		if am.Kind == storage.AmendUndo {
			undone[am.Undoes] = am
		}
	}
	var deeds []catalog.Deed
	var moved []time.Time
	for _, am := range list {
		switch am.Kind {
		case storage.AmendFile:
			if am.Department != am.Was {
				moved = append(moved, am.At)
			}
		case storage.AmendHandOn, storage.AmendAssign, storage.AmendNote, storage.AmendDue, storage.AmendDone, storage.AmendReopen:
			u := undone[am.ID]
			deeds = append(deeds, catalog.Deed{
				ID: am.ID, Doc: id, Kind: catalog.DeedKind(am.Kind), By: am.By, At: am.At, Assignee: am.Assignee, Due: am.Due,
				Department: am.Department, Note: am.Note, Was: catalog.Work{Department: am.Was}, Undone: u.At, UndoneBy: u.By,
			})
		}
	}
	if len(deeds) == 0 {
		return nil
	}
	return h.rows.Recall(ctx, id, deeds, moved)
}
