package pipeline

import (
	"strings"
	"unicode"
)

// String is the text in reading order: words parted by a space, lines by a line
// feed, paragraphs by an empty line. What in a word would break lines or is no
// UTF-8 becomes a space.
func (t PageText) String() string {
	var b strings.Builder
	for i, w := range t.Words {
		if i > 0 {
			switch last := t.Words[i-1]; {
			case w.Par != last.Par || w.Block != last.Block:
				b.WriteString("\n\n")
			case w.Line != last.Line:
				b.WriteByte('\n')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString(strings.Map(oneLine, strings.ToValidUTF8(w.Text, " ")))
	}
	if len(t.Words) > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

// oneLine keeps a word from breaking lines and pages; a NUL is nothing at all.
func oneLine(r rune) rune {
	if r == 0 {
		return -1
	}
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// PlainText is the text of all pages, each ended by a form feed, as the sidecars
// of other programs have it.
func PlainText(pages []PageText) string {
	var b strings.Builder
	for _, p := range pages {
		b.WriteString(p.String())
		b.WriteByte('\f')
	}
	return b.String()
}

// FromPlainText makes pages of plain text, the reverse of [PlainText]. The boxes
// are those of a typewriter at 100 dots per inch, so that positions on the page
// still mean something.
func FromPlainText(text string) []PageText {
	const advance, height, margin = 8, 16, 80
	var pages []PageText
	for page := range strings.SplitSeq(strings.TrimSuffix(text, "\f"), "\f") {
		t := PageText{Width: 827, Height: 1169, DPI: 100} // A4
		line, par, fresh := 0, 0, false
		for row, s := range strings.Split(page, "\n") {
			if strings.TrimSpace(s) == "" {
				fresh = true
				continue
			}
			if fresh && line > 0 {
				par++
			}
			fresh = false
			y, column := margin+row*height, 0
			for _, w := range strings.FieldsFunc(s, unicode.IsSpace) {
				at := strings.Index(s[column:], w) + column
				x := margin + len([]rune(s[:at]))*advance
				t.Words = append(t.Words, Word{
					Text: w, Conf: 1, Line: line, Par: par, Block: par, Base: y + height*3/4,
					Box: Box{X0: x, Y0: y, X1: x + len([]rune(w))*advance, Y1: y + height},
				})
				column = at + len(w)
			}
			line++
		}
		pages = append(pages, t)
	}
	return pages
}
