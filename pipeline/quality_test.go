package pipeline

import (
	"slices"
	"testing"
)

func TestJudge(t *testing.T) {
	amber, red := Flaw{FlawPale, Amber}, Flaw{FlawBlurred, Red}
	for _, tc := range []struct {
		flaws []Flaw
		light Light
		order []Flaw
	}{
		{nil, Green, nil},
		{[]Flaw{amber}, Amber, []Flaw{amber}},
		{[]Flaw{amber, red}, Red, []Flaw{red, amber}},
	} {
		got := Quality{Flaws: tc.flaws}.Judge()
		if got.Light != tc.light || !slices.Equal(got.Flaws, tc.order) {
			t.Errorf("%v: %s %v, want %s %v", tc.flaws, got.Light, got.Flaws, tc.light, tc.order)
		}
	}
}

func TestEveryFlawIsExplained(t *testing.T) {
	for _, c := range []FlawCode{
		FlawBlurred, FlawPale, FlawCoarse, FlawSkewed, FlawCutLeft, FlawCutRight, FlawCutTop, FlawCutBottom, FlawUnsure, FlawNoText,
	} {
		if m := c.Message(); m.DE == "" || m.EN == "" || m.DE == string(c) {
			t.Errorf("%s has no words: %+v", c, m)
		}
	}
}
