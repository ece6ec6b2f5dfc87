package gate

import (
	"fmt"
	"strings"
)

// simple replaces the font by a simple one and shows "A" in it.
func simple(p *testPDF, font, descriptor string, program []byte) {
	key := "/FontFile2"
	file := p.addStream(fmt.Sprintf("/Length1 %d", len(program)), string(program))
	desc := p.add("<< /Type /FontDescriptor /FontName /Probe /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 1000 " +
		"/Descent 0 /CapHeight 1000 /StemV 80 " + descriptor + fmt.Sprintf(" %s %d 0 R >>", key, file))
	p.objects[objFont] = "<< /Type /Font /BaseFont /Probe /ToUnicode 13 0 R " + font + fmt.Sprintf(" /FontDescriptor %d 0 R >>", desc)
	p.stream(objToUnicode, "", strings.NewReplacer("<0000> <FFFF>", "<00> <FF>", "<0001>", "<41>").Replace(toUnicode))
	p.stream(objContent, "", "/P << /MCID 0 >> BDC BT /F1 12 Tf 100 700 Td (A) Tj ET EMC\n")
}

const trueTypeKeys = "/Subtype /TrueType /FirstChar 65 /LastChar 65 /Widths [500]"

// cmapFont uses an embedded CMap for the codes.
func cmapFont(p *testPDF, dict, body string) {
	data := `/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> def
/CMapName /Own def /CMapType 1 def ` + body + `
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 begincidrange <0000> <00FF> 0 endcidrange
endcmap end end`
	n := p.addStream("/Type /CMap /CMapName /Own /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "+dict, data)
	p.edit(objFont, "/Encoding /Identity-H", fmt.Sprintf("/Encoding %d 0 R", n))
}

// typeOne shows "A" in a simple font with a CFF program.
func typeOne(p *testPDF, font, descriptor string) {
	simple(p, "/Subtype /Type1 /FirstChar 65 /LastChar 65 /Widths [500] "+font, descriptor, nil)
	file := p.addStream("/Subtype /Type1C", string(testCFF()))
	for n, o := range p.objects {
		if i := strings.Index(o, "/FontFile2"); i >= 0 && n > objInfo {
			p.objects[n] = o[:i] + fmt.Sprintf("/FontFile3 %d 0 R >>", file)
			if strings.Contains(descriptor, "/CharSet") {
				p.edit(n, "/FontName /Probe", "/FontName /AAAAAA+Probe")
				p.edit(objFont, "/BaseFont /Probe", "/BaseFont /AAAAAA+Probe")
			}
		}
	}
}

func typeOneCases() []ruleCase {
	return []ruleCase{
		{name: "Type 1", edit: func(p *testPDF) { typeOne(p, "/Encoding /WinAnsiEncoding", "/Flags 32") }},
		{name: "Type 1 with its own encoding", edit: func(p *testPDF) { typeOne(p, "", "/Flags 4") }},
		{name: "Type 1 width", rule: "6.2.11.5-1", edit: func(p *testPDF) {
			typeOne(p, "/Encoding /WinAnsiEncoding", "/Flags 32")
			p.edit(objFont, "[500]", "[510]")
		}},
		{name: "Type 1 glyph missing", rule: "6.2.11.4.1-2", edit: func(p *testPDF) {
			typeOne(p, "/Encoding << /Differences [65 /B] >>", "/Flags 32")
		}},
		{name: "Type 1 glyph missing but invisible", stricter: lax, rule: "6.2.11.8-1", edit: func(p *testPDF) {
			typeOne(p, "/Encoding << /Differences [65 /B] >>", "/Flags 32")
			p.stream(objContent, "", "/P << /MCID 0 >> BDC BT 3 Tr /F1 12 Tf 100 700 Td (A) Tj ET EMC")
		}},
		{name: "Type 1 notdef", rule: "6.2.11.8-1", edit: func(p *testPDF) {
			typeOne(p, "/Encoding << /Differences [65 /.notdef] >>", "/Flags 32")
		}},
		{name: "CharSet complete", edit: func(p *testPDF) { typeOne(p, "/Encoding /WinAnsiEncoding", "/Flags 32 /CharSet (/A)") }},
		{name: "CharSet incomplete", rule: "6.2.11.4.2-1", edit: func(p *testPDF) {
			typeOne(p, "/Encoding /WinAnsiEncoding", "/Flags 32 /CharSet (/B)")
		}},
		{name: "CharSet with more", rule: "6.2.11.4.2-1", edit: func(p *testPDF) {
			typeOne(p, "/Encoding /WinAnsiEncoding", "/Flags 32 /CharSet (/A/B)")
		}},
		{name: "Unicode from glyph names", edit: func(p *testPDF) {
			typeOne(p, "/Encoding /WinAnsiEncoding", "/Flags 32")
			p.edit(objFont, "/ToUnicode 13 0 R", "")
		}},
	}
}

func fontCases() []ruleCase {
	return append(slicesOf(compositeCases(), typeOneCases(), typeThreeCases()), []ruleCase{
		{name: "no Type", stricter: lax, rule: "6.2.11.2-1", edit: func(p *testPDF) { p.edit(objFont, "/Type /Font ", "") }},
		{name: "simple subtype", rule: "6.2.11.2-2", edit: func(p *testPDF) { p.edit(objFont, "/Subtype /Type0", "/Subtype /Type9") },
			stricter: "the referee takes an unknown subtype for no font"},
		{name: "no base font", rule: "6.2.11.2-3", edit: func(p *testPDF) {
			simple(p, trueTypeKeys+" /Encoding /WinAnsiEncoding", "/Flags 32", testTrueType(testCmap{3, 1, 65}))
			p.edit(objFont, "/BaseFont /Probe", "")
		}},
		{name: "WinAnsi TrueType", edit: func(p *testPDF) {
			simple(p, trueTypeKeys+" /Encoding /WinAnsiEncoding", "/Flags 32", testTrueType(testCmap{3, 1, 65}))
		}},
		{name: "symbolic TrueType", edit: func(p *testPDF) {
			simple(p, trueTypeKeys, "/Flags 4", testTrueType(testCmap{3, 0, 0xF041}))
		}},
		{name: "no first char", rule: "6.2.11.2-4", edit: func(p *testPDF) {
			simple(p, "/Subtype /TrueType /LastChar 65 /Widths [500]", "/Flags 4", testTrueType(testCmap{3, 0, 0xF041}))
		}},
		{name: "no last char", rule: "6.2.11.2-5", edit: func(p *testPDF) {
			simple(p, "/Subtype /TrueType /FirstChar 65 /Widths [500]", "/Flags 4", testTrueType(testCmap{3, 0, 0xF041}))
		}},
		{name: "too many widths", rule: "6.2.11.2-6", edit: func(p *testPDF) {
			simple(p, "/Subtype /TrueType /FirstChar 65 /LastChar 65 /Widths [500 500]", "/Flags 4", testTrueType(testCmap{3, 0, 0xF041}))
		}},
		{name: "font file subtype", rule: "6.2.11.2-7", edit: func(p *testPDF) {
			p.put(objFontFile, "/Subtype /Foo")
			p.edit(objDescriptor, "/FontFile2", "/FontFile3")
		}},
		{name: "no usable cmap", rule: "6.2.11.6-1", edit: func(p *testPDF) {
			simple(p, trueTypeKeys+" /Encoding /WinAnsiEncoding", "/Flags 32", testTrueType(testCmap{3, 0, 0xF041}))
		}},
		{name: "standard encoding in TrueType", rule: "6.2.11.6-2", edit: func(p *testPDF) {
			simple(p, trueTypeKeys+" /Encoding /StandardEncoding", "/Flags 32", testTrueType(testCmap{3, 1, 65}))
		}},
		{name: "differences out of the list", rule: "6.2.11.6-2", edit: func(p *testPDF) {
			simple(p, trueTypeKeys+" /Encoding << /BaseEncoding /WinAnsiEncoding /Differences [65 /g17] >>", "/Flags 32",
				testTrueType(testCmap{3, 1, 65}))
		}},
		{name: "differences in the list", edit: func(p *testPDF) {
			simple(p, trueTypeKeys+" /Encoding << /BaseEncoding /WinAnsiEncoding /Differences [65 /A] >>", "/Flags 32",
				testTrueType(testCmap{3, 1, 65}))
		}},
		{name: "symbolic with encoding", rule: "6.2.11.6-3", edit: func(p *testPDF) {
			simple(p, trueTypeKeys+" /Encoding /WinAnsiEncoding", "/Flags 4", testTrueType(testCmap{3, 0, 0xF041}))
		}},
		{name: "symbolic with two cmaps", rule: "6.2.11.6-4", edit: func(p *testPDF) {
			simple(p, trueTypeKeys, "/Flags 4", testTrueType(testCmap{1, 0, 65}, testCmap{3, 1, 65}))
		}},
		{name: "simple width", rule: "6.2.11.5-1", edit: func(p *testPDF) {
			simple(p, strings.Replace(trueTypeKeys, "500", "502", 1), "/Flags 4", testTrueType(testCmap{3, 0, 0xF041}))
		}},
		{name: "width off by one", edit: func(p *testPDF) {
			simple(p, strings.Replace(trueTypeKeys, "500", "501", 1), "/Flags 4", testTrueType(testCmap{3, 0, 0xF041}))
		}},
		{name: "standard font not embedded", rule: "6.2.11.4.1-1", edit: func(p *testPDF) {
			p.objects[objFont] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
			p.stream(objContent, "", "/P << /MCID 0 >> BDC BT /F1 12 Tf (A) Tj ET EMC")
		}},
		{name: "not embedded but invisible", edit: func(p *testPDF) {
			p.objects[objFont] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
			p.stream(objContent, "", "/P << /MCID 0 >> BDC BT 3 Tr /F1 12 Tf (A) Tj ET EMC")
		}},
		{name: "selected but not used", edit: func(p *testPDF) {
			p.resources("/X << >>")
			p.edit(objPage, "/F1 9 0 R", "/F1 9 0 R /F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
			p.draw("BT /F2 9 Tf ET")
		}},
		{name: "no Unicode", rule: "6.2.11.7.2-1", edit: func(p *testPDF) { p.edit(objFont, "/ToUnicode 13 0 R", "") }},
		{name: "no Unicode at level b", flavour: "2b", edit: func(p *testPDF) { level("B")(p); p.edit(objFont, "/ToUnicode 13 0 R", "") }},
		{name: "Unicode zero", rule: "6.2.11.7.2-2", edit: func(p *testPDF) {
			p.stream(objToUnicode, "", strings.Replace(toUnicode, "<0041>", "<0000>", 1))
		}},
		{name: "Unicode FEFF", rule: "6.2.11.7.2-2", edit: func(p *testPDF) {
			p.stream(objToUnicode, "", strings.Replace(toUnicode, "<0041>", "<FEFF>", 1))
		}},
		{name: "Unicode private", rule: "6.2.11.7.3-1", edit: func(p *testPDF) {
			p.stream(objToUnicode, "", strings.Replace(toUnicode, "<0041>", "<E000>", 1))
		}},
		{name: "Unicode private with actual text", edit: func(p *testPDF) {
			p.stream(objToUnicode, "", strings.Replace(toUnicode, "<0041>", "<E000>", 1))
			p.put(objElement, "/ActualText (A)")
		}},
		{name: "Unicode private in a span", edit: func(p *testPDF) {
			p.stream(objToUnicode, "", strings.Replace(toUnicode, "<0041>", "<E000>", 1))
			p.stream(objContent, "", "/P << /MCID 0 >> BDC /Span << /ActualText (A) >> BDC BT /F1 12 Tf <0001> Tj ET EMC EMC")
		}},
	}...)
}

func compositeCases() []ruleCase {
	return []ruleCase{
		{name: "CMap not embedded", rule: "6.2.11.3.3-1", edit: func(p *testPDF) { p.edit(objFont, "/Identity-H", "/Foo-H") }},
		{name: "CMap embedded", edit: func(p *testPDF) { cmapFont(p, "", "") }},
		{name: "writing mode", rule: "6.2.11.3.3-2", edit: func(p *testPDF) { cmapFont(p, "/WMode 1", "/WMode 0 def") }},
		{name: "uses another CMap", rule: "6.2.11.3.3-3", edit: func(p *testPDF) { cmapFont(p, "/UseCMap /Foo-H", "/Foo-H usecmap") }},
		{name: "code outside of the encoding", rule: "6.2.11.8-1", edit: func(p *testPDF) {
			cmapFont(p, "", "")
			n := 0
			for i, s := range p.streams {
				if i > objInfo && strings.Contains(string(s), "begincidrange") {
					n = i
				}
			}
			p.streams[n] = []byte(strings.Replace(string(p.streams[n]), "<0000> <FFFF>", "<4000> <FFFF>", 1))
		}},
		{name: "collections differ", rule: "6.2.11.3.1-1", edit: func(p *testPDF) {
			cmapFont(p, "", "")
			p.edit(objCIDFont, "(Identity)", "(Other)")
		}},
		{name: "CID too large", rule: "6.1.13-10", edit: func(p *testPDF) {
			cmapFont(p, "", "1 begincidrange <8000> <8001> 65535 endcidrange")
		}},
		{name: "CJK CMap", rule: ruleUnchecked, edit: func(p *testPDF) {
			p.edit(objFont, "/Identity-H", "/UniGB-UCS2-H")
			p.edit(objCIDFont, "(Identity)", "(GB1)")
		}, stricter: "the gate has no tables of predefined CMaps"},
		{name: "no CIDToGIDMap", rule: "6.2.11.3.2-1", edit: func(p *testPDF) { p.edit(objCIDFont, "/CIDToGIDMap /Identity", "") }},
		{name: "CIDToGIDMap stream", edit: func(p *testPDF) {
			n := p.addStream("", "\x00\x00\x00\x01")
			p.edit(objCIDFont, "/CIDToGIDMap /Identity", fmt.Sprintf("/CIDToGIDMap %d 0 R", n))
		}},
		{name: "composite not embedded", rule: "6.2.11.4.1-1", edit: func(p *testPDF) { p.edit(objDescriptor, "/FontFile2 12 0 R", "") }},
		{name: "glyph missing", rule: "6.2.11.4.1-2", edit: func(p *testPDF) {
			p.stream(objContent, "", "/P << /MCID 0 >> BDC BT /F1 12 Tf <0005> Tj ET EMC")
			p.stream(objToUnicode, "", strings.Replace(toUnicode, "<0001>", "<0005>", 1))
		}},
		{name: "glyph missing but invisible", rule: "6.2.11.8-1", edit: func(p *testPDF) {
			p.stream(objContent, "", "/P << /MCID 0 >> BDC BT 3 Tr /F1 12 Tf <0005> Tj ET EMC")
			p.stream(objToUnicode, "", strings.Replace(toUnicode, "<0001>", "<0005>", 1))
		}},
		{name: "notdef", rule: "6.2.11.8-1", edit: func(p *testPDF) {
			p.stream(objContent, "", "/P << /MCID 0 >> BDC BT /F1 12 Tf <0000> Tj ET EMC")
			p.stream(objToUnicode, "", strings.Replace(toUnicode, "<0001>", "<0000>", 1))
		}},
		{name: "notdef invisible", rule: "6.2.11.8-1", edit: func(p *testPDF) {
			p.stream(objContent, "", "/P << /MCID 0 >> BDC BT 3 Tr /F1 12 Tf <0000> Tj ET EMC")
			p.stream(objToUnicode, "", strings.Replace(toUnicode, "<0001>", "<0000>", 1))
		}},
		{name: "composite width", rule: "6.2.11.5-1", edit: func(p *testPDF) { p.edit(objCIDFont, "/DW 500", "/DW 600") }},
		{name: "composite width in W", edit: func(p *testPDF) { p.edit(objCIDFont, "/DW 500", "/DW 600 /W [1 [500]]") }},
		{name: "composite width in a range", edit: func(p *testPDF) { p.edit(objCIDFont, "/DW 500", "/DW 600 /W [0 9 500]") }},
		{name: "CIDSet incomplete", rule: "6.2.11.4.2-2", edit: func(p *testPDF) {
			n := p.addStream("", "\x80")
			p.put(objDescriptor, fmt.Sprintf("/CIDSet %d 0 R", n))
		}},
		{name: "CIDSet complete", edit: func(p *testPDF) {
			n := p.addStream("", "\xC0")
			p.put(objDescriptor, fmt.Sprintf("/CIDSet %d 0 R", n))
		}},
		{name: "CIDSet without notdef", edit: func(p *testPDF) {
			n := p.addStream("", "\x40")
			p.put(objDescriptor, fmt.Sprintf("/CIDSet %d 0 R", n))
		}},
		{name: "CIDSet with more", rule: "6.2.11.4.2-2", edit: func(p *testPDF) {
			n := p.addStream("", "\xE0")
			p.put(objDescriptor, fmt.Sprintf("/CIDSet %d 0 R", n))
		}},
		{name: "TrueType program in a CIDFontType0", rule: "6.2.11.2-2", edit: func(p *testPDF) {
			p.edit(objCIDFont, "/CIDFontType2", "/CIDFontType0")
		}, stricter: "the referee calls it not embedded"},
		{name: "broken program", rule: "6.2.11.2-2", edit: func(p *testPDF) { p.stream(objFontFile, "", "no font") },
			stricter: "the referee names another rule"},
	}
}

// typeThree shows "A" in a Type 3 font.
func typeThree(p *testPDF, glyph, font string) {
	n := p.addStream("", glyph)
	p.objects[objFont] = fmt.Sprintf("<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] "+
		"/CharProcs << /A %d 0 R >> /Encoding << /Differences [65 /A] >> /FirstChar 65 /LastChar 65 /Widths [500] "+
		"/Resources << >> /ToUnicode 13 0 R %s >>", n, font)
	p.stream(objToUnicode, "", strings.NewReplacer("<0000> <FFFF>", "<00> <FF>", "<0001>", "<41>").Replace(toUnicode))
	p.stream(objContent, "", "/P << /MCID 0 >> BDC BT /F1 12 Tf 100 700 Td (A) Tj ET EMC\n")
}

func typeThreeCases() []ruleCase {
	return []ruleCase{
		{name: "Type 3", edit: func(p *testPDF) { typeThree(p, "500 0 0 0 500 500 d1 0 0 9 9 re f", "") }},
		{name: "Type 3 width", rule: "6.2.11.5-1", edit: func(p *testPDF) { typeThree(p, "600 0 0 0 500 500 d1 0 0 9 9 re f", "") }},
		{name: "Type 3 in CMYK", rule: "6.2.4.3-3", edit: func(p *testPDF) { typeThree(p, "500 0 d0 0 0 0 1 k 0 0 9 9 re f", "") }},
		{name: "Type 3 glyph missing", rule: "6.2.11.4.1-2", edit: func(p *testPDF) {
			typeThree(p, "500 0 d0", "")
			p.edit(objFont, "[65 /A]", "[65 /B]")
		}},
		{name: "Type 3 without Unicode", edit: func(p *testPDF) {
			typeThree(p, "500 0 d0", "")
			p.edit(objFont, "/ToUnicode 13 0 R", "")
		}},
	}
}
