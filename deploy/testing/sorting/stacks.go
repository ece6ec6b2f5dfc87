package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/route"
	"blattwerk/storage"
)

// source is a document that is laid into stacks: its pages as they were read.
type source struct {
	Set   string
	Name  string
	Pages []pipeline.Page
	Texts []pipeline.PageText
}

// The sets of documents. The weights were estimated for the first and mended with
// the scores of all in sight, so none of the figures is a blind one. What is no
// letter begins no letter: of it, only the questions that are asked in vain count.
var sourceSets = []struct {
	name, glob string
	letters    bool
}{
	{"sample letters", "testdata/letters/*.*", true},
	{"letters, forms and books of the corpus", "german/*.pdf", true},
	{"invoices of the corpus, printed as tables", "german/rechnung/*.pdf", true},
	{scansSet, "scans/*.*", false},
}

const scansSet = "scans of the corpus, no letters"

// pagesAtMost is how many pages of a book are laid into a stack.
const pagesAtMost = 4

// readSources reads every document of the sets as paper is read: what is a PDF is
// rendered and made to look scanned first.
func readSources(ctx context.Context, folder, program string) ([]source, error) {
	rooms, err := route.New(route.Config{
		Program: program, ReaderMemory: 900 << 20, PageDeadline: 90e9, MaxBytes: 64 << 20, MaxPages: 50, MaxPixels: 150e6,
	})
	if err != nil {
		return nil, err
	}
	defer rooms.Close()
	var all []source
	for _, set := range sourceSets {
		glob := filepath.Join(folder, set.glob)
		if strings.HasPrefix(set.glob, "testdata") {
			glob = set.glob
		}
		files, err := filepath.Glob(glob)
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("no documents in %s: %w", glob, os.ErrNotExist)
		}
		files = slices.DeleteFunc(files, func(f string) bool { return filepath.Ext(f) == ".txt" || filepath.Ext(f) == ".xml" })
		read := make([]source, len(files))
		group, gctx := errgroup.WithContext(ctx)
		group.SetLimit(runtime.NumCPU())
		for i, file := range files {
			group.Go(func() error {
				s, err := readSource(gctx, rooms, file)
				if refused := (*pipeline.Fault)(nil); errors.As(err, &refused) && set.name == scansSet {
					return nil // some of them are there to be refused
				}
				s.Set, s.Name = set.name, filepath.Base(file)
				read[i] = s
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		for _, s := range read {
			if len(s.Pages) > 0 {
				all = append(all, s)
			}
		}
	}
	return all, nil
}

// readSource gives the pages of one file, with their words.
func readSource(ctx context.Context, rooms *route.Rooms, file string) (source, error) {
	work, err := os.MkdirTemp("", "sorting-")
	if err != nil {
		return source{}, err
	}
	defer os.RemoveAll(work)
	store, err := storage.OpenDir(filepath.Join(work, "store"))
	if err != nil {
		return source{}, err
	}
	blobs := storage.NewBlobs(store)
	paths := []string{file}
	if filepath.Ext(file) == ".pdf" {
		if paths, err = renderSome(ctx, file, work); err != nil {
			return source{}, err
		}
	}
	var s source
	for _, path := range paths {
		doc, err := read(ctx, rooms, blobs, path)
		if err != nil {
			return source{}, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		for _, p := range doc.Pages {
			var text pipeline.PageText
			if d := p.Words(); d != "" && !p.Blank {
				if err := pipeline.OpenJSON(ctx, blobs, d, &text); err != nil {
					return source{}, err
				}
			}
			s.Pages, s.Texts = append(s.Pages, p), append(s.Texts, text)
		}
	}
	return s, nil
}

// renderSome makes scanned-looking pictures of the first pages of a PDF.
func renderSome(ctx context.Context, file, work string) ([]string, error) {
	root := filepath.Join(work, "page")
	out, err := exec.CommandContext(ctx, "pdftoppm", "-r", "200", "-l", strconv.Itoa(pagesAtMost), "-gray", "-png", file, root).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("rendering: %w: %s", err, out)
	}
	paths, err := filepath.Glob(root + "*.png")
	if err != nil {
		return nil, err
	}
	for i := range paths {
		if paths[i], err = scanned(paths[i]); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// stacks is what first-page recognition makes of one set of documents.
type stacks struct {
	set       string
	documents int
	pages     int
	many      int      // documents of more than one page
	false     []string // of these, those for which a person would be asked in vain
	stacks    int
	offered   int // stacks for which a person is asked
	exact     int // stacks that the offer cuts exactly
	inside    int // first pages that are not the first of a stack
	found     int // pages that the offers name
	right     int // of these, first pages
}

const stacksDrawn = 300

// measureStacks lays documents into stacks of two to eight, drawn by a fixed seed.
func measureStacks(sources []source) ([]stacks, error) {
	room, err := classify.New(classify.Config{})
	if err != nil {
		return nil, err
	}
	var out []stacks
	var letters []source
	for i, set := range sourceSets {
		own := slices.DeleteFunc(slices.Clone(sources), func(s source) bool { return s.Set != set.name })
		if set.letters {
			letters = append(letters, own...)
		}
		out = append(out, stacked(room, set.name, own, set.letters, i))
	}
	return append(out, stacked(room, "all but the scans together", letters, true, len(sourceSets))), nil
}

func stacked(room *classify.Room, name string, set []source, letters bool, seed int) stacks {
	m := stacks{set: name, documents: len(set)}
	for _, s := range set {
		m.pages += len(s.Pages)
		if len(s.Pages) > 1 {
			m.many++
			if c := room.FirstPages(laid([]source{s})); c != nil {
				m.false = append(m.false, s.Name)
			}
		}
	}
	if !letters {
		return m
	}
	m.stacks = stacksDrawn
	rng := rand.New(rand.NewPCG(5, uint64(seed)))
	for range stacksDrawn {
		m.draw(room, set, rng)
	}
	return m
}

func (m *stacks) draw(room *classify.Room, set []source, rng *rand.Rand) {
	var drawn []source
	var truth []int
	at := 1
	for _, k := range rng.Perm(len(set))[:min(2+rng.IntN(7), len(set))] {
		if at > 1 {
			truth = append(truth, at)
		}
		drawn = append(drawn, set[k])
		at += len(set[k].Pages)
	}
	m.inside += len(truth)
	c := room.FirstPages(laid(drawn))
	if c == nil {
		return
	}
	m.offered++
	got := c.Pages()
	m.found += len(got)
	for _, p := range got {
		if slices.Contains(truth, p) {
			m.right++
		}
	}
	if slices.Equal(got, truth) {
		m.exact++
	}
}

// laid puts documents on top of each other.
func laid(documents []source) (pages []pipeline.Page, texts []pipeline.PageText) {
	for _, s := range documents {
		for i, p := range s.Pages {
			p.No = len(pages) + 1
			pages, texts = append(pages, p), append(texts, s.Texts[i])
		}
	}
	return pages, texts
}
