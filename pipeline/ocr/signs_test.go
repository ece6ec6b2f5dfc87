package ocr

import (
	"image"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestReadsSigns reads a letter of the tax office, which is full of them.
func TestReadsSigns(t *testing.T) {
	_, texts := read(t, room(t, nil), "deu+eng", pipelinetest.Letter(t, "letters/03-grundsteuermessbetrag-finanzamt.tif"))
	got := plain(texts[0])
	for _, want := range []string{"612 m²", "128 m²", "18 m²).", "§ 15 Abs. 1", "§ 222 Abs. 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q was not read:\n%s", want, got)
		}
	}
}

// mark is one of 10 pixels' width whose foot is so far above the line.
func mark(x, high, above int) image.Rectangle {
	return image.Rect(x, 100-above-high, x+10, 100-above)
}

func TestPowers(t *testing.T) {
	m := image.Rect(0, 85, 20, 100)
	for _, tc := range []struct {
		name  string
		marks []image.Rectangle
		want  bool
	}{
		{"raised", []image.Rectangle{m, mark(22, 12, 7)}, true},
		{"raised before a comma", []image.Rectangle{m, mark(22, 12, 7), mark(34, 9, -4)}, true},
		{"behind a bracket and a number", []image.Rectangle{mark(-40, 25, -5), mark(-20, 20, 0), m, mark(22, 12, 7)}, true},
		{"on the line", []image.Rectangle{m, mark(22, 20, 0)}, false},
		{"lowered", []image.Rectangle{m, mark(22, 12, -4)}, false},
		{"an inverted comma", []image.Rectangle{m, mark(22, 6, 14)}, false},
		{"two marks", []image.Rectangle{m, mark(22, 12, 7), mark(34, 12, 7)}, false},
		{"far off", []image.Rectangle{m, mark(45, 12, 7)}, false},
		{"as tall as capitals", []image.Rectangle{m, mark(22, 20, 5)}, false},
		{"one mark", []image.Rectangle{m}, false},
		{"none", nil, false},
	} {
		if got, ok := power(tc.marks); ok != tc.want || ok && got.Dy() != 12 {
			t.Errorf("%s: %v, %v", tc.name, got, ok)
		}
	}
}

func TestWithParagraphs(t *testing.T) {
	eight, one := mark(0, 19, 0), mark(30, 19, 0)
	paragraph, bracket := mark(0, 23, -3), mark(-12, 25, -5)
	oldOne := mark(30, 13, 0) // digits of old style have different heights
	for _, tc := range []struct {
		name  string
		line  string
		marks [][]image.Rectangle // of each word
		want  string
	}{
		{"before a number", "nach 8 15", [][]image.Rectangle{nil, {paragraph}, {one}}, "nach § 15"},
		{"in brackets", "(8 30 AO)", [][]image.Rectangle{{bracket, paragraph}, {one}, nil}, "(§ 30 AO)"},
		{"two of them", "88 3, 4", [][]image.Rectangle{{paragraph, mark(12, 23, -3)}, {one}, nil}, "§§ 3, 4"},
		{"fused", "89 Tod", [][]image.Rectangle{{paragraph, one}, nil}, "§ 9 Tod"},
		{"an eight", "8 15", [][]image.Rectangle{{eight}, {one}}, "8 15"},
		{"an eight of old style", "8 15", [][]image.Rectangle{{eight}, {oldOne}}, "8 15"},
		{"a larger eight", "8 15", [][]image.Rectangle{{mark(0, 30, 0)}, {one}}, "8 15"},
		{"an eight on a crooked line", "8 15", [][]image.Rectangle{{mark(0, 19, -2)}, {one}}, "8 15"},
		{"a number", "89 Tod", [][]image.Rectangle{{eight, one}, nil}, "89 Tod"},
		{"a number of which one digit broke", "814", [][]image.Rectangle{{paragraph, one}}, "814"},
		{"before a word", "8 Tage", [][]image.Rectangle{{paragraph}, {one}}, "8 Tage"},
		{"no picture", "8 15", [][]image.Rectangle{nil, nil}, "8 15"},
		{"at the end", "nach 8", [][]image.Rectangle{nil, {paragraph}}, "nach 8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var words []pipeline.Word
			for i, text := range strings.Fields(tc.line) {
				words = append(words, pipeline.Word{Text: text, Box: pipeline.Box{X0: 100 * i, X1: 100*i + 50}})
			}
			var got []string
			for _, w := range withParagraphs(words, func(w pipeline.Word) []image.Rectangle { return tc.marks[w.Box.X0/100] }) {
				got = append(got, w.Text)
			}
			if got := strings.Join(got, " "); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
