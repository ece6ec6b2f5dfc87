package catalog

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"blattwerk/storage/catalog/analysis"
)

// kinship says how a token of the index is kin to the word asked for.
type kinship int

// The nearest first; a search widens from one to the next.
const (
	exact    kinship = iota // as written, or part of the same reference or date
	stemmed                 // inflected
	compound                // part of a longer word
	similar                 // looks alike: recognition may have erred, or it is another word
)

// worth is what a word counts in ranking, by its kinship.
var worth = [...]float64{exact: 1, stemmed: 0.9, compound: 0.55, similar: 0.3}

// alternative is a token of the index, or the begin of tokens, that meets a
// clause.
type alternative struct {
	token  string
	prefix bool
	kin    kinship
}

// clause is one word that is asked for, and all that meets it.
type clause struct {
	alternatives []alternative // the nearest kin first
	word         analysis.Token
	literal      bool // in quotes or with a star: no stems, parts or look-alikes
}

// upTo are the alternatives of a kinship and nearer.
func (c clause) upTo(kin kinship) []alternative {
	for i, a := range c.alternatives {
		if a.kin > kin {
			return c.alternatives[:i]
		}
	}
	return c.alternatives
}

// unit is what is asked for as one: a word, a reference with its parts, or a
// phrase. Its clauses hold together.
type unit struct {
	text    string // as typed
	clauses []clause
	must    bool     // in quotes or with a star: nothing is found without it
	phrase  []string // forms that follow each other
	docs    float64  // about how many documents hold it
	grown   bool     // a widening of the search found more words for it
	idf     float64  // what it tells about a document that holds it
}

// request is what a query asks for.
type request struct {
	units []unit
	not   []unit // what must not stand there
}

// clauses are those of all units, in order.
func (r request) clauses() []*clause {
	var list []*clause
	for i := range r.units {
		for k := range r.units[i].clauses {
			list = append(list, &r.units[i].clauses[k])
		}
	}
	return list
}

// hasCompounds says that there are alternatives that are further kin than
// inflections.
func (r request) hasCompounds() bool {
	return slices.ContainsFunc(r.clauses(), func(c *clause) bool { return len(c.upTo(compound)) > len(c.upTo(stemmed)) })
}

// parse reads words, "phrases", beginnings* and what shall -not be there. Words
// that only hold a sentence together are left out if there are others.
func parse(words string) request {
	var r request
	var stops []unit
	for rest := unquote(words); rest != ""; {
		var part string
		minus := false
		part, minus, rest = nextPart(rest)
		text, quoted := strings.CutPrefix(part, `"`)
		var units []unit
		if quoted {
			units = phraseUnit(strings.TrimSuffix(text, `"`))
		} else {
			units = wordUnits(part)
		}
		switch {
		case minus:
			r.not = append(r.not, units...)
		case len(units) == 1 && units[0].stop():
			stops = append(stops, units...)
		default:
			r.units = append(r.units, units...)
		}
	}
	if len(r.units) == 0 {
		r.units = stops
	}
	return r
}

// nextPart cuts the next word or "phrase" off a query, and says whether a minus
// stands before it.
func nextPart(s string) (part string, minus bool, rest string) {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	if tail, ok := strings.CutPrefix(s, "-"); ok && tail != "" {
		if r, _ := utf8.DecodeRuneInString(tail); r == '"' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			s, minus = tail, true
		}
	}
	if strings.HasPrefix(s, `"`) {
		if end := strings.Index(s[1:], `"`); end >= 0 {
			return s[:end+2], minus, s[end+2:]
		}
		return s, minus, ""
	}
	end := strings.IndexFunc(s, func(r rune) bool { return r == '"' || unicode.IsSpace(r) })
	if end < 0 {
		end = len(s)
	}
	return s[:end], minus, s[end:]
}

// unquote makes all quotation marks of German and English print the same.
func unquote(s string) string {
	return strings.NewReplacer("„", `"`, "“", `"`, "”", `"`, "«", `"`, "»", `"`).Replace(s)
}

// stop says that a unit is one of the words that hold sentences together.
func (u unit) stop() bool {
	return !u.must && len(u.clauses) == 1 && analysis.Stop(u.clauses[0].word.Form)
}

func phraseUnit(text string) []unit {
	u := unit{text: text, must: true}
	for _, t := range analysis.Tokens(text) {
		u.phrase = append(u.phrase, t.Form)
		u.clauses = append(u.clauses, clause{alternatives: []alternative{{faceWord + t.Form, false, exact}}, word: t, literal: true})
	}
	if len(u.clauses) == 0 {
		return nil
	}
	if len(u.phrase) == 1 {
		u.phrase = nil
	}
	return []unit{u}
}

// wordUnits reads what stands between two blanks: most often one word. Words
// that a sign holds together are one unit if they are one in the index.
func wordUnits(part string) []unit {
	var units []unit
	whole := ""
	for _, t := range analysis.Tokens(part) {
		cl := wordClause(t)
		star := strings.HasPrefix(part[t.To:], "*") && len(t.Form) >= minBegin
		if star {
			cl = beginning(t)
		}
		if t.Whole != "" && t.Whole == whole {
			u := &units[len(units)-1]
			u.clauses = append(u.clauses, cl)
			u.must = u.must || star
			continue
		}
		whole = t.Whole
		units = append(units, unit{text: strings.Trim(part, ".,;:!?()"), clauses: []clause{cl}, must: star})
	}
	return units
}

// minBegin is the shortest begin of a word that can be asked for; a shorter one
// is the begin of everything.
const minBegin = 3

func wordClause(t analysis.Token) clause {
	c := clause{word: t, alternatives: []alternative{{faceWord + t.Form, false, exact}, {faceWhole + t.Form, false, exact}}}
	// A reference matches as a whole or by all its parts, so every part takes the
	// whole for an alternative.
	if t.Whole != "" {
		c.alternatives = append(c.alternatives, alternative{faceWord + t.Whole, false, exact}, alternative{faceWhole + t.Whole, false, exact})
	}
	if t.Date != "" {
		c.alternatives = append(c.alternatives, alternative{faceDay + t.Date, false, exact})
	}
	if t.Plain {
		c.alternatives = append(c.alternatives, alternative{faceStem + t.Stem, false, stemmed})
		if len(t.Stem) >= minPart {
			c.alternatives = append(c.alternatives, alternative{faceWord + t.Stem, true, compound})
		}
	}
	return c
}

func beginning(t analysis.Token) clause {
	return clause{
		alternatives: []alternative{{faceWord + t.Form, true, exact}, {faceWhole + t.Form, true, exact}}, word: t, literal: true,
	}
}

// in finds where a phrase begins.
func phraseIn(phrase []string, tokens []analysis.Token) []int {
	var at []int
	for i := 0; i+len(phrase) <= len(tokens); i++ {
		k := 0
		for k < len(phrase) && tokens[i+k].Form == phrase[k] {
			k++
		}
		if k == len(phrase) {
			at = append(at, i)
		}
	}
	return at
}

// forms are the kinship of words to a clause by their number, and those of the
// whole references and dates.
type forms map[uint32]kinship

func (f forms) add(n uint32, kin kinship) {
	if have, ok := f[n]; !ok || kin < have {
		f[n] = kin
	}
}

// sortAlternatives keeps the nearest kin first and drops what is there twice.
func (c *clause) sortAlternatives() {
	slices.SortStableFunc(c.alternatives, func(a, b alternative) int { return int(a.kin) - int(b.kin) })
	seen := map[string]bool{}
	c.alternatives = slices.DeleteFunc(c.alternatives, func(a alternative) bool {
		key := a.token
		if a.prefix {
			key += "*"
		}
		twice := seen[key]
		seen[key] = true
		return twice
	})
}
