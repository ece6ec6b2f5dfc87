package ocr

import (
	"strings"
	"testing"

	"blattwerk/pipeline"
)

func TestWithoutNoise(t *testing.T) {
	// said gives a word of a size, in pixels, of which the engine is sure by so much;
	// a usual line is 30 pixels high.
	said := func(text string, w, h int, conf float32) pipeline.Word {
		return pipeline.Word{Text: text, Conf: conf, Box: pipeline.Box{X1: w, Y1: h}}
	}
	for _, tc := range []struct {
		name string
		line []pipeline.Word
		want string
	}{
		{"print", []pipeline.Word{said("Rechnung", 200, 30, 0.95), said("vom", 60, 28, 0.9)}, "Rechnung vom"},
		{"print that is hard to read", []pipeline.Word{said("Betrage", 140, 30, 0.27), said("a", 14, 20, 0.1)}, "Betrage a"},
		{"a heading", []pipeline.Word{said("Bauantrag", 600, 90, 0.9)}, "Bauantrag"},
		{"a signature", []pipeline.Word{said("rreeo~", 136, 81, 0.01)}, ""},
		{"dots that lead to a number", []pipeline.Word{said("Zweck", 100, 30, 0.95), said("Coon", 897, 7, 0), said("2", 16, 28, 0.9)}, "Zweck .... 2"},
		{"a dash", []pipeline.Word{said("–", 30, 4, 0.9), said("Ulm", 60, 30, 0.9)}, "– Ulm"},
		{"strokes of a plan", []pipeline.Word{said("J", 5, 24, 0.3), said("N", 5, 24, 0.29)}, ""},
		{"bars of a plan", []pipeline.Word{said("|", 3, 22, 0.9), said("|", 4, 63, 0.94)}, ""},
		{"a row of windows", []pipeline.Word{said("|", 14, 32, 0.83), said("q", 27, 33, 0.78), said("I", 15, 33, 0.8), said("I", 15, 33, 0.76)}, ""},
		{"a signature that looks like a word", []pipeline.Word{said("lem", 230, 98, 0.5)}, ""},
		{"its end", []pipeline.Word{said("~", 38, 146, 0.64)}, ""},
		{"a tilde", []pipeline.Word{said("Ulm", 60, 30, 0.96), said("~", 20, 8, 0.64)}, "Ulm ~"},
		{"a short name in large print", []pipeline.Word{said("GmbH", 240, 90, 0.81)}, "GmbH"},
		{"large print of which it is not sure", []pipeline.Word{said("Stadtwerke", 600, 90, 0.5)}, "Stadtwerke"},
		{"a speck behind a line", []pipeline.Word{said("darf.", 100, 30, 0.96), said(".", 4, 3, 0.5)}, "darf."},
		{"a full stop", []pipeline.Word{said("darf", 100, 30, 0.96), said(".", 5, 5, 0.5)}, "darf ."},
		{"a dot of which it is sure", []pipeline.Word{said("Ulm", 60, 30, 0.96), said("·", 4, 4, 0.9)}, "Ulm ·"},
		{"narrow numbers of a plan", []pipeline.Word{said("1", 12, 18, 0.68), said("4", 13, 18, 0.67), said("4", 13, 18, 0.55), said("L", 15, 18, 0.64)}, ""},
		{"hatching", []pipeline.Word{said("it", 13, 26, 0.35), said("I", 9, 13, 0.47), said("1", 9, 13, 0.66), said("1", 9, 14, 0.64), said("|", 10, 14, 0.61)}, ""},
		{"small numbers on bad paper", []pipeline.Word{said("11", 24, 28, 0.5), said("4", 18, 28, 0.5), said("12", 26, 28, 0.6), said("7", 19, 28, 0.5)}, "11 4 12 7"},
		{"a bar between words", []pipeline.Word{said("Tel.", 60, 30, 0.9), said("|", 4, 34, 0.5), said("Fax", 60, 30, 0.9)}, "Tel. | Fax"},
		{"a number alone", []pipeline.Word{said("1", 10, 28, 0.9)}, "1"},
		{"a letter beside a box", []pipeline.Word{said("A", 24, 28, 0.5)}, "A"},
		{"spaced print", []pipeline.Word{said("A", 24, 30, 0.96), said("N", 24, 30, 0.95), said("T", 22, 30, 0.93), said("R", 22, 30, 0.97), said("A", 24, 30, 0.9), said("G", 24, 30, 0.9)}, "A N T R A G"},
		{"digits in boxes, of none of which it is sure", []pipeline.Word{said("2", 18, 30, 0.7), said("3", 18, 30, 0.8), said("1", 8, 30, 0.6), said("9", 18, 30, 0.8)}, "2 3 1 9"},
		{"a name in boxes, dito", []pipeline.Word{said("|", 4, 34, 0.5), said("M", 24, 30, 0.7), said("|", 4, 34, 0.5), said("A", 24, 30, 0.8), said("|", 4, 34, 0.5), said("Y", 24, 30, 0.8), said("|", 4, 34, 0.5)}, "| M | A | Y |"},
		{"digits in boxes", []pipeline.Word{said("4", 18, 30, 0.7), said("3", 18, 30, 0.95), said("1", 8, 30, 0.6), said("2", 18, 30, 0.9), said("7", 18, 30, 0.9)}, "4 3 1 2 7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var words []pipeline.Word
			for _, w := range tc.line {
				w.Line = 1
				words = append(words, w)
			}
			for range 20 { // the rest of the page
				w := said("Zeile", 100, 30, 0.95)
				w.Line = 2
				words = append(words, w)
			}
			var got []string
			for _, w := range withoutNoise(words) {
				if w.Line == 1 {
					got = append(got, w.Text)
				}
			}
			if got := strings.Join(got, " "); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestWithoutNoiseOnAPageOfOneNumber(t *testing.T) {
	words := []pipeline.Word{{Text: "17", Conf: 0.5, Box: pipeline.Box{X1: 60, Y1: 90}}}
	if got := withoutNoise(words); len(got) != 1 {
		t.Error("a number alone on its page is lost: there is no usual line to compare it with")
	}
}

func TestWithoutDashes(t *testing.T) {
	const unit = 20
	// column sets the same word below itself
	column := func(text string, n, x, w, h int) (words []pipeline.Word) {
		for i := range n {
			words = append(words, pipeline.Word{Text: text, Conf: 0.9, Line: i, Box: pipeline.Box{X0: x, X1: x + w, Y0: 30 * i, Y1: 30*i + h}})
		}
		return words
	}
	for _, tc := range []struct {
		name  string
		words []pipeline.Word
		left  int
	}{
		{"a dashed line", column("1", 5, 691, 3, 15), 0},
		{"of which some were read as commas", column("'", 5, 691, 3, 15), 0},
		{"three dashes", column("1", 3, 691, 3, 15), 3},
		{"numbers in a column", column("1", 6, 691, 8, 20), 6},
		{"colons after names", column(":", 6, 691, 4, 15), 6},
		{"dots", column("!", 6, 691, 3, 5), 6},
		{"a line of print", append(column("|", 4, 691, 3, 20), column("Raum", 4, 100, 60, 20)...), 4},
	} {
		if got := withoutDashes(tc.words, unit); len(got) != tc.left {
			t.Errorf("%s: %d of %d words are left, want %d", tc.name, len(got), len(tc.words), tc.left)
		}
	}
}
