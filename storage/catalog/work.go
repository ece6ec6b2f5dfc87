package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"blattwerk/pipeline"
)

// Job is a claimed step of a document.
type Job struct {
	Document pipeline.Document
	Step     pipeline.StepName
	Gen      int    // generation: rises each time a person sends the document on
	Attempt  int    // 1 for the first claim of this step in this generation
	Crashes  int    // claims of this step that ended without a word from their owner
	Owner    string // who claimed it
	Fence    int64  // number of the claim; tells an owner's earlier claim from its later one
}

// Bell is a document that has work to do: what to ring the queue with.
type Bell struct {
	Doc   pipeline.DocID
	Step  pipeline.StepName
	Gen   int
	Due   time.Time
	Pages int // 0 before opening
}

// Claim takes the step of a document for owner until the lease runs out or is
// extended. It answers [ErrNotClaimable] when there is nothing to do: the
// document is not working, at another step or generation, leased, or not yet
// due. Taking over a lease that ran out counts a crash of its former owner.
func (c *Catalog) Claim(ctx context.Context, id pipeline.DocID, step pipeline.StepName, gen int, owner string, lease time.Duration) (Job, error) {
	if owner == "" {
		return Job{}, errors.New("claiming: an owner needs a name")
	}
	job := Job{Step: step, Gen: gen, Owner: owner}
	err := c.change(ctx, "claiming", func(tx *sql.Tx) error {
		now := c.now()
		var body string
		err := tx.QueryRowContext(ctx, `UPDATE document SET
				crashes = crashes + CASE WHEN owner <> '' THEN 1 ELSE 0 END,
				owner = $1, lease = $2, fence = fence + 1, attempt = attempt + 1
			WHERE id = $3 AND state = 'working' AND step = $4 AND gen = $5 AND `+claimable("$6", "$7", "$8")+`
			RETURNING body, attempt, crashes, fence`,
			owner, now+leaseMillis(lease), string(id), string(step), gen,
			now, now+MaxWait.Milliseconds(), now+MaxLease.Milliseconds(),
		).Scan(&body, &job.Attempt, &job.Crashes, &job.Fence)
		if errors.Is(err, sql.ErrNoRows) {
			return whyNot(ctx, tx, id, step, gen)
		}
		if err != nil {
			return err
		}
		job.Document = pipeline.Document{}
		return json.Unmarshal([]byte(body), &job.Document)
	})
	if err != nil {
		return Job{}, err
	}
	return job, nil
}

// claimable is the condition that a working document is due and free; the
// arguments are placeholders for now, now+MaxWait and now+MaxLease.
func claimable(now, latestDue, latestLease string) string {
	return fmt.Sprintf(`(due <= %[1]s OR due > %[2]s) AND (owner = '' OR lease <= %[1]s OR lease > %[3]s)`, now, latestDue, latestLease)
}

func leaseMillis(d time.Duration) int64 { return min(d, MaxLease).Milliseconds() }

// whyNot says why a document could not be claimed.
func whyNot(ctx context.Context, tx *sql.Tx, id pipeline.DocID, step pipeline.StepName, gen int) error {
	e, err := get(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case e.State != pipeline.Working:
		return fmt.Errorf("%s: %w", e.State, ErrNotClaimable)
	case e.Step != step:
		return fmt.Errorf("at step %q, not %q: %w", e.Step, step, ErrNotClaimable)
	case e.Gen != gen:
		return fmt.Errorf("in generation %d, not %d: %w", e.Gen, gen, ErrNotClaimable)
	case e.Owner != "":
		return fmt.Errorf("leased until %s: %w", e.Lease.Format(time.RFC3339), ErrNotClaimable)
	}
	return fmt.Errorf("due at %s: %w", e.Due.Format(time.RFC3339), ErrNotClaimable)
}

// mine is the compare of every compare-and-set: the claim is still the job's.
const mine = ` WHERE id = $1 AND state = 'working' AND step = $2 AND gen = $3 AND owner = $4 AND fence = $5`

func (j Job) mine(more ...any) []any {
	return append([]any{string(j.Document.ID), string(j.Step), j.Gen, j.Owner, j.Fence}, more...)
}

// held turns "no row" into ErrLost.
func held(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrLost
	}
	return err
}

// Extend is the heartbeat: the lease now runs from this moment on. It answers
// [ErrLost] when the claim was taken over.
func (c *Catalog) Extend(ctx context.Context, job Job, lease time.Duration) error {
	return c.change(ctx, "extending a lease", func(tx *sql.Tx) error {
		var n int64
		return held(tx.QueryRowContext(ctx, `UPDATE document SET lease = $6`+mine+` RETURNING n`,
			job.mine(c.now()+leaseMillis(lease))...).Scan(&n))
	})
}

// Advance writes what a step found out and moves the document to the step next;
// "" means that the route is done and the document archived. In one transaction
// it writes the document, its columns, the search index, the ledger and the
// evidence. It answers [ErrLost], and writes nothing, when the claim was taken
// over; [ErrUnproven] when a document is to be archived that may not be.
//
// texts, if not nil, is the text of the pages in the order of doc.Pages and
// replaces what was indexed before; pass it once, when it is known. Fields of
// the filing are indexed by themselves. doc.Savings are booked once by their ID.
//
// doc.Parts become documents of their own in the same transaction, each with its
// journal number, at the step next; [PartBells] gives what to ring.
func (c *Catalog) Advance(ctx context.Context, job Job, doc pipeline.Document, next pipeline.StepName, texts []pipeline.PageText) error {
	if err := same(job.Document, doc); err != nil {
		return fmt.Errorf("advancing: %w", err)
	}
	state, kind := pipeline.Working, "advanced"
	if next == "" {
		state, kind = pipeline.Archived, "archived"
		if err := proven(doc); err != nil {
			return fmt.Errorf("archiving: %w", err)
		}
	}
	parts := doc.Parts
	doc.Parts = nil
	if len(parts) > 0 && (next == "" || doc.Stack == nil || job.Document.Stack != nil) {
		return errors.New("advancing: only an uncut delivery becomes several letters, and before its last step")
	}
	body, err := encode(doc)
	if err != nil {
		return err
	}
	ev, err := c.event(kind, doc.ID, "", advanced(job, doc, next))
	if err != nil {
		return err
	}
	dept, typ := filed(doc)
	return c.change(ctx, "advancing", func(tx *sql.Tx) error {
		if len(parts) > 0 { // journal numbers before rows, as in every other place
			if err := c.dialect.lock(ctx, tx, lockIntake); err != nil {
				return err
			}
		}
		now := c.now()
		archived := int64(0)
		if next == "" {
			archived = now
		}
		var n int64
		err := tx.QueryRowContext(ctx, `UPDATE document SET state = $6, step = $7, due = $8, changed = $8,
				archived = $9, body = $10, pages = $11, department = $12, doctype = $13,
				attempt = 0, crashes = 0, owner = '', lease = 0, fault = ''`+mine+` RETURNING n`,
			job.mine(string(state), string(next), now, archived, body, len(doc.Pages), dept, typ)...).Scan(&n)
		if err != nil {
			return held(err)
		}
		if err := c.reindex(ctx, tx, n, job.Document, doc, texts); err != nil {
			return err
		}
		if err := book(ctx, tx, doc.ID, dept, typ, doc.Savings); err != nil {
			return err
		}
		events, err := c.cut(ctx, tx, doc, parts, next)
		if err != nil {
			return err
		}
		return c.appendAll(ctx, tx, append([]Event{ev}, events...))
	})
}

// same guards the promise that originals are never altered.
func same(before, after pipeline.Document) error {
	b, a := before.Delivery, after.Delivery
	if before.ID != after.ID || b.ID != a.ID || b.Original != a.Original || b.Journal != a.Journal {
		return ErrChanged
	}
	return nil
}

// proven guards the promise that nothing leaves the pipeline unchecked.
func proven(doc pipeline.Document) error {
	switch {
	case doc.Record == nil || doc.Record.Manifest == "":
		return fmt.Errorf("no archive record: %w", ErrUnproven)
	case doc.PDF == nil || !doc.PDF.Check.Valid:
		return fmt.Errorf("the PDF did not pass the gate: %w", ErrUnproven)
	case doc.Filing == nil || !doc.Filing.Sure:
		return fmt.Errorf("the filing is a guess: %w", ErrUnproven)
	}
	return nil
}

// progress is the evidence of a step: digests and codes, nothing from the text.
type progress struct {
	Step       pipeline.StepName `json:"step"`
	Next       pipeline.StepName `json:"next,omitempty"`
	Gen        int               `json:"gen,omitempty"`
	Pages      int               `json:"pages,omitempty"`
	PDF        pipeline.Digest   `json:"pdf,omitempty"`
	Department pipeline.DeptID   `json:"department,omitempty"`
	Type       pipeline.TypeCode `json:"type,omitempty"`
	Manifest   pipeline.Digest   `json:"manifest,omitempty"`
	Amendment  pipeline.Digest   `json:"amendment,omitempty"` // the newest that lies beside the archive
	Savings    int               `json:"savings,omitempty"`
}

func advanced(job Job, doc pipeline.Document, next pipeline.StepName) progress {
	p := progress{Step: job.Step, Next: next, Gen: job.Gen, Pages: len(doc.Pages), Savings: len(doc.Savings)}
	if doc.PDF != nil {
		p.PDF = doc.PDF.Digest
	}
	if doc.Filing != nil {
		p.Department, p.Type = doc.Filing.Department, doc.Filing.Type
	}
	if doc.Record != nil {
		p.Manifest = doc.Record.Manifest
		if last := doc.Record.Files; len(last) > 0 && last[len(last)-1].Role == "amendment" {
			p.Amendment = last[len(last)-1].Digest
		}
	}
	return p
}

// Defer gives the job back for another try at due. A nil fault gives it back
// unhurt, as at an orderly shutdown: the attempt does not count.
func (c *Catalog) Defer(ctx context.Context, job Job, f *pipeline.Fault, due time.Time) error {
	fault, back := "", 1
	if f != nil {
		var err error
		if fault, err = encode(f); err != nil {
			return err
		}
		back = 0
	}
	return c.change(ctx, "deferring", func(tx *sql.Tx) error {
		now := c.now()
		var n int64
		return held(tx.QueryRowContext(ctx, `UPDATE document SET due = $6, changed = $7, fault = $8,
				attempt = attempt - $9, owner = '', lease = 0`+mine+` RETURNING n`,
			job.mine(min(millis(due), now+MaxWait.Milliseconds()), now, fault, back)...).Scan(&n))
	})
}

// Park puts the document into the review tray: a person has to decide before
// its step goes on. doc is kept, so that candidates found by the step are there
// to choose from.
func (c *Catalog) Park(ctx context.Context, job Job, f *pipeline.Fault, doc pipeline.Document) error {
	return c.stop(ctx, job, pipeline.Waiting, "parked", f, doc)
}

// Refuse gives the document back to the sender. Its bytes and its row are kept.
// A document that the archive holds already cannot be given back: it waits for a
// person instead.
func (c *Catalog) Refuse(ctx context.Context, job Job, f *pipeline.Fault) error {
	if job.Document.Record != nil {
		return c.Park(ctx, job, f, job.Document)
	}
	return c.stop(ctx, job, pipeline.Refused, "refused", f, job.Document)
}

func (c *Catalog) stop(ctx context.Context, job Job, state pipeline.State, kind string, f *pipeline.Fault, doc pipeline.Document) error {
	if f == nil {
		return fmt.Errorf("a document cannot be %s without a reason", kind)
	}
	if err := same(job.Document, doc); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	fault, err := encode(f)
	if err != nil {
		return err
	}
	body, err := encode(doc)
	if err != nil {
		return err
	}
	ev, err := c.event(kind, doc.ID, "", struct {
		Step pipeline.StepName `json:"step"`
		Gen  int               `json:"gen,omitempty"`
		Code string            `json:"code"`
		Page int               `json:"page,omitempty"`
	}{job.Step, job.Gen, f.Code, f.Page})
	if err != nil {
		return err
	}
	dept, typ := filed(doc)
	return c.change(ctx, "stopping", func(tx *sql.Tx) error {
		var n int64
		err := tx.QueryRowContext(ctx, `UPDATE document SET state = $6, changed = $7, fault = $8, body = $9,
				pages = $10, department = $11, doctype = $12, owner = '', lease = 0`+mine+` RETURNING n`,
			job.mine(string(state), c.now(), fault, body, len(doc.Pages), dept, typ)...).Scan(&n)
		if err != nil {
			return held(err)
		}
		if err := c.reindex(ctx, tx, n, job.Document, doc, nil); err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
}

// Unfinished lists working documents that are due at now and held by no living
// claim, the longest due first: what the reconciler rings.
func (c *Catalog) Unfinished(ctx context.Context, now time.Time, limit int) ([]Bell, error) {
	ms := millis(now)
	rows, err := c.read.QueryContext(ctx, `SELECT id, step, gen, due, pages FROM document
		WHERE state = 'working' AND `+claimable("$1", "$2", "$3")+` ORDER BY due, id LIMIT $4`,
		ms, ms+MaxWait.Milliseconds(), ms+MaxLease.Milliseconds(), limit)
	if err != nil {
		return nil, fmt.Errorf("listing the unfinished: %w", err)
	}
	defer rows.Close()
	var bells []Bell
	for rows.Next() {
		var b Bell
		var due int64
		if err := rows.Scan(&b.Doc, &b.Step, &b.Gen, &due, &b.Pages); err != nil {
			return nil, fmt.Errorf("listing the unfinished: %w", err)
		}
		b.Due = fromMillis(due)
		bells = append(bells, b)
	}
	return bells, rows.Err()
}

// ReleaseOwner ends all claims of an owner that is known to be dead, such as the
// former run of the only process on a data folder, and counts a crash for each.
// It gives their number.
func (c *Catalog) ReleaseOwner(ctx context.Context, owner string) (int, error) {
	var released int64
	err := c.change(ctx, "releasing an owner", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE document SET owner = '', lease = 0, crashes = crashes + 1
			WHERE owner = $1 AND owner <> ''`, owner)
		if err != nil {
			return err
		}
		released, err = res.RowsAffected()
		return err
	})
	return int(released), err
}
