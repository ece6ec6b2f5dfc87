package classify

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"

	"blattwerk/pipeline"
)

// mode says which part of a word a pattern has to be.
type mode uint8

const (
	whole  mode = iota // the word itself, inflected or not
	prefix             // first part of a compound: "Grundsteuer*"
	suffix             // last part, which carries the meaning in German: "*Rechnung"
)

// wordPattern is one word of a cue.
type wordPattern struct {
	skel string
	mode mode
	mask uint32
	k    int // edits allowed
}

// phrase is a cue made ready for matching.
type phrase struct {
	text    string
	words   []int // indices into matcher.patterns
	gaps    []int // gaps[i]: tokens that may stand between word i-1 and word i
	section bool  // begins with a paragraph sign
	bare    bool  // a paragraph without the name of its law
	idf     float64
}

// use is a type that a phrase speaks for.
type use struct {
	phrase  int
	weight  float64
	express bool
}

// matcher holds all cues of a taxonomy. It is never changed after compile.
type matcher struct {
	patterns   []wordPattern
	phrases    []phrase
	uses       [][]use          // by type
	starts     map[int][]int    // pattern -> phrases that begin with it
	exact      map[string][]int // skeleton -> whole patterns
	prefixes   map[string][]int // skeleton -> prefix patterns
	lengths    []int            // of the prefix patterns
	suffixes   []int            // suffix patterns
	near       [256][]int       // first letter -> whole and prefix patterns that may begin so, and allow edits
	lookalikes map[string]bool
	deptOf     map[int]pipeline.DeptID
}

// wordHit is a pattern that a token satisfies.
type wordHit struct {
	pattern int
	quality float64 // 1 exact, less by edits
}

// occurrence is a phrase that was found.
type occurrence struct {
	phrase      int
	first, last int // tokens, inclusive
	strength    float64
	zone        zone
	page        int
}

func compile(tax *Taxonomy) *matcher {
	m := &matcher{
		starts: map[int][]int{}, exact: map[string][]int{}, prefixes: map[string][]int{},
		lookalikes: map[string]bool{}, deptOf: map[int]pipeline.DeptID{},
	}
	index := map[string]int{}
	patterns := map[wordPattern]int{}
	count := map[int]int{}
	add := func(text string) int {
		if i, ok := index[text]; ok {
			return i
		}
		i := len(m.phrases)
		index[text] = i
		m.phrases = append(m.phrases, m.phrase(text, patterns))
		if words := m.phrases[i].words; len(words) > 0 {
			m.starts[words[0]] = append(m.starts[words[0]], i)
		}
		return i
	}
	for _, t := range tax.Types {
		var uses []use
		for _, c := range t.Cues {
			i := add(c.Phrase)
			uses = append(uses, use{phrase: i, weight: c.Weight, express: c.Express})
			if c.Weight > 0 {
				count[i]++
			}
		}
		m.uses = append(m.uses, uses)
	}
	for i := range m.phrases {
		// Inverse document frequency over types: a cue that many types share
		// tells little about which of them it is.
		m.phrases[i].idf = 1
		if n := count[i]; n > 1 {
			m.phrases[i].idf = 1 - math.Log(float64(n))/math.Log(float64(len(tax.Types)))
		}
	}
	for _, d := range tax.Departments {
		for _, c := range d.Cues {
			m.deptOf[add(c)] = d.ID
		}
	}
	for i := range m.phrases {
		m.phrases[i].idf = cmp.Or(m.phrases[i].idf, 1)
	}
	for _, w := range tax.Lookalikes {
		m.lookalikes[skeleton(w)] = true
	}
	m.arrange()
	return m
}

// arrange sorts the patterns so that a word is compared with few of them.
func (m *matcher) arrange() {
	for id, p := range m.patterns {
		switch p.mode {
		case whole:
			m.exact[p.skel] = append(m.exact[p.skel], id)
		case prefix:
			m.prefixes[p.skel] = append(m.prefixes[p.skel], id)
			if !slices.Contains(m.lengths, len(p.skel)) {
				m.lengths = append(m.lengths, len(p.skel))
			}
		case suffix:
			m.suffixes = append(m.suffixes, id)
		}
		if p.k == 0 || p.mode == suffix {
			continue
		}
		for c := range m.near {
			if byte(c) == p.skel[0] || confusable[c][p.skel[0]] {
				m.near[c] = append(m.near[c], id)
			}
		}
	}
	slices.Sort(m.lengths)
}

// phrase reads the notation of a cue.
func (m *matcher) phrase(text string, patterns map[wordPattern]int) phrase {
	p := phrase{text: text, idf: 1}
	fields := strings.Fields(text)
	if fields[0] == "§" {
		p.section = true
		fields = fields[1:]
		p.bare = len(fields) == 1
	}
	gap := 0
	for _, f := range fields {
		if f == "…" {
			gap = 12
			continue
		}
		w := wordPattern{}
		switch {
		case strings.HasSuffix(f, "*"):
			w.mode = prefix
		case strings.HasPrefix(f, "*"):
			w.mode = suffix
		}
		w.skel = skeleton(strings.Trim(f, "*"))
		w.mask = bitsOf(w.skel)
		w.k = edits(len(w.skel))
		id, ok := patterns[w]
		if !ok {
			id = len(m.patterns)
			patterns[w] = id
			m.patterns = append(m.patterns, w)
		}
		p.words = append(p.words, id)
		p.gaps = append(p.gaps, gap)
		gap = 0
	}
	return p
}

// inflections are the endings that German nouns, verbs and adjectives take.
var inflections = []string{"e", "n", "s", "en", "es", "er", "em", "ern", "ns"}

// inflected reports whether word is stem with an ending.
func inflected(word, stem string) bool {
	return strings.HasPrefix(word, stem) && (len(word) == len(stem) || slices.Contains(inflections, word[len(stem):]))
}

// particles are verb prefixes: with them a word is another word (Berechnung,
// Abrechnung) and not a compound with the cue as its head.
var particles = []string{
	"be", "ent", "er", "ver", "zer", "miss", "an", "auf", "aus", "ein", "vor", "um", "zu", "nach",
	"hoch", "durch", "uber", "unter", "ab", "wider", "un", "ge", "mit", "bei", "hin", "her",
}

// words finds the patterns that a word satisfies. An exact hit on any pattern, or
// a known look-alike, rules out hits by edits: Abmeldung is not a misread
// Anmeldung.
func (m *matcher) words(skel string) []wordHit {
	hits := m.exactHits(skel)
	if len(hits) > 0 || len(skel) < 5 || m.known(skel) {
		return hits
	}
	mask := bitsOf(skel)
	for _, list := range [][]int{m.near[skel[0]], m.suffixes} {
		for _, id := range list {
			if d := m.patterns[id].fuzzy(skel, mask); d > 0 {
				hits = append(hits, wordHit{id, 1 - 0.15*float64(d)})
			}
		}
	}
	return hits
}

func (m *matcher) exactHits(skel string) []wordHit {
	var hits []wordHit
	for _, id := range m.exact[skel] {
		hits = append(hits, wordHit{id, 1})
	}
	for _, ending := range inflections {
		if stem, ok := strings.CutSuffix(skel, ending); ok && len(stem) >= 3 {
			for _, id := range m.exact[stem] {
				hits = append(hits, wordHit{id, 1})
			}
		}
	}
	for _, n := range m.lengths {
		if n > len(skel) {
			break
		}
		for _, id := range m.prefixes[skel[:n]] {
			hits = append(hits, wordHit{id, 1})
		}
	}
	for _, id := range m.suffixes {
		if headOf(skel, m.patterns[id].skel) {
			hits = append(hits, wordHit{id, 1})
		}
	}
	return hits
}

// known reports whether a word is a look-alike, inflected or not.
func (m *matcher) known(skel string) bool {
	if m.lookalikes[skel] {
		return true
	}
	for _, ending := range inflections {
		if stem, ok := strings.CutSuffix(skel, ending); ok && m.lookalikes[stem] {
			return true
		}
	}
	return false
}

// headOf reports whether head is the last part of a compound, or the word.
func headOf(word, head string) bool {
	if inflected(word, head) {
		return true
	}
	i := strings.LastIndex(word, head)
	if i < 3 || !inflected(word[i:], head) {
		return false
	}
	return !slices.Contains(particles, word[:i])
}

// fuzzy gives the number of edits by which a word misses the pattern, or 0 if it
// is too far.
func (p *wordPattern) fuzzy(skel string, mask uint32) int {
	n := len(p.skel)
	if p.k == 0 || len(skel) < n-p.k {
		return 0
	}
	// Letters of the pattern that the word lacks: each costs an edit (rn for m
	// costs one for two).
	if bits.OnesCount32(p.mask&^mask) > p.k+1 {
		return 0
	}
	best := 0
	try := func(s string) {
		if d, ok := within(s, p.skel, p.k); ok && d > 0 && (best == 0 || d < best) {
			best = d
		}
	}
	switch p.mode {
	case whole:
		try(skel)
		for _, ending := range inflections {
			if stem, ok := strings.CutSuffix(skel, ending); ok {
				try(stem)
			}
		}
	case prefix:
		for d := -p.k; d <= p.k; d++ {
			if n+d <= len(skel) {
				try(skel[:n+d])
			}
		}
	case suffix:
		try(skel) // damage within a compound is left alone: too many words end alike
	}
	return best
}

// find gives every occurrence of every phrase, in reading order.
func (m *matcher) find(l *letter) []occurrence {
	cache := make(map[string][]wordHit, 1024)
	hitsOf := func(skel string) []wordHit {
		h, ok := cache[skel]
		if !ok {
			h = m.words(skel)
			cache[skel] = h
		}
		return h
	}
	var found []occurrence
	for i := range l.tokens {
		for _, h := range hitsOf(l.tokens[i].skel) {
			for _, p := range m.starts[h.pattern] {
				if o, ok := m.match(l, p, i, h.quality, hitsOf); ok {
					found = append(found, o)
				}
			}
		}
		if o, ok := m.matchSplit(l, i, hitsOf); ok {
			found = append(found, o...)
		}
	}
	return found
}

// match tries a phrase whose first word is the token i.
func (m *matcher) match(l *letter, p, i int, quality float64, hitsOf func(string) []wordHit) (occurrence, bool) {
	ph := &m.phrases[p]
	first := i
	if ph.section && i > 0 && l.tokens[i-1].skel == "§" {
		first = i - 1
	} else if ph.bare {
		return occurrence{}, false // a number alone is no paragraph
	}
	last := i
	for k := 1; k < len(ph.words); k++ {
		next, q := -1, 0.0
		limit := last + 1 + ph.gaps[k]
		if ph.section {
			limit = last + 9
		}
		for j := last + 1; j <= limit && j < len(l.tokens) && l.tokens[j].page == l.tokens[i].page; j++ {
			if q = hitQuality(hitsOf(l.tokens[j].skel), ph.words[k]); q > 0 {
				next = j
				break
			}
			if ph.section && ph.gaps[k] == 0 && !lawFiller(l.tokens[j]) {
				break
			}
		}
		if next < 0 {
			return occurrence{}, false
		}
		last = next
		quality *= q
	}
	if ph.bare && otherLaw(l.tokens, last) {
		return occurrence{}, false
	}
	t := l.tokens[i]
	z := l.lines[t.line].zone
	conf := 0.6 + 0.4*float64(min(max(t.conf, 0), 1))
	return occurrence{
		phrase: p, first: first, last: last, zone: z, page: t.page,
		strength: quality * conf * z.weight() * pageWeight(t.page),
	}, true
}

// matchSplit tries two neighbours as one word that recognition has torn apart.
func (m *matcher) matchSplit(l *letter, i int, hitsOf func(string) []wordHit) ([]occurrence, bool) {
	if i+1 >= len(l.tokens) {
		return nil, false
	}
	a, b := l.tokens[i], l.tokens[i+1]
	joined := len(a.skel) + len(b.skel)
	if a.line != b.line || len(a.skel) < 2 || len(b.skel) < 2 || joined < 9 || joined > 40 || a.skel == "§" || isNumber(b.skel) {
		return nil, false
	}
	var found []occurrence
	for _, h := range m.exactHits(a.skel + b.skel) {
		if m.patterns[h.pattern].mode == prefix && len(m.patterns[h.pattern].skel) <= len(a.skel) ||
			m.patterns[h.pattern].mode == suffix && len(m.patterns[h.pattern].skel) <= len(b.skel)+2 {
			continue // found without the join
		}
		for _, p := range m.starts[h.pattern] {
			if len(m.phrases[p].words) != 1 {
				continue
			}
			if o, ok := m.match(l, p, i, 0.9, hitsOf); ok {
				o.last = i + 1
				found = append(found, o)
			}
		}
	}
	return found, len(found) > 0
}

func hitQuality(hits []wordHit, pattern int) float64 {
	for _, h := range hits {
		if h.pattern == pattern {
			return h.quality
		}
	}
	return 0
}

// lawFiller reports whether a token may stand between a paragraph and its law:
// "§ 14 Abs. 1 Satz 2 GewO", "§§ 17, 19 BMG".
func lawFiller(t token) bool {
	switch t.skel {
	case "abs", "absatz", "satz", "s", "nr", "nummer", "hs", "ait", "iit", "buchst", "i", "v", "m", "und", "bis", "ff", "f", "des", "der", "§":
		return true // "alt" and "lit" in folded form
	}
	return t.raw != "" && unicode.IsDigit(rune(t.raw[0])) && len(t.raw) <= 4
}

// otherLaw reports whether a paragraph is followed by the name of a law: then a
// cue without law does not mean it.
func otherLaw(tokens []token, last int) bool {
	for j := last + 1; j < len(tokens) && j < last+8; j++ {
		if lawFiller(tokens[j]) {
			continue
		}
		if tokens[j].skel == "sgb" {
			return j+1 < len(tokens) && tokens[j+1].skel != skeleton("VIII") && tokens[j+1].skel != "8"
		}
		upper := 0
		for _, r := range tokens[j].raw {
			if unicode.IsUpper(r) {
				upper++
			}
		}
		return upper >= 2
	}
	return false
}
