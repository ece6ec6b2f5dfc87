package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The contenders, in the order of the tables.
const (
	ours     = iota // blattwerk convert
	theirs          // OCRmyPDF as it comes
	best            // OCRmyPDF with its means against bad scans
	limit           // tesseract alone
	nobodies        // how many there are
)

var names = [nobodies]string{"Blattwerk", "OCRmyPDF", "OCRmyPDF, best", "tesseract alone"}

// runDeadline ends a run that hangs. The slowest file takes about a minute.
const runDeadline = 10 * time.Minute

// bench knows the programs and keeps the scratch folder of one measurement.
type bench struct {
	blattwerk string // path of the program
	languages string // as tesseract wants them: deu+eng
	jobs      int
	scratch   string // folder for outputs
}

// result is one run of one contender on one file.
type result struct {
	usage
	pages int   // of the finished PDF, or of those that tesseract read
	bytes int64 // size of the finished PDF
	score score
	text  string // what was read
}

// commandLines shows how each contender is called, for the table's reader.
func (b bench) commandLines() [nobodies]string {
	langs, jobs := b.languages, strconv.Itoa(b.jobs)
	return [nobodies]string{
		"bin/blattwerk " + strings.Join(b.oursArgs("IN", "OUT"), " "),
		"ocrmypdf " + strings.Join(b.theirsArgs(sample{}, "IN", "OUT"), " "),
		"ocrmypdf " + strings.Join(b.theirsArgs(sample{}, "IN", "OUT", bestFlags()...), " "),
		"OMP_THREAD_LIMIT=1 tesseract PAGE.png PAGE -l " + langs + " (" + jobs + " at once)",
	}
}

func (b bench) oursArgs(in, out string) []string {
	return []string{"convert", "-q", "-l", b.languages, "-j", strconv.Itoa(b.jobs), in, out}
}

func (b bench) theirsArgs(s sample, in, out string, more ...string) []string {
	args := append([]string{"-q", "--output-type", "pdfa", "-l", b.languages, "-j", strconv.Itoa(b.jobs)}, more...)
	if s.noDPI {
		args = append(args, "--image-dpi", "300")
	}
	return append(args, in, out)
}

func bestFlags() []string { return []string{"--deskew", "--rotate-pages", "--clean"} }

// run lets one contender read one file.
func (b bench) run(ctx context.Context, who int, e entry) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, runDeadline)
	defer cancel()
	out := filepath.Join(b.scratch, fmt.Sprintf("%s.%d.pdf", e.name(), who))
	var u usage
	var err error
	switch who {
	case ours:
		u, err = measure(ctx, nil, b.blattwerk, b.oursArgs(e.file, out)...)
	case theirs:
		u, err = measure(ctx, nil, "ocrmypdf", b.theirsArgs(e.sample, e.file, out)...)
	case best:
		u, err = measure(ctx, nil, "ocrmypdf", b.theirsArgs(e.sample, e.file, out, bestFlags()...)...)
	case limit:
		return b.runLimit(ctx, e)
	}
	if err != nil {
		return result{}, err
	}
	return inspect(ctx, out, e.known, u)
}

// inspect reads the finished PDF, after the clock has stopped.
func inspect(ctx context.Context, pdf, known string, u usage) (result, error) {
	r := result{usage: u}
	info, err := os.Stat(pdf)
	if err != nil {
		return r, fmt.Errorf("the run left no PDF: %w", err)
	}
	r.bytes = info.Size()
	// -raw keeps the order in which the program wrote the words: poppler is not
	// to mend or spoil what the contender thought of columns.
	text, err := exec.CommandContext(ctx, "pdftotext", "-q", "-raw", pdf, "-").Output()
	if err != nil {
		return r, fmt.Errorf("reading the text of the result: %w", err)
	}
	r.text = string(text)
	r.score = compare(known, r.text)
	told, err := exec.CommandContext(ctx, "pdfinfo", pdf).Output()
	if err != nil {
		return r, fmt.Errorf("counting the pages of the result: %w", err)
	}
	if m := pageCount.FindSubmatch(told); m != nil {
		r.pages, _ = strconv.Atoi(string(m[1]))
	}
	if r.pages == 0 {
		return r, fmt.Errorf("the result %s has no pages", filepath.Base(pdf))
	}
	return r, nil
}

var pageCount = regexp.MustCompile(`(?m)^Pages:\s+(\d+)`)

// renderPages makes the pictures that tesseract alone gets: the pages of our own
// finished PDF, grey and at 300 dots per inch.
func (b bench) renderPages(ctx context.Context, e entry) error {
	dir := b.pagesOf(e)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making a folder for pages: %w", err)
	}
	pdf := filepath.Join(b.scratch, fmt.Sprintf("%s.%d.pdf", e.name(), ours))
	if out, err := exec.CommandContext(ctx, "pdftoppm", "-r", "300", "-gray", "-png", pdf, filepath.Join(dir, "page")).CombinedOutput(); err != nil {
		return fmt.Errorf("rendering %s: %w: %s", e.name(), err, lastLine(string(out)))
	}
	return nil
}

func (b bench) pagesOf(e entry) string { return filepath.Join(b.scratch, e.name()+".pages") }

// runLimit lets tesseract read the rendered pages of a file, as many at once as
// there are jobs, each with one thread.
func (b bench) runLimit(ctx context.Context, e entry) (result, error) {
	pages, err := filepath.Glob(filepath.Join(b.pagesOf(e), "*.png"))
	if err != nil || len(pages) == 0 {
		return result{}, fmt.Errorf("no rendered pages of %s (%v)", e.name(), err)
	}
	args := []string{"-c", `printf '%s\0' "$@" | xargs -0 -P "$JOBS" -I '{}' tesseract '{}' '{}' -l "$LANGS"`, "sh"}
	u, err := measure(ctx, []string{"OMP_THREAD_LIMIT=1", "JOBS=" + strconv.Itoa(b.jobs), "LANGS=" + b.languages}, "sh", append(args, pages...)...)
	if err != nil {
		return result{}, err
	}
	r := result{usage: u, pages: len(pages)}
	var read strings.Builder
	for _, p := range pages { // Glob sorts, and pdftoppm writes the numbers with leading zeros
		text, err := os.ReadFile(p + ".txt")
		if err != nil {
			return r, fmt.Errorf("reading what tesseract read: %w", err)
		}
		read.Write(text)
	}
	r.text = read.String()
	r.score = compare(e.known, r.text)
	return r, nil
}
