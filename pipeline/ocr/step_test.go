package ocr

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/child"
	"blattwerk/pipeline/pipelinetest"
)

const phototest = "ocr-gt/phototest.tif"

// TestWordsAgreeWithTesseract compares one pass through gosseract with what the
// tesseract program itself says about the same picture.
func TestWordsAgreeWithTesseract(t *testing.T) {
	program := pipelinetest.Program(t, "tesseract")
	path := pipelinetest.Corpus(t, "ocr-gt/phototest.tif")
	cmd := exec.Command(program, path, "-", "-l", "eng", "--psm", "4", "tsv")
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []pipeline.Word
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) < 12 || f[0] != "5" {
			continue
		}
		n := make([]int, 10)
		for i := range n {
			n[i], _ = strconv.Atoi(f[i])
		}
		want = append(want, pipeline.Word{Text: f[11], Box: pipeline.Box{X0: n[6], Y0: n[7], X1: n[6] + n[8], Y1: n[7] + n[9]}})
	}
	_, texts := read(t, room(t, nil), "eng", path)
	got := texts[0].Words
	if len(got) != len(want) || len(got) < 50 {
		t.Fatalf("%d words, tesseract has %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		// The prepared picture is not the raw one: a pixel or two.
		if g.Text != w.Text || far(g.Box.X0, w.Box.X0) || far(g.Box.Y0, w.Box.Y0) || far(g.Box.X1, w.Box.X1) || far(g.Box.Y1, w.Box.Y1) {
			t.Errorf("word %d is %q at %v, tesseract says %q at %v", i, g.Text, g.Box, w.Text, w.Box)
		}
		if g.Conf <= 0 || g.Conf > 1 {
			t.Errorf("word %d has the confidence %f", i, g.Conf)
		}
		// The baseline is inside the word or at its foot.
		if g.Base <= g.Box.Y0 || g.Base > g.Box.Y1+3 {
			t.Errorf("word %d, %q at %v, has its baseline at %d", i, g.Text, g.Box, g.Base)
		}
		if i > 0 && (g.Line < got[i-1].Line || g.Par < got[i-1].Par || g.Block < got[i-1].Block) {
			t.Errorf("word %d goes back to line %d, paragraph %d, block %d", i, g.Line, g.Par, g.Block)
		}
	}
}

func far(a, b int) bool { return max(a-b, b-a) > 3 }

// TestFrame reads the same page in many stances: the boxes have to lie where the
// words are on the upright, straightened page at full size.
func TestFrame(t *testing.T) {
	r := room(t, nil)
	var blobs pipelinetest.Blobs
	upright := pageOf(t, r, &blobs, pipelinetest.Corpus(t, phototest))
	first := readPages(t, r, &blobs, upright)[0]
	for turn := 90; turn < 360; turn += 90 {
		// The picture is stored turned; one time the file says so, one time not.
		stored := turnedPage(t, &blobs, upright, 360-turn)
		said := stored
		said.Image.Turn = turn
		doc := pipeline.Document{Delivery: pipeline.Delivery{Language: "eng"}, Pages: []pipeline.Page{stored, said}}
		doc, err := r.Step(t.Context(), doc, &blobs)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := doc.Pages[0].Reading.Turn, doc.Pages[1].Reading.Turn; a != turn || b != 0 {
			t.Errorf("turned by %d: the reading turns by %d, and by %d where the file says it", turn, a, b)
		}
		for i, p := range doc.Pages {
			var text pipeline.PageText
			if err := pipeline.OpenJSON(t.Context(), &blobs, p.Reading.Words, &text); err != nil {
				t.Fatal(err)
			}
			if text.Width != first.Width || text.Height != first.Height || len(text.Words) != len(first.Words) {
				t.Fatalf("turn %d, page %d: %d x %d, %d words, want %d x %d, %d words", turn, i, text.Width, text.Height, len(text.Words), first.Width, first.Height, len(first.Words))
			}
			for k, w := range text.Words {
				if v := first.Words[k]; w.Text != v.Text || far(w.Box.X0, v.Box.X0) || far(w.Box.Y1, v.Box.Y1) || far(w.Base, v.Base) {
					t.Fatalf("turn %d, page %d: word %+v, want %+v", turn, i, w, v)
				}
			}
		}
	}
}

// turnedPage stores a page's picture turned clockwise.
func turnedPage(t *testing.T, blobs *pipelinetest.Blobs, page pipeline.Page, degrees int) pipeline.Page {
	t.Helper()
	raw, err := load(t.Context(), blobs, page.Image.Digest)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := decode(raw, page.Image.Media, 0, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := p.replace(p.turned(degrees)); err != nil {
		t.Fatal(err)
	}
	file, err := p.png()
	if err != nil {
		t.Fatal(err)
	}
	if page.Image.Blob, err = blobs.Put(t.Context(), bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	page.Image.Width, page.Image.Height = p.width(), p.height()
	return page
}

func readPages(t *testing.T, r *Room, blobs pipeline.Blobs, pages ...pipeline.Page) []pipeline.PageText {
	t.Helper()
	doc, err := r.Step(t.Context(), pipeline.Document{Delivery: pipeline.Delivery{Language: "eng"}, Pages: pages}, blobs)
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]pipeline.PageText, len(pages))
	for i, p := range doc.Pages {
		if err := pipeline.OpenJSON(t.Context(), blobs, p.Reading.Words, &texts[i]); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

func TestReadingTwiceGivesTheSame(t *testing.T) {
	r := room(t, func(c *Config) { c.CallsPerChild = 3 })
	path := pipelinetest.Corpus(t, "ocr-gt/german-derived/zugferd_2p0_EN16931_Miete_p1_fax.tif")
	a, _ := read(t, r, "deu+eng", path)
	b, _ := read(t, r, "deu+eng", path)
	x, y := *a.Pages[0].Reading, *b.Pages[0].Reading
	x.Millis, y.Millis = 0, 0
	if !reflect.DeepEqual(x, y) {
		t.Errorf("first %+v, then %+v", x, y)
	}
}

func TestWhichPagesAreRead(t *testing.T) {
	r := room(t, nil)
	var blobs pipelinetest.Blobs
	picture := pageOf(t, r, &blobs, pipelinetest.Corpus(t, phototest))
	carries := picture
	carries.No, carries.Text = 2, "digest-of-good-text"
	for mode, want := range map[pipeline.Mode][]bool{
		pipeline.ModeSkip: {true, false}, pipeline.ModeForce: {true, true}, pipeline.ModeRedo: {true, false},
	} {
		var mu sync.Mutex
		var told []int
		ctx := pipeline.WithProgress(t.Context(), func(done, total int) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, done*10+total)
		})
		doc := pipeline.Document{Delivery: pipeline.Delivery{Language: "eng", Mode: mode}, Pages: []pipeline.Page{picture, carries}}
		out, err := r.Step(ctx, doc, &blobs)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range out.Pages {
			if (p.Reading != nil) != want[i] {
				t.Errorf("mode %s, page %d: read is %v", mode, i+1, p.Reading != nil)
			}
		}
		if doc.Pages[0].Reading != nil {
			t.Error("the step wrote into the document that it was given")
		}
		n := len(slices.DeleteFunc(want, func(b bool) bool { return !b }))
		if len(told) != n+1 || told[len(told)-1] != n*11 {
			t.Errorf("mode %s: progress was %v", mode, told)
		}
	}
}

func TestLanguages(t *testing.T) {
	r := room(t, nil)
	have, err := r.Languages(t.Context())
	if err != nil || !slices.Contains(have, "deu") || slices.Contains(have, "osd") {
		t.Fatalf("languages are %v, %v", have, err)
	}
	var blobs pipelinetest.Blobs
	page := pipeline.Page{No: 1, Image: pipeline.Image{Blob: pipeline.Blob{Digest: "x"}}}
	for wish, code := range map[string]string{
		"deu+tlh": "language-missing", "": "language-invalid", "../../etc/passwd": "language-invalid", "deu+": "language-invalid",
	} {
		_, err := r.Step(t.Context(), pipeline.Document{Delivery: pipeline.Delivery{Language: wish}, Pages: []pipeline.Page{page}}, &blobs)
		f := pipeline.AsFault(err)
		if f == nil || f.Code != code || f.Verdict != pipeline.AskPerson {
			t.Errorf("%q: %v, want %s", wish, err, code)
		}
		if code == "language-missing" && !strings.Contains(f.Text.DE, "tesseract-ocr-tlh") {
			t.Errorf("the message names no package: %s", f.Text.DE)
		}
	}
	empty := room(t, func(c *Config) { c.DataDir = t.TempDir() })
	if have, err := empty.Languages(t.Context()); err != nil || len(have) != 0 {
		t.Errorf("an empty folder has the languages %v, %v", have, err)
	}
}

func TestBadPicturesAreFaults(t *testing.T) {
	r := room(t, nil)
	letter, err := os.ReadFile(pipelinetest.Corpus(t, "ocr-gt/scan-letter-en.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"nothing": {}, "text": []byte("no picture"), "header only": letter[:400],
	} {
		var blobs pipelinetest.Blobs
		blob, err := blobs.Put(t.Context(), bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		good := pageOf(t, r, &blobs, pipelinetest.Corpus(t, phototest))
		bad := pipeline.Page{No: 2, Image: pipeline.Image{Blob: blob, Media: "image/jpeg", DPIX: 300, DPIY: 300}}
		_, err = r.Step(t.Context(), pipeline.Document{Delivery: pipeline.Delivery{Language: "eng"}, Pages: []pipeline.Page{good, bad}}, &blobs)
		if f := pipeline.AsFault(err); f == nil || f.Code != "damaged" || f.Page != 2 || f.Verdict != pipeline.GiveBack {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := r.Decode(t.Context(), raw, "image/tiff", 0, false); pipeline.AsFault(err).Code != "damaged" {
			t.Errorf("%s decodes: %v", name, err)
		}
		if _, err := r.Probe(t.Context(), raw, "image/jpeg"); name != "header only" && pipeline.AsFault(err).Code != "damaged" {
			t.Errorf("%s is whole: %v", name, err)
		}
	}
}

// killer makes the children of a test misbehave: while its file is there, a
// child that gets a page dies, or sleeps, and takes one line off the file.
const killerEnv = "OCR_TEST_KILLER"

func killed(t *testing.T, times int, how string) func(*Config) {
	path := filepath.Join(t.TempDir(), "killer")
	if err := os.WriteFile(path, []byte(strings.Repeat(how+"\n", times)), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(c *Config) {
		c.Env = append(c.Env, killerEnv+"="+path)
		c.Deadline = 20 * time.Second
		if how == "sleep" {
			c.Deadline = time.Second
		}
	}
}

// misbehave is run in a child, before each page is read.
func misbehave() {
	path := os.Getenv(killerEnv)
	raw, err := os.ReadFile(path)
	if err != nil {
		return
	}
	how, rest, ok := strings.Cut(string(raw), "\n")
	if !ok {
		return
	}
	if err := os.WriteFile(path, []byte(rest), 0o600); err != nil {
		os.Exit(2)
	}
	switch how {
	case "die":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {}
	case "sleep":
		time.Sleep(time.Hour)
	case "eat":
		var all [][]byte
		for {
			b := make([]byte, 64<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
			if len(all) > 100 {
				os.Exit(3) // the limit did not hold
			}
		}
	}
}

func TestChildrenThatFailMidPage(t *testing.T) {
	for _, tc := range []struct {
		name  string
		how   string
		times int
		code  string // "": the page is read after all
	}{
		{"killed once", "die", 1, ""},
		{"killed twice", "die", 2, "reader-crashed"},
		{"out of memory once", "eat", 1, ""},
		{"out of memory twice", "eat", 2, "reader-crashed"},
		{"hanging twice", "sleep", 2, "page-too-heavy"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tame := room(t, nil)
			r := room(t, func(c *Config) { c.Readers = 1; killed(t, tc.times, tc.how)(c) })
			var blobs pipelinetest.Blobs
			page := pageOf(t, tame, &blobs, pipelinetest.Corpus(t, phototest))
			page.No = 7
			doc := pipeline.Document{Delivery: pipeline.Delivery{Language: "eng"}, Pages: []pipeline.Page{page}}
			out, err := r.Step(t.Context(), doc, &blobs)
			if tc.code == "" {
				if err != nil || out.Pages[0].Reading.Count < 50 {
					t.Fatalf("%+v, %v", out.Pages[0].Reading, err)
				}
				return
			}
			f := pipeline.AsFault(err)
			if f.Code != tc.code || f.Verdict != pipeline.AskPerson || f.Page != 7 {
				t.Errorf("fault is %+v", f)
			}
			if !errors.Is(err, child.ErrDied) && !errors.Is(err, child.ErrDeadline) {
				t.Errorf("the cause is lost: %v", err)
			}
			if out.Pages[0].Reading != nil {
				t.Error("a page without a reading has one")
			}
			if tc.how != "sleep" { // the next document is read
				if out, err := r.Step(t.Context(), doc, &blobs); err != nil || out.Pages[0].Reading.Count < 50 {
					t.Errorf("the next document: %v", err)
				}
			}
		})
	}
}

func TestContextEndsReading(t *testing.T) {
	r := room(t, killed(t, 1, "die"))
	hang := room(t, func(c *Config) { killed(t, 8, "sleep")(c); c.Deadline = time.Minute })
	var blobs pipelinetest.Blobs
	page := pageOf(t, r, &blobs, pipelinetest.Corpus(t, phototest))
	pages := slices.Repeat([]pipeline.Page{page}, 8)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := hang.Step(ctx, pipeline.Document{Delivery: pipeline.Delivery{Language: "eng"}, Pages: pages}, &blobs)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	if len(hang.pages) != 0 {
		t.Errorf("%d pages are still held", len(hang.pages))
	}
}

// TestMemoryStaysBounded reads large and hostile pictures and looks at the
// greatest memory that any child ever had.
func TestMemoryStaysBounded(t *testing.T) {
	peak := filepath.Join(t.TempDir(), "peak")
	r := room(t, func(c *Config) { c.Readers = 1; c.Env = append(c.Env, "OCR_TEST_PEAK="+peak) })
	var blobs pipelinetest.Blobs
	put := func(raw []byte, w, h int, dpi float64) pipeline.Page {
		blob, err := blobs.Put(t.Context(), bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		return pipeline.Page{No: 1, Image: pipeline.Image{Blob: blob, Media: "image/png", Width: w, Height: h, DPIX: dpi, DPIY: dpi}}
	}
	// The bomb is over the limit of pixels, so that opening would have refused it: a
	// person may be asked then; the file is not called damaged.
	mayFail := []string{"the bomb"}
	pages := map[string]pipeline.Page{
		"A4":           pageOf(t, r, &blobs, pipelinetest.Corpus(t, "ocr-gt/german-derived/Hinweisblatt_Prozesskostenhilfe_p1_g4.tif")),
		"A0":           put(whitePNG(t, 9933, 14043, 1, 0), 9933, 14043, 300),
		"A0 in colour": put(whitePNG(t, 9933, 14043, 8, 2), 9933, 14043, 300),
		"the bomb":     put(whitePNG(t, 20000, 20000, 1, 0), 20000, 20000, 300),
	}
	for _, name := range []string{"A4", "A0", "A0 in colour", "the bomb"} { // the peak is that of all so far
		page := pages[name]
		doc := pipeline.Document{Delivery: pipeline.Delivery{Language: "deu"}, Pages: []pipeline.Page{page}}
		out, err := r.Step(t.Context(), doc, &blobs)
		switch f := pipeline.AsFault(err); {
		case f != nil && (f.Code != "reader-crashed" || !slices.Contains(mayFail, name)):
			t.Errorf("%s: %v", name, err)
		case f == nil && out.Pages[0].Reading == nil:
			t.Errorf("%s: neither a reading nor a fault", name)
		}
		raw, err := os.ReadFile(peak)
		if errors.Is(err, os.ErrNotExist) {
			continue // no page was finished yet
		}
		if err != nil {
			t.Fatal(err)
		}
		kb, err := strconv.Atoi(strings.TrimSpace(string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("after %s the child's peak is %d MB", name, kb>>10)
		if most := 350; kb>>10 > most && name != "the bomb" { // two readers and the rest have 600
			t.Errorf("%s: the child took %d MB", name, kb>>10)
		}
	}
}

// whitePNG writes a white picture of any size without holding it: depth bits a
// sample, colour type 0 (grey) or 2 (colours).
func whitePNG(t *testing.T, w, h int, depth, colour byte) []byte {
	t.Helper()
	var b, data bytes.Buffer
	chunk := func(kind string, body []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(body)))
		both := append([]byte(kind), body...)
		b.Write(both)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(both))
	}
	samples := map[byte]int{0: 1, 2: 3}[colour]
	row := append([]byte{0}, bytes.Repeat([]byte{0xFF}, (w*samples*int(depth)+7)/8)...)
	z := zlib.NewWriter(&data)
	for range h {
		if _, err := z.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	b.WriteString("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	chunk("IHDR", append(head, depth, colour, 0, 0, 0))
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return b.Bytes()
}

// TestEveryPictureEndsInAReadingOrAFault reads odd pictures: photographs, maps,
// CMYK, transparency, two columns, a separator sheet, a handful of pixels.
func TestEveryPictureEndsInAReadingOrAFault(t *testing.T) {
	if testing.Short() {
		t.Skip("reads many pages")
	}
	r := room(t, nil)
	for name, words := range map[string]int{ // at least so many
		"scans/typewriter.png": 100, "scans/linn.png": 200, "scans/baiona_color.jpg": 0, "scans/baiona_cmyk.jpg": 0,
		"scans/multi-page-images.tiff": 5, "scans/smile-lzw.tiff": 0, "scans/simple-no-dpi.png": 5, "scans/simple.gif": 5,
		"scans/document.webp": 3, "scans/no-text-alpha.png": 0, "scans/crom.png": 0, "barcodes/skewed.jpg": 5,
		"barcodes/image_upc_barcode.jpg": 0,
	} {
		doc, texts := read(t, r, "deu+eng", pipelinetest.Corpus(t, name))
		p := doc.Pages[0]
		t.Logf("%s: %d words, confidence %.2f, turn %d, %d ms, %q", name, p.Reading.Count, p.Reading.Confidence, p.Reading.Turn, p.Reading.Millis, p.Reading.Actions)
		if p.Reading.Count < words || p.Reading.Turn != 0 && words > 0 {
			t.Errorf("%s: %d words, want %d, turn %d: %s", name, p.Reading.Count, words, p.Reading.Turn, plain(texts[0]))
		}
		for _, w := range texts[0].Words {
			if b := w.Box; b.X0 < 0 || b.Y0 < 0 || b.X1 > texts[0].Width || b.Y1 > texts[0].Height || b.X0 > b.X1 || b.Y0 > b.Y1 {
				t.Errorf("%s: %+v is outside of its page", name, w)
			}
		}
	}
}
