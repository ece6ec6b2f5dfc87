package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"blattwerk/pipeline/pipelinetest"
)

var (
	measureMemory = flag.String("measure", "", "measure memory, and write the table into this file")
	measureOnly   = flag.String("only", "", "measure only files whose name has this in it, and write nothing")
)

// mostMemory is the bar for the whole family of processes with two readers;
// mostGrowth that for what 500 pages take against 5 of the same, with some room for
// what the rest of the machine shares of libraries with the family.
const (
	mostMemory = 600 << 20
	mostGrowth = 1.1
)

// A0 at 300 dpi, the largest page that the default limit lets pass.
const a0Width, a0Height = 9933, 14043

// memoryCase is a file that is made to be measured.
type memoryCase struct {
	name  string
	pages int
	paper func() paper // made when its turn comes: what is held is booked to the program
	write func(path string, p paper, pages int) error
}

// TestMeasureMemory converts long files and large pages with two readers and tells
// the most memory that the program and all its children held at one moment. `make
// bench-pages` runs it.
func TestMeasureMemory(t *testing.T) {
	if *measureMemory == "" {
		t.Skip("skipped: measures for minutes; `make bench-pages` does")
	}
	pipelinetest.Program(t, "convert")
	// A4 at 150 dpi with little print; a letter at 300 dpi as often as text stands on
	// a plan: four times on A0, twice on A2.
	letter, word := pipelinetest.Letter(t, "letters/13-grabnutzungsrecht.jpg"), pipelinetest.Corpus(t, "scans/simple-no-dpi.png")
	line := func() paper { return paper{tileOf(t, word, 1240, 1754), 1240, 1754, 150, false} }
	plan := func(colour bool) func() paper {
		return func() paper {
			return paper{tileOf(t, letter, a0Width/2+1, a0Height/2+1), a0Width, a0Height, 300, colour}
		}
	}
	grey, colour := plan(false), plan(true)
	a3 := func() paper { return paper{tileOf(t, letter, 3508, 4961), 3508, 4961, 300, true} }
	// A2, just under what is decoded whole.
	large := func() paper { return paper{tileOf(t, letter, 5900, 4200), 5900, 8400, 357, true} }
	short := map[string]sized{}
	var table, growth strings.Builder
	growth.WriteString("\n| file | pages | against | whole family, times | bar: 1.1 |\n|---|--:|--:|--:|---|\n")
	table.WriteString("| file | pages | MB of the file | CPU s | largest process MB | whole family MB |\n|---|--:|--:|--:|--:|--:|\n")
	for _, c := range []memoryCase{
		{"scan PDF of JPEG pages, A4", 5, line, writeScanPDF},
		{"scan PDF of JPEG pages, A4", 500, line, writeScanPDF},
		{"TIFF of Deflate pages, A4", 5, line, writeManyTIFF},
		{"TIFF of Deflate pages, A4", 500, line, writeManyTIFF},
		{"scan PDF, A3 at 300 dpi, colour JPEG", 4, a3, writeScanPDF},
		{"scan PDF, A0 at 300 dpi, grey JPEG", 2, grey, writeScanPDF},
		{"scan PDF, A0 at 300 dpi, colour JPEG", 2, colour, writeScanPDF},
		{"TIFF, A0 at 300 dpi, colour Deflate", 2, colour, writeManyTIFF},
		{"PNG, A0 at 300 dpi, colour", 1, colour, writePaperPNG},
		{"progressive JPEG, A2 of 49.6 million pixels, colour", 1, large, writeProgressive},
	} {
		if !strings.Contains(c.name, *measureOnly) {
			continue
		}
		row, family := c.measure(t)
		fmt.Fprint(os.Stderr, row)
		table.WriteString(row)
		if few, ok := short[c.name]; ok {
			growth.WriteString(c.growth(t, few, family))
		}
		short[c.name] = sized{c.pages, family}
	}
	table.WriteString(growth.String())
	if *measureOnly != "" {
		return
	}
	pipelinetest.WritePart(t, *measureMemory, "memory", table.String())
}

// sized is what the family took for a number of pages, bytes.
type sized struct {
	pages  int
	family int64
}

// growth gives the row that holds a long file against a short one of the same pages.
func (c memoryCase) growth(t *testing.T, few sized, family int64) string {
	times, verdict := float64(family)/float64(few.family), "met"
	if times > mostGrowth {
		verdict = "missed"
		t.Errorf("%s: %d pages take %.2f times the memory of %d, the bar is %.1f", c.name, c.pages, times, few.pages, mostGrowth)
	}
	row := fmt.Sprintf("| %s | %d | %d | %.2f | %s |\n", c.name, c.pages, few.pages, times, verdict)
	fmt.Fprint(os.Stderr, row)
	return row
}

// measure converts the file and gives its row of the table, and what the family took.
func (c memoryCase) measure(t *testing.T) (row string, family int64) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out.pdf")
	if err := c.write(in, c.paper(), c.pages); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(in)
	if err != nil {
		t.Fatal(err)
	}
	forgetPeak(t)
	u, err := measure(t.Context(), nil, filepath.Join(pipelinetest.Root(t), "bin", "blattwerk"), "convert", "-q", "-j", "2", "--page-deadline", "10m", in, out)
	note := ""
	if err != nil {
		note = " (no result: " + strings.ReplaceAll(err.Error(), "|", "/") + ")"
	} else if got := pdfPages(t.Context(), out); got != c.pages {
		t.Errorf("%s: %d pages, want %d", c.name, got, c.pages)
	}
	mark := ""
	if u.family > mostMemory {
		mark = " (over 600)"
		t.Errorf("%s, %d pages: the family took %d MB, the bar is %d MB", c.name, c.pages, u.family>>20, mostMemory>>20)
	}
	const mb = 1 << 20
	return fmt.Sprintf("| %s%s | %d | %.1f | %.1f | %d | %d%s |\n", c.name, note, c.pages, float64(st.Size())/mb, u.cpu.Seconds(), u.largest/mb, u.family/mb, mark), u.family
}

// forgetPeak gives back what making a file took, and has the kernel forget the peak
// (proc(5), clear_refs): a process begins with the peak of the one that started it.
func forgetPeak(t *testing.T) {
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Fatalf("forgetting the peak of memory: %v", err)
	}
}

func pdfPages(ctx context.Context, path string) int {
	out, _ := exec.CommandContext(ctx, "pdfinfo", path).Output()
	for line := range strings.SplitSeq(string(out), "\n") {
		if rest, ok := strings.CutPrefix(line, "Pages:"); ok {
			var n int
			_, _ = fmt.Sscan(rest, &n)
			return n
		}
	}
	return 0
}
