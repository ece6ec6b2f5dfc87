package analysis

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Token is one word or number of a text.
type Token struct {
	Form  string // folded as written
	Stem  string // form without inflection; the form itself if it has digits
	Plain bool   // letters only
	// Whole is the run without blanks that the word is part of, "32.1-OWi/0815",
	// folded and without what separates its parts; "" for a word that stands
	// alone.
	Whole string
	Date  string // the whole as "20260312", if it is a day
	// From and To are byte offsets in the text; a word divided by a line end
	// covers the division.
	From, To int
}

// MaxForm is the longest form in bytes; longer ones are cut.
const MaxForm = 64

// Tokens finds the words of a text in order. Lines end in "\n".
func Tokens(text string) []Token {
	list := Forms(text)
	for i := range list {
		list[i].Stem = Stem(list[i])
	}
	return list
}

// Forms is Tokens without the stems, which take as long as all the rest: for those
// who look at a word's stem once and know the word from then on.
func Forms(text string) []Token {
	list := make([]Token, 0, len(text)/usualWord)
	for at := 0; at < len(text); {
		tok, ok, next := word(text, at)
		if !ok {
			at = next
			continue
		}
		first := len(list)
		list = append(list, tok)
		for {
			sep, ok := separator(text, next)
			if !ok {
				break
			}
			if tok, ok, next = word(text, next+sep); !ok {
				break // cannot be: separator looked ahead
			}
			list = append(list, tok)
		}
		at = next
		if parts := list[first:]; len(parts) > 1 {
			join(text, parts)
		}
	}
	return list
}

// usualWord is the length of a usual word with its blank, in bytes.
const usualWord = 6

// Stem takes the inflection off a word; what is no plain word is its own stem.
func Stem(t Token) string {
	if !t.Plain {
		return t.Form
	}
	return stem(t.Form)
}

// word reads a word at an offset; if there is none, next is after the rune.
func word(text string, at int) (tok Token, ok bool, next int) {
	if end, plain := simpleWord(text, at); end > at {
		return finish(strings.ToLower(text[at:end]), plain, at, end, 0)
	}
	var b strings.Builder
	i := at
	plain := true
	var last rune
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsLetter(r):
			fold(&b, r)
		case unicode.IsDigit(r):
			fold(&b, r)
			plain = false
		case i > at && unicode.Is(unicode.Mn, r), i > at && r == '\u00ad' && !endsLine(text[i+size:]):
			// a mark of its own, or a place where the word might be divided
		default:
			skip := 0
			if i > at && unicode.IsLetter(last) {
				skip = division(text[i:])
			}
			if skip == 0 {
				return finish(b.String(), plain, at, i, size)
			}
			size = skip
		}
		last = r
		i += size
	}
	return finish(b.String(), plain, at, i, 0)
}

// simpleWord says where a word ends that needs no folding and cannot be divided,
// as most: ASCII, and what follows is too; at if it is none.
func simpleWord(text string, at int) (end int, plain bool) {
	plain = true
	i := at
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case '0' <= c && c <= '9':
			plain = false
		case c >= utf8.RuneSelf || c == '-':
			return at, false
		default:
			return i, plain
		}
	}
	return i, plain
}

func finish(form string, plain bool, from, to, size int) (Token, bool, int) {
	if to == from {
		return Token{}, false, from + max(size, 1)
	}
	form = mergeUmlauts(form)
	if len(form) > MaxForm {
		cut := MaxForm
		for !utf8.RuneStart(form[cut]) {
			cut--
		}
		form = form[:cut]
	}
	if form == "" {
		return Token{}, false, to
	}
	return Token{Form: form, Plain: plain, From: from, To: to}, true, to
}

func endsLine(rest string) bool {
	return strings.HasPrefix(strings.TrimLeft(rest, " \t\r"), "\n")
}

// division says how long the sign and line end are that divide a word here; 0
// if it is not divided. The next line must go on in lower case, and not with a
// word that shows the hyphen to stand for a part left out ("Haus- und Grund").
func division(rest string) int {
	r, size := utf8.DecodeRuneInString(rest)
	if !strings.ContainsRune("-\u00ad\u2010\u2011\u00ac", r) {
		return 0
	}
	tail := rest[size:]
	line := strings.TrimLeft(tail, " \t\r")
	if !strings.HasPrefix(line, "\n") {
		return 0
	}
	next := strings.TrimLeft(line[1:], " \t")
	first, _ := utf8.DecodeRuneInString(next)
	if !unicode.IsLower(first) {
		return 0
	}
	end := strings.IndexFunc(next, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		end = len(next)
	}
	switch next[:end] {
	case "und", "oder", "bzw", "sowie", "noch", "bis":
		return 0
	}
	return len(rest) - len(next)
}

// separator says how long the sign is that holds two words together here.
func separator(text string, at int) (size int, ok bool) {
	if at >= len(text) {
		return 0, false
	}
	r, size := utf8.DecodeRuneInString(text[at:])
	if !strings.ContainsRune("-/._:,\u2010\u2011\u2013", r) {
		return 0, false
	}
	next, _ := utf8.DecodeRuneInString(text[at+size:])
	return size, unicode.IsLetter(next) || unicode.IsDigit(next)
}

// join gives the parts of a run their whole and, if they are one, their date.
func join(text string, parts []Token) {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Form)
	}
	whole := b.String()
	if len(whole) > MaxForm {
		return
	}
	date := day(text, parts)
	for i := range parts {
		parts[i].Whole, parts[i].Date = whole, date
	}
}

// Whole is a value as one token, without blanks and signs: an IBAN, a file
// reference. It is "" if the value is too long to be one.
func Whole(value string) string {
	var b strings.Builder
	for _, t := range Forms(value) {
		b.WriteString(t.Form)
	}
	if b.Len() > MaxForm {
		return ""
	}
	return b.String()
}

// day reads 12.3.2026 and 2026-03-12.
func day(text string, parts []Token) string {
	if len(parts) != 3 {
		return ""
	}
	d, m, y := parts[0].Form, parts[1].Form, parts[2].Form
	sign := text[parts[0].To]
	switch {
	case sign == '.' && len(d) <= 2 && len(m) <= 2 && len(y) == 4:
	case sign == '-' && len(d) == 4 && len(m) == 2 && len(y) == 2:
		d, y = y, d
	default:
		return ""
	}
	dn, err1 := strconv.Atoi(d)
	mn, err2 := strconv.Atoi(m)
	yn, err3 := strconv.Atoi(y)
	if err1 != nil || err2 != nil || err3 != nil || dn < 1 || dn > 31 || mn < 1 || mn > 12 {
		return ""
	}
	return fmt.Sprintf("%04d%02d%02d", yn, mn, dn)
}
