package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"blattwerk/pipeline"
)

// DeedKind is what a person does with a letter on the desk.
type DeedKind string

// The deeds.
const (
	Assign DeedKind = "assign"  // give it to a colleague, or to nobody
	Note   DeedKind = "note"    // write something down for colleagues
	Due    DeedKind = "due"     // have it laid before one again on a day (Wiedervorlage), or no longer
	Done   DeedKind = "done"    // the work on it is done
	Reopen DeedKind = "reopen"  // it is not
	HandOn DeedKind = "hand-on" // it belongs to another department, which sees it from now on
)

// Deed is something that a person did with a letter.
type Deed struct {
	ID         string // UUIDv7; "" lets the catalogue give one
	Doc        pipeline.DocID
	Kind       DeedKind
	By         string          // account, never empty
	Assignee   string          // of Assign: account; "" is nobody
	Department pipeline.DeptID // of HandOn
	Due        time.Time       // of Due: begin of the day; zero is none
	Note       string          // of Note and HandOn; not in the evidence
	At         time.Time       // given by the catalogue; a deed that is restored brings it
	Undone     time.Time       // when it was taken back; zero: it stands
	UndoneBy   string
	Was        Work // how the work stood before
	Kept       bool // the archive was told of it as it stands
}

// Work is where the work on a letter stands.
type Work struct {
	Assignee   string          `json:"assignee,omitempty"` // "" nobody
	Due        time.Time       `json:"due,omitzero"`       // zero: never
	Done       time.Time       `json:"done,omitzero"`      // zero: not yet
	Department pipeline.DeptID `json:"department,omitempty"`
}

// UndoDeedFor is how long a deed can be taken back.
const UndoDeedFor = 30 * time.Minute

// MaxNote is the longest note in bytes.
const MaxNote = 4000

var (
	// ErrDeed says that a deed makes no sense, such as handing a letter on to where
	// it is.
	ErrDeed = errors.New("nothing to do")
	// ErrDeedGone says that a deed cannot be taken back: it is too long ago, of
	// somebody else, undone already, or others built on it.
	ErrDeedGone = errors.New("cannot be taken back any more")
)

// NewDeedID gives a name for a deed: a UUIDv7, so that names sort by time.
func NewDeedID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("naming a deed: %w", err)
	}
	return id.String(), nil
}

// Do writes a deed as a fact with author and time, and what follows from it.
// Handing on changes the department of the letter's filing and so who sees it, and
// with it what may be found of the letter ([Options].Masked); it is possible only
// for archived letters ([ErrUnproven]), whose manifest stays as it is. If somebody
// files the letter anew meanwhile, it answers [ErrNotWaiting]. Doing a deed with
// the same ID again changes nothing.
func (c *Catalog) Do(ctx context.Context, d Deed) (Deed, error) {
	if err := d.valid(); err != nil {
		return Deed{}, err
	}
	if d.ID == "" {
		var err error
		if d.ID, err = NewDeedID(); err != nil {
			return Deed{}, err
		}
	}
	if d.At.IsZero() {
		d.At = fromMillis(c.now())
	}
	d.Note = clean(d.Note)
	var seen *view
	if d.Kind == HandOn {
		var err error
		if seen, err = c.viewOf(ctx, d.Doc, d.Department); err != nil {
			return Deed{}, err
		}
	}
	err := c.change(ctx, "working on a letter", func(tx *sql.Tx) error {
		e, n, err := c.take(ctx, tx, d.Doc)
		if err != nil {
			return err
		}
		if have, err := readDeed(ctx, tx, d.ID); err == nil {
			d = have
			return nil
		} else if !errors.Is(err, ErrUnknown) {
			return err
		}
		if d.Was, err = workOf(ctx, tx, e.Document); err != nil {
			return err
		}
		after, err := d.Was.after(d, e)
		if err != nil {
			return err
		}
		if err := c.writeWork(ctx, tx, n, e, after, seen); err != nil {
			return err
		}
		if err := insertDeed(ctx, tx, d); err != nil {
			return err
		}
		ev, err := c.event(evidenceOf[d.Kind], d.Doc, d.By, d.evidence())
		if err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
	return d, err
}

// evidenceOf names the events of deeds.
var evidenceOf = map[DeedKind]string{
	Assign: "assigned", Note: "noted", Due: "due-set", Done: "done", Reopen: "reopened", HandOn: "handed-on",
}

// deedEvidence is what the evidence tells of a deed: never the words of a note.
type deedEvidence struct {
	Deed       string          `json:"deed"`
	Assignee   string          `json:"assignee,omitempty"`
	Department pipeline.DeptID `json:"department,omitempty"`
	Was        pipeline.DeptID `json:"was,omitempty"`
	Due        string          `json:"due,omitempty"`
}

func (d Deed) evidence() deedEvidence {
	ev := deedEvidence{Deed: d.ID, Assignee: d.Assignee, Department: d.Department}
	if d.Kind == HandOn {
		ev.Was = d.Was.Department
	}
	if !d.Due.IsZero() {
		ev.Due = d.Due.UTC().Format(time.RFC3339)
	}
	return ev
}

func (d Deed) valid() error {
	switch {
	case d.By == "" || d.Doc == "":
		return errors.New("working on a letter: who, and on which")
	case evidenceOf[d.Kind] == "":
		return fmt.Errorf("working on a letter: no such deed as %q", d.Kind)
	case len(d.Note) > MaxNote:
		return fmt.Errorf("a note of more than %d bytes: %w", MaxNote, ErrDeed)
	case d.Kind == Note && d.Note == "", d.Kind == HandOn && d.Department == "":
		return ErrDeed
	}
	return nil
}

// after is how the work stands after a deed, if it can be done.
func (w Work) after(d Deed, e Entry) (Work, error) {
	if d.Kind == HandOn && (e.State != pipeline.Archived || e.Document.Filing == nil) {
		return w, fmt.Errorf("document is %s: %w", e.State, ErrUnproven)
	}
	if d.Kind == HandOn && w.Department == d.Department {
		return w, ErrDeed
	}
	return w.with(d), nil
}

// with is how the work stands after a deed.
func (w Work) with(d Deed) Work {
	switch d.Kind {
	case Assign:
		w.Assignee = d.Assignee
	case Due:
		w.Due = d.Due
	case Done:
		w.Done = d.At
	case Reopen:
		w.Done = time.Time{}
	case HandOn:
		// To the other department the letter is new.
		w = Work{Department: d.Department}
	}
	return w
}

// writeWork makes work the state of a letter. If that gives the letter to another
// department, seen is what the department may find of it.
func (c *Catalog) writeWork(ctx context.Context, tx *sql.Tx, n int64, e Entry, w Work, seen *view) error {
	if err := writeTask(ctx, tx, e.Document.ID, w); err != nil {
		return err
	}
	if e.Document.Filing == nil || e.Document.Filing.Department == w.Department {
		return nil
	}
	if seen == nil || seen.gen != e.Gen {
		return fmt.Errorf("filed anew meanwhile: %w", ErrNotWaiting)
	}
	before, filing := e.Document, *e.Document.Filing
	filing.Department, filing.Fields = w.Department, seen.fields
	e.Document.Filing = &filing
	body, err := encode(e.Document)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE document SET body = $2, department = $3, changed = $4 WHERE n = $1`,
		n, body, string(w.Department), c.now())
	if err != nil {
		return fmt.Errorf("handing a letter on: %w", err)
	}
	return c.reindex(ctx, tx, n, before, e.Document, seen.texts)
}

// writeTask writes who works on a letter, until when, and whether it is done.
func writeTask(ctx context.Context, tx *sql.Tx, id pipeline.DocID, w Work) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO task (doc, assignee, due, done) VALUES ($1, $2, $3, $4)
		ON CONFLICT (doc) DO UPDATE SET assignee = excluded.assignee, due = excluded.due, done = excluded.done`,
		string(id), clean(w.Assignee), millis(w.Due), millis(w.Done))
	if err != nil {
		return fmt.Errorf("writing a task: %w", err)
	}
	return nil
}

// Undo takes back a deed of one's own, as long as the work stands as it left it
// and, of handing on, the letter is archived still. Anything else answers
// [ErrDeedGone]; a deed that does not exist, too.
func (c *Catalog) Undo(ctx context.Context, id, by string) (Deed, error) {
	d, err := c.undoable(ctx, c.read, id, by)
	if err != nil {
		return d, fmt.Errorf("taking back: %w", err)
	}
	var seen *view
	if d.Kind == HandOn {
		if seen, err = c.viewOf(ctx, d.Doc, d.Was.Department); err != nil {
			return d, err
		}
	}
	err = c.change(ctx, "taking back", func(tx *sql.Tx) error {
		var err error
		if d, err = c.undoable(ctx, tx, id, by); err != nil {
			return err
		}
		now := fromMillis(c.now())
		e, n, err := c.take(ctx, tx, d.Doc)
		if err != nil {
			return err
		}
		have, err := workOf(ctx, tx, e.Document)
		if err != nil {
			return err
		}
		if want, err := d.Was.after(d, e); d.Kind != HandOn && (err != nil || !have.same(want)) ||
			d.Kind == HandOn && (e.State != pipeline.Archived || !have.same(Work{Department: d.Department})) {
			return ErrDeedGone
		}
		if err := c.writeWork(ctx, tx, n, e, d.Was, seen); err != nil {
			return err
		}
		d.Undone, d.UndoneBy, d.Kept = now, by, false
		if _, err := tx.ExecContext(ctx, `UPDATE deed SET undone = $2, undone_by = $3, kept = 0 WHERE id = $1`, id, millis(now), clean(by)); err != nil {
			return err
		}
		ev, err := c.event("undone", d.Doc, by, deedEvidence{Deed: id})
		if err != nil {
			return err
		}
		return c.append(ctx, tx, ev)
	})
	return d, err
}

// undoable reads a deed that its author may still take back, as far as the deed
// itself tells.
func (c *Catalog) undoable(ctx context.Context, q querier, id, by string) (Deed, error) {
	d, err := readDeed(ctx, q, id)
	if errors.Is(err, ErrUnknown) {
		return d, ErrDeedGone
	}
	if err == nil && (d.By != by || !d.Undone.IsZero() || fromMillis(c.now()).Sub(d.At) > UndoDeedFor) {
		return d, ErrDeedGone
	}
	return d, err
}

func (w Work) same(o Work) bool {
	return w.Assignee == o.Assignee && w.Department == o.Department && w.Due.Equal(o.Due) && w.Done.Equal(o.Done)
}

// Recall writes back what people did with a letter, oldest first, as the archive
// tells of it when the catalogue is rebuilt, and how the work stands by that. The
// letter's department is restored with the letter itself; moved are the moments at
// which it was filed elsewhere, where its work began anew.
func (c *Catalog) Recall(ctx context.Context, id pipeline.DocID, deeds []Deed, moved []time.Time) error {
	return c.change(ctx, "recalling what was done with a letter", func(tx *sql.Tx) error {
		var w Work
		for _, d := range deeds {
			for len(moved) > 0 && !moved[0].After(d.At) {
				w, moved = Work{}, moved[1:]
			}
			w.Department = d.Was.Department
			d.Was, d.Kept = w, true
			if err := insertDeed(ctx, tx, d); err != nil {
				return err
			}
			if d.Undone.IsZero() {
				w = w.with(d)
			}
		}
		if len(moved) > 0 {
			w = Work{}
		}
		return writeTask(ctx, tx, id, w)
	})
}

func insertDeed(ctx context.Context, tx *sql.Tx, d Deed) error {
	was, err := encode(d.Was)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO deed (id, doc, at, author, kind, assignee, department, due, note, was, undone, undone_by, kept)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING`,
		d.ID, string(d.Doc), millis(d.At), clean(d.By), string(d.Kind), clean(d.Assignee), clean(string(d.Department)),
		millis(d.Due), clean(d.Note), was, millis(d.Undone), clean(d.UndoneBy), bit(d.Kept))
	if err != nil {
		return fmt.Errorf("writing a deed: %w", err)
	}
	return nil
}

const deedColumns = `id, doc, at, author, kind, assignee, department, due, note, was, undone, undone_by, kept`

func scanDeed(s scanner) (Deed, error) {
	var d Deed
	var at, due, undone, kept int64
	var was string
	err := s.Scan(&d.ID, &d.Doc, &at, &d.By, &d.Kind, &d.Assignee, &d.Department, &due, &d.Note, &was, &undone, &d.UndoneBy, &kept)
	if err != nil {
		return Deed{}, err
	}
	d.At, d.Due, d.Undone, d.Kept = fromMillis(at), fromMillis(due), fromMillis(undone), kept != 0
	return d, json.Unmarshal([]byte(was), &d.Was)
}

func readDeed(ctx context.Context, q querier, id string) (Deed, error) {
	d, err := scanDeed(q.QueryRowContext(ctx, `SELECT `+deedColumns+` FROM deed WHERE id = $1`, clean(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return Deed{}, ErrUnknown
	}
	if err != nil {
		return Deed{}, fmt.Errorf("reading a deed: %w", err)
	}
	return d, nil
}

// Deed reads one deed; [ErrUnknown] if there is none.
func (c *Catalog) Deed(ctx context.Context, id string) (Deed, error) {
	return readDeed(ctx, c.read, id)
}

// Deeds lists what people did with a letter, oldest first, with what was taken
// back, and how the work on it stands.
func (c *Catalog) Deeds(ctx context.Context, id pipeline.DocID) (Work, []Deed, error) {
	var work Work
	var list []Deed
	err := c.snapshot(ctx, func(tx *sql.Tx) error {
		e, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if work, err = workOf(ctx, tx, e.Document); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT `+deedColumns+` FROM deed WHERE doc = $1 ORDER BY at, id`, string(id))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			d, err := scanDeed(rows)
			if err != nil {
				return err
			}
			list = append(list, d)
		}
		return rows.Err()
	})
	if err != nil {
		return Work{}, nil, fmt.Errorf("listing deeds: %w", err)
	}
	return work, list, nil
}

// EachDeed walks what people did with letters that are archived, oldest first;
// unkept are only those that the archive has to be told of and was not yet: handing
// on at once, all else when it cannot be taken back any more.
func (c *Catalog) EachDeed(ctx context.Context, unkept bool, each func(Deed) error) error {
	cond := ""
	if unkept {
		// What was begun in time to be taken back may end a moment later.
		settled := fromMillis(c.now()).Add(-UndoDeedFor - time.Minute)
		cond = fmt.Sprintf(` AND kept = 0 AND (kind = 'hand-on' OR at < %d)`, millis(settled))
	}
	const most = 500
	at, id := int64(-1), ""
	for {
		list, err := c.deeds(ctx, `SELECT `+deedColumns+` FROM deed
			WHERE (at > $1 OR at = $1 AND id > $2)`+cond+` AND EXISTS (SELECT 1 FROM document d WHERE d.id = deed.doc AND d.state = 'archived')
			ORDER BY at, id LIMIT $3`, at, id, most)
		if err != nil {
			return err
		}
		for _, d := range list {
			if err := each(d); err != nil {
				return err
			}
			at, id = millis(d.At), d.ID
		}
		if len(list) < most {
			return nil
		}
	}
}

func (c *Catalog) deeds(ctx context.Context, query string, args ...any) ([]Deed, error) {
	rows, err := c.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing deeds: %w", err)
	}
	defer rows.Close()
	var list []Deed
	for rows.Next() {
		d, err := scanDeed(rows)
		if err != nil {
			return nil, fmt.Errorf("listing deeds: %w", err)
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// KeepDeed notes that the archive was told of a deed as it stands in d.
func (c *Catalog) KeepDeed(ctx context.Context, d Deed) error {
	_, err := c.write.ExecContext(ctx, `UPDATE deed SET kept = 1 WHERE id = $1 AND undone = $2`, d.ID, millis(d.Undone))
	if err != nil {
		return fmt.Errorf("noting that a deed is kept: %w", err)
	}
	return nil
}

func workOf(ctx context.Context, q querier, doc pipeline.Document) (Work, error) {
	var w Work
	var due, done int64
	err := q.QueryRowContext(ctx, `SELECT assignee, due, done FROM task WHERE doc = $1`, string(doc.ID)).Scan(&w.Assignee, &due, &done)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Work{}, fmt.Errorf("reading a task: %w", err)
	}
	w.Due, w.Done = fromMillis(due), fromMillis(done)
	if doc.Filing != nil {
		w.Department = doc.Filing.Department
	}
	return w, nil
}
