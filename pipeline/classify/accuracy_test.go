package classify_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

// TestLetters files every letter of the test data. No letter may be filed wrong
// above the threshold; and of those that have a type, most have to be filed.
func TestLetters(t *testing.T) {
	r := room(t)
	for _, file := range []struct {
		name string
		sure float64 // share that has to be filed without a person
		best float64 // share whose first candidate has to be right
	}{
		{"letters.txt", 0.85, 0.97},
		{"confusions.txt", 0.75, 0.93},
		// Written after the cues, in the words of people who know no office
		// language: shows what to expect of letters that nobody prepared.
		{"plain.txt", 0.3, 0.7},
		{"unseen.txt", 0.2, 0.5},
	} {
		t.Run(file.name, func(t *testing.T) {
			sure, best := 0, 0
			all := samples(t, file.name)
			for _, s := range all {
				f := r.Classify(typeset(s.text, 0.96))
				if f.Sure && f.Type != s.want {
					t.Errorf("%s %s: filed as %s with %.3f\n%s", s.want, s.name, f.Type, f.Confidence, explain(f.Candidates))
				}
				if f.Type == s.want {
					best++
					if f.Sure {
						sure++
					} else {
						t.Logf("unsure: %s %s %.3f\n%s", s.want, s.name, f.Confidence, explain(f.Candidates))
					}
				} else {
					t.Logf("wrong: %s %s taken for %s %.3f\n%s", s.want, s.name, f.Type, f.Confidence, explain(f.Candidates))
				}
			}
			t.Logf("%d letters: %d filed, %d right as first candidate", len(all), sure, best)
			if share(sure, len(all)) < file.sure {
				t.Errorf("filed %.3f, want at least %.2f", share(sure, len(all)), file.sure)
			}
			if share(best, len(all)) < file.best {
				t.Errorf("first candidate right %.3f, want at least %.2f", share(best, len(all)), file.best)
			}
		})
	}
}

// TestNegatives shows letters of no type: none may be filed as one.
func TestNegatives(t *testing.T) {
	r := room(t)
	for _, s := range samples(t, "negatives.txt") {
		f := r.Classify(typeset(s.text, 0.96))
		if f.Sure && f.Type != s.want {
			t.Errorf("%s: filed as %s with %.3f\n%s", s.name, f.Type, f.Confidence, explain(f.Candidates))
		} else {
			t.Logf("%s: %s %.3f sure=%v", s.name, f.Type, f.Confidence, f.Sure)
		}
	}
}

// TestDamaged reads the letters as bad scans show them.
func TestDamaged(t *testing.T) {
	r := room(t)
	for _, rate := range []float64{0.02, 0.05, 0.10} {
		rng := rand.New(rand.NewPCG(7, uint64(rate*1000)))
		sure, best, wrong, n := 0, 0, 0, 0
		for _, file := range []string{"letters.txt", "confusions.txt"} {
			for _, s := range samples(t, file) {
				n++
				f := r.Classify(typeset(damage(rng, s.text, rate), conf(rate)))
				switch {
				case f.Type == s.want:
					best++
					if f.Sure {
						sure++
					}
				case f.Sure:
					wrong++
					t.Logf("rate %.2f: %s %s filed as %s %.3f\n%s", rate, s.want, s.name, f.Type, f.Confidence, explain(f.Candidates))
				}
			}
		}
		t.Logf("damage %.0f %% of letters: %d letters, %d filed right, %d filed wrong, first candidate right %d", rate*100, n, sure, wrong, best)
		if share(wrong, n) > 0.005+rate/5 {
			t.Errorf("damage %.2f: %d of %d filed wrong", rate, wrong, n)
		}
	}
}

// damage changes letters as recognition does: umlauts lose their dots, look-alikes
// are exchanged, letters drop out, words fall apart or grow together.
func damage(rng *rand.Rand, text string, rate float64) string {
	swap := map[rune][]string{
		'ä': {"a", "ii", "ae"}, 'ö': {"o", "oe", "6"}, 'ü': {"u", "ii", "ue"}, 'ß': {"ss", "B", "fs"},
		'l': {"1", "I", "t"}, 'i': {"l", "1", "j"}, 'e': {"c", "o"}, 'm': {"rn", "n"}, 'n': {"ri", "u"}, 'h': {"b", "li"},
		'c': {"e"}, 'o': {"0"}, 'O': {"0"}, 's': {"5"}, 'S': {"5"}, 'B': {"8"}, 'f': {"t"}, 't': {"f"}, 'r': {"f", "n"}, 'g': {"q", "9"}, 'a': {"o"}, '§': {"$"}, 'd': {"cl"},
	}
	var out strings.Builder
	for _, r := range text {
		if r == '\n' || r == '#' || r == '|' || r == '\f' || rng.Float64() >= rate {
			out.WriteRune(r)
			continue
		}
		switch options := swap[r]; {
		case r == ' ':
			if rng.IntN(3) > 0 {
				out.WriteRune(r)
			}
		case len(options) > 0:
			out.WriteString(options[rng.IntN(len(options))])
		case rng.IntN(4) == 0:
			out.WriteString(string(r) + " ")
		}
	}
	return out.String()
}

// conf is the confidence that recognition reports on a page where it gets that
// share of the letters wrong: about what tesseract gives on such pages.
func conf(rate float64) float32 { return float32(0.96 - 2*rate) }

func share(a, b int) float64 { return float64(a) / float64(max(b, 1)) }

// explain writes the candidates with their cues.
func explain(candidates []pipeline.Candidate) string {
	var b strings.Builder
	for _, c := range candidates {
		fmt.Fprintf(&b, "    %s %.3f:", c.Type, c.Confidence)
		for _, r := range c.Reasons {
			fmt.Fprintf(&b, " %q", r.Cue)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
