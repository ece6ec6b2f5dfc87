package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPartsThatWereNotRunStay: running one part again leaves the others' text.
func TestPartsThatWereNotRunStay(t *testing.T) {
	l := &lab{sections: map[string]string{}}
	l.referee, l.out = "no-such-program", filepath.Join(t.TempDir(), "report.md")
	for _, run := range []map[string]string{{"writer": "## W1", "files": "## F1"}, {"gate": "## G1\n\n<!-- a remark -->"}, {"writer": "## W2\n"}} {
		l.sections = run
		if err := l.write(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(l.out)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	at := -1
	for _, want := range []string{"## W2", "## G1", "<!-- a remark -->", "## F1"} {
		next := strings.Index(text, want)
		if next <= at || strings.Count(text, want) != 1 {
			t.Errorf("%q stands at %d, after %d, %d times:\n%s", want, next, at, strings.Count(text, want), text)
		}
		at = next
	}
	if strings.Contains(text, "W1") {
		t.Error("what was measured before is still there")
	}
}

func TestMutantsDiffer(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	raw := []byte("%PDF-1.7\n1 0 obj\n<< /Length 3 >>\nstream\nabc\nendstream\nendobj\n")
	same := 0
	for range 200 {
		if bytes.Equal(mutant(r, bytes.Clone(raw)), raw) {
			same++
		}
	}
	if same > 20 {
		t.Errorf("%d of 200 mutants are the file itself", same)
	}
	if !outside(raw, 3) || outside(raw, bytes.Index(raw, []byte("abc"))) {
		t.Error("streams are not told apart")
	}
}

func TestAgreement(t *testing.T) {
	var a agreement
	a.add("a", true, true)
	a.add("b", false, false)
	a.add("c", true, false)
	a.add("d", false, true)
	if a.both != 1 || a.neither != 1 || list(a.falseAccept, 3) != "c" || list(a.falseRefuse, 3) != "d" || a.all() != 4 {
		t.Errorf("%+v", a)
	}
}

func TestSameness(t *testing.T) {
	if !(sameness{words: 100, kept: 99, worst: 3}).sameWords() || (sameness{words: 100, kept: 98}).sameWords() {
		t.Error("the bound of words")
	}
	if !(sameness{worst: 3}).sameLooks() || (sameness{worst: 3.1}).sameLooks() || (sameness{pages: "page 2 is missing"}).sameLooks() {
		t.Error("the bound of looks")
	}
}
