package route

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"blattwerk/pipeline"
)

// ErrNoPicture says that there is no picture of a page: there is no such page, or
// it was set aside as blank and its picture is not kept any more.
var ErrNoPicture = errors.New("no picture of this page")

// Kept opens a file of an archived document by its role: "pdfa", "original", or, of a
// letter from a stack, "page-0007" for the picture of a page.
type Kept func(ctx context.Context, doc pipeline.Document, role string) (pipeline.Content, pipeline.File, error)

// Look makes a JPEG of a page for people, upright and straightened in the frame
// of the page's words, about width pixels across. no is [pipeline.Page.No].
//
// It is made of the best that is there: the kept picture of the page; of an
// archived document, whose working files are swept after a while, the page of
// the PDF/A; else the page of the file as delivered, which is drawn for it.
// Pages are decoded by a child that reads no letters, so that who looks need not
// wait for the belt.
func (r *Rooms) Look(ctx context.Context, doc pipeline.Document, no, width int, blobs pipeline.Blobs, kept Kept) ([]byte, error) {
	numbered := func(p pipeline.Page) bool { return p.No == no }
	i := slices.IndexFunc(doc.Pages, numbered)
	var page pipeline.Page
	if i >= 0 {
		page = doc.Pages[i]
	} else if k := slices.IndexFunc(doc.Aside, numbered); k >= 0 {
		page = doc.Aside[k]
	} else {
		return nil, ErrNoPicture
	}
	if page.Image.Digest != "" {
		if file, err := loadBlob(ctx, blobs, page.Image.Digest); err == nil {
			return r.Show.Show(ctx, file, page.Image, page.Reading, width)
		} else if doc.Record == nil {
			return nil, fmt.Errorf("opening the picture of page %d: %w", no, err)
		}
	}
	files := &lent{Blobs: blobs}
	if doc.Record != nil && i >= 0 {
		if shown := place(doc, i); shown > 0 {
			return r.drawn(ctx, doc, "pdfa", shown, onPDF(doc, page), width, files, kept)
		}
	}
	switch {
	case len(page.Rescans) > 0: // the files below hold its first picture
		return nil, ErrNoPicture
	case doc.Stack != nil: // its original is the whole stack; the page itself is kept
		return r.keptPage(ctx, doc, page, width, kept)
	case doc.Source != nil && doc.Source.Kind == "pdf":
		return r.drawn(ctx, doc, "original", no, page.Reading, width, files, kept)
	case doc.Source != nil && doc.Source.Kind == "tiff" && doc.Record != nil:
		return r.decoded(ctx, doc, page, width, kept)
	}
	return nil, ErrNoPicture
}

// keptPage shows the picture of a page that the archive keeps of a letter that was
// cut out of a stack.
func (r *Rooms) keptPage(ctx context.Context, doc pipeline.Document, page pipeline.Page, width int, kept Kept) ([]byte, error) {
	if doc.Record == nil || page.Image.Digest == "" {
		return nil, ErrNoPicture
	}
	file, _, err := kept(ctx, doc, fmt.Sprintf("page-%04d", page.No))
	if err != nil {
		return nil, fmt.Errorf("opening the kept picture of a page: %w", err)
	}
	defer file.Close()
	raw, err := load(file)
	if err != nil {
		return nil, err
	}
	return r.Show.Show(ctx, raw, page.Image, page.Reading, width)
}

// decoded takes a page out of the TIFF file that was delivered.
func (r *Rooms) decoded(ctx context.Context, doc pipeline.Document, page pipeline.Page, width int, kept Kept) ([]byte, error) {
	file, _, err := kept(ctx, doc, "original")
	if err != nil {
		return nil, fmt.Errorf("opening the original to show a page: %w", err)
	}
	defer file.Close()
	raw, err := load(file)
	if err != nil {
		return nil, err
	}
	png, img, err := r.Show.Decode(ctx, raw, "image/tiff", page.No-1, false)
	if err != nil {
		return nil, err
	}
	img.Turn, img.DPIX, img.DPIY = page.Image.Turn, page.Image.DPIX, page.Image.DPIY
	return r.Show.Show(ctx, png, img, page.Reading, width)
}

// place is the number of a document's page i in its PDF/A; 0 if it is not there.
// A composed file leaves blank backs out, unless there is nothing else.
func place(doc pipeline.Document, i int) int {
	if !written(doc) {
		return i + 1
	}
	inked := func(pages []pipeline.Page) (n int) {
		for _, p := range pages {
			if !p.Blank {
				n++
			}
		}
		return n
	}
	switch {
	case inked(doc.Pages) == 0:
		return i + 1
	case doc.Pages[i].Blank:
		return 0
	}
	return inked(doc.Pages[:i+1])
}

// onPDF is what of a reading is still to be done on the page of the PDF/A. A
// composed page stands in the frame of its words already.
func onPDF(doc pipeline.Document, p pipeline.Page) *pipeline.Reading {
	if written(doc) {
		return nil
	}
	return p.Reading
}

// written says whether the PDF/A was written from pictures of the pages.
func written(doc pipeline.Document) bool {
	return doc.PDF != nil && (doc.PDF.Way == pipeline.WayComposed || doc.PDF.Way == pipeline.WayPictured)
}

// drawn renders a page of one of a document's PDF files.
func (r *Rooms) drawn(ctx context.Context, doc pipeline.Document, role string, no int, reading *pipeline.Reading, width int, files *lent, kept Kept) ([]byte, error) {
	select {
	case r.drawing <- struct{}{}: // one at a time: a grid of fifty pages must not take the machine
		defer func() { <-r.drawing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if doc.Record != nil {
		file, f, err := kept(ctx, doc, role)
		if err != nil {
			return nil, fmt.Errorf("opening the %s to show a page: %w", role, err)
		}
		defer file.Close()
		doc.Delivery.Original, doc.Source = f.Blob, nil // not what it was made of, which is swept
		files.name, files.file = f.Digest, file
	}
	img, err := r.PDF.Picture(ctx, doc, files, no)
	if err != nil {
		return nil, err
	}
	picture, err := loadBlob(ctx, files, img.Digest)
	if err != nil {
		return nil, err
	}
	return r.Show.Show(ctx, picture, img, reading, width)
}

// lent is blobs with one more file, which keeps what is put into it in memory:
// a picture that is drawn to be looked at is not kept.
type lent struct {
	pipeline.Blobs
	name pipeline.Digest
	file pipeline.Content

	mu   sync.Mutex
	made map[pipeline.Digest][]byte
}

func (l *lent) Put(_ context.Context, r io.Reader) (pipeline.Blob, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return pipeline.Blob{}, fmt.Errorf("taking a drawn page: %w", err)
	}
	sum := sha256.Sum256(raw)
	d := pipeline.Digest(hex.EncodeToString(sum[:]))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made == nil {
		l.made = map[pipeline.Digest][]byte{}
	}
	l.made[d] = raw
	return pipeline.Blob{Digest: d, Size: int64(len(raw))}, nil
}

func (l *lent) Open(ctx context.Context, d pipeline.Digest) (pipeline.Content, error) {
	if l.file != nil && d == l.name {
		return open{io.NewSectionReader(l.file, 0, l.file.Size())}, nil
	}
	l.mu.Lock()
	raw, ok := l.made[d]
	l.mu.Unlock()
	if ok {
		return open{io.NewSectionReader(bytes.NewReader(raw), 0, int64(len(raw)))}, nil
	}
	return l.Blobs.Open(ctx, d)
}

// open is content that needs no closing.
type open struct{ *io.SectionReader }

func (open) Close() error { return nil }

func loadBlob(ctx context.Context, blobs pipeline.Blobs, d pipeline.Digest) ([]byte, error) {
	c, err := blobs.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return load(c)
}

func load(c pipeline.Content) ([]byte, error) {
	raw := make([]byte, c.Size())
	if _, err := io.ReadFull(c, raw); err != nil {
		return nil, fmt.Errorf("loading a picture: %w", err)
	}
	return raw, nil
}
