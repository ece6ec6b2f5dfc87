package gate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Namespaces that XMP itself needs.
const (
	nsXML  = "http://www.w3.org/XML/1998/namespace"
	nsRDF  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	nsMeta = "adobe:ns:meta/"
)

// maxElements bounds an XMP packet.
const maxElements = 200_000

var errXML = errors.New("not well-formed XML")

// qname is a name with its namespace and the prefix it was written with.
type qname struct{ space, prefix, local string }

func (q qname) is(space, local string) bool { return q.space == space && q.local == local }

type xmlAttr struct {
	qname
	value string
}

type xmlElement struct {
	qname
	attrs []xmlAttr
	kids  []*xmlElement
	text  strings.Builder
}

func (e *xmlElement) attr(space, local string) (string, bool) {
	for _, a := range e.attrs {
		if a.is(space, local) {
			return a.value, true
		}
	}
	return "", false
}

// parseXML reads a document with one root and keeps the prefixes, which the
// rules of 6.6.2.3.3 and 6.6.4 ask for and encoding/xml does not tell. It also
// gives the contents of the xpacket instructions.
func parseXML(data []byte) (root *xmlElement, packets []string, err error) {
	if bytes.Contains(data, []byte("<![CDATA[")) { // XML, but not the text that XMP values are
		return nil, nil, errXML
	}
	if !wellSpaced(data) {
		return nil, nil, errXML
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = true
	var p xmlParser
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || !p.token(t) {
			return nil, p.packets, errXML
		}
	}
	if p.root == nil || len(p.open) > 0 {
		return nil, p.packets, errXML
	}
	return p.root, p.packets, nil
}

// xmlParser builds the tree of elements.
type xmlParser struct {
	root    *xmlElement
	open    []*xmlElement
	scopes  []map[string]string // namespaces by prefix, of each open element
	packets []string
	count   int
}

// token takes the next token; it says no to what is not well-formed.
func (p *xmlParser) token(t xml.Token) bool {
	switch t := t.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		return p.end(t)
	case xml.CharData:
		if len(p.open) == 0 {
			return len(bytes.Trim(t, " \t\r\n\ufeff")) == 0
		}
		p.open[len(p.open)-1].text.Write(t)
	case xml.Directive:
		return len(p.open) == 0 && bytes.HasPrefix(t, []byte("DOCTYPE"))
	case xml.ProcInst:
		if t.Target == "xpacket" {
			p.packets = append(p.packets, string(t.Inst))
		}
		return len(p.open) == 0 // XMP has no place for it within
	}
	return true
}

func (p *xmlParser) start(t xml.StartElement) bool {
	if p.count++; p.count > maxElements || len(p.open) > maxNesting {
		return false
	}
	scope, ok := declarations(t.Attr)
	if !ok {
		return false
	}
	p.scopes = append(p.scopes, scope)
	e, ok := element(t, p.lookup)
	if !ok || len(p.open) == 0 && p.root != nil {
		return false
	}
	if len(p.open) == 0 {
		p.root = e
	} else {
		up := p.open[len(p.open)-1]
		up.kids = append(up.kids, e)
	}
	p.open = append(p.open, e)
	return true
}

func (p *xmlParser) end(t xml.EndElement) bool {
	n := len(p.open)
	if n == 0 || p.open[n-1].prefix != t.Name.Space || p.open[n-1].local != t.Name.Local {
		return false
	}
	p.open, p.scopes = p.open[:n-1], p.scopes[:n-1]
	return true
}

// lookup finds the namespace of a prefix.
func (p *xmlParser) lookup(prefix string) (string, bool) {
	if prefix == "xml" {
		return nsXML, true
	}
	for i := len(p.scopes) - 1; i >= 0; i-- {
		if uri, ok := p.scopes[i][prefix]; ok {
			return uri, true
		}
	}
	return "", prefix == ""
}

// wellSpaced looks for white space where XML 1.0 asks for it and encoding/xml does
// not: after the target of a processing instruction and between attributes.
func wellSpaced(data []byte) bool {
	space := func(i int) bool { return i < len(data) && bytes.IndexByte([]byte(" \t\r\n"), data[i]) >= 0 }
	for i := 0; i < len(data); i++ {
		if data[i] != '<' {
			continue
		}
		rest := data[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			end := bytes.Index(rest, []byte("-->"))
			if end < 0 {
				return false
			}
			i += end
		case bytes.HasPrefix(rest, []byte("<?")):
			end := bytes.Index(rest, []byte("?>"))
			i += 2
			for i < len(data) && (data[i] >= 0x80 || bytes.IndexByte([]byte("_:.-"), data[i]) >= 0 ||
				isDigit(data[i]) || data[i]|0x20 >= 'a' && data[i]|0x20 <= 'z') {
				i++
			}
			if end < 0 || !space(i) && !bytes.HasPrefix(data[i:], []byte("?>")) {
				return false
			}
			i += bytes.Index(data[i:], []byte("?>"))
		default:
			for i < len(data) && data[i] != '>' {
				if c := data[i]; c == '"' || c == '\'' {
					end := bytes.IndexByte(data[i+1:], c)
					if end < 0 {
						return false
					}
					i += end + 1
					if !space(i+1) && i+1 < len(data) && data[i+1] != '>' && data[i+1] != '/' {
						return false
					}
				}
				i++
			}
		}
	}
	return true
}

// declarations collects the namespace declarations of an element.
func declarations(attrs []xml.Attr) (map[string]string, bool) {
	var scope map[string]string
	for _, a := range attrs {
		prefix := ""
		switch {
		case a.Name.Space == "xmlns":
			prefix = a.Name.Local
			if a.Value == "" {
				return nil, false
			}
		case a.Name.Space == "" && a.Name.Local == "xmlns":
		default:
			continue
		}
		if scope == nil {
			scope = map[string]string{}
		}
		if _, twice := scope[prefix]; twice {
			return nil, false
		}
		scope[prefix] = a.Value
	}
	return scope, true
}

// element resolves the names of an element and its attributes.
func element(t xml.StartElement, lookup func(string) (string, bool)) (*xmlElement, bool) {
	uri, ok := lookup(t.Name.Space)
	if !ok || strings.Contains(t.Name.Local, ":") {
		return nil, false
	}
	e := &xmlElement{qname: qname{uri, t.Name.Space, t.Name.Local}}
	seen := map[[2]string]bool{}
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		if strings.Contains(a.Name.Local, ":") {
			return nil, false
		}
		uri := ""
		if a.Name.Space != "" {
			if uri, ok = lookup(a.Name.Space); !ok {
				return nil, false
			}
		}
		key := [2]string{uri, a.Name.Local}
		if seen[key] {
			return nil, false
		}
		seen[key] = true
		e.attrs = append(e.attrs, xmlAttr{qname{uri, a.Name.Space, a.Name.Local}, a.Value})
	}
	return e, true
}
