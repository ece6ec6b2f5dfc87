package pipeline

import "strings"

// String is the text in reading order: words parted by a space, lines by a line
// feed, paragraphs by an empty line.
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
		b.WriteString(w.Text)
	}
	if len(t.Words) > 0 {
		b.WriteByte('\n')
	}
	return b.String()
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
