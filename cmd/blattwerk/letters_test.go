package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/web"
)

// TestSampleLetters takes every sample letter all the way and holds what became
// of it against what is printed on it: pages, blanks, filing, text, PDF/A.
func TestSampleLetters(t *testing.T) {
	pipelinetest.Program(t, "tesseract")
	data, samples := t.TempDir(), pipelinetest.Letters(t)
	args := []string{"ingest", "--json"}
	for _, s := range samples {
		args = append(args, s.Path)
	}
	r := blattwerk(t, data, args...)
	if r.code != exitDone {
		t.Fatalf("ingest ends with %d: %s", r.code, r.err)
	}
	if r.memory > 1<<30 {
		t.Errorf("a process took %d MB", r.memory>>20)
	}
	byName := map[string]web.Letter{}
	for _, l := range r.letters(t) {
		byName[l.Name] = l
	}
	var archived []string
	filed := 0
	for _, s := range samples {
		l, ok := byName[s.Name]
		if !ok {
			t.Errorf("%s is lost", s.Name)
			continue
		}
		if l.Pages != len(s.Texts) || l.Blank != len(s.Blank) {
			t.Errorf("%s has %d pages, %d blank, want %d and %d", s.Name, l.Pages, l.Blank, len(s.Texts), len(s.Blank))
		}
		switch {
		case l.State == pipeline.Archived && (s.Review || l.Type != s.Type):
			t.Errorf("%s is archived as %s, want %s: a guess was taken for a fact", s.Name, l.Type, s.Type)
		case l.State == pipeline.Archived:
			filed++
			path := filepath.Join(data, "store", filepath.FromSlash(l.ArchiveKey))
			archived = append(archived, path)
			most := 0.06
			if s.Type == "00-WERB" {
				most = 0.12 // light print on a coloured band is not read yet
			}
			if missing := missingWords(t, path, s.Texts); missing > most {
				t.Errorf("%s: %.1f %% of its words cannot be found in the PDF", s.Name, 100*missing)
			}
		case l.State != pipeline.Waiting:
			t.Errorf("%s is %s: %+v", s.Name, l.State, l.Reason)
		}
	}
	if want := len(samples) - 2; filed < want {
		t.Errorf("%d of %d letters found their department by themselves, want %d", filed, len(samples), want)
	}
	for path, ok := range pdfatest.Referee(t, "2u", archived...) {
		if !ok {
			t.Errorf("the referee refuses %s", path)
		}
	}
	if r := blattwerk(t, data, "verify"); r.code != exitDone {
		t.Errorf("verify ends with %d: %s", r.code, r.out)
	}
}

// missingWords is the share of the printed words that cannot be selected in the
// PDF. Punctuation at the ends of words does not count.
func missingWords(t *testing.T, path string, texts []string) float64 {
	t.Helper()
	raw, err := exec.Command(pipelinetest.Program(t, "pdftotext"), "-raw", path, "-").Output()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	fold := func(text string) []string {
		var words []string
		for _, w := range strings.Fields(strings.ToLower(strings.ReplaceAll(text, "-\n", ""))) {
			if w = strings.Trim(w, `.,:;!?()[]„“"'|·-–_`); w != "" {
				words = append(words, w)
			}
		}
		return words
	}
	found := map[string]int{}
	for _, w := range fold(string(raw)) {
		found[w]++
	}
	want := fold(strings.Join(texts, "\n"))
	missing := 0
	for _, w := range want {
		if found[w] == 0 {
			missing++
			continue
		}
		found[w]--
	}
	return float64(missing) / float64(max(len(want), 1))
}
