package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"blattwerk/pipeline"
)

// cut makes documents of the further letters of a delivery: each with its own
// name, journal number and work to do at the step next. doc is the first letter,
// already written. It gives the evidence for the end of the transaction.
func (c *Catalog) cut(ctx context.Context, tx *sql.Tx, doc pipeline.Document, parts []pipeline.Part, next pipeline.StepName) ([]Event, error) {
	var events []Event
	for i, p := range parts {
		letter := pipeline.Document{
			Delivery: doc.Delivery, Source: doc.Source, Stack: new(*doc.Stack),
			Pages: p.Pages, Aside: p.Aside, Marks: p.Marks, Remarks: p.Remarks,
		}
		letter.Stack.Position = i + 1
		letter.ID = DocumentID(doc.Delivery.ID, i+1)
		ev, err := c.addLetter(ctx, tx, &letter, next, doc.ID, "", c.now())
		if err != nil {
			return nil, err
		}
		events = append(events, ev)
	}
	return events, nil
}

// addLetter writes a letter that was cut out of the document from, and gives it
// its journal number.
func (c *Catalog) addLetter(ctx context.Context, tx *sql.Tx, letter *pipeline.Document, step pipeline.StepName, from pipeline.DocID, by string, due int64) (Event, error) {
	year, number, err := c.number(ctx, tx, &letter.Delivery)
	if err != nil {
		return Event{}, err
	}
	_, err = insertDocument(ctx, tx, *letter, row{
		year: year, number: number, state: pipeline.Working, step: step, due: due, changed: c.now(),
	})
	if err != nil {
		return Event{}, err
	}
	return c.event("cut", letter.ID, by, struct {
		Journal  string              `json:"journal"`
		Delivery pipeline.DeliveryID `json:"delivery"`
		From     pipeline.DocID      `json:"from"`
		Pages    []int               `json:"pages"`
	}{letter.Delivery.Journal, letter.Delivery.ID, from, numbers(letter.Pages)})
}

// PartBells is what to ring after [Catalog.Advance] was given a document with
// parts: a bell for each of them.
func PartBells(doc pipeline.Document, next pipeline.StepName) []Bell {
	bells := make([]Bell, len(doc.Parts))
	for i, p := range doc.Parts {
		bells[i] = Bell{Doc: DocumentID(doc.Delivery.ID, i+1), Step: next, Pages: len(p.Pages)}
	}
	return bells
}

// Letters lists the documents that a delivery became, in their order in the
// stack.
func (c *Catalog) Letters(ctx context.Context, id pipeline.DeliveryID) ([]Entry, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT `+entryColumns+` FROM document d WHERE d.delivery = $1 ORDER BY d.n`, clean(string(id)))
	if err != nil {
		return nil, fmt.Errorf("listing the letters of a delivery: %w", err)
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("listing the letters of a delivery: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// freePosition is the first position of a delivery that has no letter.
func freePosition(ctx context.Context, tx *sql.Tx, id pipeline.DeliveryID) (int, error) {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM document WHERE delivery = $1`, string(id)).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting the letters of a delivery: %w", err)
	}
	for ; ; n++ { // a catalogue that was rebuilt may have holes
		_, err := get(ctx, tx, DocumentID(id, n))
		if errors.Is(err, ErrUnknown) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// numbers are the places of pages in their delivery.
func numbers(pages []pipeline.Page) []int {
	list := make([]int, len(pages))
	for i, p := range pages {
		list[i] = p.No
	}
	return list
}
