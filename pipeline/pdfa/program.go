package pdfa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"blattwerk/pipeline"
)

// program is a foreign program and the Debian package that brings it.
type program struct{ name, pack string }

func (r *Room) pdftoppm() program    { return program{or(r.cfg.Pdftoppm, "pdftoppm"), "poppler-utils"} }
func (r *Room) pdftotext() program   { return program{or(r.cfg.Pdftotext, "pdftotext"), "poppler-utils"} }
func (r *Room) pdfimages() program   { return program{or(r.cfg.Pdfimages, "pdfimages"), "poppler-utils"} }
func (r *Room) ghostscript() program { return program{or(r.cfg.Ghostscript, "gs"), "ghostscript"} }
func (r *Room) qpdf() program        { return program{or(r.cfg.Qpdf, "qpdf"), "qpdf"} }

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// errProgram says that a foreign program did not do its work: it broke off, ran
// out of memory or out of time. The bytes were too much for it.
var errProgram = errors.New("foreign program failed")

// exitError is the end of a program with a code other than 0.
type exitError struct {
	name   string
	code   int
	stderr string
}

func (e *exitError) Error() string {
	return fmt.Sprintf("%s ended with %d: %s", e.name, e.code, e.stderr)
}
func (e *exitError) Unwrap() error { return errProgram }

// confined limits the address space and switches core dumps off before it
// becomes the program. The limit is set by the shell, which every system has.
const confined = `ulimit -c 0; ulimit -v "$1" || exit 125; shift; exec "$@"`

// run starts a foreign program under a limit of memory and of time, in a process
// group of its own, so that all it starts ends with it. Its output goes to out.
// Errors: a fault if it is not installed, ctx's own error, or [errProgram].
func (r *Room) run(ctx context.Context, p program, deadline time.Duration, out io.Writer, args ...string) error {
	path, err := exec.LookPath(p.name)
	if err != nil {
		return fault(pipeline.TryAgain, "missing-program",
			fmt.Sprintf("Auf dem Server fehlt das Programm %s. Die Systembetreuung muss das Paket %s installieren.", p.name, p.pack),
			fmt.Sprintf("The program %s is missing on the server. The administrator has to install the package %s.", p.name, p.pack), err)
	}
	limited, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	cmd := exec.CommandContext(limited, "/bin/sh", append([]string{"-c", confined, "sh",
		strconv.FormatInt(r.cfg.Memory>>10, 10), path}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	var stderr lastBytes
	cmd.Stdout, cmd.Stderr = out, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fmt.Errorf("%w: %s took longer than %s", errProgram, p.name, deadline)
	case errors.As(err, &exit):
		return &exitError{p.name, exit.ExitCode(), stderr.String()}
	}
	return fmt.Errorf("running %s: %w", p.name, err)
}

// lastBytes keeps the end of what a program complained about.
type lastBytes struct{ buf []byte }

func (l *lastBytes) Write(p []byte) (int, error) {
	const most = 1024
	l.buf = append(l.buf, p...)
	if n := len(l.buf) - most; n > 0 {
		l.buf = append(l.buf[:0], l.buf[n:]...)
	}
	return len(p), nil
}

func (l *lastBytes) String() string { return strings.ToValidUTF8(string(bytes.TrimSpace(l.buf)), "?") }

// exitCode is the code a program ended with, or -1.
func exitCode(err error) int {
	var e *exitError
	if errors.As(err, &e) {
		return e.code
	}
	return -1
}
