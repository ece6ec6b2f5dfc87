package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
)

// Query is a search. Words are sought together, a "phrase" in quotes word for
// word, a begin* as the begin of a word; a -word must not stand there.
type Query struct {
	Words  string
	Sort   Sort
	Filter // who may see what, and the page: State, Department(s), Type, From, To, Limit, After
}

// Sort is the order of hits.
type Sort string

const (
	ByRelevance Sort = ""     // the best first, of equals the newest
	ByDate      Sort = "date" // the newest first
)

// Hits is a page of what was found.
type Hits struct {
	Total  int  // documents found in all, at most MaxHits
	More   bool // there are more than Total: the newest were looked at
	Facets Facets
	Hits   []Hit
	Next   Cursor // where the next page begins; "" after the last
}

// Hit is a document that was found.
type Hit struct {
	Entry   Entry
	Page    int    // 1-based page of the snippet; 0 if the words stand in fields only
	Snippet string // a piece of the page's text; "" without text
	Marks   []Mark // what to mark in the snippet, in order
	Score   float64
	Similar bool     // found only by words that look alike: recognition may have erred, or it is another word
	Missing []string // what was asked for and does not stand there
}

// Mark is a range of bytes in a snippet.
type Mark struct{ From, To int }

// tier is how well a hit answers; no hit ranks before one of a better tier.
type tier int64

const (
	complete tier = 3 // everything that was asked for
	partial  tier = 2 // the weightier part of it
	alike    tier = 1 // look-alikes in place of some words
)

const (
	// MaxHits is the number of hits that are counted and can be paged through.
	MaxHits = 10_000
	few     = 10     // hits under which a search looks further
	ranked  = 1_000  // newest hits of a tier that are weighed; older ones follow by date
	window  = 20_000 // newest documents in which the frequency of words is measured

	maxPartial   = 200   // hits without some of the words, the best of maxUnsifted
	maxUnsifted  = 2_000 // candidates for them, the newest
	minPartial   = 0.4   // share of the weight of all words that they must have
	minQuestion  = 0.2   // dito, if there are many words, as in a question
	manyWords    = 4
	rareDocs     = 2_000 // documents that hold a word that is a candidate by itself
	maxPhrase    = 3_000 // hits whose text is looked at for a phrase, the newest
	maxScore     = 10_000
	commonPaired = 4 // common words of which two must stand together
)

// Search finds documents by the text of their pages and by their fields. File
// names of senders are not searched. Words are analysed as package analysis
// says. First come documents with all words, weighed by how often and how close
// they stand there and how rare they are; then, if few have all, those with the
// weightier part of them; last those with words that merely look alike, which are
// sought only if little else is found. An empty query finds nothing.
func (c *Catalog) Search(ctx context.Context, q Query) (Hits, error) {
	r := parse(q.Words)
	if len(r.units) == 0 {
		return Hits{}, nil
	}
	var hits Hits
	err := c.looking(ctx, func(tx *sql.Tx) error {
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

// looking is a snapshot with the planner set for searches.
func (c *Catalog) looking(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return c.snapshot(ctx, func(tx *sql.Tx) error {
		if c.dialect.locks {
			// PostgreSQL guesses far too many rows for our many alternatives, and would
			// read every text or compile the query, which both takes longer.
			if _, err := tx.ExecContext(ctx, `SET LOCAL enable_seqscan = off; SET LOCAL jit = off`); err != nil {
				return err
			}
		}
		return fn(tx)
	})
}

type search struct {
	c       *Catalog
	tx      *sql.Tx
	query   Query
	request request
	forms   []forms // by clause of the request
}

// candidate is a document that may be a hit.
type candidate struct {
	facetRow
	tier    tier
	score   int64 // 0 to maxScore
	missing []string
}

func (a candidate) cursor() Cursor {
	return makeCursor(strconv.FormatInt(int64(a.tier), 10), strconv.FormatInt(a.score, 10),
		strconv.FormatInt(a.received, 10), strconv.FormatInt(a.n, 10))
}

// run gives one page of hits.
func (s *search) run(ctx context.Context) (Hits, error) {
	var after candidate
	if s.query.After != "" {
		at, n, err := s.query.After.parts(3)
		if err != nil {
			return Hits{}, err
		}
		after.tier, after.score, after.received = tier(at[0]), at[1], at[2]
		if after.n, err = strconv.ParseInt(n, 10, 64); err != nil {
			return Hits{}, ErrPlace
		}
	}
	list, more, err := s.find(ctx)
	if err != nil {
		return Hits{}, err
	}
	order := byScore
	if s.query.Sort == ByDate {
		order = byDate
	}
	slices.SortFunc(list, order)
	hits := Hits{Total: len(list), More: more, Facets: s.c.facets(list, more)}
	if s.query.After != "" {
		first, exact := slices.BinarySearchFunc(list, after, order)
		if exact {
			first++
		}
		list = list[first:]
	}
	if limit := s.query.limit(); len(list) > limit {
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

// byScore and byDate are the orders of hits, the first to show first.
func byScore(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.tier, a.tier), cmp.Compare(b.score, a.score), byDate(a, b))
}

func byDate(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.received, a.received), cmp.Compare(b.n, a.n))
}

// find gathers hits, widening what counts as one until enough is found.
func (s *search) find(ctx context.Context) (list []candidate, more bool, err error) {
	if _, err := s.expand(ctx, s.c.expandEnds); err != nil {
		return nil, false, err
	}
	if list, more, err = s.strict(ctx, compound, complete); err != nil {
		return nil, false, err
	}
	if len(list) < few {
		wider, err := s.expand(ctx, s.c.expandInfix)
		if err != nil {
			return nil, false, err
		}
		if wider {
			if list, more, err = s.strict(ctx, compound, complete); err != nil {
				return nil, false, err
			}
		}
	}
	var rest []candidate
	if len(list) < few {
		if rest, err = s.lookAlikes(ctx, list); err != nil {
			return nil, false, err
		}
	}
	if s.query.Sort == ByDate && len(rest) == 0 && len(list) >= few {
		return list, more, nil // nothing to weigh
	}
	if err := s.weighWords(ctx); err != nil {
		return nil, false, err
	}
	if len(list) < few && len(s.request.units) > 1 {
		parts, err := s.partial(ctx, list)
		if err != nil {
			return nil, false, err
		}
		rest = append(rest, parts...)
	}
	list = joined(list, rest)
	return list, more, s.rank(ctx, list)
}

// joined puts lists together; of a document that is in it twice, the better one
// stays.
func joined(lists ...[]candidate) []candidate {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(b.tier, a.tier)) })
	return slices.CompactFunc(all, func(a, b candidate) bool { return a.n == b.n })
}

// expand widens all clauses and says whether any grew.
func (s *search) expand(ctx context.Context, by expansion) (bool, error) {
	grown := false
	for _, cl := range s.request.clauses() {
		added, err := by(ctx, s.tx, cl)
		if err != nil {
			return false, err
		}
		grown = grown || added
	}
	return grown, nil
}

// strict gathers documents that hold everything asked for.
func (s *search) strict(ctx context.Context, kin kinship, as tier) ([]candidate, bool, error) {
	list, err := s.gather(ctx, s.request.strict(kin), MaxHits+1, as)
	if err != nil {
		return nil, false, err
	}
	more := len(list) > MaxHits
	list = list[:min(len(list), MaxHits)]
	if !s.request.hasPhrases() {
		return list, more, nil
	}
	more = len(list) > maxPhrase
	list, err = s.withPhrases(ctx, list[:min(len(list), maxPhrase)])
	return list, more, err
}

// lookAlikes gathers documents that hold everything if look-alikes count.
func (s *search) lookAlikes(ctx context.Context, have []candidate) ([]candidate, error) {
	grown, err := s.expand(ctx, s.c.expandSimilar)
	if err != nil || !grown {
		return nil, err
	}
	list, _, err := s.strict(ctx, similar, alike)
	return joined(list, have), err
}

// partial gathers documents that hold the weightier part of what is asked for.
func (s *search) partial(ctx context.Context, have []candidate) ([]candidate, error) {
	f := s.request.partly()
	if f.some == nil {
		return nil, nil
	}
	list, err := s.gather(ctx, f, maxUnsifted, partial)
	if err != nil {
		return nil, err
	}
	known := map[int64]bool{}
	for _, a := range have {
		known[a.n] = true
	}
	list = slices.DeleteFunc(list, func(a candidate) bool { return known[a.n] })
	if s.request.hasPhrases() {
		if list, err = s.withPhrases(ctx, list); err != nil {
			return nil, err
		}
	}
	if err := s.rank(ctx, list); err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(a candidate) bool { return a.score == 0 })
	slices.SortFunc(list, byScore)
	return list[:min(len(list), maxPartial)], nil
}

// partly asks for what must be there and any rare word, or two common ones.
func (r request) partly() formula {
	f := formula{but: r.absent()}
	var common []unit
	for _, u := range r.units {
		switch {
		case u.must:
			f.all = append(f.all, u.holds(compound))
		case u.docs == 0:
		case u.docs <= rareDocs:
			f.some = append(f.some, u.holds(compound))
		default:
			common = append(common, u)
		}
	}
	slices.SortStableFunc(common, func(a, b unit) int { return cmp.Compare(a.docs, b.docs) })
	common = common[:min(len(common), commonPaired)]
	if len(common) == 1 && f.some == nil {
		f.some = append(f.some, common[0].holds(compound))
	}
	for i := range common {
		for k := range i {
			f.some = append(f.some, formula{all: []formula{common[k].holds(compound), common[i].holds(compound)}})
		}
	}
	return f
}

// gather lists the newest documents for which a formula holds.
func (s *search) gather(ctx context.Context, f formula, limit int, as tier) ([]candidate, error) {
	var w where
	from := s.c.dialect.matching(&w, f)
	s.query.narrow(&w)
	rows, err := facetRows(ctx, s.tx, `SELECT `+facetColumns+` FROM `+from+w.String()+
		` ORDER BY `+s.c.dialect.place+` DESC LIMIT `+w.arg(limit), w.args)
	if err != nil {
		return nil, fmt.Errorf("finding documents: %w", err)
	}
	list := make([]candidate, len(rows))
	for i, r := range rows {
		list[i] = candidate{facetRow: r, tier: as}
	}
	return list, nil
}

func (r request) hasPhrases() bool {
	phrase := func(u unit) bool { return u.phrase != nil }
	return slices.ContainsFunc(r.units, phrase) || slices.ContainsFunc(r.not, phrase)
}

// withPhrases keeps the documents in which the phrases stand, and none of those
// that must not.
func (s *search) withPhrases(ctx context.Context, list []candidate) ([]candidate, error) {
	docs := make([]int64, len(list))
	for i, a := range list {
		docs[i] = a.n
	}
	keep := map[int64]bool{}
	err := readTerms(ctx, s.tx, docs, func(n int64, t terms) {
		stands := func(u unit) bool { return u.phrase == nil || t.hasPhrase(u.phrase) }
		lacks := func(u unit) bool { return !stands(u) }
		keep[n] = !slices.ContainsFunc(s.request.units, lacks) &&
			!slices.ContainsFunc(s.request.not, func(u unit) bool { return u.phrase != nil && stands(u) })
	})
	return slices.DeleteFunc(list, func(a candidate) bool { return !keep[a.n] }), err
}

func (s *search) hit(ctx context.Context, a candidate) (Hit, error) {
	e, err := getNumbered(ctx, s.tx, a.n)
	if err != nil {
		return Hit{}, err
	}
	h := Hit{Entry: e, Score: a.worth(), Similar: a.tier == alike, Missing: a.missing}
	pages, err := readPages(ctx, s.tx, a.n)
	if err != nil {
		return Hit{}, err
	}
	kin := compound
	if h.Similar {
		kin = similar
	}
	s.request.marker(kin).snippet(&h, pages)
	return h, nil
}

// worth is the score for readers, 0 to 1: each tier has a part of it.
func (a candidate) worth() float64 {
	x := float64(a.score) / maxScore
	switch a.tier {
	case complete:
		return 0.5 + x/2
	case partial:
		return 0.25 + x/4
	}
	return x / 4
}
