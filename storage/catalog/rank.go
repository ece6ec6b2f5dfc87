package catalog

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// The weights of BM25 (Robertson, Zaragoza: The Probabilistic Relevance
// Framework, 2009), with words in fields counted more and words that stand close
// to each other rewarded.
const (
	saturation = 1.2 // k1: how fast more of the same word stops counting
	lengthNorm = 0.4 // b: how much a long document has to hold to count the same
	usual      = 250 // words of a usual document
	longest    = 8   // times the usual, beyond which length does not count
	inField    = 2   // occurrences that one in a field counts more
	closeness  = 0.5 // what two words side by side add, in parts of their weight
)

// resolve looks up which words of the corpus meet the clauses.
func (s *search) resolve(ctx context.Context) error {
	s.forms = nil
	for _, cl := range s.request.clauses() {
		f, err := s.formsOf(ctx, cl.alternatives)
		if err != nil {
			return err
		}
		s.forms = append(s.forms, f)
	}
	return nil
}

// weighWords finds out how rare the units are among the newest documents that
// the caller may see.
func (s *search) weighWords(ctx context.Context) error {
	if len(s.request.units) == 1 {
		s.request.units[0].docs, s.request.units[0].idf = 1, 1 // nothing to weigh against
		return nil
	}
	var newest int64
	if err := s.tx.QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM facet`).Scan(&newest); err != nil {
		return fmt.Errorf("counting documents: %w", err)
	}
	first := max(0, newest-window)
	seen := float64(newest - first)
	for i := range s.request.units {
		u := &s.request.units[i]
		u.grown = false
		// The word and its inflections tell how rare it is; its compounds, which cost
		// more to count, only where it does not stand by itself.
		n, err := s.frequency(ctx, *u, stemmed, first)
		if err == nil && n == 0 {
			n, err = s.frequency(ctx, *u, compound, first)
		}
		if err != nil {
			return err
		}
		u.docs = float64(n) * float64(newest) / max(seen, 1)
		if n == 0 && first > 0 { // rare, or nowhere: that is quickly known
			old, err := s.frequency(ctx, *u, compound, 0)
			if err != nil {
				return err
			}
			u.docs = float64(old)
		}
		u.idf = math.Log(1 + (seen-min(float64(n), seen)+0.5)/(float64(n)+0.5))
	}
	return nil
}

// frequency counts the documents after a number that hold a unit and that the
// caller may see: what others hold must not show in the order of hits.
func (s *search) frequency(ctx context.Context, u unit, kin kinship, after int64) (n int, err error) {
	rights := Filter{Departments: s.query.Departments, Sight: s.query.Sight}
	var w, narrowed where
	var from string
	of := stretch{after: after, long: s.within.long}
	if rights.narrow(&narrowed); len(narrowed.conds) == 0 {
		from = s.c.dialect.holding(&w, u.holds(kin), of, 0)
	} else {
		from = s.c.dialect.matching(&w, u.holds(kin), of)
		rights.narrow(&w)
	}
	if err := s.tx.QueryRowContext(ctx, `SELECT count(*) FROM `+from+w.String(), w.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting a word: %w", err)
	}
	return n, nil
}

// meets is a clause that a word meets.
type meets struct {
	clause int
	kin    kinship
}

// wanted are the words that meet clauses, by their numbers.
type wanted struct {
	sieve [1 << 10]uint64 // a bit for each remainder of a number: most words of a text meet nothing
	meets map[uint32][]meets
}

func wantedOf(clauses []forms) *wanted {
	w := &wanted{meets: map[uint32][]meets{}}
	for c, f := range clauses {
		for n, kin := range f {
			w.meets[n] = append(w.meets[n], meets{c, kin})
			w.sieve[n>>6%uint32(len(w.sieve))] |= 1 << (n % 64)
		}
	}
	return w
}

func (w *wanted) by(n uint32) []meets {
	if w.sieve[n>>6%uint32(len(w.sieve))]&(1<<(n%64)) == 0 {
		return nil
	}
	return w.meets[n]
}

// rank gives the newest documents of each tier their score, and finds out what is
// missing in partial ones.
func (s *search) rank(ctx context.Context, list []candidate) error {
	words := wantedOf(s.forms)
	at := map[int64]int{}
	var docs []int64
	count := map[tier]int{}
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return byDate(list[a], list[b]) })
	for _, i := range order {
		a := list[i]
		if count[a.tier]++; count[a.tier] <= ranked || a.tier == partial {
			at[a.n] = i
			docs = append(docs, a.n)
		}
	}
	return readTerms(ctx, s.tx, docs, func(n int64, t terms) { s.score(&list[at[n]], t, words) })
}

// score weighs one document.
func (s *search) score(a *candidate, t terms, words *wanted) {
	tally := newTally(len(s.forms))
	tally.count(t, words)
	norm := saturation * (1 - lengthNorm + lengthNorm*min(float64(len(t.text))/usual, longest))
	var sum, most, known, have float64
	clause := 0
	idf := make([]float64, len(s.forms))
	a.missing = nil
	for _, u := range s.request.units {
		part, there := 0.0, true
		for range u.clauses {
			tf := tally.tf[clause]
			part += tf * (saturation + 1) / (tf + norm)
			there = there && tally.near[clause] <= compound
			idf[clause] = u.idf
			clause++
		}
		sum += u.idf * part / float64(len(u.clauses))
		most += u.idf * (saturation + 1)
		if u.docs > 0 || u.grown {
			known += u.idf
		}
		if there || u.must {
			have += u.idf
		} else if a.tier == partial {
			a.missing = append(a.missing, u.text)
		}
	}
	for pair, gap := range tally.gaps {
		bonus := closeness * (saturation + 1) * min(idf[pair[0]], idf[pair[1]]) / float64(gap)
		sum += bonus
	}
	most *= 1 + closeness
	share := minPartial
	if len(s.request.units) >= manyWords {
		share = minQuestion
	}
	if a.tier == partial && have < share*known {
		a.score = 0
		return
	}
	a.score = 1 + int64(math.Round((maxScore-1)*min(1, sum/max(most, 1e-9))))
}

// tally is what of the request stands in a document.
type tally struct {
	tf   []float64      // by clause
	near []kinship      // nearest kin by clause; over similar if none
	gaps map[[2]int]int // smallest distance in words between two clauses
}

func newTally(clauses int) *tally {
	t := &tally{tf: make([]float64, clauses), near: make([]kinship, clauses), gaps: map[[2]int]int{}}
	for i := range t.near {
		t.near[i] = similar + 1
	}
	return t
}

// maxGap is the distance in words beyond which two words have nothing to do with
// each other.
const maxGap = 12

func (y *tally) count(t terms, words *wanted) {
	met := func(m meets, times float64) {
		y.tf[m.clause] += times * worth[m.kin]
		y.near[m.clause] = min(y.near[m.clause], m.kin)
	}
	for _, n := range t.fields {
		for _, m := range words.by(n) {
			met(m, 1+inField)
		}
	}
	for _, n := range t.wholes {
		for _, m := range words.by(n) {
			met(m, 1)
		}
	}
	type place struct{ clause, at int }
	var recent []place
	for at, n := range t.text {
		for _, m := range words.by(n) {
			met(m, 1)
			for i := len(recent) - 1; i >= 0 && at-recent[i].at <= maxGap; i-- {
				r := recent[i]
				if r.clause == m.clause || at == r.at {
					continue
				}
				pair := [2]int{min(r.clause, m.clause), max(r.clause, m.clause)}
				if gap, ok := y.gaps[pair]; !ok || at-r.at < gap {
					y.gaps[pair] = at - r.at
				}
			}
			recent = append(recent, place{m.clause, at})
		}
	}
}

// hasPhrase says whether forms follow each other in the text or the fields.
func (t terms) hasPhrase(phrase []string) bool {
	want := make([]uint32, len(phrase))
	for i, form := range phrase {
		want[i] = number(faceWord, form)
	}
	follows := func(list []uint32) bool {
		for i := 0; i+len(want) <= len(list); i++ {
			if slices.Equal(list[i:i+len(want)], want) {
				return true
			}
		}
		return false
	}
	if follows(t.text) {
		return true
	}
	// Among the fields' numbers are those of wholes, which stand between words.
	var forms []uint32
	for _, n := range t.fields {
		if slices.Contains(want, n) {
			forms = append(forms, n)
		}
	}
	return follows(forms)
}
