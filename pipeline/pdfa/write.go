package pdfa

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// Leaf is one page to write.
type Leaf struct {
	// No is the page's number as people know it, for faults; 0 is its place among
	// the leaves, from 1.
	No int
	// WidthPt and HeightPt are the size of the page in points of 1/72 inch, as
	// [pipeline.Page] has it: with Image.Turn done, before Turn.
	WidthPt, HeightPt float64
	Image             pipeline.Image // as stored; Image.Turn is what EXIF or /Rotate asks for
	// Turn (0, 90, 180, 270) and Skew are further clockwise degrees, as in
	// [pipeline.Reading]. The picture's bytes stay; the page places them so.
	Turn int
	Skew float64
	Text *pipeline.PageText // in the upright, straightened frame; nil: no text on this page
	// Open gives the picture's bytes. It is called once, and closed before the
	// next leaf is asked for.
	Open func(context.Context) (pipeline.Content, error)
}

// Meta is what a file says about itself. The same Meta gives the same bytes:
// nothing is taken from the clock.
type Meta struct {
	Title    string
	Author   string    // sender or office; "" if not known
	Language string    // BCP 47, "de-DE", or as tesseract names it, "deu+eng"
	Created  time.Time // zero if not known

	// Provenance, kept in properties of our own. Empty ones are left out.
	SourceDigest pipeline.Digest // of the delivery's bytes
	SourcePages  string          // "1-3, 5"
	Rescans      string          // pages from other files, each with the file's digest
	Journal      string          // number of the delivery in the journal
	Document     pipeline.DocID
	Engine       string  // that recognised the text; "" if none did
	Words        int     // that it recognised
	Confidence   float64 // mean of the words, 0 to 1
}

// flavour is what [Write] promises and the gate checks.
const flavour = "2u"

// Write writes a whole PDF/A-2u file (ISO 19005-2) of page pictures with
// invisible text. It only ever writes forward and holds one page at a time. The
// same input gives the same bytes.
//
// The pages carry tags (Document, P) and everything else that PDF/A-2a and
// PDF/UA-1 ask of a machine, but the file claims level U only: whether the text
// is right and in the right order is for a person to say.
//
// The error is or wraps a *[pipeline.Fault] that names the page where a page is
// at fault. What was written until then is no PDF file.
func Write(ctx context.Context, w io.Writer, meta Meta, leaves iter.Seq2[Leaf, error]) error {
	return writeClaiming(ctx, w, meta, xmpClaim{Part: 2, Level: "U"}, leaves)
}

func writeClaiming(ctx context.Context, w io.Writer, meta Meta, claim xmpClaim, leaves iter.Seq2[Leaf, error]) error {
	d := newScanWriter(w)
	for leaf, err := range leaves {
		if err != nil {
			return fmt.Errorf("fetching page %d: %w", len(d.pageRefs)+1, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.page(ctx, leaf); err != nil {
			return pageFault(cmp.Or(leaf.No, len(d.pageRefs)+1), err)
		}
	}
	if len(d.pageRefs) == 0 {
		return errNoPages()
	}
	return d.finish(meta, claim)
}

// scanWriter writes the pages and remembers what the closing objects need.
type scanWriter struct {
	o     *objectWriter
	codes *fontCodes

	catalog, pages, info  int // object numbers
	structRoot, structDoc int
	intent, font          int // 0: no text so far
	pageRefs              []int
	paragraphs            []paragraphRun
	profiles              map[[32]byte]int
	content               bytes.Buffer
}

// paragraphRun is the structure elements of a page: numbers first to
// first+count-1, listed for the parent tree in the object parents.
type paragraphRun struct{ page, first, count, parents int }

func newScanWriter(w io.Writer) *scanWriter {
	o := newObjectWriter(w)
	d := &scanWriter{o: o, codes: newFontCodes(), profiles: map[[32]byte]int{}}
	d.catalog, d.pages, d.info = o.reserve(), o.reserve(), o.reserve()
	d.structRoot, d.structDoc, d.intent = o.reserve(), o.reserve(), o.reserve()
	return d
}

// Bounds of a page's sides in points (ISO 19005-2, 6.1.13).
const (
	minSide = 3
	maxSide = 14400
)

// page writes one page: its picture, what stands on it, and its tags.
func (d *scanWriter) page(ctx context.Context, leaf Leaf) error {
	frame, turn, err := leafFrame(leaf)
	if err != nil {
		return err
	}
	d.content.Reset()
	contentImage(&d.content, frame.placement(turn, leaf.Skew), "Im0")
	paragraphs := 0
	if leaf.Text != nil && len(leaf.Text.Words) > 0 {
		if d.font == 0 {
			d.font = d.o.reserve()
		}
		if paragraphs, err = contentText(&d.content, d.codes, "F0", leaf.Text, frame); err != nil {
			return err
		}
	}
	image, err := d.image(ctx, leaf)
	if err != nil {
		return err
	}

	page, content := d.o.reserve(), d.o.reserve()
	d.o.deflated(content, "", d.content.Bytes())
	resources := "/XObject << /Im0 " + reference(image) + " >>"
	if paragraphs > 0 {
		resources += " /Font << /F0 " + reference(d.font) + " >>"
	}
	tags := ""
	if paragraphs > 0 {
		tags = fmt.Sprintf(" /StructParents %d /Tabs /S", len(d.pageRefs))
		d.tag(page, paragraphs)
	}
	d.o.object(page, fmt.Sprintf("<< /Type /Page /Parent %s /MediaBox [0 0 %s %s] /Resources << %s >> /Contents %s%s >>",
		reference(d.pages), number(frame.WidthPt), number(frame.HeightPt), resources, reference(content), tags))
	d.pageRefs = append(d.pageRefs, page)
	return d.o.err
}

// tag writes a structure element for each paragraph of the page and the list
// that leads from the page's marks to them.
func (d *scanWriter) tag(page, paragraphs int) {
	run := paragraphRun{page: len(d.pageRefs), count: paragraphs}
	var parents strings.Builder
	for i := range paragraphs {
		n := d.o.reserve()
		if i == 0 {
			run.first = n
		}
		d.o.object(n, fmt.Sprintf("<< /S /P /P %s /Pg %s /K %d >>", reference(d.structDoc), reference(page), i))
		parents.WriteString(reference(n) + " ")
	}
	run.parents = d.o.reserve()
	d.o.object(run.parents, "["+strings.TrimSpace(parents.String())+"]")
	d.paragraphs = append(d.paragraphs, run)
}

// leafFrame checks a leaf and gives the frame of its words and how far its
// picture has to be turned in all.
func leafFrame(leaf Leaf) (frame contentFrame, turn int, err error) {
	turn = leaf.Image.Turn + leaf.Turn
	if leaf.Image.Turn%90 != 0 || leaf.Turn%90 != 0 {
		return frame, 0, fmt.Errorf("a picture turned by %d and %d degrees", leaf.Image.Turn, leaf.Turn)
	}
	turn = (turn%360 + 360) % 360
	frame = contentFrame{
		Width: float64(leaf.Image.Width), Height: float64(leaf.Image.Height),
		WidthPt: leaf.WidthPt, HeightPt: leaf.HeightPt,
	}
	if turn%180 != 0 {
		frame.Width, frame.Height = frame.Height, frame.Width
	}
	if leaf.Turn%180 != 0 {
		frame.WidthPt, frame.HeightPt = frame.HeightPt, frame.WidthPt
	}
	for _, side := range []float64{frame.WidthPt, frame.HeightPt} {
		if !(side >= minSide && side <= maxSide) { // also for NaN
			return frame, 0, errPageSize(leaf)
		}
	}
	if leaf.Text != nil && leaf.Text.Width > 0 && leaf.Text.Height > 0 {
		frame.Width, frame.Height = float64(leaf.Text.Width), float64(leaf.Text.Height)
	}
	if !(frame.Width >= 1 && frame.Height >= 1) || !(leaf.Skew >= -45 && leaf.Skew <= 45) {
		return frame, 0, fmt.Errorf("a picture of %d x %d pixels, skewed by %g degrees", leaf.Image.Width, leaf.Image.Height, leaf.Skew)
	}
	return frame, turn, nil
}

// finish writes what stands once in a file.
func (d *scanWriter) finish(meta Meta, claim xmpClaim) error {
	meta = meta.plain()
	if d.font != 0 {
		d.codes.write(d.o, d.font)
	}
	d.o.deflated(d.intent, "/N 3", iccSRGB())
	d.pageTree()
	d.structure()
	d.o.object(d.info, infoDictionary(meta))

	// The file's identity is the hash of all that came before and of what it says
	// about itself, so that other metadata make another file.
	var id xmpIdentity
	d.o.sum.Sum(id[:0])
	metadata := d.o.reserve()
	d.o.bytes(metadata, "/Type /Metadata /Subtype /XML", xmpPacket(meta, claim, id))
	d.o.object(d.catalog, fmt.Sprintf("<< /Type /Catalog /Pages %s /Metadata %s /Lang %s /MarkInfo << /Marked true >> "+
		"/StructTreeRoot %s /ViewerPreferences << /DisplayDocTitle true >> "+
		"/OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB IEC61966-2.1) "+
		"/Info (sRGB IEC61966-2.1) /DestOutputProfile %s >>] >>",
		reference(d.pages), reference(metadata), textString(meta.Language), reference(d.structRoot), reference(d.intent)))
	if err := d.o.finish(d.catalog, d.info); err != nil {
		return fmt.Errorf("writing the PDF file: %w", err)
	}
	return nil
}

func (d *scanWriter) pageTree() {
	var kids strings.Builder
	for _, n := range d.pageRefs {
		kids.WriteString(reference(n) + " ")
	}
	d.o.object(d.pages, fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(d.pageRefs), strings.TrimSpace(kids.String())))
}

// structure writes the root of the tags: one Document with all paragraphs in
// order.
func (d *scanWriter) structure() {
	var kids, parents strings.Builder
	for _, run := range d.paragraphs {
		for i := range run.count {
			kids.WriteString(reference(run.first+i) + " ")
		}
		fmt.Fprintf(&parents, "%d %s ", run.page, reference(run.parents))
	}
	tree := d.o.reserve()
	d.o.object(tree, "<< /Nums ["+strings.TrimSpace(parents.String())+"] >>")
	d.o.object(d.structDoc, fmt.Sprintf("<< /Type /StructElem /S /Document /P %s /K [%s] >>", reference(d.structRoot), strings.TrimSpace(kids.String())))
	d.o.object(d.structRoot, fmt.Sprintf("<< /Type /StructTreeRoot /K %s /ParentTree %s /ParentTreeNextKey %d >>",
		reference(d.structDoc), reference(tree), len(d.pageRefs)))
}
