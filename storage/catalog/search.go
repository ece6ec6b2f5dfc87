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
	MaxHits = 1_000
	few     = 10     // hits under which a search looks further
	ranked  = 600    // newest hits of a tier that are weighed; older ones follow by date
	window  = 10_000 // newest documents in which the frequency of words is measured

	maxPartial   = 200 // hits without some of the words, the best of maxUnsifted
	maxUnsifted  = 600 // candidates for them, the newest
	minPartial   = 0.4 // share of the weight of all words that they must have
	minQuestion  = 0.2 // dito, if there are many words, as in a question
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
	if len(parse(q.Words).units) == 0 {
		return Hits{}, nil
	}
	var hits Hits
	err := c.looking(ctx, func(tx *sql.Tx) error {
		var err error
		hits, err = newSearch(c, tx, q).run(ctx)
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
			if _, err := tx.ExecContext(ctx, `SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0`); err != nil {
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
	forms   []forms          // by clause of the request
	common  []candidate      // what holds all words as they stand, if that is enough
	within  stretch          // of all that may be hits
	fresh   *fresh           // all that may be hits, if they are few
	read    wordsOf          // words of documents that were looked at
	begins  bool             // a word is sought by a begin that very many words have
	met     map[string]forms // what was looked up
	counts  bool             // only the number of hits is asked for
}

func newSearch(c *Catalog, tx *sql.Tx, q Query) *search {
	return &search{c: c, tx: tx, query: q, request: parse(q.Words), read: wordsOf{}, met: map[string]forms{}}
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
	var err error
	if s.within.long, err = s.c.dialect.long(ctx, s.tx); err != nil {
		return Hits{}, err
	}
	if any, err := s.news(ctx); err != nil || !any {
		return Hits{}, err
	}
	list, more, err := s.find(ctx)
	if err != nil {
		return Hits{}, err
	}
	if s.counts {
		return Hits{Total: len(list), More: more}, nil
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
	hits.Hits, err = s.show(ctx, list)
	return hits, err
}

// news says whether anything arrived after the moment that the query asks for, or
// was received in its time, and remembers where that begins and ends: kept searches are
// looked through on every page, and most have no news.
func (s *search) news(ctx context.Context) (any bool, err error) {
	var w where
	switch {
	case !s.query.Arrived.IsZero():
		s.query.narrowFacet(&w)
	case !s.query.From.IsZero():
		Filter{From: s.query.From, To: s.query.To}.narrow(&w) // older documents need not be looked at
	default:
		return true, nil
	}
	var n, first, last int64
	err = s.tx.QueryRowContext(ctx, `SELECT count(*), coalesce(min(d.n), 0), coalesce(max(d.n), 0) FROM facet d`+w.String(), w.args...).Scan(&n, &first, &last)
	if err != nil {
		return false, fmt.Errorf("looking where the time of a search begins: %w", err)
	}
	s.within.after, s.within.until = first-1, last
	if n > 0 && n <= maxFresh && !s.query.Arrived.IsZero() {
		s.fresh, err = s.readFresh(ctx, &w)
	}
	return n > 0, err
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
	if _, err := s.expand(ctx, each(s.c.expandEnds), func(unit) bool { return true }); err != nil {
		return nil, false, err
	}
	if s.begins, err = s.begun(ctx); err != nil {
		return nil, false, err
	}
	unweighed := s.counts || s.query.Sort == ByDate
	if unweighed && s.fresh != nil { // which takes less than weighing
		if list, more, err = s.strict(ctx, compound, complete); err != nil || len(list) >= few {
			return list, more, err
		}
	}
	if err := s.weighWords(ctx); err != nil {
		return nil, false, err
	}
	if s.hopeful() {
		kin, err := s.enough(ctx)
		if err != nil {
			return nil, false, err
		}
		if list, more, err = s.strict(ctx, kin, complete); err != nil {
			return nil, false, err
		}
	}
	if unweighed && len(list) >= few {
		return list, more, nil
	}
	if len(list) < few {
		if list, err = s.widen(ctx, list); err != nil {
			return nil, false, err
		}
	}
	if err := s.resolve(ctx); err != nil {
		return nil, false, err
	}
	if len(list) < few && len(s.request.units) > 1 {
		parts, err := s.partial(ctx, list)
		if err != nil {
			return nil, false, err
		}
		list = joined(list, parts)
	}
	if s.counts {
		return list, more, nil
	}
	return list, more, s.rank(ctx, list)
}

// enough says which kin are needed: if words as they stand have more hits than
// are looked at, their compounds, which cost much to gather, bring nothing.
func (s *search) enough(ctx context.Context) (kinship, error) {
	rights := Filter{Departments: s.query.Departments, Sight: s.query.Sight}
	var w where
	rights.narrow(&w)
	if len(w.conds) > 0 || !s.request.hasCompounds() || s.fresh != nil {
		return compound, nil // what is common to all may be rare to the caller, or among news
	}
	list, err := s.gather(ctx, s.request.strict(stemmed), s.most()+1, complete)
	if err != nil || len(list) <= s.most() {
		return compound, err
	}
	s.common = list
	return stemmed, nil
}

// most is how many documents are looked at.
func (s *search) most() int {
	if s.request.hasPhrases() {
		return maxPhrase
	}
	return MaxHits
}

// widen looks for words around the words asked for, then for look-alikes. Words
// of a question rarely stand all in one letter, and most are right: there only
// those that stand nowhere are looked for otherwise.
func (s *search) widen(ctx context.Context, list []candidate) ([]candidate, error) {
	question := len(s.request.units) >= manyWords
	if !question {
		grown, err := s.expand(ctx, s.c.expandInfix, func(unit) bool { return true })
		if err != nil {
			return nil, err
		}
		if grown && s.hopeful() {
			if list, _, err = s.strict(ctx, compound, complete); err != nil || len(list) >= few {
				return list, err
			}
		}
	}
	grown, err := s.expand(ctx, each(s.c.expandSimilar), func(u unit) bool { return !question || u.docs == 0 })
	if err != nil || !grown || !s.hopeful() {
		return list, err
	}
	others, _, err := s.strict(ctx, similar, alike)
	return joined(list, others), err
}

// hopeful says that no unit stands nowhere, so that all of them may be found
// together.
func (s *search) hopeful() bool {
	return !slices.ContainsFunc(s.request.units, func(u unit) bool { return u.docs == 0 && !u.grown })
}

// joined puts lists together; of a document that is in it twice, the better one
// stays.
func joined(lists ...[]candidate) []candidate {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(b.tier, a.tier)) })
	return slices.CompactFunc(all, func(a, b candidate) bool { return a.n == b.n })
}

// expand widens the clauses of some units and says whether any grew.
func (s *search) expand(ctx context.Context, by expansion, which func(unit) bool) (bool, error) {
	var units []*unit // by clause
	var clauses []*clause
	for i := range s.request.units {
		u := &s.request.units[i]
		for k := range u.clauses {
			if which(*u) {
				units, clauses = append(units, u), append(clauses, &u.clauses[k])
			}
		}
	}
	grown, err := by(ctx, s.tx, clauses)
	if err != nil {
		return false, err
	}
	for i, u := range units {
		u.grown = u.grown || grown[i]
	}
	return slices.Contains(grown, true), nil
}

// strict gathers documents that hold everything asked for.
func (s *search) strict(ctx context.Context, kin kinship, as tier) ([]candidate, bool, error) {
	list, err := s.common, error(nil)
	if list == nil {
		list, err = s.gather(ctx, s.request.strict(kin), s.most()+1, as)
	}
	if err != nil {
		return nil, false, err
	}
	more := len(list) > s.most()
	list = list[:min(len(list), s.most())]
	if s.request.hasPhrases() {
		if list, err = s.withPhrases(ctx, list); err != nil {
			return nil, false, err
		}
	}
	return list[:min(len(list), MaxHits)], more || len(list) > MaxHits, nil
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
		case u.docs == 0 && !u.grown:
		case u.docs <= rareDocs:
			f.some = append(f.some, u.holds(compound))
		default:
			common = append(common, u)
		}
	}
	slices.SortStableFunc(common, func(a, b unit) int { return cmp.Compare(a.docs, b.docs) })
	common = common[:min(len(common), commonPaired)]
	if len(common) == 1 && f.some == nil {
		f.some = append(f.some, common[0].holds(stemmed))
	}
	for i := range common {
		for k := range i {
			f.some = append(f.some, formula{all: []formula{common[k].holds(stemmed), common[i].holds(stemmed)}})
		}
	}
	return f
}

// gather lists the newest documents for which a formula holds.
func (s *search) gather(ctx context.Context, f formula, limit int, as tier) ([]candidate, error) {
	if s.fresh != nil {
		return s.gatherFresh(ctx, s.fresh, f, limit, as)
	}
	if s.begins {
		if list, enough, err := s.gatherNewest(ctx, f, limit, as); err != nil || enough {
			return list, err
		}
	}
	var w, narrowed where
	s.query.narrow(&narrowed)
	query := ``
	if s.c.dialect.locks && len(narrowed.conds) == 0 {
		// PostgreSQL would read the facets of all before it drops the older ones.
		query = `(SELECT found.doc FROM ` + s.c.dialect.holding(&w, f, s.within, limit) + ` ORDER BY found.doc DESC LIMIT ` + w.arg(limit) + `) newest
			JOIN facet d ON d.n = newest.doc`
	} else {
		query = s.c.dialect.matching(&w, f, s.within)
		s.query.narrow(&w)
		query += w.String()
	}
	query = `SELECT ` + facetColumns + ` FROM ` + query + ` ORDER BY ` + s.c.dialect.place + ` DESC LIMIT ` + w.arg(limit)
	rows, err := facetRows(ctx, s.tx, query, w.args)
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
// that must not; it looks no further once it has more than MaxHits.
func (s *search) withPhrases(ctx context.Context, list []candidate) ([]candidate, error) {
	var kept []candidate
	for chunk := range slices.Chunk(list, 500) {
		docs := make([]int64, len(chunk))
		for i, a := range chunk {
			docs[i] = a.n
		}
		keep := map[int64]bool{}
		err := readTerms(ctx, s.tx, docs, func(n int64, t terms) {
			stands := func(u unit) bool { return u.phrase == nil || t.hasPhrase(u.phrase) }
			lacks := func(u unit) bool { return !stands(u) }
			keep[n] = !slices.ContainsFunc(s.request.units, lacks) &&
				!slices.ContainsFunc(s.request.not, func(u unit) bool { return u.phrase != nil && stands(u) })
		})
		if err != nil {
			return nil, err
		}
		for _, a := range chunk {
			if keep[a.n] {
				kept = append(kept, a)
			}
		}
		if len(kept) > MaxHits {
			break
		}
	}
	return kept, nil
}

// show reads the documents of a page of hits, with snippets.
func (s *search) show(ctx context.Context, list []candidate) ([]Hit, error) {
	docs := make([]int64, len(list))
	for i, a := range list {
		docs[i] = a.n
	}
	entries, err := getNumbered(ctx, s.tx, docs)
	if err != nil {
		return nil, err
	}
	pages, err := readPages(ctx, s.tx, docs)
	if err != nil {
		return nil, err
	}
	asked, widened := s.request.marker(compound), s.request.marker(similar)
	hits := make([]Hit, len(list))
	for i, a := range list {
		hits[i] = Hit{Entry: entries[a.n], Score: a.worth(), Similar: a.tier == alike, Missing: a.missing}
		m := asked
		if hits[i].Similar {
			m = widened
		}
		m.snippet(&hits[i], pages[a.n])
	}
	return hits, nil
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
