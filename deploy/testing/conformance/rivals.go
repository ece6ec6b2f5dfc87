package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// contenders are the programs that are compared. prefix is the file that gives
// ghostscript an output intent, profile the colour profile that it names.
func (l *lab) contenders(prefix, profile string) []rival {
	return []rival{
		{"Blattwerk", func(in, out string) []string {
			return []string{l.blattwerk, "convert", "-q", "-l", "deu+eng", "-j", "1", in, out}
		}},
		{"OCRmyPDF", func(in, out string) []string {
			return []string{"ocrmypdf", "-q", "-l", "deu+eng", "-j", "1", "--skip-text", "--output-type", "pdfa-2", in, out}
		}},
		{"ghostscript alone", func(in, out string) []string {
			return []string{"gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dPDFA=2", "-dPDFACompatibilityPolicy=1",
				"-sColorConversionStrategy=RGB", "-sDEVICE=pdfwrite", "--permit-file-read=" + profile, "-sOutputFile=" + out, prefix, in}
		}},
	}
}

// score is what one contender made of one file.
type score struct {
	Made    bool
	Out     string
	Size    int64
	CPU     time.Duration
	Same    sameness
	TimeOut bool
	judge   pdfatest.Verdict
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
	prefix, err := l.outputIntent()
	if err != nil {
		return err
	}
	who := l.contenders(prefix, ghostscriptProfile)
	kept, err := l.shelf()
	if err != nil {
		return err
	}
	scores := make([][]score, len(in))
	err = l.each(ctx, in, func(ctx context.Context, i int, f input) error {
		scores[i] = make([]score, len(who))
		for j, r := range who {
			s, err := l.once(ctx, kept, r, f)
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
	return os.RemoveAll(kept)
}

// The prefix file of a PDF/A and the sRGB profile that come with ghostscript on
// Debian (libgs10-common, libgs-common).
const (
	ghostscriptPrefix  = "/usr/share/ghostscript/*/lib/PDFA_def.ps"
	ghostscriptProfile = "/usr/share/color/icc/ghostscript/srgb.icc"
)

// outputIntent makes ghostscript's own sample of a prefix file one that can be
// used, as its head asks: with the place of the profile, and without the title,
// which would take the place of the document's.
func (l *lab) outputIntent() (path string, err error) {
	if !isFile(ghostscriptProfile) {
		return "", fmt.Errorf("ghostscript's profile %s is missing: %w", ghostscriptProfile, os.ErrNotExist)
	}
	found, err := filepath.Glob(ghostscriptPrefix)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("ghostscript's %s is missing: %w", ghostscriptPrefix, errors.Join(err, os.ErrNotExist))
	}
	raw, err := os.ReadFile(found[0])
	if err != nil {
		return "", err
	}
	text := strings.ReplaceAll(string(raw), "(srgb.icc)", "("+ghostscriptProfile+")")
	title, rest, ok := strings.Cut(text, "/DOCINFO pdfmark")
	begin := strings.LastIndex(title, "\n[ /Title")
	if !ok || begin < 0 || !strings.Contains(rest, "("+ghostscriptProfile+")") {
		return "", fmt.Errorf("%s is not laid out as expected", found[0])
	}
	path = filepath.Join(l.scratch, "PDFA_def.ps")
	return path, os.WriteFile(path, []byte(title[:begin]+rest), 0o600)
}

// shelf is the folder in which scores lie until the part is whole: a run that was
// broken off goes on where it stopped, if nothing was changed since.
func (l *lab) shelf() (string, error) {
	path := filepath.Join(l.work, "rivals-"+l.origin.Commit)
	if strings.HasSuffix(path, "-dirty") || strings.HasSuffix(path, "-unknown") {
		path = filepath.Join(l.scratch, "rivals")
	}
	return path, os.MkdirAll(path, 0o755)
}

// once is compete, or what an earlier run of the same commit left of it.
func (l *lab) once(ctx context.Context, kept string, r rival, f input) (score, error) {
	key := sha256.Sum256([]byte(r.name + "\x00" + f.name))
	out := filepath.Join(kept, hex.EncodeToString(key[:8])+".pdf")
	note := strings.TrimSuffix(out, ".pdf") + ".json"
	var s score
	if raw, err := os.ReadFile(note); err == nil && json.Unmarshal(raw, &s) == nil {
		return s, nil
	}
	s, err := l.compete(ctx, r, f, out)
	if err != nil {
		return s, err
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return s, err
	}
	return s, os.WriteFile(note, raw, 0o600)
}

// pageCount is how many pages a file says it has; 0 if it does not open.
func pageCount(ctx context.Context, path string) int {
	out, _ := exec.CommandContext(ctx, "pdfinfo", path).Output() // what it printed counts
	_, rest, _ := strings.Cut(string(out), "Pages:")
	n, _ := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0])) // 0 if it printed none
	return n
}

func (l *lab) compete(ctx context.Context, r rival, f input, out string) (score, error) {
	s := score{Out: out}
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
	s.TimeOut = limited.Err() != nil
	if st := cmd.ProcessState; st != nil {
		s.CPU = st.UserTime() + st.SystemTime()
	}
	st, err := os.Stat(out)
	if err != nil || cmd.ProcessState.ExitCode() != 0 || st.Size() == 0 {
		return s, nil
	}
	s.Made, s.Size = true, st.Size()
	s.Same, err = compare(ctx, f.path, out)
	return s, err
}

func (l *lab) judgeScores(ctx context.Context, scores [][]score) error {
	var paths []string
	for _, row := range scores {
		for _, s := range row {
			if s.Made {
				paths = append(paths, s.Out)
			}
		}
	}
	verdicts, err := l.ask(ctx, "0", paths)
	if err != nil {
		return err
	}
	for _, row := range scores {
		for j := range row {
			row[j].judge = verdicts[row[j].Out]
		}
	}
	return nil
}

func (l *lab) reportRivals(ctx context.Context, who []rival, scores [][]score, left int) {
	t := newTable("", "made a file", "of these empty, of one that cannot be read", "ran out of time", "valid for the referee, as it claims", "of these say the same (99 % of words)", "words kept in all", "valid, same words and same looks", "size", "CPU time")
	for j, r := range who {
		var made, late, hollow, valid, same, good, words, kept int
		var size int64
		var cpu time.Duration
		for _, row := range scores {
			s := row[j]
			cpu += s.CPU
			if s.TimeOut {
				late++
			}
			if !s.Made {
				continue
			}
			made++
			if s.Same.Hollow {
				hollow++
			}
			if everyone(row) {
				size += s.Size
				words, kept = words+s.Same.Words, kept+s.Same.Kept
			}
			if !s.judge.Valid {
				continue
			}
			valid++
			if s.Same.sameWords() {
				same++
				if s.Same.Worst < 0 || s.Same.sameLooks() {
					good++
				}
			}
		}
		n := len(scores)
		t.row(r.name, share(made, n), fmt.Sprint(hollow), fmt.Sprint(late), share(valid, n), share(same, valid), share(kept, words), share(good, n),
			fmt.Sprintf("%.1f MB", float64(size)/1e6), fmt.Sprintf("%.0f s", cpu.Seconds()))
	}
	text := fmt.Sprintf("## Side by side\n\nThe same %d PDF files; %d with more than %d pages are left out. Words in all and size are those of the files of which every contender made something. "+
		"Each has %s for a file. A file that a contender refuses with an error counts as not made: among these files are some that have to be refused, such as those behind a password; an empty file made of one of them says nothing the same.\n\n%s\n", len(scores), left, l.rivalMaxPages, l.longest, t)
	for _, r := range who {
		line := r.line("IN", "OUT")
		line[0] = filepath.Base(line[0])
		for i := range line {
			line[i] = strings.TrimPrefix(line[i], l.scratch+"/")
		}
		text += "- " + r.name + ": `" + strings.Join(line, " ") + "`\n"
	}
	text += "- PDFA_def.ps is ghostscript's own sample of a prefix file, with its own sRGB profile as output intent.\n- " + versions(ctx) + "\n"
	l.sections["rivals"] = text
}

func everyone(row []score) bool {
	for _, s := range row {
		if !s.Made {
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
