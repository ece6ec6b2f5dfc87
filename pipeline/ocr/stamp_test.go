package ocr

import (
	"image"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

func TestReceivedStamps(t *testing.T) {
	const unit = 20
	address := typed(400, []int{100}, "Stadt Ulmenstedt\nKämmerei\nRathausplatz 1\n43127 Ulmenstedt")
	// turned slants words by one pixel for so many
	turned := func(words []pipeline.Word, every int) []pipeline.Word {
		for i := range words {
			by := (words[i].Box.X0 - 1000) / every
			words[i].Box.Y0, words[i].Box.Y1 = words[i].Box.Y0-by, words[i].Box.Y1-by
		}
		return words
	}
	stamp := func() []pipeline.Word {
		return typed(398, []int{1000}, "Stadt Ulmenstedt\nEingegangen\n12. Nov. 2026 Poststelle")
	}
	frame := image.Rect(980, 380, 1300, 520)
	for _, tc := range []struct {
		name  string
		words []pipeline.Word
		cells []image.Rectangle
		want  bool
	}{
		{"set askew", turned(stamp(), 25), nil, true},
		{"in a frame", stamp(), []image.Rectangle{frame}, true},
		{"straight and without a frame", stamp(), nil, false},
		{"by half a degree", turned(stamp(), 115), nil, false},
		{"a field of a form", stamp(), []image.Rectangle{frame, image.Rect(980, 524, 1300, 700)}, false},
		{"in the frame about the page", stamp(), []image.Rectangle{image.Rect(50, 50, 2400, 3400)}, false},
		{"without a date", turned(typed(398, []int{1000}, "Stadt Ulmenstedt Amt\nEingegangen am Dienstag"), 25), nil, false},
		{"names and values", turned(typed(398, []int{1000}, "Zeichen: 20-417 Ulm\nEingang 3. November 2026"), 25), nil, false},
		{"another stamp", turned(typed(398, []int{1000}, "Stadt Ulmenstedt\nKopie vom 12. Nov. 2026 gefertigt"), 25), nil, false},
		{"a word of a sentence", turned(typed(398, []int{1000}, strings.TrimSpace(strings.Repeat("Eingang am 3. November 2026 und nicht danach\n", 9))), 25), nil, false},
		{"over the address", turned(typed(398, []int{280}, "Stadt Ulmenstedt\nEingegangen\n12. Nov. 2026 Poststelle"), 25), nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := slices.Concat(tc.words[:2], address, tc.words[2:])
			stamps, rest := withoutStamps(in, tc.cells, unit)
			if (len(stamps) == 1) != tc.want || len(slices.Concat(stamps...))+len(rest) != len(in) {
				t.Fatalf("%d stamps, %d words left of %d", len(stamps), len(rest), len(in))
			}
			out := ordered(in, tc.cells, 3508)
			if len(out) != len(in) {
				t.Fatalf("%d words became %d", len(in), len(out))
			}
			if last := out[len(out)-1].Text; tc.want && last != "Poststelle" {
				t.Errorf("the page ends with %q", last)
			}
		})
	}
	if stamps, _ := withoutStamps(turned(stamp(), 25), nil, unit); len(stamps) != 0 {
		t.Error("a sheet with nothing but a stamp keeps it as its text")
	}
}
