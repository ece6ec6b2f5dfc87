package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

const (
	maxFresh = 1_500 // news up to which each is looked at by itself

	manyBegun = 1_000 // words with a begin from which most documents hold one
	probed    = 256   // newest documents by which it is judged how many must be looked at
	maxNewest = 3_000 // of which no more are
)

// fresh are documents that are looked at one by one: the few that a search for news
// can find at all, or the newest, of which enough hold what is sought. The index would
// gather what all letters of all years hold of a word, to find the few of today among
// them.
type fresh struct {
	docs  []facetRow // the newest first
	words wordsOf
	begun map[string]map[int64]bool // documents that hold a begin, by begin
	many  bool                      // too many words have the begins to ask the index for more than wholes
}

// wordsOf are the numbers of words of documents, by their numbers. Searches in one
// snapshot share them.
type wordsOf map[int64][]uint32

// read reads the words of documents that are not known yet, and says whether all
// were kept: a very long document has more.
func (r wordsOf) read(ctx context.Context, q querier, docs []facetRow) (whole bool, err error) {
	var missing []int64
	for _, d := range docs {
		if _, known := r[d.n]; !known {
			missing = append(missing, d.n)
		}
	}
	whole = true
	err = readTerms(ctx, q, missing, func(n int64, t terms) {
		if len(t.text) >= maxTerms {
			whole = false
			return
		}
		r[n] = slices.Concat(t.fields, t.wholes, t.text)
	})
	return whole, err
}

// readFresh reads the documents with these conditions, of which there are few.
func (s *search) readFresh(ctx context.Context, w *where) (*fresh, error) {
	list, err := facetRows(ctx, s.tx, `SELECT `+facetColumns+` FROM facet d`+w.String(), w.args)
	if err != nil {
		return nil, fmt.Errorf("reading what is new: %w", err)
	}
	// Asked for an order, PostgreSQL would go through all documents in that order.
	slices.SortFunc(list, func(a, b facetRow) int { return cmp.Compare(b.n, a.n) })
	return s.withWords(ctx, list)
}

// withWords reads the words of documents. It gives nil if one is too long for all its
// words to be kept.
func (s *search) withWords(ctx context.Context, list []facetRow) (*fresh, error) {
	f := &fresh{docs: list, words: s.read, begun: map[string]map[int64]bool{}}
	if whole, err := f.words.read(ctx, s.tx, list); err != nil || !whole {
		return nil, err
	}
	return f, nil
}

// begun says whether a word is sought by a begin that so many words have that SQLite,
// which merges the lists of all of them first, takes longer than a look at the newest
// documents.
func (s *search) begun(ctx context.Context) (bool, error) {
	if !s.c.dialect.merges || s.fresh != nil {
		return false, nil
	}
	for _, cl := range s.request.clauses() {
		if !cl.literal || !cl.alternatives[0].prefix {
			continue
		}
		from, to := span(cl.alternatives[0].token[1:])
		var n int
		err := s.tx.QueryRowContext(ctx, `SELECT count(*) FROM vocabulary WHERE word >= $1 AND word < $2`, from, to).Scan(&n)
		if err != nil {
			return false, fmt.Errorf("counting the words of a begin: %w", err)
		}
		if n >= manyBegun {
			return true, nil
		}
	}
	return false, nil
}

// gatherNewest lists the newest documents for which a formula holds as the index
// would, if the limit is reached among those that are looked at. One thing the index
// knows better: a word with figures in it (Ver12) is in no vocabulary, and here a
// document is not found by it alone.
func (s *search) gatherNewest(ctx context.Context, f formula, limit int, as tier) (list []candidate, enough bool, err error) {
	for look := probed; look <= maxNewest; {
		var w where
		s.query.narrowFacet(&w)
		rows, err := facetRows(ctx, s.tx, `SELECT `+facetColumns+` FROM facet d`+w.String()+` ORDER BY d.n DESC LIMIT `+w.arg(look), w.args)
		if err != nil {
			return nil, false, fmt.Errorf("reading the newest documents: %w", err)
		}
		recent, err := s.withWords(ctx, rows)
		if err != nil || recent == nil {
			return nil, false, err
		}
		recent.many = true
		if list, err = s.gatherFresh(ctx, recent, f, limit, as); err != nil {
			return nil, false, err
		}
		if len(list) == limit {
			return list, true, nil
		}
		if look > probed || len(recent.docs) < look {
			break
		}
		look = look*limit/max(len(list), 1) + look
	}
	return nil, false, nil
}

// gatherFresh lists the newest of some documents for which a formula holds.
func (s *search) gatherFresh(ctx context.Context, from *fresh, f formula, limit int, as tier) ([]candidate, error) {
	t, leaves, err := s.test(ctx, f, from)
	if err != nil {
		return nil, err
	}
	var list []candidate
	for d := range from.holding(t, leaves) {
		list = append(list, candidate{facetRow: d, tier: as})
		if len(list) == limit {
			break
		}
	}
	return list, nil
}

// holding gives the documents for which a test holds, the newest first.
func (f *fresh) holding(t test, leaves []leaf) func(yield func(facetRow) bool) {
	list := make([]forms, len(leaves))
	for i, l := range leaves {
		list[i] = l.forms
	}
	words := wantedOf(list)
	met := make([]bool, len(leaves))
	return func(yield func(facetRow) bool) {
		for _, d := range f.docs {
			for i, l := range leaves {
				met[i] = slices.ContainsFunc(l.begins, func(begin string) bool { return f.begun[begin][d.n] })
			}
			for _, n := range f.words[d.n] {
				for _, m := range words.by(n) {
					met[m.clause] = true
				}
			}
			if t.holds(met) && !yield(d) {
				return
			}
		}
	}
}

// test is a formula whose leaves are numbered, to be asked of the words of many
// documents: the same that [formula.write] asks of the index.
type test struct {
	leaf           int // if there is nothing else
	all, some, but []test
}

// leaf is what meets some alternatives.
type leaf struct {
	forms  forms
	begins []string
}

func (s *search) test(ctx context.Context, f formula, of *fresh) (t test, leaves []leaf, err error) {
	var number func(f formula) test
	each := func(list []formula) []test {
		var out []test
		for _, g := range list {
			out = append(out, number(g))
		}
		return out
	}
	number = func(f formula) test {
		if f.any == nil {
			return test{leaf: -1, all: each(f.all), some: each(f.some), but: each(f.but)}
		}
		l := leaf{}
		if err == nil {
			l, err = s.leaf(ctx, f.any, of)
		}
		leaves = append(leaves, l)
		return test{leaf: len(leaves) - 1}
	}
	t = number(f)
	return t, leaves, err
}

// leaf looks up what meets alternatives.
func (s *search) leaf(ctx context.Context, list []alternative, of *fresh) (leaf, error) {
	var l leaf
	begin := slices.ContainsFunc(list, func(a alternative) bool { return a.prefix && a.token[:1] == faceWhole })
	for _, a := range list {
		if !begin || of.many && a.token[:1] == faceWord {
			continue
		}
		l.begins = append(l.begins, a.token)
		if _, known := of.begun[a.token]; known || len(of.docs) == 0 {
			continue
		}
		docs, err := s.holdingBegin(ctx, a, stretch{of.docs[len(of.docs)-1].n - 1, of.docs[0].n, s.within.long})
		if err != nil {
			return l, err
		}
		of.begun[a.token] = docs
	}
	var err error
	l.forms, err = s.formsOf(ctx, list)
	return l, err
}

// holdingBegin gives the documents of a stretch that hold something with this begin:
// references and numbers are in no vocabulary.
func (s *search) holdingBegin(ctx context.Context, a alternative, of stretch) (map[int64]bool, error) {
	var w where
	from := s.c.dialect.holding(&w, formula{any: []alternative{a}}, of, 0)
	rows, err := s.tx.QueryContext(ctx, `SELECT `+s.c.dialect.document+` FROM `+from+w.String(), w.args...)
	if err != nil {
		return nil, fmt.Errorf("looking for a begin: %w", err)
	}
	defer rows.Close()
	docs := map[int64]bool{}
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("looking for a begin: %w", err)
		}
		docs[n] = true
	}
	return docs, rows.Err()
}

func (t test) holds(met []bool) bool {
	if t.leaf >= 0 {
		return met[t.leaf]
	}
	holds := func(t test) bool { return t.holds(met) }
	lacks := func(t test) bool { return !t.holds(met) }
	return !slices.ContainsFunc(t.all, lacks) && (t.some == nil || slices.ContainsFunc(t.some, holds)) && !slices.ContainsFunc(t.but, holds)
}

// formsOf looks up which words of the corpus meet alternatives, once in a search.
func (s *search) formsOf(ctx context.Context, list []alternative) (forms, error) {
	var key strings.Builder
	for _, a := range list {
		fmt.Fprintf(&key, "%s %t %d ", a.token, a.prefix, a.kin)
	}
	if met, known := s.met[key.String()]; known {
		return met, nil
	}
	met, err := s.c.resolve(ctx, s.tx, list)
	if err == nil {
		s.met[key.String()] = met
	}
	return met, err
}

// News says how many documents each of several searches finds, as
// [Catalog.Search] would: Total and More. Kept searches look through the same new
// letters, which are read once for all of them. A query without any words counts
// what its filter leaves.
func (c *Catalog) News(ctx context.Context, queries []Query) ([]Hits, error) {
	list := make([]Hits, len(queries))
	err := c.looking(ctx, func(tx *sql.Tx) error {
		read := wordsOf{}
		for i, q := range queries {
			q.After = ""
			s := newSearch(c, tx, q)
			s.read, s.counts = read, true
			var err error
			switch {
			case strings.TrimSpace(q.Words) == "":
				list[i], err = s.left(ctx)
			case len(s.request.units) > 0:
				list[i], err = s.run(ctx)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for news: %w", err)
	}
	return list, nil
}

// left counts the documents that the filter leaves.
func (s *search) left(ctx context.Context) (Hits, error) {
	var w where
	s.query.narrowFacet(&w)
	var n int
	err := s.tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT d.n FROM facet d`+w.String()+` LIMIT `+w.arg(MaxHits+1)+`) counted`, w.args...).Scan(&n)
	if err != nil {
		return Hits{}, fmt.Errorf("counting documents: %w", err)
	}
	return Hits{Total: min(n, MaxHits), More: n > MaxHits}, nil
}
