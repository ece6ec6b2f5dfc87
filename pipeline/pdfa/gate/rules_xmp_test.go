package gate

import "strings"

// extension adds an extension schema for the property own:thing and uses it.
func extension(edits ...string) func(p *testPDF) {
	return func(p *testPDF) {
		x := `<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>Own</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://own.example/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>own</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>thing</pdfaProperty:name>
<pdfaProperty:valueType>Thing</pdfaProperty:valueType>
<pdfaProperty:category>external</pdfaProperty:category>
<pdfaProperty:description>a thing</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
<pdfaSchema:valueType><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaType:type>Thing</pdfaType:type>
<pdfaType:namespaceURI>http://own.example/thing</pdfaType:namespaceURI>
<pdfaType:prefix>ot</pdfaType:prefix>
<pdfaType:description>type of thing</pdfaType:description>
<pdfaType:field><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaField:name>size</pdfaField:name>
<pdfaField:valueType>Integer</pdfaField:valueType>
<pdfaField:description>how large</pdfaField:description>
</rdf:li></rdf:Seq></pdfaType:field>
</rdf:li></rdf:Seq></pdfaSchema:valueType>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
<own:thing rdf:parseType="Resource"><ot:size>3</ot:size></own:thing>`
		for i := 0; i < len(edits); i += 2 {
			if !strings.Contains(x, edits[i]) {
				p.t.Fatalf("the extension schema does not contain %q", edits[i])
			}
			x = strings.ReplaceAll(x, edits[i], edits[i+1])
		}
		p.property(`xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" `+
			`xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" `+
			`xmlns:pdfaType="http://www.aiim.org/pdfa/ns/type#" xmlns:pdfaField="http://www.aiim.org/pdfa/ns/field#" `+
			`xmlns:own="http://own.example/" xmlns:ot="http://own.example/thing" xmlns:z="http://z.example/"`, x)
	}
}

// has adds a property of a predefined schema.
func has(ns, xml string) func(p *testPDF) {
	return func(p *testPDF) { p.property(ns, xml) }
}

const (
	dc     = `xmlns:d2="http://purl.org/dc/elements/1.1/"`
	exif   = `xmlns:exif="http://ns.adobe.com/exif/1.0/"`
	mm     = `xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stRef="http://ns.adobe.com/xap/1.0/sType/ResourceRef#"`
	rights = `xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"`
	pdf    = `xmlns:pdf="http://ns.adobe.com/pdf/1.3/"`
)

// drop adds the extension schema without one of its fields.
func drop(tag string) func(p *testPDF) {
	return func(p *testPDF) {
		extension()(p)
		x := string(p.streams[objXMP])
		from := strings.Index(x, "<"+tag+">")
		to := strings.Index(x, "</"+tag+">")
		p.xmp(x[from:to+len(tag)+3], "")
	}
}

func xmpCases() []ruleCase {
	return slicesOf(packetCases(), valueCases(), extensionCases())
}

func packetCases() []ruleCase {
	return []ruleCase{
		{name: "no metadata", rule: "6.6.2.1-1", edit: func(p *testPDF) { p.edit(objCatalog, "/Metadata 4 0 R", "") }},
		{name: "metadata without Type", rule: "6.6.2.1-1", edit: func(p *testPDF) { p.edit(objXMP, "/Type /Metadata", "") }},
		{name: "bytes", rule: "6.6.2.1-2", edit: func(p *testPDF) { p.xmp(`Tczkc9d"?>`, `Tczkc9d" bytes="99"?>`) }},
		{name: "encoding", rule: "6.6.2.1-3", edit: func(p *testPDF) { p.xmp(`Tczkc9d"?>`, `Tczkc9d" encoding="UTF-8"?>`) }},
		{name: "not well-formed", rule: "6.6.2.1-4", edit: func(p *testPDF) { p.xmp("</rdf:RDF>", "</rdf:RDG>") }},
		{name: "attributes without space", rule: "6.6.2.1-4", edit: func(p *testPDF) { p.xmp(`rdf:about="" `, `rdf:about=""`) }},
		{name: "instruction of no name", rule: "6.6.2.1-4", edit: func(p *testPDF) { p.xmp("<?xpacket begin", "<?x`acket begin") }},
		{name: "CDATA", rule: "6.6.2.1-4", edit: func(p *testPDF) { p.xmp("Probe", "<![CDATA[Probe]]>") }},
		{name: "instruction within", rule: "6.6.2.1-4", edit: func(p *testPDF) { p.xmp("<!-- more -->", "<?foo bar?>") }},
		{name: "statement with ID", rule: "6.6.2.1-4", edit: func(p *testPDF) {
			p.xmp("<xmp:CreateDate>", `<xmp:CreateDate rdf:ID="x">`)
		}},
		{name: "no RDF", rule: "6.6.2.1-4", edit: func(p *testPDF) {
			p.stream(objXMP, "/Type /Metadata /Subtype /XML", "<a/>")
		}, stricter: "the referee finds nothing to look at, and then no claim"},
		{name: "property twice", rule: "6.6.2.1-4", edit: func(p *testPDF) {
			p.xmp("<!-- more -->", "<xmp:CreateDate>2026</xmp:CreateDate>")
		}},
		{name: "latin 1", rule: "6.6.2.1-5", edit: func(p *testPDF) { p.xmp("Probe", "Pr\xf6be") },
			stricter: "the referee calls it not well-formed"},
		{name: "no claim", rule: "6.6.4-1", edit: func(p *testPDF) {
			p.xmp("<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>", "")
		}},
		{name: "part 7", rule: "6.6.4-2", edit: func(p *testPDF) { p.xmp("part>2<", "part>7<") }},
		{name: "level C", rule: "6.6.4-3", edit: level("C")},
		{name: "level in small letters", rule: "6.6.4-3", edit: level("a")},
		{name: "prefix of part", rule: "6.6.4-4", edit: func(p *testPDF) {
			p.xmp("<pdfaid:part>2</pdfaid:part>", `<x2:part xmlns:x2="http://www.aiim.org/pdfa/ns/id/">2</x2:part>`)
		}},
		{name: "prefix of conformance", rule: "6.6.4-5", edit: func(p *testPDF) {
			p.xmp("<pdfaid:conformance>A</pdfaid:conformance>",
				`<x2:conformance xmlns:x2="http://www.aiim.org/pdfa/ns/id/">A</x2:conformance>`)
		}},
		{name: "prefix of amd", rule: "6.6.4-6", edit: has(`xmlns:x2="http://www.aiim.org/pdfa/ns/id/"`, "<x2:amd>1</x2:amd>")},
		{name: "prefix of corr", rule: "6.6.4-7", edit: has(`xmlns:x2="http://www.aiim.org/pdfa/ns/id/"`, "<x2:corr>1</x2:corr>")},
	}
}

func valueCases() []ruleCase {
	const types = "6.6.2.3.1-2"
	return []ruleCase{
		{name: "unknown schema", rule: "6.6.2.3.1-1", edit: has(`xmlns:own="http://own.example/"`, "<own:thing>1</own:thing>")},
		{name: "unknown property", rule: "6.6.2.3.1-1", edit: has(pdf, "<pdf:Foo>1</pdf:Foo>")},
		{name: "date wrong", rule: types, edit: func(p *testPDF) { p.xmp("2026-01-02T03:04:05+01:00", "02.01.2026") }},
		{name: "date of month", edit: func(p *testPDF) { p.xmp("2026-01-02T03:04:05+01:00", "2026-01") }},
		{name: "date without zone", edit: func(p *testPDF) { p.xmp("2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05") }},
		{name: "date with month 13", stricter: lax, rule: types, edit: func(p *testPDF) { p.xmp("2026-01-02T03:04:05+01:00", "2026-13-02") }},
		{name: "title as text", rule: types, edit: func(p *testPDF) {
			p.xmp(`<rdf:Alt><rdf:li xml:lang="x-default">Probe</rdf:li></rdf:Alt>`, "Probe")
		}},
		{name: "title without language", rule: types, edit: func(p *testPDF) { p.xmp(` xml:lang="x-default"`, "") }},
		{name: "creator as bag", rule: types, edit: has(dc, "<d2:creator><rdf:Bag><rdf:li>x</rdf:li></rdf:Bag></d2:creator>")},
		{name: "creator as seq", edit: has(dc, "<d2:creator><rdf:Seq><rdf:li>x</rdf:li></rdf:Seq></d2:creator>")},
		{name: "format", edit: has(dc, "<d2:format>application/pdf</d2:format>")},
		{name: "format wrong", rule: types, edit: has(dc, "<d2:format>pdf</d2:format>")},
		{name: "language code", edit: has(dc, "<d2:language><rdf:Bag><rdf:li>de-DE</rdf:li></rdf:Bag></d2:language>")},
		{name: "trapped", rule: "6.6.2.3.1-1", edit: has(pdf, "<pdf:Trapped>False</pdf:Trapped>")},
		{name: "marked", edit: has(rights, "<xmpRights:Marked>True</xmpRights:Marked>")},
		{name: "marked wrong", rule: types, edit: has(rights, "<xmpRights:Marked>yes</xmpRights:Marked>")},
		{name: "producer and keywords", edit: has(pdf, "<pdf:Producer>x</pdf:Producer><pdf:Keywords>a, b</pdf:Keywords>")},
		{name: "choice", edit: has(exif, "<exif:ColorSpace>1</exif:ColorSpace>")},
		{name: "choice out of the list", edit: has(exif, "<exif:ColorSpace>7</exif:ColorSpace>")},
		{name: "choice wrong", rule: types, edit: has(exif, "<exif:ColorSpace>x</exif:ColorSpace>")},
		{name: "rational", edit: has(exif, "<exif:FNumber>28/10</exif:FNumber>")},
		{name: "rational wrong", stricter: lax, rule: types, edit: has(exif, "<exif:FNumber>2.8</exif:FNumber>")},
		{name: "coordinate", edit: has(exif, "<exif:GPSLatitude>52,31.2N</exif:GPSLatitude>")},
		{name: "coordinate wrong", rule: types, edit: has(exif, "<exif:GPSLatitude>52.5</exif:GPSLatitude>")},
		{name: "structure", edit: has(mm, `<xmpMM:DerivedFrom rdf:parseType="Resource"><stRef:documentID>x</stRef:documentID></xmpMM:DerivedFrom>`)},
		{name: "structure by attributes", edit: has(mm, `<xmpMM:DerivedFrom stRef:documentID="x" stRef:instanceID="y"/>`)},
		{name: "structure as text", rule: types, edit: has(mm, "<xmpMM:DerivedFrom>x</xmpMM:DerivedFrom>")},
		{name: "property as attribute", edit: has(pdf+` pdf:Producer="x"`, "")},
		{name: "property as attribute of the wrong type", rule: types, edit: has(rights+` xmpRights:Marked="x"`, "")},
	}
}

func extensionCases() []ruleCase {
	const base = "6.6.2.3.3-"
	return []ruleCase{
		{name: "extension", edit: extension()},
		{name: "extension value of the wrong type", rule: "6.6.2.3.1-2", edit: extension("<ot:size>3<", "<ot:size>x<")},
		{name: "extension simple type", edit: extension("Type>Thing<", "Type>closed Choice of Integer<",
			`<own:thing rdf:parseType="Resource"><ot:size>3</ot:size></own:thing>`, "<own:thing>3</own:thing>")},
		{name: "extension bag", edit: extension("Type>Thing<", "Type>bag Text<",
			`<own:thing rdf:parseType="Resource"><ot:size>3</ot:size></own:thing>`,
			"<own:thing><rdf:Bag><rdf:li>x</rdf:li></rdf:Bag></own:thing>")},
		{name: "extension bag as text", rule: "6.6.2.3.1-2", edit: extension("Type>Thing<", "Type>bag Text<",
			`<own:thing rdf:parseType="Resource"><ot:size>3</ot:size></own:thing>`, "<own:thing>x</own:thing>")},
		{name: "extension field undefined", rule: "6.6.2.3.2-1", edit: extension("</pdfaSchema:prefix>", "</pdfaSchema:prefix><z:more>1</z:more>")},
		{name: "extension as seq", rule: base + "1", edit: extension("<pdfaExtension:schemas><rdf:Bag>", "<pdfaExtension:schemas><rdf:Seq>",
			"</rdf:Bag></pdfaExtension:schemas>", "</rdf:Seq></pdfaExtension:schemas>")},
		{name: "extension schema name", rule: base + "2", edit: extension("<pdfaSchema:schema>Own</pdfaSchema:schema>",
			"<pdfaSchema:schema><rdf:Bag><rdf:li>Own</rdf:li></rdf:Bag></pdfaSchema:schema>")},
		{name: "extension schema without name", rule: base + "2", edit: drop("pdfaSchema:schema")},
		{name: "extension without namespace", rule: base + "3", edit: drop("pdfaSchema:namespaceURI")},
		{name: "extension without prefix", rule: base + "4", edit: drop("pdfaSchema:prefix")},
		{name: "extension properties in a bag", rule: base + "5", edit: extension("<pdfaSchema:property><rdf:Seq>", "<pdfaSchema:property><rdf:Bag>",
			"</rdf:Seq></pdfaSchema:property>", "</rdf:Bag></pdfaSchema:property>")},
		{name: "extension types in a bag", rule: base + "6", edit: extension("<pdfaSchema:valueType><rdf:Seq>", "<pdfaSchema:valueType><rdf:Bag>",
			"</rdf:Seq></pdfaSchema:valueType>", "</rdf:Bag></pdfaSchema:valueType>")},
		{name: "extension property name", rule: base + "7", edit: drop("pdfaProperty:name")},
		{name: "extension property type", rule: base + "8", edit: extension("Type>Thing<", "Type>Foo<")},
		{name: "extension property category", rule: base + "9", edit: extension(">external<", ">other<")},
		{name: "extension property description", rule: base + "10", edit: drop("pdfaProperty:description")},
		{name: "extension type name", rule: base + "11", edit: drop("pdfaType:type")},
		{name: "extension type namespace", rule: base + "12", edit: drop("pdfaType:namespaceURI")},
		{name: "extension type prefix", rule: base + "13", edit: drop("pdfaType:prefix")},
		{name: "extension type description", rule: base + "14", edit: drop("pdfaType:description")},
		{name: "extension fields in a bag", rule: base + "15", edit: extension("<pdfaType:field><rdf:Seq>", "<pdfaType:field><rdf:Bag>",
			"</rdf:Seq></pdfaType:field>", "</rdf:Bag></pdfaType:field>")},
		{name: "extension field name", rule: base + "16", edit: drop("pdfaField:name")},
		{name: "extension field type", rule: base + "17", edit: extension(">Integer<", ">Foo<")},
		{name: "extension field description", rule: base + "18", edit: drop("pdfaField:description")},
	}
}
