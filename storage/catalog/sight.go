package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// Sight is which letters somebody may see; the zero value sees none. A [Filter]
// that carries one finds nothing else, whatever else it says: lists, searches,
// counts and facets are narrowed in the database, so that nothing of the rest
// shows, not even by its number or by the time that it takes.
type Sight struct {
	All         bool
	Departments []pipeline.DeptID // letters that are archived and filed under one of these
	// Unsettled sees every letter on its way, waiting or given back, and all that
	// were received at or after Since.
	Unsettled bool
	Since     time.Time
}

// narrow adds the condition on document or facet d. A guess is no filing: a department
// sees a letter once it was archived under it, not before.
func (s Sight) narrow(w *where) {
	if s.All {
		return
	}
	either := []string{"1 = 0"}
	if len(s.Departments) > 0 {
		var own where
		own.args = w.args
		in(&own, `d.department`, s.Departments)
		w.args = own.args
		either = append(either, "d.state = 'archived' AND "+own.conds[0])
	}
	if s.Unsettled {
		either = append(either, "d.state <> 'archived'", "d.received >= "+w.arg(millis(s.Since)))
	}
	w.conds = append(w.conds, "("+strings.Join(either, " OR ")+")")
}

// Find reads one document if the filter lets it through. What there is not and
// what may not be seen are answered alike, [ErrUnknown], in the same time.
func (c *Catalog) Find(ctx context.Context, id pipeline.DocID, f Filter) (Entry, error) {
	var w where
	w.add(`d.id = ?`, clean(string(id)))
	f.narrow(&w)
	e, err := scanEntry(c.read.QueryRowContext(ctx, `SELECT `+entryColumns+` FROM document d`+w.String(), w.args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, ErrUnknown
	}
	if err != nil {
		return Entry{}, fmt.Errorf("reading a document: %w", err)
	}
	return e, nil
}
