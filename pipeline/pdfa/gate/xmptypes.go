package gate

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

// xmpText lists the predefined schemas and structures with their value types,
// after the XMP Specification of September 2005 and ISO 19005-1 and -2.
//
//go:embed data/xmp.txt
var xmpText string

// xmpTables reads data/xmp.txt.
var xmpTables = sync.OnceValue(func() (t struct {
	properties map[qpair]string
	structs    map[string]*customType
}) {
	t.properties = map[qpair]string{}
	t.structs = map[string]*customType{}
	space := ""
	var st *customType
	for line := range strings.Lines(xmpText) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0][0] == '#':
		case words[0] == "schema":
			space, st = words[2], nil
		case words[0] == "struct":
			st = &customType{space: words[2], fields: map[string]string{}}
			t.structs[strings.ToLower(words[1])] = st
		case st != nil:
			st.fields[words[0]] = strings.Join(words[1:], " ")
		default:
			t.properties[qpair{space, words[0]}] = strings.Join(words[1:], " ")
		}
	}
	return t
})

func xmpProperties() map[qpair]string    { return xmpTables().properties }
func xmpStructs() map[string]*customType { return xmpTables().structs }

// scalarTypes are the simple value types of the XMP Specification, chapter 3;
// nil takes any text.
var scalarTypes = sync.OnceValue(func() map[string]*regexp.Regexp {
	re := regexp.MustCompile
	return map[string]*regexp.Regexp{
		"text": nil, "propername": nil, "agentname": nil, "renditionclass": nil, "xpath": nil, "guid": nil,
		"uri": nil, "url": nil, "choice": nil,
		"boolean":  re(`^(True|False)$`),
		"integer":  re(`^[+-]?\d+$`),
		"real":     re(`^[+-]?(\d+\.?\d*|\.\d+)$`),
		"rational": re(`^\d+/\d+$`),
		"date": re(`^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])` +
			`(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?)?)?)?$`),
		"mimetype":      re(`^[-\w+.]+/[-\w+.]+$`),
		"locale":        re(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`),
		"gpscoordinate": re(`^\d{1,3},\d{1,2}(,\d{1,2}|\.\d+)?[NSEW]$`),
	}
})

// fits tells whether a value is of a type: "Text", "seq Date", "lang alt",
// "bag ResourceRef", "{1|2} Integer", or a type of an extension schema.
func (m *metadata) fits(n *node, kind string, depth int) bool {
	if depth > 16 {
		return false
	}
	if strings.HasPrefix(kind, "{") {
		values, rest, _ := strings.Cut(kind[1:], "}")
		if rest = strings.TrimSpace(rest); rest == "Integer" {
			// Cameras and scanners write numbers that the lists of 2005 do not know;
			// the value type is still right.
			return m.fits(n, rest, depth+1)
		}
		for v := range strings.SplitSeq(values, "|") {
			if n.kind == simpleNode && n.value == v {
				return m.fits(n, rest, depth+1)
			}
		}
		return false
	}
	array, base := splitType(kind)
	if strings.EqualFold(kind, "lang alt") {
		return n.langAlt()
	}
	if array != "" {
		if n.kind != map[string]nodeKind{"bag": bagNode, "seq": seqNode, "alt": altNode}[array] {
			return false
		}
		for _, item := range n.items {
			if !m.fits(item, base, depth+1) {
				return false
			}
		}
		return true
	}
	if t := m.types[base]; t != nil {
		return m.fitsStruct(n, t, depth)
	}
	if t := xmpStructs()[strings.ToLower(base)]; t != nil {
		return m.fitsStruct(n, t, depth)
	}
	re, ok := scalarTypes()[strings.ToLower(base)]
	return ok && n.kind == simpleNode && (re == nil || re.MatchString(n.value))
}

func (m *metadata) fitsStruct(n *node, t *customType, depth int) bool {
	if len(t.fields) == 0 {
		return n.kind == simpleNode
	}
	if n.kind != structNode {
		return false
	}
	for _, f := range n.fields {
		kind, ok := t.fields[f.local]
		if !ok || f.space != t.space || !m.fits(f, kind, depth+1) {
			return false
		}
	}
	return true
}

// langAlt tells whether a value is alternatives by language.
func (n *node) langAlt() bool {
	if n.kind != altNode {
		return false
	}
	for _, item := range n.items {
		if item.kind != simpleNode || item.lang == "" {
			return false
		}
	}
	return true
}
