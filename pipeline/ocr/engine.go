package ocr

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/otiai10/gosseract/v2"

	"blattwerk/pipeline"
)

// layout is a page segmentation mode of tesseract.
type layout string

const (
	columns layout = "4" // one column of text of different sizes: reads letters best
	whole   layout = "3" // full layout analysis: finds text between pictures and in columns
)

// engine keeps one tesseract alive over many pages, for one set of languages.
type engine struct {
	dataDir   string
	languages string
	client    *gosseract.Client
}

// recognise reads a prepared picture, encoded so that Leptonica can decode it.
// The boxes are in pixels of that picture. languages must be installed:
// gosseract's way of catching the complaints of a failing start overruns a
// buffer of 512 bytes.
func (e *engine) recognise(picture []byte, languages string, dpi int, mode layout) ([]pipeline.Word, error) {
	if e.client == nil || e.languages != languages {
		if err := e.start(languages); err != nil {
			return nil, err
		}
	}
	// Set as variables, since gosseract forgets what SetPageSegMode is told
	// before the first page.
	for name, value := range map[gosseract.SettableVariable]string{
		"tessedit_pageseg_mode": string(mode),
		"user_defined_dpi":      strconv.Itoa(dpi),
	} {
		if err := e.client.SetVariable(name, value); err != nil {
			return nil, fmt.Errorf("setting %s: %w", name, err)
		}
	}
	if err := e.client.SetImageFromBytes(picture); err != nil {
		return nil, fmt.Errorf("giving the picture to tesseract: %w", err)
	}
	// One pass: hOCR alone of gosseract's results holds words, boxes,
	// confidence and baselines together.
	raw, err := e.client.HOCRText()
	if err != nil {
		return nil, fmt.Errorf("recognising: %w", err)
	}
	if raw == "" {
		return nil, errors.New("tesseract gave no result")
	}
	return parseHOCR(strings.NewReader(raw))
}

func (e *engine) start(languages string) error {
	e.close()
	c := gosseract.NewClient()
	if err := c.SetLanguage(strings.Split(languages, "+")...); err != nil {
		return fmt.Errorf("choosing languages: %w", err)
	}
	if e.dataDir != "" {
		if err := c.SetTessdataPrefix(e.dataDir); err != nil {
			return fmt.Errorf("choosing the folder of languages: %w", err)
		}
	}
	if err := c.SetVariable(gosseract.DEBUG_FILE, os.DevNull); err != nil {
		return fmt.Errorf("silencing tesseract: %w", err)
	}
	e.client, e.languages = c, languages
	return nil
}

func (e *engine) close() {
	if e.client != nil {
		_ = e.client.Close()
		e.client = nil
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
