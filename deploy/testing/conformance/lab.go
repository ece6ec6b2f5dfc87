package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/route"
	"blattwerk/storage"
)

// lab is the work: the rooms of the pipeline, a store, and the sections of the
// report that are done.
type lab struct {
	options
	origin
	scratch string
	log     io.Writer
	rooms   *route.Rooms
	blobs   *storage.Blobs

	mu       sync.Mutex
	own      []string                               // files that our writer made, for the gate's part
	sections map[string]string                      // by part
	origins  map[string]origin                      // dito: of those that were run
	known    map[string]map[string]pdfatest.Verdict // by flavour and path: what the referee was asked already
	missed   []string                               // bars
}

func (l *lab) open(context.Context) error {
	store, err := storage.OpenDir(filepath.Join(l.scratch, "store"))
	if err != nil {
		return err
	}
	l.blobs = storage.NewBlobs(store)
	// Limits of time are for a machine that serves people; what else this one does
	// must not decide what becomes of a file.
	l.rooms, err = route.New(route.Config{Program: l.blattwerk, Readers: l.jobs, PageDeadline: 10 * time.Minute})
	return err
}

func (l *lab) close() { _ = l.rooms.Close() }

// bar notes a figure that the project set itself.
func (l *lab) bar(met bool, text string) string {
	if met {
		return "- met: " + text + "\n"
	}
	l.missed = append(l.missed, text)
	return "- **missed**: " + text + "\n"
}

// input is a file to work on.
type input struct {
	name string // as tables call it
	path string
}

// inputs lists the files of folders whose name ends in one of exts.
func inputs(root string, exts []string, folders ...string) ([]input, error) {
	var out []input
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains(exts, strings.ToLower(filepath.Ext(path))) {
				return err
			}
			name, err := filepath.Rel(root, path)
			out = append(out, input{name, path})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// each runs work on all inputs, some at once.
func (l *lab) each(ctx context.Context, in []input, work func(context.Context, int, input) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(l.jobs)
	for i, f := range in {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := work(ctx, i, f); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// received stands for the time of receipt, so that results repeat.
var received = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// convert walks a file through open, read and compose, as a delivery.
func (l *lab) convert(ctx context.Context, f input) (pipeline.Document, error) {
	raw, err := os.Open(f.path)
	if err != nil {
		return pipeline.Document{}, err
	}
	defer raw.Close()
	blob, err := l.blobs.Put(ctx, raw)
	if err != nil {
		return pipeline.Document{}, err
	}
	doc := pipeline.Document{ID: "conformance", Delivery: pipeline.Delivery{
		Original: blob, Name: filepath.Base(f.path), Language: "deu+eng", Source: "conformance", Received: received,
	}}
	return route.Walk(ctx, l.rooms.Conversion(), doc, l.blobs)
}

// fetch writes a blob to a file of the scratch folder.
func (l *lab) fetch(ctx context.Context, d pipeline.Digest, name string) (path string, err error) {
	c, err := l.blobs.Open(ctx, d)
	if err != nil {
		return "", err
	}
	defer c.Close()
	path = filepath.Join(l.scratch, name)
	out, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if _, err = io.Copy(out, c); err != nil {
		_ = out.Close()
		return "", err
	}
	return path, out.Close()
}

// ask is the referee. Flavour "0" is what each file claims. It is asked once
// about a file, since its time is most of that of a run.
func (l *lab) ask(ctx context.Context, flavour string, paths []string) (map[string]pdfatest.Verdict, error) {
	known := l.known[flavour]
	if known == nil {
		if l.known == nil {
			l.known = map[string]map[string]pdfatest.Verdict{}
		}
		known = map[string]pdfatest.Verdict{}
		l.known[flavour] = known
	}
	var open []string
	for _, p := range paths {
		if _, ok := known[p]; !ok {
			open = append(open, p)
		}
	}
	if len(open) > 0 {
		verdicts, err := pdfatest.Ask(ctx, l.referee, flavour, open...)
		if err != nil {
			return nil, err
		}
		maps.Copy(known, verdicts)
	}
	return known, nil
}

// table is rows of a Markdown table under a head.
type table struct {
	b bytes.Buffer
}

func newTable(head ...string) *table {
	t := &table{}
	t.row(head...)
	t.b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	return t
}

func (t *table) row(cells ...string) {
	for _, c := range cells {
		t.b.WriteString("| " + strings.ReplaceAll(c, "|", "\\|") + " ")
	}
	t.b.WriteString("|\n")
}

func (t *table) String() string { return t.b.String() }

func share(n, of int) string {
	if of == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d (%.1f %%)", n, of, 100*float64(n)/float64(of))
}
