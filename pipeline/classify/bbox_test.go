package classify_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

// parseBBox turns the output of "pdftotext -bbox-layout" into page texts at 300 dpi.
func parseBBox(t testing.TB, text string) []pipeline.PageText {
	t.Helper()
	const scale = 300.0 / 72
	var pages []pipeline.PageText
	block, line := -1, -1
	text = strings.Map(func(r rune) rune { // XML knows no control characters
		if r < ' ' && r != '\n' {
			return -1
		}
		return r
	}, text)
	dec := xml.NewDecoder(strings.NewReader(text))
	dec.Strict = false
	dec.Entity = xml.HTMLEntity
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return pages
		}
		if err != nil {
			t.Fatal(err)
		}
		el, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		at := map[string]int{}
		for _, a := range el.Attr {
			if f, err := strconv.ParseFloat(a.Value, 64); err == nil {
				at[a.Name.Local] = int(f * scale)
			}
		}
		switch el.Name.Local {
		case "page":
			pages = append(pages, pipeline.PageText{Width: at["width"], Height: at["height"], DPI: 300})
			block, line = -1, -1
		case "block":
			block++
		case "line":
			line++
		case "word":
			var s string
			if err := dec.DecodeElement(&s, &el); err != nil {
				t.Fatal(err)
			}
			p := &pages[len(pages)-1]
			p.Words = append(p.Words, pipeline.Word{Text: s, Conf: 1, Block: block, Par: block, Line: line, Base: at["yMax"],
				Box: pipeline.Box{X0: at["xMin"], Y0: at["yMin"], X1: at["xMax"], Y1: at["yMax"]}})
		}
	}
}
