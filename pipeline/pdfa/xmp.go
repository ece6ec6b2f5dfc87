package pdfa

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// producer names this program in the files it writes.
const producer = "Blattwerk"

// Provenance properties have a namespace of our own. It is a name, not an
// address: nothing is fetched from it.
const (
	provenanceURI    = "urn:x-blattwerk:provenance:1#"
	provenancePrefix = "bw"
)

// xmpClaim is what a file says about its own conformance.
type xmpClaim struct {
	Part  int    // of ISO 19005
	Level string // "A", "B", "U"
	UA    bool   // PDF/UA-1 (ISO 14289-1) as well
}

// xmpIdentity makes the identifiers of a file from its content, so that the same
// content has the same ones.
type xmpIdentity [sha256.Size]byte

// xmpProperty is one property of our own schema.
type xmpProperty struct {
	name, kind, about string
	value             string // "" leaves the property out
}

// xmpPacket writes the metadata of a file as an XMP packet (ISO 16684-1): UTF-8,
// no padding, read-only, without the attributes that ISO 19005-2, 6.6.2.1
// forbids.
func xmpPacket(meta Meta, claim xmpClaim, id xmpIdentity) []byte {
	meta = meta.plain()
	x := &xmpBuilder{}
	x.line(`<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>`)
	x.line(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">`)

	x.open("dc", "http://purl.org/dc/elements/1.1/")
	x.value("dc:format", "application/pdf")
	x.list("dc:title", "Alt", ` xml:lang="x-default"`, meta.Title)
	x.list("dc:creator", "Seq", "", meta.Author)
	x.list("dc:language", "Bag", "", meta.Language)
	x.close()

	x.open("xmp", "http://ns.adobe.com/xap/1.0/")
	x.value("xmp:CreatorTool", producer)
	if !meta.Created.IsZero() {
		at := meta.Created.Format(time.RFC3339)
		x.value("xmp:CreateDate", at)
		x.value("xmp:ModifyDate", at)
		x.value("xmp:MetadataDate", at)
	}
	x.close()

	x.open("pdf", "http://ns.adobe.com/pdf/1.3/")
	x.value("pdf:Producer", producer)
	x.close()

	x.open("xmpMM", "http://ns.adobe.com/xap/1.0/mm/")
	x.value("xmpMM:DocumentID", id.uuid("document"))
	x.value("xmpMM:InstanceID", id.uuid("instance"))
	x.close()

	x.open("pdfaid", "http://www.aiim.org/pdfa/ns/id/")
	x.value("pdfaid:part", strconv.Itoa(claim.Part))
	x.value("pdfaid:conformance", claim.Level)
	x.close()
	if claim.UA {
		x.open("pdfuaid", uaURI)
		x.value("pdfuaid:part", "1")
		x.close()
	}
	x.provenance(meta.provenance(), claim)

	x.line(`</rdf:RDF></x:xmpmeta>`)
	x.WriteString(`<?xpacket end="r"?>`)
	return x.Bytes()
}

const uaURI = "http://www.aiim.org/pdfua/ns/id/"

// provenance lists what a reader in thirty years may want to know about where a
// file comes from.
func (m Meta) provenance() []xmpProperty {
	p := []xmpProperty{
		{"sourceDigest", "Text", "SHA-256 of the bytes as received, hexadecimal", string(m.SourceDigest)},
		{"sourcePages", "Text", "pages of the received file that this file shows", m.SourcePages},
		{"rescans", "Text", "pages that were scanned again, each with the SHA-256 of the file that it was taken from", m.Rescans},
		{"journal", "Text", "number in the journal of incoming mail", m.Journal},
		{"document", "Text", "identifier of the document in the catalogue", string(m.Document)},
	}
	if m.Engine != "" {
		p = append(p,
			xmpProperty{"engine", "Text", "program that recognised the text", m.Engine},
			xmpProperty{"words", "Integer", "number of recognised words", strconv.Itoa(m.Words)},
			xmpProperty{"confidence", "Real", "mean confidence of the recognised words, 0 to 1, as the engine states it", strconv.FormatFloat(m.Confidence, 'f', 4, 64)})
	}
	return p
}

// provenance writes our own properties and, as ISO 19005-2, 6.6.2.3.3 asks for
// every property that XMP does not know, their description.
func (x *xmpBuilder) provenance(properties []xmpProperty, claim xmpClaim) {
	var given []xmpProperty
	for _, p := range properties {
		if p.value != "" {
			given = append(given, p)
		}
	}
	if len(given) > 0 {
		x.open(provenancePrefix, provenanceURI)
		for _, p := range given {
			x.value(provenancePrefix+":"+p.name, p.value)
		}
		x.close()
	}
	if len(given) == 0 && !claim.UA {
		return
	}
	x.line(`<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"` +
		` xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">`)
	x.line(`<pdfaExtension:schemas><rdf:Bag>`)
	if len(given) > 0 {
		x.schema("Blattwerk provenance", provenanceURI, provenancePrefix, "external", given)
	}
	if claim.UA {
		x.schema("PDF/UA identification", uaURI, "pdfuaid", "internal",
			[]xmpProperty{{name: "part", kind: "Integer", about: "part of ISO 14289 that the file conforms to"}})
	}
	x.line(`</rdf:Bag></pdfaExtension:schemas>`)
	x.close()
}

func (x *xmpBuilder) schema(name, uri, prefix, category string, properties []xmpProperty) {
	x.line(`<rdf:li rdf:parseType="Resource">`)
	x.value("pdfaSchema:schema", name)
	x.value("pdfaSchema:namespaceURI", uri)
	x.value("pdfaSchema:prefix", prefix)
	x.line(`<pdfaSchema:property><rdf:Seq>`)
	for _, p := range properties {
		x.line(`<rdf:li rdf:parseType="Resource">`)
		x.value("pdfaProperty:name", p.name)
		x.value("pdfaProperty:valueType", p.kind)
		x.value("pdfaProperty:category", category)
		x.value("pdfaProperty:description", p.about)
		x.line(`</rdf:li>`)
	}
	x.line(`</rdf:Seq></pdfaSchema:property></rdf:li>`)
}

// xmpBuilder writes RDF/XML.
type xmpBuilder struct{ bytes.Buffer }

func (x *xmpBuilder) line(s string) { x.WriteString(s + "\n") }

func (x *xmpBuilder) open(prefix, uri string) {
	x.line(`<rdf:Description rdf:about="" xmlns:` + prefix + `="` + uri + `">`)
}

func (x *xmpBuilder) close() { x.line(`</rdf:Description>`) }

func (x *xmpBuilder) value(name, value string) {
	x.WriteString("<" + name + ">")
	_ = xml.EscapeText(x, []byte(value)) // a buffer takes everything
	x.line("</" + name + ">")
}

func (x *xmpBuilder) list(name, kind, attributes, value string) {
	if value == "" {
		return
	}
	x.WriteString("<" + name + "><rdf:" + kind + "><rdf:li" + attributes + ">")
	_ = xml.EscapeText(x, []byte(value))
	x.line("</rdf:li></rdf:" + kind + "></" + name + ">")
}

// uuid makes a UUID of version 8 (RFC 9562, 5.8) out of the identity and the
// role it plays.
func (id xmpIdentity) uuid(role string) string {
	sum := sha256.Sum256(append(id[:], role...))
	u := sum[:16]
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	h := hex.EncodeToString(u)
	return "uuid:" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// infoDictionary repeats for old readers what the packet says.
func infoDictionary(meta Meta) string {
	meta = meta.plain()
	var b strings.Builder
	b.WriteString("<< /Producer " + textString(producer) + " /Creator " + textString(producer))
	for _, e := range []struct{ key, value string }{{"Title", meta.Title}, {"Author", meta.Author}} {
		if e.value != "" {
			b.WriteString(" /" + e.key + " " + textString(e.value))
		}
	}
	if !meta.Created.IsZero() {
		at := meta.Created.Format("(D:20060102150405Z)")
		fmt.Fprintf(&b, " /CreationDate %s /ModDate %s", at, at)
	}
	return b.String() + " >>"
}

// maxMetaRunes bounds a title. A PDF string may have 32,767 bytes (ISO 19005-2,
// 6.1.13), which a title in UTF-16 reaches later than this.
const maxMetaRunes = 1000

// plain gives the metadata in the form both places can carry: one line without
// control characters, times in UTC and whole seconds, a language always.
func (m Meta) plain() Meta {
	line := func(s string) string {
		s = strings.Join(strings.FieldsFunc(plainText(s), unicode.IsSpace), " ")
		if r := []rune(s); len(r) > maxMetaRunes {
			s = string(r[:maxMetaRunes-1]) + "…"
		}
		return s
	}
	m.Title, m.Author = line(m.Title), line(m.Author)
	m.Engine, m.Journal, m.SourcePages, m.Rescans = line(m.Engine), line(m.Journal), line(m.SourcePages), line(m.Rescans)
	m.Language = languageTag(m.Language)
	m.Created = m.Created.UTC().Truncate(time.Second)
	return m
}
