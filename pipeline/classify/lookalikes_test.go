package classify

import (
	"bufio"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var wordList = flag.String("words", "", "list of German words, one a line: rewrite seed/lookalikes.tsv from it")

// TestLookalikes holds that no word of the table fires a cue. With -words it
// first rewrites the table: the words of the list that would be taken for a
// damaged cue and are none.
func TestLookalikes(t *testing.T) {
	tax, err := Seed()
	if err != nil {
		t.Fatal(err)
	}
	if *wordList != "" {
		writeLookalikes(t, tax, *wordList)
		if tax, err = Load(os.DirFS("seed")); err != nil {
			t.Fatal(err)
		}
	}
	if len(tax.Lookalikes) < 100 {
		t.Fatalf("only %d look-alikes", len(tax.Lookalikes))
	}
	m := compile(tax)
	for _, w := range tax.Lookalikes {
		if hits := m.words(skeleton(w)); len(hits) > 0 {
			t.Errorf("%s is listed as a look-alike, but is the cue %s", w, m.patterns[hits[0].pattern].skel)
		}
	}
	// What the table is for: these are words of their own.
	for _, w := range []string{"Ballast", "Meinung", "Ahnung", "Arbeitsfähigkeit", "Zeichnung", "Abmeldung", "Angestellten", "Berechnung"} {
		for _, h := range m.words(skeleton(w)) {
			if h.quality < 1 {
				t.Errorf("%s is taken for %s", w, m.patterns[h.pattern].skel)
			}
		}
	}
}

func writeLookalikes(t *testing.T, tax *Taxonomy, path string) {
	t.Helper()
	m := compile(&Taxonomy{Departments: tax.Departments, Types: tax.Types})
	cues := map[string]string{}
	for _, typ := range tax.Types {
		for _, c := range typ.Cues {
			for _, w := range strings.Fields(c.Phrase) {
				cues[skeleton(w)] = strings.Trim(w, "*")
			}
		}
	}
	for _, d := range tax.Departments {
		for _, c := range d.Cues {
			for _, w := range strings.Fields(c) {
				cues[skeleton(w)] = w
			}
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := map[string]string{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		w := sc.Text()
		for _, h := range m.words(skeleton(w)) {
			if h.quality < 1 {
				found[w] = cues[m.patterns[h.pattern].skel]
			}
		}
	}
	stems := map[string]bool{}
	for w := range found {
		stems[skeleton(w)] = true
	}
	var b strings.Builder
	b.WriteString("word\tcue\n")
	for _, w := range slices.Sorted(maps.Keys(found)) {
		s := skeleton(w)
		inflected := slices.ContainsFunc(inflections, func(e string) bool {
			stem, ok := strings.CutSuffix(s, e)
			return ok && stems[stem]
		})
		if !inflected {
			fmt.Fprintf(&b, "%s\t%s\n", w, found[w])
		}
	}
	if err := os.WriteFile("seed/lookalikes.tsv", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
