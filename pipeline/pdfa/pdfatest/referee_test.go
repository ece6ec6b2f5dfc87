package pdfatest_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

func TestRefereeTellsGoodFromBad(t *testing.T) {
	good := pipelinetest.Corpus(t, "pdfa/pdfa2-6-3-2-bfo-t01-pass.pdf")
	bad := pipelinetest.Corpus(t, "pdfa/PDF_A-2b__vera_6-1-7-1-t04-fail-b.pdf")
	noise := filepath.Join(t.TempDir(), "a letter that is none.pdf")
	if err := os.WriteFile(noise, []byte("no PDF at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := pdfatest.Verdicts(t, "2b", good, bad, noise)
	want := map[string]pdfatest.Verdict{
		good:  {Valid: true},
		bad:   {Rules: []string{"6.1.7.1-3"}},
		noise: {Rules: []string{"unreadable"}},
	}
	for path, w := range want {
		if g := got[path]; g.Valid != w.Valid || !slices.Equal(g.Rules, w.Rules) {
			t.Errorf("%s: %+v, want %+v", filepath.Base(path), g, w)
		}
	}
	if v := pdfatest.Referee(t, "2b", noise); v[noise] {
		t.Error("noise alone passes")
	}
}
