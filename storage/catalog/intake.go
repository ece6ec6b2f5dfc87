package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"blattwerk/pipeline"
)

// Receipt is what the sender of a delivery gets once it is durable.
type Receipt struct {
	Document  pipeline.Document // with ID and journal number; of a duplicate: the document that is there already
	Duplicate bool              // the same bytes were accepted before and not refused: no new work
	Of        pipeline.DocID    // the document that it is a duplicate of
}

// Accept takes a delivery in. One transaction writes the delivery, its document
// with the first step to do, and the evidence. The original's bytes must be
// durable before. An empty ID or time of receipt is filled in.
//
// Accepting a delivery ID again gives the first receipt again and changes
// nothing, so an intake that lost the answer may just repeat it. Bytes that are
// here already, under another delivery ID and not refused, are a duplicate: it
// is noted, counted and logged, gets no journal number and makes no work.
func (c *Catalog) Accept(ctx context.Context, d pipeline.Delivery) (Receipt, error) {
	if len(d.Original.Digest) != 64 {
		return Receipt{}, fmt.Errorf("accepting a delivery: %q is no digest", d.Original.Digest)
	}
	if d.ID == "" {
		id, err := NewDeliveryID()
		if err != nil {
			return Receipt{}, err
		}
		d.ID = id
	}
	if d.Received.IsZero() {
		d.Received = c.clock()
	}
	d.Received = d.Received.UTC().Truncate(time.Millisecond)
	d.Journal = ""
	var r Receipt
	err := c.change(ctx, "accepting a delivery", func(tx *sql.Tx) error {
		if err := c.dialect.lock(ctx, tx, lockIntake); err != nil {
			return err
		}
		known, err := c.receipt(ctx, tx, d)
		if err == nil {
			r = known
			return nil
		}
		if !errors.Is(err, ErrUnknown) {
			return err
		}
		of, err := twin(ctx, tx, d.Original.Digest)
		if err != nil {
			return err
		}
		if of != "" {
			r, err = c.acceptDuplicate(ctx, tx, d, of)
		} else {
			r, err = c.acceptNew(ctx, tx, d)
		}
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	return r, nil
}

// receipt gives the receipt of a delivery that is known by its ID.
func (c *Catalog) receipt(ctx context.Context, tx *sql.Tx, d pipeline.Delivery) (Receipt, error) {
	var digest, of string
	err := tx.QueryRowContext(ctx, `SELECT digest, duplicate_of FROM delivery WHERE id = $1`, string(d.ID)).Scan(&digest, &of)
	if errors.Is(err, sql.ErrNoRows) {
		return Receipt{}, ErrUnknown
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("looking for the delivery: %w", err)
	}
	if digest != string(d.Original.Digest) {
		return Receipt{}, fmt.Errorf("delivery %s has other bytes: %w", d.ID, ErrChanged)
	}
	r := Receipt{Duplicate: of != "", Of: pipeline.DocID(of)}
	id := r.Of
	if id == "" {
		id = DocumentID(d.ID, 0)
	}
	e, err := get(ctx, tx, id)
	r.Document = e.Document
	return r, err
}

// twin finds a document with the same bytes that was not refused; "" if none.
func twin(ctx context.Context, tx *sql.Tx, digest pipeline.Digest) (pipeline.DocID, error) {
	var id string
	err := tx.QueryRowContext(ctx, `SELECT id FROM document WHERE original = $1 AND state <> 'refused' ORDER BY n LIMIT 1`,
		string(digest)).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("looking for the same bytes: %w", err)
	}
	return pipeline.DocID(id), nil
}

func (c *Catalog) acceptDuplicate(ctx context.Context, tx *sql.Tx, d pipeline.Delivery, of pipeline.DocID) (Receipt, error) {
	if err := insertDelivery(ctx, tx, d, of); err != nil {
		return Receipt{}, err
	}
	_, err := tx.ExecContext(ctx, `UPDATE document SET duplicates = duplicates + 1 WHERE id = $1`, string(of))
	if err != nil {
		return Receipt{}, fmt.Errorf("counting a duplicate: %w", err)
	}
	e, err := get(ctx, tx, of)
	if err != nil {
		return Receipt{}, err
	}
	ev, err := c.event("duplicate", of, d.Operator, struct {
		Delivery pipeline.DeliveryID `json:"delivery"`
		Source   string              `json:"source"`
	}{d.ID, d.Source})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Document: e.Document, Duplicate: true, Of: of}, c.append(ctx, tx, ev)
}

func (c *Catalog) acceptNew(ctx context.Context, tx *sql.Tx, d pipeline.Delivery) (Receipt, error) {
	year, number, err := c.number(ctx, tx, &d)
	if err != nil {
		return Receipt{}, err
	}
	if err := insertDelivery(ctx, tx, d, ""); err != nil {
		return Receipt{}, err
	}
	doc := pipeline.Document{ID: DocumentID(d.ID, 0), Delivery: d}
	if _, err := insertDocument(ctx, tx, doc, row{
		year: year, number: number, state: pipeline.Working, step: c.first, due: c.now(), changed: c.now(),
	}); err != nil {
		return Receipt{}, err
	}
	ev, err := c.event("accepted", doc.ID, d.Operator, struct {
		Journal  string              `json:"journal"`
		Delivery pipeline.DeliveryID `json:"delivery"`
		Original pipeline.Blob       `json:"original"`
		Source   string              `json:"source"`
	}{d.Journal, d.ID, d.Original, d.Source})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Document: doc}, c.append(ctx, tx, ev)
}

// number gives a letter the next number of the year it was received in.
func (c *Catalog) number(ctx context.Context, tx *sql.Tx, d *pipeline.Delivery) (year, number int, err error) {
	year = d.Received.In(c.zone).Year()
	err = tx.QueryRowContext(ctx, `INSERT INTO journal (year, last) VALUES ($1, 1)
		ON CONFLICT (year) DO UPDATE SET last = journal.last + 1 RETURNING last`, year).Scan(&number)
	if err != nil {
		return 0, 0, fmt.Errorf("giving a journal number: %w", err)
	}
	d.Journal = inJournal(year, number)
	return year, number, nil
}

func insertDelivery(ctx context.Context, tx *sql.Tx, d pipeline.Delivery, duplicateOf pipeline.DocID) error {
	body, err := encode(d)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO delivery (id, digest, duplicate_of, received, body) VALUES ($1, $2, $3, $4, $5)`,
		string(d.ID), string(d.Original.Digest), string(duplicateOf), millis(d.Received), body)
	if err != nil {
		return fmt.Errorf("writing the delivery: %w", err)
	}
	return nil
}

// row is what a new document row holds beside the document itself.
type row struct {
	year, number           int
	state                  pipeline.State
	step                   pipeline.StepName
	due, changed, archived int64
}

func insertDocument(ctx context.Context, tx *sql.Tx, doc pipeline.Document, r row) (n int64, err error) {
	body, err := encode(doc)
	if err != nil {
		return 0, err
	}
	dept, typ := filed(doc)
	err = tx.QueryRowContext(ctx, `INSERT INTO document (id, delivery, journal, year, number, original,
			state, step, gen, attempt, crashes, owner, fence, lease, due,
			pages, department, doctype, duplicates, fault, received, changed, archived, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, '', 0, 0, $9, $10, $11, $12, 0, '', $13, $14, $15, $16)
		RETURNING n`,
		string(doc.ID), string(doc.Delivery.ID), doc.Delivery.Journal, r.year, r.number, string(doc.Delivery.Original.Digest),
		string(r.state), string(r.step), r.due, len(doc.Pages), dept, typ,
		millis(doc.Delivery.Received), r.changed, r.archived, body).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("writing the document: %w", err)
	}
	return n, nil
}

// filed gives the columns of a document's filing.
func filed(doc pipeline.Document) (department, doctype string) {
	if doc.Filing == nil {
		return "", ""
	}
	return string(doc.Filing.Department), string(doc.Filing.Type)
}
