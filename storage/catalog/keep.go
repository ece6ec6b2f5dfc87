package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"blattwerk/pipeline"
)

// References calls each with every blob that a working, waiting or refused
// document still needs: original, page pictures, words and PDF, also what undoing
// an arrangement would bring back; and with the model that sorts letters. A blob
// may be given more than once. Archived documents need none: the archive keeps its own
// files. Blobs of a delivery that is just being accepted are not known here
// yet, so a sweeper must spare young blobs.
func (c *Catalog) References(ctx context.Context, each func(pipeline.Digest) error) error {
	switch m, err := c.Model(ctx); {
	case err == nil:
		if err := each(m.Blob.Digest); err != nil {
			return err
		}
	case !errors.Is(err, ErrUnknown):
		return err
	}
	rows, err := c.read.QueryContext(ctx, `SELECT body FROM document WHERE state <> 'archived'`)
	if err != nil {
		return fmt.Errorf("listing references: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return fmt.Errorf("listing references: %w", err)
		}
		var doc pipeline.Document
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			return fmt.Errorf("decoding a document: %w", err)
		}
		for _, d := range references(doc) {
			if err := each(d); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("listing references: %w", err)
	}
	return c.undoReferences(ctx, each)
}

func references(doc pipeline.Document) []pipeline.Digest {
	list := []pipeline.Digest{doc.Delivery.Original.Digest}
	add := func(d pipeline.Digest) {
		if d != "" {
			list = append(list, d)
		}
	}
	for _, p := range slices.Concat(doc.Pages, doc.Aside) {
		add(p.Image.Digest)
		add(p.Text)
		for _, r := range p.Rescans {
			add(r.File.Digest)
			add(r.Was.Digest)
		}
		if p.Reading != nil {
			add(p.Reading.Words)
		}
	}
	if doc.PDF != nil {
		add(doc.PDF.Digest)
	}
	if doc.Source != nil {
		add(doc.Source.Rendition.Digest)
		add(doc.Source.Unlocked.Digest)
		for _, a := range doc.Source.Attachments {
			add(a.Digest)
		}
	}
	return list
}

// Restore writes an archived document back from its manifest, with its journal
// number, search index and ledger entries. The journal goes on after the
// highest number restored. Restoring a document again changes nothing but its
// text, body and columns; a document that is not archived answers
// [ErrNotWaiting], one that may not be archived [ErrUnproven].
func (c *Catalog) Restore(ctx context.Context, doc pipeline.Document, texts []pipeline.PageText) error {
	if err := proven(doc); err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	year, number, err := journalNumber(doc.Delivery.Journal)
	if err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	if texts == nil {
		texts = []pipeline.PageText{}
	}
	dept, typ := filed(doc)
	ev, err := c.event("restored", doc.ID, "", struct {
		Journal  string          `json:"journal"`
		Manifest pipeline.Digest `json:"manifest"`
	}{doc.Delivery.Journal, doc.Record.Manifest})
	if err != nil {
		return err
	}
	return c.change(ctx, "restoring", func(tx *sql.Tx) error {
		if err := c.dialect.lock(ctx, tx, lockIntake); err != nil {
			return err
		}
		n, err := c.putBack(ctx, tx, doc, row{
			year: year, number: number, state: pipeline.Archived, changed: c.now(), archived: millis(doc.Record.At),
		})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO journal (year, last) VALUES ($1, $2)
			ON CONFLICT (year) DO UPDATE SET last = CASE WHEN journal.last > $2 THEN journal.last ELSE $2 END`, year, number)
		if err != nil {
			return fmt.Errorf("setting the journal: %w", err)
		}
		if err := c.reindex(ctx, tx, n, pipeline.Document{}, doc, texts); err != nil {
			return err
		}
		if err := book(ctx, tx, doc.ID, dept, typ, doc.Savings); err != nil {
			return err
		}
		if err := restoreDecision(ctx, tx, doc); err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
}

// restoreDecision writes the person's decision that a manifest tells of, so that
// what was learned can be learned again from the archive alone.
func restoreDecision(ctx context.Context, tx *sql.Tx, doc pipeline.Document) error {
	if doc.Filing == nil || doc.Filing.DecidedBy == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO decision (doc, gen, at, author, department, doctype, note)
		VALUES ($1, 0, $2, $3, $4, $5, '') ON CONFLICT (doc, gen) DO NOTHING`,
		string(doc.ID), millis(doc.Record.At), clean(doc.Filing.DecidedBy), string(doc.Filing.Department), string(doc.Filing.Type))
	if err != nil {
		return fmt.Errorf("writing the decision: %w", err)
	}
	return nil
}

// putBack inserts the rows of an archived document, or updates them.
func (c *Catalog) putBack(ctx context.Context, tx *sql.Tx, doc pipeline.Document, r row) (int64, error) {
	e, n, err := c.take(ctx, tx, doc.ID)
	if errors.Is(err, ErrUnknown) {
		body, err := encode(doc.Delivery)
		if err != nil {
			return 0, err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO delivery (id, digest, duplicate_of, received, body)
			VALUES ($1, $2, '', $3, $4) ON CONFLICT (id) DO NOTHING`,
			string(doc.Delivery.ID), string(doc.Delivery.Original.Digest), millis(doc.Delivery.Received), body)
		if err != nil {
			return 0, fmt.Errorf("writing the delivery: %w", err)
		}
		return insertDocument(ctx, tx, doc, r)
	}
	if err != nil {
		return 0, err
	}
	if e.State != pipeline.Archived {
		return 0, fmt.Errorf("document is %s: %w", e.State, ErrNotWaiting)
	}
	if err := same(e.Document, doc); err != nil {
		return 0, err
	}
	body, err := encode(doc)
	if err != nil {
		return 0, err
	}
	dept, typ := filed(doc)
	_, err = tx.ExecContext(ctx, `UPDATE document SET body = $2, pages = $3, department = $4, doctype = $5,
		changed = $6, archived = $7 WHERE n = $1`, n, body, len(doc.Pages), dept, typ, r.changed, r.archived)
	return n, err
}

// Empty says whether the catalogue has never taken anything in. Rebuilding from
// the archive starts in an empty catalogue, on a new file or database: there is
// no call that wipes one, as it would wipe the evidence with it.
func (c *Catalog) Empty(ctx context.Context) (bool, error) {
	var n int
	err := c.read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM (SELECT 1 FROM delivery LIMIT 1) a)
		+ (SELECT count(*) FROM (SELECT 1 FROM log_entry LIMIT 1) b)`).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("looking into the catalogue: %w", err)
	}
	return n == 0, nil
}
