package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog/analysis"
)

// Query is a search. Words are sought together (AND), a "phrase" in quotes word
// for word, a begin* as the begin of a word.
type Query struct {
	Words  string
	Filter // who may see what, and the page: State, Department(s), Type, From, To, Limit, After
}

// Hits is a page of what was found.
type Hits struct {
	Total int // documents found in all
	Hits  []Hit
	Next  Cursor // where the next page begins; "" after the last
}

// Hit is a document that was found.
type Hit struct {
	Entry   Entry
	Page    int    // 1-based page of the snippet; 0 if the words stand in fields only
	Snippet string // a piece of the page's text; "" without text
	Marks   []Mark // what to mark in the snippet, in order
	Score   float64
	Similar bool // found only by words that look alike: recognition may have erred, or it is another word
}

// Mark is a range of bytes in a snippet.
type Mark struct{ From, To int }

// Classes of a hit, the best first. Within a class the newest comes first, so
// that both databases give the same order and pages never overlap.
const (
	classField   = 4 // all words stand in fields as written
	classExact   = 3 // all words stand there as written
	classRelated = 2 // inflected, or part of a longer word
	classSimilar = 1 // look-alikes
)

// scores are what a class is worth to a reader, 0 to 1.
var scores = map[int]float64{classField: 1, classExact: 0.9, classRelated: 0.6, classSimilar: 0.3}

// few is the number of hits under which a search looks further.
const few = 10

// Search finds documents by the text of their pages and by their fields. File
// names of senders are not searched. Words are analysed as package analysis
// says; hits are ranked by class ([Hit].Score) and then by receipt, newest
// first. Words that merely look alike are sought only if little else is found.
// An empty query finds nothing.
func (c *Catalog) Search(ctx context.Context, q Query) (Hits, error) {
	r := parse(q.Words)
	if len(r.clauses) == 0 {
		return Hits{}, nil
	}
	var hits Hits
	err := c.snapshot(ctx, func(tx *sql.Tx) error {
		if c.dialect.locks {
			// PostgreSQL guesses far too many rows for our many alternatives, and would
			// read every text or compile the query, which both takes longer.
			if _, err := tx.ExecContext(ctx, `SET LOCAL enable_seqscan = off; SET LOCAL jit = off`); err != nil {
				return err
			}
		}
		s := search{c: c, tx: tx, query: q, request: r}
		var err error
		hits, err = s.run(ctx)
		return err
	})
	if err != nil {
		return Hits{}, fmt.Errorf("searching: %w", err)
	}
	return hits, nil
}

type search struct {
	c       *Catalog
	tx      *sql.Tx
	query   Query
	request request
	similar bool // look-alikes take part
}

// find adds alternatives until enough is found, and gives the documents that
// hold all words with their number: those of the page and one more, or all if
// phrases have to be looked for in them.
func (s *search) find(ctx context.Context) (list []candidate, total int, err error) {
	after, limit := s.query.After, s.query.limit()+1
	if len(s.request.phrases) > 0 {
		after, limit = "", 0
	}
	for i, expand := range []expansion{s.c.expandEnds, s.c.expandInfix, s.c.expandSimilar} {
		more := false
		for k := range s.request.clauses {
			added, err := expand(ctx, s.tx, &s.request.clauses[k])
			if err != nil {
				return nil, 0, err
			}
			more = more || added
		}
		if i > 0 && !more {
			continue
		}
		s.similar = i == 2
		if list, total, err = s.candidates(ctx, after, limit); err != nil || total >= few {
			break
		}
	}
	return list, total, err
}

// expansion adds alternatives to a clause and says whether it did.
type expansion func(context.Context, querier, *clause) (bool, error)

func related(c clause) []alternative { return c.related }

func (s *search) widest() func(clause) []alternative {
	if s.similar {
		return func(c clause) []alternative { return c.similar }
	}
	return related
}

// holds is the condition that all clauses hold by some of their alternatives.
func (s *search) holds(w *where, pick func(clause) []alternative) string {
	conds := make([]string, len(s.request.clauses))
	for i, cl := range s.request.clauses {
		conds[i] = fmt.Sprintf(s.c.dialect.matching, w.arg(s.c.dialect.match(pick(cl))))
	}
	return strings.Join(conds, " AND ")
}

func (s *search) count(ctx context.Context) (int, error) {
	var w where
	w.conds = append(w.conds, s.holds(&w, s.widest()))
	s.query.narrow(&w)
	var n int
	err := s.tx.QueryRowContext(ctx, `SELECT count(*) FROM document d`+w.String(), w.args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting hits: %w", err)
	}
	return n, nil
}

// candidate is a document that holds all words.
type candidate struct {
	n, received int64
	id          string
	class       int
}

func (a candidate) cursor() Cursor {
	return makeCursor(strconv.Itoa(a.class), strconv.FormatInt(a.received, 10), a.id)
}

// candidates lists documents in their order, after a cursor, and the number of
// all; limit 0 is all of them.
func (s *search) candidates(ctx context.Context, after Cursor, limit int) (list []candidate, total int, err error) {
	var w where
	class := fmt.Sprintf(`CASE WHEN %s THEN %d WHEN %s THEN %d`,
		s.holds(&w, func(c clause) []alternative { return c.field }), classField,
		s.holds(&w, func(c clause) []alternative { return c.exact }), classExact)
	if s.similar {
		class += fmt.Sprintf(` WHEN %s THEN %d ELSE %d END`, s.holds(&w, related), classRelated, classSimilar)
	} else {
		class += fmt.Sprintf(` ELSE %d END`, classRelated)
	}
	w.conds = append(w.conds, s.holds(&w, s.widest()))
	s.query.narrow(&w)
	query := `SELECT n, received, id, class, total FROM (SELECT d.n, d.received, d.id, ` + class +
		` AS class, count(*) OVER () AS total FROM document d` + w.String() + `) found`
	w.conds = nil
	if after != "" {
		at, id, err := after.parts(2)
		if err != nil {
			return nil, 0, err
		}
		w.add(`(class < ? OR (class = ? AND (received < ? OR (received = ? AND id < ?))))`, at[0], at[0], at[1], at[1], id)
	}
	query += w.String() + ` ORDER BY class DESC, received DESC, id DESC`
	if limit > 0 {
		query += ` LIMIT ` + w.arg(limit)
	}
	rows, err := s.tx.QueryContext(ctx, query, w.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("finding documents: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a candidate
		if err := rows.Scan(&a.n, &a.received, &a.id, &a.class, &total); err != nil {
			return nil, 0, fmt.Errorf("finding documents: %w", err)
		}
		list = append(list, a)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("finding documents: %w", err)
	}
	if len(list) == 0 && after != "" {
		total, err = s.count(ctx) // the page is empty, the list before it is not
	}
	return list, total, err
}

// run gives one page of hits.
func (s *search) run(ctx context.Context) (Hits, error) {
	if s.query.After != "" {
		if _, _, err := s.query.After.parts(2); err != nil {
			return Hits{}, err
		}
	}
	limit := s.query.limit()
	list, total, err := s.find(ctx)
	if err == nil && len(s.request.phrases) > 0 {
		list, total, err = s.withPhrases(ctx, list)
	}
	if err != nil {
		return Hits{}, err
	}
	hits := Hits{Total: total}
	if len(list) > limit {
		list = list[:limit]
		hits.Next = list[limit-1].cursor()
	}
	for _, a := range list {
		h, err := s.hit(ctx, a)
		if err != nil {
			return Hits{}, err
		}
		hits.Hits = append(hits.Hits, h)
	}
	return hits, nil
}

// withPhrases keeps of all candidates those in whose text the phrases stand. It
// gives those after the cursor and the number of all.
func (s *search) withPhrases(ctx context.Context, all []candidate) (list []candidate, total int, err error) {
	after := s.query.After == ""
	limit := s.query.limit() + 1
	for _, a := range all {
		ok, err := s.hasPhrases(ctx, a)
		if err != nil {
			return nil, 0, err
		}
		if ok {
			total++
			if after && len(list) < limit {
				list = append(list, a)
			}
		}
		if !after && a.cursor() == s.query.After {
			after = true
		}
	}
	return list, total, nil
}

func (s *search) hasPhrases(ctx context.Context, a candidate) (bool, error) {
	pages, err := readPages(ctx, s.tx, a.n)
	if err != nil {
		return false, err
	}
	left := slices.Clone(s.request.phrases)
	drop := func(text string) {
		tokens := analysis.Tokens(text)
		left = slices.DeleteFunc(left, func(p phrase) bool { return len(p.in(tokens)) > 0 })
	}
	for _, p := range pages {
		drop(p.text)
	}
	if len(left) == 0 {
		return true, nil
	}
	e, err := get(ctx, s.tx, pipeline.DocID(a.id))
	if err != nil {
		return false, err
	}
	for _, v := range append(fieldValues(e.Document), e.Document.Delivery.Journal) {
		drop(v)
	}
	return len(left) == 0, nil
}

// in finds where a phrase begins.
func (p phrase) in(tokens []analysis.Token) []int {
	var at []int
	for i := 0; i+len(p) <= len(tokens); i++ {
		k := 0
		for k < len(p) && tokens[i+k].Form == p[k] {
			k++
		}
		if k == len(p) {
			at = append(at, i)
		}
	}
	return at
}

func (s *search) hit(ctx context.Context, a candidate) (Hit, error) {
	e, err := get(ctx, s.tx, pipeline.DocID(a.id))
	if err != nil {
		return Hit{}, err
	}
	h := Hit{Entry: e, Score: scores[a.class], Similar: a.class == classSimilar}
	pages, err := readPages(ctx, s.tx, a.n)
	if err != nil {
		return Hit{}, err
	}
	s.snippet(&h, pages)
	return h, nil
}
