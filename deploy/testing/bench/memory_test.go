package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// mostMemory is the bar for the whole family of processes with two readers.
const mostMemory = 600 << 20

// memoryCase is a file that is made to be measured.
type memoryCase struct {
	name  string
	make  func(path string) error
	pages int
	pair  int // the number of pages of the case that it is held against; 0 is none
}

// A0 at 300 dpi, the largest page that the default limit lets pass.
const a0Width, a0Height = 9933, 14043

// memory converts long files and large pages with two readers and tells the most
// memory that the program and all its children held at one moment.
func (b *pageBench) memory(ctx context.Context) (string, error) {
	sheet, err := tileOf(filepath.Join(b.letters, "13-grabnutzungsrecht.jpg"))
	if err != nil {
		return "", err
	}
	line, err := tileOf(filepath.Join(b.corpus, "scans", "simple-no-dpi.png"))
	if err != nil {
		return "", err
	}
	page := paper{line, 1240, 1754, false} // a line or two of print on A4 at 150 dpi
	large := func(colour bool) paper { return paper{sheet, a0Width, a0Height, colour} }
	var out strings.Builder
	out.WriteString("| file | pages | MB of the file | CPU s | largest process MB | **whole family MB** |\n|---|--:|--:|--:|--:|--:|\n")
	for _, c := range []memoryCase{
		{name: "scan PDF of JPEG pages, A4", pages: 5, make: func(p string) error { return writeScanPDF(p, page, 5) }},
		{name: "scan PDF of JPEG pages, A4", pages: 500, make: func(p string) error { return writeScanPDF(p, page, 500) }},
		{name: "TIFF of Deflate pages, A4", pages: 5, make: func(p string) error { return writeManyTIFF(p, page, 5) }},
		{name: "TIFF of Deflate pages, A4", pages: 500, make: func(p string) error { return writeManyTIFF(p, page, 500) }},
		{name: "scan PDF, A0 at 300 dpi, grey JPEG", pages: 2, make: func(p string) error { return writeScanPDF(p, large(false), 2) }},
		{name: "scan PDF, A0 at 300 dpi, colour JPEG", pages: 2, make: func(p string) error { return writeScanPDF(p, large(true), 2) }},
		{name: "TIFF, A0 at 300 dpi, grey Deflate", pages: 2, make: func(p string) error { return writeManyTIFF(p, large(false), 2) }},
		{name: "TIFF, A0 at 300 dpi, colour Deflate", pages: 2, make: func(p string) error { return writeManyTIFF(p, large(true), 2) }},
		{name: "PNG, A0 at 300 dpi, colour", pages: 1, make: func(p string) error { return writePaperPNG(p, large(true)) }},
	} {
		row, err := b.memoryRow(ctx, c)
		if err != nil {
			return "", err
		}
		fmt.Fprint(b.log, row)
		out.WriteString(row)
	}
	return out.String(), nil
}

func (b *pageBench) memoryRow(ctx context.Context, c memoryCase) (string, error) {
	in, done := filepath.Join(b.scratch, "in"), filepath.Join(b.scratch, "out.pdf")
	defer os.Remove(in)
	defer os.Remove(done)
	if err := c.make(in); err != nil {
		return "", fmt.Errorf("making %s: %w", c.name, err)
	}
	st, err := os.Stat(in)
	if err != nil {
		return "", err
	}
	u, err := measure(ctx, nil, b.blattwerk, "convert", "-q", "-j", "2", "--page-deadline", "10m", in, done)
	note := ""
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		note = " failed: " + strings.ReplaceAll(err.Error(), "|", "/")
	} else if got := pdfPages(ctx, done); got != c.pages {
		note = fmt.Sprintf(" (%d pages in the PDF/A)", got)
	}
	mark := ""
	if u.family > mostMemory {
		mark = " **over 600**"
	}
	const mb = 1 << 20
	return fmt.Sprintf("| %s%s | %d | %.1f | %.1f | %d | %d%s |\n", c.name, note, c.pages, float64(st.Size())/mb, u.cpu.Seconds(), u.largest/mb, u.family/mb, mark), nil
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
