package gate

import (
	"fmt"
	"strings"
)

// appearance is an empty appearance stream.
func appearance(p *testPDF) string { return fmt.Sprintf("%d 0 R", p.form("")) }

// widget adds a form field with its widget.
func widget(p *testPDF, keys string) int {
	n := p.annot("/Subtype /Widget /F 4 /T (x) " + keys)
	p.put(objCatalog, fmt.Sprintf("/AcroForm << /Fields [%d 0 R] >>", n))
	return n
}

func link(action string) func(p *testPDF) {
	return func(p *testPDF) { p.annot("/Subtype /Link /F 4 /A << " + action + " >>") }
}

func annotCases() []ruleCase {
	return []ruleCase{
		{name: "link", edit: link("/S /URI /URI (https://example.org)")},
		{name: "sound annotation", rule: "6.3.1-1", edit: func(p *testPDF) {
			p.annot("/Subtype /Sound /F 4 /AP << /N " + appearance(p) + " >>")
		}},
		{name: "unknown annotation", rule: "6.3.1-1", edit: func(p *testPDF) {
			p.annot("/Subtype /Foo /F 4 /AP << /N " + appearance(p) + " >>")
		}},
		{name: "no flags", rule: "6.3.2-1", edit: func(p *testPDF) { p.annot("/Subtype /Link") }},
		{name: "popup without flags", edit: func(p *testPDF) { p.annot("/Subtype /Popup") }},
		{name: "hidden", rule: "6.3.2-2", edit: func(p *testPDF) { p.annot("/Subtype /Link /F 6") }},
		{name: "not printed", rule: "6.3.2-2", edit: func(p *testPDF) { p.annot("/Subtype /Link /F 0") }},
		{name: "toggle no view", rule: "6.3.2-2", edit: func(p *testPDF) { p.annot("/Subtype /Link /F 260") }},
		{name: "no appearance", rule: "6.3.3-1", edit: func(p *testPDF) { p.annot("/Subtype /Square /F 4") }},
		{name: "no appearance needed", edit: func(p *testPDF) {
			n := p.annot("/Subtype /Square /F 4")
			p.edit(n, "[10 10 100 100]", "[10 10 10 10]")
		}},
		{name: "rollover appearance", rule: "6.3.3-2", edit: func(p *testPDF) {
			a := appearance(p)
			p.annot("/Subtype /Square /F 4 /AP << /N " + a + " /R " + a + " >>")
		}},
		{name: "button with one appearance", rule: "6.3.3-3", edit: func(p *testPDF) {
			widget(p, "/FT /Btn /AP << /N "+appearance(p)+" >>")
		}},
		{name: "button with states", edit: func(p *testPDF) {
			widget(p, "/FT /Btn /AS /Off /AP << /N << /Off "+appearance(p)+" >> >>")
		}},
		{name: "button with states of nothing", rule: "6.3.3-3", edit: func(p *testPDF) {
			widget(p, "/FT /Btn /AS /Off /AP << /N << /Off null >> >>")
		}},
		{name: "text field with states", rule: "6.3.3-4", edit: func(p *testPDF) {
			widget(p, "/FT /Tx /AP << /N << /Off "+appearance(p)+" >> >>")
		}},
		{name: "appearance in CMYK", rule: "6.2.4.3-3", edit: func(p *testPDF) {
			n := p.addStream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << >>", "0 0 0 1 k 0 0 9 9 re f")
			p.annot(fmt.Sprintf("/Subtype /Square /F 4 /AP << /N %d 0 R >>", n))
		}},
		{name: "widget action", rule: "6.4.1-1", edit: func(p *testPDF) {
			widget(p, "/FT /Tx /A << /S /URI /URI (x) >> /AP << /N "+appearance(p)+" >>")
		}},
		{name: "field action", rule: "6.4.1-2", edit: func(p *testPDF) {
			widget(p, "/FT /Tx /AA << /K << /S /URI /URI (x) >> >> /AP << /N "+appearance(p)+" >>")
		}},
		{name: "need appearances", rule: "6.4.1-3", edit: func(p *testPDF) {
			p.put(objCatalog, "/AcroForm << /Fields [] /NeedAppearances true >>")
		}},
		{name: "XFA", rule: "6.4.2-1", edit: func(p *testPDF) { p.put(objCatalog, "/AcroForm << /Fields [] /XFA () >>") }},
		{name: "needs rendering", rule: "6.4.2-2", edit: func(p *testPDF) { p.put(objCatalog, "/NeedsRendering true") }},
		{name: "signature without range", rule: "6.4.3-1", edit: func(p *testPDF) {
			widget(p, "/FT /Sig /AP << /N "+appearance(p)+" >> /V << /Type /Sig /Filter /Adobe.PPKLite /SubFilter "+
				"/adbe.pkcs7.detached /ByteRange [0 10 20 30] /Contents <00> >>")
		}},
		{name: "signature without certificate", rule: "6.4.3-2", edit: func(p *testPDF) {
			widget(p, "/FT /Sig /AP << /N "+appearance(p)+" >> /V << /Type /Sig /Filter /Adobe.PPKLite /SubFilter "+
				"/adbe.pkcs7.detached /ByteRange [0 10 20 30] /Contents <00> >>")
		}},
		{name: "signature without signer", rule: "6.4.3-3", edit: func(p *testPDF) {
			widget(p, "/FT /Sig /AP << /N "+appearance(p)+" >> /V << /Type /Sig /Filter /Adobe.PPKLite /SubFilter "+
				"/adbe.pkcs7.detached /ByteRange [0 10 20 30] /Contents <00> >>")
		}},
		{name: "launch", rule: "6.5.1-1", edit: link("/S /Launch /F (x)")},
		{name: "script", rule: "6.5.1-1", edit: link("/S /JavaScript /JS (x)")},
		{name: "script after a link", rule: "6.5.1-1", edit: link("/S /URI /URI (x) /Next << /S /JavaScript /JS (x) >>")},
		{name: "script in the names", rule: "6.5.1-1", edit: func(p *testPDF) {
			p.put(objCatalog, "/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (x) >>] >> >>")
		}, stricter: "it runs when the document is opened"},
		{name: "script at opening", rule: "6.5.1-1", edit: func(p *testPDF) {
			p.put(objCatalog, "/OpenAction << /S /JavaScript /JS (x) >>")
		}},
		{name: "script in a bookmark", rule: "6.5.1-1", edit: func(p *testPDF) {
			n := p.add("<< /Title (x) /A << /S /JavaScript /JS (x) >> >>")
			p.put(objCatalog, fmt.Sprintf("/Outlines << /First %d 0 R /Last %d 0 R /Count 1 >>", n, n))
		}},
		{name: "named action", rule: "6.5.1-2", edit: link("/S /Named /N /Print")},
		{name: "known named action", edit: link("/S /Named /N /NextPage")},
		{name: "catalog actions", rule: "6.5.2-1", edit: func(p *testPDF) { p.put(objCatalog, "/AA << >>") }},
		{name: "page actions", rule: "6.5.2-2", edit: func(p *testPDF) { p.put(objPage, "/AA << >>") }},
	}
}

// embed adds an embedded file.
func embed(p *testPDF, spec, stream, data string) {
	n := p.addStream("/Type /EmbeddedFile "+stream, data)
	p.put(objCatalog, fmt.Sprintf("/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec %s /EF << /F %d 0 R >> >>] >> >>", spec, n))
}

func catalogCases() []ruleCase {
	content := func(configs string) func(p *testPDF) {
		return func(p *testPDF) {
			n := p.add("<< /Type /OCG /Name (x) >>")
			configs = strings.ReplaceAll(configs, "OCG", fmt.Sprintf("%d 0 R", n))
			p.put(objCatalog, fmt.Sprintf("/OCProperties << /OCGs [%d 0 R] %s >>", n, configs))
		}
	}
	inner := newTestPDF(nil)
	broken := newTestPDF(nil)
	broken.trailer = ""
	return []ruleCase{
		{name: "page metadata", rule: "6.6.2.3.1-1", edit: func(p *testPDF) {
			n := p.addStream("/Type /Metadata /Subtype /XML", strings.Replace(packet, "<!-- more -->", "<xmp:Foo>1</xmp:Foo>", 1))
			p.put(objPage, fmt.Sprintf("/Metadata %d 0 R", n))
		}},
		{name: "image metadata", rule: "6.6.2.3.1-1", edit: func(p *testPDF) {
			n := p.addStream("/Type /Metadata /Subtype /XML", strings.Replace(packet, "<!-- more -->", "<xmp:Foo>1</xmp:Foo>", 1))
			image(fmt.Sprintf("/Metadata %d 0 R", n))(p)
		}},
		{name: "font metadata not XML", rule: "6.6.2.1-4", edit: func(p *testPDF) {
			n := p.addStream("/Type /Metadata /Subtype /XML", "<a>")
			p.put(objFontFile, fmt.Sprintf("/Metadata %d 0 R", n))
		}},
		{name: "page too small", rule: "6.1.13-11", edit: func(p *testPDF) { p.edit(objPage, "[0 0 595 842]", "[0 0 2 842]") }},
		{name: "page too large", rule: "6.1.13-11", edit: func(p *testPDF) { p.edit(objPage, "[0 0 595 842]", "[0 0 14401 842]") }},
		{name: "page at the limit", edit: func(p *testPDF) { p.edit(objPage, "[0 0 595 842]", "[0 0 14400 3]") }},
		{name: "trim box too small", rule: "6.1.13-11", edit: func(p *testPDF) { p.put(objPage, "/TrimBox [0 0 1 1]") }},
		{name: "permissions", rule: "6.1.12-1", edit: func(p *testPDF) { p.put(objCatalog, "/Perms << /Foo << >> >>") }},
		{name: "signature reference with digest", stricter: lax, rule: "6.1.12-2", edit: func(p *testPDF) {
			p.put(objCatalog, "/Perms << /DocMDP << /Type /Sig /Reference [<< /TransformMethod /DocMDP /DigestMethod /MD5 >>] >> >>")
		}},
		{name: "embedded PDF/A", edit: func(p *testPDF) { embed(p, "/F (a.pdf) /UF (a.pdf)", "", string(inner.bytes())) }},
		{name: "embedded text", rule: "6.8-5", edit: func(p *testPDF) { embed(p, "/F (a.txt) /UF (a.txt)", "", "hello") }},
		{name: "embedded PDF", rule: "6.8-5", edit: func(p *testPDF) { embed(p, "/F (a.pdf) /UF (a.pdf)", "", string(broken.bytes())) }},
		{name: "embedded without UF", rule: "6.8-2", edit: func(p *testPDF) { embed(p, "/F (a.pdf)", "", string(inner.bytes())) }},
		{name: "part 3 without media type", rule: "6.8-1", flavour: "3b", edit: func(p *testPDF) {
			part3(p)
			embed(p, "/F (a) /UF (a) /AFRelationship /Data", "", "hello")
		}},
		{name: "part 3 without relationship", rule: "6.8-3", flavour: "3b", edit: func(p *testPDF) {
			part3(p)
			embed(p, "/F (a) /UF (a)", "/Subtype /text#2Fplain", "hello")
		}},
		{name: "part 3 not associated", rule: "6.8-4", flavour: "3b", edit: func(p *testPDF) {
			part3(p)
			embed(p, "/F (a) /UF (a) /AFRelationship /Data", "/Subtype /text#2Fplain", "hello")
		}},
		{name: "part 3 associated", flavour: "3b", edit: func(p *testPDF) {
			part3(p)
			s := p.addStream("/Type /EmbeddedFile /Subtype /text#2Fplain", "hello")
			n := p.add(fmt.Sprintf("<< /Type /Filespec /F (a) /UF (a) /AFRelationship /Data /EF << /F %d 0 R >> >>", s))
			p.put(objCatalog, fmt.Sprintf("/AF [%d 0 R] /Names << /EmbeddedFiles << /Names [(a) %d 0 R] >> >>", n, n))
		}},
		{name: "optional content", edit: content("/D << /Name (d) /Order [OCG] >>")},
		{name: "configuration without name", rule: "6.9-1", edit: content("/D << >>")},
		{name: "configurations of one name", rule: "6.9-2", edit: content("/D << /Name (d) >> /Configs [<< /Name (d) >>]")},
		{name: "order incomplete", rule: "6.9-3", edit: content("/D << /Name (d) /Order [] >>")},
		{name: "order nested", edit: content("/D << /Name (d) /Order [(label) [OCG]] >>")},
		{name: "usage application", rule: "6.9-4", edit: content("/D << /Name (d) /AS [] >>")},
		{name: "alternate presentations", rule: "6.10-1", edit: func(p *testPDF) {
			p.put(objCatalog, "/Names << /AlternatePresentations << >> >>")
		}},
		{name: "presentation steps", rule: "6.10-2", edit: func(p *testPDF) { p.put(objPage, "/PresSteps << >>") }},
		{name: "requirements", rule: "6.11-1", edit: func(p *testPDF) { p.put(objCatalog, "/Requirements []") }},
	}
}

func part3(p *testPDF) {
	p.xmp("<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A<", "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B<")
}

func levelCases() []ruleCase {
	return []ruleCase{
		{name: "not marked", rule: "6.7.2.2-1", edit: func(p *testPDF) { p.edit(objCatalog, "/Marked true", "/Marked false") }},
		{name: "no structure", rule: "6.7.3.3-1", edit: func(p *testPDF) { p.edit(objCatalog, "/StructTreeRoot 8 0 R", "") }},
		{name: "type unknown", rule: "6.7.3.4-1", edit: func(p *testPDF) { p.edit(objElement, "/S /P", "/S /Foo") }},
		{name: "type mapped", edit: func(p *testPDF) {
			p.edit(objElement, "/S /P", "/S /Foo")
			p.put(objRoot, "/RoleMap << /Foo /P >>")
		}},
		{name: "type mapped in a circle", rule: "6.7.3.4-2", edit: func(p *testPDF) {
			p.edit(objElement, "/S /P", "/S /Foo")
			p.put(objRoot, "/RoleMap << /Foo /Bar /Bar /Foo >>")
		}},
		{name: "standard type mapped", stricter: lax, rule: "6.7.3.4-3", edit: func(p *testPDF) { p.put(objRoot, "/RoleMap << /P /H1 >>") }},
		{name: "language", rule: "6.7.4-1", edit: func(p *testPDF) { p.edit(objCatalog, "(de-DE)", "(not a language)") }},
		{name: "language of an element", rule: "6.7.4-1", edit: func(p *testPDF) { p.put(objElement, "/Lang (de_DE)") }},
		{name: "language of content", rule: "6.7.4-1", edit: func(p *testPDF) { p.draw("/Span << /Lang (1-) >> BDC EMC") }},
		{name: "type not UTF-8", rule: "6.1.8-1", flavour: "2b", edit: func(p *testPDF) {
			level("B")(p)
			p.edit(objElement, "/S /P", "/S /P#FF")
		}},
		{name: "root of the pages is a page", rule: ruleParse, edit: func(p *testPDF) { p.edit(objCatalog, "/Pages 2 0 R", "/Pages 3 0 R") }},
		{name: "level b without structure", flavour: "2b", edit: func(p *testPDF) {
			level("B")(p)
			p.edit(objCatalog, "/StructTreeRoot 8 0 R", "")
			p.edit(objCatalog, "/Marked true", "/Marked false")
		}},
		{name: "level u claimed and checked for b", flavour: "2b", edit: level("U")},
		{name: "level a claimed and checked for u", flavour: "2u", edit: func(*testPDF) {}},
		{name: "level b claimed and checked for u", rule: "6.6.4-3", flavour: "2u", edit: level("B")},
	}
}
