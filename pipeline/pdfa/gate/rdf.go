package gate

import (
	"errors"
	"strings"
)

// node is a value of the XMP data model (XMP Specification, September 2005,
// chapter 2): simple, a structure or an array.
type node struct {
	qname
	kind   nodeKind
	value  string
	fields []*node // of a structure
	items  []*node // of an array
	lang   string  // xml:lang qualifier
	uri    bool    // the value was given as rdf:resource
}

type nodeKind int

const (
	simpleNode nodeKind = iota
	structNode
	bagNode
	seqNode
	altNode
)

// field finds a field of a structure.
func (n *node) field(space, local string) *node {
	for _, f := range n.fields {
		if f.is(space, local) {
			return f
		}
	}
	return nil
}

var errRDF = errors.New("not the RDF that XMP allows")

// parseRDF turns the elements of a packet into properties. It takes the subset
// of RDF that chapter 4 of the specification describes and nothing else.
func parseRDF(root *xmlElement) ([]*node, error) {
	rdf := root
	if root.is(nsMeta, "xmpmeta") || root.is(nsMeta, "xapmeta") {
		rdf = nil
		for _, k := range root.kids {
			if k.is(nsRDF, "RDF") {
				if rdf != nil {
					return nil, errRDF
				}
				rdf = k
			}
		}
	}
	if rdf == nil || !rdf.is(nsRDF, "RDF") {
		return nil, errRDF
	}
	top := &node{kind: structNode}
	about, has := "", false
	for _, d := range rdf.kids {
		if !d.is(nsRDF, "Description") {
			return nil, errRDF
		}
		a, ok := d.attr(nsRDF, "about")
		if !ok {
			a, _ = d.attr("", "about")
		}
		if has && a != about && a != "" && about != "" {
			return nil, errRDF
		}
		if a != "" || !has {
			about, has = a, true
		}
		if err := top.describe(d, true); err != nil {
			return nil, err
		}
	}
	if strings.TrimSpace(rdf.text.String()) != "" {
		return nil, errRDF
	}
	return top.fields, nil
}

// describe adds the properties of a node element.
func (n *node) describe(e *xmlElement, top bool) error {
	for _, a := range e.attrs {
		switch {
		case a.space == nsRDF && (a.local == "about" || a.local == "ID" || a.local == "nodeID"):
			continue
		case a.space == nsRDF && a.local == "value", a.space == "" && a.local == "about" && top:
			continue
		case a.space == nsXML:
			continue
		case a.space == nsRDF || a.space == "":
			return errRDF
		}
		if err := n.add(&node{qname: a.qname, value: a.value}); err != nil {
			return err
		}
	}
	if strings.TrimSpace(e.text.String()) != "" {
		return errRDF
	}
	for _, k := range e.kids {
		p, err := property(k)
		if err != nil {
			return err
		}
		if err := n.add(p); err != nil {
			return err
		}
	}
	return nil
}

// add adds a field; the same twice is not XMP.
func (n *node) add(p *node) error {
	if p.space == "" {
		return errRDF
	}
	if n.field(p.space, p.local) != nil {
		return errRDF
	}
	n.fields = append(n.fields, p)
	return nil
}

// property reads a property element.
func property(e *xmlElement) (*node, error) {
	n := &node{qname: e.qname}
	if e.space == nsRDF && e.local != "li" && e.local != "value" && e.local != "type" {
		return nil, errRDF
	}
	n.lang, _ = e.attr(nsXML, "lang")
	parse, has := e.attr(nsRDF, "parseType")
	if has {
		if parse != "Resource" {
			return nil, errRDF
		}
		n.kind = structNode
		if err := n.resource(e); err != nil {
			return nil, err
		}
		return n.qualified(), nil
	}
	if uri, ok := e.attr(nsRDF, "resource"); ok {
		if len(e.kids) > 0 || strings.TrimSpace(e.text.String()) != "" {
			return nil, errRDF
		}
		n.value, n.uri = uri, true
		return n, nil
	}
	if short, err := n.shorthand(e); short || err != nil {
		return n, err
	}
	if len(e.kids) == 0 {
		n.value = e.text.String()
		return n, nil
	}
	if len(e.kids) != 1 || strings.TrimSpace(e.text.String()) != "" {
		return nil, errRDF
	}
	return n, n.content(e.kids[0])
}

// resource reads the fields of a parseType="Resource" element.
func (n *node) resource(e *xmlElement) error {
	if strings.TrimSpace(e.text.String()) != "" {
		return errRDF
	}
	for _, k := range e.kids {
		p, err := property(k)
		if err != nil {
			return err
		}
		if err := n.add(p); err != nil {
			return err
		}
	}
	return nil
}

// shorthand reads fields given as attributes of an empty property element.
func (n *node) shorthand(e *xmlElement) (bool, error) {
	n.kind = simpleNode
	found := false
	for _, a := range e.attrs {
		switch {
		case a.space == nsXML:
			continue
		case a.is(nsRDF, "value"):
			n.value, found = a.value, true
			continue
		case a.space == nsRDF:
			if a.local != "datatype" { // rdf:ID would make a statement about the statement
				return true, errRDF
			}
			continue
		case a.space == "":
			return true, errRDF
		}
		found = true
		n.kind = structNode
		if err := n.add(&node{qname: a.qname, value: a.value}); err != nil {
			return true, err
		}
	}
	if !found {
		return false, nil
	}
	if len(e.kids) > 0 || strings.TrimSpace(e.text.String()) != "" {
		return true, errRDF
	}
	if _, ok := e.attr(nsRDF, "value"); ok {
		n.kind, n.fields = simpleNode, nil // the others are qualifiers
	}
	return true, nil
}

// content reads the one element within a property element.
func (n *node) content(k *xmlElement) error {
	switch {
	case k.is(nsRDF, "Bag"):
		n.kind = bagNode
	case k.is(nsRDF, "Seq"):
		n.kind = seqNode
	case k.is(nsRDF, "Alt"):
		n.kind = altNode
	case k.space == nsRDF && k.local != "Description":
		return errRDF
	default:
		n.kind = structNode
		if err := n.describe(k, false); err != nil {
			return err
		}
		*n = *n.qualified()
		return nil
	}
	if strings.TrimSpace(k.text.String()) != "" {
		return errRDF
	}
	for _, li := range k.kids {
		if !li.is(nsRDF, "li") {
			return errRDF
		}
		item, err := property(li)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	return nil
}

// qualified unwraps a value with qualifiers (rdf:value).
func (n *node) qualified() *node {
	v := n.field(nsRDF, "value")
	if v == nil {
		return n
	}
	out := *v
	out.qname = n.qname
	if lang := n.field(nsXML, "lang"); lang != nil {
		out.lang = lang.value
	} else if n.lang != "" {
		out.lang = n.lang
	}
	return &out
}
