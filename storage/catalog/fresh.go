package catalog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxFresh is the number of news up to which each is looked at by itself.
const maxFresh = 1_500

// fresh are the few documents that a search for news can find at all, with their
// words. The index would gather what all letters of all years hold of a word, to
// find the few of today among them.
type fresh struct {
	docs  []facetRow // the newest first
	words map[int64]map[uint32]bool
	met   map[string]forms // what meets a leaf of a formula
}

// readFresh reads the documents with these conditions, of which there are few. It
// gives nil if one is too long for all its words to be kept, or if the query asks
// for begins, which references cannot be looked up by.
func (s *search) readFresh(ctx context.Context, w *where) (*fresh, error) {
	for _, u := range slices.Concat(s.request.units, s.request.not) {
		for _, cl := range u.clauses {
			if slices.ContainsFunc(cl.alternatives, func(a alternative) bool { return a.prefix && a.token[:1] == faceWhole }) {
				return nil, nil
			}
		}
	}
	list, err := facetRows(ctx, s.tx, `SELECT `+facetColumns+` FROM facet d`+w.String()+` ORDER BY d.n DESC`, w.args)
	if err != nil {
		return nil, fmt.Errorf("reading what is new: %w", err)
	}
	f := &fresh{docs: list, words: map[int64]map[uint32]bool{}, met: map[string]forms{}}
	numbers := make([]int64, len(list))
	for i, d := range list {
		numbers[i] = d.n
	}
	whole := true
	err = readTerms(ctx, s.tx, numbers, func(n int64, t terms) {
		whole = whole && len(t.text) < maxTerms
		words := make(map[uint32]bool, len(t.text))
		for _, list := range [3][]uint32{t.fields, t.wholes, t.text} {
			for _, number := range list {
				words[number] = true
			}
		}
		f.words[n] = words
	})
	if err != nil || !whole {
		return nil, err
	}
	return f, nil
}

// gatherFresh lists the newest of the news for which a formula holds.
func (s *search) gatherFresh(ctx context.Context, f formula, limit int, as tier) ([]candidate, error) {
	var list []candidate
	for _, d := range s.fresh.docs {
		holds, err := s.holds(ctx, f, s.fresh.words[d.n])
		if err != nil {
			return nil, err
		}
		if holds {
			list = append(list, candidate{facetRow: d, tier: as})
		}
		if len(list) == limit {
			break
		}
	}
	return list, nil
}

// holds says whether a formula holds for a document with these words: the same
// that [formula.write] asks of the index.
func (s *search) holds(ctx context.Context, f formula, words map[uint32]bool) (bool, error) {
	if f.any != nil {
		return s.anyOf(ctx, f.any, words)
	}
	for _, g := range f.all {
		if holds, err := s.holds(ctx, g, words); err != nil || !holds {
			return false, err
		}
	}
	some := f.some == nil
	for _, g := range f.some {
		holds, err := s.holds(ctx, g, words)
		if err != nil {
			return false, err
		}
		if some = holds; some {
			break
		}
	}
	if !some {
		return false, nil
	}
	for _, g := range f.but {
		if holds, err := s.holds(ctx, g, words); err != nil || holds {
			return false, err
		}
	}
	return true, nil
}

func (s *search) anyOf(ctx context.Context, list []alternative, words map[uint32]bool) (bool, error) {
	var key strings.Builder
	for _, a := range list {
		key.WriteString(a.token + strconv.FormatBool(a.prefix) + " ")
	}
	met, ok := s.fresh.met[key.String()]
	if !ok {
		var err error
		if met, err = s.c.resolve(ctx, s.tx, &clause{alternatives: list}); err != nil {
			return false, err
		}
		s.fresh.met[key.String()] = met
	}
	if len(met) < len(words) {
		for n := range met {
			if words[n] {
				return true, nil
			}
		}
		return false, nil
	}
	for n := range words {
		if _, ok := met[n]; ok {
			return true, nil
		}
	}
	return false, nil
}
