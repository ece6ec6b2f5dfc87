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

// LedgerRow is one entry of the books on paper saved, as it was booked.
type LedgerRow struct {
	Saving     pipeline.Saving
	Doc        pipeline.DocID    // "" if not tied to a document
	Department pipeline.DeptID   // at the time of booking
	Type       pipeline.TypeCode // at the time of booking
	At         time.Time
}

// Savings lists the entries with from <= At < to, oldest first. A zero bound is
// open.
func (c *Catalog) Savings(ctx context.Context, from, to time.Time) ([]LedgerRow, error) {
	var w where
	if !from.IsZero() {
		w.add(`at >= ?`, millis(from))
	}
	if !to.IsZero() {
		w.add(`at < ?`, millis(to))
	}
	rows, err := c.read.QueryContext(ctx, `SELECT doc, department, doctype, at, body FROM ledger`+w.String()+` ORDER BY at, id`, w.args...)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	defer rows.Close()
	var list []LedgerRow
	for rows.Next() {
		var r LedgerRow
		var at int64
		var body string
		if err := rows.Scan(&r.Doc, &r.Department, &r.Type, &at, &body); err != nil {
			return nil, fmt.Errorf("reading the ledger: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &r.Saving); err != nil {
			return nil, fmt.Errorf("decoding a ledger entry: %w", err)
		}
		r.At = fromMillis(at)
		list = append(list, r)
	}
	return list, rows.Err()
}

// Book writes entries that belong to no document, such as electricity or
// returned scans. An ID that was booked before stays as it was booked.
func (c *Catalog) Book(ctx context.Context, savings []pipeline.Saving) error {
	ev, err := c.event("booked", "", "", struct {
		Entries int `json:"entries"`
	}{len(savings)})
	if err != nil {
		return err
	}
	return c.change(ctx, "booking", func(tx *sql.Tx) error {
		if err := book(ctx, tx, "", "", "", savings); err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
}

func book(ctx context.Context, tx *sql.Tx, doc pipeline.DocID, dept, typ string, savings []pipeline.Saving) error {
	for _, s := range savings {
		if s.ID == "" {
			return errors.New("a ledger entry needs an ID")
		}
		body, err := encode(s)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO ledger (id, doc, department, doctype, at, body)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
			s.ID, string(doc), dept, typ, millis(s.At), body)
		if err != nil {
			return fmt.Errorf("writing the ledger: %w", err)
		}
	}
	return nil
}
