package main

import (
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
