package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"blattwerk/pipeline"
)

// Task is a letter with how the work on it stands.
type Task struct {
	Entry Entry
	Work  Work
}

// Desk says whose desk it is.
type Desk struct {
	Accounts []string          // the person, and those it stands in for
	Filter   Filter            // what it may see, and how long each list may be
	Own      []pipeline.DeptID // whose new letters it is shown; nil is all
	Day      time.Time         // what is due before counts as due
}

// Tray is what lies on a desk: what is due, what is assigned to its people, and
// what came in and belongs to nobody yet. Letters that are done are not there.
type Tray struct {
	Due      []Task // earliest first: of its people, and of nobody in its departments
	Assigned []Task // newest first, those that are due left out
	New      []Task // dito; archived, assigned to nobody, with no deadline
	Totals   struct{ Due, Assigned, New int }
}

// Tray lists what lies on a desk.
func (c *Catalog) Tray(ctx context.Context, d Desk) (Tray, error) {
	var t Tray
	err := c.snapshot(ctx, func(tx *sql.Tx) error {
		var err error
		mine := func(w *where) { in(w, `t.assignee`, d.Accounts) }
		due := func(w *where) { w.add(`t.due <> 0 AND t.due < ?`, millis(d.Day)) }
		t.Due, t.Totals.Due, err = d.list(ctx, tx, `task t JOIN document d ON d.id = t.doc`, `t.due, d.id`, func(w *where) {
			w.conds = append(w.conds, `t.done = 0`)
			due(w)
			in(w, `t.assignee`, append(slices.Clone(d.Accounts), ""))
		})
		if err != nil {
			return err
		}
		t.Assigned, t.Totals.Assigned, err = d.list(ctx, tx, `task t JOIN document d ON d.id = t.doc`, newestFirst, func(w *where) {
			w.conds = append(w.conds, `t.done = 0`)
			mine(w)
			w.add(`NOT (t.due <> 0 AND t.due < ?)`, millis(d.Day))
		})
		if err != nil {
			return err
		}
		t.New, t.Totals.New, err = d.list(ctx, tx, `document d LEFT JOIN task t ON t.doc = d.id`, newestFirst, func(w *where) {
			w.conds = append(w.conds, `d.state = 'archived'`, `(t.doc IS NULL OR t.done = 0 AND t.assignee = '' AND t.due = 0)`)
			if d.Own != nil {
				in(w, `d.department`, d.Own)
			}
		})
		return err
	})
	if err != nil {
		return Tray{}, fmt.Errorf("listing a tray: %w", err)
	}
	return t, nil
}

// StandsFor lists the logins of those whom an account stands in for now.
func (c *Catalog) StandsFor(ctx context.Context, account string) ([]string, error) {
	list, err := strs(ctx, c.read, `SELECT a.login FROM deputy d JOIN account a ON a.id = d.account
		WHERE d.deputy = $1 AND d.since <= $2 AND d.until > $2 AND a.disabled = 0 ORDER BY a.login`, clean(account), c.now())
	if err != nil {
		return nil, fmt.Errorf("reading whom an account stands in for: %w", err)
	}
	return list, nil
}

// maxTray is up to where the letters of a list are counted.
const maxTray = 1000

func (d Desk) list(ctx context.Context, tx *sql.Tx, from, order string, narrow func(*where)) ([]Task, int, error) {
	var w where
	narrow(&w)
	d.Filter.narrow(&w)
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM `+from+w.String()+` LIMIT `+fmt.Sprint(maxTray)+`) counted`, w.args...).Scan(&n)
	if err != nil || n == 0 {
		return nil, 0, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+entryColumns+`, coalesce(t.assignee, ''), coalesce(t.due, 0), coalesce(t.done, 0) FROM `+
		from+w.String()+` ORDER BY `+order+` LIMIT `+w.arg(d.Filter.limit()), w.args...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var list []Task
	for rows.Next() {
		var t Task
		var due, done int64
		if t.Entry, err = scanEntry(rows, &t.Work.Assignee, &due, &done); err != nil {
			return nil, 0, err
		}
		t.Work.Due, t.Work.Done = fromMillis(due), fromMillis(done)
		if f := t.Entry.Document.Filing; f != nil {
			t.Work.Department = f.Department
		}
		list = append(list, t)
	}
	return list, n, rows.Err()
}
