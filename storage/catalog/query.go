package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"blattwerk/storage/catalog/analysis"
)

// A search is a list of clauses that must all hold. A clause is a list of
// alternatives: tokens of the index, or beginnings of tokens.
type clause struct {
	field, exact, related, similar []alternative // each includes those before it, but for field
	word                           analysis.Token
	literal                        bool // in quotes or with a star: no stems, parts or look-alikes
}

type alternative struct {
	token  string
	prefix bool
}

// phrase is a list of forms that follow each other.
type phrase []string

// request is what a query asks for.
type request struct {
	clauses []clause
	phrases []phrase
}

// parse reads words, "phrases" and beginnings*.
func parse(words string) request {
	var r request
	for i, part := range strings.Split(unquote(words), `"`) {
		if i%2 == 1 {
			r.phrase(part)
			continue
		}
		r.words(part)
	}
	return r
}

// unquote makes all quotation marks of German and English print the same.
func unquote(s string) string {
	return strings.NewReplacer("„", `"`, "“", `"`, "”", `"`, "«", `"`, "»", `"`).Replace(s)
}

func (r *request) phrase(text string) {
	var p phrase
	for _, t := range analysis.Tokens(text) {
		p = append(p, t.Form)
		a := []alternative{{faceWord + t.Form, false}}
		r.clauses = append(r.clauses, clause{
			field: []alternative{{faceField + t.Form, false}}, exact: a, related: a, similar: a, word: t, literal: true,
		})
	}
	if len(p) > 1 {
		r.phrases = append(r.phrases, p)
	}
}

func (r *request) words(text string) {
	for _, t := range analysis.Tokens(text) {
		if strings.HasPrefix(text[t.To:], "*") {
			r.clauses = append(r.clauses, beginning(t))
			continue
		}
		c := clause{
			field: []alternative{{faceField + t.Form, false}},
			exact: []alternative{{faceWord + t.Form, false}, {faceWhole + t.Form, false}},
			word:  t,
		}
		// A reference matches as a whole or by all its parts, so every part takes
		// the whole for an alternative.
		if t.Whole != "" {
			c.field = append(c.field, alternative{faceField + t.Whole, false})
			c.exact = append(c.exact, alternative{faceWord + t.Whole, false}, alternative{faceWhole + t.Whole, false})
		}
		if t.Date != "" {
			c.exact = append(c.exact, alternative{faceDay + t.Date, false})
		}
		c.related = slices.Clone(c.exact)
		if t.Plain {
			c.related = append(c.related, alternative{faceStem + t.Stem, false})
			if len(t.Stem) >= minPart {
				c.related = append(c.related, alternative{faceWord + t.Stem, true})
			}
		}
		c.similar = c.related
		r.clauses = append(r.clauses, c)
	}
}

func beginning(t analysis.Token) clause {
	a := []alternative{{faceWord + t.Form, true}, {faceWhole + t.Form, true}}
	return clause{
		field: []alternative{{faceField + t.Form, true}}, exact: a, related: a, similar: a, word: t, literal: true,
	}
}

const (
	minPart     = 4   // shortest stem that is looked for as the begin of longer words
	minEnd      = 5   // shortest stem that is looked for as their end without further proof
	minRest     = 3   // shortest rest that is left over then
	maxExpanded = 200 // alternatives that one expansion adds to a clause, the shortest first
)

// expandEnds adds compounds that end in the clause's word: Antragsformular for
// Formular. A short word (Amt, Rat) takes only compounds whose rest is a word
// of the corpus, as it is the end of too many others.
func (c *Catalog) expandEnds(ctx context.Context, q querier, cl *clause) (bool, error) {
	stem := cl.word.Stem
	if cl.literal || !cl.word.Plain || len(stem) < minRest {
		return false, nil
	}
	from, to := span(reverse(stem))
	found, err := strs(ctx, q, `SELECT DISTINCT stem FROM vocabulary WHERE rstem >= $1 AND rstem < $2
		AND length(stem) >= $3 ORDER BY stem`, from, to, len(stem)+minRest)
	if err != nil {
		return false, fmt.Errorf("looking for compounds: %w", err)
	}
	if len(stem) < minEnd {
		if found, err = c.provenEnds(ctx, q, stem, found); err != nil {
			return false, err
		}
	}
	return cl.add(found, faceStem, false), nil
}

// provenEnds keeps the compounds whose rest, with or without a linking s, es,
// n, en, er or e, is a word of the corpus.
func (c *Catalog) provenEnds(ctx context.Context, q querier, stem string, compounds []string) ([]string, error) {
	rests := map[string]bool{}
	for _, s := range compounds {
		for _, r := range restsOf(s[:len(s)-len(stem)]) {
			rests[r] = true
		}
	}
	var w where
	list := make([]string, 0, len(rests))
	for r := range rests {
		list = append(list, r)
	}
	slices.Sort(list)
	known := map[string]bool{}
	for chunk := range slices.Chunk(list, 400) {
		w = where{}
		in(&w, "stem", chunk)
		byStem, err := strs(ctx, q, `SELECT DISTINCT stem FROM vocabulary`+w.String(), w.args...)
		if err != nil {
			return nil, fmt.Errorf("looking for parts of compounds: %w", err)
		}
		w = where{}
		in(&w, "word", chunk)
		byWord, err := strs(ctx, q, `SELECT word FROM vocabulary`+w.String(), w.args...)
		if err != nil {
			return nil, fmt.Errorf("looking for parts of compounds: %w", err)
		}
		for _, s := range append(byStem, byWord...) {
			known[s] = true
		}
	}
	return slices.DeleteFunc(compounds, func(s string) bool {
		return !slices.ContainsFunc(restsOf(s[:len(s)-len(stem)]), func(r string) bool { return known[r] })
	}), nil
}

// restsOf gives the first part of a compound with and without its link.
func restsOf(rest string) []string {
	list := []string{rest}
	for _, link := range []string{"s", "es", "n", "en", "er", "e"} {
		if r, ok := strings.CutSuffix(rest, link); ok && len(r) >= minRest {
			list = append(list, r)
		}
	}
	return list
}

// expandInfix adds words that contain the clause's word anywhere.
func (c *Catalog) expandInfix(ctx context.Context, q querier, cl *clause) (bool, error) {
	if cl.literal || !cl.word.Plain || len(cl.word.Stem) < minEnd {
		return false, nil
	}
	found, err := strs(ctx, q, `SELECT DISTINCT stem FROM vocabulary WHERE `+fmt.Sprintf(c.dialect.infix, "$1")+` ORDER BY stem`, cl.word.Stem)
	if err != nil {
		return false, fmt.Errorf("looking for words around a word: %w", err)
	}
	return cl.add(found, faceStem, false), nil
}

// expandSimilar adds words that recognition may have made of the clause's word.
// At least one half of a word's bones must be whole.
func (c *Catalog) expandSimilar(ctx context.Context, q querier, cl *clause) (bool, error) {
	tolerance := analysis.Tolerance(cl.word)
	if cl.literal || tolerance == 0 {
		return false, nil
	}
	bones := analysis.Bones(cl.word.Form)
	half := len(bones) / 2
	for !utf8.RuneStart(bones[half]) {
		half--
	}
	from, to := span(bones[:half])
	rfrom, rto := span(reverse(bones[half:]))
	found, err := strs(ctx, q, `SELECT word FROM vocabulary WHERE bones >= $1 AND bones < $2
		UNION SELECT word FROM vocabulary WHERE rbones >= $3 AND rbones < $4 ORDER BY word`, from, to, rfrom, rto)
	if err != nil {
		return false, fmt.Errorf("looking for similar words: %w", err)
	}
	found = slices.DeleteFunc(found, func(w string) bool {
		return analysis.Distance(cl.word.Form, w, tolerance) > tolerance
	})
	return cl.add(found, faceWord, true), nil
}

// add makes words alternatives, the shortest first, and says whether any was
// new.
func (cl *clause) add(words []string, face string, similar bool) bool {
	slices.SortStableFunc(words, func(a, b string) int { return len(a) - len(b) })
	added := false
	for _, w := range words[:min(len(words), maxExpanded)] {
		a := alternative{face + w, false}
		if slices.Contains(cl.similar, a) {
			continue
		}
		added = true
		cl.similar = append(cl.similar[:len(cl.similar):len(cl.similar)], a)
		if !similar {
			cl.related = append(cl.related[:len(cl.related):len(cl.related)], a)
		}
	}
	return added
}

// span is the range of strings that begin with a prefix.
func span(prefix string) (from, to string) {
	return prefix, prefix + "\U0010FFFF"
}

func strs(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// match writes a clause in the notation of the database's index.
func (d dialect) match(list []alternative) string {
	out := make([]string, len(list))
	for i, a := range list {
		if a.prefix {
			out[i] = d.prefix(a.token)
		} else {
			out[i] = d.word(a.token)
		}
	}
	return strings.Join(out, d.or)
}
