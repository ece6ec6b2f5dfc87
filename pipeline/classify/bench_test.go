package classify_test

import (
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
)

// longDocument is 500 pages of about 300 words.
func longDocument(t testing.TB) []pipeline.PageText {
	var all strings.Builder
	for _, file := range []string{"letters.txt", "confusions.txt", "negatives.txt"} {
		for _, s := range samples(t, file) {
			all.WriteString(s.text)
		}
	}
	words := strings.Fields(all.String())
	var pages []pipeline.PageText
	for p := range 500 {
		var b strings.Builder
		for i := range 300 {
			w := words[(p*311+i*7)%len(words)]
			b.WriteString(w)
			if i%5 == 0 {
				b.WriteString(words[(p*17+i)%len(words)]) // words that were never seen before
			}
			if i%9 == 8 {
				b.WriteByte('\n')
			} else {
				b.WriteByte(' ')
			}
		}
		pages = append(pages, typeset(b.String(), 0.9)...)
	}
	return pages
}

func BenchmarkClassify500Pages(b *testing.B) {
	r := room(b)
	pages := longDocument(b)
	for b.Loop() {
		_ = r.Classify(pages)
	}
}

func BenchmarkClassifyLetter(b *testing.B) {
	r := room(b)
	letter := typeset(samples(b, "letters.txt")[9].text, 0.96)
	for b.Loop() {
		_ = r.Classify(letter)
	}
}

func BenchmarkMask(b *testing.B) {
	text := strings.Repeat(samples(b, "letters.txt")[18].text, 50)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		_ = classify.Mask(text, "32")
	}
}
