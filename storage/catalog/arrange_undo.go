package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

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
		var delivery, body string
		err := tx.QueryRowContext(ctx, `UPDATE arrangement SET undone = $2
			WHERE id = $1 AND undone = 0 AND at > $3 RETURNING delivery, body`, clean(undo), c.now(), c.undoSince()).Scan(&delivery, &body)
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
		if err := c.stepBack(ctx, tx, delivery, steps); err != nil {
			return err
		}
		return c.appendAll(ctx, tx, events)
	})
	return bells, err
}

// stepBack makes what was done before an arrangement that was undone the last that
// was done again, so that it can be undone in turn.
func (c *Catalog) stepBack(ctx context.Context, tx *sql.Tx, delivery string, undone []undoStep) error {
	older, err := c.arrangements(ctx, tx, pipeline.DeliveryID(delivery), mostUndone)
	if err != nil {
		return err
	}
	for _, a := range older {
		changed := false
		for i, step := range a.steps {
			for _, s := range undone {
				if step.Doc == s.Doc && step.Gen == s.from() { // as it was when the undone one was made
					from := step.from()
					a.steps[i].From, a.steps[i].Gen, changed = &from, s.Gen+1, true
				}
			}
		}
		if !changed {
			continue
		}
		body, err := encode(a.steps)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE arrangement SET body = $2 WHERE id = $1`, a.ID, body); err != nil {
			return fmt.Errorf("stepping back: %w", err)
		}
	}
	return nil
}

// mostUndone is how many arrangements of a stack can be undone in turn.
const mostUndone = 100

// Arrangement is what somebody did with the pages of a delivery.
type Arrangement struct {
	ID    string // [Catalog.UndoRearrange] takes it
	By    string
	At    time.Time
	steps []undoStep
}

// arrangements are those of a delivery that were not undone and are not too long
// ago, the newest first, at most as many as asked for. Each holds whole letters.
func (c *Catalog) arrangements(ctx context.Context, q querier, id pipeline.DeliveryID, most int) ([]Arrangement, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, author, at, body FROM arrangement
		WHERE delivery = $1 AND undone = 0 AND at > $2 ORDER BY at DESC, id DESC LIMIT $3`, string(id), c.undoSince(), most)
	if err != nil {
		return nil, fmt.Errorf("listing what was arranged: %w", err)
	}
	defer rows.Close()
	var list []Arrangement
	for rows.Next() {
		var a Arrangement
		var at int64
		var body string
		if err := rows.Scan(&a.ID, &a.By, &at, &body); err != nil {
			return nil, fmt.Errorf("listing what was arranged: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &a.steps); err != nil {
			return nil, fmt.Errorf("decoding what was before: %w", err)
		}
		a.At = fromMillis(at)
		list = append(list, a)
	}
	return list, rows.Err()
}

// LastArrangement gives what was done last with the pages of a delivery, if it can
// be undone; else [ErrNoUndo].
func (c *Catalog) LastArrangement(ctx context.Context, id pipeline.DeliveryID) (Arrangement, error) {
	list, err := c.arrangements(ctx, c.read, id, 1)
	if err != nil {
		return Arrangement{}, err
	}
	if len(list) == 0 {
		return Arrangement{}, ErrNoUndo
	}
	for _, s := range list[0].steps {
		e, err := get(ctx, c.read, s.Doc)
		if err != nil {
			return Arrangement{}, err
		}
		if e.Gen != s.Gen || e.State == pipeline.Archived || e.Document.Record != nil {
			return Arrangement{}, ErrNoUndo
		}
	}
	return list[0], nil
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
