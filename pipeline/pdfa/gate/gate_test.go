package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline/pipelinetest"
)

// corpus lists the PDFs of some folders of the shared corpus.
func corpus(t testing.TB, folders ...string) (files []string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(pipelinetest.Corpus(t, folder), func(path string, _ os.DirEntry, err error) error {
			if strings.EqualFold(filepath.Ext(path), ".pdf") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestNames asserts the verdicts that the names of the public test files give.
func TestNames(t *testing.T) {
	count := 0
	for _, file := range corpus(t, "pdfa") {
		base := filepath.Base(file)
		pass := strings.Contains(base, "pass")
		part, named := "", pass || strings.Contains(base, "fail")
		switch {
		case strings.HasPrefix(base, "PDF_A-2"), strings.HasPrefix(base, "PDF_A-3"):
			part = base[6:8]
		case strings.HasPrefix(base, "pdfa2-"):
			part = "2b"
		}
		if part == "" || !named {
			continue
		}
		count++
		t.Run(base, func(t *testing.T) {
			if valid, rules := ask(t, read(t, file), part); valid != pass {
				t.Errorf("valid is %v, want %v: %v", valid, pass, rules)
			}
		})
	}
	if count < 14 {
		t.Errorf("only %d named files were found", count)
	}
}

// TestReferee compares with veraPDF on all PDFs of the shared corpus.
func TestReferee(t *testing.T) {
	files := corpus(t, "german", "pdf-torture", "signed", "scans", "barcodes", "pdfa")
	verdicts := referee(t, "2b", files)
	agree := 0
	for _, file := range files {
		valid, rules := ask(t, read(t, file), "2b")
		v := verdicts[file]
		switch {
		case valid == v.valid:
			agree++
		case valid:
			t.Errorf("%s: accepted what the referee refuses for %v", filepath.Base(file), v.rules)
		default:
			t.Logf("%s: refused for %v what the referee accepts", filepath.Base(file), rules)
		}
	}
	t.Logf("%d of %d verdicts agree", agree, len(files))
	if 100*agree < 97*len(files) {
		t.Errorf("only %d of %d verdicts agree", agree, len(files))
	}
}

// converted makes PDF/A-2 files with ghostscript.
func converted(t *testing.T, dir string) (files []string) {
	t.Helper()
	gs := pipelinetest.Program(t, "gs")
	prefix := filepath.Join(dir, "intent.ps")
	profile := filepath.Join(dir, "srgb.icc")
	if err := os.WriteFile(profile, testICC("mntr", "RGB ", 2), 0o600); err != nil {
		t.Fatal(err)
	}
	intent := fmt.Sprintf(`%%!
[ /_objdef {icc} /type /stream /OBJ pdfmark
[ {icc} << /N 3 >> /PUT pdfmark
[ {icc} (%s) (r) file /PUT pdfmark
[ /_objdef {intent} /type /dict /OBJ pdfmark
[ {intent} << /Type /OutputIntent /S /GTS_PDFA1 /DestOutputProfile {icc} /OutputConditionIdentifier (sRGB) >> /PUT pdfmark
[ {Catalog} << /OutputIntents [ {intent} ] >> /PUT pdfmark
`, profile)
	if err := os.WriteFile(prefix, []byte(intent), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, page := range []string{
		"/Helvetica findfont 24 scalefont setfont 50 700 moveto (Guten Tag) show 1 0 0 setrgbcolor 0 0 50 50 rectfill showpage",
		"/Times-Roman findfont 24 scalefont setfont 50 700 moveto (Ordnungsamt) show /Courier-Bold findfont 10 scalefont setfont (32) show showpage",
		"/Symbol findfont 24 scalefont setfont 50 700 moveto (abc) show 0.5 setgray 4 4 scale 2 2 8 [2 0 0 2 0 0] {<00408090>} image showpage",
	} {
		src := filepath.Join(dir, fmt.Sprintf("page%d.ps", i))
		out := filepath.Join(dir, fmt.Sprintf("page%d.pdf", i))
		if err := os.WriteFile(src, []byte("%!PS\n"+page+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(gs, "-q", "-dBATCH", "-dNOPAUSE", "-dNOSAFER", "-dPDFA=2", "-dPDFACompatibilityPolicy=1",
			"-sColorConversionStrategy=RGB", "-sDEVICE=pdfwrite", "-sOutputFile="+out, prefix, src)
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("ghostscript: %v: %s", err, msg)
		}
		files = append(files, out)
	}
	return files
}

// TestGhostscript accepts what ghostscript makes as PDF/A-2.
func TestGhostscript(t *testing.T) {
	for _, file := range converted(t, t.TempDir()) {
		if valid, rules := ask(t, read(t, file), "2b"); !valid {
			t.Errorf("%s is refused for %v", filepath.Base(file), rules)
		}
	}
}

// TestMutants damages valid files at random places. The gate must not accept
// what the referee refuses. BLATTWERK_MUTANTS sets another seed than 1; as
// ghostscript writes dates, mutants are fresh in each run anyway.
func TestMutants(t *testing.T) {
	dir := t.ArtifactDir() // kept with -artifacts
	bases := [][]byte{newTestPDF(t).bytes()}
	for _, file := range converted(t, dir) {
		bases = append(bases, read(t, file))
	}
	for _, file := range corpus(t, "pdfa") {
		if data := read(t, file); strings.Contains(file, "pass") && len(data) < 50_000 {
			if valid, _ := ask(t, data, "2b"); valid {
				bases = append(bases, data)
			}
		}
	}
	seed := uint64(1)
	if s := os.Getenv("BLATTWERK_MUTANTS"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(seed, 2))
	var accepted []string
	const count = 500
	for i := range count {
		data := mutate(r, slices.Clone(bases[r.IntN(len(bases))]))
		valid, _ := ask(t, data, "2b")
		if !valid {
			continue // a refusal is safe
		}
		file := filepath.Join(dir, fmt.Sprintf("mutant%04d.pdf", i))
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		accepted = append(accepted, file)
	}
	if len(accepted) == 0 || len(accepted) == count {
		t.Fatalf("%d of %d mutants accepted: the test tests nothing", len(accepted), count)
	}
	for file, v := range referee(t, "2b", accepted) {
		if !v.valid {
			t.Errorf("seed %d, %s: accepted what the referee refuses for %v", seed, filepath.Base(file), v.rules)
		}
	}
	t.Logf("%d of %d mutants accepted, by the referee too", len(accepted), count)
}

// mutate changes, inserts or deletes one to three bytes.
func mutate(r *rand.Rand, data []byte) []byte {
	const likely = "0123456789 /<>[]()\n\r%Rabcdefn"
	for range 1 + r.IntN(3) {
		at := r.IntN(len(data))
		switch r.IntN(5) {
		case 0:
			data[at] ^= 1 << r.IntN(8)
		case 1:
			data[at] = likely[r.IntN(len(likely))]
		case 2:
			data = slices.Delete(data, at, at+1)
		case 3:
			data = slices.Insert(data, at, likely[r.IntN(len(likely))])
		case 4:
			for range 200 {
				if at = r.IntN(len(data)); isDigit(data[at]) {
					data[at] = byte('0' + r.IntN(10))
					break
				}
			}
		}
	}
	return data
}

// TestAuto follows the claim of a file.
func TestAuto(t *testing.T) {
	for _, c := range []struct{ part, level, want string }{
		{"2", "A", "2a"}, {"2", "B", "2b"}, {"2", "U", "2u"}, {"3", "B", "3b"}, {"3", "A", "3a"},
	} {
		p := newTestPDF(t)
		p.xmp("<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A<", "<pdfaid:part>"+c.part+"</pdfaid:part><pdfaid:conformance>"+c.level+"<")
		v, err := Validate(t.Context(), bytes.NewReader(p.bytes()), int64(len(p.bytes())), Auto)
		if err != nil || !v.Valid || v.Flavour != c.want || v.Gate != Version {
			t.Errorf("%s%s: %+v, %v", c.part, c.level, v, err)
		}
	}
}

// TestPart says honestly what is not checked.
func TestPart(t *testing.T) {
	p := newTestPDF(t)
	p.xmp("part>2<", "part>1<")
	data := p.bytes()
	for _, want := range []string{Auto, "1b", "4", "2c", ""} {
		v, err := Validate(t.Context(), bytes.NewReader(data), int64(len(data)), want)
		if !errors.Is(err, ErrPart) || v.Valid {
			t.Errorf("%q: valid %v, error %v", want, v.Valid, err)
		}
	}
	if _, rules := ask(t, data, "2a"); !slices.Contains(rules, "6.6.4-2") {
		t.Errorf("a claim of part 1 checked for 2a breaks %v", rules)
	}
}

type badReader struct{ io.ReaderAt }

func (badReader) ReadAt([]byte, int64) (int, error) { return 0, io.ErrNoProgress }

// TestErrors: only reading and the context end in an error.
func TestErrors(t *testing.T) {
	data := newTestPDF(t).bytes()
	if _, err := Validate(t.Context(), badReader{}, 1000, "2b"); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that fails: %v", err)
	}
	if _, err := Validate(t.Context(), bytes.NewReader(data), int64(len(data))+1, "2b"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that is shorter than said: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := newTestPDF(t)
	p.draw(strings.Repeat("0 0 m\n", 100_000))
	data = p.bytes()
	if _, err := Validate(ctx, bytes.NewReader(data), int64(len(data)), "2b"); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
	for _, broken := range []string{"", "%PDF-1.7", "startxref\n0\n%%EOF"} {
		if valid, _ := ask(t, []byte(broken), "2b"); valid {
			t.Errorf("%q is accepted", broken)
		}
	}
}

// TestRevisions reads incremental updates, object streams and hybrid files.
func TestRevisions(t *testing.T) {
	qpdf := pipelinetest.Program(t, "qpdf")
	dir := t.TempDir()
	base := filepath.Join(dir, "base.pdf")
	data := newTestPDF(t).bytes()
	if err := os.WriteFile(base, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--object-streams=generate"}, {"--linearize"}, {"--linearize", "--object-streams=generate"}} {
		out := filepath.Join(dir, "out.pdf")
		args = append(args, "--newline-before-endstream", "--deterministic-id", base, out)
		if msg, err := exec.Command(qpdf, args...).CombinedOutput(); err != nil {
			t.Fatalf("qpdf: %v: %s", err, msg)
		}
		if valid, rules := ask(t, read(t, out), "2a"); !valid {
			t.Errorf("%v: refused for %v", args[:2], rules)
		}
	}
	start := bytes.LastIndex(data, []byte("\nxref")) + 1
	appended := func(page string) []byte {
		at := len(data)
		return fmt.Appendf(slices.Clone(data), "3 0 obj\n%s\nendobj\nxref\n3 1\n%010d 00000 n \ntrailer\n<< /Size 15 /Root 1 0 R /Prev %d %s >>\nstartxref\n%d\n%%%%EOF\n",
			page, at, start, newTestPDF(t).trailer, at+len(page)+len("3 0 obj\n\nendobj\n"))
	}
	page := newTestPDF(t).objects[objPage]
	if valid, rules := ask(t, appended(page), "2a"); !valid {
		t.Errorf("an update is refused for %v", rules)
	}
	if _, rules := ask(t, appended(strings.Replace(page, "/Type /Page", "/Type /Page /AA << >>", 1)), "2a"); !slices.Contains(rules, "6.5.2-2") {
		t.Errorf("the update of a page is overlooked: %v", rules)
	}
}

// TestHostile keeps within time and memory where files are made to hurt.
func TestHostile(t *testing.T) {
	cases := map[string]func(p *testPDF){
		"forms that draw each other": func(p *testPDF) {
			const n = 25
			first := objInfo + 1
			for i := range n {
				next := first + (i+1)%n
				p.add("-")
				p.stream(first+i, fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /A %d 0 R >> >>", next),
					strings.Repeat("1 0 0 1 0 0 cm /A Do ", 50))
			}
			xobject(p, first)
		},
		"a page tree in a circle": func(p *testPDF) { p.edit(objPages, "[3 0 R]", "[3 0 R 2 0 R]") },
		"a length in a circle":    func(p *testPDF) { p.edit(objContent, "/Length", "/Length 7 0 R /X") },
		"a reference to itself":   func(p *testPDF) { p.objects[objFont] = "9 0 R" },
		"a colour space in itself": func(p *testPDF) {
			n := p.add("-")
			p.objects[n] = fmt.Sprintf("[/Indexed %d 0 R 1 <00>]", n)
			space(p, fmt.Sprintf("%d 0 R", n), "1")
		},
		"a glyph that shows itself": func(p *testPDF) {
			typeThree(p, "500 0 d0 BT /F1 1 Tf (A) Tj ET", "")
			p.edit(objFont, "/Resources << >>", "/Resources << /Font << /F1 9 0 R >> >>")
		},
		"a CMap of four billion codes": func(p *testPDF) {
			p.stream(objToUnicode, "", "begincmap 1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange endcmap")
		},
		"widths of a billion": func(p *testPDF) { p.edit(objCIDFont, "/DW 500", "/W [-2000000000 65535 500]") },
		"actions in a circle": func(p *testPDF) {
			n := p.add("-")
			p.objects[n] = fmt.Sprintf("<< /S /URI /URI (x) /Next [%d 0 R %d 0 R] >>", n, n)
			p.put(objCatalog, fmt.Sprintf("/OpenAction %d 0 R", n))
		},
		"a wide and deep action tree": func(p *testPDF) {
			p.put(objCatalog, "/OpenAction "+strings.Repeat("<< /S /URI /URI (x) /Next [", 40)+strings.Repeat("] >>", 40))
		},
		"a huge predictor": func(p *testPDF) {
			p.stream(objContent, "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 2000000000 >>", "x")
		},
		"many filters": func(p *testPDF) {
			p.stream(objContent, "/Filter ["+strings.Repeat("/ASCIIHexDecode ", 1000)+"]", "00>")
		},
		"a billion objects in an index": func(p *testPDF) {
			p.finish = func(b []byte) []byte { return bytes.Replace(b, []byte("xref\n0 15"), []byte("xref\n0 1000000000"), 1) }
		},
	}
	for label, edit := range cases {
		t.Run(label, func(t *testing.T) {
			p := newTestPDF(t)
			edit(p)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			ask(t, p.bytes(), "2a")
			runtime.ReadMemStats(&after)
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 400 {
				t.Errorf("%d MB were allocated", used)
			}
		})
	}
}

func FuzzValidate(f *testing.F) {
	f.Add(newTestPDF(f).bytes())
	for _, c := range ruleCases() {
		p := newTestPDF(f)
		c.edit(p)
		if data := p.bytes(); len(data) < 20_000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		bounded(t, data)
	})
}

// bounded validates a file and fails if that takes long or much memory. What was
// allocated in all is never less than what was held at once, and costs nothing to
// know; only where that is much, the heap is watched.
func bounded(t *testing.T, data []byte) {
	t.Helper()
	const most, longest = 200 << 20, 10 * time.Second
	run := func() {
		ctx, cancel := context.WithTimeout(t.Context(), longest)
		defer cancel()
		v, err := Validate(ctx, bytes.NewReader(data), int64(len(data)), "2a")
		if err != nil {
			t.Fatalf("no verdict within %s: %v", longest, err)
		}
		for _, b := range v.Breaks {
			if b.Rule == ruleInternal {
				t.Fatalf("the gate failed: %s", b.Reason)
			}
		}
	}
	before := metric("/gc/heap/allocs:bytes")
	run()
	if metric("/gc/heap/allocs:bytes")-before < most {
		return
	}
	runtime.GC()
	base, done := metric("/memory/classes/heap/objects:bytes"), make(chan uint64)
	stop := make(chan struct{})
	go func() {
		peak := uint64(0)
		for {
			select {
			case <-stop:
				done <- peak
				return
			case <-time.After(time.Millisecond):
				peak = max(peak, metric("/memory/classes/heap/objects:bytes"))
			}
		}
	}()
	run()
	close(stop)
	if peak := <-done; peak > base+most {
		t.Fatalf("%d MB of memory", (peak-base)>>20)
	}
}

func metric(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func FuzzFonts(f *testing.F) {
	f.Add(testTrueType(testCmap{3, 1, 65}))
	f.Add(testCFF())
	f.Add([]byte("%!PS-AdobeFont\n/Encoding StandardEncoding def eexec 00000000000000000000"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if tt, err := parseTrueType(data); err == nil {
			for gid := range min(tt.glyphs, 64) {
				tt.width(gid)
			}
			for _, n := range []string{"A", "space", ""} {
				tt.byName(n)
			}
		}
		if cff, err := parseCFF(data); err == nil {
			for gid := range min(len(cff.glyphs), 64) {
				cff.width(gid)
				cff.glyphName(gid)
			}
		}
		parseType1(data) //nolint:errcheck // must not panic; whatever it says is fine
	})
}

func FuzzXMP(f *testing.F) {
	f.Add([]byte(packet))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if root, _, err := parseXML(data); err == nil {
			parseRDF(root) //nolint:errcheck // must not panic; whatever it says is fine
		}
	})
}

// BenchmarkPage checks a file of one page with text and a font.
func BenchmarkPage(b *testing.B) {
	p := newTestPDF(b)
	p.draw(strings.Repeat("BT /F1 9 Tf 1 0 0 1 50 60 Tm <00010001000100010001> Tj ET\n", 400))
	data := p.bytes()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if valid, rules := ask(b, data, "2a"); !valid {
			b.Fatal(rules)
		}
	}
}
