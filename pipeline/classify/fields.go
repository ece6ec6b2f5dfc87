package classify

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"blattwerk/pipeline"
)

// Fields are looked for on the first pages and the last: what a letter says
// about itself stands there. Numbers to be masked are looked for on all pages.
const (
	fieldPages   = 6
	fieldsByName = 3  // at most, of one name
	fieldsInAll  = 64 // at most
)

// fieldRule is a row of seed/fields.tsv.
type fieldRule struct {
	name       string
	label      pipeline.Message
	confidence float64
	check      value
	digits     bool // the check looks at check digits
	pattern    *regexp.Regexp
}

// seedFields reads the table of patterns.
func seedFields() ([]fieldRule, error) {
	raw, err := seed.ReadFile("seed/fields.tsv")
	if err != nil {
		return nil, fmt.Errorf("reading the table of fields: %w", err)
	}
	rows, err := parseTSV("fields.tsv", raw, []string{"name", "german", "english", "confidence", "check", "pattern"})
	if err != nil {
		return nil, err
	}
	expand := strings.NewReplacer(
		"{SEP}", `[ ]?[ :.#]{0,3}`, "{DATE}", datePattern, "{AMOUNT}", amountPattern, "{REF}", referencePattern)
	var rules []fieldRule
	for _, r := range rows {
		rule := fieldRule{name: r[0], label: pipeline.Message{DE: r[1], EN: r[2]}}
		if rule.confidence, err = strconv.ParseFloat(r[3], 64); err != nil {
			return nil, fmt.Errorf("fields.tsv, %s: confidence: %w", r[0], err)
		}
		var ok bool
		if rule.check, ok = values[r[4]]; !ok {
			return nil, fmt.Errorf("fields.tsv, %s: unknown check %q", r[0], r[4])
		}
		rule.digits = slices.Contains([]string{"iban", "iban!", "creditor!", "leitweg!", "taxid!", "vat!", "pension!"}, r[4])
		if rule.pattern, err = regexp.Compile(expand.Replace(r[5])); err != nil {
			return nil, fmt.Errorf("fields.tsv, %s: %w", r[0], err)
		}
		if rule.pattern.NumSubexp() == 0 {
			return nil, fmt.Errorf("fields.tsv, %s: the pattern captures nothing", r[0])
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// layoutLabels name the fields that no pattern finds: by their place on the page,
// or in the XML of an invoice.
var layoutLabels = map[string]pipeline.Message{
	"absender":           {DE: "Absender", EN: "Sender"},
	"absender_anschrift": {DE: "Anschrift des Absenders", EN: "Sender's address"},
	"empfaenger":         {DE: "Empfänger", EN: "Recipient"},
	"betreff":            {DE: "Betreff", EN: "Subject"},
	"datum":              {DE: "Datum des Schreibens", EN: "Date of the letter"},
	"nettobetrag":        {DE: "Nettobetrag", EN: "Net amount"},
	"steuerbetrag":       {DE: "Umsatzsteuer", EN: "VAT"},
	"zahlbetrag":         {DE: "Zahlbetrag", EN: "Amount due"},
	fieldStackCount:      {DE: "Briefe im Stapel", EN: "Letters in the stack"},
	KindDocument:         {DE: "Ausweisnummer (nicht gespeichert)", EN: "Identity document number (not stored)"},
}

// Labels gives the names of all fields for people.
func (r *Room) Labels() map[string]pipeline.Message {
	labels := map[string]pipeline.Message{}
	for name, m := range layoutLabels {
		labels[name] = m
	}
	for _, f := range r.fields {
		labels[f.name] = f.label
	}
	return labels
}

// hit is a field that was found. route is the department that a payment
// reference belongs to.
type hit struct {
	pipeline.Field
	route  pipeline.DeptID
	broken bool // there are check digits, and they do not hold
}

// passage is a text to search, with the way back to the words.
type passage struct {
	text  string
	page  int
	words []place // by offset
}

type place struct{ offset, word int }

// extract finds all fields of a letter. Pages in the result are 1-based
// positions.
func (r *Room) extract(l *letter) []hit {
	hits := r.layout(l)
	for page := range l.pages {
		whole := l.passage(page)
		hits = append(hits, maskedOn(l, whole)...)
		if page >= fieldPages && page != len(l.pages)-1 {
			continue
		}
		for _, p := range append([]passage{whole}, l.labelled(page)...) {
			for i := range r.fields {
				hits = append(hits, r.fields[i].search(l, p)...)
			}
			hits = append(hits, r.town.search(l, p)...)
		}
	}
	return tidy(hits)
}

// passage is the text of a page, lines parted by line feeds.
func (l *letter) passage(page int) passage {
	p := passage{page: page}
	var text strings.Builder
	for _, ln := range l.on(page) {
		p.words = appendLine(&text, p.words, l.pages[page].Words, ln)
		text.WriteByte('\n')
	}
	p.text = text.String()
	return p
}

func appendLine(text *strings.Builder, places []place, words []pipeline.Word, ln line) []place {
	for w := ln.first; w < ln.last; w++ {
		if w > ln.first {
			text.WriteByte(' ')
		}
		places = append(places, place{text.Len(), w})
		text.WriteString(strings.ToValidUTF8(words[w].Text, " "))
	}
	return places
}

// labelled pairs each short line that could be a label with what stands right
// of it on the same row and below it in the same column, as in the reference
// line of DIN 5008, in forms and in the totals of a bill.
func (l *letter) labelled(page int) []passage {
	var out []passage
	words, lines := l.pages[page].Words, l.on(page)
	for i := range lines {
		a := &lines[i]
		if a.height == 0 || a.last-a.first > 4 || len(a.text) > 48 {
			continue
		}
		var right, below *line
		for j := max(0, i-8); j < min(len(lines), i+24); j++ {
			b := &lines[j]
			if j == i || b.height == 0 {
				continue
			}
			overlapY := min(a.box.Y1, b.box.Y1) - max(a.box.Y0, b.box.Y0)
			if overlapY*2 > min(a.height, b.height) && b.box.X0 >= a.box.X1 && (right == nil || b.box.X0 < right.box.X0) {
				right = b
			}
			if b.box.Y0 >= a.box.Y1-a.height/4 && b.box.Y0-a.box.Y1 < 2*a.height && sameColumn(*a, *b) && below == nil {
				below = b
			}
		}
		for _, b := range []*line{right, below} {
			if b == nil || b.last-b.first > 8 {
				continue
			}
			p := passage{page: page}
			var text strings.Builder
			p.words = appendLine(&text, p.words, words, *a)
			text.WriteByte(' ')
			p.words = appendLine(&text, p.words, words, *b)
			p.text = text.String()
			out = append(out, p)
		}
		if len(out) > 400 {
			break
		}
	}
	return out
}

// search finds all values of a rule in a passage.
func (f *fieldRule) search(l *letter, p passage) []hit {
	var hits []hit
	for at := 0; at < len(p.text) && len(hits) < fieldsByName*2; {
		m := f.pattern.FindStringSubmatchIndex(p.text[at:])
		if m == nil {
			break
		}
		for k := range m {
			if m[k] >= 0 {
				m[k] += at
			}
		}
		start, end := m[2], m[3]
		for k := 4; k+1 < len(m); k += 2 {
			end = max(end, m[k+1])
		}
		if !bounded(p.text, m[0], end) {
			at = nextWord(p.text, m[0])
			continue
		}
		at = max(m[1], m[0]+1)
		groups := make([]string, 0, 3)
		for k := 2; k+1 < len(m); k += 2 {
			if m[k] >= 0 {
				groups = append(groups, p.text[m[k]:m[k+1]])
			}
		}
		s, checked, keep := f.check(groups)
		if !keep || s == "" {
			continue
		}
		hits = append(hits, hit{
			Field:  l.field(p, f.name, s, f.confidence, checked, start, end),
			broken: f.digits && !checked,
		})
	}
	return hits
}

// field makes a field of text[start:end]. Its confidence is the rule's, raised
// where a check held, times the confidence of the words that carry it.
func (l *letter) field(p passage, name, value string, confidence float64, checked bool, start, end int) pipeline.Field {
	first, last := p.wordsAt(start, end)
	if checked {
		confidence = max(confidence, 0.9) + 0.07
	}
	words := l.pages[p.page].Words
	conf := 1.0
	for _, w := range words[first : last+1] {
		conf = min(conf, max(float64(w.Conf), 0))
	}
	return pipeline.Field{
		Name: name, Value: value, Checked: checked, Page: p.page + 1,
		Confidence: round(min(1, confidence) * (0.5 + 0.5*conf)),
		Box:        l.box(p.page, first, last),
	}
}

// wordsAt finds the words that cover text[start:end].
func (p passage) wordsAt(start, end int) (first, last int) {
	i, _ := slices.BinarySearchFunc(p.words, start+1, func(a place, t int) int { return cmp.Compare(a.offset, t) })
	j, _ := slices.BinarySearchFunc(p.words, end, func(a place, t int) int { return cmp.Compare(a.offset, t) })
	i, j = max(i-1, 0), max(j-1, 0)
	first, last = p.words[i].word, p.words[j].word
	return min(first, last), max(first, last)
}

// bounded reports whether text[start:end] neither begins nor ends within a word
// or a number. RE2 knows word boundaries for ASCII only.
func bounded(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	first, _ := utf8.DecodeRuneInString(text[start:])
	last, _ := utf8.DecodeLastRuneInString(text[:end])
	next, _ := utf8.DecodeRuneInString(text[end:])
	return !(wordRune(before) && wordRune(first)) && !(wordRune(last) && wordRune(next))
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

// nextWord is where the word at place at ends, at least one rune on.
func nextWord(text string, at int) int {
	for i, r := range text[at:] {
		if i > 0 && !wordRune(r) {
			return at + i
		}
	}
	return len(text)
}

// maskedOn reports identity document numbers: that they are there, never what
// they are.
func maskedOn(l *letter, p passage) []hit {
	var hits []hit
	for _, s := range secrets(p.text) {
		if s.Kind == KindDocument && len(p.words) > 0 {
			hits = append(hits, hit{Field: l.field(p, KindDocument, Masked, 0.9, false, s.Start, s.End)})
		}
	}
	return hits
}

// tidy keeps each value once, the best reading of it first, and bounds the number.
func tidy(hits []hit) []hit {
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Page, b.Page))
	})
	var out []hit
	n := 0
	for i, h := range hits {
		if i == 0 || h.Name != hits[i-1].Name {
			n = 0
		}
		if n == fieldsByName || len(out) == fieldsInAll ||
			slices.ContainsFunc(out, func(o hit) bool { return o.Name == h.Name && o.Value == h.Value }) {
			continue
		}
		n++
		out = append(out, h)
	}
	return out
}

// reveal turns hits into fields for a department: numbers that it may not use are
// masked, as fields and within the text of other fields.
func reveal(hits []hit, dept pipeline.DeptID) []pipeline.Field {
	fields := make([]pipeline.Field, 0, len(hits))
	for _, h := range hits {
		f := h.Field
		maskField(&f, dept)
		fields = append(fields, f)
	}
	return fields
}

// routedBy is the department that the payment references point to, if they agree.
func routedBy(hits []hit) pipeline.DeptID {
	var dept pipeline.DeptID
	for _, h := range hits {
		if h.route == "" {
			continue
		}
		if dept != "" && dept != h.route {
			return ""
		}
		dept = h.route
	}
	return dept
}
