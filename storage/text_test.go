package storage

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

func TestWritePlain(t *testing.T) {
	word := func(text string, block, par, line int) pipeline.Word {
		return pipeline.Word{Text: text, Block: block, Par: par, Line: line}
	}
	for name, c := range map[string]struct {
		words []pipeline.Word
		want  string
	}{
		"nothing":            {nil, ""},
		"one":                {[]pipeline.Word{word("Rat", 0, 0, 0)}, "Rat\n"},
		"a line":             {[]pipeline.Word{word("Der", 0, 0, 0), word("Rat", 0, 0, 0)}, "Der Rat\n"},
		"lines":              {[]pipeline.Word{word("Der", 0, 0, 0), word("Rat", 0, 0, 1)}, "Der\nRat\n"},
		"paragraphs":         {[]pipeline.Word{word("Der", 0, 0, 0), word("Rat", 0, 1, 1)}, "Der\n\nRat\n"},
		"blocks":             {[]pipeline.Word{word("Der", 0, 0, 0), word("Rat", 1, 1, 1)}, "Der\n\nRat\n"},
		"breaks in the word": {[]pipeline.Word{word("D\fe\nr", 0, 0, 0)}, "D e r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w := bufio.NewWriter(&b)
			writePlain(w, c.words)
			w.Flush()
			if b.String() != c.want {
				t.Errorf("got %q, want %q", b.String(), c.want)
			}
		})
	}
}

func FuzzReadWords(f *testing.F) {
	f.Add("{\"format\":\"blattwerk-words/1\",\n\"pages\":[\n]}\n")
	f.Add("{\"format\":\"blattwerk-words/1\",\"pages\":[{\"page\":1,\"words\":[{\"t\":\"x\"}]}]}")
	f.Add("{\"format\":\"blattwerk-words/1\",\"pages\":[{\"page\":1}")
	f.Add("{\"format\":\"other\",\"pages\":[]}")
	f.Fuzz(func(t *testing.T, s string) {
		err := readWords(strings.NewReader(s), func(int, pipeline.PageText) error { return nil })
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%v is not called damage", err)
		}
	})
}
