package ocr_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/ocr"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/route"
)

var (
	measurePages = flag.String("measure", "", "measure orientation and blank pages, and write the tables into this file")
	onlyFiles    = flag.String("only", "", "measure only files whose names match this expression, such as ^scans/")
	keepPictures = flag.String("pictures", "", "folder for pictures of the pages that are called blank or are not turned upright")
)

// stands are the pages that do not stand upright in their file: the clockwise
// degrees that bring them upright after all that the file itself asks for.
var stands = map[string]int{
	"letters/07-wohnungsgeberbestaetigung.pdf 1":      180,
	"letters/18-strassenaufbruch-stadtwerke.pdf 2":    270,
	"ocr-gt/phototest-rotated-180.png 1":              180,
	"ocr-gt/phototest-rotated-L.png 1":                90,
	"ocr-gt/german-derived/letter-de_p1_rot180.tif 1": 180,
	"scans/cardinal.pdf 2":                            270,
	"scans/cardinal.pdf 3":                            180,
	"scans/cardinal.pdf 4":                            90,
	"scans/rotated.pdf 1":                             270,
	"scans/rotated.pdf 2":                             180,
	"scans/rotated.pdf 3":                             90,
}

// noText are pages without text by which a stand could be told.
var noText = []string{
	"scans/no-text-alpha.png 1", "scans/smile-lzw.tiff 1", "scans/smile-pack-bits.tiff 1", "scans/lichtenstein.pdf 1", // drawings, a painting
}

// trulyBlank are the pages of the set on which nothing is written: each was looked
// at. Specks, holes, shadows and print that shines through are no writing.
var trulyBlank = []string{
	"letters/04-widerspruch-strassenreinigung.tif 2", "letters/04-widerspruch-strassenreinigung.tif 4", "letters/04-widerspruch-strassenreinigung.tif 6",
	"scans/blank1.jpg 1",
	"barcodes/split-by-asn-1.pdf 2", "barcodes/split-by-asn-1.pdf 5", "barcodes/split-by-asn-1.pdf 6", "barcodes/split-by-asn-1.pdf 8", "barcodes/split-by-asn-1.pdf 10",
}

// mostPages bounds how many pages of one file are judged: two books have hundreds
// that are alike.
const mostPages = 40

// TestMeasurePages turns pages by 0, 90, 180 and 270 degrees and counts how many
// come upright, and asks of each whether it is blank. `make bench-pages` runs it.
func TestMeasurePages(t *testing.T) {
	if *measurePages == "" {
		t.Skip("skipped: measures for minutes; `make bench-pages` does")
	}
	rooms, err := route.New(route.Config{Program: filepath.Join(pipelinetest.Root(t), "bin", "blattwerk"), Readers: 1, ReaderMemory: 900 << 20, PageDeadline: 300e9})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rooms.Close() })
	m := measuring{t: t, rooms: rooms, stand: ocr.Stander()}
	only := regexp.MustCompile(*onlyFiles)
	for _, f := range setOfPages(t) {
		if only.MatchString(f[0]) {
			m.file(f[0], f[1])
		}
	}
	pipelinetest.WritePart(t, *measurePages, "orientation", m.orientation())
	pipelinetest.WritePart(t, *measurePages, "blank pages", m.blanks())
}

// setOfPages lists names and paths of the sample letters and of what the corpus
// has in scans, ocr-gt, barcodes and german.
func setOfPages(t *testing.T) (files [][2]string) {
	kinds := []string{".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".heic"}
	for _, name := range []string{"letters", "ocr-gt", "scans", "barcodes", "german"} {
		root := pipelinetest.Letter(t, name)
		if name != "letters" {
			root = pipelinetest.Corpus(t, name)
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains(kinds, strings.ToLower(filepath.Ext(path))) {
				return err
			}
			rel, err := filepath.Rel(root, path)
			files = append(files, [2]string{name + "/" + filepath.ToSlash(rel), path})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// measuring is what was counted so far.
type measuring struct {
	t     *testing.T
	rooms *route.Rooms
	stand func(file []byte, img pipeline.Image, languages string) (int, bool, []string, error)

	files, unopened     int
	turnedAll, turnedOK [4]int
	notUpright          []string
	judged, found       int
	wrongly, missed     []string
}

func (m *measuring) file(name, path string) {
	var blobs pipelinetest.Blobs
	delivery := pipelinetest.PutFile(m.t, &blobs, shortened(m.t, path))
	if !strings.HasPrefix(name, "letters") && !strings.HasPrefix(name, "scans") && !strings.HasPrefix(name, "ocr-gt") {
		delivery.Mode = pipeline.ModeForce // pages with text of their own are judged as pictures
	}
	doc, err := m.rooms.Scan.Step(m.t.Context(), pipeline.Document{Delivery: delivery}, &blobs)
	if err != nil {
		m.t.Logf("%s: %v", name, err)
		m.unopened++
		return
	}
	m.files++
	for i, p := range doc.Pages {
		if p.Image.Digest != "" && p.Text == "" {
			m.page(fmt.Sprintf("%s %d", name, i+1), p, load(m.t, &blobs, p.Image.Digest))
		}
	}
	fmt.Fprintln(os.Stderr, name)
}

// shortened gives a PDF of the first pages of a long one.
func shortened(t *testing.T, path string) string {
	out, _ := exec.CommandContext(t.Context(), "qpdf", "--show-npages", path).Output()
	var n int
	if _, err := fmt.Sscan(string(out), &n); err != nil || n <= mostPages {
		return path
	}
	short := filepath.Join(t.TempDir(), filepath.Base(path))
	err := exec.CommandContext(t.Context(), "qpdf", path, "--pages", ".", fmt.Sprint("1-", mostPages), "--", short).Run()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 3) {
		t.Fatal(err)
	}
	return short
}

func load(t *testing.T, blobs pipeline.Blobs, d pipeline.Digest) []byte {
	c, err := blobs.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (m *measuring) page(name string, p pipeline.Page, file []byte) {
	truly := slices.Contains(trulyBlank, name)
	quarters := 4
	if truly || slices.Contains(noText, name) || strings.HasPrefix(name, "barcodes") || strings.HasPrefix(name, "german") {
		quarters = 1
	}
	for q := range quarters {
		// The page is turned by what its file asks a viewer for, which comes first:
		// the pixels that are looked at are those of a sheet that was scanned turned.
		img := p.Image
		img.Turn = (img.Turn + 90*q) % 360
		turn, blank, actions, err := m.stand(file, img, "deu+eng")
		if err != nil {
			m.t.Fatalf("%s: %v", name, err)
		}
		if q == 0 {
			m.verdict(name, blank, truly, p, file)
		}
		if quarters == 1 || blank {
			continue
		}
		m.turnedAll[q]++
		off := (img.Turn + turn - p.Image.Turn - stands[name] + 720) % 360
		if off == 0 {
			m.turnedOK[q]++
			continue
		}
		m.notUpright = append(m.notUpright, fmt.Sprintf("%s turned by %d° (%d° off)", name, 90*q, off))
		m.t.Logf("%s turned by %d: %d off, %v", name, 90*q, off, actions)
		m.picture(fmt.Sprintf("%s turned by %d", name, 90*q), file, img, &pipeline.Reading{Turn: turn})
	}
}

func (m *measuring) verdict(name string, blank, truly bool, p pipeline.Page, file []byte) {
	m.judged++
	switch {
	case blank && truly:
		m.found++
	case blank:
		m.wrongly = append(m.wrongly, name)
	case truly:
		m.missed = append(m.missed, name)
	}
	if blank || truly {
		m.t.Logf("%s: called blank %t, truly %t", name, blank, truly)
		m.picture(name, file, p.Image, nil)
	}
}

// picture keeps a page to be looked at.
func (m *measuring) picture(name string, file []byte, img pipeline.Image, reading *pipeline.Reading) {
	if *keepPictures == "" {
		return
	}
	jpeg, err := m.rooms.Show.Show(m.t.Context(), file, img, reading, 500)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*keepPictures, strings.ReplaceAll(name, "/", "_")+".jpg"), jpeg, 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *measuring) orientation() string {
	var out strings.Builder
	out.WriteString("| turned by | pages | upright in the end | |\n|---|--:|--:|--:|\n")
	var all, ok int
	row := func(title string, ok, all int) {
		fmt.Fprintf(&out, "| %s | %d | %d | %.1f %% |\n", title, all, ok, 100*float64(ok)/float64(max(all, 1)))
	}
	for q := range 4 {
		row(fmt.Sprintf("%d°", 90*q), m.turnedOK[q], m.turnedAll[q])
		all, ok = all+m.turnedAll[q], ok+m.turnedOK[q]
	}
	row("all (bar: 98 %)", ok, all)
	return out.String() + named("Not upright", m.notUpright)
}

func (m *measuring) blanks() string {
	return fmt.Sprintf("%d pages of %d files; %d files gave no page.\n\n| | pages |\n|---|--:|\n"+
		"| truly blank | %d |\n| of these called blank | %d |\n| of these taken for written, which costs a reading | %d |\n| written, but called blank (bar: none) | %d |\n",
		m.judged, m.files, m.unopened, m.found+len(m.missed), m.found, len(m.missed), len(m.wrongly)) +
		named("Written, but called blank", m.wrongly) + named("Blank, but taken for written", m.missed)
}

func named(title string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "\n" + title + ": " + strings.Join(names, "; ") + ".\n"
}
