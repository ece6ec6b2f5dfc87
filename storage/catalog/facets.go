package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// Facets are what results can be narrowed by, with the number of results for
// each value, the most frequent first; months are the newest first. They count
// only what the filter's Departments let the caller see.
type Facets struct {
	Departments []Count
	Types       []Count
	States      []Count
	Senders     []Count // the first maxValues
	References  []Count // dito, those of several letters
	Months      []Count // of receipt, "2026-03"
	More        bool    // the newest MaxHits were counted
}

// Count is a value and how many documents have it.
type Count struct {
	Value string
	N     int
}

// maxValues is the number of senders and references that are listed.
const maxValues = 12

// facetRow is what a document is counted and ordered by.
type facetRow struct {
	n, received                int64
	state, department, doctype string
	sender, reference          string
}

const facetColumns = `d.n, d.received, d.state, d.department, d.doctype, d.sender, d.reference`

func facetRows(ctx context.Context, q querier, query string, args []any) ([]facetRow, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []facetRow
	for rows.Next() {
		var r facetRow
		if err := rows.Scan(&r.n, &r.received, &r.state, &r.department, &r.doctype, &r.sender, &r.reference); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// Facets counts the documents that a filter leaves, without any words.
func (c *Catalog) Facets(ctx context.Context, f Filter) (Facets, error) {
	var out Facets
	err := c.looking(ctx, func(tx *sql.Tx) error {
		var w where
		f.narrow(&w)
		rows, err := facetRows(ctx, tx, `SELECT `+facetColumns+` FROM facet d`+w.String()+
			` ORDER BY d.n DESC LIMIT `+w.arg(MaxHits+1), w.args)
		list := make([]candidate, min(len(rows), MaxHits))
		for i := range list {
			list[i].facetRow = rows[i]
		}
		out = c.facets(list, len(rows) > MaxHits)
		return err
	})
	if err != nil {
		return Facets{}, fmt.Errorf("counting facets: %w", err)
	}
	return out, nil
}

func (c *Catalog) facets(list []candidate, more bool) Facets {
	var departments, types, states, senders, references, months = counter{}, counter{}, counter{}, counter{}, counter{}, counter{}
	for _, a := range list {
		departments[a.department]++
		types[a.doctype]++
		states[a.state]++
		senders[a.sender]++
		references[a.reference]++
		months[time.UnixMilli(a.received).In(c.zone).Format("2006-01")]++
	}
	f := Facets{
		Departments: departments.list(), Types: types.list(), States: states.list(),
		Senders: senders.list(), References: references.list(), Months: months.list(), More: more,
	}
	f.Senders = f.Senders[:min(len(f.Senders), maxValues)]
	f.References = slices.DeleteFunc(f.References, func(v Count) bool { return v.N < 2 })
	f.References = f.References[:min(len(f.References), maxValues)]
	slices.SortFunc(f.Months, func(a, b Count) int { return cmp.Compare(b.Value, a.Value) })
	return f
}

type counter map[string]int

// list gives the values, the most frequent first; what has no value is left out.
func (c counter) list() []Count {
	delete(c, "")
	list := make([]Count, 0, len(c))
	for v, n := range c {
		list = append(list, Count{v, n})
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value)) })
	return list
}

// getNumbered reads documents by their numbers.
func getNumbered(ctx context.Context, q querier, docs []int64) (map[int64]Entry, error) {
	list := make(map[int64]Entry, len(docs))
	if len(docs) == 0 {
		return list, nil
	}
	rows, err := q.QueryContext(ctx, `SELECT `+entryColumns+`, d.n FROM document d WHERE d.n IN (`+numberList(docs)+`)`)
	if err != nil {
		return nil, fmt.Errorf("reading documents: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		e, err := scanEntry(rows, &n)
		if err != nil {
			return nil, fmt.Errorf("reading documents: %w", err)
		}
		list[n] = e
	}
	return list, rows.Err()
}
