package foreign

import (
	"bytes"
	"compress/lzw"
	"compress/zlib"
	"context"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"

	"blattwerk/pipeline/pdfa/rowpng"
	"blattwerk/pipeline/pdfa/truetype"
	"blattwerk/pipeline/pipelinetest"
)

func TestContentTokens(t *testing.T) {
	for in, want := range map[string]string{
		"1 0 0 -1 .5 +3 cm":               "cm[1 0 0 -1 0.5 3]",
		"(a\\(b\\)\\101\\\nc) Tj":         "Tj[a(b)Ac]",
		"<414> Tj":                        "Tj[A@]",
		"[(a) -120 (b)] TJ":               "TJ[[a -120 b]]",
		"/F#41 12 Tf % note\nET":          "Tf[FA 12] ET[]",
		"/P <</MCID 3/L[1 2]>> BDC":       "BDC[P map[L:[1 2] MCID:3]]",
		"q ] ) > Q":                       "q[] ][] )[] >[] Q[]",
		"1.2.3 --5 w":                     "w[0 0]",
		"BI /W 2 /H 1 ID \x00EI\xFF EI Q": "BI Q[]",
		"(never closed":                   "",
	} {
		var got []string
		c := &content{data: []byte(in)}
		for {
			o, ok := c.next()
			if !ok {
				break
			}
			if o.op == "BI" {
				got = append(got, "BI")
				continue
			}
			got = append(got, o.op+fmt.Sprint(o.args))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q reads as %q, want %q", in, s, want)
		}
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

func TestFilters(t *testing.T) {
	plain := []byte(strings.Repeat("Amtliche Bekanntmachung. ", 40))
	var early bytes.Buffer
	l := lzw.NewWriter(&early, lzw.MSB, 8)
	_, _ = l.Write(plain)
	_ = l.Close()
	flate := zipped(plain)
	damaged := append(bytes.Clone(flate[:len(flate)-4]), 1, 2, 3, 4) // a wrong checksum
	f := &file{}
	for name_, tc := range map[string]struct {
		dict dict
		raw  []byte
		want []byte
	}{
		"none":            {dict{}, plain, plain},
		"flate":           {dict{"Filter": name("FlateDecode")}, flate, plain},
		"flate, checksum": {dict{"Filter": name("Fl")}, damaged, plain},
		"lzw, late":       {dict{"Filter": name("LZWDecode"), "DecodeParms": dict{"EarlyChange": int64(0)}}, early.Bytes(), plain},
		"hex":             {dict{"Filter": array{name("AHx")}}, []byte("41 4\n2 7>zz"), []byte("ABp")},
		"ascii 85":        {dict{"Filter": name("ASCII85Decode")}, []byte("<~87cURDZ~>"), []byte("Hello")},
		"runs":            {dict{"Filter": name("RunLengthDecode")}, []byte{2, 'a', 'b', 'c', 254, 'd', 128, 'x'}, []byte("abcddd")},
		"two":             {dict{"Filter": array{name("ASCIIHexDecode"), name("FlateDecode")}}, []byte(fmt.Sprintf("%X>", flate)), plain},
		"predictor up": {dict{"Filter": name("FlateDecode"), "DecodeParms": dict{"Predictor": int64(12), "Columns": int64(3)}},
			zipped([]byte{2, 1, 2, 3, 2, 1, 1, 1}), []byte{1, 2, 3, 2, 3, 4}},
		"predictor tiff": {dict{"Filter": name("FlateDecode"), "DecodeParms": dict{"Predictor": int64(2), "Columns": int64(3)}},
			zipped([]byte{5, 1, 1, 9, 255, 0}), []byte{5, 6, 7, 9, 8, 8}},
	} {
		got, err := f.bytes(&stream{dict: tc.dict, raw: tc.raw}, 1<<20)
		if err != nil || !bytes.Equal(got, tc.want) {
			t.Errorf("%s: %q, %v", name_, got, err)
		}
	}
	if _, err := f.bytes(&stream{dict: dict{"Filter": name("FlateDecode")}, raw: flate}, 10); err != errTooLarge {
		t.Errorf("a stream over its limit: %v", err)
	}
}

// TestPredictorsOfPNG decodes what the standard library's PNG encoder filters,
// with all five filter types.
func TestPredictorsOfPNG(t *testing.T) {
	raw, err := os.ReadFile(pipelinetest.Corpus(t, "scans/crom.png"))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	want := make([]byte, 0, 3*b.Dx()*b.Dy())
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, g, bl, _ := img.At(x, y).RGBA()
			want = append(want, byte(r>>8), byte(g>>8)+byte(x*y), byte(bl>>8))
		}
	}
	h := rowpng.Header{Width: b.Dx(), Height: b.Dy(), Bits: 8, Samples: 3}
	var out bytes.Buffer
	if err := rowpng.Write(&out, h, bytes.NewReader(want), false); err != nil {
		t.Fatal(err)
	}
	var idat []byte
	for p := out.Bytes()[8:]; len(p) > 12; {
		n := int(p[0])<<24 | int(p[1])<<16 | int(p[2])<<8 | int(p[3])
		if string(p[4:8]) == "IDAT" {
			idat = append(idat, p[8:8+n]...)
		}
		p = p[12+n:]
	}
	f := &file{}
	got, err := f.bytes(&stream{dict: dict{"Filter": name("FlateDecode"),
		"DecodeParms": dict{"Predictor": int64(15), "Colors": int64(3), "Columns": int64(b.Dx())}}, raw: idat}, 1<<28)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, want %d, %v", len(got), len(want), err)
	}
}

func TestTextStrings(t *testing.T) {
	for _, s := range []string{"", "Bescheid", "Müller & Söhne – 5 €", "漢字", "𝔊"} {
		if got := decodeText(encodeText(s)); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	}
	if got := decodeText("M\xFCller \x80 \xA0"); got != "Müller • €" {
		t.Errorf("PDFDocEncoding reads as %q", got)
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"D:20240229235959+01'00'": "2024-02-29T23:59:59+01:00",
		"D:20240229":              "2024-02-29T00:00:00Z",
		"20240229120000Z":         "2024-02-29T12:00:00Z",
		"D:2024":                  "2024-01-01T00:00:00Z",
		"D:20230229":              "",
		"gestern":                 "",
	} {
		if got, _ := pdfDate(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestReals(t *testing.T) {
	for in, want := range map[float64]string{0.1: "0.1", 841.8897637795277: "841.8897637795277", 1e-300: "0",
		-2: "-2", 1e21: "1000000000000000000000", math.Inf(1): "340300000000000000000000000000000000000"} {
		if got := real(in); got != want {
			t.Errorf("%v is written %q, want %q", in, got, want)
		}
	}
}

// TestUprightIsTheInverseOfReading places a point of the upright page on the
// page's user space, for all rotations and turns.
func TestUprightIsTheInverseOfReading(t *testing.T) {
	for _, rotate := range []int{0, 90, 180, 270} {
		for _, turn := range []int{0, 90, 180, 270} {
			for _, skew := range []float64{0, 7} {
				p := page{crop: box{10, 20, 310, 420}, rotate: rotate, unit: 2}
				w, h := p.size()
				if turn%180 != 0 {
					w, h = h, w
				}
				// The centre stays the centre, and lengths keep their proportion.
				m := p.upright(w, h, turn, skew)
				x, y := m.apply(w/2, h/2)
				if math.Abs(x-160) > 1e-9 || math.Abs(y-220) > 1e-9 {
					t.Errorf("rotate %d turn %d skew %g: the centre goes to %g, %g", rotate, turn, skew, x, y)
				}
				// The upright page's right is the displayed page's right turned back, which
				// is the user space's right turned back by the page's own rotation.
				angle := math.Atan2(m[1], m[0]) * 180 / math.Pi
				want := math.Mod(float64(rotate+turn)+skew, 360)
				if d := math.Mod(angle-want+720, 360); d > 1e-6 && d < 360-1e-6 {
					t.Errorf("rotate %d turn %d skew %g: turned by %g, want %g", rotate, turn, skew, angle, want)
				}
			}
		}
	}
}

func TestRewriteColours(t *testing.T) {
	for in, want := range map[string]string{
		"0 0 0 1 k (a b) Tj":                        "\n0 0 0 rg (a b) Tj",
		"q 1 0 0 0 K 0 0 10 10 re S Q":              "q\n0 1 1 RG 0 0 10 10 re S Q",
		"/DeviceCMYK cs 0 1 1 0 sc 0 0 1 1 re f":    "\n0 0 0 rg\n1 0 0 rg 0 0 1 1 re f",
		"/DeviceCMYK cs q 1 g Q 0 1 0 .5 scn":       "\n0 0 0 rg q 1 g Q\n0.5 0 0.5 rg",
		"/CS0 cs 0 1 1 0 scn 0.5 g BI /W 1 ID k EI": "/CS0 cs 0 1 1 0 scn 0.5 g BI /W 1 ID k EI",
	} {
		got, changed := rewriteColours([]byte(in))
		if string(got) != want || changed != (in != want) {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func corpusFile(t *testing.T, name string) *file {
	t.Helper()
	f, err := open(context.Background(), pipelinetest.Corpus(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestInspect(t *testing.T) {
	for file, want := range map[string]Report{
		"signed/pades-bes.pdf":                                 {Signed: true, Form: true},
		"signed/minimal-signed-twice-both-created.pdf":         {Signed: true, Form: true},
		"german/rechnung/zugferd_2p0_EN16931_Einfach.pdf":      {Claims: "3b", Attachments: []string{"zugferd-invoice.xml"}},
		"pdf-torture/tagged.pdf":                               {Claims: "3b", Tagged: true},
		"scans/jbig2.pdf":                                      {Claims: "2b", JBIG2: true},
		"pdf-torture/testPDF_multiFormatEmbFiles.pdf":          {Attachments: []string{"Test.txt"}},
		"german/Antrag_auf_Bewilligung_von_Beratungshilfe.pdf": {Tagged: true, Form: true},
	} {
		got := inspect(t.Context(), corpusFile(t, file), 0)
		if got.Counted != len(got.Pages) {
			t.Errorf("%s: %d pages, said to be %d", file, len(got.Pages), got.Counted)
		}
		got.Counted, got.Pages = 0, nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", file, got, want)
		}
	}
}

// TestWriteKeepsEverything writes files and reads them again: what inspecting
// learns is the same, and writing again gives the same bytes.
func TestWriteKeepsEverything(t *testing.T) {
	for _, file := range []string{"german/koma_letter-21.pdf", "pdf-torture/toc.pdf", "signed/pades-bes.pdf",
		"scans/multipage.pdf", "pdf-torture/habibi-rotated.pdf", "pdf-torture/tagged.pdf"} {
		f := corpusFile(t, file)
		before := inspect(t.Context(), f, 0)
		var first bytes.Buffer
		if err := f.write(&first); err != nil {
			t.Fatal(err)
		}
		again, err := parse(t.Context(), first.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if after := inspect(t.Context(), again, 0); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: %+v became %+v", file, before, after)
		}
		var second bytes.Buffer
		if err := again.write(&second); err != nil {
			t.Fatal(err)
		}
		if again.id = f.id; !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: writing what was written gives other bytes", file)
		}
	}
}

func TestSubsetKeepsWhatIsShown(t *testing.T) {
	path := "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"
	if _, err := os.Stat(path); err != nil {
		pipelinetest.Missing(t, "fonts-liberation is not installed")
	}
	s, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := s.named("adieresis") // composed of two glyphs
	b, _ := s.named("B")
	small, err := truetype.Subset(s.raw, []sfnt.GlyphIndex{a}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sub, err := parseFont("small", small)
	if err != nil {
		t.Fatal(err)
	}
	outline := func(s *substitute, g sfnt.GlyphIndex) int {
		segs, err := s.font.LoadGlyph(&s.buf, g, 64*64, nil)
		if err != nil {
			t.Fatal(err)
		}
		return len(segs)
	}
	if outline(sub, a) != outline(s, a) {
		t.Error("a glyph that is shown lost its outline")
	}
	if outline(sub, b) != 0 {
		t.Error("a glyph that is not shown kept its outline")
	}
	if sub.width(b) != s.width(b) {
		t.Error("widths changed")
	}
	wide, err := truetype.Subset(s.raw, []sfnt.GlyphIndex{a}, map[sfnt.GlyphIndex]uint16{a: 4000, sfnt.GlyphIndex(s.font.NumGlyphs() - 1): 7})
	if err != nil {
		t.Fatal(err)
	}
	respaced, err := parseFont("wide", wide)
	if err != nil {
		t.Fatal(err)
	}
	last := sfnt.GlyphIndex(s.font.NumGlyphs() - 1)
	if respaced.width(a) != 1953 || respaced.width(last) != 3 || respaced.width(b) != s.width(b) || outline(respaced, a) != outline(s, a) {
		t.Errorf("other advances gave widths of %g, %g and %g", respaced.width(a), respaced.width(last), respaced.width(b))
	}
	if len(small) > len(s.raw)/2 {
		t.Errorf("%d bytes of %d are left", len(small), len(s.raw))
	}
}

func TestMetadataIsKept(t *testing.T) {
	old := `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d" bytes="100"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="uuid:1" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="1" pdfaid:conformance="B">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Bescheid über Wohngeld</rdf:li></rdf:Alt></dc:title></rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
	m := &mender{file: &file{objects: map[ref]any{}}, call: RepairCall{Level: "u", Agent: "Blattwerk", When: "2026-11-23T10:00:00Z"}, done: map[Change]int{}}
	got, ok := m.extended([]byte(old))
	if !ok {
		t.Fatal("a sound packet was not extended")
	}
	for _, want := range []string{"Bescheid über Wohngeld", `rdf:about="uuid:1" xmlns:pdfaid`, "<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>U<"} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	for _, gone := range []string{`pdfaid:part="1"`, `bytes=`} {
		if bytes.Contains(got, []byte(gone)) {
			t.Errorf("%q is still there", gone)
		}
	}
	if _, ok := m.extended([]byte("<x:xmpmeta><broken")); ok {
		t.Error("a broken packet was extended")
	}
	m.info = dict{"Title": encodeText("Anhörung <§ 28 VwVfG>"), "Producer": text("Fachverfahren 3"), "CreationDate": text("D:20240105101112+01'00'")}
	fresh := string(m.fresh([]byte(old)))
	for _, want := range []string{"Anhörung &lt;§ 28 VwVfG&gt;", "<pdf:Producer>Fachverfahren 3<", "<xmp:CreateDate>2024-01-05T10:11:12+01:00<", "softwareAgent>Blattwerk<"} {
		if !strings.Contains(fresh, want) {
			t.Errorf("%q is missing in %s", want, fresh)
		}
	}
	if !wellFormed([]byte(fresh)) {
		t.Error("the new packet is not sound XML")
	}
}

// FuzzContent: no bytes make the tokenizer hang or panic, and it never goes back.
func FuzzContent(f *testing.F) {
	for _, s := range []string{"q 1 0 0 1 0 0 cm BT /F 12 Tf (a) Tj ET Q", "BI /W 1 ID x EI", "[[<</A[", "(((", "<<>><41>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &content{data: data}
		for last := -1; ; {
			if c.pos <= last {
				t.Fatalf("stuck at %d", c.pos)
			}
			last = c.pos
			if _, ok := c.next(); !ok {
				return
			}
		}
	})
}

// FuzzSerialiser: what can be parsed can be written, and what was written says
// the same when it is parsed again.
func FuzzSerialiser(f *testing.F) {
	for _, name := range []string{"pdf-torture/trivial.pdf", "pdf-torture/javascript.pdf", "pdf-torture/qpdf/bad8.pdf",
		"pdf-torture/testPDF_multiFormatEmbFiles.pdf", "pdf-torture/handbuilt/T02-03_002_page-object-wrong-type.pdf"} {
		dir := filepath.Dir(pipelinetest.Root(f))
		if raw, err := os.ReadFile(filepath.Join(dir, "shared", "corpus", name)); err == nil {
			f.Add(raw)
		}
	}
	f.Add([]byte("%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Kids[]/Count 0>>\nendobj\ntrailer\n<</Root 1 0 R/Size 3>>\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		p, err := parse(t.Context(), data)
		if err != nil {
			return
		}
		inspect(t.Context(), p, 50)
		var out bytes.Buffer
		if err := p.write(&out); err != nil {
			return
		}
		q, err := parse(t.Context(), out.Bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out.Bytes())
		}
		var again bytes.Buffer
		q.id = p.id
		if err := q.write(&again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), again.Bytes()) {
			t.Fatalf("written\n%s\nthen\n%s", out.Bytes(), again.Bytes())
		}
	})
}

// FuzzRepair: whatever can be parsed is repaired or refused, and a repaired file
// can be parsed.
func FuzzRepair(f *testing.F) {
	dir := filepath.Dir(pipelinetest.Root(f))
	for _, name := range []string{"pdf-torture/acroform.pdf", "pdf-torture/javascript.pdf", "pdf-torture/toc.pdf", "pdf-torture/testPDF_multiFormatEmbFiles.pdf"} {
		if raw, err := os.ReadFile(filepath.Join(dir, "shared", "corpus", name)); err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parse(t.Context(), data)
		if err != nil || len(data) > 1<<16 {
			return
		}
		m := &mender{file: p, call: RepairCall{Level: "b", ICC: []byte("icc"), Agent: "B", When: "2026-11-23T10:00:00Z"}, done: map[Change]int{}}
		if err := m.mend(); err != nil {
			return
		}
		var out bytes.Buffer
		if err := p.write(&out); err != nil {
			return
		}
		if _, err := parse(t.Context(), out.Bytes()); err != nil {
			t.Fatalf("what was repaired cannot be read: %v\n%s", err, out.Bytes())
		}
	})
}
