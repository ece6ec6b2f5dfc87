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

// amend keeps beside the archive that a letter was handed on, and, if so, that
// this was taken back. Doing it again changes nothing.
func (h *house) amend(ctx context.Context, doc pipeline.Document, d catalog.Deed) error {
	am := storage.Amendment{
		ID: d.ID, Document: doc.ID, Received: doc.Delivery.Received, At: d.At, By: d.By, Kind: storage.AmendHandOn,
		Department: d.Department, Was: d.Was.Department, Note: d.Note,
	}
	if err := h.archive.Amend(ctx, am); err != nil {
		return err
	}
	if d.Undone.IsZero() {
		return nil
	}
	return h.archive.Amend(ctx, storage.Amendment{
		ID: d.ID + undoSuffix, Document: doc.ID, Received: doc.Delivery.Received, At: d.Undone, By: d.UndoneBy,
		Kind: storage.AmendUndo, Undoes: d.ID, Department: d.Was.Department, Was: d.Department,
	})
}

// amendAll keeps beside the archive whatever was handed on lately: what a crash or
// a store that was away left undone. A letter that cannot be amended holds none of
// the others up.
func (h *house) amendAll(ctx context.Context) error {
	const lately = 30 * 24 * time.Hour
	deeds, err := h.rows.HandOns(ctx, time.Now().Add(-lately))
	if err != nil {
		return err
	}
	var failed error
	for _, d := range deeds {
		e, err := h.rows.Get(ctx, d.Doc)
		if err == nil {
			err = h.amend(ctx, e.Document, d)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("keeping a hand-over of %s beside the archive: %w", d.Doc, err))
		}
	}
	return failed
}

// verifyAmendments holds the catalogue against the archive: every hand-over that
// upkeep had time to keep there has to be there. Letters that were filed anew name
// their amendments among their files.
func (h *house) verifyAmendments(ctx context.Context, report func(where, what string)) error {
	all, err := h.archive.Amendments(ctx)
	if damage := (*storage.DamageError)(nil); err != nil && !errors.As(err, &damage) { // the archive's own check tells of damage
		return err
	}
	kept := map[string]bool{}
	for _, list := range all {
		for _, am := range list {
			kept[am.ID] = true
		}
	}
	deeds, err := h.rows.HandOns(ctx, time.Time{})
	if err != nil {
		return err
	}
	const upkeep = 2 * time.Hour
	for _, d := range deeds {
		if !kept[d.ID] && time.Since(d.At) > upkeep || !d.Undone.IsZero() && !kept[d.ID+undoSuffix] && time.Since(d.Undone) > upkeep {
			report(string(d.Doc), "handed on by "+d.By+" on "+d.At.Format(time.DateOnly)+", but no amendment beside the archive says so")
		}
	}
	return nil
}

// undoSuffix makes the name of an amendment that takes back a hand-over.
const undoSuffix = ".undo"

// recall writes back into the catalogue what the amendments of a letter tell.
func (h *house) recall(ctx context.Context, list []storage.Amendment) error {
	undone := map[string]storage.Amendment{}
	for _, am := range list {
		if am.Kind == storage.AmendUndo {
			undone[am.Undoes] = am
		}
	}
	for _, am := range list {
		if am.Kind != storage.AmendHandOn {
			continue
		}
		u := undone[am.ID]
		err := h.rows.Recall(ctx, catalog.Deed{
			ID: am.ID, Doc: am.Document, Kind: catalog.HandOn, By: am.By, At: am.At, Department: am.Department, Note: am.Note,
			Was: catalog.Work{Department: am.Was}, Undone: u.At, UndoneBy: u.By,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
