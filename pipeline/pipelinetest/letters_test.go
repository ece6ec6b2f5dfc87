package pipelinetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // decoders of the sample letters
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
)

// maxBytes keeps the repository light: all of testdata together.
const maxBytes = 12 << 20

func TestLettersAndTableAgree(t *testing.T) {
	letters := Letters(t)
	var listed []string
	departments, reviews, blanks := map[pipeline.DeptID]bool{}, 0, 0
	for _, l := range letters {
		listed = append(listed, l.Name, strings.TrimSuffix(l.Name, filepath.Ext(l.Name))+".txt")
		blanks += len(l.Blank)
		if l.Review {
			reviews++
		} else {
			departments[l.Department] = true
		}
		checkLetter(t, l)
	}
	if len(letters) < 14 || len(departments) < 9 || reviews == 0 || blanks == 0 {
		t.Errorf("%d letters to %d departments, %d for review, %d blank pages: too few to be a sample",
			len(letters), len(departments), reviews, blanks)
	}
	sameNames(t, "letters", listed)
}

func checkLetter(t *testing.T, l SampleLetter) {
	t.Helper()
	if len(l.Turns) != len(l.Texts) {
		t.Errorf("%s: %d turns for %d pages", l.Name, len(l.Turns), len(l.Texts))
	}
	for i, turn := range l.Turns {
		if turn%90 != 0 || turn < 0 || turn > 270 {
			t.Errorf("%s: page %d cannot be turned by %d degrees", l.Name, i+1, turn)
		}
	}
	for i, text := range l.Texts {
		if blank := slices.Contains(l.Blank, i+1); blank != (strings.TrimSpace(text) == "") {
			t.Errorf("%s: page %d: blank in the table is %v, its text has %d bytes", l.Name, i+1, blank, len(text))
		}
		if strings.ContainsAny(text, "\u00ad\ufffd\ufb00\ufb01\ufb02") {
			t.Errorf("%s: page %d: text with soft hyphens, ligatures or lost characters", l.Name, i+1)
		}
	}
	if !l.Review && !strings.HasPrefix(string(l.Type), string(l.Department)+"-") {
		t.Errorf("%s: type %s is not of department %s", l.Name, l.Type, l.Department)
	}
	if l.Kind == "" || l.Notes == "" || l.Licence == "" {
		t.Errorf("%s: kind, notes or licence missing", l.Name)
	}
	if model, err := colourModel(t, l.Path); err != nil {
		t.Errorf("%s: %v", l.Name, err)
	} else if !strings.Contains(l.Kind, model) {
		t.Errorf("%s: the file is %s, the table says %s", l.Name, model, l.Kind)
	}
	pages, err := countPages(t, l.Path)
	if err != nil {
		t.Errorf("%s: %v", l.Name, err)
	} else if pages != len(l.Texts) {
		t.Errorf("%s: the file has %d pages, the table says %d", l.Name, pages, len(l.Texts))
	}
}

func TestBrokenFilesAreBroken(t *testing.T) {
	var listed []string
	for _, f := range BrokenFiles(t) {
		listed = append(listed, f.Name)
		for _, v := range f.Verdicts {
			if v != pipeline.GiveBack && v != pipeline.AskPerson {
				t.Errorf("%s: no such verdict: %q", f.Name, v)
			}
		}
		raw, err := os.ReadFile(f.Path)
		if err != nil {
			t.Error(err)
			continue
		}
		if wrong := stillWhole(t, f.Name, raw); wrong != "" {
			t.Errorf("%s: %s", f.Name, wrong)
		}
	}
	sameNames(t, "bad", listed)
}

// stillWhole says why a file is not broken as its name promises, or "".
func stillWhole(t *testing.T, name string, raw []byte) string {
	switch name {
	case "zero-bytes.pdf":
		if len(raw) != 0 {
			return "not empty"
		}
	case "encrypted.pdf":
		if !bytes.Contains(raw, []byte("/Encrypt")) {
			return "not encrypted"
		}
	case "bomb.png":
		c, _, err := image.DecodeConfig(bytes.NewReader(raw))
		if err != nil || c.Width != 20_000 || c.Height != 20_000 || len(raw) > 64<<10 {
			return fmt.Sprintf("%d x %d pixels in %d bytes, %v", c.Width, c.Height, len(raw), err)
		}
	case "truncated.pdf":
		if !bytes.HasPrefix(raw, []byte("%PDF-")) || bytes.Contains(raw, []byte("startxref")) {
			return "not a PDF without its end"
		}
	case "truncated.jpg", "truncated.png":
		if _, _, err := image.DecodeConfig(bytes.NewReader(raw)); err != nil {
			return "its header is broken too: " + err.Error()
		}
		if _, _, err := image.Decode(bytes.NewReader(raw)); err == nil {
			return "decodes as a whole"
		}
	case "truncated.tif":
		if n, err := tiffPages(raw); err == nil {
			return fmt.Sprintf("has all its %d pages", n)
		}
	case "garbage.bin", "text-named.pdf":
		if bytes.HasPrefix(raw, []byte("%PDF-")) || len(raw) == 0 {
			return "looks like a PDF"
		}
	default:
		return "nobody checks it"
	}
	return ""
}

func TestSamplesAreSmall(t *testing.T) {
	var total int64
	err := filepath.WalkDir(Letter(t, ""), func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total >= maxBytes {
		t.Errorf("testdata has %d bytes, limit %d", total, maxBytes)
	}
}

// sameNames holds the files of a folder against those of its table.
func sameNames(t *testing.T, folder string, listed []string) {
	t.Helper()
	entries, err := os.ReadDir(Letter(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	slices.Sort(found)
	slices.Sort(listed)
	if !slices.Equal(found, listed) {
		t.Errorf("testdata/%s has\n%v\nits table lists\n%v", folder, found, listed)
	}
}

// countPages decodes a file as far as its pages can be counted.
func countPages(t *testing.T, path string) (int, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	switch filepath.Ext(path) {
	case ".jpg", ".png":
		_, _, err := image.Decode(bytes.NewReader(raw))
		return 1, err
	case ".tif":
		return tiffPages(raw)
	}
	out, err := exec.Command(Program(t, "pdfinfo"), path).Output()
	if err != nil {
		return 0, fmt.Errorf("running pdfinfo: %w", err)
	}
	var pages int
	for line := range strings.SplitSeq(string(out), "\n") {
		if after, ok := strings.CutPrefix(line, "Pages:"); ok {
			_, err = fmt.Sscan(after, &pages)
		}
	}
	return pages, err
}

// colourModel says how the first picture of a JPEG, PNG or PDF is coloured, in
// the words of the table; "" where there is none or nobody looks (TIFF).
func colourModel(t *testing.T, path string) (string, error) {
	switch filepath.Ext(path) {
	case ".tif":
		return "", nil
	case ".pdf":
		out, err := exec.Command(Program(t, "pdfimages"), "-list", path).Output()
		if err != nil {
			return "", fmt.Errorf("running pdfimages: %w", err)
		}
		lines := strings.Split(string(out), "\n") // two lines of heads, then: page num type width height color comp bpc enc ...
		if len(lines) < 3 || len(strings.Fields(lines[2])) < 9 {
			return "", nil
		}
		f := strings.Fields(lines[2])
		return map[string]string{"gray8": "grey", "gray1": "bitonal", "rgb8": "colour"}[f[5]+f[7]], nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		return "", err
	}
	if _, ok := c.ColorModel.(color.Palette); ok {
		return "palette", nil
	}
	if c.ColorModel == color.GrayModel {
		return "grey", nil
	}
	return "colour", nil
}

// tiffPages follows the directories of a TIFF 6.0 file (section 2) to the last.
func tiffPages(raw []byte) (int, error) {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(raw, []byte("MM\x00*")):
		order = binary.BigEndian
	case !bytes.HasPrefix(raw, []byte("II*\x00")):
		return 0, fmt.Errorf("no TIFF")
	}
	number := func(at, size int) (int, error) {
		if at < 0 || at+size > len(raw) {
			return 0, fmt.Errorf("points to byte %d of %d", at, len(raw))
		}
		if size == 2 {
			return int(order.Uint16(raw[at:])), nil
		}
		return int(order.Uint32(raw[at:])), nil
	}
	at, err := number(4, 4)
	for pages := 0; ; pages++ {
		if err != nil || at == 0 || pages > 1000 {
			return pages, err
		}
		var entries int
		if entries, err = number(at, 2); err == nil {
			at, err = number(at+2+12*entries, 4)
		}
	}
}
