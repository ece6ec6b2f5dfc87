package catalog

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"blattwerk/pipeline"
)

// LedgerRow is one entry of the books on paper saved, as it was booked.
type LedgerRow struct {
	N          int64 // position in the ledger, from 1, with gaps
	Saving     pipeline.Saving
	Doc        pipeline.DocID    // "" if not tied to a document
	Department pipeline.DeptID   // at the time of booking
	Type       pipeline.TypeCode // at the time of booking
	At         time.Time
}

// Savings lists the entries with from <= At < to, in the order of their positions.
// A zero bound is open.
func (c *Catalog) Savings(ctx context.Context, from, to time.Time) ([]LedgerRow, error) {
	var w where
	if !from.IsZero() {
		w.add(`at >= ?`, millis(from))
	}
	if !to.IsZero() {
		w.add(`at < ?`, millis(to))
	}
	var list []LedgerRow
	err := c.ledger(ctx, c.read, w, func(r LedgerRow) error {
		list = append(list, r)
		return nil
	})
	return list, err
}

// Ledger calls each with every entry after a position, in order. No entry before
// the last one that it gave appears later, so that a reader may go on from there:
// on PostgreSQL it first waits for entries that are just being written.
func (c *Catalog) Ledger(ctx context.Context, after int64, each func(LedgerRow) error) error {
	last, err := c.settled(ctx)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	var w where
	w.add(`n > ?`, after)
	w.add(`n <= ?`, last)
	return c.ledger(ctx, c.read, w, each)
}

// settled is the last position of the ledger up to which all entries are
// committed. Positions are drawn before that; the lock lets whoever drew one
// finish. Nobody that it waits for waits for us, as writers take the log's lock
// after the ledger.
func (c *Catalog) settled(ctx context.Context) (last int64, err error) {
	const query = `SELECT coalesce(max(n), 0) FROM ledger`
	if !c.dialect.locks {
		return last, c.read.QueryRowContext(ctx, query).Scan(&last)
	}
	tx, err := c.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `LOCK TABLE ledger IN SHARE MODE`); err != nil {
		return 0, err
	}
	return last, tx.QueryRowContext(ctx, query).Scan(&last)
}

func (c *Catalog) ledger(ctx context.Context, q querier, w where, each func(LedgerRow) error) error {
	rows, err := q.QueryContext(ctx, `SELECT n, doc, department, doctype, at, body FROM ledger`+w.String()+` ORDER BY n`, w.args...)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r LedgerRow
		var at int64
		var body string
		if err := rows.Scan(&r.N, &r.Doc, &r.Department, &r.Type, &at, &body); err != nil {
			return fmt.Errorf("reading the ledger: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &r.Saving); err != nil {
			return fmt.Errorf("decoding a ledger entry: %w", err)
		}
		r.At = fromMillis(at)
		if err := each(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Book writes entries that belong to no document, such as metered electricity or
// reprints. An ID that was booked before stays as it was booked.
func (c *Catalog) Book(ctx context.Context, savings []pipeline.Saving) error {
	rows := make([]LedgerRow, len(savings))
	for i, s := range savings {
		rows[i] = LedgerRow{Saving: s}
	}
	return c.Tell(ctx, "", nil, rows)
}

// Tell writes what a person told the books: facts and entries, all or nothing,
// with an event in the evidence log for each fact and one for the entries. Facts
// are only added; entries that were booked before stay as they were.
func (c *Catalog) Tell(ctx context.Context, by string, facts []pipeline.Fact, entries []LedgerRow) error {
	now := c.now()
	return c.change(ctx, "telling the books", func(tx *sql.Tx) error {
		// Facts are committed in the order of their positions.
		if err := c.dialect.lock(ctx, tx, lockFacts); err != nil {
			return err
		}
		var events []Event
		for _, f := range facts {
			f.N, f.At, f.Author = 0, fromMillis(now), clean(by)
			f.Note = clean(f.Note)
			body, err := encode(f)
			if err != nil {
				return err
			}
			var n int64
			err = tx.QueryRowContext(ctx, `INSERT INTO books_fact (at, body) VALUES ($1, $2) RETURNING n`, now, clean(body)).Scan(&n)
			if err != nil {
				return fmt.Errorf("writing a fact: %w", err)
			}
			ev, err := c.event("books-told", "", by, struct {
				Fact   int64           `json:"fact"`
				Kind   string          `json:"kind"`
				Slot   string          `json:"slot"`
				Digest pipeline.Digest `json:"digest"`
			}{n, string(f.Kind), f.Slot(), digestOf(clean(body))})
			if err != nil {
				return err
			}
			events = append(events, ev)
		}
		if len(entries) > 0 || len(facts) == 0 {
			ev, err := c.event("booked", "", by, struct {
				Entries int `json:"entries"`
			}{len(entries)})
			if err != nil {
				return err
			}
			events = append(events, ev)
		}
		for _, e := range entries {
			if err := book(ctx, tx, e.Doc, string(e.Department), string(e.Type), []pipeline.Saving{e.Saving}); err != nil {
				return err
			}
		}
		for _, ev := range events {
			if err := c.append(ctx, tx, ev); err != nil {
				return err
			}
		}
		return nil
	})
}

// lockFacts is the advisory lock of [Catalog.Tell] on PostgreSQL. It is taken
// before all others.
const lockFacts = 0x626c6174_0003

func digestOf(s string) pipeline.Digest {
	sum := sha256.Sum256([]byte(s))
	return pipeline.Digest(hex.EncodeToString(sum[:]))
}

// Facts lists everything that people told the books, oldest first.
func (c *Catalog) Facts(ctx context.Context) ([]pipeline.Fact, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT n, body FROM books_fact ORDER BY n`)
	if err != nil {
		return nil, fmt.Errorf("reading what the books were told: %w", err)
	}
	defer rows.Close()
	var list []pipeline.Fact
	for rows.Next() {
		var f pipeline.Fact
		var n int64
		var body string
		if err := rows.Scan(&n, &body); err != nil {
			return nil, fmt.Errorf("reading what the books were told: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &f); err != nil {
			return nil, fmt.Errorf("decoding a fact: %w", err)
		}
		f.N = n
		list = append(list, f)
	}
	return list, rows.Err()
}

// ErrNoReport says that no report of this ID was filed.
var ErrNoReport = fmt.Errorf("report: %w", ErrUnknown)

// FileReport keeps a report as it is given out, under a new ID, and writes its
// digest into the evidence log.
func (c *Catalog) FileReport(ctx context.Context, r pipeline.FiledReport) (pipeline.FiledReport, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return r, fmt.Errorf("naming a report: %w", err)
	}
	now := c.now()
	r.ID, r.At, r.Digest = id.String(), fromMillis(now), digestOf(string(r.Body))
	r.Author, r.Title = clean(r.Author), clean(r.Title)
	seed, err := encode(r.Seed)
	if err != nil {
		return r, err
	}
	ev, err := c.event("books-reported", "", r.Author, struct {
		Report string          `json:"report"`
		Digest pipeline.Digest `json:"digest"`
	}{r.ID, r.Digest})
	if err != nil {
		return r, err
	}
	return r, c.change(ctx, "filing a report", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO books_report (id, at, author, title, digest, seed, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			r.ID, now, r.Author, r.Title, string(r.Digest), seed, string(r.Body))
		if err != nil {
			return fmt.Errorf("keeping a report: %w", err)
		}
		return c.append(ctx, tx, ev)
	})
}

// Reports lists the filed reports, newest first, without their bodies.
func (c *Catalog) Reports(ctx context.Context) ([]pipeline.FiledReport, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT id, at, author, title, digest FROM books_report ORDER BY id DESC`)
	if err != nil {
		return nil, fmt.Errorf("listing reports: %w", err)
	}
	defer rows.Close()
	var list []pipeline.FiledReport
	for rows.Next() {
		var r pipeline.FiledReport
		var at int64
		if err := rows.Scan(&r.ID, &at, &r.Author, &r.Title, &r.Digest); err != nil {
			return nil, fmt.Errorf("listing reports: %w", err)
		}
		r.At = fromMillis(at)
		list = append(list, r)
	}
	return list, rows.Err()
}

// FiledReport gives a filed report; [ErrNoReport] if there is none. A body that is
// not what was filed is an error.
func (c *Catalog) FiledReport(ctx context.Context, id string) (pipeline.FiledReport, error) {
	r := pipeline.FiledReport{ID: id}
	var at int64
	var seed, body string
	err := c.read.QueryRowContext(ctx, `SELECT at, author, title, digest, seed, body FROM books_report WHERE id = $1`, clean(id)).
		Scan(&at, &r.Author, &r.Title, &r.Digest, &seed, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNoReport
	}
	if err != nil {
		return r, fmt.Errorf("reading a report: %w", err)
	}
	if digestOf(body) != r.Digest {
		return r, fmt.Errorf("report %s was changed after it was filed", id)
	}
	if err := json.Unmarshal([]byte(seed), &r.Seed); err != nil {
		return r, fmt.Errorf("reading a report: %w", err)
	}
	r.At, r.Body = fromMillis(at), []byte(body)
	return r, nil
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
