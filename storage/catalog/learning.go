package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"blattwerk/pipeline"
)

// Example is an archived letter that a person filed, with the words that may be
// searched for: protected numbers are masked in them already.
type Example struct {
	Doc   pipeline.DocID
	Type  pipeline.TypeCode // by the last decision
	Pages []string          // text of each page
}

// Lessons is how much there is to learn from. A model that was made from the same
// lessons need not be made again.
type Lessons struct {
	Decisions int // of people, all there ever were
	Withdrawn int // letters that nothing may be learned from
}

// SortingModel is the row of the model that sorts letters. Its bytes are a blob.
type SortingModel struct {
	Version string
	Blob    pipeline.Blob
	Lessons Lessons   // that it was made from
	Basis   string    // version of the tables of cues that it was made with
	Made    time.Time // filled in by the catalogue
}

// Lessons counts what there is to learn from.
func (c *Catalog) Lessons(ctx context.Context) (Lessons, error) {
	var l Lessons
	err := c.read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM decision), (SELECT count(*) FROM withdrawn_example)`).
		Scan(&l.Decisions, &l.Withdrawn)
	if err != nil {
		return l, fmt.Errorf("counting decisions: %w", err)
	}
	return l, nil
}

// Examples calls each with the letters that people filed, those decided last
// first, at most perType of one document type. Letters that are not archived,
// and withdrawn ones, are left out.
func (c *Catalog) Examples(ctx context.Context, perType int, each func(Example) error) error {
	type found struct {
		n   int64
		doc pipeline.DocID
		typ pipeline.TypeCode
	}
	var list []found
	rows, err := c.read.QueryContext(ctx, `SELECT d.n, d.id, x.doctype FROM decision x JOIN document d ON d.id = x.doc
		WHERE d.state = 'archived' AND d.doctype = x.doctype
			AND x.gen = (SELECT max(y.gen) FROM decision y WHERE y.doc = x.doc)
			AND NOT EXISTS (SELECT 1 FROM withdrawn_example w WHERE w.doc = x.doc)
		ORDER BY x.at DESC, x.doc DESC`)
	if err != nil {
		return fmt.Errorf("listing examples: %w", err)
	}
	defer rows.Close()
	count := map[pipeline.TypeCode]int{}
	for rows.Next() {
		var f found
		if err := rows.Scan(&f.n, &f.doc, &f.typ); err != nil {
			return fmt.Errorf("listing examples: %w", err)
		}
		if count[f.typ]++; count[f.typ] <= perType {
			list = append(list, f)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("listing examples: %w", err)
	}
	for _, f := range list {
		pages, err := readPages(ctx, c.read, []int64{f.n})
		if err != nil {
			return err
		}
		ex := Example{Doc: f.doc, Type: f.typ}
		for _, p := range pages[f.n] {
			ex.Pages = append(ex.Pages, p.text)
		}
		if err := each(ex); err != nil {
			return err
		}
	}
	return nil
}

// KeepModel makes m the model that sorts letters, in place of the one before, and
// writes it into the evidence log.
func (c *Catalog) KeepModel(ctx context.Context, m SortingModel) error {
	if m.Version == "" || m.Blob.Digest == "" {
		return errors.New("keeping a model: it needs a version and its bytes")
	}
	ev, err := c.event("learned", "", "", struct {
		Version   string          `json:"version"`
		Digest    pipeline.Digest `json:"digest"`
		Decisions int             `json:"decisions"`
	}{m.Version, m.Blob.Digest, m.Lessons.Decisions})
	if err != nil {
		return err
	}
	return c.change(ctx, "keeping a model", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sorting_model (one, version, digest, size, made, decisions, withdrawn, basis)
			VALUES (1, $1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (one) DO UPDATE SET version = $1, digest = $2, size = $3, made = $4, decisions = $5, withdrawn = $6, basis = $7`,
			m.Version, string(m.Blob.Digest), m.Blob.Size, c.now(), m.Lessons.Decisions, m.Lessons.Withdrawn, m.Basis)
		if err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
}

// DropModel forgets the model: letters are sorted by the cues alone until there
// is a new one.
func (c *Catalog) DropModel(ctx context.Context) error {
	ev, err := c.event("model dropped", "", "", struct{}{})
	if err != nil {
		return err
	}
	return c.change(ctx, "dropping the model", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sorting_model`); err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
}

// Model is the model that sorts letters; [ErrUnknown] if there is none.
func (c *Catalog) Model(ctx context.Context) (SortingModel, error) {
	var m SortingModel
	var made int64
	err := c.read.QueryRowContext(ctx, `SELECT version, digest, size, made, decisions, withdrawn, basis FROM sorting_model`).
		Scan(&m.Version, &m.Blob.Digest, &m.Blob.Size, &made, &m.Lessons.Decisions, &m.Lessons.Withdrawn, &m.Basis)
	if errors.Is(err, sql.ErrNoRows) {
		return m, ErrUnknown
	}
	if err != nil {
		return m, fmt.Errorf("asking for the model: %w", err)
	}
	m.Made = fromMillis(made)
	return m, nil
}

// Withdraw says that nothing may be learned from a letter any more (Art. 17
// DSGVO). Models that knew it have to be made again; [Catalog.Lessons] shows it.
// Withdrawing twice is withdrawing once.
func (c *Catalog) Withdraw(ctx context.Context, id pipeline.DocID, by string) error {
	if by == "" {
		return errors.New("withdrawing an example: who asks")
	}
	ev, err := c.event("example withdrawn", id, by, struct{}{})
	if err != nil {
		return err
	}
	return c.change(ctx, "withdrawing an example", func(tx *sql.Tx) error {
		if _, _, err := c.take(ctx, tx, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO withdrawn_example (doc, at, author) VALUES ($1, $2, $3)
			ON CONFLICT (doc) DO NOTHING`, string(id), c.now(), clean(by))
		if err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
}
