package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

func TestSetHoldsAllScannedLetters(t *testing.T) {
	for _, l := range pipelinetest.Letters(t) {
		scanned := !strings.Contains(l.Kind, "born digital")
		i := slices.IndexFunc(samples, func(s sample) bool { return !s.corpus && s.path == l.Name })
		if scanned != (i >= 0) {
			t.Errorf("%s: scanned is %v, in the set is %v", l.Name, scanned, i >= 0)
		}
	}
}

func TestFind(t *testing.T) {
	letters := filepath.Join(pipelinetest.Root(t), "testdata", "letters")
	corpus := filepath.Dir(filepath.Dir(pipelinetest.Corpus(t, "ocr-gt/letter-en.txt")))
	var last int
	for _, s := range []size{quick, standard, full} {
		found, missing, err := find(s, letters, corpus)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) <= last || missing != 0 {
			t.Errorf("%s: %d files after %d, %d missing", s, len(found), last, missing)
		}
		last = len(found)
		for _, e := range found {
			if len(words(e.known)) < 20 {
				t.Errorf("%s: only %d words are known", e.path, len(words(e.known)))
			}
		}
	}
}

func TestFindWithoutCorpus(t *testing.T) {
	letters := filepath.Join(pipelinetest.Root(t), "testdata", "letters")
	found, missing, err := find(full, letters, filepath.Join(t.TempDir(), "none"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 || missing == 0 || len(found)+missing != len(samples) {
		t.Errorf("%d found, %d missing of %d", len(found), missing, len(samples))
	}
	if _, _, err := find(quick, t.TempDir(), t.TempDir()); err == nil {
		t.Error("no letters, and no error")
	}
}
