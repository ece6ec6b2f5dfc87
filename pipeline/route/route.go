package route

import (
	"context"
	"errors"
	"fmt"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/ocr"
	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/pdfa/gate"
	"blattwerk/pipeline/savings"
	"blattwerk/pipeline/scan"
	"blattwerk/pipeline/separate"
)

// Config is what the rooms need to know. Program is required.
type Config struct {
	Program      string        // our own binary, for its children
	Readers      int           // pages read at once; 0 is one for each core
	ReaderMemory int64         // bytes of data memory of one child
	PageDeadline time.Duration // most time for one page
	MaxBytes     int64
	MaxPages     int
	MaxPixels    int64
	Sorting      classify.Config
}

// Rooms are the engines of the pipeline.
type Rooms struct {
	Scan     *scan.Opener
	Separate *separate.Room
	OCR      *ocr.Room
	Show     *ocr.Room // makes pictures of pages for people, beside the belt
	PDF      *pdfa.Room
	Classify *classify.Room
	Books    *savings.Books

	drawing chan struct{} // holds a token while a page is drawn to be looked at
}

// New builds the rooms. Close them when done.
func New(cfg Config) (*Rooms, error) {
	reader := ocr.New(ocr.Config{
		Command:  []string{cfg.Program, "read"},
		Readers:  cfg.Readers,
		Memory:   cfg.ReaderMemory,
		Deadline: cfg.PageDeadline,
	})
	var opener *scan.Opener // opens the pictures among a mail's attachments, too
	show := ocr.New(ocr.Config{
		Command:  []string{cfg.Program, "read"},
		Readers:  1,
		Memory:   cfg.ReaderMemory,
		Deadline: cfg.PageDeadline,
	})
	pdf := pdfa.New(pdfa.Config{
		Command:   []string{cfg.Program, "pdf"},
		Memory:    cfg.ReaderMemory,
		Deadline:  cfg.PageDeadline,
		MaxPages:  cfg.MaxPages,
		MaxPixels: cfg.MaxPixels,
		Gate:      gate.Validate,
		Sniff:     scan.Sniff,
		Pictures: func(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
			return opener.Step(ctx, doc, blobs)
		},
	})
	opener = scan.New(scan.Config{
		PDF:       pdf.Open,
		Other:     pdf.OpenOther,
		Decode:    reader.Decode,
		Probe:     reader.Probe,
		MaxBytes:  cfg.MaxBytes,
		MaxPages:  cfg.MaxPages,
		MaxPixels: cfg.MaxPixels,
		Memory:    cfg.ReaderMemory,
		Deadline:  cfg.PageDeadline,
	})
	filer, err := classify.New(cfg.Sorting)
	if err != nil {
		return nil, fmt.Errorf("setting up classification: %w", err)
	}
	books, err := savings.New(savings.Config{})
	if err != nil {
		return nil, fmt.Errorf("setting up the books: %w", err)
	}
	apart := separate.New(separate.Config{Glance: reader.Glance, Draw: pdf.Picture, Hands: cfg.Readers})
	return &Rooms{
		Scan: opener, Separate: apart, OCR: reader, Show: show, PDF: pdf, Classify: filer, Books: books, drawing: make(chan struct{}, 1),
	}, nil
}

// Close ends the children.
func (r *Rooms) Close() error {
	return errors.Join(r.OCR.Close(), r.Show.Close(), r.PDF.Close())
}

// First is where every document starts.
const First = pipeline.StepOpen

// AfterFiling is where a document goes on when a person has decided its filing.
const AfterFiling = pipeline.StepArchive

// AfterArranging is where a document goes on when a person has arranged its pages:
// those that were turned are read again.
const AfterArranging = pipeline.StepRead

// Conversion is the part of the route that makes a searchable PDF/A.
func (r *Rooms) Conversion() []pipeline.Step {
	return []pipeline.Step{
		{Name: pipeline.StepOpen, Run: r.Scan.Step},
		{Name: pipeline.StepRead, Run: r.OCR.Step},
		{Name: pipeline.StepCompose, Run: r.PDF.Compose},
	}
}

// Steps is the whole route of a letter. archive is the step of the store.
func (r *Rooms) Steps(archive pipeline.StepFunc) []pipeline.Step {
	return []pipeline.Step{
		{Name: pipeline.StepOpen, Run: reopened(r.Scan.Step)},
		{Name: pipeline.StepSeparate, Run: r.Separate.Step},
		{Name: pipeline.StepRead, Run: r.OCR.Step},
		{Name: pipeline.StepCompose, Run: r.PDF.Compose},
		{Name: pipeline.StepClassify, Run: marked(r.Classify)},
		{Name: pipeline.StepArchive, Run: reconciled(archive)},
		{Name: pipeline.StepAccount, Run: accounted(r.Books.Step)},
	}
}

// Walk runs steps one after the other, without a catalogue or a queue.
func Walk(ctx context.Context, steps []pipeline.Step, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	for _, s := range steps {
		next, err := s.Run(ctx, doc, blobs)
		if err != nil {
			return doc, fmt.Errorf("%s: %w", s.Name, err)
		}
		doc = next
	}
	return doc, nil
}
