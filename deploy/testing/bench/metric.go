package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// score compares a text that was read with the text that is known. Scores of
// several files add up to that of all their text.
type score struct {
	chars     int // characters of the known text
	charEdits int // edit distance in characters (code points after NFC)
	words     int // words of the known text
	wordEdits int // edit distance in words
	sought    int // words of the known text that have a letter or digit
	found     int // of these, as many as were read anywhere, each as often as it stands there
	read      int // words that were read and have a letter or digit
}

func (s score) plus(t score) score {
	return score{
		s.chars + t.chars, s.charEdits + t.charEdits,
		s.words + t.words, s.wordEdits + t.wordEdits,
		s.sought + t.sought, s.found + t.found, s.read + t.read,
	}
}

// cer is the character error rate: insertions, deletions and substitutions for
// each known character. It may be above 1 where much was read that is not there.
func (s score) cer() float64 { return share(s.charEdits, s.chars) }

// wer is the word error rate, defined as cer is, over words.
func (s score) wer() float64 { return share(s.wordEdits, s.words) }

// recall is the share of known words that were found, in any order, 0 to 1.
func (s score) recall() float64 { return share(s.found, s.sought) }

// bag is the word error rate that does not mind the order: known words that were
// not read, or words read that are not known, whichever is more, for each known
// word. What wer is above it is order.
func (s score) bag() float64 { return share(max(s.sought, s.read)-s.found, s.sought) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// compare scores what was read against what is known. Both are brought to NFC,
// and any run of white space (line ends, form feeds) is one blank; nothing else
// is forgiven.
func compare(known, read string) score {
	a, b := words(known), words(read)
	chars := []rune(strings.Join(a, " "))
	s := score{
		chars:     len(chars),
		charEdits: distance(chars, []rune(strings.Join(b, " "))),
		words:     len(a),
		wordEdits: distance(a, b),
	}
	s.sought, s.found, s.read = wordsFound(a, b)
	return s
}

func words(text string) []string { return strings.Fields(norm.NFC.String(text)) }

// distance is the least number of insertions, deletions and substitutions that
// make a into b (Levenshtein 1965), with one row of memory.
func distance[T comparable](a, b []T) int {
	if len(b) > len(a) {
		a, b = b, a
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// wordsFound counts the known words that were read, as multisets: a word that
// is known twice and was read once is found once. Punctuation around a word does
// not matter, its case does.
func wordsFound(known, read []string) (sought, found, all int) {
	left := map[string]int{}
	for _, w := range read {
		if w = bare(w); w != "" {
			left[w]++
			all++
		}
	}
	for _, w := range known {
		if w = bare(w); w == "" {
			continue
		}
		sought++
		if left[w] > 0 {
			left[w]--
			found++
		}
	}
	return sought, found, all
}

func bare(word string) string {
	return strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
