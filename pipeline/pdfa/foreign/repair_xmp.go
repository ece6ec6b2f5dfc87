package foreign

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// addMetadata makes the document's XMP packet claim PDF/A (ISO 19005-2, 6.6):
// added to the packet that is there, so that nothing in it is lost, or, where
// that packet breaks rules or is missing, written anew from what is known.
func (m *mender) addMetadata() error {
	source := m.file
	if m.call.Meta != "" {
		f, err := open(context.Background(), m.call.Meta)
		if err != nil {
			return refusal("the original's metadata cannot be read")
		}
		source = f
		m.info = dict{}
		for k, v := range f.info {
			if t, ok := f.get(v).(text); ok {
				m.info[k] = t
			}
		}
		m.id = f.id
		if l := f.text(f.catalog()["Lang"]); m.get(m.catalog()["Lang"]) == nil && plausibleLanguage(decodeText(l)) {
			m.catalog()["Lang"] = l
		}
	}
	old := source.xmp()
	packet, ok := m.extended(old)
	if m.call.Fresh || !ok {
		packet = m.fresh(old)
		if len(old) > 0 {
			m.note("metadata", "")
		}
	}
	m.cleanInfo()
	m.catalog()["Metadata"] = m.add(&stream{dict: dict{"Type": name("Metadata"), "Subtype": name("XML")}, raw: packet})
	return nil
}

// cleanInfo keeps what is text or a name in the information dictionary.
func (m *mender) cleanInfo() {
	info := dict{}
	for k, v := range m.info {
		switch t := m.get(v).(type) {
		case text:
			info[k] = t
		case name:
			if k == "Trapped" {
				info[k] = t
			}
		}
	}
	m.info = info
}

var (
	claimAttribute = regexp.MustCompile(`\s+pdfaid:(?:part|conformance|amd|corr|rev)\s*=\s*(?:"[^"]*"|'[^']*')`)
	claimElement   = regexp.MustCompile(`(?s)<pdfaid:(?:part|conformance|amd|corr|rev)\b[^>]*?(?:/>|>.*?</pdfaid:[a-z]+>)\s*`)
	headPattern    = regexp.MustCompile(`(?s)<\?xpacket\s+begin=.*?\?>`)
	aboutPattern   = regexp.MustCompile(`rdf:about\s*=\s*("[^"<&]*"|'[^'<&]*')`)
	packetHead     = []byte("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n")
)

// extended adds the claim to a packet that is sound XML.
func (m *mender) extended(old []byte) ([]byte, bool) {
	old = bytes.TrimPrefix(bytes.TrimSpace(bytes.ReplaceAll(old, []byte{0}, nil)), []byte("\uFEFF"))
	if len(old) == 0 || !utf8.Valid(old) || !wellFormed(old) {
		return nil, false
	}
	body := headPattern.ReplaceAllLiteral(old, nil)
	body = claimAttribute.ReplaceAllLiteral(body, nil)
	body = claimElement.ReplaceAllLiteral(body, nil)
	end := bytes.LastIndex(body, []byte("</rdf:RDF>"))
	if end < 0 {
		return nil, false
	}
	about := `""`
	if a := aboutPattern.FindSubmatch(body); a != nil {
		about = string(a[1])
	}
	claim := fmt.Sprintf("<rdf:Description rdf:about=%s xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n"+
		"<pdfaid:part>%c</pdfaid:part>\n<pdfaid:conformance>%s</pdfaid:conformance>\n</rdf:Description>\n",
		about, m.flavour()[0], strings.ToUpper(m.flavour()[1:]))
	var out bytes.Buffer
	out.Write(packetHead)
	out.Write(bytes.TrimSpace(body[:end]))
	out.WriteString("\n" + claim)
	out.Write(body[end:])
	if !bytes.Contains(body, []byte("<?xpacket end")) {
		out.WriteString("\n<?xpacket end=\"w\"?>")
	}
	if !wellFormed(out.Bytes()) {
		return nil, false
	}
	return out.Bytes(), true
}

func wellFormed(b []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		if _, err := d.Token(); err == io.EOF {
			return true
		} else if err != nil {
			return false
		}
	}
}

// fresh writes a packet from the information dictionary and from the plain
// values of the old packet.
func (m *mender) fresh(old []byte) []byte {
	v := salvage(old)
	known := func(key string, infoKey name) string {
		if t := m.text(m.info[infoKey]); t != "" {
			return clean(decodeText(t))
		}
		return clean(v[key])
	}
	var b bytes.Buffer
	b.Write(packetHead)
	b.WriteString("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n")
	b.WriteString("<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\"" +
		" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\"" +
		" xmlns:stEvt=\"http://ns.adobe.com/xap/1.0/sType/ResourceEvent#\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n")
	b.WriteString("<dc:format>application/pdf</dc:format>\n")
	container(&b, "dc:title", "Alt", known("title", "Title"))
	container(&b, "dc:creator", "Seq", known("creator", "Author"))
	container(&b, "dc:description", "Alt", known("description", "Subject"))
	container(&b, "dc:rights", "Alt", clean(v["rights"]))
	element(&b, "pdf:Keywords", known("Keywords", "Keywords"))
	producer := known("Producer", "Producer")
	element(&b, "pdf:Producer", producer)
	element(&b, "xmp:CreatorTool", known("CreatorTool", "Creator"))
	element(&b, "xmp:CreateDate", m.date("CreationDate", v["CreateDate"]))
	element(&b, "xmp:ModifyDate", m.date("ModDate", v["ModifyDate"]))
	if at, ok := m.when(); ok {
		when := at.Format(time.RFC3339)
		element(&b, "xmp:MetadataDate", when)
		b.WriteString("<xmpMM:History><rdf:Seq><rdf:li rdf:parseType=\"Resource\">\n")
		element(&b, "stEvt:action", "converted")
		element(&b, "stEvt:when", when)
		element(&b, "stEvt:softwareAgent", m.call.Agent)
		element(&b, "stEvt:parameters", strings.TrimSpace("to PDF/A; produced by "+producer))
		b.WriteString("</rdf:li></rdf:Seq></xmpMM:History>\n")
	}
	element(&b, "pdfaid:part", m.flavour()[:1])
	element(&b, "pdfaid:conformance", strings.ToUpper(m.flavour()[1:]))
	b.WriteString("</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>")
	return b.Bytes()
}

func element(b *bytes.Buffer, tag, value string) {
	if value == "" {
		return
	}
	b.WriteString("<" + tag + ">")
	_ = xml.EscapeText(b, []byte(value)) // a bytes.Buffer does not fail
	b.WriteString("</" + tag + ">\n")
}

func container(b *bytes.Buffer, tag, kind, value string) {
	if value == "" {
		return
	}
	lang := ""
	if kind == "Alt" {
		lang = ` xml:lang="x-default"`
	}
	b.WriteString("<" + tag + "><rdf:" + kind + "><rdf:li" + lang + ">")
	_ = xml.EscapeText(b, []byte(value))
	b.WriteString("</rdf:li></rdf:" + kind + "></" + tag + ">\n")
}

// clean drops what XML or a single line does not bear.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case r < 0x20 || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF:
			return -1
		}
		return r
	}, s))
}

// salvage collects the text of simple properties of a packet by local name, as
// far as it can be read.
func salvage(old []byte) map[string]string {
	out := map[string]string{}
	d := xml.NewDecoder(bytes.NewReader(old))
	d.Strict = false
	var path []string
	for {
		tok, err := d.Token()
		if err != nil {
			return out
		}
		switch t := tok.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			for _, a := range t.Attr {
				if t.Name.Local == "Description" && out[a.Name.Local] == "" {
					out[a.Name.Local] = a.Value
				}
			}
		case xml.EndElement:
			if len(path) > 0 {
				path = path[:len(path)-1]
			}
		case xml.CharData:
			key := ""
			for i := len(path) - 1; i >= 0 && key == ""; i-- {
				switch path[i] {
				case "li", "Alt", "Seq", "Bag":
				default:
					key = path[i]
				}
			}
			if s := strings.TrimSpace(string(t)); s != "" && out[key] == "" && key != "" {
				out[key] = s
			}
		}
	}
}

// date gives a date of the information dictionary, or else one of the packet, in
// the notation of XMP (ISO 8601).
func (m *mender) date(key name, fallback string) string {
	if t, ok := pdfDate(decodeText(m.text(m.info[key]))); ok {
		return t
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if _, err := time.Parse(layout, fallback); err == nil {
			if layout == "2006-01-02T15:04:05" || layout == "2006-01-02T15:04" {
				return fallback + "Z"
			}
			return fallback
		}
	}
	return ""
}

var datePattern = regexp.MustCompile(`^D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([Z+-])(\d\d)?'?(\d\d)?'?)?`)

// pdfDate reads a date of ISO 32000-1, 7.9.4. Missing parts are the lowest.
func pdfDate(s string) (string, bool) {
	p := datePattern.FindStringSubmatch(strings.TrimSpace(s))
	if p == nil {
		return "", false
	}
	part := func(i int, or string) string {
		if p[i] == "" {
			return or
		}
		return p[i]
	}
	zone := "Z"
	if p[7] == "+" || p[7] == "-" {
		zone = p[7] + part(8, "00") + ":" + part(9, "00")
	}
	t := fmt.Sprintf("%s-%s-%sT%s:%s:%s%s", p[1], part(2, "01"), part(3, "01"), part(4, "00"), part(5, "00"), part(6, "00"), zone)
	if _, err := time.Parse(time.RFC3339, t); err != nil {
		return "", false
	}
	return t, true
}
