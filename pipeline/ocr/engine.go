package ocr

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/otiai10/gosseract/v2"

	"blattwerk/pipeline"
)

// layout is a page segmentation mode of tesseract.
type layout int

const (
	whole   layout = 3 // full analysis of the layout: finds columns and text between pictures
	oneLine layout = 7 // a line of text
	columns layout = 4 // one column of text of different sizes: finds text in what looks like pictures
)

// engine keeps one tesseract alive over many pages, for one set of languages.
// It may be started by one goroutine and used by another.
type engine struct {
	mu        sync.Mutex
	dataDir   string
	languages string
	client    *gosseract.Client
	handle    handle
}

// ready says whether the engine is started for a set of languages.
func (e *engine) ready(dataDir, languages string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.client != nil && e.languages == languages && e.dataDir == dataDir
}

// recognise reads a grey picture. The boxes are in pixels of that picture.
func (e *engine) recognise(page *pix, dpi int, mode layout) ([]pipeline.Word, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.handle.recognise(page, dpi, mode)
}

// emptyPicture is what gosseract is started with: it starts tesseract only to
// read something.
var emptyPicture = []byte("P5 1 1 255\n\xff")

// start makes the engine ready for a set of languages, which must be installed:
// gosseract's way of catching the complaints of a failing start overruns a
// buffer of 512 bytes.
func (e *engine) start(dataDir, languages string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.close()
	c := gosseract.NewClient()
	if err := c.SetLanguage(strings.Split(languages, "+")...); err != nil {
		return fmt.Errorf("choosing languages: %w", err)
	}
	if dataDir != "" {
		if err := c.SetTessdataPrefix(dataDir); err != nil {
			return fmt.Errorf("choosing the folder of languages: %w", err)
		}
	}
	if err := c.SetVariable(gosseract.DEBUG_FILE, os.DevNull); err != nil {
		return fmt.Errorf("silencing tesseract: %w", err)
	}
	h, err := handleOf(c)
	if err != nil {
		return err
	}
	if err := c.SetImageFromBytes(emptyPicture); err != nil {
		return fmt.Errorf("giving tesseract a picture to start with: %w", err)
	}
	if _, err := c.Text(); err != nil {
		return fmt.Errorf("starting tesseract: %w", err)
	}
	e.client, e.handle, e.languages, e.dataDir = c, h, languages, dataDir
	return nil
}

func (e *engine) close() {
	if e.client != nil {
		_ = e.client.Close()
		e.client = nil
	}
}

// engines are the tesseracts of one child. A full belt needs the first only.
type engines struct {
	starting sync.Mutex // gosseract turns the standard error about while it starts
	main     engine
	helper   engine // reads half a page beside the other
}

// start starts one of the engines, unless it is ready.
func (e *engines) start(one *engine, dataDir, languages string) error {
	if one.ready(dataDir, languages) {
		return nil
	}
	e.starting.Lock()
	defer e.starting.Unlock()
	if one.ready(dataDir, languages) {
		return nil
	}
	return one.start(dataDir, languages)
}

// warm starts an engine that will be needed, while the page is prepared. What
// goes wrong here goes wrong again when it is used, and is told then.
func (e *engines) warm(one *engine, call readCall) {
	go func() { _ = e.start(one, call.DataDir, call.Languages) }()
}

func (e *engines) close() {
	for _, one := range []*engine{&e.main, &e.helper} {
		one.mu.Lock()
		one.close()
		one.mu.Unlock()
	}
}

// installed lists the languages whose data are in dir, or where tesseract looks
// by itself if dir is "". Data that is no language (osd, equ) is left out.
func installed(dir string) ([]string, error) {
	var names []string
	if dir == "" {
		found, err := gosseract.GetAvailableLanguages()
		if err != nil {
			return nil, fmt.Errorf("listing languages: %w", err)
		}
		names = found
	} else {
		found, err := filepath.Glob(filepath.Join(dir, "*.traineddata"))
		if err != nil {
			return nil, fmt.Errorf("listing languages: %w", err)
		}
		for _, path := range found {
			names = append(names, strings.TrimSuffix(filepath.Base(path), ".traineddata"))
		}
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "osd" || n == "equ" })
	slices.Sort(names)
	return names, nil
}
