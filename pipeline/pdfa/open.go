package pdfa

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/foreign"
)

// textDPI is the resolution of the frame of a drawn page's own text.
const textDPI = 300

// takeAtOnce is how many pictures a child takes out in one call.
const takeAtOnce = 16

// Open turns a delivered PDF into pages: it is the step "open" for PDF files.
//
// A page that is one picture is taken as that picture, byte for byte or decoded
// without loss where that is possible; a page that was drawn keeps its own text
// if that is good and is rendered to be read if not. Faults: "empty",
// "encrypted", "broken-pdf", "xfa", "too-many-pages", "too-many-pixels".
func (r *Room) Open(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	// What an earlier run may have learnt goes, what a person made stays.
	unlocked := unlockedOf(doc)
	doc.Source = nil
	if unlocked.Digest != "" {
		doc.Source = &pipeline.Findings{Unlocked: unlocked}
	}
	return r.open(ctx, doc, blobs)
}

// open is Open for the delivered PDF, or for the rendition that doc names.
func (r *Room) open(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	s, err := r.stage(ctx, doc, blobs)
	if err != nil {
		return doc, err
	}
	defer s.close()
	unlocked := unlockedOf(doc)
	o := &opening{room: r, stage: s, blobs: blobs, mode: doc.Delivery.Mode, texts: s.texts, unlocked: unlocked.Digest != ""}
	if err := o.run(ctx); err != nil {
		return doc, err
	}
	doc.Pages = o.pages
	doc.Source = findings(s.report)
	doc.Source.Unlocked = unlocked
	if doc.Source.Attachments, err = r.attachments(ctx, s, blobs); err != nil {
		return doc, err
	}
	if doc.Source.Signatures, err = r.signatures(ctx, s, o.unlocked); err != nil {
		return doc, err
	}
	doc.Remarks = slices.DeleteFunc(slices.Clone(doc.Remarks), func(m pipeline.Remark) bool { return m.Step == pipeline.StepOpen })
	doc.Remarks = append(doc.Remarks, o.remarks()...)
	doc.Remarks = append(doc.Remarks, signatureRemarks(doc.Source.Signatures)...)
	return doc, nil
}

// opening is the work on one file.
type opening struct {
	room  *Room
	stage *stage
	blobs pipeline.Blobs
	mode  pipeline.Mode
	texts []ownPage // nil, or one for each page
	pages []pipeline.Page
	taken map[int]string // files of pictures that were taken out, by page

	unlocked bool // the file is a copy that a person's password opened
}

func (o *opening) run(ctx context.Context) error {
	report := o.stage.report
	o.pages = make([]pipeline.Page, len(report.Pages))
	for i, p := range report.Pages {
		o.pages[i] = pipeline.Page{No: i + 1, WidthPt: p.Width, HeightPt: p.Height}
	}
	if err := o.take(ctx); err != nil {
		return err
	}
	for i := range o.pages {
		if err := o.page(ctx, i); err != nil {
			var f *pipeline.Fault
			if errors.As(err, &f) || ctx.Err() != nil || !errors.Is(err, errProgram) {
				return err
			}
			f = faultPage(i+1, err)
			return f
		}
		pipeline.TellProgress(ctx, i+1, len(o.pages))
	}
	return nil
}

func faultPage(no int, err error) *pipeline.Fault {
	f := fault(pipeline.AskPerson, "page-not-rendered",
		fmt.Sprintf("Seite %d lässt sich nicht darstellen. Bitte die Datei in einem PDF-Programm ansehen und, wenn sie dort lesbar ist, gedruckt oder neu als PDF gespeichert einreichen; das Original bleibt erhalten.", no),
		fmt.Sprintf("Page %d cannot be rendered. Please look at the file in a PDF program and, if it is readable there, hand it in printed or saved anew as PDF; the original is kept.", no), err)
	f.Page = no
	return f
}

// take lets children take out all pictures that can be taken.
func (o *opening) take(ctx context.Context) error {
	o.taken = map[int]string{}
	if o.mode == pipeline.ModeForce {
		return nil
	}
	var pages []int
	for i, p := range o.stage.report.Pages {
		if p.Image != nil && p.Image.Media != "" {
			pages = append(pages, i+1)
		}
	}
	for part := range slices.Chunk(pages, takeAtOnce) {
		var taken []foreign.Taken
		_, err := o.room.children.Call(ctx, foreign.OpTake,
			foreign.TakeCall{Path: o.stage.work, Dir: o.stage.dir, Pages: part}, nil, &taken)
		if err != nil && (ctx.Err() != nil || !isCrash(err)) {
			return fmt.Errorf("taking pictures out: %w", err)
		}
		for _, t := range taken {
			if t.File != "" {
				o.taken[t.Page] = t.File
			}
		}
	}
	return nil
}

// page fills in one page.
func (o *opening) page(ctx context.Context, i int) error {
	src, out := o.stage.report.Pages[i], &o.pages[i]
	file, taken := o.taken[i+1]
	switch {
	case taken:
		img := src.Image
		blob, err := keepFile(ctx, o.blobs, file)
		if err != nil {
			return err
		}
		_ = os.Remove(file)
		out.Image = pipeline.Image{Blob: blob, Media: img.Media, Width: img.Width, Height: img.Height,
			DPIX: img.DPIX, DPIY: img.DPIY, Model: pipeline.ColourModel(img.Model), Turn: img.Turn}
		out.Origin = pipeline.OriginDecoded
		if img.Exact {
			out.Origin = pipeline.OriginEmbedded
		}
		return o.keepHidden(ctx, i)
	case src.Kind == foreign.Drawn && o.mode != pipeline.ModeForce && o.readable(i):
		w, h := pixels(src.Width, textDPI), pixels(src.Height, textDPI)
		return o.keepText(ctx, i, w, h, textDPI)
	case src.Kind == foreign.Empty && bornDigital(o.stage.report) && o.mode != pipeline.ModeForce:
		return o.keepText(ctx, i, pixels(src.Width, textDPI), pixels(src.Height, textDPI), textDPI)
	}
	if o.mode != pipeline.ModeForce {
		img, err := o.room.unJBIG2(ctx, o.stage, i+1, o.blobs)
		if err != nil {
			return err
		}
		if img.Digest != "" {
			out.Image, out.Origin = img, pipeline.OriginDecoded
			return o.keepHidden(ctx, i)
		}
	}
	img, err := o.room.render(ctx, o.stage, i+1, o.blobs)
	if err != nil {
		return err
	}
	out.Image, out.Origin = img, pipeline.OriginRendered
	if src.Kind != foreign.Drawn {
		return o.keepHidden(ctx, i)
	}
	return nil
}

// readable says whether a drawn page's own text can stand for reading it: good
// text, and not just a stamp or a fax line on top of a scan.
func (o *opening) readable(i int) bool {
	if o.texts == nil || !good(o.texts[i].words) {
		return false
	}
	const fewWords, mostOfPage = 40, 0.5
	return o.stage.report.Pages[i].Cover < mostOfPage || len(o.texts[i].words) > fewWords
}

// keepHidden keeps the invisible text of an earlier recognition, unless the
// pages are to be read again.
func (o *opening) keepHidden(ctx context.Context, i int) error {
	if o.mode != pipeline.ModeSkip && o.mode != "" || !o.stage.report.Pages[i].Hidden || o.texts == nil || !good(o.texts[i].words) {
		return nil
	}
	img := o.pages[i].Image
	w, h, dpi := img.Width, img.Height, img.DPIX
	if img.Turn%180 != 0 {
		w, h, dpi = img.Height, img.Width, img.DPIY
	}
	return o.keepText(ctx, i, w, h, dpi)
}

func (o *opening) keepText(ctx context.Context, i, w, h int, dpi float64) error {
	t := pipeline.PageText{Width: w, Height: h, DPI: dpi, Words: []pipeline.Word{}}
	if o.texts != nil {
		t = o.texts[i].pageText(w, h, dpi)
	}
	blob, err := pipeline.PutJSON(ctx, o.blobs, t)
	if err != nil {
		return fmt.Errorf("keeping the text of page %d: %w", i+1, err)
	}
	o.pages[i].Text = blob.Digest
	return nil
}

// bornDigital says whether a file is more than a stack of pictures: a page was
// drawn, or all pages are empty.
func bornDigital(rep foreign.Report) bool {
	return slices.ContainsFunc(rep.Pages, func(p foreign.Page) bool { return p.Kind == foreign.Drawn }) ||
		!slices.ContainsFunc(rep.Pages, func(p foreign.Page) bool { return p.Kind != foreign.Empty })
}

func findings(rep foreign.Report) *pipeline.Findings {
	return &pipeline.Findings{Kind: "pdf", BornDigital: bornDigital(rep), Signed: rep.Signed, Claims: rep.Claims,
		Encrypted: rep.Encrypted, JBIG2: rep.JBIG2}
}

// remarks tells the clerk what is special about the file.
func (o *opening) remarks() []pipeline.Remark {
	var out []pipeline.Remark
	add := func(code string, page int, de, en string) {
		out = append(out, pipeline.Remark{Step: pipeline.StepOpen, Code: code, Page: page, Text: pipeline.Message{DE: de, EN: en}})
	}
	rep := o.stage.report
	if rep.JBIG2 {
		add("jbig2", 0, "Die Datei enthält Bilder im Format JBIG2, das Zeichen vertauschen kann. Sie eignet sich nicht als Ersatz für das Papier.",
			"The file contains pictures in the format JBIG2, which can swap characters. It is not fit to replace paper.")
	}
	if rep.Encrypted {
		add("was-encrypted", 0, "Die Datei war verschlüsselt, ließ sich aber ohne Passwort öffnen.",
			"The file was encrypted, but opened without a password.")
	}
	if o.unlocked {
		add("unlocked", 0, "Die Datei ist mit einem Passwort geschützt. Die durchsuchbare Fassung wurde mit dem eingegebenen Passwort hergestellt und ist ohne Passwort lesbar; das Original bleibt geschützt erhalten.",
			"The file is protected by a password. The searchable version was made with the password that was entered and can be read without it; the original is kept, protected as it came.")
	}
	if o.stage.mended {
		add("mended", 0, "Die Datei war beschädigt und wurde zum Lesen wiederhergestellt. Bitte auf Vollständigkeit prüfen.",
			"The file was damaged and was reconstructed for reading. Please check that it is complete.")
	}
	if n, have := o.stage.counted, len(rep.Pages); n > have {
		add("pages-missing", 0, fmt.Sprintf("Die Datei gibt %d Seiten an, enthält aber nur %d. Bitte prüfen, ob etwas fehlt, und die Datei im Zweifel neu anfordern.", n, have),
			fmt.Sprintf("The file says that it has %d pages, but only %d can be found. Please check whether something is missing, and if in doubt ask for the file again.", n, have))
	}
	if n := len(rep.Attachments); n > 0 {
		add("attachments", 0, fmt.Sprintf("Die Datei enthält eingebettete Dateien (%d). Sie werden nicht mitgelesen.", n),
			fmt.Sprintf("The file contains embedded files (%d). They are not read.", n))
	}
	for i, p := range rep.Pages {
		if img := p.Image; img != nil && math.Min(img.DPIX, img.DPIY) < minDPI && strings.HasPrefix(img.Media, "image/") {
			add("low-resolution", i+1, fmt.Sprintf("Das Bild hat nur %.0f dpi; die Schrift kann unsicher gelesen werden.", img.DPIX),
				fmt.Sprintf("The picture has only %.0f dpi; its text may be read unreliably.", img.DPIX))
		}
	}
	return out
}
