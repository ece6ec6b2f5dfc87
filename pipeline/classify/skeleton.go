package classify

import (
	"strings"
	"unicode"
)

// skeleton reduces a word to the form that cues are compared in. It undoes what
// recognition and typewriters do to German words: umlauts written out, lost or
// read as "ii", long s and ligatures, capital letters, hyphens, and the
// characters that look alike in print (l, I, 1, |, j; 0, O). The same is done to
// cues and to text, so that what is lost on one side is lost on the other.
func skeleton(word string) string {
	letters, digits := 0, 0
	for _, r := range word {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		}
	}
	mostlyLetters := letters >= 3 && letters >= 3*digits
	buf := make([]byte, 0, len(word))
	for _, r := range word {
		buf = appendFolded(buf, r, mostlyLetters)
	}
	// Pairs that stand for one letter: ae, oe, ue, and the ii that an ü is read as.
	out := buf[:0]
	for i := 0; i < len(buf); i++ {
		c := buf[i]
		if i+1 < len(buf) {
			next := buf[i+1]
			if next == 'e' && (c == 'a' || c == 'o' || c == 'u') {
				out = append(out, c)
				i++
				continue
			}
			if c == 'v' && next == 'v' {
				out = append(out, 'w')
				i++
				continue
			}
		}
		out = append(out, c)
	}
	return string(out)
}

// appendFolded appends r in folded form; what is no letter or digit is left out.
func appendFolded(buf []byte, r rune, mostlyLetters bool) []byte {
	if r < 0x80 {
		c := byte(r)
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z':
		case c == '0' && mostlyLetters:
			c = 'o'
		case (c == '1' || c == '|' || c == '!') && mostlyLetters:
			c = 'i'
		case c == '5' && mostlyLetters:
			c = 's'
		case c >= '0' && c <= '9':
		default:
			return buf
		}
		if c == 'l' || c == 'j' {
			c = 'i'
		}
		return append(buf, c)
	}
	switch r {
	case 'ä', 'Ä', 'à', 'á', 'â', 'ã', 'å', 'À', 'Á', 'Â':
		return append(buf, 'a')
	case 'ö', 'Ö', 'ò', 'ó', 'ô', 'õ', 'Ó', 'Ô':
		return append(buf, 'o')
	case 'ü', 'Ü', 'ù', 'ú', 'û', 'Ù', 'Ú', 'Û':
		return append(buf, 'u')
	case 'é', 'è', 'ê', 'ë', 'É', 'È':
		return append(buf, 'e')
	case 'ß', 'ẞ', 'β':
		return append(buf, 's', 's')
	case 'ſ':
		return append(buf, 's')
	case 'ﬁ':
		return append(buf, 'f', 'i')
	case 'ﬂ':
		return append(buf, 'f', 'i') // l folds to i
	case 'ﬀ':
		return append(buf, 'f', 'f')
	}
	if unicode.IsLetter(r) {
		return append(buf, strings.ToLower(string(r))...)
	}
	return buf
}

// bitsOf is the set of letters of a skeleton: a cheap bound for edit distance,
// because one edit changes at most two letters of the set.
func bitsOf(s string) uint32 {
	var m uint32
	for i := 0; i < len(s); i++ {
		m |= 1 << (s[i] & 31)
	}
	return m
}

// alike lists the letters that recognition takes for each other, in folded form.
const alike = "ec eo ao oc nu hb tf ti rn rf mn nh sf gq uv vy bo do kh iu ir zs pf"

// confusable tells for each pair of folded letters whether they look alike.
var confusable = func() (table [256][256]bool) {
	for _, pair := range strings.Fields(alike) {
		table[pair[0]][pair[1]] = true
		table[pair[1]][pair[0]] = true
	}
	return table
}()

// within reports whether a becomes b at a cost of at most k (k <= 2). A letter
// lost, added or taken for one that looks alike costs one, and so does m for rn;
// any other letter costs two, because then the word is more likely another word.
// It gives the cost.
func within(a, b string, k int) (int, bool) {
	if d := len(a) - len(b); d > k || -d > k || len(a) == 0 || len(b) == 0 {
		return 0, false
	}
	if a[0] != b[0] && !confusable[a[0]][b[0]] {
		return 0, false
	}
	const wide = 48
	if len(a) >= wide || len(b) >= wide {
		return 0, a == b
	}
	var rows [3][wide + 1]int8
	for j := 0; j <= len(b); j++ {
		rows[0][j] = int8(j)
	}
	for i := 1; i <= len(a); i++ {
		row, prev, prev2 := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = int8(i)
		best := row[0]
		for j := 1; j <= len(b); j++ {
			cost := int8(2)
			switch {
			case a[i-1] == b[j-1]:
				cost = 0
			case confusable[a[i-1]][b[j-1]]:
				cost = 1
			}
			d := min(prev[j-1]+cost, prev[j]+1, row[j-1]+1)
			if i > 1 && b[j-1] == 'm' && a[i-1] == 'n' && a[i-2] == 'r' {
				d = min(d, prev2[j-1]+1)
			}
			if j > 1 && a[i-1] == 'm' && b[j-1] == 'n' && b[j-2] == 'r' {
				d = min(d, prev[j-2]+1)
			}
			row[j] = d
			best = min(best, d)
		}
		if int(best) > k+1 { // rn for m may still win one back
			return 0, false
		}
	}
	d := int(rows[len(a)%3][len(b)])
	return d, d <= k
}

// edits is how much damage a word of n skeleton letters may carry and still be
// taken for the cue.
func edits(n int) int {
	switch {
	case n < 6:
		return 0
	case n < 11:
		return 1
	default:
		return 2
	}
}
