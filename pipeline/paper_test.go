package pipeline_test

import (
	"testing"

	"blattwerk/pipeline"
)

func TestParsePaper(t *testing.T) {
	for text, want := range map[string]pipeline.Paper{
		"":                                {},
		" , ":                             {},
		"fronts-then-backs":               {FrontsThenBacks: true},
		"label-parts, blank-parts":        {BlankParts: true, LabelParts: true},
		"blank-parts,fronts-then-backs, ": {FrontsThenBacks: true, BlankParts: true},
	} {
		p, err := pipeline.ParsePaper(text)
		if err != nil || p != want {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
		if again, err := pipeline.ParsePaper(p.String()); err != nil || again != p {
			t.Errorf("%q does not come back: %+v, %v", p, again, err)
		}
	}
	for _, text := range []string{"duplex", "blank-parts;label-parts", "Blank-Parts"} {
		if p, err := pipeline.ParsePaper(text); err == nil {
			t.Errorf("%q is %+v", text, p)
		}
	}
}
