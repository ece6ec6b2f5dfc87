package pdfa

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/gate"
	"blattwerk/pipeline/pipelinetest"
)

// testRoom is a room whose children are this test binary.
func testRoom(t *testing.T, change func(*Config)) *Room {
	t.Helper()
	for _, p := range []string{"pdftoppm", "pdftotext", "pdfimages", "gs", "qpdf"} {
		pipelinetest.Program(t, p)
	}
	cfg := Config{Command: []string{os.Args[0]}, Env: []string{readerEnv + "=1"}, Children: 2, Gate: gate.Validate, Temp: t.TempDir()}
	if change != nil {
		change(&cfg)
	}
	r := New(cfg)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// deliver keeps a file of the corpus and describes it as a document that is not
// opened yet.
func deliver(t *testing.T, b *pipelinetest.Blobs, path string) pipeline.Document {
	t.Helper()
	d := pipelinetest.PutFile(t, b, path)
	d.Received = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	return pipeline.Document{ID: "test-1", Delivery: d}
}

// deliverBytes is deliver for bytes made by the test.
func deliverBytes(t *testing.T, b *pipelinetest.Blobs, raw []byte) pipeline.Document {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.pdf")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return deliver(t, b, path)
}

func blobBytes(t *testing.T, b *pipelinetest.Blobs, d pipeline.Digest) []byte {
	t.Helper()
	c, err := b.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func pageWords(t *testing.T, b *pipelinetest.Blobs, p pipeline.Page) pipeline.PageText {
	t.Helper()
	var out pipeline.PageText
	if err := pipeline.OpenJSON(t.Context(), b, p.Words(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// makePDF writes a PDF of the given objects; the first is the catalog.
func makePDF(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, xref)
	return b.Bytes()
}

func streamObject(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// onePage is a PDF of one page with entries of its own, the given content and
// further objects, which start with number 5.
func onePage(entries, content string, more ...string) []byte {
	return makePDF(append([]string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R" + entries + ">>",
		streamObject("", content),
	}, more...)...)
}

// helvetica is the resource entry of a font that is not embedded.
const helvetica = "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>>>"

// letterText is enough text to be judged.
func letterText() string {
	var b strings.Builder
	b.WriteString("BT /F 11 Tf 14 TL 60 760 Td\n")
	for _, line := range []string{"Sehr geehrte Damen und Herren,", "hiermit beantrage ich eine Auskunft aus dem Melderegister.",
		"Bitte senden Sie den Bescheid an meine Anschrift.", "Mit freundlichen Gruessen"} {
		fmt.Fprintf(&b, "(%s) Tj T*\n", line)
	}
	b.WriteString("ET\n")
	return b.String()
}

// refuseAll is a gate that lets nothing through and notes what it was asked.
func refuseAll(asked *[]string) Gate {
	return func(_ context.Context, _ io.ReaderAt, _ int64, flavour string) (pipeline.Validation, error) {
		*asked = append(*asked, flavour)
		return pipeline.Validation{Flavour: flavour, Breaks: []pipeline.Breach{{Rule: "6.1.2-1", Reason: "test"}}}, nil
	}
}
