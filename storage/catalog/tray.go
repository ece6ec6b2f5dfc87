package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"blattwerk/pipeline"
)

// ErrWentOn says that a decision cannot be taken back: the document has gone on
// with it, or somebody decided anew.
var ErrWentOn = errors.New("the document has gone on")

// Waiting lists the review tray, the longest waiting first, behind the place
// after; "" is its begin.
func (c *Catalog) Waiting(ctx context.Context, after Cursor, limit int) ([]Entry, error) {
	var w where
	w.add(`d.state = ?`, string(pipeline.Waiting))
	if after != "" {
		at, id, err := after.parts(1)
		if err != nil {
			return nil, err
		}
		w.add(`(d.received > ? OR (d.received = ? AND d.id > ?))`, at[0], at[0], id)
	}
	return c.entries(ctx, `SELECT `+entryColumns+` FROM document d`+w.String()+
		` ORDER BY d.received, d.id LIMIT `+w.arg(Filter{Limit: limit}.limit()), w.args)
}

// Place is where a document stands in a list.
func (e Entry) Place() Cursor {
	return makeCursor(strconv.FormatInt(millis(e.Received), 10), string(e.Document.ID))
}

// Held counts the review tray.
func (c *Catalog) Held(ctx context.Context) (int, error) {
	var n int
	if err := c.read.QueryRowContext(ctx, `SELECT count(*) FROM document WHERE state = 'waiting'`).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting the review tray: %w", err)
	}
	return n, nil
}

// before is what a decision changes, as it was.
type before struct {
	State  pipeline.State    `json:"state"`
	Step   pipeline.StepName `json:"step"`
	Fault  *pipeline.Fault   `json:"fault,omitempty"`
	Filing *pipeline.Filing  `json:"filing,omitempty"`
	Work   Work              `json:"work,omitzero"`
}

func beforeOf(ctx context.Context, tx *sql.Tx, e Entry) (string, error) {
	work, err := workOf(ctx, tx, e.Document)
	if err != nil {
		return "", err
	}
	work.Department = "" // stands in the filing
	return encode(before{State: e.State, Step: e.Step, Fault: e.Fault, Filing: e.Document.Filing, Work: work})
}

// Undecide takes a decision back, in a new generation: the document stands where
// it stood before. That is possible while it waits out its [Decision].Grace and
// nobody has begun to work on it; else the answer is [ErrWentOn]. gen is the
// generation that the decision began. Both the decision and its taking back stay
// in the evidence; the list of decisions, from which the classifier learns,
// forgets it.
func (c *Catalog) Undecide(ctx context.Context, id pipeline.DocID, gen int, by string) error {
	if by == "" {
		return errors.New("taking back a decision: who asks")
	}
	return c.change(ctx, "taking back a decision", func(tx *sql.Tx) error {
		e, n, err := c.take(ctx, tx, id)
		if err != nil {
			return err
		}
		if e.State != pipeline.Working || e.Gen != gen || e.Owner != "" || e.Attempt > 0 {
			return ErrWentOn
		}
		var was string
		err = tx.QueryRowContext(ctx, `DELETE FROM decision WHERE doc = $1 AND gen = $2 AND was <> '' RETURNING was`, string(id), gen).Scan(&was)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrWentOn
		}
		if err != nil {
			return err
		}
		var b before
		if err := json.Unmarshal([]byte(was), &b); err != nil {
			return fmt.Errorf("decoding what was before: %w", err)
		}
		doc := e.Document
		doc.Filing = b.Filing
		if b.Work != (Work{}) {
			if err := writeTask(ctx, tx, id, b.Work); err != nil {
				return err
			}
		}
		if err := c.restand(ctx, tx, n, e, doc, b); err != nil {
			return err
		}
		ev, err := c.event("undecided", id, by, struct {
			Gen int `json:"gen"`
		}{gen})
		if err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
}

// restand writes a document as it stood before.
func (c *Catalog) restand(ctx context.Context, tx *sql.Tx, n int64, e Entry, doc pipeline.Document, b before) error {
	body, err := encode(doc)
	if err != nil {
		return err
	}
	fault := ""
	if b.Fault != nil {
		if fault, err = encode(b.Fault); err != nil {
			return err
		}
	}
	dept, typ := filed(doc)
	_, err = tx.ExecContext(ctx, `UPDATE document SET state = $2, step = $3, gen = $4, due = $5, changed = $5,
			attempt = 0, crashes = 0, owner = '', lease = 0, fault = $6, body = $7, department = $8, doctype = $9
		WHERE id = $1`, string(doc.ID), string(b.State), string(b.Step), e.Gen+1, c.now(), fault, body, dept, typ)
	if err != nil {
		return fmt.Errorf("putting the document back: %w", err)
	}
	return c.reindex(ctx, tx, n, e.Document, doc, nil)
}

// SendBack puts an archived document into the review tray: a department says that
// it is not theirs. What is kept in the archive stays as it is until a person has
// decided anew ([Catalog.Decide]). why tells the mailroom; it is kept with the
// document, not in the evidence. Documents that are not archived answer
// [ErrNotWaiting].
func (c *Catalog) SendBack(ctx context.Context, id pipeline.DocID, by string, why *pipeline.Fault, resume pipeline.StepName) error {
	if by == "" || why == nil || resume == "" {
		return errors.New("sending a document back: who, why, and where it goes on")
	}
	fault, err := encode(why)
	if err != nil {
		return err
	}
	return c.change(ctx, "sending a document back", func(tx *sql.Tx) error {
		e, _, err := c.take(ctx, tx, id)
		if err != nil {
			return err
		}
		if e.State != pipeline.Archived {
			return fmt.Errorf("document is %s: %w", e.State, ErrNotWaiting)
		}
		_, err = tx.ExecContext(ctx, `UPDATE document SET state = 'waiting', step = $2, gen = $3, changed = $4, fault = $5
			WHERE id = $1`, string(id), string(resume), e.Gen+1, c.now(), fault)
		if err != nil {
			return fmt.Errorf("putting the document into the tray: %w", err)
		}
		dept, typ := filed(e.Document)
		ev, err := c.event("sent-back", id, by, struct {
			Department string `json:"department"`
			Type       string `json:"type"`
			Gen        int    `json:"gen"`
		}{dept, typ, e.Gen + 1})
		if err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
}
