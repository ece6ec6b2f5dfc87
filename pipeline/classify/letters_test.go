package classify_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
)

// sample is one letter of testdata/*.txt.
type sample struct {
	file string
	name string
	want pipeline.TypeCode
	text string
}

// samples reads the letters of a file: "=== TYPE name" begins a letter.
func samples(t testing.TB, file string) []sample {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []sample
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line := sc.Text()
		if head, ok := strings.CutPrefix(line, "=== "); ok {
			code, name, _ := strings.Cut(head, " ")
			out = append(out, sample{file: file, name: name, want: pipeline.TypeCode(code)})
			continue
		}
		if len(out) > 0 {
			out[len(out)-1].text += line + "\n"
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// typeset sets a text as recognition would return it: A4 at 300 dpi, 11 point
// type, one paragraph for each run of lines. A line that begins with "# " is
// large; "|" parts columns; a form feed begins a new page.
func typeset(text string, conf float32) []pipeline.PageText {
	var pages []pipeline.PageText
	for _, pageText := range strings.Split(text, "\f") {
		p := pipeline.PageText{Width: 2480, Height: 3508, DPI: 300}
		y, line, par := 200, 0, 0
		for _, s := range strings.Split(strings.Trim(pageText, "\n"), "\n") {
			if strings.TrimSpace(s) == "" {
				y += 60
				par++
				continue
			}
			height, width := 40, 22
			if h, ok := strings.CutPrefix(s, "# "); ok {
				s, height, width = h, 64, 36
			}
			for c, column := range strings.Split(s, "|") {
				x := 295 + c*1180
				for _, w := range strings.Fields(column) {
					x1 := x + width*utf8.RuneCountInString(w)
					p.Words = append(p.Words, pipeline.Word{
						Text: w, Conf: conf, Block: par, Par: par, Line: line, Base: y + height*4/5,
						Box: pipeline.Box{X0: x, Y0: y, X1: x1, Y1: y + height},
					})
					x = x1 + width
				}
			}
			y += height + 12
			line++
		}
		pages = append(pages, p)
	}
	return pages
}

func room(t testing.TB) *classify.Room {
	t.Helper()
	r, err := classify.New(classify.Config{Town: classify.Town{
		Name:  "Ahrenbrück",
		Words: []string{"Lindenplatz"},
		Kassenzeichen: []classify.Kassenzeichen{
			{Pattern: `7\.4\d{3}\.\d{6}\.\d`, Check: "mod10", Department: "22"},
			{Pattern: `8\.1\d{5}\.\d`, Department: "32"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
