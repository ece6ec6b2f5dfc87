package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// Decoder makes picture n (from 0) of a file into a PNG without loss, 1 bit deep
// if it is bitonal. With mirror, left and right are swapped. What it decodes may
// be hostile: implementations run in a child process. Bytes that do not decode
// are a [pipeline.Fault].
type Decoder func(ctx context.Context, file []byte, media string, n int, mirror bool) (png []byte, img pipeline.Image, err error)

// Prober decodes a whole picture, throws it away and says how many faults it
// had to mend. Bytes that do not decode are a [pipeline.Fault].
type Prober func(ctx context.Context, file []byte, media string) (mended int, err error)

// Other opens files that are neither PDF nor picture: mails, office files, texts.
// media is what [Sniff] says of them.
type Other func(ctx context.Context, media string, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error)

// Config says how files are opened. PDF, Decode and Probe are required.
type Config struct {
	PDF       pipeline.StepFunc // opens PDFs
	Other     Other             // nil: such files are given back
	Decode    Decoder
	Probe     Prober
	MaxPixels int64 // of one picture; 0 is 150 million, an A0 sheet at 300 dpi
	MaxWhole  int64 // of one picture that can only be decoded whole; 0 is 50 million
	MaxBytes  int64 // of a file; 0 is 2 GiB
	MaxPages  int   // of a file; 0 is 1000

	// The decoder of phone pictures (HEIC, AVIF), a foreign program.
	Heif     string        // its name or path; "" is that of Debian's libheif-examples
	Memory   int64         // its address space, bytes; 0 is 900 MB
	Deadline time.Duration // for one file; 0 is one minute
	Temp     string        // folder for its working copies; "" is the system's
}

// mostWhole is from how many pixels on a picture is refused that can only be decoded
// whole. It then stands in memory with four bytes a pixel and more, up to three times
// while it changes its form; others are scaled while they are decoded. The largest
// sensors of phones have 50 million; A2 at 300 dpi has 35 million.
const mostWhole = 50_000_000

// maxPicture is how large one encoded picture may be, bytes: it is held in
// memory, by us and by a child.
const maxPicture = 256 << 20

// Opener turns files into pages. It is safe for use by many goroutines.
type Opener struct{ cfg Config }

// New makes an opener.
func New(cfg Config) *Opener {
	if cfg.MaxPixels <= 0 {
		cfg.MaxPixels = 150_000_000
	}
	if cfg.MaxWhole <= 0 {
		cfg.MaxWhole = mostWhole
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 2 << 30
	}
	if cfg.MaxPages <= 0 {
		cfg.MaxPages = 1000
	}
	if cfg.Memory <= 0 {
		cfg.Memory = heifMemory
	}
	if cfg.Deadline <= 0 {
		cfg.Deadline = heifDeadline
	}
	return &Opener{cfg}
}

// Step opens the delivered file: it fills in Document.Pages and
// Document.Source. PDFs it hands on.
func (o *Opener) Step(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	content, err := blobs.Open(ctx, doc.Delivery.Original.Digest)
	if err != nil {
		return doc, fmt.Errorf("opening the delivered file: %w", err)
	}
	defer content.Close()
	file, size := until{ctx, content}, content.Size()
	if size == 0 {
		return doc, empty()
	}
	if size > o.cfg.MaxBytes {
		return doc, tooLarge(size, o.cfg.MaxBytes)
	}
	head, err := readAt(file, size, 0, int(min(size, SniffLen)))
	if err != nil {
		return doc, fmt.Errorf("reading the delivered file: %w", err)
	}
	media := Sniff(head)
	if doc.Delivery.Media == mediaMail {
		media = mediaMail // what a mailbox gives is a mail, whatever its first lines look like
	}
	if media == mediaPDF {
		return o.cfg.PDF(ctx, doc, blobs)
	}
	if o.cfg.Other != nil {
		switch media {
		case mediaOOXML, mediaODF, mediaOLE, mediaRTF, mediaMail, mediaHTML, mediaXML, mediaText:
			return o.cfg.Other(ctx, media, doc, blobs)
		}
	}
	facts, err := check(ctx, file, size, media, o.cfg.MaxPages)
	if err != nil {
		return doc, err
	}
	for i, p := range facts.Pages {
		if err := o.bound(p); err != nil {
			return doc, onPage(err, i, len(facts.Pages))
		}
	}
	job := opening{Opener: o, blobs: blobs, file: file, size: size, media: media, original: doc.Delivery.Original}
	if doc.Pages, err = job.pages(ctx, facts.Pages); err != nil {
		return doc, err
	}
	doc.Source = &pipeline.Findings{Kind: strings.TrimPrefix(media, "image/")}
	doc.Remarks = slices.Concat(doc.Remarks, remarks(facts.Pages))
	return doc, nil
}

// bound refuses pictures of too many pixels before anything decodes them.
func (o *Opener) bound(p Picture) error {
	if int64(p.Width) > o.cfg.MaxPixels/int64(p.Height) {
		return tooManyPixels(int64(p.Width), int64(p.Height), o.cfg.MaxPixels)
	}
	if p.whole != (otherForm{}) && int64(p.Width) > o.cfg.MaxWhole/int64(p.Height) {
		return tooManyWhole(p, o.cfg.MaxWhole)
	}
	return nil
}

// opening is one file on its way to pages.
type opening struct {
	*Opener
	blobs    pipeline.Blobs
	file     io.ReaderAt
	size     int64
	media    string
	original pipeline.Blob
}

// pages makes all pages of the file.
func (o opening) pages(ctx context.Context, pictures []Picture) ([]pipeline.Page, error) {
	if o.media == mediaHEIC || o.media == mediaAVIF {
		return o.phone(ctx)
	}
	pages := make([]pipeline.Page, len(pictures))
	for i, p := range pictures {
		var err error
		if pages[i], err = o.page(ctx, i, p); err != nil {
			return nil, onPage(err, i, len(pictures))
		}
		pipeline.TellProgress(ctx, i+1, len(pictures))
	}
	return pages, nil
}

// page makes page i of the file.
func (o opening) page(ctx context.Context, i int, p Picture) (pipeline.Page, error) {
	page := pipeline.Page{No: i + 1}
	var err error
	if p.asIs {
		err = o.whole(ctx)
	}
	if err != nil {
		return page, err
	}
	if p.asIs && !p.Mirror {
		page.Origin = pipeline.OriginFile
		page.Image = pipeline.Image{Blob: o.original, Media: o.media, Width: p.Width, Height: p.Height, Model: p.Model}
	} else {
		page.Origin = pipeline.OriginDecoded
		page.Image, err = o.decode(ctx, p)
	}
	if err != nil {
		return page, err
	}
	place(&page, p)
	return page, nil
}

// place gives a page its size from its picture and what the file says of it.
func place(page *pipeline.Page, p Picture) {
	img := &page.Image
	if p.DPIX == 0 || p.DPIY == 0 {
		p.DPIX, p.DPIY = img.DPIX, img.DPIY // a decoder may know more
	}
	img.DPIX, img.DPIY = settle(img.Width, img.Height, p.DPIX, p.DPIY)
	img.Turn = p.Turn
	page.WidthPt, page.HeightPt = float64(img.Width)*72/img.DPIX, float64(img.Height)*72/img.DPIY
	if img.Turn%180 != 0 {
		page.WidthPt, page.HeightPt = page.HeightPt, page.WidthPt
	}
}

// whole makes sure that a file that becomes a page as it is, is complete.
func (o opening) whole(ctx context.Context) error {
	if o.media == mediaPNG {
		return wholePNG(o.file, o.size)
	}
	loose, err := wholeJPEG(o.file, o.size)
	if err != nil {
		return err
	}
	raw, err := load(o.file, o.size, maxPicture)
	if err != nil {
		return err
	}
	mended, err := o.cfg.Probe(ctx, raw, o.media)
	if err != nil {
		return fmt.Errorf("decoding a JPEG: %w", err)
	}
	// The decoder also counts stray bytes between segments, which harm nothing.
	if mended > 0 && !loose {
		return damaged("a JPEG in which the decoder mended %d faults", mended)
	}
	return nil
}

// decode makes the picture of a page with the borrowed decoder and keeps it.
func (o opening) decode(ctx context.Context, p Picture) (pipeline.Image, error) {
	raw, n, err := o.encoded(p)
	if err != nil {
		return pipeline.Image{}, err
	}
	png, img, err := o.cfg.Decode(ctx, raw, o.media, n, p.Mirror)
	if err != nil {
		return img, fmt.Errorf("decoding: %w", err)
	}
	if int64(img.Width)*int64(img.Height) > o.cfg.MaxPixels {
		return img, tooManyPixels(int64(img.Width), int64(img.Height), o.cfg.MaxPixels)
	}
	if png, err = o.profiled(png, p, img); err != nil {
		return img, err
	}
	if img.Blob, err = o.blobs.Put(ctx, bytes.NewReader(png)); err != nil {
		return img, fmt.Errorf("keeping the picture: %w", err)
	}
	return img, nil
}

// encoded gives the bytes that hold a picture, and its number in them.
func (o opening) encoded(p Picture) (raw []byte, n int, err error) {
	if o.media != mediaTIFF {
		raw, err = load(o.file, o.size, maxPicture)
		return raw, 0, err
	}
	one, ok, err := cut(p.sheet, maxPicture)
	if err != nil || ok {
		return one, 0, err
	}
	raw, err = upright(p.sheet, maxPicture)
	return raw, p.index, err
}

// onPage names the page in a fault, if there are several.
func onPage(err error, i, of int) error {
	f := (*pipeline.Fault)(nil)
	if of == 1 || !errors.As(err, &f) {
		return err
	}
	named := *f
	named.Page = i + 1
	return &named
}

// remarks tells where a page shows less than the file holds.
func remarks(pages []Picture) []pipeline.Remark {
	var out []pipeline.Remark
	tell := func(page int, code, de, en string) {
		out = append(out, pipeline.Remark{Step: pipeline.StepOpen, Code: code, Page: page, Text: pipeline.Message{DE: de, EN: en}})
	}
	for i, p := range pages {
		if p.loss {
			tell(i+1, "depth-reduced",
				"Das Bild hat mehr als 8 Bit je Farbe. In der Ablage steht es mit 8 Bit; die Urfassung bleibt unverändert erhalten.",
				"The picture has more than 8 bits a colour. It is filed with 8 bits; the original is kept unchanged.")
		}
		if p.moving {
			tell(i+1, "first-picture",
				"Die Datei ist ein bewegtes Bild. Gelesen und abgelegt wird nur das erste Einzelbild; die Urfassung bleibt unverändert erhalten.",
				"The file is a moving picture. Only its first frame is read and filed; the original is kept unchanged.")
		}
	}
	return out
}
