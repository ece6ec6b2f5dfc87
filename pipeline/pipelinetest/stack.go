package pipelinetest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Side is one side of a sheet on its way through a scanner.
type Side struct {
	Path  string  // a PDF or a picture; "" is blank paper
	Page  int     // of the file, from 1; 0 is 1
	Skew  float64 // clockwise degrees
	Label string  // PDF of labels whose first is stuck on; "" is none
}

// Stack scans sides into one TIFF, A4 in grey at 150 dpi, and gives its
// path. It needs ImageMagick and poppler.
func Stack(t testing.TB, sides []Side) string {
	t.Helper()
	dir := t.TempDir()
	run := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.Command(Program(t, name), args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v: %s", name, args, err, out)
		}
	}
	drawn := map[string]string{} // pages of PDFs as pictures
	draw := func(path string, page int) string {
		key := fmt.Sprintf("%s#%d", path, page)
		if drawn[key] == "" {
			out := filepath.Join(dir, fmt.Sprintf("drawn-%d", len(drawn)))
			run("pdftoppm", "-r", "150", "-f", fmt.Sprint(page), "-l", fmt.Sprint(page), "-singlefile", "-gray", "-png", path, out)
			drawn[key] = out + ".png"
		}
		return drawn[key]
	}
	pages := make([]string, len(sides))
	scanned := map[Side]string{} // the same side again is the same picture
	for i, s := range sides {
		if pages[i] = scanned[s]; pages[i] != "" {
			continue
		}
		pages[i] = filepath.Join(dir, fmt.Sprintf("side-%03d.tif", i))
		scanned[s] = pages[i]
		from := []string{"-size", "1240x1754", "xc:#f6f6f6"}
		page := max(s.Page, 1)
		switch {
		case strings.HasSuffix(s.Path, ".pdf"):
			from = []string{draw(s.Path, page)}
		case s.Path != "":
			from = []string{fmt.Sprintf("%s[%d]", s.Path, page-1)}
		}
		args := append(from, "-background", "white", "-alpha", "remove", "-colorspace", "Gray", "-depth", "8", "-resize", "1240x1754!")
		if s.Label != "" {
			args = append(args, "(", draw(s.Label, 1), "-crop", "413x219+0+0", "+repage", ")", "-geometry", "+780+30", "-composite")
		}
		if s.Skew != 0 {
			args = append(args, "-rotate", fmt.Sprint(s.Skew), "-gravity", "center", "-extent", "1240x1754", "+gravity", "+repage")
		}
		run("convert", append(args, "-density", "150", "-units", "PixelsPerInch", "-compress", "zip", pages[i])...)
	}
	out := filepath.Join(dir, "stack.tif")
	run("convert", append(pages, "-density", "150", "-compress", "zip", out)...)
	return out
}
