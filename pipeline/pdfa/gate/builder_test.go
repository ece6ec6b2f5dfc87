package gate

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// testPDF is a small PDF/A-2a file that test cases damage.
type testPDF struct {
	t       testing.TB
	header  string
	objects map[int]string // bodies without "n 0 obj"
	streams map[int][]byte
	trailer string
	tail    string // after %%EOF
	finish  func([]byte) []byte
}

// Object numbers of the small file.
const (
	objCatalog = iota + 1
	objPages
	objPage
	objXMP
	objIntent
	objICC
	objContent
	objRoot
	objFont
	objCIDFont
	objDescriptor
	objFontFile
	objToUnicode
	objElement
	objInfo // not used by default
)

const packet = `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Probe</rdf:li></rdf:Alt></dc:title>
<xmp:CreateDate>2026-01-02T03:04:05+01:00</xmp:CreateDate>
<!-- more -->
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`

const toUnicode = `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
1 beginbfchar
<0001> <0041>
endbfchar
endcmap
CMapName currentdict /CMap defineresource pop
end
end`

func newTestPDF(t testing.TB) *testPDF {
	p := &testPDF{
		t: t, header: "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", objects: map[int]string{}, streams: map[int][]byte{},
		trailer: "/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]",
	}
	p.objects[objCatalog] = "<< /Type /Catalog /Pages 2 0 R /Metadata 4 0 R /OutputIntents [5 0 R] " +
		"/MarkInfo << /Marked true >> /StructTreeRoot 8 0 R /Lang (de-DE) >>"
	p.objects[objPages] = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
	p.objects[objPage] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 9 0 R >> >> " +
		"/Contents 7 0 R /StructParents 0 >>"
	p.stream(objXMP, "/Type /Metadata /Subtype /XML", packet)
	p.objects[objIntent] = "<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /DestOutputProfile 6 0 R >>"
	p.stream(objICC, "/N 3", string(testICC("mntr", "RGB ", 2)))
	p.stream(objContent, "", "/P << /MCID 0 >> BDC BT /F1 12 Tf 100 700 Td <0001> Tj ET EMC\n")
	p.objects[objRoot] = "<< /Type /StructTreeRoot /K 14 0 R /ParentTree << /Nums [0 [14 0 R]] >> >>"
	p.objects[objElement] = "<< /Type /StructElem /S /P /P 8 0 R /Pg 3 0 R /K 0 >>"
	p.objects[objFont] = "<< /Type /Font /Subtype /Type0 /BaseFont /AAAAAA+Probe /Encoding /Identity-H " +
		"/DescendantFonts [10 0 R] /ToUnicode 13 0 R >>"
	p.objects[objCIDFont] = "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /AAAAAA+Probe /CIDToGIDMap /Identity " +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 500 /FontDescriptor 11 0 R >>"
	p.objects[objDescriptor] = "<< /Type /FontDescriptor /FontName /AAAAAA+Probe /Flags 4 /FontBBox [0 0 1000 1000] " +
		"/ItalicAngle 0 /Ascent 1000 /Descent 0 /CapHeight 1000 /StemV 80 /FontFile2 12 0 R >>"
	p.stream(objFontFile, "", string(testTrueType(testCmap{3, 0, 0xF041})))
	p.stream(objToUnicode, "", toUnicode)
	return p
}

// stream sets a stream object; /Length is added.
func (p *testPDF) stream(num int, dict, data string) {
	p.objects[num] = fmt.Sprintf("<< %s /Length %d >>", dict, len(data))
	p.streams[num] = []byte(data)
}

// add puts an object under a new number.
func (p *testPDF) add(body string) int {
	num := objInfo + 1
	for p.objects[num] != "" {
		num++
	}
	p.objects[num] = body
	return num
}

func (p *testPDF) addStream(dict, data string) int {
	num := p.add("-")
	p.stream(num, dict, data)
	return num
}

// edit replaces text in an object, which must contain it.
func (p *testPDF) edit(num int, old, new string) {
	p.t.Helper()
	if !strings.Contains(p.objects[num], old) {
		p.t.Fatalf("object %d does not contain %q", num, old)
	}
	p.objects[num] = strings.Replace(p.objects[num], old, new, 1)
}

// put adds keys at the end of a dictionary object.
func (p *testPDF) put(num int, keys string) {
	s := p.objects[num]
	i := strings.LastIndex(s, ">>")
	p.objects[num] = s[:i] + keys + " " + s[i:]
}

// draw puts content before the text of the page.
func (p *testPDF) draw(content string) {
	p.stream(objContent, "", content+"\n"+string(p.streams[objContent]))
}

// resources adds entries to the page's resources.
func (p *testPDF) resources(entries string) {
	p.edit(objPage, "/Resources <<", "/Resources << "+entries)
}

// xmp replaces text in the packet.
func (p *testPDF) xmp(old, new string) {
	p.t.Helper()
	s := string(p.streams[objXMP])
	if !strings.Contains(s, old) {
		p.t.Fatalf("the packet does not contain %q", old)
	}
	p.stream(objXMP, "/Type /Metadata /Subtype /XML", strings.Replace(s, old, new, 1))
}

// property adds a property to the packet.
func (p *testPDF) property(ns, xml string) {
	p.xmp("<!-- more -->", "<!-- more -->"+xml)
	p.xmp(`rdf:about=""`, `rdf:about="" `+ns)
}

// annot adds an annotation to the page.
func (p *testPDF) annot(body string) int {
	num := p.add("<< /Type /Annot /Rect [10 10 100 100] " + body + " >>")
	if strings.Contains(p.objects[objPage], "/Annots [") {
		p.edit(objPage, "/Annots [", fmt.Sprintf("/Annots [%d 0 R ", num))
	} else {
		p.put(objPage, fmt.Sprintf("/Annots [%d 0 R]", num))
	}
	return num
}

// form adds an empty form XObject and gives its number.
func (p *testPDF) form(keys string) int {
	return p.addStream("/Type /XObject /Subtype /Form /BBox [0 0 10 10] "+keys, "")
}

// bytes writes the file.
func (p *testPDF) bytes() []byte {
	var b bytes.Buffer
	b.WriteString(p.header)
	nums := make([]int, 0, len(p.objects))
	for n := range p.objects {
		nums = append(nums, n)
	}
	slices.Sort(nums)
	offsets := map[int]int{}
	for _, n := range nums {
		offsets[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\n", n, p.objects[n])
		if s, ok := p.streams[n]; ok {
			b.WriteString("stream\n")
			b.Write(s)
			b.WriteString("\nendstream\n")
		}
		b.WriteString("endobj\n")
	}
	start := b.Len()
	size := nums[len(nums)-1] + 1
	fmt.Fprintf(&b, "xref\n0 %d\n", size)
	for n := range size {
		if off, ok := offsets[n]; ok {
			fmt.Fprintf(&b, "%010d 00000 n \n", off)
		} else {
			b.WriteString("0000000000 65535 f \n")
		}
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n%s", size, p.trailer, start, p.tail)
	if p.finish != nil {
		return p.finish(b.Bytes())
	}
	return b.Bytes()
}

// testICC makes the header of a profile.
func testICC(class, space string, version byte) []byte {
	b := make([]byte, 132)
	binary.BigEndian.PutUint32(b, 132)
	b[8] = version
	copy(b[12:], class)
	copy(b[16:], space)
	copy(b[20:], "XYZ ")
	copy(b[36:], "acsp")
	return b
}

// testCmap asks for a cmap subtable that maps one character to glyph 1.
type testCmap struct{ platform, encoding, char int }

// testTrueType makes a font of .notdef and one square, both 500 wide.
func testTrueType(maps ...testCmap) []byte {
	be := binary.BigEndian
	head := make([]byte, 54)
	be.PutUint32(head, 0x00010000)
	be.PutUint32(head[12:], 0x5F0F3CF5)
	be.PutUint16(head[18:], 1000)
	be.PutUint16(head[50:], 1)
	hhea := make([]byte, 36)
	be.PutUint32(hhea, 0x00010000)
	be.PutUint16(hhea[34:], 2)
	hmtx := []byte{1, 0xF4, 0, 0, 1, 0xF4, 0, 0}
	maxp := make([]byte, 32)
	be.PutUint32(maxp, 0x00010000)
	be.PutUint16(maxp[4:], 2)
	// One contour of three points, coordinates of two bytes.
	glyph := []byte{0, 1, 0, 0, 0, 0, 0, 100, 0, 100, 0, 2, 0, 0, 1, 1, 1, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 100, 0}
	loca := make([]byte, 12)
	be.PutUint32(loca[8:], uint32(len(glyph)))
	tables := map[string][]byte{"head": head, "hhea": hhea, "hmtx": hmtx, "maxp": maxp, "loca": loca, "glyf": glyph}
	if len(maps) > 0 {
		tables["cmap"] = cmapTable(maps)
	}
	tags := make([]string, 0, len(tables))
	for tag := range tables {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	out := make([]byte, 12+16*len(tags))
	be.PutUint32(out, 0x00010000)
	be.PutUint16(out[4:], uint16(len(tags)))
	for i, tag := range tags {
		at := 12 + 16*i
		copy(out[at:], tag)
		be.PutUint32(out[at+8:], uint32(len(out)))
		be.PutUint32(out[at+12:], uint32(len(tables[tag])))
		out = append(out, tables[tag]...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	return out
}

// cmapTable makes subtables of format 4 with one segment and the last one.
func cmapTable(maps []testCmap) []byte {
	be := binary.BigEndian
	out := make([]byte, 4+8*len(maps))
	be.PutUint16(out[2:], uint16(len(maps)))
	for i, m := range maps {
		be.PutUint16(out[4+8*i:], uint16(m.platform))
		be.PutUint16(out[6+8*i:], uint16(m.encoding))
		be.PutUint32(out[8+8*i:], uint32(len(out)))
		sub := make([]byte, 32)
		be.PutUint16(sub, 4)
		be.PutUint16(sub[2:], 32)
		be.PutUint16(sub[6:], 4) // segCountX2
		be.PutUint16(sub[14:], uint16(m.char))
		be.PutUint16(sub[16:], 0xFFFF)
		be.PutUint16(sub[20:], uint16(m.char))
		be.PutUint16(sub[22:], 0xFFFF)
		be.PutUint16(sub[24:], uint16(1-m.char))
		be.PutUint16(sub[26:], 1)
		out = append(out, sub...)
	}
	return out
}

// testCFF makes a name-keyed CFF program of .notdef and A, both 500 wide.
func testCFF() []byte {
	index := func(items ...string) string {
		out := []byte{byte(len(items) >> 8), byte(len(items)), 1}
		at := 1
		for _, it := range append([]string{""}, items...) {
			at += len(it)
			out = append(out, byte(at))
		}
		return string(out) + strings.Join(items, "")
	}
	number := func(n int) string {
		return "\x1d" + string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
	glyph := "\x1c\x01\xf4\x0e" // 500 endchar
	charset := "\x00\x00\x22"   // format 0, SID 34
	head := "\x01\x00\x04\x01" + index("Probe")
	tail := "\x00\x00\x00\x00" // no strings, no global subroutines
	top := func(at int) string {
		return index(number(at) + "\x0f" + number(at+len(charset)) + "\x11" + number(0) + number(at) + "\x12")
	}
	at := len(head) + len(top(0)) + len(tail)
	return []byte(head + top(at) + tail + charset + index(glyph, glyph))
}
