package pipeline

import (
	"errors"
	"fmt"
	"testing"
)

func TestPlainText(t *testing.T) {
	page := PageText{Words: []Word{
		{Text: "Sehr", Line: 0}, {Text: "geehrte", Line: 0}, {Text: "Damen", Line: 1},
		{Text: "anbei", Line: 2, Par: 1}, {Text: "Rechts", Line: 3, Par: 2, Block: 1},
	}}
	got := PlainText([]PageText{page, {}, {Words: []Word{{Text: "zwei"}}}})
	want := "Sehr geehrte\nDamen\n\nanbei\n\nRechts\n\f\fzwei\n\f"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAsFault(t *testing.T) {
	if AsFault(nil) != nil {
		t.Error("no error is no fault")
	}
	f := &Fault{Verdict: GiveBack, Code: "empty", Text: Message{EN: "empty"}, Page: 2}
	if got := AsFault(fmt.Errorf("reading: %w", f)); got != f {
		t.Errorf("got %v", got)
	}
	if f.Error() != "page 2: empty: empty" {
		t.Errorf("got %q", f.Error())
	}
	if got := AsFault(errors.New("plain")); got.Verdict != TryAgain || got.Code != "internal" || got.Unwrap() == nil {
		t.Errorf("got %+v", got)
	}
}

func TestFromPlainText(t *testing.T) {
	const text = "Größe zwei\ndrei\n\nvier\n\f\fsieben\n\f"
	pages := FromPlainText(text)
	if len(pages) != 3 || len(pages[0].Words) != 4 || len(pages[1].Words) != 0 {
		t.Fatalf("got %+v", pages)
	}
	if got, want := PlainText(pages), text; got != want {
		t.Errorf("there and back gives %q, want %q", got, want)
	}
	if zwei := pages[0].Words[1]; zwei.Box.X0 != 80+6*8 || zwei.Line != 0 || pages[0].Words[3].Par != 1 {
		t.Errorf("got %+v", pages[0].Words)
	}
}

func TestTextOfAPage(t *testing.T) {
	word := func(text string, block, par, line int) Word {
		return Word{Text: text, Block: block, Par: par, Line: line}
	}
	for name, c := range map[string]struct {
		words []Word
		want  string
	}{
		"nothing":            {nil, ""},
		"one":                {[]Word{word("Rat", 0, 0, 0)}, "Rat\n"},
		"a line":             {[]Word{word("Der", 0, 0, 0), word("Rat", 0, 0, 0)}, "Der Rat\n"},
		"lines":              {[]Word{word("Der", 0, 0, 0), word("Rat", 0, 0, 1)}, "Der\nRat\n"},
		"paragraphs":         {[]Word{word("Der", 0, 0, 0), word("Rat", 0, 1, 1)}, "Der\n\nRat\n"},
		"blocks":             {[]Word{word("Der", 0, 0, 0), word("Rat", 1, 1, 1)}, "Der\n\nRat\n"},
		"breaks in the word": {[]Word{word("D\fe\nr", 0, 0, 0)}, "D e r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (PageText{Words: c.words}).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
