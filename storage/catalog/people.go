package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"blattwerk/pipeline"
)

// Decision is a person's word on where a document belongs.
type Decision struct {
	Type       pipeline.TypeCode
	Department pipeline.DeptID
	By         string // account, never empty
	Note       string // for colleagues; kept with the decision, not in the evidence
	// What the taxonomy says about the type. Where the type changes, these replace
	// what the machine had filled in for its own guess.
	Protection string
	Handling   string
	RetainFor  pipeline.Retention
	Set        []pipeline.SetField // values that the person gave or took away
	Fields     []pipeline.Field    // all fields as they are then, Set among them; nil puts Set into what was read
	Grace      time.Duration       // how long the document waits before it goes on, to be taken back by [Catalog.Undecide]
	At         time.Time           // filled in by the catalogue
}

// Decide writes a person's filing as a new fact, with author and time, and
// sends the document on at the step resume, in a new generation. The document
// is waiting, or archived (a letter in the wrong tray is sent back). Anything
// else answers [ErrNotWaiting].
func (c *Catalog) Decide(ctx context.Context, id pipeline.DocID, dec Decision, resume pipeline.StepName) (Bell, error) {
	if dec.By == "" || dec.Department == "" || dec.Type == "" || resume == "" {
		return Bell{}, errors.New("deciding: a decision needs its author, a department, a type and a step to go on at")
	}
	var bell Bell
	err := c.change(ctx, "deciding", func(tx *sql.Tx) error {
		e, n, err := c.take(ctx, tx, id)
		if err != nil {
			return err
		}
		if e.State != pipeline.Waiting && e.State != pipeline.Archived {
			return fmt.Errorf("document is %s: %w", e.State, ErrNotWaiting)
		}
		before := e.Document
		was, err := beforeOf(ctx, tx, e)
		if err != nil {
			return err
		}
		e.Document.Filing = decided(before.Filing, dec)
		if before.Filing != nil && before.Filing.Department != dec.Department {
			// To the other department the letter is new, as one that was handed on.
			if err := writeTask(ctx, tx, id, Work{}); err != nil {
				return err
			}
		}
		if bell, err = c.resume(ctx, tx, e, resume); err != nil {
			return err
		}
		if dec.Grace > 0 {
			bell.Due = bell.Due.Add(min(dec.Grace, MaxWait))
			if _, err := tx.ExecContext(ctx, `UPDATE document SET due = $2 WHERE id = $1`, string(id), millis(bell.Due)); err != nil {
				return fmt.Errorf("giving the decision its grace: %w", err)
			}
		}
		set, err := encodeFields(dec.Set)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO decision (doc, gen, at, author, department, doctype, note, fields, was)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			string(id), bell.Gen, c.now(), clean(dec.By), string(dec.Department), string(dec.Type), clean(dec.Note), set, was)
		if err != nil {
			return fmt.Errorf("writing the decision: %w", err)
		}
		if err := c.reindex(ctx, tx, n, before, e.Document, nil); err != nil {
			return err
		}
		wasDept, wasType := filed(before)
		ev, err := c.event("decided", id, dec.By, struct {
			Department pipeline.DeptID   `json:"department"`
			Type       pipeline.TypeCode `json:"type"`
			Was        string            `json:"was,omitempty"`
			WasType    string            `json:"wasType,omitempty"`
			Resume     pipeline.StepName `json:"resume"`
			Gen        int               `json:"gen"`
		}{dec.Department, dec.Type, wasDept, wasType, resume, bell.Gen})
		if err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
	return bell, err
}

// decided is a filing as a person decided it: candidates and fields of the
// machine stay, its guess does not.
func decided(f *pipeline.Filing, dec Decision) *pipeline.Filing {
	var out pipeline.Filing
	if f != nil {
		out = *f
	}
	if out.Type != dec.Type {
		out.Protection, out.Handling, out.RetainFor = dec.Protection, dec.Handling, dec.RetainFor
	}
	out.Department, out.Type, out.DecidedBy = dec.Department, dec.Type, dec.By
	out.Confidence, out.Sure, out.Doubts = 1, true, nil
	if dec.Fields != nil {
		out.Fields = dec.Fields
		return &out
	}
	for _, set := range dec.Set {
		out.Fields = setField(out.Fields, set, f)
	}
	return &out
}

// setField puts a person's value in place of all readings of a field, at the place
// where the machine doubted it or had found it.
func setField(fields []pipeline.Field, set pipeline.SetField, before *pipeline.Filing) []pipeline.Field {
	said := pipeline.Field{Name: set.Name, Value: clean(set.Value), Confidence: 1, Page: 1}
	if before != nil {
		for _, f := range before.Fields {
			if f.Name == set.Name {
				said.Page, said.Box = f.Page, f.Box
				break
			}
		}
		for _, d := range before.Doubts {
			if d.Field == set.Name {
				said.Page, said.Box = d.Page, d.Box
			}
		}
	}
	fields = slices.DeleteFunc(slices.Clone(fields), func(f pipeline.Field) bool { return f.Name == set.Name })
	if said.Value == "" {
		return fields
	}
	return append(fields, said)
}

// encodeFields is how a decision keeps what a person said about fields; "" is
// nothing.
func encodeFields(fields []pipeline.SetField) (string, error) {
	if len(fields) == 0 {
		return "", nil
	}
	for _, f := range fields {
		if f.Name == "" {
			return "", errors.New("a field has no name")
		}
	}
	return encode(fields)
}

// Retry sends a waiting or refused document on its way again from a step, in a
// new generation. Anything else answers [ErrNotWaiting]. What is archived already
// is not made anew: such a document goes on at the step that it waits before.
func (c *Catalog) Retry(ctx context.Context, id pipeline.DocID, from pipeline.StepName, by string) (Bell, error) {
	if by == "" || from == "" {
		return Bell{}, errors.New("retrying: who asks, and from which step")
	}
	var bell Bell
	err := c.change(ctx, "retrying", func(tx *sql.Tx) error {
		e, _, err := c.take(ctx, tx, id)
		if err != nil {
			return err
		}
		if e.State != pipeline.Waiting && e.State != pipeline.Refused {
			return fmt.Errorf("document is %s: %w", e.State, ErrNotWaiting)
		}
		if emptied(e) {
			return fmt.Errorf("all pages of the document are in others: %w", ErrNotWaiting)
		}
		step := from
		if e.Document.Record != nil {
			step = e.Step
		}
		if bell, err = c.resume(ctx, tx, e, step); err != nil {
			return err
		}
		ev, err := c.event("retried", id, by, struct {
			Was  pipeline.State    `json:"was"`
			From pipeline.StepName `json:"from"`
			Gen  int               `json:"gen"`
		}{e.State, step, bell.Gen})
		if err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
	return bell, err
}

// Unlock sends a document that waits for a password on its way again from a step,
// with a copy that opens without one. It answers [ErrNotWaiting] if the document
// is not in generation gen any more or waits for something else. The password
// itself is no business of the catalogue's.
func (c *Catalog) Unlock(ctx context.Context, id pipeline.DocID, gen int, unlocked pipeline.Blob, from pipeline.StepName, by string) (Bell, error) {
	if by == "" || from == "" || unlocked.Digest == "" {
		return Bell{}, errors.New("unlocking: who unlocks, which copy, and from which step")
	}
	var bell Bell
	err := c.change(ctx, "unlocking", func(tx *sql.Tx) error {
		e, _, err := c.take(ctx, tx, id)
		if err != nil {
			return err
		}
		if e.State != pipeline.Waiting || e.Gen != gen || e.Fault == nil || e.Fault.Code != FaultEncrypted {
			return fmt.Errorf("document is %s in generation %d: %w", e.State, e.Gen, ErrNotWaiting)
		}
		e.Document.Source = &pipeline.Findings{Unlocked: unlocked}
		if bell, err = c.resume(ctx, tx, e, from); err != nil {
			return err
		}
		ev, err := c.event("unlocked", id, by, struct {
			From pipeline.StepName `json:"from"`
			Gen  int               `json:"gen"`
		}{from, bell.Gen})
		if err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
	return bell, err
}

// FaultEncrypted is the code of the fault with which a document waits for the
// password of its file.
const FaultEncrypted = "encrypted"

// take locks a document's row for the rest of the transaction and reads it.
func (c *Catalog) take(ctx context.Context, tx *sql.Tx, id pipeline.DocID) (Entry, int64, error) {
	var n int64
	err := tx.QueryRowContext(ctx, `UPDATE document SET gen = gen WHERE id = $1 RETURNING n`, string(id)).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, 0, ErrUnknown
	}
	if err != nil {
		return Entry{}, 0, err
	}
	e, err := get(ctx, tx, id)
	return e, n, err
}

// resume puts a document to work again in a new generation.
func (c *Catalog) resume(ctx context.Context, tx *sql.Tx, e Entry, step pipeline.StepName) (Bell, error) {
	body, err := encode(e.Document)
	if err != nil {
		return Bell{}, err
	}
	dept, typ := filed(e.Document)
	b := Bell{Doc: e.Document.ID, Step: step, Gen: e.Gen + 1, Due: fromMillis(c.now()), Pages: len(e.Document.Pages)}
	_, err = tx.ExecContext(ctx, `UPDATE document SET state = 'working', step = $2, gen = $3, due = $4, changed = $4,
			attempt = 0, crashes = 0, owner = '', lease = 0, fault = '', body = $5, department = $6, doctype = $7
		WHERE id = $1`, string(b.Doc), string(step), b.Gen, millis(b.Due), body, dept, typ)
	if err != nil {
		return Bell{}, fmt.Errorf("sending the document on: %w", err)
	}
	return b, nil
}

// Decisions lists what people decided about a document, oldest first.
func (c *Catalog) Decisions(ctx context.Context, id pipeline.DocID) ([]Decision, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT at, author, department, doctype, note, fields FROM decision
		WHERE doc = $1 ORDER BY gen`, string(id))
	if err != nil {
		return nil, fmt.Errorf("listing decisions: %w", err)
	}
	defer rows.Close()
	var list []Decision
	for rows.Next() {
		var d Decision
		var at int64
		var fields string
		if err := rows.Scan(&at, &d.By, &d.Department, &d.Type, &d.Note, &fields); err != nil {
			return nil, fmt.Errorf("listing decisions: %w", err)
		}
		if fields != "" {
			if err := json.Unmarshal([]byte(fields), &d.Set); err != nil {
				return nil, fmt.Errorf("decoding a decision: %w", err)
			}
		}
		d.At = fromMillis(at)
		list = append(list, d)
	}
	return list, rows.Err()
}

// unmarshalFault reads a stored fault; nil if there is none.
func unmarshalFault(s string) (*pipeline.Fault, error) {
	if s == "" {
		return nil, nil
	}
	f := new(pipeline.Fault)
	if err := json.Unmarshal([]byte(s), f); err != nil {
		return nil, fmt.Errorf("decoding a fault: %w", err)
	}
	return f, nil
}
