package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"blattwerk/pipeline"
	"blattwerk/pipeline/route"
	"blattwerk/storage"
	"blattwerk/workers"
)

func convertCommand() command {
	return command{
		name: "convert", args: "IN OUT",
		help: [2]string{
			"eine Datei in ein durchsuchbares PDF/A wandeln, ohne Dienste",
			"turn one file into a searchable PDF/A, without services",
		},
		shown: []string{"max-pages", "max-pixels", "page-deadline"},
		flags: func(fs *pflag.FlagSet) {
			fs.StringP("languages", "l", "", "languages to read, e.g. deu+eng (default: the setting language)")
			fs.IntP("jobs", "j", runtime.NumCPU(), "pages read at once")
			fs.String("sidecar", "", "write the text to this file, too")
			fs.String("hocr", "", "write the words with their places to this file as hOCR, too")
			fs.String("alto", "", "the same as ALTO 4")
			fs.String("show-prepared", "", "write pictures of each page that was read to this folder: as it came, and as it was made ready for reading")
			fs.String("mode", string(pipeline.ModeSkip), "pages that carry text already: skip, force or redo")
			fs.BoolP("quiet", "q", false, "no progress")
		},
		run: convert,
	}
}

func convert(ctx context.Context, c *call) error {
	mode, _ := c.flags.GetString("mode")
	if len(c.args) != 2 || !validMode(mode) {
		return exit{exitUsage, errors.New(c.say(
			"es braucht eine Eingabe und eine Ausgabe; --mode ist skip, force oder redo",
			"one input and one output are needed; --mode is skip, force or redo"))}
	}
	jobs, _ := c.flags.GetInt("jobs")
	c.set.value["readers"] = fmt.Sprint(max(jobs, 1))
	in, err := os.Open(c.args[0])
	if err != nil {
		return exit{exitBadInput, err}
	}
	defer in.Close()

	work, err := os.MkdirTemp("", "blattwerk-convert-")
	if err != nil {
		return exit{exitCannotWrite, fmt.Errorf("making a folder for the work: %w", err)}
	}
	defer os.RemoveAll(work)
	store, err := storage.OpenDir(work)
	if err != nil {
		return exit{exitCannotWrite, err}
	}
	blobs := storage.NewBlobs(store)
	original, err := blobs.Put(ctx, in)
	if err != nil {
		return exit{exitBadInput, fmt.Errorf("reading the input: %w", err)}
	}
	rooms, err := openRooms(c.set, nil)
	if err != nil {
		return err
	}
	defer rooms.Close()
	doc, err := c.convertDocument(ctx, rooms, blobs, original, pipeline.Mode(mode))
	if err != nil {
		return err
	}
	if dir, _ := c.flags.GetString("show-prepared"); dir != "" {
		if err := showPrepared(ctx, rooms, doc, blobs, dir); err != nil {
			return exit{exitCannotWrite, err}
		}
	}
	if !doc.PDF.Check.Valid {
		return exit{exitNotPDFA, errors.New(c.say("das Ergebnis ist kein gültiges PDF/A", "the result is not valid PDF/A"))}
	}
	return c.writeResults(ctx, blobs, doc)
}

func validMode(mode string) bool {
	switch pipeline.Mode(mode) {
	case pipeline.ModeSkip, pipeline.ModeForce, pipeline.ModeRedo:
		return true
	}
	return false
}

// convertDocument walks the part of the route that makes a searchable PDF/A.
func (c *call) convertDocument(ctx context.Context, rooms *route.Rooms, blobs pipeline.Blobs, original pipeline.Blob, mode pipeline.Mode) (pipeline.Document, error) {
	languages, _ := c.flags.GetString("languages")
	if languages == "" {
		languages = c.set.str("language")
	}
	doc := pipeline.Document{ID: "convert", Delivery: pipeline.Delivery{
		Original: original, Name: workers.CleanName(filepath.Base(c.args[0])), Language: languages, Mode: mode, Source: "convert",
	}}
	doc, err := route.Walk(c.withBar(ctx), rooms.Conversion(), doc, blobs)
	if err == nil {
		return doc, nil
	}
	if ctx.Err() != nil {
		return doc, exit{exitInterrupted, nil}
	}
	return doc, exit{exitCode(err), err}
}

// exitCode gives a conversion's fault the number that scripts expect.
func exitCode(err error) int {
	f := pipeline.AsFault(err)
	switch {
	case f.Code == "encrypted":
		return exitEncrypted
	case f.Code == "pdfa-invalid":
		return exitNotPDFA
	case f.Code == "internal" || f.Verdict == pipeline.TryAgain:
		return exitFailed
	default:
		return exitBadInput
	}
}

// withBar shows the pages done, where the error output is a terminal.
func (c *call) withBar(ctx context.Context) context.Context {
	quiet, _ := c.flags.GetBool("quiet")
	f, ok := c.err.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		return ctx
	}
	const width = 40
	return pipeline.WithProgress(ctx, func(done, total int) {
		full := width * done / max(total, 1)
		fmt.Fprintf(f, "\r[%s%s] %d/%d ", strings.Repeat("█", full), strings.Repeat("░", width-full), done, total)
		if done >= total {
			fmt.Fprint(f, "\r\033[K")
		}
	})
}

func (c *call) writeResults(ctx context.Context, blobs pipeline.Blobs, doc pipeline.Document) error {
	pdf, err := blobs.Open(ctx, doc.PDF.Digest)
	if err != nil {
		return err
	}
	defer pdf.Close()
	if err := c.writeWhole(c.args[1], pdf); err != nil {
		return exit{exitCannotWrite, err}
	}
	return c.writeSidecars(ctx, blobs, doc)
}

// writeSidecars writes the text and its places beside the PDF, where asked.
func (c *call) writeSidecars(ctx context.Context, blobs pipeline.Blobs, doc pipeline.Document) error {
	engine := ""
	for _, p := range doc.Pages {
		if p.Reading != nil {
			engine = p.Reading.Engine
		}
	}
	kinds := map[string]func(io.Writer, []pipeline.PageText) error{
		"sidecar": func(w io.Writer, texts []pipeline.PageText) error {
			_, err := io.WriteString(w, pipeline.PlainText(texts))
			return err
		},
		"hocr": func(w io.Writer, texts []pipeline.PageText) error {
			return pipeline.WriteHOCR(w, texts, engine, doc.Delivery.Language)
		},
		"alto": func(w io.Writer, texts []pipeline.PageText) error {
			return pipeline.WriteALTO(w, texts, engine, doc.Delivery.Name)
		},
	}
	var texts []pipeline.PageText
	for flag, write := range kinds {
		path, _ := c.flags.GetString(flag)
		if path == "" {
			continue
		}
		if texts == nil {
			var err error
			if texts, err = workers.Texts(ctx, blobs, doc); err != nil {
				return err
			}
		}
		var b bytes.Buffer
		if err := write(&b, texts); err != nil {
			return err
		}
		if err := c.writeWhole(path, &b); err != nil {
			return exit{exitCannotWrite, err}
		}
	}
	return nil
}

// writeWhole makes the file appear whole or not at all; "-" is the standard output.
func (c *call) writeWhole(path string, r io.Reader) error {
	if path == "-" {
		_, err := io.Copy(c.out, r)
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".blattwerk-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(tmp.Name())
	_, err = io.Copy(tmp, r)
	err = errors.Join(err, tmp.Chmod(newFileMode(path)), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// newFileMode keeps the mode of a file that is replaced; a new one is for its
// owner and group, as other programs would leave it.
func newFileMode(path string) fs.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}
