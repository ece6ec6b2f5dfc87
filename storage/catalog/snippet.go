package catalog

import (
	"slices"
	"strings"
	"unicode/utf8"

	"blattwerk/storage/catalog/analysis"
)

const (
	snippetBytes = 240 // length of a snippet, about three lines
	snippetLead  = 60  // of it, before the first mark
	snippetPages = 100 // pages that are looked at for the best place
)

// found is a word of a page that a clause asked for.
type found struct{ clause, from, to int }

// marker finds in texts what a request asks for.
type marker struct {
	matchers []matcher // by clause
	phrases  [][]string
	quoted   map[string]bool // forms that stand in phrases
	met      map[string]int  // clause that asks for a form that stands by itself, noClause if none does
}

const noClause = -1

func (r request) marker(kin kinship) marker {
	m := marker{quoted: map[string]bool{}, met: map[string]int{}}
	for _, cl := range r.clauses() {
		m.matchers = append(m.matchers, newMatcher(cl.upTo(kin)))
	}
	for _, u := range r.units {
		if u.phrase != nil {
			m.phrases = append(m.phrases, u.phrase)
		}
		for _, form := range u.phrase {
			m.quoted[form] = true
		}
	}
	return m
}

// snippet fills in the place of a document that shows most of the words asked
// for: the first such window of the first such page. Without any, as for hits
// in fields only, it is the begin of the text, unmarked.
func (m marker) snippet(h *Hit, pages []page) {
	most := 0
	for _, p := range pages[:min(len(pages), snippetPages)] {
		list := m.findIn(p.text)
		first, n := bestWindow(list, len(m.matchers))
		if n > most {
			most = n
			h.Page = p.no
			h.Snippet, h.Marks = cut(p.text, list, first)
		}
		if most == len(m.matchers) {
			return
		}
	}
	if most == 0 && len(pages) > 0 {
		h.Snippet, _ = cut(pages[0].text, nil, 0)
	}
}

// findIn lists the words of a text that clauses ask for, in order. A word in a
// phrase counts only where the phrase stands.
func (m marker) findIn(text string) []found {
	tokens := analysis.Forms(text)
	whole := make([]bool, len(tokens)) // inside a phrase
	for _, p := range m.phrases {
		for _, at := range phraseIn(p, tokens) {
			for k := range p {
				whole[at+k] = true
			}
		}
	}
	var list []found
	for i, t := range tokens {
		if c := m.clauseOf(t); c != noClause && (whole[i] || !m.quoted[t.Form]) {
			list = append(list, found{c, t.From, t.To})
		}
	}
	return list
}

// clauseOf gives the first clause that asks for a word, without its stem yet. Texts
// repeat most of their words, so what was found out about one is kept.
func (m marker) clauseOf(t analysis.Token) int {
	alone := t.Whole == "" && t.Date == ""
	if c, known := m.met[t.Form]; known && alone {
		return c
	}
	t.Stem = analysis.Stem(t)
	c := slices.IndexFunc(m.matchers, func(matcher matcher) bool { return matcher.matches(t) })
	if alone {
		m.met[t.Form] = c
	}
	return c
}

// bestWindow finds the first window that shows the most different clauses, and
// how many.
func bestWindow(list []found, clauses int) (first, most int) {
	for i := range list {
		seen := make(map[int]bool, clauses)
		for _, f := range list[i:] {
			if f.to > list[i].from+snippetBytes-snippetLead {
				break
			}
			seen[f.clause] = true
		}
		if len(seen) > most {
			first, most = i, len(seen)
		}
		if most == clauses {
			break
		}
	}
	return first, most
}

// cut takes a window of the text, from a little before the first word found,
// without dividing words where it can, and makes its line ends blanks.
func cut(text string, list []found, first int) (string, []Mark) {
	from := 0
	if len(list) > 0 {
		from = max(0, list[first].from-snippetLead)
	}
	if from > 0 {
		if i := strings.IndexAny(text[from:], " \n"); i >= 0 && i < snippetLead/2 {
			from += i + 1
		}
	}
	to := min(len(text), from+snippetBytes)
	if to < len(text) {
		if i := strings.LastIndexAny(text[from:to], " \n"); i > snippetBytes/2 {
			to = from + i
		}
	}
	for from < len(text) && !utf8.RuneStart(text[from]) {
		from++
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to--
	}
	var marks []Mark
	for _, f := range list {
		if f.from >= from && f.to <= to {
			marks = append(marks, Mark{f.from - from, f.to - from})
		}
	}
	return strings.NewReplacer("\n", " ", "\t", " ", "\r", " ").Replace(text[from:to]), marks
}

// matcher says whether a token of a text meets a clause.
type matcher struct {
	tokens   map[string]map[string]bool // by face
	prefixes map[string][]string        // dito
}

func newMatcher(list []alternative) matcher {
	m := matcher{tokens: map[string]map[string]bool{}, prefixes: map[string][]string{}}
	for _, a := range list {
		face, token := a.token[:1], a.token[1:]
		switch {
		case a.prefix:
			m.prefixes[face] = append(m.prefixes[face], token)
		case m.tokens[face] == nil:
			m.tokens[face] = map[string]bool{token: true}
		default:
			m.tokens[face][token] = true
		}
	}
	return m
}

func (m matcher) matches(t analysis.Token) bool {
	return m.has(faceWord, t.Form) || t.Plain && (m.has(faceStem, t.Stem) || m.hasEnd(t.Stem)) ||
		t.Whole != "" && m.has(faceWhole, t.Whole) || t.Date != "" && m.has(faceDay, t.Date)
}

func (m matcher) hasEnd(stem string) bool {
	return slices.ContainsFunc(m.prefixes[faceEnd], func(end string) bool { return endsIn(stem, reverse(end)) })
}

func (m matcher) has(face, token string) bool {
	if m.tokens[face][token] {
		return true
	}
	for _, p := range m.prefixes[face] {
		if strings.HasPrefix(token, p) {
			return true
		}
	}
	return false
}
