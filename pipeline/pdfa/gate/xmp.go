package gate

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Namespaces of ISO 19005-2, 6.6.2.3.3 and 6.6.4.
const (
	nsPDFAID    = "http://www.aiim.org/pdfa/ns/id/"
	nsExtension = "http://www.aiim.org/pdfa/ns/extension/"
	nsSchema    = "http://www.aiim.org/pdfa/ns/schema#"
	nsProperty  = "http://www.aiim.org/pdfa/ns/property#"
	nsType      = "http://www.aiim.org/pdfa/ns/type#"
	nsField     = "http://www.aiim.org/pdfa/ns/field#"
)

// metadata is an XMP packet.
type metadata struct {
	num      int
	missing  bool // there is no metadata stream
	wellMade bool // the stream dictionary says Type and Subtype
	notUTF8  bool
	broken   bool // not XML, not RDF or not decodable
	packets  []string
	fields   []*node
	defined  map[qpair]string // properties of the extension schemas and their types
	types    map[string]*customType
}

// qpair is a name without its prefix.
type qpair struct{ space, local string }

// readMetadata reads the document's packet.
func (c *checker) readMetadata() *metadata {
	s, ok := c.resolve(c.catalog["Metadata"]).(*stream)
	if !ok {
		return &metadata{missing: true}
	}
	return c.readPacket(s)
}

func (c *checker) readPacket(s *stream) *metadata {
	m := &metadata{num: s.num}
	m.wellMade = c.name(s.dict["Type"]) == "Metadata" && c.name(s.dict["Subtype"]) == "XML"
	data, err := c.decode(s)
	if err != nil {
		m.broken = true
		return m
	}
	c.budget.spend(4 * len(data))
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		m.notUTF8 = true
		m.broken = true
		return m
	}
	root, packets, err := parseXML(data)
	m.packets = packets
	if err != nil {
		m.broken = true
		return m
	}
	if m.fields, err = parseRDF(root); err != nil {
		m.broken = true
	}
	return m
}

// find gives a property of the packet.
func (m *metadata) find(space, local string) *node {
	for _, n := range m.fields {
		if n.is(space, local) {
			return n
		}
	}
	return nil
}

// claim tells what the file says it is. Parts that the gate does not know end in
// [ErrPart]; without a claim it is 2b.
func (m *metadata) claim() (flavour, error) {
	part, level := m.find(nsPDFAID, "part"), m.find(nsPDFAID, "conformance")
	fl := flavour{2, 'b'}
	if part == nil {
		return fl, nil
	}
	switch p := strings.TrimSpace(part.value); p {
	case "1", "4":
		return fl, ErrPart
	case "3":
		fl.part = 3
	}
	if level != nil {
		switch v := strings.TrimSpace(level.value); v {
		case "A", "U":
			fl.level = v[0] | 0x20
		}
	}
	return fl, nil
}

// checkMetadata checks the document's packet: ISO 19005-2, 6.6.
func (c *checker) checkMetadata(m *metadata) {
	at := place{num: m.num}
	if m.missing || !m.wellMade {
		c.report.add("6.6.2.1-1", at, "")
	}
	if m.missing {
		c.report.add("6.6.4-1", at, "")
		return
	}
	c.checkPacket(m, m)
	c.mainMetadata = m
	if m.broken {
		return
	}
	c.checkIdentification(m, at)
}

// checkMetadataStream checks another packet, once.
func (c *checker) checkMetadataStream(o object) {
	s, ok := c.resolve(o).(*stream)
	if !ok || c.packets[s.num] || c.mainMetadata != nil && s.num == c.mainMetadata.num {
		return
	}
	c.packets[s.num] = true
	c.checkPacket(c.readPacket(s), c.mainMetadata)
}

// checkPacket checks a packet; main is the document's, whose extension schemas
// count too.
func (c *checker) checkPacket(m, main *metadata) {
	at := place{num: m.num}
	for _, p := range m.packets {
		attrs := packetAttrs(p)
		if _, ok := attrs["bytes"]; ok {
			c.report.add("6.6.2.1-2", at, "")
		}
		if _, ok := attrs["encoding"]; ok {
			c.report.add("6.6.2.1-3", at, "")
		}
	}
	if m.notUTF8 {
		c.report.add("6.6.2.1-5", at, "")
	}
	if m.broken {
		c.report.add("6.6.2.1-4", at, "")
		return
	}
	c.readExtensions(m, at)
	for _, n := range m.fields {
		c.checkProperty(n, m, main, at)
	}
}

// packetAttrs reads the pseudo-attributes of an xpacket instruction.
func packetAttrs(inst string) map[string]string {
	attrs := map[string]string{}
	for {
		key, rest, ok := strings.Cut(inst, "=")
		rest = strings.TrimLeft(rest, " \t\r\n")
		if !ok || rest == "" {
			return attrs
		}
		value, after, ok := strings.Cut(rest[1:], rest[:1])
		if !ok {
			return attrs
		}
		attrs[strings.TrimSpace(key)] = value
		inst = after
	}
}

// checkProperty: ISO 19005-2, 6.6.2.3.1.
func (c *checker) checkProperty(n *node, m, main *metadata, at place) {
	c.budget.spend(64)
	if n.space == nsExtension {
		if n.local != "schemas" {
			c.report.add("6.6.2.3.1-1", at, "pdfaExtension:"+printable(name(n.local)))
		}
		return
	}
	key := qpair{n.space, n.local}
	for _, scope := range []*metadata{m, main} {
		if scope == nil {
			continue
		}
		if kind, ok := scope.defined[key]; ok {
			if !scope.fits(n, kind, 0) {
				c.report.add("6.6.2.3.1-2", at, printable(name(n.prefix+":"+n.local)))
			}
			return
		}
	}
	kind, ok := xmpProperties()[key]
	switch {
	case !ok:
		c.report.add("6.6.2.3.1-1", at, printable(name(n.prefix+":"+n.local)))
	case !m.fits(n, kind, 0):
		c.report.add("6.6.2.3.1-2", at, printable(name(n.prefix+":"+n.local)))
	}
}

// checkIdentification: ISO 19005-2, 6.6.4.
func (c *checker) checkIdentification(m *metadata, at place) {
	part := m.find(nsPDFAID, "part")
	level := m.find(nsPDFAID, "conformance")
	if part == nil && level == nil {
		c.report.add("6.6.4-1", at, "")
		return
	}
	if part == nil || part.value != strconv.Itoa(c.flavour.part) {
		c.report.add("6.6.4-2", at, "")
	}
	accepted := map[byte]string{'a': "A", 'b': "BUA", 'u': "UA"}[c.flavour.level]
	if level == nil || len(level.value) != 1 || !strings.Contains(accepted, level.value) {
		c.report.add("6.6.4-3", at, "")
	}
	for local, rule := range map[string]string{
		"part": "6.6.4-4", "conformance": "6.6.4-5", "amd": "6.6.4-6", "corr": "6.6.4-7",
	} {
		if n := m.find(nsPDFAID, local); n != nil && n.prefix != "pdfaid" {
			c.report.add(rule, at, "")
		}
	}
}
