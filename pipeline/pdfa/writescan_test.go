package pdfa

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

// refereeGate is a gate that asks the referee.
func refereeGate(t testing.TB) Gate {
	return func(_ context.Context, r io.ReaderAt, size int64, flavour string) (pipeline.Validation, error) {
		raw, err := io.ReadAll(io.NewSectionReader(r, 0, size))
		if err != nil {
			return pipeline.Validation{}, err
		}
		path := keep(t, t.TempDir(), "gate.pdf", raw)
		v := pdfatest.Verdicts(t, flavour, path)[path]
		check := pipeline.Validation{Valid: v.Valid, Flavour: flavour, Gate: "veraPDF"}
		for _, rule := range v.Rules {
			check.Breaks = append(check.Breaks, pipeline.Breach{Rule: rule})
		}
		return check, nil
	}
}

// openGate lets everything pass.
func openGate(_ context.Context, _ io.ReaderAt, _ int64, flavour string) (pipeline.Validation, error) {
	return pipeline.Validation{Valid: true, Flavour: flavour}, nil
}

// scannedDocument is a document of three pages, the second a blank back.
func scannedDocument(t testing.TB, blobs pipeline.Blobs) pipeline.Document {
	t.Helper()
	delivery := pipelinetest.PutFile(t, blobs, pipelinetest.Corpus(t, "ocr-gt/german-derived/koma_letter-21_p1_clean.jpg"))
	delivery.Journal, delivery.Received = "2026-000123", time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC)
	picture := pipeline.Image{Blob: delivery.Original, Media: "image/jpeg", Width: 2480, Height: 3508, DPIX: 300, DPIY: 300}
	doc := pipeline.Document{ID: "doc", Delivery: delivery}
	for i, text := range []string{"Sehr geehrte Damen und Herren", "", "Überlingen, den 2. März"} {
		page := pipeline.Page{No: i + 4, Image: picture, WidthPt: 595.2, HeightPt: 841.92, Blank: text == ""}
		if text != "" {
			words, err := pipeline.PutJSON(t.Context(), blobs, layLines(strings.Fields(text)))
			if err != nil {
				t.Fatal(err)
			}
			n := len(strings.Fields(text))
			page.Reading = &pipeline.Reading{Words: words.Digest, Count: n, Confidence: 0.8 + 0.02*float64(i), Engine: "tesseract 5.3.0", Language: "deu"}
		}
		doc.Pages = append(doc.Pages, page)
	}
	return doc
}

func TestComposeScan(t *testing.T) {
	var blobs pipelinetest.Blobs
	doc := scannedDocument(t, &blobs)
	var told [][2]int
	ctx := pipeline.WithProgress(t.Context(), func(done, total int) { told = append(told, [2]int{done, total}) })
	pdf, err := ComposeScan(ctx, doc, &blobs, refereeGate(t))
	if err != nil {
		t.Fatal(err)
	}
	if pdf.Way != pipeline.WayComposed || !pdf.Check.Valid || pdf.Check.Flavour != "2u" || len(pdf.Changes) != 1 || pdf.AppearanceOnly {
		t.Errorf("%+v", pdf)
	}
	if len(told) != 2 || told[1] != [2]int{2, 2} {
		t.Errorf("progress was told as %v", told)
	}
	c, err := blobs.Open(ctx, pdf.Digest)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(c)
	if err != nil || int64(len(raw)) != pdf.Size {
		t.Fatalf("%d bytes, want %d: %v", len(raw), pdf.Size, err)
	}
	for _, want := range []string{
		"/Lang (de)", "<bw:sourcePages>4, 6<", "<bw:engine>tesseract 5.3.0<", "<bw:words>9<", "<bw:confidence>0.8178<",
		"<bw:sourceDigest>" + string(doc.Delivery.Original.Digest), "2026-000123 koma_letter-21_p1_clean", "2026-03-02T08:30:00Z", "(D:20260302083000Z)",
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("%q is not in the file", want)
		}
	}
	path := keep(t, t.TempDir(), "scan.pdf", raw)
	if got := strings.Join(rawText(t, path), " "); got != "Sehr geehrte Damen und Herren Überlingen, den 2. März" {
		t.Errorf("words: %q", got)
	}
	again, err := ComposeScan(ctx, doc, &blobs, openGate)
	if err != nil || again.Blob != pdf.Blob {
		t.Errorf("composed again: %+v, %v; want the same bytes %+v", again.Blob, err, pdf.Blob)
	}
}

func TestABlankDocumentKeepsItsPages(t *testing.T) {
	var blobs pipelinetest.Blobs
	doc := scannedDocument(t, &blobs)
	doc.Pages = doc.Pages[1:2]
	doc.Pages[0].WidthPt, doc.Pages[0].HeightPt = 0, 0 // falls back to pixels and dpi
	pdf, err := ComposeScan(t.Context(), doc, &blobs, openGate)
	if err != nil {
		t.Fatal(err)
	}
	if len(pdf.Changes) != 0 {
		t.Errorf("%+v", pdf.Changes)
	}
	c, err := blobs.Open(t.Context(), pdf.Digest)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(c)
	if err != nil || !bytes.Contains(raw, []byte("/MediaBox [0 0 595.2 841.92]")) {
		t.Errorf("the page has not the size of its picture: %v", err)
	}
}

// brokenBlobs fails as a store does.
type brokenBlobs struct {
	pipeline.Blobs
	put  error // after some bytes
	stop bool  // Put returns early and well
	lost pipeline.Digest
}

func (b brokenBlobs) Put(ctx context.Context, r io.Reader) (pipeline.Blob, error) {
	if b.put != nil || b.stop {
		_, _ = io.CopyN(io.Discard, r, 100)
		return pipeline.Blob{}, b.put
	}
	return b.Blobs.Put(ctx, r)
}

func (b brokenBlobs) Open(ctx context.Context, d pipeline.Digest) (pipeline.Content, error) {
	if d == b.lost {
		return nil, errors.New("no such blob")
	}
	return b.Blobs.Open(ctx, d)
}

func TestComposeScanFailsWell(t *testing.T) {
	full := errors.New("disk full")
	tests := []struct {
		name  string
		gate  Gate
		harm  func(*pipeline.Document, *brokenBlobs)
		code  string // of the fault; "" is none of a page
		page  int
		cause error
	}{
		{name: "the store is full", harm: func(_ *pipeline.Document, b *brokenBlobs) { b.put = full }, code: "internal", cause: full},
		{name: "the store stops early", harm: func(_ *pipeline.Document, b *brokenBlobs) { b.stop = true }, code: "internal", cause: errStoreStopped},
		{name: "the picture is gone", harm: func(d *pipeline.Document, b *brokenBlobs) { b.lost = d.Pages[2].Image.Digest }, code: "internal"},
		{name: "the words are gone", harm: func(d *pipeline.Document, b *brokenBlobs) { b.lost = d.Pages[2].Reading.Words }, code: "internal"},
		{name: "a page was never pictured", harm: func(d *pipeline.Document, _ *brokenBlobs) { d.Pages[2].Image.Digest = "" }, code: "no-picture", page: 6},
		{name: "a page is too large", harm: func(d *pipeline.Document, _ *brokenBlobs) { d.Pages[2].WidthPt = 14400.1 }, code: "page-size", page: 6},
		{name: "a page is too small", harm: func(d *pipeline.Document, _ *brokenBlobs) { d.Pages[0].HeightPt = 2.9 }, code: "page-size", page: 4},
		{name: "a page has no size at all", harm: func(d *pipeline.Document, _ *brokenBlobs) { d.Pages[0].HeightPt, d.Pages[0].Image.DPIX = 0, 0 }, code: "page-size", page: 4},
		{name: "a picture is none", harm: func(d *pipeline.Document, _ *brokenBlobs) { d.Pages[2].Image.Digest = d.Pages[2].Reading.Words }, code: "picture-unsupported", page: 6},
		{name: "no pages", harm: func(d *pipeline.Document, _ *brokenBlobs) { d.Pages = nil }, code: "no-pages"},
		{name: "the gate is shut", gate: func(_ context.Context, _ io.ReaderAt, _ int64, f string) (pipeline.Validation, error) {
			return pipeline.Validation{Flavour: f, Breaks: []pipeline.Breach{{Rule: "6.1.2-1"}}}, nil
		}, code: "pdfa-invalid"},
		{name: "the gate checked something else", gate: func(context.Context, io.ReaderAt, int64, string) (pipeline.Validation, error) {
			return pipeline.Validation{Valid: true, Flavour: "2b"}, nil
		}, code: "pdfa-invalid"},
		{name: "the gate is broken", gate: func(context.Context, io.ReaderAt, int64, string) (pipeline.Validation, error) {
			return pipeline.Validation{}, full
		}, code: "internal", cause: full},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			blobs := brokenBlobs{Blobs: &pipelinetest.Blobs{}}
			doc := scannedDocument(t, blobs)
			if tt.harm != nil {
				tt.harm(&doc, &blobs)
			}
			if tt.gate == nil {
				tt.gate = openGate
			}
			pdf, err := ComposeScan(t.Context(), doc, blobs, tt.gate)
			if err == nil {
				t.Fatalf("no error, but %+v", pdf)
			}
			fault := pipeline.AsFault(err)
			if fault.Code != tt.code || fault.Page != tt.page || tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("%+v (%v), want %s on page %d", fault, err, tt.code, tt.page)
			}
		})
	}
}

func TestComposeScanEndsWithItsContext(t *testing.T) {
	var blobs pipelinetest.Blobs
	doc := scannedDocument(t, &blobs)
	ctx, cancel := context.WithCancel(t.Context())
	ctx = pipeline.WithProgress(ctx, func(int, int) { cancel() })
	if _, err := ComposeScan(ctx, doc, &blobs, openGate); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

// memoryChild makes the test binary a child that writes many pages and says how
// much memory it took at most, in kB.
const memoryChild = "BLATTWERK_PDFA_MEMORY_CHILD"

func TestFiveHundredPagesInLittleMemory(t *testing.T) {
	if os.Getenv(memoryChild) != "" {
		writeManyPages(t, io.Discard, 500)
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(status), "VmHWM:")
		_, _ = os.Stdout.WriteString("\npeak " + strings.Fields(after)[0] + "\n")
		return
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		pipelinetest.Missing(t, "/proc, which tells the memory of a process")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), memoryChild+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, after, _ := strings.Cut(string(out), "\npeak ")
	line, _, _ := strings.Cut(after, "\n")
	peak, err := strconv.Atoi(line)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("500 pages took at most %d kB", peak)
	if peak > 50<<10 {
		t.Errorf("500 pages took %d kB, more than 50 MB", peak)
	}
}

// writeManyPages writes pages of 300 dpi in turns black-and-white and JPEG, each
// with 400 words.
func writeManyPages(t testing.TB, w io.Writer, pages int) {
	bitonal := bitonalPage(t)
	photo := readTest(t, pipelinetest.Corpus(t, "ocr-gt/german-derived/koma_letter-21_p1_clean.jpg"))
	words := make([]string, 400)
	for i := range words {
		words[i] = "Wort" + strconv.Itoa(i)
	}
	text := layLines(words)
	leaves := func(yield func(Leaf, error) bool) {
		for i := range pages {
			raw := bitonal
			if i%2 == 1 {
				raw = photo
			}
			if !yield(Leaf{WidthPt: 595.2, HeightPt: 841.92, Image: pipeline.Image{Width: 2480, Height: 3508}, Text: text, Open: openBytes(raw)}, nil) {
				return
			}
		}
	}
	if err := Write(t.Context(), w, testMeta(), leaves); err != nil {
		t.Fatal(err)
	}
}
