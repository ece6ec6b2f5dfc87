package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"blattwerk/pipeline"
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
		ID: d.ID + ".undo", Document: doc.ID, Received: doc.Delivery.Received, At: d.Undone, By: d.UndoneBy,
		Kind: storage.AmendUndo, Undoes: d.ID, Department: d.Was.Department, Was: d.Department,
	})
}

// amendAll keeps beside the archive whatever was handed on lately: what a crash or
// a store that was away left undone.
func (h *house) amendAll(ctx context.Context) error {
	const lately = 30 * 24 * time.Hour
	deeds, err := h.rows.HandOns(ctx, time.Now().Add(-lately))
	if err != nil {
		return err
	}
	for _, d := range deeds {
		e, err := h.rows.Get(ctx, d.Doc)
		if err != nil {
			return err
		}
		if err := h.amend(ctx, e.Document, d); err != nil {
			return fmt.Errorf("keeping a hand-over beside the archive: %w", err)
		}
	}
	return nil
}

// amendments reads what was decided about letters after they were archived, in
// the order in which it was.
func (h *house) amendments(ctx context.Context) (map[pipeline.DocID][]storage.Amendment, error) {
	all := map[pipeline.DocID][]storage.Amendment{}
	err := h.archive.Amendments(ctx, func(am storage.Amendment) error {
		all[am.Document] = append(all[am.Document], am)
		return nil
	})
	for _, list := range all {
		slices.SortStableFunc(list, func(a, b storage.Amendment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	}
	return all, err
}

// amended is a letter as its amendments left it.
func amended(doc pipeline.Document, list []storage.Amendment) pipeline.Document {
	if len(list) == 0 || doc.Filing == nil {
		return doc
	}
	filing := *doc.Filing
	for _, am := range list {
		filing.Department = cmp.Or(am.Department, filing.Department)
	}
	doc.Filing = &filing
	return doc
}

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
