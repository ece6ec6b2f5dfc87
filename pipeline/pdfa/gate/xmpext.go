package gate

import "strings"

// customType is a value type that an extension schema defines: a structure, or,
// without fields, a name for text.
type customType struct {
	space  string
	fields map[string]string // local name to type
}

// wanted is a field that the tables of ISO 19005-2, 6.6.2.3.3 define.
type wanted struct {
	local, rule string
	kind        nodeKind
	optional    bool
	check       func(m *metadata, value string) bool
}

var (
	wantedSchema = []wanted{
		{"schema", "6.6.2.3.3-2", simpleNode, false, nil},
		{"namespaceURI", "6.6.2.3.3-3", simpleNode, false, nil},
		{"prefix", "6.6.2.3.3-4", simpleNode, false, nil},
		{"property", "6.6.2.3.3-5", seqNode, true, nil},
		{"valueType", "6.6.2.3.3-6", seqNode, true, nil},
	}
	wantedProperty = []wanted{
		{"name", "6.6.2.3.3-7", simpleNode, false, nil},
		{"valueType", "6.6.2.3.3-8", simpleNode, false, (*metadata).knowsType},
		{"category", "6.6.2.3.3-9", simpleNode, false, func(_ *metadata, v string) bool {
			return v == "external" || v == "internal"
		}},
		{"description", "6.6.2.3.3-10", simpleNode, false, nil},
	}
	wantedType = []wanted{
		{"type", "6.6.2.3.3-11", simpleNode, false, nil},
		{"namespaceURI", "6.6.2.3.3-12", simpleNode, false, nil},
		{"prefix", "6.6.2.3.3-13", simpleNode, false, nil},
		{"description", "6.6.2.3.3-14", simpleNode, false, nil},
		{"field", "6.6.2.3.3-15", seqNode, true, nil},
	}
	wantedField = []wanted{
		{"name", "6.6.2.3.3-16", simpleNode, false, nil},
		{"valueType", "6.6.2.3.3-17", simpleNode, false, (*metadata).knowsType},
		{"description", "6.6.2.3.3-18", simpleNode, false, nil},
	}
)

// readExtensions reads and checks the extension schemas of a packet: ISO
// 19005-2, 6.6.2.3.2 and 6.6.2.3.3.
func (c *checker) readExtensions(m *metadata, at place) {
	m.defined, m.types = map[qpair]string{}, map[string]*customType{}
	box := m.find(nsExtension, "schemas")
	if box == nil {
		return
	}
	if box.kind != bagNode || box.prefix != "pdfaExtension" {
		c.report.add("6.6.2.3.3-1", at, "")
	}
	// Types first: properties of any schema may use them.
	for _, s := range box.items {
		for _, t := range itemsOf(s, nsSchema, "valueType") {
			ct := &customType{space: valueOf(t, nsType, "namespaceURI"), fields: map[string]string{}}
			for _, fd := range itemsOf(t, nsType, "field") {
				ct.fields[valueOf(fd, nsField, "name")] = valueOf(fd, nsField, "valueType")
			}
			m.types[valueOf(t, nsType, "type")] = ct
		}
	}
	for _, s := range box.items {
		c.checkWanted(s, nsSchema, "pdfaSchema", wantedSchema, m, at)
		for _, p := range itemsOf(s, nsSchema, "property") {
			c.checkWanted(p, nsProperty, "pdfaProperty", wantedProperty, m, at)
			key := qpair{valueOf(s, nsSchema, "namespaceURI"), valueOf(p, nsProperty, "name")}
			m.defined[key] = valueOf(p, nsProperty, "valueType")
		}
		for _, t := range itemsOf(s, nsSchema, "valueType") {
			c.checkWanted(t, nsType, "pdfaType", wantedType, m, at)
			for _, fd := range itemsOf(t, nsType, "field") {
				c.checkWanted(fd, nsField, "pdfaField", wantedField, m, at)
			}
		}
	}
}

func itemsOf(n *node, space, local string) []*node {
	if f := n.field(space, local); f != nil {
		return f.items
	}
	return nil
}

func valueOf(n *node, space, local string) string {
	if f := n.field(space, local); f != nil {
		return f.value
	}
	return ""
}

// checkWanted compares a structure with its table.
func (c *checker) checkWanted(n *node, space, prefix string, table []wanted, m *metadata, at place) {
	c.budget.spend(64)
	known := map[string]bool{}
	for _, w := range table {
		known[w.local] = true
		f := n.field(space, w.local)
		if f == nil {
			if !w.optional {
				c.report.add(w.rule, at, "")
			}
			continue
		}
		if f.prefix != prefix || f.kind != w.kind || w.check != nil && !w.check(m, f.value) {
			c.report.add(w.rule, at, "")
		}
	}
	for _, f := range n.fields {
		if f.space != space || !known[f.local] {
			c.report.add("6.6.2.3.2-1", at, printable(name(f.prefix+":"+f.local)))
		}
	}
}

// knowsType tells whether a type expression of an extension schema can be
// understood.
func (m *metadata) knowsType(expr string) bool {
	_, base := splitType(expr)
	if _, ok := m.types[base]; ok {
		return true
	}
	_, scalar := scalarTypes()[strings.ToLower(base)]
	_, structure := xmpStructs()[strings.ToLower(base)]
	return scalar || structure
}

// splitType cuts "seq Text" into its array kind and the type of its items. Words
// that only say more about a type ("closed Choice of") are passed over.
func splitType(expr string) (array, base string) {
	words := strings.Fields(expr)
	for len(words) > 1 {
		word := strings.ToLower(words[0])
		switch word {
		case "bag", "seq", "alt":
			if array != "" {
				return array, strings.Join(words, " ")
			}
			array = word
		case "ordered", "unordered", "open", "closed", "array", "choice", "of":
		default:
			return array, strings.Join(words, " ")
		}
		words = words[1:]
	}
	base = strings.Join(words, " ")
	if strings.EqualFold(base, "choice") {
		base = "Text"
	}
	return array, base
}
