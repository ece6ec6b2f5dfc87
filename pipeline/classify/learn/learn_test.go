package learn_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline/classify/learn"
)

// garden makes texts of three kinds whose words overlap; a share of them carries
// the wrong class, so that nothing can be certain.
func garden(n int, wrong float64, seed uint64) []learn.Example {
	rng := rand.New(rand.NewPCG(seed, 1))
	kinds := []string{"baum", "hund", "steuer"}
	words := map[string][]string{
		"baum":   {"Ahorn", "Hecke", "Pflanzung", "Wurzeln", "Krone", "fällen"},
		"hund":   {"Dackel", "Leine", "Hundemarke", "bellen", "Halter", "Chip"},
		"steuer": {"Bescheid", "Hebesatz", "Messbetrag", "Vorauszahlung", "zahlen", "Konto"},
	}
	common := strings.Fields("Sehr geehrte Damen und Herren bitte ich um Auskunft zu dem Schreiben vom März mit Dank und Gruß")
	var out []learn.Example
	for i := range n {
		kind := kinds[i%3]
		var e learn.Example
		for range 12 {
			e.Words = append(e.Words, common[rng.IntN(len(common))])
		}
		for range 2 {
			at := rng.IntN(len(e.Words))
			e.Words = slices.Insert(e.Words, at, words[kind][rng.IntN(6)])
		}
		e.Words = append(e.Words, fmt.Sprintf("L0%dX00T47", rng.IntN(1000)), fmt.Sprint(rng.IntN(1e9)), "Einzelwort"+fmt.Sprint(i)+"qq")
		if e.Class = kind; rng.Float64() < wrong {
			e.Class = kinds[rng.IntN(3)]
		}
		out = append(out, e)
	}
	return out
}

func train(t testing.TB, examples []learn.Example, opt learn.Options) *learn.Model {
	t.Helper()
	m, err := learn.Train(t.Context(), examples, opt)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestSameExamplesSameModel holds that neither the order of the examples nor the
// number of cores changes a byte.
func TestSameExamplesSameModel(t *testing.T) {
	examples := garden(150, 0.1, 1)
	one := train(t, examples, learn.Options{Workers: 1})
	rng := rand.New(rand.NewPCG(9, 9))
	rng.Shuffle(len(examples), func(i, j int) { examples[i], examples[j] = examples[j], examples[i] })
	two := train(t, examples, learn.Options{Workers: 3})
	if !bytes.Equal(one.Bytes(), two.Bytes()) || one.Version() != two.Version() {
		t.Error("the same examples in another order give another model")
	}
	three := train(t, garden(150, 0.1, 2), learn.Options{})
	if one.Version() == three.Version() {
		t.Error("other examples give the same version")
	}
}

// TestCalibrated compares confidence with truth on texts that the model has never
// seen, where a fifth of all labels is noise.
func TestCalibrated(t *testing.T) {
	m := train(t, garden(900, 0.3, 1), learn.Options{Precision: 0.75})
	var outcomes []learn.Outcome
	over, right := 0, 0
	for _, e := range garden(900, 0.3, 2) {
		g := m.Guesses(e.Text, nil)
		sum := 0.0
		for _, x := range g {
			sum += x.Confidence
		}
		if math.Abs(sum-1) > 0.01 || len(g) != 3 {
			t.Fatalf("confidences are %+v", g)
		}
		outcomes = append(outcomes, learn.Outcome{Truth: e.Class, Guess: g[0].Class, Confidence: g[0].Confidence})
		if g[0].Confidence >= g[0].Threshold {
			over++
			if g[0].Class == e.Class {
				right++
			}
		}
	}
	f := learn.Measure(outcomes)
	t.Logf("new texts %+v, held out %+v, over the thresholds %d of which %d right", f, m.HeldOut(), over, right)
	if f.Accuracy < 0.75 || f.ECE > 0.06 || math.Abs(f.Accuracy-m.HeldOut().Accuracy) > 0.05 {
		t.Errorf("on new texts %+v, held out %+v", f, m.HeldOut())
	}
	if over < 600 || float64(right)/float64(over) < 0.73 {
		t.Errorf("of %d over the thresholds %d are right, aimed at 75 %%", over, right)
	}
}

// TestWords names the words that moved the guess, and only them.
func TestWords(t *testing.T) {
	m := train(t, garden(300, 0, 1), learn.Options{})
	text := learn.Text{Words: strings.Fields("Sehr geehrte Damen mein Dackel trägt keine Hundemarke bitte um Auskunft")}
	g := m.Guesses(text, nil)[0]
	var named []string
	for _, w := range g.Words {
		named = append(named, text.Words[w.At])
	}
	if g.Class != "hund" || len(named) < 2 || !slices.Contains(named[:2], "Dackel") || !slices.Contains(named[:2], "Hundemarke") {
		t.Errorf("%s by %q", g.Class, named)
	}
	if m.Guesses(learn.Text{}, nil)[0].Confidence > 0.9 {
		t.Error("certain about nothing")
	}
}

// TestPriors lets other evidence weigh in, also for classes that were never
// learned, and keeps room for texts of no class.
func TestPriors(t *testing.T) {
	examples := garden(300, 0.05, 1)
	for i := range examples {
		examples[i].Prior = map[string]float64{examples[i].Class: 6, learn.NoClass: 5}
	}
	m := train(t, examples, learn.Options{None: true, Least: 5})
	stranger := learn.Text{Words: strings.Fields("Trainingszeiten Turnhalle Volleyball")}
	if g := m.Guesses(stranger, map[string]float64{learn.NoClass: 5})[0]; g.Confidence > 0.6 {
		t.Errorf("a text of no class is %+v", g)
	}
	g := m.Guesses(stranger, map[string]float64{"sport": 12, learn.NoClass: 5})[0]
	if g.Class != "sport" || g.Threshold != 0 || g.Confidence < 0.6 {
		t.Errorf("a class that only cues know is %+v", g)
	}
}

func TestTooFew(t *testing.T) {
	for _, examples := range [][]learn.Example{nil, garden(1, 0, 1), garden(12, 0, 1)} {
		if _, err := learn.Train(t.Context(), examples, learn.Options{Least: 5}); !errors.Is(err, learn.ErrTooFew) {
			t.Errorf("%d examples: %v", len(examples), err)
		}
	}
}

// TestKeepsNoWord looks for words, names and numbers of the texts in the model,
// and holds that what stands in one text alone leaves no feature behind.
func TestKeepsNoWord(t *testing.T) {
	examples := garden(200, 0, 1)
	m := train(t, examples, learn.Options{})
	for _, e := range examples {
		for _, w := range e.Words {
			if len(w) > 4 && bytes.Contains(m.Bytes(), []byte(w)) {
				t.Fatalf("the model carries %q", w)
			}
		}
	}
	again := garden(200, 0, 1)
	again[7].Words = append(again[7].Words, "Xzyvqwßj", "T220001293", "DE89370400440532013000")
	for _, g := range m.Guesses(again[7].Text, nil) {
		for _, w := range g.Words {
			if w.At >= len(examples[7].Words) {
				t.Errorf("the word %q is a feature", again[7].Words[w.At])
			}
		}
	}
}

// TestDecode reads back what was written, and refuses what was damaged.
func TestDecode(t *testing.T) {
	m := train(t, garden(90, 0, 1), learn.Options{})
	raw := m.Bytes()
	back, err := learn.Decode(slices.Clone(raw))
	if err != nil {
		t.Fatal(err)
	}
	text := garden(3, 0, 5)[1].Text
	if got, want := fmt.Sprint(back.Guesses(text, nil)), fmt.Sprint(m.Guesses(text, nil)); got != want || back.Version() != m.Version() {
		t.Errorf("read back %s, want %s", got, want)
	}
	if !bytes.HasPrefix(raw, []byte("blattwerk sorting model 1\n{\"classes\":[{\"name\":\"baum\"")) {
		t.Errorf("the first lines are %q", raw[:80])
	}
	for n := range 40 {
		if _, err := learn.Decode(raw[:len(raw)*n/40]); err == nil {
			t.Errorf("took %d of %d bytes", len(raw)*n/40, len(raw))
		}
	}
	for _, c := range [][2]string{
		{"blattwerk sorting model 1", "blattwerk sorting model 9"}, {`"name":"baum"`, `"name":"zaun"`}, {`"features":`, `"features":9`},
	} {
		if _, err := learn.Decode(bytes.Replace(raw, []byte(c[0]), []byte(c[1]), 1)); err == nil {
			t.Errorf("took %q for %q", c[1], c[0])
		}
	}
}

// FuzzDecode holds that no bytes break the reader or a model that it took.
func FuzzDecode(f *testing.F) {
	m, err := learn.Train(f.Context(), garden(30, 0, 1), learn.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.Bytes())
	f.Add([]byte("blattwerk sorting model 1\n{}\n"))
	text := garden(3, 0, 5)[1].Text
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := learn.Decode(raw); err == nil {
			_ = m.Guesses(text, map[string]float64{"x": 3})
			_ = m.Version()
		}
	})
}

func BenchmarkGuesses(b *testing.B) {
	m := train(b, garden(300, 0, 1), learn.Options{})
	text := garden(3, 0, 5)[1].Text
	for len(text.Words) < 300 {
		text.Words = append(text.Words, text.Words...)
	}
	for b.Loop() {
		_ = m.Guesses(text, nil)
	}
}

func BenchmarkTrain(b *testing.B) {
	examples := garden(600, 0.1, 1)
	for b.Loop() {
		_ = train(b, examples, learn.Options{})
	}
}
