package classify

import (
	"slices"
	"strings"
	"unicode"

	"blattwerk/pipeline"
)

// zone says what part of a letter a line belongs to. A cue counts more or less
// by the zone that it stands in.
type zone uint8

const (
	zoneBody      zone = iota
	zoneSubject        // the subject (Betreff), or what stands in its place
	zoneHeading        // large type, or a short line of its own in the upper half
	zoneTop            // upper third of the first page
	zoneAddress        // the address block of the receiver
	zoneEnclosure      // list of enclosures (Anlagen)
	zoneFinePrint      // instructions on legal remedies, data protection, terms
)

// weight is the factor by which evidence counts in a zone. The zones of a
// subject and a heading name what a letter is about; an enclosure is only
// named; the instruction on legal remedies at the end of a notice speaks of
// objections and actions that nobody has raised yet.
func (z zone) weight() float64 {
	switch z {
	case zoneSubject:
		return 1.5
	case zoneHeading:
		return 1.35
	case zoneTop:
		return 1.1
	case zoneAddress:
		return 0.4
	case zoneEnclosure:
		return 0.15
	case zoneFinePrint:
		return 0.05
	}
	return 1
}

// pageWeight lets later pages count less: the first page says what a letter is.
func pageWeight(page int) float64 {
	switch page {
	case 0:
		return 1
	case 1:
		return 0.7
	}
	return 0.4
}

// line is a run of words on one baseline without a wide gap, so that the
// columns of a letterhead are lines of their own.
type line struct {
	page        int // index
	first, last int // words [first, last) of the page
	text        string
	box         pipeline.Box
	height      int // pixels; 0 if unknown
	block, par  int
	zone        zone
}

// token is a unit of comparison: a word or a part of it, or two parts of a
// hyphenated word.
type token struct {
	skel string
	raw  string
	page int // index
	word int // index of its first word on the page
	line int // index into letter.lines
	conf float32
}

// letter is the words of a document, prepared for matching.
type letter struct {
	pages  []pipeline.PageText
	lines  []line
	starts []int // first line of each page, and the end of the last
	tokens []token
}

func readLetter(pages []pipeline.PageText) *letter {
	l := &letter{pages: pages}
	for p := range pages {
		l.starts = append(l.starts, len(l.lines))
		l.addLines(p)
	}
	l.starts = append(l.starts, len(l.lines))
	l.markZones()
	l.tokenise()
	return l
}

// on gives the lines of a page.
func (l *letter) on(page int) []line {
	if page >= len(l.pages) {
		return nil
	}
	return l.lines[l.starts[page]:l.starts[page+1]]
}

// addLines cuts a page into lines, and lines into columns at wide gaps.
func (l *letter) addLines(page int) {
	words := l.pages[page].Words
	for i := 0; i < len(words); {
		j := i + 1
		for j < len(words) && words[j].Line == words[i].Line && !wideGap(words[j-1].Box, words[j].Box) {
			j++
		}
		l.lines = append(l.lines, newLine(page, words, i, j))
		i = j
	}
}

// wideGap reports whether two neighbours are further apart than words of one
// sentence: three and a half times the height of the type.
func wideGap(a, b pipeline.Box) bool {
	h := max(a.Y1-a.Y0, b.Y1-b.Y0)
	return h > 0 && (b.X0-a.X1 > 7*h/2 || b.X1 < a.X0)
}

func newLine(page int, words []pipeline.Word, first, last int) line {
	ln := line{page: page, first: first, last: last, block: words[first].Block, par: words[first].Par}
	var text strings.Builder
	var heights []int
	for i := first; i < last; i++ {
		if i > first {
			text.WriteByte(' ')
		}
		text.WriteString(words[i].Text)
		ln.box = union(ln.box, words[i].Box)
		heights = append(heights, words[i].Box.Y1-words[i].Box.Y0)
	}
	slices.Sort(heights)
	ln.height = heights[len(heights)*3/4] // words without ascenders are lower than their type
	ln.text = text.String()
	return ln
}

func union(a, b pipeline.Box) pipeline.Box {
	if a == (pipeline.Box{}) {
		return b
	}
	if b == (pipeline.Box{}) {
		return a
	}
	return pipeline.Box{X0: min(a.X0, b.X0), Y0: min(a.Y0, b.Y0), X1: max(a.X1, b.X1), Y1: max(a.Y1, b.Y1)}
}

// tokenise cuts the lines into tokens and joins what a line end or spaced
// lettering has torn apart.
func (l *letter) tokenise() {
	for n := range l.lines {
		ln := &l.lines[n]
		words := l.pages[ln.page].Words
		start := len(l.tokens)
		for w := ln.first; w < ln.last; w++ {
			l.tokens = appendTokens(l.tokens, words[w], token{page: ln.page, word: w, line: n})
		}
		l.joinSpaced(start)
		l.joinHyphen(start)
	}
}

// appendTokens cuts one printed word at everything that is no letter, digit,
// hyphen or apostrophe, and between letters and digits ("GewA1"). A paragraph
// sign becomes a token of its own, also where it was read as a dollar.
func appendTokens(tokens []token, w pipeline.Word, at token) []token {
	at.conf = w.Conf
	emit := func(s string) {
		if k := skeleton(s); k != "" {
			t := at
			t.raw, t.skel = strings.Trim(s, "-'’"), k
			if strings.HasSuffix(s, "-") || strings.HasSuffix(s, "\u00ad") || strings.HasSuffix(s, "¬") {
				t.raw += "-"
			}
			tokens = append(tokens, t)
		}
	}
	text := w.Text
	from := -1
	var last rune
	for i, r := range text {
		letter, digit := unicode.IsLetter(r) || unicode.Is(unicode.Mn, r), unicode.IsDigit(r)
		inner := r == '-' || r == '\'' || r == '\u00ad' || r == '¬' || r == '‐' || ((r == '|' || r == '!') && unicode.IsLower(last))
		switch {
		case r == '§' || r == '$':
			if from >= 0 {
				emit(text[from:i])
				from = -1
			}
			t := at
			t.raw, t.skel = "§", "§"
			tokens = append(tokens, t)
		case letter && unicode.IsDigit(last) && from >= 0 && isNumber(text[from:i]) && wordLen(text[i:]) > 1:
			emit(text[from:i]) // "12Stück"
			from = i
		case digit && unicode.IsLetter(last) && from >= 0 && isNumber(text[i:i+digitRun(text[i:])]) && wordLen(text[i+digitRun(text[i:]):]) == 0:
			emit(text[from:i]) // "GewA1"
			from = i
		case letter || digit:
			if from < 0 {
				from = i
			}
		case inner && from >= 0:
		default:
			if from >= 0 {
				emit(text[from:i])
				from = -1
			}
		}
		last = r
	}
	if from >= 0 {
		emit(text[from:])
	}
	return tokens
}

func isNumber(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// wordLen counts the letters and digits at the start of s.
func wordLen(s string) int {
	n := 0
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		n++
	}
	return n
}

func digitRun(s string) int {
	for i, r := range s {
		if !unicode.IsDigit(r) {
			return i
		}
	}
	return len(s)
}

// joinSpaced joins four or more single letters in a row: "R E C H N U N G".
func (l *letter) joinSpaced(start int) {
	for i := start; i < len(l.tokens); i++ {
		j := i
		for j < len(l.tokens) && len(l.tokens[j].skel) == 1 && l.tokens[j].skel[0] >= 'a' {
			j++
		}
		if j-i < 4 {
			continue
		}
		var raw strings.Builder
		for _, t := range l.tokens[i:j] {
			raw.WriteString(t.raw)
		}
		l.tokens[i].raw, l.tokens[i].skel = raw.String(), skeleton(raw.String())
		l.tokens = slices.Delete(l.tokens, i+1, j)
	}
}

// joinHyphen joins the last word of the line before in the same column with the
// first word of this line, where it ends in a hyphen.
func (l *letter) joinHyphen(start int) {
	if start == 0 || start >= len(l.tokens) {
		return
	}
	next := &l.tokens[start]
	for i := start - 1; i >= 0 && l.tokens[i].line >= next.line-3; i-- {
		t := &l.tokens[i]
		lastOfLine := i+1 == len(l.tokens) || l.tokens[i+1].line != t.line
		if !lastOfLine || !strings.HasSuffix(t.raw, "-") || t.page != next.page {
			continue
		}
		a, b := l.lines[t.line].box, l.lines[next.line].box
		if a != (pipeline.Box{}) && (a.X1 <= b.X0 || b.X1 <= a.X0) {
			continue
		}
		if next.skel == "und" || next.skel == "oder" || next.skel == "bzw" {
			return
		}
		t.raw = strings.TrimSuffix(t.raw, "-") + next.raw
		t.skel += next.skel
		l.tokens = slices.Delete(l.tokens, start, start+1)
		return
	}
}

// box is the place of the words [first, last] of a page.
func (l *letter) box(page, first, last int) pipeline.Box {
	var b pipeline.Box
	for _, w := range l.pages[page].Words[first : last+1] {
		b = union(b, w.Box)
	}
	return b
}
