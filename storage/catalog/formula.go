package catalog

import "strings"

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

// matching gives the tables that hold the documents after a number for which a
// formula holds, with their facets as d, and adds its conditions.
func (d dialect) matching(w *where, f formula, after int64) string {
	if !d.locks {
		if after > 0 {
			w.conds = append(w.conds, `search_index.rowid >= `+w.arg((after+1)<<8))
		}
		w.conds = append(w.conds, `search_index MATCH `+w.arg(f.write(" AND ", " OR ", " NOT ", d.tokens)))
		return `search_index JOIN facet d ON d.n = search_index.rowid >> 8`
	}
	// The documents first, all at once: the planner guesses far too many rows for
	// our many alternatives. The words of a very long document stand in several
	// rows, so there the formula is asked of all its rows together.
	const long = `(SELECT doc FROM search_index WHERE part > 0)`
	query := func(list string) string { return `CAST(CAST(` + w.arg(list) + ` AS text) AS tsquery)` }
	whole := query(f.write(" & ", " | ", " & !", d.tokens))
	rows := f.write(" AND ", " OR ", " AND NOT ", func(list []alternative) string {
		return `bool_or(tokens @@ ` + query(d.tokens(list)) + `)`
	})
	since := ` AND doc > ` + w.arg(after)
	return `(SELECT doc FROM search_index WHERE tokens @@ ` + whole + ` AND doc NOT IN ` + long + since + `
		UNION ALL SELECT doc FROM search_index WHERE doc IN ` + long + since + ` GROUP BY doc HAVING ` + rows + `
		OFFSET 0) found JOIN facet d ON d.n = found.doc`
}
