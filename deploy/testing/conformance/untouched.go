package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// witness is what other programs say of a file that was left untouched.
type witness struct {
	agrees bool   // with the reason that the clerk reads
	says   string // what was found
}

// trial is a program that has to fail over a file if a reason is true.
type trial struct {
	means string   // that it failed
	line  []string // the file's path is added
	word  string   // that it has to print, "" for any failure
	ends  bool     // it ends well instead
}

var (
	opensNot = []trial{
		{means: "qpdf cannot reconstruct it", line: []string{"qpdf", "--check"}},
		{means: "poppler cannot open it", line: []string{"pdfinfo"}},
		{means: "ghostscript finds no page", line: ghostscriptText, word: ""},
	}
	asksPassword = []trial{
		{means: "qpdf asks for a password", line: []string{"qpdf", "--requires-password"}, ends: true},
		{means: "poppler asks for one", line: []string{"pdfinfo"}, word: "Incorrect password"},
		{means: "ghostscript asks for one", line: ghostscriptText, word: "requires a password"},
	}
	ghostscriptText = []string{"gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=txtwrite", "-sOutputFile=/dev/null"}
)

// testify holds the reason of a fault against the file, with programs that had no
// part in finding it. A reason that none of them can judge is not confirmed.
func (l *lab) testify(ctx context.Context, path string, f *pipeline.Fault) (witness, error) {
	ctx, cancel := context.WithTimeout(ctx, l.longest)
	defer cancel()
	raw, err := os.ReadFile(path)
	if err != nil {
		return witness{}, err
	}
	switch f.Code {
	case "empty":
		return witness{len(raw) == 0, fmt.Sprintf("the file has %d bytes", len(raw))}, nil
	case "encrypted":
		return allAgree(ctx, path, asksPassword)
	case "broken-pdf":
		return allAgree(ctx, path, opensNot)
	case "unknown-format":
		w, err := allAgree(ctx, path, opensNot)
		if bytes.Contains(raw[:min(len(raw), 1024)], []byte("%PDF-")) {
			w.agrees = false
		}
		w.says = fmt.Sprintf("%d bytes without a header of PDF; %s", len(raw), w.says)
		return w, err
	case "reader-crashed":
		return l.crashes(ctx, path, f.Page)
	}
	return witness{false, "not asked of another program"}, nil
}

func allAgree(ctx context.Context, path string, trials []trial) (witness, error) {
	w := witness{agrees: true}
	var says []string
	for _, t := range trials {
		out, err := exec.CommandContext(ctx, t.line[0], append(t.line[1:len(t.line):len(t.line)], path)...).CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			return w, err
		}
		failed := err != nil || bytes.Contains(out, []byte("Couldn't initialise file")) // ghostscript's way to say that nothing opened
		if failed == t.ends || !bytes.Contains(out, []byte(t.word)) {
			w.agrees = false
			says = append(says, "NOT: "+t.means)
			continue
		}
		says = append(says, t.means)
	}
	w.says = strings.Join(says, ", ")
	return w, nil
}

// crashes lets tesseract itself read a page, within the memory that a reading
// child of ours has.
func (l *lab) crashes(ctx context.Context, path string, page int) (witness, error) {
	root := filepath.Join(l.scratch, fmt.Sprintf("page-%d", time.Now().UnixNano()))
	no := fmt.Sprint(max(page, 1))
	if err := exec.CommandContext(ctx, "pdftoppm", "-q", "-r", "300", "-f", no, "-l", no, "-singlefile", "-gray", path, root).Run(); err != nil {
		return witness{false, "poppler cannot show the page"}, onlyExit(ctx, err)
	}
	defer os.Remove(root + ".pgm")
	const limited = `ulimit -d 921600; exec tesseract "$1" - -l deu+eng --psm 4` // 900 MB, the default of --reader-memory
	cmd := exec.CommandContext(ctx, "sh", "-c", limited, "sh", root+".pgm")
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	if err := cmd.Run(); err != nil {
		return witness{true, "tesseract alone fails on page " + no + " within the same 900 MB"}, onlyExit(ctx, err)
	}
	return witness{false, "tesseract alone reads page " + no + " within the same 900 MB"}, nil
}
