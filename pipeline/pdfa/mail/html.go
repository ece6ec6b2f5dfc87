package mail

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// fromHTML gives the text of an HTML page as a person would see it, and whether
// the page wanted to fetch something from the network.
func fromHTML(s string) (text string, remote bool) {
	var p pageText
	root, err := html.Parse(strings.NewReader(s))
	if err != nil { // nested deeper than the parser goes
		return bare(s), true
	}
	p.node(root, false)
	return p.done(), p.remote
}

// bare is all that stands between tags.
func bare(s string) string {
	var p pageText
	skip := false
	for z := html.NewTokenizer(strings.NewReader(s)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return p.done()
		case html.TextToken:
			if !skip {
				p.text(string(z.Text())+" ", false)
			}
			skip = false
		case html.StartTagToken:
			name, _ := z.TagName()
			skip = unseen[atom.Lookup(name)]
		}
	}
}

// Text gives the text of an HTML page, and whether the page wanted to fetch
// something from the network.
func Text(page []byte) (text string, remote bool) { return fromHTML(toUTF8(page)) }

// Decode makes text of bytes in UTF-8, UTF-16 with its mark, or Latin-1, with
// lines that end with \n.
func Decode(raw []byte) string {
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		raw = raw[3:]
	case len(raw) > 1 && (raw[0] == 0xFE && raw[1] == 0xFF || raw[0] == 0xFF && raw[1] == 0xFE):
		u := make([]uint16, 0, len(raw)/2)
		for i := 2; i+1 < len(raw); i += 2 {
			if raw[0] == 0xFE {
				u = append(u, uint16(raw[i])<<8|uint16(raw[i+1]))
			} else {
				u = append(u, uint16(raw[i+1])<<8|uint16(raw[i]))
			}
		}
		return lines(string(utf16.Decode(u)))
	}
	return lines(toUTF8(raw))
}

// unseen are elements whose content is not shown as text.
var unseen = map[atom.Atom]bool{atom.Script: true, atom.Style: true, atom.Head: true, atom.Title: true, atom.Template: true,
	atom.Noscript: true, atom.Iframe: true, atom.Object: true, atom.Embed: true, atom.Svg: true, atom.Math: true, atom.Canvas: true,
	atom.Audio: true, atom.Video: true, atom.Select: true, atom.Textarea: true, atom.Button: true}

// block are elements that stand on lines of their own; true: with an empty line
// around them.
var block = map[atom.Atom]bool{atom.P: true, atom.Div: false, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true,
	atom.Ul: true, atom.Ol: true, atom.Li: false, atom.Table: true, atom.Tr: false, atom.Blockquote: true, atom.Pre: true, atom.Hr: true,
	atom.Section: false, atom.Article: false, atom.Header: false, atom.Footer: false, atom.Dl: true, atom.Dt: false, atom.Dd: false, atom.Body: false}

// pageText collects the text of a page.
type pageText struct {
	out    strings.Builder
	breaks int  // line ends that are due before the next text; the first lines have none
	gap    bool // a space is due
	remote bool
}

func (p *pageText) node(n *html.Node, pre bool) {
	switch n.Type {
	case html.TextNode:
		p.text(n.Data, pre)
		return
	case html.ElementNode:
		p.fetches(n)
		if unseen[n.DataAtom] || hidden(n) {
			return
		}
	}
	apart, isBlock := block[n.DataAtom]
	if isBlock {
		p.line(apart)
	}
	switch n.DataAtom {
	case atom.Br:
		p.breaks++
	case atom.Li:
		p.text("• ", true)
	case atom.Td, atom.Th:
		if n.PrevSibling != nil {
			p.text("   ", true)
		}
	case atom.Img:
		if alt := attribute(n, "alt"); strings.TrimSpace(alt) != "" {
			p.text("["+alt+"]", false)
		}
	}
	before := p.out.Len()
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.node(c, pre || n.DataAtom == atom.Pre)
	}
	if n.DataAtom == atom.A {
		p.link(attribute(n, "href"), p.out.String()[before:])
	}
	if isBlock {
		p.line(apart)
	}
}

// link adds where a link leads, if its text does not say so.
func (p *pageText) link(href, shown string) {
	href = strings.TrimSpace(href)
	lower := strings.ToLower(href)
	if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "mailto:") {
		return
	}
	plain := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(lower, "mailto:"), "https://"), "http://"), "/")
	if strings.Contains(strings.ToLower(shown), plain) {
		return
	}
	p.text(" <"+href+">", false)
}

// line ends the current line; apart asks for an empty one as well.
func (p *pageText) line(apart bool) {
	want := 1
	if apart {
		want = 2
	}
	p.breaks, p.gap = max(p.breaks, want), false
}

func (p *pageText) text(s string, pre bool) {
	for _, r := range s {
		if unicode.IsSpace(r) && !(pre && (r == '\n' || r == ' ')) {
			p.gap = true
			continue
		}
		if pre && r == '\n' {
			p.breaks, p.gap = p.breaks+1, false
			continue
		}
		if p.breaks > 0 && p.out.Len() > 0 {
			p.out.WriteString(strings.Repeat("\n", min(p.breaks, 2)))
		} else if p.gap && p.out.Len() > 0 && p.breaks == 0 {
			p.out.WriteByte(' ')
		}
		p.breaks, p.gap = 0, false
		p.out.WriteRune(r)
	}
}

func (p *pageText) done() string {
	if p.out.Len() == 0 {
		return ""
	}
	return p.out.String() + "\n"
}

// fetches notes an element that a viewer would fill from the network.
func (p *pageText) fetches(n *html.Node) {
	for _, k := range []string{"src", "background", "data", "poster", "srcset"} {
		if v := strings.ToLower(strings.TrimSpace(attribute(n, k))); strings.HasPrefix(v, "http:") || strings.HasPrefix(v, "https:") || strings.HasPrefix(v, "//") {
			p.remote = true
		}
	}
	if n.DataAtom == atom.Link && attribute(n, "href") != "" {
		p.remote = true
	}
}

// hidden says whether an element is styled not to be seen, as tracking texts are.
func hidden(n *html.Node) bool {
	style := strings.ToLower(strings.ReplaceAll(attribute(n, "style"), " ", ""))
	if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
		return true
	}
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
	}
	return false
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
