package barcode_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/barcode"
	"blattwerk/pipeline/pipelinetest"
)

// pages are the pictures of the pages of a file, in grey. A PDF is rendered at
// dpi, another file is taken to have been scanned at 300.
func pages(t testing.TB, path string, dpi, most int) []barcode.Picture {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(pipelinetest.Program(t, "convert"), path, "-background", "white", "-alpha", "remove", "-colorspace", "Gray", "-depth", "8",
		filepath.Join(dir, "p-%03d.pgm"))
	if filepath.Ext(path) == ".pdf" {
		cmd = exec.Command(pipelinetest.Program(t, "pdftoppm"), "-r", fmt.Sprint(dpi), "-l", fmt.Sprint(most), "-gray", path, filepath.Join(dir, "p"))
	} else {
		dpi = 300
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("%s: %v: %s", path, err, out)
		return nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "p*.pgm"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	var list []barcode.Picture
	for _, f := range files[:min(len(files), most)] {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, pgm(t, raw, float64(dpi)))
	}
	return list
}

func pgm(t testing.TB, raw []byte, dpi float64) barcode.Picture {
	t.Helper()
	p := barcode.Picture{DPI: dpi}
	var numbers []int
	for r := bufio.NewScanner(bytes.NewReader(raw)); len(numbers) < 3 && r.Scan(); {
		line, _, _ := strings.Cut(strings.TrimPrefix(r.Text(), "P5"), "#")
		for _, word := range strings.Fields(line) {
			n, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, n)
		}
	}
	p.Width, p.Height = numbers[0], numbers[1]
	p.Pixels = raw[len(raw)-p.Width*p.Height:]
	return p
}

// shown are the codes of a page as "kind:text", patch codes once each.
func shown(t testing.TB, p barcode.Picture) []string {
	t.Helper()
	codes, err := barcode.Find(p)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range codes {
		if s := string(c.Kind) + ":" + c.Text; !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// TestCorpus looks for every value that the corpus's index names. A list for each
// page; "" is a page without a code that parts letters or numbers them.
func TestCorpus(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"skewed.jpg":                         {"patch:T"},
		"patcht.jpg":                         {"patch:T code39:PATCHT"},
		"word_patcht_pdf.pdf":                {"patch:T code39:PATCHT"},
		"image_upc_barcode.jpg":              {"retail:725272730706"},
		"patch-code-t.pdf":                   {"patch:T code39:PATCHT"},
		"patch-code-t-middle.pdf":            {"", "patch:T code39:PATCHT", ""},
		"patch-code-t-middle-fuzzy.pdf":      {"", "code39:PATCHT", ""},
		"patch-code-t-middle-unreadable.pdf": {"", "", ""},
		"several-patcht-codes.pdf":           {"", "", "patch:T code39:PATCHT", "", "", "patch:T code39:PATCHT", ""},
		"patch-code-t-qr.pdf":                {"qr:PATCHT"},
		"barcode-39-asn-123.pdf":             {"code39:ASN00123"},
		"barcode-39-asn-invalid.pdf":         {"code39:ASNXYZXYZ"},
		"barcode-128-asn-too-large.pdf":      {"code128:ASN4294967296"},
		"barcode-qr-custom.pdf":              {"qr:CUSTOM BARCODE"},
		"split-by-asn-1.pdf":                 {"code39:ASN00123", "", "code39:ASN00124", "code39:ASN00125", "", "", "code39:ASN00126", "", "code39:ASN00127", ""},
		"split-by-tag-basic.pdf":             {"", "qr:TAG:invoice", "", "qr:TAG:receipt", "", ""},

		"zxing/code128-1_1.png":                          {"code128:168901"},
		"zxing/code128-1_2.png":                          {"code128:Code 128"},
		"zxing/code128-1_3.png":                          {"code128:102030405060708090"},
		"zxing/code39-1_1.png":                           {"code39:TEST-SHEET"},
		"zxing/code39-1_2.png":                           {"code39: WWW.CITRONSOFT.COM "},
		"zxing/datamatrix-1_HelloWorld_Text_L_Kaywa.png": {"datamatrix:Hello World"},
		"zxing/datamatrix-1_abcd-52x52.png":              {"datamatrix:" + strings.Repeat("abcd", 48)},
		"zxing/datamatrix-1_EDIFACT.png":                 {"datamatrix:EDIFACTEDIFACT"},
		"zxing/datamatrix-2_01.png":                      {"datamatrix:http://google.com/m"},
		"zxing/datamatrix-2_02.png":                      {"datamatrix:http://google.com/m"},
		"zxing/qrcode-3_01.png":                          {"qr:http://arnaud.sahuguet.com/graffiti/test.php?ll=-74.00309961503218,40.74102573163046,0"},
		"zxing/qrcode-3_02.png":                          {"qr:http://arnaud.sahuguet.com/graffiti/test.php?ll=-74.00309961503218,40.74102573163046,0"},
		"zxing/qrcode-5_01.png":                          {"qr:MECARD:N:Sean Owen;TEL:+12125658770;EMAIL:srowen@google.com;;"},
		"zxing/qrcode-5_02.png":                          {"qr:MECARD:N:Sean Owen;TEL:+12125658770;EMAIL:srowen@google.com;;"},
		"zxing/pdf417-2_01.png":                          {"pdf417:1234567890"},
		"zxing/pdf417-2_02.png":                          {"pdf417:1234567890"},
		"zxing/falsepositives-2_01.png":                  {""},
		"zxing/falsepositives-2_02.png":                  {""},
	} {
		t.Run(name, func(t *testing.T) {
			for i, p := range pages(t, pipelinetest.Corpus(t, "barcodes/"+name), 300, 99) {
				got := strings.Join(shown(t, p), " ")
				if i >= len(want) || got != want[i] {
					t.Errorf("page %d: got %q, want %q", i+1, got, want[min(i, len(want)-1)])
				}
			}
		})
	}
}

// TestNoFalseSeparator looks at every page that has none.
func TestNoFalseSeparator(t *testing.T) {
	t.Parallel()
	n := 0
	for _, folder := range []string{"scans", "ocr-gt", "german"} {
		root := pipelinetest.Corpus(t, folder)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains([]string{".pdf", ".jpg", ".png", ".tif", ".tiff", ".gif"}, filepath.Ext(path)) {
				return err
			}
			for i, p := range pages(t, path, 100, 6) {
				n++
				codes, err := barcode.Find(p)
				if err != nil {
					t.Error(path, err)
				}
				for _, c := range codes {
					t.Logf("%s, page %d: %s %q", filepath.Base(path), i+1, c.Kind, c.Text)
					if c.Kind == pipeline.CodePatch || strings.Contains(c.Text, "PATCH") {
						t.Errorf("%s, page %d: a false separator %+v", path, i+1, c)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d pages", n)
	if n < 60 {
		t.Errorf("only %d pages were looked at", n)
	}
}

func BenchmarkFind(b *testing.B) {
	p := pages(b, pipelinetest.Letter(b, "letters/02-hundesteuer-anmeldung.jpg"), 300, 1)[0]
	cpu := func() float64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
	}
	before := cpu()
	for b.Loop() {
		if _, err := barcode.Find(p); err != nil {
			b.Fatal(err)
		}
	}
	// Wall time says little on a machine that does other things too.
	b.ReportMetric((cpu()-before)/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(p.Width*p.Height)/1e6, "megapixels")
}
