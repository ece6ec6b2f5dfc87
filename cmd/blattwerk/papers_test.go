package main

import (
	"testing"

	"blattwerk/pipeline"
)

func TestPapers(t *testing.T) {
	list, err := parsePapers("Scanner 1=fronts-then-backs; Amt 32/Flur = blank-parts,label-parts;Amt 32=;.=label-parts;a=b=blank-parts;")
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]pipeline.Paper{
		"":                    {LabelParts: true},
		"Scanner 1":           {FrontsThenBacks: true},
		"Scanner 1/heute":     {FrontsThenBacks: true},
		"Scanner 10":          {LabelParts: true},
		"Amt 32":              {},
		"Amt 32/Flur/links":   {BlankParts: true, LabelParts: true},
		"a=b":                 {BlankParts: true},
		"Amt 33":              {LabelParts: true},
		"Amt 32/anderer Flur": {},
	} {
		if got := list.of(folder); got != want {
			t.Errorf("%q: %+v, want %+v", folder, got, want)
		}
	}
	if got := (papers{}).of("Scanner 1"); got != (pipeline.Paper{}) {
		t.Errorf("nothing set is %+v", got)
	}
	for _, text := range []string{"Scanner 1", "a=duplex", "../x=blank-parts", "/x=blank-parts", "=blank-parts", "a=;a=blank-parts"} {
		if list, err := parsePapers(text); err == nil {
			t.Errorf("%q is %v", text, list)
		}
	}
}
