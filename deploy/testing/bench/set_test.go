package main

import (
	"os"
	"path/filepath"
	"regexp"
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

// TestMild holds the marks of the set against what the tables of the letters and of
// the corpus say about the condition of each page: no file is in for its result.
func TestMild(t *testing.T) {
	marked := func(path string, corpus bool) (sample, bool) {
		i := slices.IndexFunc(samples, func(s sample) bool { return s.corpus == corpus && s.path == path })
		if i < 0 {
			return sample{}, false
		}
		return samples[i], true
	}
	worse := regexp.MustCompile(`phone|born digital|specks|show-through|askew|\bpale\b|upside down|lies on its side`)
	for _, l := range pipelinetest.Letters(t) {
		s, ok := marked(l.Name, false)
		turned := slices.ContainsFunc(l.Turns, func(degrees int) bool { return degrees != 0 })
		if mild := !turned && !worse.MatchString(l.Kind+" "+l.Notes); ok && mild != s.mild {
			t.Errorf("%s (%s; %s): mild is %v, marked %v", l.Name, l.Kind, l.Notes, mild, s.mild)
		}
	}
	index, err := os.ReadFile(pipelinetest.Corpus(t, "index.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	mildly := regexp.MustCompile(`GERMAN page, 300 dpi, profile (clean|g4):`)
	seen := 0
	for line := range strings.Lines(string(index)) {
		path, told, _ := strings.Cut(line, "\t")
		s, ok := marked(path, true)
		if !ok {
			continue
		}
		seen++
		if mild := mildly.MatchString(told); mild != s.mild {
			t.Errorf("%s: mild is %v, marked %v", path, mild, s.mild)
		}
		if layer := strings.Contains(told, "reading order differs, use words"); layer != s.layer {
			t.Errorf("%s: order of a text layer is %v, marked %v", path, layer, s.layer)
		}
	}
	if seen < 15 {
		t.Errorf("only %d files of the set found in the index", seen)
	}
}
