package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

// TestBars holds the learned model against the bars of the project.
func TestBars(t *testing.T) {
	folder := strings.TrimSuffix(pipelinetest.Corpus(t, "text/musterdatenkatalog/train.tsv"), "/text/musterdatenkatalog/train.tsv")
	for _, read := range []func(string) (corpus, error){readCatalogue, readTweets} {
		c, err := read(folder)
		if err != nil {
			t.Fatal(err)
		}
		r, err := measure(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v, training %s, one text %s", c.name, r.figures, r.training, r.answer)
		if r.figures.Accuracy < c.bars.Accuracy || r.figures.MacroF1 < c.bars.MacroF1 || r.figures.ECE > c.bars.ECE {
			t.Errorf("%s: %+v does not reach the bars %+v", c.name, r.figures, c.bars)
		}
		decided, right := sure(r.outcomes)
		if right < 0.955 {
			t.Errorf("%s: of the %.3f decided only %.3f are right", c.name, decided, right)
		}
	}
}

// TestConfirmedBeatCues holds that ten confirmed examples a class do better than
// the cues alone.
func TestConfirmedBeatCues(t *testing.T) {
	folder := strings.TrimSuffix(pipelinetest.Corpus(t, "text/musterdatenkatalog/train.tsv"), "/text/musterdatenkatalog/train.tsv")
	c, err := readCatalogue(folder)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := confirm(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	cues, ten := steps[0], steps[2]
	t.Logf("cues alone %+v, with ten examples %+v", cues.figures, ten.figures)
	if ten.examples != 10 || ten.figures.Accuracy < cues.figures.Accuracy+0.1 || ten.decided <= cues.decided || ten.right < 0.97 {
		t.Errorf("cues alone %+v, with ten examples %+v", cues, ten)
	}
}

// TestFields reads the invoices of the corpus as they were sent, without their XML,
// and from pages that look scanned. Of what is offered at least 95 % is right, and
// no number whose check digits do not hold is offered.
func TestFields(t *testing.T) {
	folder := strings.TrimSuffix(pipelinetest.Corpus(t, "german/rechnung/zugferd_2p0_EN16931_Einfach.pdf"), "/german/rechnung/zugferd_2p0_EN16931_Einfach.pdf")
	pipelinetest.Program(t, "pdftoppm")
	program := filepath.Join(t.TempDir(), "blattwerk")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "blattwerk/cmd/blattwerk").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	all, err := readBills(t.Context(), folder, program, 0, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range all {
		right, offered, there := 0, 0, 0
		for _, f := range billFields {
			right, offered, there = right+b.right[f], offered+b.offered[f], there+b.there[f]
		}
		t.Logf("%s: %d right of %d offered, %d there; wrong: %q", b.look, right, offered, there, b.wrong)
		if float64(right) < 0.95*float64(offered) || b.broken > 0 || float64(offered) < 0.8*float64(there) {
			t.Errorf("%s: %d right of %d offered, %d there, %d with broken check digits; wrong: %q", b.look, right, offered, there, b.broken, b.wrong)
		}
		if i == 0 && right != there {
			t.Errorf("from the XML only %d of %d are right", right, there)
		}
	}
}
