package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"blattwerk/pipeline"
)

// Highlight finds on the pages of a letter the words that a search found it by.
type Highlight struct{ near, far marker }

// Highlight reads a query as [Catalog.Search] does.
func (c *Catalog) Highlight(ctx context.Context, words string) (Highlight, error) {
	var h Highlight
	if len(parse(words).units) == 0 {
		return h, nil
	}
	err := c.looking(ctx, func(tx *sql.Tx) error {
		s := newSearch(c, tx, Query{Words: words})
		for _, by := range []expansion{each(c.expandEnds), c.expandInfix, each(c.expandSimilar)} {
			if _, err := s.expand(ctx, by, func(unit) bool { return true }); err != nil {
				return err
			}
		}
		h.near, h.far = s.request.marker(compound), s.request.marker(similar)
		return nil
	})
	if err != nil {
		return Highlight{}, fmt.Errorf("reading a query: %w", err)
	}
	return h, nil
}

// Words gives, for each page of a letter, the indexes of its words to mark, in
// order. Look-alikes are marked only in a letter that holds nothing nearer.
func (h Highlight) Words(pages []pipeline.PageText) [][]int {
	list, any := h.near.words(pages)
	if !any {
		list, _ = h.far.words(pages)
	}
	return list
}

func (m marker) words(pages []pipeline.PageText) (list [][]int, any bool) {
	list = make([][]int, len(pages))
	if len(m.matchers) == 0 {
		return list, false
	}
	for i, p := range pages {
		text, ends := p.String(), wordEnds(p)
		at := 0
		for _, f := range m.findIn(text) {
			for at < len(ends) && ends[at] <= f.from {
				at++
			}
			// A word that a line end divides is two on the page.
			for k := at; k < len(ends) && (k == at || ends[k-1] < f.to); k++ {
				if n := len(list[i]); n == 0 || list[i][n-1] < k {
					list[i] = append(list[i], k)
					any = true
				}
			}
		}
	}
	return list, any
}

// wordEnds are the byte offsets in a page's text behind each of its words.
func wordEnds(p pipeline.PageText) []int {
	ends := make([]int, len(p.Words))
	for i := range p.Words {
		part := pipeline.PageText{Words: p.Words[i : i+1]}
		n := len(strings.TrimSuffix(part.String(), "\n"))
		switch {
		case i == 0:
			ends[i] = n
		case p.Words[i].Par != p.Words[i-1].Par || p.Words[i].Block != p.Words[i-1].Block:
			ends[i] = ends[i-1] + 2 + n
		default:
			ends[i] = ends[i-1] + 1 + n
		}
	}
	return ends
}
