package foreign

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"blattwerk/pipeline/child"
)

// Names of the operations that the child knows.
const (
	OpInspect = "inspect" // InspectCall -> Report
	OpTake    = "take"    // TakeCall -> []Taken
	OpRepair  = "repair"  // RepairCall -> Repaired
	OpRewrite = "rewrite" // RewriteCall -> nothing
	OpExtract = "extract" // ExtractCall -> []Extracted
	OpSigned  = "signed"  // SignaturesCall -> []pipeline.Signature
	OpPing    = "ping"    // nothing -> nothing: says that children work at all
)

// InspectCall asks for a report on a file.
type InspectCall struct {
	Path     string `json:"path"`
	MaxPages int    `json:"maxPages"` // 0 is any
}

// TakeCall asks for the pictures of pages of Kind [Picture] whose Image has a
// Media. Each is written to Dir.
type TakeCall struct {
	Path  string `json:"path"`
	Dir   string `json:"dir"`
	Pages []int  `json:"pages"` // 1-based
}

// Taken is one picture that was written to a file.
type Taken struct {
	Page int    `json:"page"` // 1-based
	File string `json:"file,omitempty"`
	Why  string `json:"why,omitempty"` // why it could not be taken after all; File is "" then
}

// RewriteCall asks for a copy of a file with a sound structure and the same
// content, for programs that do not get the file itself open.
type RewriteCall struct {
	Path string `json:"path"`
	Out  string `json:"out"`
}

// Serve answers calls until in ends: it is the main of the child process.
func Serve(in io.Reader, out io.Writer) error {
	var s server
	return child.Serve(in, out, map[string]child.Handler{
		OpInspect: handle(s.inspect),
		OpTake:    handle(s.take),
		OpRepair:  handle(s.repair),
		OpRewrite: handle(s.rewrite),
		OpExtract: handle(s.extract),
		OpSigned:  handle(s.signatures),
		OpPing:    handle(func(struct{}) (struct{}, error) { return struct{}{}, nil }),
	}, nil)
}

func handle[C, R any](run func(C) (R, error)) child.Handler {
	return func(value json.RawMessage, _ []byte) (any, []byte, error) {
		var call C
		if err := json.Unmarshal(value, &call); err != nil {
			return nil, nil, err
		}
		result, err := run(call)
		return result, nil, err
	}
}

// server keeps the file that was parsed last, since calls come in runs.
type server struct {
	path string
	file *file
}

// open parses path, or gives the last file again. The parent bounds the time by
// ending this process.
func (s *server) open(path string) (*file, error) {
	if s.file != nil && s.path == path {
		return s.file, nil
	}
	s.path, s.file = "", nil
	f, err := open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	s.path, s.file = path, f
	return f, nil
}

func (s *server) inspect(c InspectCall) (Report, error) {
	f, err := s.open(c.Path)
	switch {
	case errors.Is(err, errPassword):
		return Report{Problem: Password, Encrypted: true}, nil
	case err != nil:
		return Report{Problem: Broken, Detail: err.Error()}, nil
	}
	return inspect(context.Background(), f, c.MaxPages), nil
}

func (s *server) take(c TakeCall) ([]Taken, error) {
	f, err := s.open(c.Path)
	if err != nil {
		return nil, err
	}
	pages, err := f.pages(0)
	if err != nil {
		return nil, err
	}
	var out []Taken
	for _, no := range c.Pages {
		if no < 1 || no > len(pages) {
			return nil, fmt.Errorf("no page %d", no)
		}
		t := Taken{Page: no, File: filepath.Join(c.Dir, fmt.Sprintf("page-%d", no))}
		if err := f.takePage(pages[no-1], t.File); err != nil {
			t.File, t.Why = "", err.Error()
		}
		out = append(out, t)
	}
	return out, nil
}

func (f *file) takePage(p page, path string) (err error) {
	pt := &painter{f: f, page: p.crop, ops: maxOperators, state: state{ctm: identity, clip: p.crop}}
	pt.run(f.contents(p), p.resources, 0)
	if len(pt.pictures) != 1 {
		return errRender
	}
	q := pt.pictures[0]
	plan, err := f.plan(q)
	if err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	img := f.picture(p, q)
	return f.take(out, q, plan, img.DPIX, img.DPIY)
}

func (s *server) rewrite(c RewriteCall) (struct{}, error) {
	s.path, s.file = "", nil // flattening changes the model in place
	f, err := open(context.Background(), c.Path)
	if err != nil {
		return struct{}{}, err
	}
	m := &mender{file: f, done: map[Change]int{}}
	if m.pages, err = f.pages(0); err != nil {
		return struct{}{}, err
	}
	m.flattenPages()
	out, err := os.Create(c.Out)
	if err != nil {
		return struct{}{}, err
	}
	w := bufio.NewWriterSize(out, 1<<18)
	return struct{}{}, errors.Join(f.write(w), w.Flush(), out.Close())
}
