package classify_test

import (
	"math/rand/v2"
	"testing"

	"blattwerk/pipeline"
)

// TestReliability compares confidence with truth over the letters of the test
// data, clean and damaged, and letters of no type. Over the threshold the
// machine has to be right; below it, it may be more modest than it need be, but
// not bolder.
func TestReliability(t *testing.T) {
	r := room(t)
	edges := []float64{0, 0.05, 0.2, 0.4, 0.6, 0.85, 0.97, 1.01}
	var n, right, sum [7]float64
	for _, file := range []string{"letters.txt", "confusions.txt", "plain.txt", "unseen.txt", "negatives.txt"} {
		for _, s := range samples(t, file) {
			for seed := range uint64(8) {
				rng := rand.New(rand.NewPCG(seed, 99))
				rate := []float64{0, 0.01, 0.03, 0.06}[seed%4]
				f := r.Classify(typeset(damage(rng, s.text, rate), conf(rate)))
				if len(f.Candidates) == 0 {
					continue
				}
				c := f.Candidates[0]
				for b := range n {
					if c.Confidence >= edges[b] && c.Confidence < edges[b+1] {
						n[b]++
						sum[b] += c.Confidence
						if c.Type != s.want && c.Confidence >= 0.85 {
							t.Logf("over the threshold and wrong: %s %s, damage %.2f\n%s", s.want, s.name, rate, explain(f.Candidates))
						}
						if c.Type == s.want {
							right[b]++
						}
					}
				}
			}
		}
	}
	t.Log("confidence      letters  mean   right")
	for b := range n {
		if n[b] == 0 {
			continue
		}
		mean, share := sum[b]/n[b], right[b]/n[b]
		t.Logf("%.2f to %.2f  %8.0f  %.3f  %.3f", edges[b], edges[b+1], n[b], mean, share)
		if n[b] >= 20 && share < mean-0.05 {
			t.Errorf("confidence %.2f to %.2f: only %.3f right", edges[b], edges[b+1], share)
		}
	}
	if over := n[5] + n[6]; (right[5]+right[6])/over < 0.99 {
		t.Errorf("over the threshold only %.4f of %.0f are right", (right[5]+right[6])/over, over)
	}
}

// TestZones holds that the place of a word decides what it is worth.
func TestZones(t *testing.T) {
	r := room(t)
	for _, c := range []struct {
		name, text string
		not        pipeline.TypeCode
	}{
		{"legal remedies", "Landesamt\n\nStadt Ahrenbrück\n\nIhr Schreiben\n\nSehr geehrte Damen und Herren,\n\nwir danken.\n\nRechtsbehelfsbelehrung\nGegen diesen Bescheid kann Widerspruch erhoben werden. Der Widerspruch gegen den Bescheid\nist beim Landesamt einzulegen. Klage vor dem Verwaltungsgericht ist möglich.", "30-WIDER"},
		{"untitled remedies", "Landesamt\n\nSehr geehrte Damen und Herren,\n\nwir danken.\n\nGegen diesen Bescheid kann innerhalb eines Monats Widerspruch eingelegt werden.\nDer Widerspruch gegen diesen Bescheid ist schriftlich einzulegen.", "30-WIDER"},
		{"audit office", "Rechnungsprüfungsamt der Stadt Rodenfels\n\nSehr geehrte Damen und Herren,\n\ndas Rechnungsprüfungsamt lädt zum Austausch ein. Die Berechnung der Reisekosten folgt.\n\nMit freundlichen Grüßen", "20-RECH"},
		{"enclosures", "Sehr geehrte Damen und Herren,\n\nanbei die Unterlagen.\n\nMit freundlichen Grüßen\n\nAnlagen:\nGeburtsurkunde\nSterbeurkunde\nWohngeldantrag", "50-WOGG"},
	} {
		f := r.Classify(typeset(c.text, 0.97))
		for _, x := range f.Candidates {
			if x.Type == c.not && x.Confidence > 0.2 {
				t.Errorf("%s: %s with %.3f\n%s", c.name, c.not, x.Confidence, explain(f.Candidates))
			}
		}
	}
}
