package pdfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/child"
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

// errProgram says that a foreign program did not do its work.
var errProgram = child.ErrProgram

// run starts a foreign program under a limit of memory and of time. Its output
// goes to out. Errors: a fault if it is not installed, ctx's own error, or
// [errProgram].
func (r *Room) run(ctx context.Context, p program, deadline time.Duration, out io.Writer, args ...string) error {
	return r.feed(ctx, p, deadline, "", out, args...)
}

// feed is run for a program that reads its standard input.
func (r *Room) feed(ctx context.Context, p program, deadline time.Duration, stdin string, out io.Writer, args ...string) error {
	err := child.Program{Name: p.name, Memory: r.cfg.Memory, Time: deadline, Stdin: stdin}.Run(ctx, out, args...)
	if errors.Is(err, child.ErrMissing) {
		return fault(pipeline.TryAgain, "missing-program",
			fmt.Sprintf("Auf dem Server fehlt das Programm %s. Die Systembetreuung muss das Paket %s installieren.", p.name, p.pack),
			fmt.Sprintf("The program %s is missing on the server. The administrator has to install the package %s.", p.name, p.pack), err)
	}
	return err
}

// exitCode is the code a program ended with, or -1.
func exitCode(err error) int {
	var e *child.ExitError
	if errors.As(err, &e) {
		return e.Code
	}
	return -1
}
