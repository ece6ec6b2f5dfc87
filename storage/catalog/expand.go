package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"blattwerk/storage/catalog/analysis"
)

const (
	minPart     = 4   // shortest stem that is looked for as the begin of longer words
	minEnd      = 5   // shortest stem that is looked for as their end without further proof
	minRest     = 3   // shortest rest that is left over then
	maxExpanded = 200 // alternatives that one expansion adds to a clause, the shortest first
)

// expansion adds alternatives to clauses and says which of them grew.
type expansion func(context.Context, querier, []*clause) (grown []bool, err error)

// each widens clauses one after the other.
func each(by func(context.Context, querier, *clause) (bool, error)) expansion {
	return func(ctx context.Context, q querier, list []*clause) ([]bool, error) {
		grown := make([]bool, len(list))
		for i, cl := range list {
			var err error
			if grown[i], err = by(ctx, q, cl); err != nil {
				return nil, err
			}
		}
		return grown, nil
	}
}

// expandEnds adds compounds that end in the clause's word: Antragsformular for
// Formular. A short word (Amt, Rat) takes only compounds whose rest is a word
// of the corpus, as it is the end of too many others.
func (c *Catalog) expandEnds(ctx context.Context, q querier, cl *clause) (bool, error) {
	stem := cl.word.Stem
	if cl.literal || !cl.word.Plain || len(stem) < minRest {
		return false, nil
	}
	if c.dialect.ends && utf8.RuneCountInString(stem) >= minEnd {
		// One look into the index in place of one for each of hundreds of compounds.
		cl.alternatives = append(cl.alternatives, alternative{faceEnd + reverse(stem), true, compound})
		cl.sortAlternatives()
		return true, nil
	}
	from, to := span(reverse(stem))
	found, err := strs(ctx, q, `SELECT DISTINCT stem FROM vocabulary WHERE rstem >= $1 AND rstem < $2
		AND length(stem) >= $3 ORDER BY stem`, from, to, len(stem)+minRest)
	if err != nil {
		return false, fmt.Errorf("looking for compounds: %w", err)
	}
	if utf8.RuneCountInString(stem) < minEnd {
		if found, err = c.provenEnds(ctx, q, stem, found); err != nil {
			return false, err
		}
	}
	return cl.add(found, faceStem, compound), nil
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
	list := make([]string, 0, len(rests))
	for r := range rests {
		list = append(list, r)
	}
	slices.Sort(list)
	known := map[string]bool{}
	wanted, err := encode(list)
	if err != nil {
		return nil, err
	}
	for _, column := range []string{"stem", "word"} {
		found, err := strs(ctx, q, `SELECT DISTINCT `+column+` FROM vocabulary WHERE `+column+
			` IN (SELECT value `+c.dialect.text+` FROM `+c.dialect.each("$1")+`)`, wanted)
		if err != nil {
			return nil, fmt.Errorf("looking for parts of compounds: %w", err)
		}
		for _, s := range found {
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

// expandInfix adds words that contain a clause's word anywhere. The whole vocabulary
// is looked through, once for all clauses.
func (c *Catalog) expandInfix(ctx context.Context, q querier, list []*clause) ([]bool, error) {
	grown, parts := make([]bool, len(list)), make([]string, len(list))
	var w where
	for i, cl := range list {
		part := cl.word.Stem
		if len(part) < minEnd {
			part = cl.word.Form // Steuer has the stem steu
		}
		if !cl.literal && cl.word.Plain && len(part) >= minEnd {
			parts[i] = part
			w.conds = append(w.conds, fmt.Sprintf(c.dialect.infix, w.arg(part)))
		}
	}
	if len(w.conds) == 0 {
		return grown, nil
	}
	found, err := strs(ctx, q, `SELECT DISTINCT stem FROM vocabulary WHERE `+strings.Join(w.conds, " OR ")+` ORDER BY stem`, w.args...)
	if err != nil {
		return nil, fmt.Errorf("looking for words around words: %w", err)
	}
	for i, cl := range list {
		if parts[i] != "" {
			around := slices.DeleteFunc(slices.Clone(found), func(stem string) bool { return !strings.Contains(stem, parts[i]) })
			grown[i] = cl.add(around, faceStem, compound)
		}
	}
	return grown, nil
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
	return cl.add(found, faceWord, similar), nil
}

// add makes words alternatives, the shortest first, and says whether any was
// new. Compounds that the clause is met by already, by their begin or end, are not.
func (cl *clause) add(words []string, face string, kin kinship) bool {
	if kin == compound {
		words = slices.DeleteFunc(words, cl.meets)
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(a) - len(b) })
	before := len(cl.alternatives)
	for _, w := range words[:min(len(words), maxExpanded)] {
		cl.alternatives = append(cl.alternatives, alternative{face + w, false, kin})
	}
	cl.sortAlternatives()
	return len(cl.alternatives) > before
}

// meets says that a stem meets the clause by its begin or its end.
func (cl *clause) meets(stem string) bool {
	return slices.ContainsFunc(cl.alternatives, func(a alternative) bool {
		switch face, token := a.token[:1], a.token[1:]; {
		case !a.prefix:
			return false
		case face == faceEnd:
			return endsIn(stem, reverse(token))
		default:
			return strings.HasPrefix(stem, token)
		}
	})
}

// resolve looks up which words of the corpus meet alternatives, so that they can be
// counted in a document's terms.
func (c *Catalog) resolve(ctx context.Context, q querier, list []alternative) (forms, error) {
	f := forms{}
	var w where
	var stems []string
	kinOf := map[string]kinship{}
	var begins, ends []alternative
	for _, a := range list {
		face, token := a.token[:1], a.token[1:]
		switch {
		case a.prefix && face == faceWord:
			begins = append(begins, a)
			from, to := span(token)
			w.conds = append(w.conds, "(word >= "+w.arg(from)+" AND word < "+w.arg(to)+")")
		case a.prefix && face == faceEnd:
			ends = append(ends, a)
			from, to := span(token)
			w.conds = append(w.conds, "(rstem >= "+w.arg(from)+" AND rstem < "+w.arg(to)+" AND length(stem) >= "+w.arg(utf8.RuneCountInString(token)+minRest)+")")
		case face == faceStem:
			stems = append(stems, token)
			kinOf[token] = a.kin
		default:
			f.add(number(face, token), a.kin)
		}
	}
	if len(stems) > 0 {
		wanted, err := encode(stems)
		if err != nil {
			return nil, err
		}
		w.conds = append(w.conds, "stem IN (SELECT value "+c.dialect.text+" FROM "+c.dialect.each(w.arg(wanted))+")")
	}
	if len(w.conds) == 0 {
		return f, nil
	}
	// Each condition by itself, so that each takes its index.
	selects := make([]string, len(w.conds))
	for i, cond := range w.conds {
		selects[i] = `SELECT word, stem FROM vocabulary WHERE ` + cond
	}
	rows, err := q.QueryContext(ctx, strings.Join(selects, " UNION "), w.args...)
	if err != nil {
		return nil, fmt.Errorf("looking up words: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var word, stem string
		if err := rows.Scan(&word, &stem); err != nil {
			return nil, fmt.Errorf("looking up words: %w", err)
		}
		if kin, ok := kinOf[stem]; ok {
			f.add(number(faceWord, word), kin)
		}
		for _, a := range begins {
			if strings.HasPrefix(word, a.token[1:]) {
				f.add(number(faceWord, word), a.kin)
			}
		}
		for _, a := range ends {
			if endsIn(stem, reverse(a.token[1:])) {
				f.add(number(faceWord, word), a.kin)
			}
		}
	}
	return f, rows.Err()
}

// endsIn says that a stem is a compound with this end.
func endsIn(stem, end string) bool {
	rest, ok := strings.CutSuffix(stem, end)
	return ok && utf8.RuneCountInString(rest) >= minRest
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
