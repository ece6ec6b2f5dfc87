package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"blattwerk/pipeline/pdfa/pdfatest"
)

// rival is a program that makes PDF/A of a file.
type rival struct {
	name string
	line func(in, out string) []string
}

func (l *lab) contenders() []rival {
	return []rival{
		{"Blattwerk", func(in, out string) []string {
			return []string{l.blattwerk, "convert", "-q", "-l", "deu+eng", "-j", "1", in, out}
		}},
		{"OCRmyPDF", func(in, out string) []string {
			return []string{"ocrmypdf", "-q", "-l", "deu+eng", "-j", "1", "--skip-text", "--output-type", "pdfa-2", in, out}
		}},
		{"ghostscript alone", func(in, out string) []string {
			return []string{"gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dPDFA=2", "-dPDFACompatibilityPolicy=1",
				"-sColorConversionStrategy=RGB", "-sDEVICE=pdfwrite", "-sOutputFile=" + out, in}
		}},
	}
}

// score is what one contender made of one file.
type score struct {
	made  bool
	out   string
	size  int64
	cpu   time.Duration
	same  sameness
	judge pdfatest.Verdict
}

// rivals gives the same files to all contenders, file by file.
func (l *lab) rivals(ctx context.Context) error {
	if _, err := exec.LookPath("ocrmypdf"); err != nil {
		return fmt.Errorf("ocrmypdf is missing; `make conformance` installs it: %w", err)
	}
	all, err := inputs(l.corpus, []string{".pdf"}, foreignFolders...)
	if err != nil {
		return err
	}
	var in []input
	for _, f := range all {
		if n := pageCount(ctx, f.path); n <= l.rivalMaxPages {
			in = append(in, f)
		}
	}
	who := l.contenders()
	scores := make([][]score, len(in))
	err = l.each(ctx, in, func(ctx context.Context, i int, f input) error {
		scores[i] = make([]score, len(who))
		for j, r := range who {
			s, err := l.compete(ctx, r, f, filepath.Join(l.scratch, fmt.Sprintf("rival-%d-%d.pdf", i, j)))
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			scores[i][j] = s
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := l.judgeScores(ctx, scores); err != nil {
		return err
	}
	l.reportRivals(ctx, who, scores, len(all)-len(in))
	return nil
}

// pageCount is how many pages a file says it has; 0 if it does not open.
func pageCount(ctx context.Context, path string) int {
	out, _ := exec.CommandContext(ctx, "pdfinfo", path).Output() // what it printed counts
	_, rest, _ := strings.Cut(string(out), "Pages:")
	n, _ := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0])) // 0 if it printed none
	return n
}

func (l *lab) compete(ctx context.Context, r rival, f input, out string) (score, error) {
	s := score{out: out}
	limited, cancel := context.WithTimeout(ctx, l.longest)
	defer cancel()
	line := r.line(f.path, out)
	cmd := exec.CommandContext(limited, line[0], line[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return s, ctx.Err()
	case err != nil && !errors.As(err, &exit) && limited.Err() == nil:
		return s, err
	}
	if st := cmd.ProcessState; st != nil {
		s.cpu = st.UserTime() + st.SystemTime()
	}
	st, err := os.Stat(out)
	if err != nil || cmd.ProcessState.ExitCode() != 0 || st.Size() == 0 {
		return s, nil
	}
	s.made, s.size = true, st.Size()
	s.same, err = compare(ctx, f.path, out)
	return s, err
}

func (l *lab) judgeScores(ctx context.Context, scores [][]score) error {
	var paths []string
	for _, row := range scores {
		for _, s := range row {
			if s.made {
				paths = append(paths, s.out)
			}
		}
	}
	verdicts, err := l.ask(ctx, "0", paths)
	if err != nil {
		return err
	}
	for _, row := range scores {
		for j := range row {
			row[j].judge = verdicts[row[j].out]
		}
	}
	return nil
}

func (l *lab) reportRivals(ctx context.Context, who []rival, scores [][]score, left int) {
	t := newTable("", "made a file", "valid for the referee, as it claims", "of these say the same (99 % of words)", "words kept in all", "valid, same words and same looks", "size", "CPU time")
	for j, r := range who {
		var made, valid, same, good, words, kept int
		var size int64
		var cpu time.Duration
		for _, row := range scores {
			s := row[j]
			cpu += s.cpu
			if !s.made {
				continue
			}
			made++
			if everyone(row) {
				size += s.size
				words, kept = words+s.same.words, kept+s.same.kept
			}
			if !s.judge.Valid {
				continue
			}
			valid++
			if s.same.sameWords() {
				same++
				if s.same.worst < 0 || s.same.sameLooks() {
					good++
				}
			}
		}
		n := len(scores)
		t.row(r.name, share(made, n), share(valid, n), share(same, valid), share(kept, words), share(good, n),
			fmt.Sprintf("%.1f MB", float64(size)/1e6), fmt.Sprintf("%.0f s", cpu.Seconds()))
	}
	text := fmt.Sprintf("## Side by side\n\nThe same %d PDF files; %d with more than %d pages are left out. Words in all and size are those of the files of which every contender made something. "+
		"A file that a contender refuses with an error counts as not made: among these files are some that have to be refused, such as those behind a password.\n\n%s\n", len(scores), left, l.rivalMaxPages, t)
	for _, r := range who {
		line := r.line("IN", "OUT")
		line[0] = filepath.Base(line[0])
		text += "- " + r.name + ": `" + strings.Join(line, " ") + "`\n"
	}
	text += "- " + versions(ctx) + "\n"
	l.sections["rivals"] = text
}

func everyone(row []score) bool {
	for _, s := range row {
		if !s.made {
			return false
		}
	}
	return true
}

func versions(ctx context.Context) string {
	var out []string
	for _, line := range [][]string{{"ocrmypdf", "--version"}, {"gs", "--version"}, {"tesseract", "--version"}} {
		raw, _ := exec.CommandContext(ctx, line[0], line[1:]...).CombinedOutput() // a version that is not told is left out
		if first, _, _ := strings.Cut(strings.TrimSpace(string(raw)), "\n"); first != "" {
			out = append(out, strings.TrimPrefix(line[0]+" "+first, "tesseract "))
		}
	}
	return strings.Join(out, ", ")
}

// differ says whether two files have different bytes.
func differ(a, b string) (bool, error) {
	x, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer y.Close()
	bufX, bufY := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, errX := io.ReadFull(x, bufX)
		m, errY := io.ReadFull(y, bufY)
		if n != m || !bytes.Equal(bufX[:n], bufY[:m]) {
			return true, nil
		}
		if errX != nil || errY != nil {
			if errors.Is(errX, io.EOF) || errors.Is(errX, io.ErrUnexpectedEOF) {
				return false, nil
			}
			return false, errors.Join(errX, errY)
		}
	}
}
