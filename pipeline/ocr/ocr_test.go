package ocr

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"blattwerk/pipeline"
	"blattwerk/pipeline/child"
	"blattwerk/pipeline/pipelinetest"
)

// TestMain lets the test binary be its own child.
func TestMain(m *testing.M) {
	if os.Getenv("OCR_TEST_CHILD") == "1" {
		if err := serveForTests(); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveForTests is Serve with a saboteur before each page and a look at the
// memory after it.
func serveForTests() error {
	quiet()
	all := handlers(&reader{})
	honest := all[opRead]
	all[opRead] = func(value json.RawMessage, body []byte) (any, []byte, error) {
		misbehave()
		defer notePeak()
		return honest(value, body)
	}
	return child.Serve(os.Stdin, os.Stdout, all, nil)
}

// notePeak writes the greatest memory this process ever had, in KB.
func notePeak() {
	path := os.Getenv("OCR_TEST_PEAK")
	if path == "" {
		return
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_ = os.WriteFile(path, []byte(strings.TrimSuffix(strings.TrimSpace(rest), " kB")), 0o600)
		}
	}
}

// room makes a room whose children are this test binary.
func room(t testing.TB, change func(*Config)) *Room {
	t.Helper()
	cfg := Config{
		Command: []string{os.Args[0]}, Env: []string{"OCR_TEST_CHILD=1"},
		Readers: 2, Deadline: 5 * time.Minute,
	}
	if change != nil {
		change(&cfg)
	}
	r := New(cfg)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// mediaOf trusts the names of our own test files.
func mediaOf(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".tif", ".tiff":
		return "image/tiff"
	}
	return "image/" + strings.TrimPrefix(filepath.Ext(path), ".")
}

// pageOf makes a page of a picture, as the opening does.
func pageOf(t testing.TB, r *Room, blobs pipeline.Blobs, path string) pipeline.Page {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	png, img, err := r.Decode(t.Context(), file, mediaOf(path), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	media, kept := mediaOf(path), file
	if media == "image/tiff" {
		media, kept = "image/png", png
	}
	img.Media = media
	if img.Blob, err = blobs.Put(t.Context(), strings.NewReader(string(kept))); err != nil {
		t.Fatal(err)
	}
	if img.DPIX < 70 {
		img.DPIX = max(float64(max(img.Width, img.Height))/11.69, 72)
		img.DPIY = img.DPIX
	}
	return pipeline.Page{
		No: 1, Image: img, Origin: pipeline.OriginFile,
		WidthPt: float64(img.Width) * 72 / img.DPIX, HeightPt: float64(img.Height) * 72 / img.DPIY,
	}
}

// read runs the step over pictures, one page each.
func read(t testing.TB, r *Room, language string, paths ...string) (pipeline.Document, []pipeline.PageText) {
	t.Helper()
	var blobs pipelinetest.Blobs
	doc := pipeline.Document{Delivery: pipeline.Delivery{Language: language, Mode: pipeline.ModeSkip}}
	for i, path := range paths {
		page := pageOf(t, r, &blobs, path)
		page.No = i + 1
		doc.Pages = append(doc.Pages, page)
	}
	doc, err := r.Step(t.Context(), doc, &blobs)
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]pipeline.PageText, len(doc.Pages))
	for i, p := range doc.Pages {
		if p.Reading == nil {
			continue
		}
		if err := pipeline.OpenJSON(t.Context(), &blobs, p.Reading.Words, &texts[i]); err != nil {
			t.Fatal(err)
		}
	}
	return doc, texts
}

// plain is the text of a page, one line for each of its lines.
func plain(text pipeline.PageText) string {
	var b strings.Builder
	line := 0
	for _, w := range text.Words {
		switch {
		case b.Len() == 0:
		case w.Line != line:
			b.WriteByte('\n')
		default:
			b.WriteByte(' ')
		}
		line = w.Line
		b.WriteString(w.Text)
	}
	return b.String()
}

// fold makes texts comparable: one space between words, one kind of hyphen and
// quotation mark, as the transcriptions differ in them.
func fold(s string) string {
	s = strings.NewReplacer("—", "-", "–", "-", "‐", "-", "„", `"`, "“", `"`, "”", `"`, "’", "'", "‘", "'", "ſ", "s", "ﬁ", "fi", "ﬂ", "fl", "ﬀ", "ff", "\u00ad", "-").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}

// errorRate is the share of characters that have to be changed to get from got
// to want (Levenshtein distance over the length of want).
func errorRate(got, want string) float64 {
	a, b := []rune(fold(got)), []rune(fold(want))
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return float64(row[len(b)]) / float64(len(b))
}

// found is the share of the words of want that are in got, in any order.
func found(got, want string) float64 {
	words := func(s string) []string {
		return strings.FieldsFunc(fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	have := map[string]int{}
	for _, w := range words(got) {
		have[w]++
	}
	hits, all := 0, 0
	for _, w := range words(want) {
		if len([]rune(w)) < 2 {
			continue
		}
		all++
		if have[w] > 0 {
			have[w]--
			hits++
		}
	}
	return float64(hits) / float64(all)
}
