package analysis

import (
	"strings"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/german"
	"golang.org/x/text/unicode/norm"
)

// unmarked are letters that Unicode does not decompose.
var unmarked = map[rune]string{
	'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'æ': "ae", 'œ': "oe",
}

// fold writes a rune in lower case and without marks; "" for a mark alone.
func fold(b *strings.Builder, r rune) {
	if r < 0x80 {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		b.WriteByte(byte(r))
		return
	}
	r = unicode.ToLower(r)
	if s, ok := unmarked[r]; ok {
		b.WriteString(s)
		return
	}
	for _, p := range norm.NFKD.String(string(r)) {
		p = unicode.ToLower(p)
		switch s, ok := unmarked[p]; {
		case ok:
			b.WriteString(s)
		case unicode.IsLetter(p) || unicode.IsDigit(p):
			b.WriteRune(p)
		}
	}
}

// mergeUmlauts makes ae, oe and ue the same as a, o and u, as the folding of
// umlauts did. A ue after a vowel or q is no umlaut (Bauer, neue, Quelle).
func mergeUmlauts(s string) string {
	if !strings.Contains(s, "ae") && !strings.Contains(s, "oe") && !strings.Contains(s, "ue") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if i+1 >= len(s) || s[i+1] != 'e' {
			continue
		}
		switch s[i] {
		case 'a', 'o':
			i++
		case 'u':
			if i == 0 || strings.IndexByte("aeiouyq", s[i-1]) < 0 {
				i++
			}
		}
	}
	return b.String()
}

// stem takes the inflection off a folded word.
func stem(form string) string {
	if len(form) < 3 {
		return form
	}
	env := snowballstem.NewEnv(form)
	german.Stem(env)
	if s := env.Current(); s != "" {
		return s
	}
	return form
}
