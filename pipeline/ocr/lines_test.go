package ocr

import (
	"bytes"
	"os"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

// TestLinesAreKeptUnpacked writes a picture as tesseract does a line: unpacked, and
// the same pixels come back. Another format goes to Leptonica itself.
func TestLinesAreKeptUnpacked(t *testing.T) {
	raw, err := os.ReadFile(pipelinetest.Letter(t, "letters/11-kita-anmeldung.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	page, _, err := decode(raw, "image/jpeg", 0, true)
	if err != nil {
		t.Fatal(err)
	}
	defer page.close()
	for name, tc := range map[string]struct {
		format int
		magic  string
	}{"PNG": {formatPNG, "spix"}, "TIFF": {formatTIFF, "II"}} {
		kept, back, err := page.throughLine(tc.format)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(kept, []byte(tc.magic)) {
			t.Errorf("%s begins with %q, want %q", name, kept[:4], tc.magic)
		}
		if back.width() != page.width() || back.height() != page.height() || back.depth() != page.depth() {
			t.Fatalf("%s: %d x %d of %d bits, want %d x %d of %d", name, back.width(), back.height(), back.depth(), page.width(), page.height(), page.depth())
		}
		a, b := make([]byte, page.width()), make([]byte, page.width())
		for y := range page.height() {
			page.row(y, a)
			back.row(y, b)
			if !bytes.Equal(a, b) {
				t.Fatalf("%s: row %d differs", name, y)
			}
		}
		back.close()
	}
}
