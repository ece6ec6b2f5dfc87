package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"blattwerk/pipeline"
)

// UndoRearrange puts everything back as it was before a [Catalog.Rearrange]:
// pages, state, and what was read and guessed; documents that it made are left
// without pages. It answers [ErrStale] if a person did something with one of
// them since, [ErrKept] if one is archived by now, [ErrNoUndo] if it was undone
// already or longer ago than [UndoFor].
func (c *Catalog) UndoRearrange(ctx context.Context, by, undo string) ([]Bell, error) {
	if by == "" {
		return nil, fmt.Errorf("undoing: %w", ErrNobody)
	}
	var bells []Bell
	err := c.change(ctx, "undoing an arrangement", func(tx *sql.Tx) error {
		bells = nil
		if err := c.dialect.lock(ctx, tx, lockIntake); err != nil {
			return err
		}
		var body string
		err := tx.QueryRowContext(ctx, `UPDATE arrangement SET undone = $2
			WHERE id = $1 AND undone = 0 AND at > $3 RETURNING body`, clean(undo), c.now(), c.undoSince()).Scan(&body)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoUndo
		}
		if err != nil {
			return err
		}
		var steps []undoStep
		if err := json.Unmarshal([]byte(body), &steps); err != nil {
			return fmt.Errorf("decoding what was before: %w", err)
		}
		slices.SortFunc(steps, func(a, b undoStep) int { return cmp.Compare(a.Doc, b.Doc) })
		var events []Event
		for _, s := range steps {
			bell, err := c.undoOne(ctx, tx, s)
			if err != nil {
				return err
			}
			if bell.Step != "" {
				bells = append(bells, bell)
			}
			ev, err := c.event("rearrange-undone", s.Doc, by, struct {
				Undo string `json:"undo"`
			}{undo})
			if err != nil {
				return err
			}
			events = append(events, ev)
		}
		return c.appendAll(ctx, tx, events)
	})
	return bells, err
}

func (c *Catalog) undoSince() int64 { return c.now() - UndoFor.Milliseconds() }

// undoReferences calls each with the blobs that undoing may need.
func (c *Catalog) undoReferences(ctx context.Context, each func(pipeline.Digest) error) error {
	bodies, err := strs(ctx, c.read, `SELECT body FROM arrangement WHERE undone = 0 AND at > $1`, c.undoSince())
	if err != nil {
		return fmt.Errorf("listing what undoing needs: %w", err)
	}
	for _, body := range bodies {
		var steps []undoStep
		if err := json.Unmarshal([]byte(body), &steps); err != nil {
			return fmt.Errorf("decoding what was before: %w", err)
		}
		for _, s := range steps {
			if s.New {
				continue
			}
			for _, d := range references(s.Before) {
				if err := each(d); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// undoOne puts one document back. The bell has no step if there is nothing to do.
func (c *Catalog) undoOne(ctx context.Context, tx *sql.Tx, s undoStep) (Bell, error) {
	e, _, err := c.take(ctx, tx, s.Doc)
	switch {
	case err != nil:
		return Bell{}, err
	case e.State == pipeline.Archived || e.Document.Record != nil:
		return Bell{}, ErrKept
	case e.Gen != s.Gen:
		return Bell{}, ErrStale
	}
	doc, state, step, why := s.Before, s.State, s.Step, s.Fault
	if s.New {
		doc, state, step, why = e.Document, pipeline.Refused, e.Step, errNoPages
		doc.Pages, doc.Aside, doc.PDF, doc.Filing, doc.Remarks = nil, nil, nil, nil, nil
	}
	bell, err := c.replace(ctx, tx, e, doc, state, step, why, 0)
	if state != pipeline.Working {
		bell.Step = ""
	}
	return bell, err
}
