package pdfa

import (
	"errors"
	"io"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/child"
	"blattwerk/pipeline/pdfa/foreign"
)

// Config says how foreign PDF files are read and converted. Command and Gate are
// required.
type Config struct {
	Command  []string      // our own binary and the arguments that make it call [ServeReader]
	Env      []string      // added to the children's environment
	Children int           // readers at once; 0 is 1
	Memory   int64         // limit of each child and each foreign program, bytes; 0 is 900 MiB
	Deadline time.Duration // for one call of a reader and for one page of a foreign program; 0 is one minute
	DPI      int           // resolution of rendered pages; 0 is 300
	MaxPages int           // pages of a file; 0 is 2000
	// MaxPixels bounds a single picture; 0 is 200 million. Pages that are rendered
	// get a lower resolution instead.
	MaxPixels int64
	Temp      string // folder for working copies; "" is the system's
	Fonts     string // folder of the Liberation fonts; "" is Debian's
	Gate      Gate   // the validator

	// Names or paths of foreign programs; "" is the usual name, on the PATH.
	Pdftoppm, Pdftotext, Pdfimages, Ghostscript, Qpdf, LibreOffice string

	// Sniff tells a media type from a file's first bytes, and Pictures is the step
	// that opens picture files: for what is attached to mails. Without them
	// attachments other than PDF are not shown as pages.
	Sniff    func(head []byte) string
	Pictures pipeline.StepFunc
}

// Room opens PDF files and composes PDF/A. It is safe for many goroutines.
type Room struct {
	cfg      Config
	children *child.Pool
}

// New makes a room. Nothing is started yet.
func New(cfg Config) *Room {
	cfg.Children = max(cfg.Children, 1)
	if cfg.Memory <= 0 {
		cfg.Memory = 900 << 20
	}
	if cfg.Deadline <= 0 {
		cfg.Deadline = time.Minute
	}
	if cfg.DPI <= 0 {
		cfg.DPI = 300
	}
	if cfg.MaxPages <= 0 {
		cfg.MaxPages = 2000
	}
	if cfg.MaxPixels <= 0 {
		cfg.MaxPixels = 200_000_000
	}
	cfg.Fonts = findFonts(cfg.Fonts)
	return &Room{cfg: cfg, children: child.NewPool(child.Config{
		Command: cfg.Command, Env: cfg.Env, Size: cfg.Children, Memory: cfg.Memory, Deadline: cfg.Deadline,
	})}
}

// Close ends the children.
func (r *Room) Close() error { return r.children.Close() }

// ServeReader is the main of the child process.
func ServeReader(in io.Reader, out io.Writer) error { return foreign.Serve(in, out) }

// isCrash says whether a child came to harm over a file, or refused it. Anything
// else (no program, the caller gave up) says nothing about the file.
func isCrash(err error) bool {
	var refused child.Failure
	return errors.Is(err, child.ErrDied) || errors.Is(err, child.ErrDeadline) || errors.As(err, &refused)
}

func fault(v pipeline.Verdict, code, de, en string, err error) *pipeline.Fault {
	return &pipeline.Fault{Verdict: v, Code: code, Text: pipeline.Message{DE: de, EN: en}, Err: err}
}
