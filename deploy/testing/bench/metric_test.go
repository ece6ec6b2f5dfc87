package main

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name, known, read string
		want              score
	}{
		{"alike", "Sehr geehrte Frau", "Sehr geehrte Frau", score{17, 0, 3, 0, 3, 3, 3}},
		{"line ends and form feeds are blanks", "Sehr geehrte\nFrau\n", "Sehr  geehrte Frau\n\f", score{17, 0, 3, 0, 3, 3, 3}},
		{"umlauts composed and decomposed", "Grüße", "Gru\u0308ße", score{5, 0, 1, 0, 1, 1, 1}},
		{"a letter misread", "Straße 5", "StraBe 5", score{8, 1, 2, 1, 2, 1, 2}},
		{"a full stop lost counts as error, the word is found", "am Ende.", "am Ende", score{8, 1, 2, 1, 2, 2, 2}},
		{"nothing read", "ab cd", "", score{5, 5, 2, 2, 2, 0, 0}},
		{"read where nothing stands", "", "ab", score{0, 2, 0, 1, 0, 0, 1}},
		{"another order", "eins zwei", "zwei eins", score{9, 8, 2, 2, 2, 2, 2}},
		{"a word read once that stands there twice", "der der", "der", score{7, 4, 2, 1, 2, 1, 1}},
		{"a dash alone is no word to be found", "a – b", "a b", score{5, 2, 3, 1, 2, 2, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := compare(c.known, c.read); got != c.want {
				t.Errorf("compare(%q, %q) = %+v, want %+v", c.known, c.read, got, c.want)
			}
		})
	}
}

func TestRates(t *testing.T) {
	s := compare("Straße 5", "StraBe 5").plus(compare("ab cd", ""))
	if s.cer() != 6.0/13 || s.wer() != 3.0/4 || s.recall() != 1.0/4 {
		t.Errorf("cer %v, wer %v, recall %v", s.cer(), s.wer(), s.recall())
	}
	if other := compare("eins zwei drei vier", "zwei eins drei vier fünf"); other.bag() != 1.0/4 {
		t.Errorf("one word too many, in another order: %v", other.bag())
	}
	if none := (score{}); none.cer() != 0 || none.recall() != 0 {
		t.Error("no text has a rate")
	}
}

// TestDistanceAgreesWithDefinition holds the one-row form against the recursive
// definition on short random strings, and against the laws of a metric.
func TestDistanceAgreesWithDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func() []byte {
		w := make([]byte, rng.IntN(7))
		for i := range w {
			w[i] = "abc"[rng.IntN(3)]
		}
		return w
	}
	for range 500 {
		a, b, c := word(), word(), word()
		ab := distance(a, b)
		if want := definition(a, b); ab != want {
			t.Fatalf("distance(%s, %s) = %d, want %d", a, b, ab, want)
		}
		if distance(b, a) != ab || (ab == 0) != slices.Equal(a, b) || ab > distance(a, c)+distance(c, b) {
			t.Fatalf("no metric: %s, %s, %s", a, b, c)
		}
	}
}

func definition(a, b []byte) int {
	switch {
	case len(a) == 0:
		return len(b)
	case len(b) == 0:
		return len(a)
	case a[0] == b[0]:
		return definition(a[1:], b[1:])
	}
	return 1 + min(definition(a[1:], b[1:]), definition(a[1:], b), definition(a, b[1:]))
}

func BenchmarkCompare(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	text := make([]byte, 5000)
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyz    "[rng.IntN(30)]
	}
	known := string(text)
	for i := range 100 {
		text[i*50] = '#'
	}
	read := string(text)
	for b.Loop() {
		compare(known, read)
	}
}
