package pdfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"blattwerk/pipeline"
)

// Gate checks a file against a flavour of PDF/A ("2u"). Its error says that it
// could not check; a file that breaks rules is a verdict, not an error.
type Gate func(ctx context.Context, r io.ReaderAt, size int64, flavour string) (pipeline.Validation, error)

// ComposeScan makes the PDF/A-2u of a document from its page pictures and words
// and keeps it, if the gate lets it pass. Blank backs that were set aside are
// left out, unless there is nothing else.
//
// The error is or wraps a *[pipeline.Fault] where a person can do something
// about it. The same document gives the same file.
func ComposeScan(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs, gate Gate) (pipeline.PDF, error) {
	pages := slices.DeleteFunc(slices.Clone(doc.Pages), func(p pipeline.Page) bool { return p.Blank })
	if len(pages) == 0 {
		pages = doc.Pages
	}
	for _, p := range pages {
		if p.Image.Digest == "" {
			return pipeline.PDF{}, errNoPicture(p.No)
		}
	}
	blob, err := putScan(ctx, doc, pages, blobs)
	if err != nil {
		return pipeline.PDF{}, err
	}
	check, err := checkBlob(ctx, blob, blobs, gate)
	if err != nil {
		return pipeline.PDF{}, err
	}
	pdf := pipeline.PDF{Blob: blob, Way: pipeline.WayComposed, Check: check}
	if n := len(doc.Pages) - len(pages); n > 0 {
		pdf.Changes = append(pdf.Changes, blanksLeftOut(n))
	}
	return pdf, nil
}

// putScan streams the file into the store while it is written.
func putScan(ctx context.Context, doc pipeline.Document, pages []pipeline.Page, blobs pipeline.Blobs) (pipeline.Blob, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := Write(ctx, w, scanMeta(doc, pages), scanLeaves(ctx, pages, blobs))
		w.CloseWithError(err) // nil ends the stream
		written <- err
	}()
	blob, putErr := blobs.Put(ctx, r)
	r.CloseWithError(errors.Join(errStoreStopped, putErr)) // lets the writer go if the store gave up first
	err := <-written
	switch {
	case err != nil && !errors.Is(err, errStoreStopped):
		return pipeline.Blob{}, err
	case putErr != nil:
		return pipeline.Blob{}, fmt.Errorf("keeping the PDF file: %w", putErr)
	case err != nil:
		return pipeline.Blob{}, fmt.Errorf("keeping the PDF file: %w", err)
	}
	return blob, nil
}

var errStoreStopped = errors.New("the store stopped reading")

// scanLeaves opens the words of each page when its turn comes, and tells who
// watches how far it is.
func scanLeaves(ctx context.Context, pages []pipeline.Page, blobs pipeline.Blobs) iter.Seq2[Leaf, error] {
	return func(yield func(Leaf, error) bool) {
		for i, p := range pages {
			leaf, err := scanLeaf(ctx, p, blobs)
			if err != nil {
				err = fmt.Errorf("words of page %d: %w", p.No, err)
			}
			if !yield(leaf, err) || err != nil {
				return
			}
			pipeline.TellProgress(ctx, i+1, len(pages))
		}
	}
}

func scanLeaf(ctx context.Context, p pipeline.Page, blobs pipeline.Blobs) (Leaf, error) {
	leaf := Leaf{
		No: p.No, Image: p.Image,
		Open: func(ctx context.Context) (pipeline.Content, error) {
			return blobs.Open(ctx, p.Image.Digest)
		},
	}
	leaf.WidthPt, leaf.HeightPt = pageSize(p)
	if p.Reading != nil {
		leaf.Turn, leaf.Skew = p.Reading.Turn, p.Reading.Skew
	}
	if words := p.Words(); words != "" {
		leaf.Text = &pipeline.PageText{}
		if err := pipeline.OpenJSON(ctx, blobs, words, leaf.Text); err != nil {
			return leaf, err
		}
	}
	return leaf, nil
}

// pageSize is the size of a page as displayed, from its pixels if opening did
// not say.
func pageSize(p pipeline.Page) (widthPt, heightPt float64) {
	if p.WidthPt > 0 && p.HeightPt > 0 {
		return p.WidthPt, p.HeightPt
	}
	widthPt, heightPt = float64(p.Image.Width)*72/p.Image.DPIX, float64(p.Image.Height)*72/p.Image.DPIY
	if p.Image.Turn%180 != 0 {
		widthPt, heightPt = heightPt, widthPt
	}
	return widthPt, heightPt
}

// scanMeta says what a file is about as far as it is known before
// classification. Its date is that of receipt: composing again gives the same
// file.
func scanMeta(doc pipeline.Document, pages []pipeline.Page) Meta {
	d := doc.Delivery
	name := d.Name
	if at := strings.LastIndexByte(name, '.'); at > 0 {
		name = name[:at]
	}
	title := strings.TrimSpace(d.Journal + " " + name)
	if title == "" {
		title = "Schriftstück"
	}
	m := Meta{
		Title: title, Language: d.Language, Created: d.Received,
		SourceDigest: d.Original.Digest, SourcePages: pageList(pages), Rescans: pipeline.RescanList(pages), Journal: d.Journal, Document: doc.ID,
	}
	var engines []string
	for _, p := range pages {
		r := p.Reading
		if r == nil {
			continue
		}
		if !slices.Contains(engines, r.Engine) {
			engines = append(engines, r.Engine)
		}
		if m.Words == 0 && r.Language != "" {
			m.Language = r.Language
		}
		m.Words += r.Count
		m.Confidence += r.Confidence * float64(r.Count)
	}
	if m.Words > 0 {
		m.Confidence /= float64(m.Words)
	}
	m.Engine = strings.Join(engines, ", ")
	return m
}

// pageList names pages by their numbers in the delivery, "1-3, 5". Pages that were
// scanned again are not from there.
func pageList(pages []pipeline.Page) string {
	pages = slices.DeleteFunc(slices.Clone(pages), func(p pipeline.Page) bool { return len(p.Rescans) > 0 })
	var parts []string
	for i := 0; i < len(pages); {
		j := i + 1
		for j < len(pages) && pages[j].No == pages[j-1].No+1 {
			j++
		}
		part := fmt.Sprint(pages[i].No)
		if j-i > 1 {
			part = fmt.Sprintf("%d-%d", pages[i].No, pages[j-1].No)
		}
		parts = append(parts, part)
		i = j
	}
	return strings.Join(parts, ", ")
}

// checkBlob asks the gate about a kept file.
func checkBlob(ctx context.Context, blob pipeline.Blob, blobs pipeline.Blobs, gate Gate) (pipeline.Validation, error) {
	c, err := blobs.Open(ctx, blob.Digest)
	if err != nil {
		return pipeline.Validation{}, fmt.Errorf("opening the PDF file for the gate: %w", err)
	}
	defer c.Close()
	check, err := gate(ctx, c, c.Size(), flavour)
	if err != nil {
		return pipeline.Validation{}, fmt.Errorf("checking the PDF file: %w", err)
	}
	if !check.Valid || check.Flavour != flavour {
		return pipeline.Validation{}, errGateClosed(check)
	}
	return check, nil
}
