package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestPartsThatWereNotRunStay: running one part again leaves the others' text, and
// the head says which part comes from which run.
func TestPartsThatWereNotRunStay(t *testing.T) {
	l := &lab{}
	l.referee, l.out = "no-such-program", filepath.Join(t.TempDir(), "report.md")
	begun := time.Date(2026, 11, 27, 8, 25, 0, 0, time.UTC)
	for i, run := range []map[string]string{{"writer": "## W1", "files": "## F1"}, {"gate": "## G1\n\n<!-- a remark -->"}, {"writer": "## W2\n", "rivals": "## R2"}} {
		l.sections, l.origins = run, map[string]origin{}
		for part := range run {
			l.origins[part] = origin{Commit: fmt.Sprintf("c%d", i), Run: begun.Add(time.Duration(i) * time.Hour), Took: 90 * time.Second, Seed: 7}
		}
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
	for _, want := range []string{"different runs", "| writer | c2 | 27 November 2026, 10:25 UTC | 1m30s | 7 |", "| gate | c1 |", "| files | c0 |",
		"## W2", "## G1", "<!-- a remark -->", "## F1", "## R2"} {
		next := strings.Index(text, want)
		if next <= at || strings.Count(text, want) != 1 {
			t.Errorf("%q stands at %d, after %d, %d times:\n%s", want, next, at, strings.Count(text, want), text)
		}
		at = next
	}
	if text, o := section("<!-- part: gate -->\n## G0\n", "gate"); text != "## G0\n" || !o.Run.IsZero() ||
		!strings.Contains(provenance(map[string]origin{"gate": o}), "| gate | see the foot of the part |") {
		t.Errorf("a part without a run reads %q, %v", text, o)
	}
	if strings.Contains(text, "W1") {
		t.Error("what was measured before is still there")
	}
	for part, o := range l.origins {
		o.Commit, o.Run = "c3", begun
		l.origins[part] = o
	}
	for _, part := range parts {
		l.sections[part], l.origins[part] = "## "+part, l.origins["writer"]
	}
	if got := l.report(t.Context(), text); !strings.Contains(got, "All parts come from one run") {
		t.Errorf("one run reads:\n%s", got)
	}
}

// TestReasonsAreJudged: a reason that is not true does not pass for true.
func TestReasonsAreJudged(t *testing.T) {
	l := &lab{scratch: t.TempDir()}
	l.longest = time.Minute
	for _, tc := range []struct {
		code, file string
		agrees     bool
	}{
		{"encrypted", "pdf-torture/password-is-test.pdf", true}, {"encrypted", "pdf-torture/toc.pdf", false}, {"encrypted", "pdf-torture/invalid.pdf", false},
		{"broken-pdf", "pdf-torture/invalid.pdf", true}, {"broken-pdf", "pdf-torture/qpdf/issue-100.pdf", true},
		{"broken-pdf", "pdf-torture/toc.pdf", false}, {"broken-pdf", "pdf-torture/Dual-startxref.pdf", false},
		{"unknown-format", "pdf-torture/qpdf/bad1.pdf", true}, {"unknown-format", "pdf-torture/invalid.pdf", false},
		{"empty", "pdf-torture/empty.pdf", true}, {"empty", "pdf-torture/toc.pdf", false},
		{"reader-crashed", "scans/rotated.pdf", false},
		{"page-not-rendered", "pdf-torture/toc.pdf", false}, // nobody was asked
	} {
		w, err := l.testify(t.Context(), pipelinetest.Corpus(t, tc.file), &pipeline.Fault{Code: tc.code})
		if err != nil || w.agrees != tc.agrees {
			t.Errorf("%s of %s: %+v, %v, want %t", tc.code, tc.file, w, err, tc.agrees)
		}
	}
}

// TestEmptyFilesAreNotTheSame: ghostscript ends well over a file that it cannot
// read, and writes an empty one.
func TestEmptyFilesAreNotTheSame(t *testing.T) {
	locked, out := pipelinetest.Corpus(t, "pdf-torture/password-is-test.pdf"), filepath.Join(t.TempDir(), "out.pdf")
	_ = exec.CommandContext(t.Context(), "gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", "-sOutputFile="+out, locked).Run()
	s, err := compare(t.Context(), locked, out)
	if err != nil || s.sameWords() || !s.Hollow {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestScoresAreTakenUpAgain: a comparison that was broken off goes on.
func TestScoresAreTakenUpAgain(t *testing.T) {
	l := &lab{scratch: t.TempDir()}
	l.longest = time.Minute
	kept, runs := t.TempDir(), filepath.Join(t.TempDir(), "runs")
	f := input{"toc.pdf", pipelinetest.Corpus(t, "pdf-torture/toc.pdf")}
	copier := rival{"copier", func(in, out string) []string {
		return []string{"sh", "-c", `echo x >>"$1"; cp "$2" "$3"`, "sh", runs, in, out}
	}}
	var first, second score
	for _, s := range []*score{&first, &second} {
		var err error
		if *s, err = l.once(t.Context(), kept, copier, f); err != nil {
			t.Fatal(err)
		}
	}
	if raw, err := os.ReadFile(runs); err != nil || string(raw) != "x\n" {
		t.Errorf("the program ran %q times, %v", raw, err)
	}
	if !first.Made || first.Size == 0 || first.Same.Words == 0 || !first.Same.sameWords() || !reflect.DeepEqual(first, second) {
		t.Errorf("%+v became %+v", first, second)
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
	if !(sameness{Words: 100, Kept: 99, Worst: 3}).sameWords() || (sameness{Words: 100, Kept: 98}).sameWords() {
		t.Error("the bound of words")
	}
	if !(sameness{Worst: 3}).sameLooks() || (sameness{Worst: 3.1}).sameLooks() || (sameness{Pages: "page 2 is missing"}).sameLooks() {
		t.Error("the bound of looks")
	}
}
