package catalog

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// Entry is a document and where it stands.
type Entry struct {
	Document   pipeline.Document
	State      pipeline.State
	Step       pipeline.StepName // to be done next, or waited before; "" when archived
	Gen        int
	Attempt    int             // claims of the step so far
	Crashes    int             // of them, ended without a word
	Owner      string          // who works on it; "" nobody
	Lease      time.Time       // until when
	Fault      *pipeline.Fault // why it waits, was refused or deferred; nil if nothing is wrong
	Due        time.Time       // when the step may be done
	Received   time.Time
	Changed    time.Time
	Archived   time.Time // zero before
	Duplicates int       // further deliveries of the same bytes
}

const entryColumns = `d.state, d.step, d.gen, d.attempt, d.crashes, d.owner, d.lease, d.fault, d.due,
	d.received, d.changed, d.archived, d.duplicates, d.body`

type scanner interface{ Scan(dest ...any) error }

// scanEntry reads entryColumns, followed by more.
func scanEntry(s scanner, more ...any) (Entry, error) {
	var e Entry
	var fault, body string
	var lease, due, received, changed, archived int64
	err := s.Scan(append([]any{&e.State, &e.Step, &e.Gen, &e.Attempt, &e.Crashes, &e.Owner, &lease, &fault, &due,
		&received, &changed, &archived, &e.Duplicates, &body}, more...)...)
	if err != nil {
		return Entry{}, err
	}
	e.Lease, e.Due, e.Received = fromMillis(lease), fromMillis(due), fromMillis(received)
	e.Changed, e.Archived = fromMillis(changed), fromMillis(archived)
	if e.Fault, err = unmarshalFault(fault); err != nil {
		return Entry{}, err
	}
	if err := json.Unmarshal([]byte(body), &e.Document); err != nil {
		return Entry{}, fmt.Errorf("decoding a document: %w", err)
	}
	return e, nil
}

// Get reads one document; [ErrUnknown] if there is none.
func (c *Catalog) Get(ctx context.Context, id pipeline.DocID) (Entry, error) {
	return get(ctx, c.read, id)
}

func get(ctx context.Context, q querier, id pipeline.DocID) (Entry, error) {
	e, err := scanEntry(q.QueryRowContext(ctx, `SELECT `+entryColumns+` FROM document d WHERE d.id = $1`, clean(string(id))))
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, ErrUnknown
	}
	if err != nil {
		return Entry{}, fmt.Errorf("reading a document: %w", err)
	}
	return e, nil
}

// Filter narrows a list or a search. Zero fields narrow nothing.
type Filter struct {
	State      pipeline.State
	Step       pipeline.StepName
	Department pipeline.DeptID
	// Departments are the only ones that the caller may see. nil is all, and also
	// the unfiled; an empty list is none at all.
	Departments []pipeline.DeptID
	Sight       *Sight // what the caller may see at all; nil is everything
	Type        pipeline.TypeCode
	Sender      string    // as the facet tells it
	Reference   string    // dito
	From, To    time.Time // received at or after From and before To
	Arrived     time.Time // came to where it is after this moment: filed, archived, handed on
	Limit       int       // 1 to 500; 0 is 50
	After       Cursor    // where the page before ended
}

// Cursor is a place in a list; "" is its begin, and after its end.
type Cursor string

func makeCursor(parts ...string) Cursor {
	return Cursor(base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, " "))))
}

// ErrPlace says that a cursor was made up, or is one of another list.
var ErrPlace = errors.New("this is no place in the list")

// parts reads numbers and, last, an ID.
func (c Cursor) parts(numbers int) ([]int64, string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil {
		return nil, "", ErrPlace
	}
	f := strings.Split(string(raw), " ")
	if len(f) != numbers+1 {
		return nil, "", ErrPlace
	}
	list := make([]int64, numbers)
	for i := range list {
		if list[i], err = strconv.ParseInt(f[i], 10, 64); err != nil {
			return nil, "", ErrPlace
		}
	}
	return list, f[numbers], nil
}

func (f Filter) limit() int {
	if f.Limit <= 0 {
		return 50
	}
	return min(f.Limit, 500)
}

// narrow adds the filter's conditions on document or facet d, but not its cursor.
func (f Filter) narrow(w *where) {
	if f.State != "" {
		w.add(`d.state = ?`, string(f.State))
	}
	if f.Step != "" {
		w.add(`d.step = ?`, string(f.Step))
	}
	if f.Department != "" {
		w.add(`d.department = ?`, string(f.Department))
	}
	if f.Departments != nil {
		in(w, `d.department`, f.Departments)
	}
	if f.Sight != nil {
		f.Sight.narrow(w)
	}
	if f.Type != "" {
		w.add(`d.doctype = ?`, string(f.Type))
	}
	if !f.Arrived.IsZero() {
		w.add(`d.n IN (SELECT n FROM facet WHERE arrived > ?)`, millis(f.Arrived))
	}
	if f.Sender != "" {
		w.add(`d.n IN (SELECT n FROM facet WHERE sender = ?)`, clean(f.Sender))
	}
	if f.Reference != "" {
		w.add(`d.n IN (SELECT n FROM facet WHERE reference = ?)`, clean(f.Reference))
	}
	if !f.From.IsZero() {
		w.add(`d.received >= ?`, millis(f.From))
	}
	if !f.To.IsZero() {
		w.add(`d.received < ?`, millis(f.To))
	}
}

// newestFirst is the order of lists. Letters of one stack came at the same moment; of
// them, the one with the last number comes first.
const newestFirst = `d.received DESC, d.year DESC, d.number DESC, d.id DESC`

// narrowFacet adds the filter's conditions on facet d. It is asked itself when a document
// arrived: joined with itself for that, PostgreSQL reads the whole table, or does not, as
// its samples of the day have it.
func (f Filter) narrowFacet(w *where) {
	if !f.Arrived.IsZero() {
		w.add(`d.arrived > ?`, millis(f.Arrived))
		f.Arrived = time.Time{}
	}
	f.narrow(w)
}

// List gives documents, the newest first, and the place where the next page
// begins; "" after the last.
func (c *Catalog) List(ctx context.Context, f Filter) ([]Entry, Cursor, error) {
	var w where
	f.narrow(&w)
	if f.After != "" {
		at, id, err := f.After.parts(3)
		if err != nil {
			return nil, "", err
		}
		w.add(`d.received <= ?`, at[0])
		w.add(`(d.received, d.year, d.number, d.id) < (?, ?, ?, ?)`, at[0], at[1], at[2], id)
	}
	limit := f.limit()
	rows, err := c.read.QueryContext(ctx, `SELECT `+entryColumns+`, d.year, d.number FROM document d`+w.String()+` ORDER BY `+newestFirst+` LIMIT `+w.arg(limit+1), w.args...)
	if err != nil {
		return nil, "", fmt.Errorf("listing documents: %w", err)
	}
	defer rows.Close()
	var list []Entry
	var next Cursor
	for rows.Next() {
		var year, number int64
		e, err := scanEntry(rows, &year, &number)
		if err != nil {
			return nil, "", fmt.Errorf("listing documents: %w", err)
		}
		if len(list) == limit {
			return list, next, nil
		}
		list = append(list, e)
		next = makeCursor(strconv.FormatInt(millis(e.Received), 10), strconv.FormatInt(year, 10), strconv.FormatInt(number, 10), string(e.Document.ID))
	}
	return list, "", rows.Err()
}

func (c *Catalog) entries(ctx context.Context, query string, args []any) ([]Entry, error) {
	rows, err := c.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing documents: %w", err)
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("listing documents: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// Journal (Posteingangsbuch) lists the deliveries of a year by their number,
// those after the number after, and gives the last number listed; 0 at the end.
// Duplicates have no number; they are counted at their document.
func (c *Catalog) Journal(ctx context.Context, year, after, limit int) ([]Entry, int, error) {
	limit = Filter{Limit: limit}.limit()
	list, err := c.entries(ctx, `SELECT `+entryColumns+` FROM document d
		WHERE d.year = $1 AND d.number > $2 ORDER BY d.number, d.id LIMIT $3`, []any{year, after, limit + 1})
	if err != nil || len(list) <= limit {
		return list, 0, err
	}
	list = list[:limit]
	_, last, err := journalNumber(list[limit-1].Document.Delivery.Journal)
	return list, last, err
}

// JournalNumbers gives letters their numbers in the journal. A letter that there is
// not has none.
func (c *Catalog) JournalNumbers(ctx context.Context, ids []pipeline.DocID) (map[pipeline.DocID]string, error) {
	numbers := map[pipeline.DocID]string{}
	for part := range slices.Chunk(ids, 500) { // databases take so many values at once
		marks, args := make([]string, len(part)), make([]any, len(part))
		for i, id := range part {
			marks[i], args[i] = "$"+strconv.Itoa(i+1), clean(string(id))
		}
		rows, err := c.read.QueryContext(ctx, `SELECT id, year, number FROM document WHERE id IN (`+strings.Join(marks, ", ")+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("reading journal numbers: %w", err)
		}
		for rows.Next() {
			var id pipeline.DocID
			var year, number int
			if err := rows.Scan(&id, &year, &number); err != nil {
				_ = rows.Close()
				return nil, fmt.Errorf("reading journal numbers: %w", err)
			}
			numbers[id] = inJournal(year, number)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("reading journal numbers: %w", err)
		}
	}
	return numbers, nil
}

// inJournal writes a number of the journal: "2026-000123".
func inJournal(year, number int) string { return fmt.Sprintf("%04d-%06d", year, number) }

// journalNumber reads "2026-000123".
func journalNumber(s string) (year, number int, err error) {
	y, n, ok := strings.Cut(s, "-")
	if ok {
		if year, err = strconv.Atoi(y); err == nil {
			number, err = strconv.Atoi(n)
		}
	}
	if !ok || err != nil || year < 1 || number < 1 {
		return 0, 0, fmt.Errorf("%q is no journal number", s)
	}
	return year, number, nil
}

// Counts are numbers of documents.
type Counts struct {
	States      map[pipeline.State]int
	Steps       map[pipeline.StepName]int // of working documents, by the step they are at
	Waiting     map[pipeline.StepName]int // of waiting documents, by the step they wait before
	Departments map[pipeline.DeptID]int   // of all documents but the refused; "" is unfiled
	Duplicates  int                       // deliveries that were duplicates
}

// Counts counts the documents.
func (c *Catalog) Counts(ctx context.Context) (Counts, error) { return c.CountsOf(ctx, Filter{}) }

// CountsOf counts the documents that a filter lets through.
func (c *Catalog) CountsOf(ctx context.Context, f Filter) (Counts, error) {
	var w where
	f.narrow(&w)
	n := Counts{
		States: map[pipeline.State]int{}, Steps: map[pipeline.StepName]int{},
		Waiting: map[pipeline.StepName]int{}, Departments: map[pipeline.DeptID]int{},
	}
	rows, err := c.read.QueryContext(ctx, `SELECT state, step, department, count(*), coalesce(sum(duplicates), 0)
		FROM document d`+w.String()+` GROUP BY state, step, department`, w.args...)
	if err != nil {
		return n, fmt.Errorf("counting: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state pipeline.State
		var step pipeline.StepName
		var dept pipeline.DeptID
		var count, duplicates int
		if err := rows.Scan(&state, &step, &dept, &count, &duplicates); err != nil {
			return n, fmt.Errorf("counting: %w", err)
		}
		n.States[state] += count
		n.Duplicates += duplicates
		switch state {
		case pipeline.Working:
			n.Steps[step] += count
		case pipeline.Waiting:
			n.Waiting[step] += count
		}
		if state != pipeline.Refused {
			n.Departments[dept] += count
		}
	}
	return n, rows.Err()
}
