package gate

import (
	"fmt"
	"strings"
)

// noIntent takes the output intent away.
func noIntent(p *testPDF) { p.edit(objCatalog, "/OutputIntents [5 0 R]", "") }

// state puts an ExtGState into use.
func state(keys string) func(p *testPDF) {
	return func(p *testPDF) {
		p.resources("/ExtGState << /G1 << /Type /ExtGState " + keys + " >> >>")
		p.draw("/G1 gs")
	}
}

// space paints with a colour space.
func space(p *testPDF, cs, operands string) {
	p.resources("/ColorSpace << /C1 " + cs + " >>")
	p.draw("/C1 cs " + operands + " scn 0 0 10 10 re f")
}

// image paints a grey image of one pixel.
func image(keys string) func(p *testPDF) {
	return func(p *testPDF) {
		cs := " /ColorSpace /DeviceGray"
		if strings.Contains(keys, "/ImageMask") {
			cs = ""
		}
		if !strings.Contains(keys, "/BitsPerComponent") {
			keys += " /BitsPerComponent 8"
		}
		n := p.addStream("/Type /XObject /Subtype /Image /Width 1 /Height 1"+cs+" "+keys, "\x80")
		p.resources(fmt.Sprintf("/XObject << /X1 %d 0 R >>", n))
		p.draw("/X1 Do")
	}
}

// jpx paints a JPEG 2000 image of which there are only the boxes.
func jpx(keys, boxes string) func(p *testPDF) {
	return func(p *testPDF) {
		box := func(kind, body string) string {
			n := len(body) + 8
			return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + kind + body
		}
		data := box("jP  ", "\r\n\x87\n") + box("ftyp", "jp2 \x00\x00\x00\x00jp2 ")
		var inner string
		for b := range strings.SplitSeq(boxes, "|") {
			inner += box(b[:4], b[4:])
		}
		data += box("jp2h", inner) + box("jp2c", "\xff\x4f\xff\x51\x00\x00\xff\xd9")
		n := p.addStream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /Filter /JPXDecode "+keys, data)
		p.resources(fmt.Sprintf("/XObject << /X1 %d 0 R >>", n))
		p.draw("/X1 Do")
	}
}

const (
	ihdr3   = "ihdr\x00\x00\x00\x01\x00\x00\x00\x01\x00\x03\x07\x07\x00\x00"
	colrRGB = "colr\x01\x00\x00\x00\x00\x00\x10"
)

// xobject draws a form.
func xobject(p *testPDF, num int) {
	p.resources(fmt.Sprintf("/XObject << /X1 %d 0 R >>", num))
	p.draw("/X1 Do")
}

func contentCases() []ruleCase {
	return slicesOf(operatorCases(), colourCases(), stateCases(), imageCases())
}

func slicesOf(lists ...[]ruleCase) (all []ruleCase) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func operatorCases() []ruleCase {
	return []ruleCase{
		{name: "unknown operator", rule: "6.2.2-1", edit: func(p *testPDF) { p.draw("1 2 foo") }},
		{name: "unknown operator in BX", rule: "6.2.2-1", edit: func(p *testPDF) { p.draw("BX 1 2 foo EX") }},
		{name: "form without resources", rule: "6.2.2-2", edit: func(p *testPDF) {
			n := p.addStream("/Type /XObject /Subtype /Form /BBox [0 0 10 10]", "BT /F1 9 Tf <0001> Tj ET")
			xobject(p, n)
		}},
		{name: "form with resources", edit: func(p *testPDF) {
			n := p.addStream("/Type /XObject /Subtype /Form /BBox [0 0 10 10] /Resources << /Font << /F1 9 0 R >> >>",
				"BT /F1 9 Tf <0001> Tj ET")
			xobject(p, n)
		}},
		{name: "resources from the parent", rule: "6.2.2-2", edit: func(p *testPDF) {
			p.edit(objPage, "/Resources << /Font << /F1 9 0 R >> >>", "")
			p.put(objPages, "/Resources << /Font << /F1 9 0 R >> >>")
		}},
		{name: "q nested 29", rule: "6.1.13-8", edit: func(p *testPDF) {
			p.draw(strings.Repeat("q ", 29) + strings.Repeat("Q ", 29))
		}},
		{name: "q nested 28", edit: func(p *testPDF) { p.draw(strings.Repeat("q ", 28) + strings.Repeat("Q ", 28)) }},
		{name: "inline image with LZW", rule: "6.1.10-1", edit: func(p *testPDF) {
			p.draw("BI /W 1 /H 1 /BPC 8 /CS /G /F /LZW ID abc EI")
		}},
		{name: "inline image", edit: func(p *testPDF) { p.draw("BI /W 1 /H 1 /BPC 8 /CS /G ID a EI") }},
		{name: "inline image interpolated", rule: "6.2.8-3", edit: func(p *testPDF) {
			p.draw("BI /W 1 /H 1 /BPC 8 /CS /G /I true ID a EI")
		}},
		{name: "hex in content", rule: "6.1.6-1", edit: func(p *testPDF) { p.draw("BT /F1 9 Tf <00010> Tj ET") },
			stricter: "the referee looks at strings of objects only"},
		{name: "integer in content", rule: "6.1.13-1", edit: func(p *testPDF) { p.draw("2147483648 0 m n") }},
		{name: "unfinished string", rule: ruleParse, edit: func(p *testPDF) {
			p.stream(objContent, "", "BT /F1 9 Tf (\x00\x01")
		}, stricter: "the referee reads on"},
	}
}

func colourCases() []ruleCase {
	return []ruleCase{
		{name: "RGB without intent", rule: "6.2.4.3-2", edit: func(p *testPDF) { noIntent(p); p.draw("1 0 0 rg 0 0 9 9 re f") }},
		{name: "RGB set only", rule: "6.2.4.3-2", edit: func(p *testPDF) { noIntent(p); p.draw("1 0 0 rg 0 g") }},
		{name: "grey without intent", rule: "6.2.4.3-4", edit: noIntent},
		{name: "CMYK with RGB intent", rule: "6.2.4.3-3", edit: func(p *testPDF) { p.draw("0 0 0 1 k 0 0 9 9 re f") }},
		{name: "CMYK stroke", rule: "6.2.4.3-3", edit: func(p *testPDF) { p.draw("0 0 0 1 K 0 0 9 9 re S") }},
		{name: "grey intent", edit: func(p *testPDF) { p.stream(objICC, "/N 1", string(testICC("mntr", "GRAY", 2))) }},
		{name: "RGB with grey intent", rule: "6.2.4.3-2", edit: func(p *testPDF) {
			p.stream(objICC, "/N 1", string(testICC("mntr", "GRAY", 2)))
			p.draw("1 0 0 rg 0 0 9 9 re f")
		}},
		{name: "CMYK with CMYK intent", edit: func(p *testPDF) {
			p.stream(objICC, "/N 4", string(testICC("prtr", "CMYK", 2)))
			p.draw("0 0 0 1 k 0 0 9 9 re f")
		}},
		{name: "default RGB", edit: func(p *testPDF) {
			p.stream(objICC, "/N 1", string(testICC("mntr", "GRAY", 2)))
			p.resources("/ColorSpace << /DefaultRGB [/CalRGB << /WhitePoint [1 1 1] >>] >>")
			p.draw("1 0 0 rg 0 0 9 9 re f")
		}},
		{name: "intent without profile", rule: "6.2.4.3-4", edit: func(p *testPDF) { p.edit(objIntent, "/DestOutputProfile 6 0 R", "") }},
		{name: "intent for scanners", rule: "6.2.3-1", edit: func(p *testPDF) {
			p.stream(objICC, "/N 3", string(testICC("scnr", "RGB ", 2)))
		}},
		{name: "intent version 5", rule: "6.2.3-1", edit: func(p *testPDF) {
			p.stream(objICC, "/N 3", string(testICC("mntr", "RGB ", 5)))
		}},
		{name: "intent Lab", rule: "6.2.3-1", edit: func(p *testPDF) {
			p.stream(objICC, "/N 3", string(testICC("mntr", "Lab ", 2)))
		}},
		{name: "two profiles", rule: "6.2.3-2", edit: func(p *testPDF) {
			icc := p.addStream("/N 3", string(testICC("mntr", "RGB ", 2)))
			n := p.add(fmt.Sprintf("<< /Type /OutputIntent /S /GTS_PDFX /OutputConditionIdentifier (x) /DestOutputProfile %d 0 R >>", icc))
			p.edit(objCatalog, "[5 0 R]", fmt.Sprintf("[5 0 R %d 0 R]", n))
		}},
		{name: "profile reference", rule: "6.2.3-3", edit: func(p *testPDF) {
			n := p.add("<< /Type /OutputIntent /S /GTS_PDFX /OutputConditionIdentifier (x) /DestOutputProfileRef << >> >>")
			p.edit(objCatalog, "[5 0 R]", fmt.Sprintf("[5 0 R %d 0 R]", n))
		}},
		{name: "ICC colour", edit: func(p *testPDF) { space(p, "[/ICCBased 6 0 R]", "1 0 0") }},
		{name: "ICC colour of class link", rule: "6.2.4.2-1", edit: func(p *testPDF) {
			n := p.addStream("/N 3", string(testICC("link", "RGB ", 2)))
			space(p, fmt.Sprintf("[/ICCBased %d 0 R]", n), "1 0 0")
		}},
		{name: "ICC colour with wrong N", stricter: lax, rule: "6.2.4.2-1", edit: func(p *testPDF) {
			n := p.addStream("/N 4", string(testICC("mntr", "RGB ", 2)))
			space(p, fmt.Sprintf("[/ICCBased %d 0 R]", n), "1 0 0 0")
		}},
		{name: "overprint of ICC CMYK", rule: "6.2.4.2-2", edit: func(p *testPDF) {
			n := p.addStream("/N 4", string(testICC("prtr", "CMYK", 2)))
			p.resources("/ExtGState << /G1 << /OPM 1 /op true >> >>")
			space(p, fmt.Sprintf("[/ICCBased %d 0 R]", n), "1 0 0 0")
			p.draw("/G1 gs")
		}},
		{name: "separation with CMYK", rule: "6.2.4.3-3", edit: func(p *testPDF) {
			space(p, "[/Separation /Spot /DeviceCMYK << /FunctionType 2 /Domain [0 1] /N 1 /C0 [0 0 0 0] /C1 [1 0 0 0] >>]", "1")
		}},
		{name: "separation defined twice", rule: "6.2.4.4-2", edit: func(p *testPDF) {
			f := "<< /FunctionType 2 /Domain [0 1] /N 1 /C0 [0 0 0] /C1 [1 0 %d] >>"
			p.resources("/ColorSpace << /C1 [/Separation /Spot /DeviceRGB " + fmt.Sprintf(f, 0) + "] /C2 [/Separation /Spot /DeviceRGB " +
				fmt.Sprintf(f, 1) + "] >>")
			p.draw("/C1 cs 1 scn 0 0 9 9 re f /C2 cs 1 scn 0 0 9 9 re f")
		}},
		{name: "DeviceN without colourants", rule: "6.2.4.4-1", edit: func(p *testPDF) {
			space(p, "[/DeviceN [/Spot] /DeviceRGB << /FunctionType 2 /Domain [0 1] /N 1 /C0 [0 0 0] /C1 [1 0 0] >>]", "1")
		}},
		{name: "DeviceN with 33 colourants", rule: "6.1.13-9", edit: func(p *testPDF) {
			fn := p.addStream("/FunctionType 4 /Domain ["+strings.Repeat("0 1 ", 33)+"] /Range [0 1 0 1 0 1]", "{ "+strings.Repeat("pop ", 30)+"}")
			space(p, "[/DeviceN ["+strings.Repeat("/None ", 33)+"] /DeviceRGB "+fmt.Sprint(fn)+" 0 R]", strings.Repeat("1 ", 33))
		}},
		{name: "shading in CMYK", rule: "6.2.4.3-3", edit: func(p *testPDF) {
			p.resources("/Shading << /S1 << /ShadingType 2 /ColorSpace /DeviceCMYK /Coords [0 0 1 1] /Function << /FunctionType 2 /Domain [0 1] /N 1 /C0 [0 0 0 0] /C1 [1 0 0 0] >> >> >>")
			p.draw("/S1 sh")
		}},
		{name: "tiling pattern in CMYK", rule: "6.2.4.3-3", edit: func(p *testPDF) {
			n := p.addStream("/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9 /Resources << >>",
				"0 0 0 1 k 0 0 9 9 re f")
			p.resources(fmt.Sprintf("/Pattern << /P1 %d 0 R >>", n))
			p.draw("/Pattern cs /P1 scn 0 0 10 10 re f")
		}},
		{name: "group in CMYK", rule: "6.2.4.3-3", edit: func(p *testPDF) {
			p.put(objPage, "/Group << /S /Transparency /CS /DeviceCMYK >>")
		}},
	}
}

func stateCases() []ruleCase {
	return []ruleCase{
		{name: "TR", rule: "6.2.5-1", edit: state("/TR /Identity")},
		{name: "TR2", rule: "6.2.5-2", edit: state("/TR2 /Identity")},
		{name: "TR2 default", edit: state("/TR2 /Default")},
		{name: "HTP", rule: "6.2.5-3", edit: state("/HTP [0 0]")},
		{name: "halftone 6", rule: "6.2.5-4", edit: func(p *testPDF) {
			n := p.addStream("/Type /Halftone /HalftoneType 6 /Width 1 /Height 1", "a")
			state(fmt.Sprintf("/HT %d 0 R", n))(p)
		}},
		{name: "halftone name", rule: "6.2.5-5", edit: state(
			"/HT << /Type /Halftone /HalftoneType 1 /HalftoneName (x) /Frequency 60 /Angle 0 /SpotFunction /Round >>")},
		{name: "halftone transfer", rule: "6.2.5-6", edit: state("/HT << /Type /Halftone /HalftoneType 5 /Default " +
			"<< /Type /Halftone /HalftoneType 1 /Frequency 60 /Angle 0 /SpotFunction /Round /TransferFunction /Identity >> " +
			"/Cyan << /Type /Halftone /HalftoneType 1 /Frequency 60 /Angle 0 /SpotFunction /Round /TransferFunction /Identity >> >>")},
		{name: "intent operator", rule: "6.2.6-1", edit: func(p *testPDF) { p.draw("/Foo ri") }},
		{name: "intent in state", rule: "6.2.6-1", edit: state("/RI /Foo")},
		{name: "known intent", edit: state("/RI /Perceptual")},
		{name: "blend mode", rule: "6.2.10-1", edit: state("/BM /Foo")},
		{name: "known blend mode", edit: state("/BM /Multiply")},
		{name: "transparency without intent", rule: "6.2.10-2", edit: func(p *testPDF) {
			noIntent(p)
			p.resources("/ColorSpace << /DefaultGray [/CalGray << /WhitePoint [1 1 1] >>] >>")
			state("/ca 0.5")(p)
		}},
		{name: "form with OPI", rule: "6.2.9-1", edit: func(p *testPDF) { xobject(p, p.form("/OPI << >>")) }},
		{name: "form with PS", rule: "6.2.9-1", edit: func(p *testPDF) { xobject(p, p.form("/Subtype2 /PS")) }},
		{name: "reference form", rule: "6.2.9-2", edit: func(p *testPDF) { xobject(p, p.form("/Ref << >>")) }},
		{name: "PostScript", rule: "6.2.9-3", edit: func(p *testPDF) {
			xobject(p, p.addStream("/Type /XObject /Subtype /PS", ""))
		}},
		{name: "soft mask group", edit: func(p *testPDF) {
			n := p.form("/Group << /S /Transparency /CS /DeviceGray >>")
			state(fmt.Sprintf("/SMask << /S /Luminosity /G %d 0 R >>", n))(p)
		}},
		{name: "soft mask in CMYK", stricter: lax, rule: "6.2.4.3-3", edit: func(p *testPDF) {
			n := p.addStream("/Type /XObject /Subtype /Form /BBox [0 0 10 10] /Resources << >> /Group << /S /Transparency /CS /DeviceGray >>",
				"0 0 0 1 k 0 0 9 9 re f")
			state(fmt.Sprintf("/SMask << /S /Luminosity /G %d 0 R >>", n))(p)
		}},
	}
}

func imageCases() []ruleCase {
	return []ruleCase{
		{name: "image", edit: image("")},
		{name: "alternates", rule: "6.2.8-1", edit: image("/Alternates []")},
		{name: "OPI image", rule: "6.2.8-2", edit: image("/OPI << >>")},
		{name: "interpolate", rule: "6.2.8-3", edit: image("/Interpolate true")},
		{name: "interpolate false", edit: image("/Interpolate false")},
		{name: "3 bits", rule: "6.2.8-4", edit: image("/BitsPerComponent 3")},
		{name: "mask of 2 bits", stricter: lax, rule: "6.2.8-5", edit: image("/ImageMask true /BitsPerComponent 2")},
		{name: "mask of 1 bit", edit: image("/ImageMask true /BitsPerComponent 1")},
		{name: "image intent", rule: "6.2.6-1", edit: image("/Intent /Foo")},
		{name: "image in CMYK", rule: "6.2.4.3-3", edit: func(p *testPDF) {
			n := p.addStream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceCMYK", "abcd")
			xobject(p, n)
		}},
		{name: "JPX", edit: jpx("", ihdr3+"|"+colrRGB)},
		{name: "JPX of two channels", rule: "6.2.8.3-1", edit: jpx("", strings.Replace(ihdr3, "\x00\x03\x07", "\x00\x02\x07", 1)+"|"+colrRGB)},
		{name: "JPX of two best spaces", rule: "6.2.8.3-2", edit: jpx("",
			ihdr3+"|colr\x01\x00\x01\x00\x00\x00\x10|colr\x01\x00\x01\x00\x00\x00\x11")},
		{name: "JPX with method 4", rule: "6.2.8.3-3", edit: jpx("", ihdr3+"|colr\x04\x00\x00\x00\x00\x00\x10")},
		{name: "JPX in CIEJab", rule: "6.2.8.3-4", edit: jpx("", ihdr3+"|colr\x01\x00\x00\x00\x00\x00\x13")},
		{name: "JPX of mixed depth", rule: "6.2.8.3-5", edit: jpx("",
			strings.Replace(ihdr3, "\x00\x03\x07", "\x00\x03\xff", 1)+"|bpcc\x07\x07\x05|"+colrRGB)},
	}
}
