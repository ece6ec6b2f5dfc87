package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"blattwerk/storage/catalog/analysis"
)

// formula is a condition on the tokens of a document: any of some alternatives,
// or a combination of formulas.
type formula struct {
	any  []alternative
	all  []formula
	some []formula
	but  []formula // none of them, beside all or some
}

// holds is the formula of a unit.
func (u unit) holds(kin kinship) formula {
	var f formula
	for _, c := range u.clauses {
		f.all = append(f.all, formula{any: c.upTo(kin)})
	}
	return f
}

// absent are the formulas of what must not be there. Phrases are looked for in
// the text, as their words alone may be.
func (r request) absent() []formula {
	var list []formula
	for _, u := range r.not {
		if u.phrase == nil {
			list = append(list, u.holds(stemmed))
		}
	}
	return list
}

// strict asks for all units.
func (r request) strict(kin kinship) formula {
	f := formula{but: r.absent()}
	for _, u := range r.units {
		f.all = append(f.all, u.holds(kin))
	}
	return f
}

// write renders a formula; leaf renders the alternatives of one clause.
func (f formula) write(and, or, butNot string, leaf func([]alternative) string) string {
	group := func(list []formula, sign string) string {
		parts := make([]string, len(list))
		for i, g := range list {
			parts[i] = g.write(and, or, butNot, leaf)
		}
		if len(parts) == 1 {
			return parts[0]
		}
		return "(" + strings.Join(parts, sign) + ")"
	}
	s := ""
	switch {
	case f.any != nil:
		s = "(" + leaf(f.any) + ")"
	case f.some == nil:
		s = group(f.all, and)
	case f.all == nil:
		s = group(f.some, or)
	default:
		s = "(" + group(f.all, and) + and + group(f.some, or) + ")"
	}
	if f.but != nil {
		s = "(" + s + butNot + group(f.but, or) + ")"
	}
	return s
}

// tokens writes the alternatives of a clause in the notation of the database's
// index.
func (d dialect) tokens(list []alternative) string {
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

// terse leaves out alternatives that only stand where another of the same clause
// stands too, as each costs a look into the index: a form where its stem is asked
// for, and what begins with a begin that is. A stem is a begin of all its forms.
func (f formula) terse() formula {
	each := func(list []formula) []formula {
		out := slices.Clone(list)
		for i, g := range out {
			out[i] = g.terse()
		}
		return out
	}
	return formula{any: terse(f.any), all: each(f.all), some: each(f.some), but: each(f.but)}
}

func terse(list []alternative) []alternative {
	have := make(map[string]bool, len(list))
	var begins []string
	for _, a := range list {
		if a.prefix {
			begins = append(begins, a.token)
		} else {
			have[a.token] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(a alternative) bool {
		if a.prefix {
			return false
		}
		if slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(a.token, b) }) {
			return true
		}
		switch face, token := a.token[:1], a.token[1:]; face {
		case faceWord:
			return have[faceStem+analysis.Stem(analysis.Token{Form: token, Plain: true})]
		case faceStem:
			return slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(faceWord+token, b) })
		}
		return false
	})
}

// stretch is where documents are sought.
type stretch struct {
	after, until int64 // numbers of documents, after one and up to another; 0 is no bound
	long         bool  // some are so long that PostgreSQL's index has several rows for them
}

// long says whether a document has several rows in the index. Most archives have
// none, which saves each look one beside it.
func (d dialect) long(ctx context.Context, tx *sql.Tx) (long bool, err error) {
	if !d.locks {
		return false, nil
	}
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM search_index WHERE part > 0)`).Scan(&long); err != nil {
		return false, fmt.Errorf("looking for long documents: %w", err)
	}
	return long, nil
}

// matching gives the tables that hold the documents of these numbers for which a
// formula holds, with their facets as d, and adds its conditions.
func (d dialect) matching(w *where, f formula, of stretch) string {
	return d.holding(w, f, of, 0) + ` JOIN facet d ON d.n = ` + d.document
}

// holding is matching without the facets; with a limit, at least so many of the
// newest documents.
func (d dialect) holding(w *where, f formula, of stretch, limit int) string {
	f = f.terse()
	if d.locks {
		return d.found(w, f, of, limit)
	}
	if of.after > 0 {
		w.conds = append(w.conds, `search_index.rowid >= `+w.arg((of.after+1)<<8))
	}
	if of.until > 0 {
		w.conds = append(w.conds, `search_index.rowid < `+w.arg((of.until+1)<<8))
	}
	w.conds = append(w.conds, `search_index MATCH `+w.arg(f.write(" AND ", " OR ", " NOT ", d.tokens)))
	return `search_index`
}

// found gives the documents of these numbers for which a formula holds, on
// PostgreSQL; with a limit, at least so many of the newest. Sets of documents are
// made first and then met with each other: OFFSET 0, MATERIALIZED and doc + 0 keep
// the planner from reading the tokens of every row to save itself the index, as it
// guesses far too many rows for our many alternatives. The words of a very long
// document stand in several rows, so there the formula is asked of all its rows
// together.
func (d dialect) found(w *where, f formula, of stretch, limit int) string {
	const long = `(SELECT doc FROM search_index WHERE part > 0)`
	query := func(list string) string { return `tokens @@ CAST(CAST(` + w.arg(list) + ` AS text) AS tsquery)` }
	bounds := ` AND doc + 0 > ` + w.arg(of.after)
	if of.until > 0 {
		bounds += ` AND doc + 0 <= ` + w.arg(of.until)
	}
	short := ""
	if of.long {
		short = ` AND doc NOT IN ` + long
	}
	var sets []string
	for _, looks := range f.looks() {
		parts := make([]string, len(looks))
		for k, g := range looks {
			parts[k] = query(g.write(" & ", " | ", " & !", d.tokens))
		}
		sets = append(sets, `SELECT doc FROM search_index WHERE (`+strings.Join(parts, " OR ")+`)`+bounds+short)
	}
	found := sets[0]
	if len(sets) > 1 {
		found = common(sets, limit)
	}
	if !of.long {
		return `(` + found + ` OFFSET 0) found`
	}
	rows := f.write(" AND ", " OR ", " AND NOT ", func(list []alternative) string { return `bool_or(` + query(d.tokens(list)) + `)` })
	return `((` + found + `)
		UNION ALL SELECT doc FROM search_index WHERE doc IN ` + long + bounds + ` GROUP BY doc HAVING ` + rows + `
		OFFSET 0) found`
}

// common gives the documents that are in all sets, on PostgreSQL; with a limit, at
// least so many of the newest, as of common words those are enough.
func common(sets []string, limit int) string {
	var with, all, newer, older []string
	for i, set := range sets {
		name := "set" + strconv.Itoa(i)
		with = append(with, name+` AS MATERIALIZED (`+set+`)`)
		all = append(all, name)
		newer = append(newer, `(SELECT doc FROM `+name+` WHERE doc > (SELECT n FROM edge)) n`+name)
		older = append(older, `(SELECT doc FROM `+name+` WHERE doc <= (SELECT n FROM edge)) o`+name)
	}
	meet := func(list []string) string { return `SELECT doc FROM ` + strings.Join(list, ` NATURAL JOIN `) }
	if limit == 0 {
		return `WITH ` + strings.Join(with, ", ") + ` ` + meet(all)
	}
	with = append(with, `edge AS MATERIALIZED (SELECT coalesce(max(doc), 0) - `+strconv.Itoa(newest)+` AS n FROM search_index)`,
		`recent AS MATERIALIZED (`+meet(newer)+`)`)
	return `WITH ` + strings.Join(with, ", ") + ` SELECT doc FROM recent
		UNION ALL SELECT doc FROM (` + meet(older) + `) earlier WHERE (SELECT count(*) FROM recent) < ` + strconv.Itoa(limit)
}

// newest is the number of documents in which common words are looked for first.
const newest = 8_192

// A look into PostgreSQL's index compares all alternatives for each document that
// holds any. A word takes one look as long as it has fewKeys; with more, several
// looks of maxKeys are faster, whose documents are then put together.
const (
	fewKeys = 8
	maxKeys = 4
)

// looks takes a formula apart into sets of formulas with few alternatives, of each
// of which one must hold.
func (f formula) looks() (sets [][]formula) {
	if f.but != nil {
		return [][]formula{{f}} // there must be something from which it is taken off
	}
	if len(f.any) > 0 && len(f.any) <= fewKeys {
		return [][]formula{{f}}
	}
	if f.any != nil {
		var set []formula
		for chunk := range slices.Chunk(f.any, maxKeys) {
			set = append(set, formula{any: chunk})
		}
		return [][]formula{set}
	}
	var small formula
	for _, g := range f.all {
		for _, set := range g.looks() {
			if len(set) == 1 {
				small.all = append(small.all, set[0]) // these fit into one look
			} else {
				sets = append(sets, set)
			}
		}
	}
	if small.all != nil {
		sets = append(sets, []formula{small})
	}
	var either []formula
	for _, g := range f.some {
		if inner := g.looks(); len(inner) == 1 {
			either = append(either, inner[0]...)
		} else {
			either = append(either, g)
		}
	}
	if either != nil {
		sets = append(sets, either)
	}
	return sets
}
