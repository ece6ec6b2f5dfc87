package classify_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/classify/learn"
)

// clubLetter invents a letter of a kind that no cue knows: what a club writes to
// the sports office (mine) or to the office for green spaces.
func clubLetter(rng *rand.Rand, sports bool) string {
	pick := func(s ...string) string { return s[rng.IntN(len(s))] }
	name := pick("Erna", "Ole", "Mira", "Tom", "Hanne") + " " + pick("Friis", "Pieper", "Weber", "Ostrowski", "Lange")
	subject, body := pick("Unsere Trainingszeiten", "Hallenbelegung im Winter", "Turnhalle am Samstag"),
		pick("unsere Jugend trainiert dienstags in der Turnhalle.", "wir brauchen die Halle für ein Handballturnier.", "die Trainingszeiten der Volleyballer passen nicht mehr.")
	if !sports {
		subject, body = pick("Beete vor unserem Haus", "Pflanzung am Spielplatz", "Der alte Ahorn"),
			pick("die Beete sind vertrocknet und die Hecke wächst in den Weg.", "wir möchten Stauden pflanzen und gießen.", "am Ahorn sind Äste gebrochen, die Krone ist licht.")
	}
	return fmt.Sprintf("%s\n%s %d\n12345 Ahrenbrück\n\nStadt Ahrenbrück\n12345 Ahrenbrück\n\n%s\n\nSehr geehrte Damen und Herren,\n\n%s %s\n\nMit freundlichen Grüßen\n%s",
		name, pick("Birkenweg", "Am Kanal", "Seeweg"), rng.IntN(99)+1, subject, body,
		pick("Bitte rufen Sie mich an.", "Was können wir tun?", "Danke im Voraus."), name)
}

func clubTaxonomy(t testing.TB) *classify.Taxonomy {
	t.Helper()
	seed, err := classify.Seed()
	if err != nil {
		t.Fatal(err)
	}
	tax, _, err := classify.Extend(seed, tables(map[string]string{
		"departments.tsv": "id\tname\n52\tSportamt\n",
		"types.tsv":       "code\tdepartment\tname\tyears\thandling\n52-HALLE\t52\tHallenzeiten\t3\tscan\n67-PFLANZ\t67\tPflanzen und Bäume\t3\tscan\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	return tax
}

func confirmedLetters(n int, seed uint64) []classify.Confirmed {
	rng := rand.New(rand.NewPCG(seed, 3))
	var out []classify.Confirmed
	for i := range n {
		typ := pipeline.TypeCode("52-HALLE")
		if i%2 == 1 {
			typ = "67-PFLANZ"
		}
		out = append(out, classify.Confirmed{Pages: typeset(clubLetter(rng, i%2 == 0), 0.96), Type: typ})
	}
	return out
}

// TestLearnsFromPeople teaches two kinds of letters that no cue knows, and holds
// that letters of other kinds are sorted as before.
func TestLearnsFromPeople(t *testing.T) {
	r, err := classify.New(classify.Config{Taxonomy: clubTaxonomy(t), Town: classify.Town{Name: "Ahrenbrück"}})
	if err != nil {
		t.Fatal(err)
	}
	letters := confirmedLetters(40, 1)
	for _, file := range []string{"letters.txt", "confusions.txt"} {
		for _, s := range samples(t, file) {
			letters = append(letters, classify.Confirmed{Pages: typeset(s.text, 0.96), Type: s.want})
		}
	}
	test := confirmedLetters(20, 2)
	before := 0
	for _, c := range test {
		if r.Classify(c.Pages).Type == c.Type {
			before++
		}
	}
	m, err := r.Learn(t.Context(), letters, 0)
	if err != nil {
		t.Fatal(err)
	}
	r.Use(m)
	right, wrong, sure := 0, 0, 0
	for _, c := range test {
		f := r.Classify(c.Pages)
		switch {
		case f.Type == c.Type:
			right++
		case f.Sure:
			wrong++
		}
		if f.Sure {
			sure++
		}
		if !strings.Contains(f.Model, m.Version()) || !strings.Contains(f.Model, r.Basis()) {
			t.Fatalf("the filing names %q", f.Model)
		}
		if len(f.Candidates) > 0 && f.Type == c.Type {
			reason := f.Candidates[0].Reasons
			if len(reason) == 0 || reason[0].Page != 1 || reason[0].Box == (pipeline.Box{}) || reason[0].Cue == "" {
				t.Errorf("no words are shown for %s: %+v", f.Type, reason)
			}
		}
	}
	t.Logf("cues alone %d of %d right; learned %d right, %d sure; held out: %+v", before, len(test), right, sure, m.HeldOut())
	if before > 0 || right < len(test)*9/10 || wrong > 0 {
		t.Errorf("cues alone %d right, learned %d right and %d filed wrong", before, right, wrong)
	}
	for _, s := range samples(t, "negatives.txt") {
		if f := r.Classify(typeset(s.text, 0.96)); f.Sure && f.Type != s.want {
			t.Errorf("%s: filed as %s with %.3f", s.name, f.Type, f.Confidence)
		}
	}
	r.Use(nil)
	if f := r.Classify(test[0].Pages); f.Model != r.Basis() {
		t.Errorf("without a model the filing names %q", f.Model)
	}
}

// TestDoesNotLearnUnclear leaves out letters that nobody could place and types
// that are gone; with too little left it says so.
func TestDoesNotLearnUnclear(t *testing.T) {
	r := room(t)
	var letters []classify.Confirmed
	for _, c := range confirmedLetters(40, 1) { // this room does not know their types
		letters = append(letters, c, classify.Confirmed{Pages: c.Pages, Type: classify.Unclear})
	}
	if _, err := r.Learn(t.Context(), letters, 0); !errors.Is(err, learn.ErrTooFew) {
		t.Errorf("error %v", err)
	}
}

// TestModelKeepsDeadlinesSafe holds that a learned model cannot file an objection
// by its subject matter.
func TestModelKeepsDeadlinesSafe(t *testing.T) {
	r := room(t)
	var letters []classify.Confirmed
	for range 5 { // people who file objections wrongly all the time
		for _, s := range samples(t, "letters.txt") {
			typ := s.want
			if typ == "30-WIDER" {
				typ = "22-GRST"
			}
			letters = append(letters, classify.Confirmed{Pages: typeset(s.text, 0.96), Type: typ})
		}
	}
	m, err := r.Learn(t.Context(), letters, 0)
	if err != nil {
		t.Fatal(err)
	}
	r.Use(m)
	f := r.Classify(typeset(find(t, "letters.txt", "grundsteuer"), 0.96))
	if f.Sure && f.Type != "30-WIDER" {
		t.Errorf("filed as %s with %.3f", f.Type, f.Confidence)
	}
}

func BenchmarkClassifyLetterLearned(b *testing.B) {
	r, err := classify.New(classify.Config{Taxonomy: clubTaxonomy(b)})
	if err != nil {
		b.Fatal(err)
	}
	letters := confirmedLetters(40, 1)
	m, err := r.Learn(b.Context(), letters, 0)
	if err != nil {
		b.Fatal(err)
	}
	r.Use(m)
	for b.Loop() {
		_ = r.Classify(letters[7].Pages)
	}
}
