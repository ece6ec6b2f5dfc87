package pdfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/foreign"
)

// Compose makes the PDF/A of a document, whatever was delivered: it is the whole
// step "compose".
//
// Pictures and stacks of pictures are written anew with their words
// ([ComposeScan]). A PDF that was drawn stays what it is as far as possible, in
// this order, each checked by the gate and compared with the original: valid
// PDF/A untouched; repaired in place; converted by ghostscript; pictures of the
// pages. The delivered bytes are never changed; a signed file stays the master,
// and the result is a copy to read.
func (r *Room) Compose(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	pdf, remarks, err := r.compose(ctx, doc, blobs)
	if err != nil {
		return doc, err
	}
	doc.PDF = &pdf
	doc.Remarks = slices.DeleteFunc(slices.Clone(doc.Remarks), func(m pipeline.Remark) bool { return m.Step == pipeline.StepCompose })
	doc.Remarks = append(doc.Remarks, remarks...)
	return doc, nil
}

func (r *Room) compose(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.PDF, []pipeline.Remark, error) {
	rendered := doc.Source != nil && doc.Source.Rendition.Digest != ""
	if doc.Source == nil || doc.Source.Kind != "pdf" && !rendered {
		pdf, err := ComposeScan(ctx, doc, blobs, r.cfg.Gate)
		return pdf, nil, err
	}
	s, err := r.stage(ctx, doc, blobs)
	if err != nil {
		return pipeline.PDF{}, nil, err
	}
	defer s.close()
	c := &converting{room: r, stage: s, blobs: blobs, doc: doc, rendered: rendered}
	pdf, err := c.best(ctx)
	if err != nil {
		return pdf, nil, err
	}
	if rendered {
		pdf.Changes = append(renditionChanges(doc.Source.Kind), pdf.Changes...)
		if pdf.Way != pipeline.WayPictured {
			pdf.Way = pipeline.WayRendered
		}
	}
	return pdf, slices.Concat(remarks(s.report.Signed, pdf.Way), partOne(s.report.Claims)), nil
}

// best chooses the way for a delivered PDF.
func (c *converting) best(ctx context.Context) (pipeline.PDF, error) {
	whole := c.isWhole()
	if whole && c.doc.Delivery.Mode != pipeline.ModeForce {
		pdf, err := c.keep(ctx)
		if !errors.Is(err, errNoWay) {
			return pdf, err
		}
	}
	if !bornDigital(c.stage.report) {
		return ComposeScan(ctx, c.doc, c.blobs, c.room.cfg.Gate)
	}
	if !whole {
		if err := c.cutOut(ctx); err != nil {
			return pipeline.PDF{}, err
		}
	}
	if c.doc.Delivery.Mode == pipeline.ModeForce {
		return c.picture(ctx)
	}
	if err := c.writeLayer(ctx); err != nil {
		return pipeline.PDF{}, err
	}
	return c.ways(ctx)
}

// isWhole says whether the document has all pages of the delivered file, in
// their order and as they were there. A stack that was cut gives documents with
// some of them; a page that was scanned again is none of them.
func (c *converting) isWhole() bool {
	if len(c.doc.Pages) != len(c.stage.report.Pages) {
		return false
	}
	for i, p := range c.doc.Pages {
		if p.No != i+1 || len(p.Rescans) > 0 {
			return false
		}
	}
	return true
}

// cutOut makes the working copy one of the document's own pages only.
func (c *converting) cutOut(ctx context.Context) error {
	var list []string
	for _, p := range c.doc.Pages {
		if p.No < 1 || p.No > len(c.stage.report.Pages) {
			return fmt.Errorf("the delivered file has no page %d", p.No)
		}
		list = append(list, strconv.Itoa(p.No))
	}
	out := c.stage.path("part.pdf")
	err := c.room.run(ctx, c.room.qpdf(), c.room.cfg.Deadline, io.Discard, c.stage.work, "--pages", ".", strings.Join(list, ","), "--", out)
	if err != nil && exitCode(err) != 3 {
		return orBroken(err)
	}
	signed := c.stage.report.Signed
	c.stage.work = out
	if err := c.room.inspect(ctx, c.stage); err != nil {
		return err
	}
	c.stage.report.Signed = signed
	if err := c.room.refuse(c.stage.report); err != nil {
		return err
	}
	_, err = c.room.readText(ctx, c.stage)
	return err
}

// partOne tells that a claim to be PDF/A-1 was neither believed nor checked: the
// gate knows the rules of parts 2 and 3 only.
func partOne(claims string) []pipeline.Remark {
	if !strings.HasPrefix(claims, "1") {
		return nil
	}
	return []pipeline.Remark{{Step: pipeline.StepCompose, Code: "pdfa-1", Text: pipeline.Message{
		DE: "Das Original gibt an, PDF/A-1 zu sein. Blattwerk prüft diesen Teil der Norm nicht; es bleibt unverändert erhalten, und daneben steht eine geprüfte Fassung in PDF/A-2.",
		EN: "The original says that it is PDF/A-1. Blattwerk does not check that part of the standard; it is kept unchanged, and a checked version in PDF/A-2 stands beside it."}}}
}

func remarks(signed bool, way pipeline.Way) []pipeline.Remark {
	if !signed {
		return nil
	}
	text := pipeline.Message{
		DE: "Das Original ist digital signiert und bleibt unverändert erhalten. Diese Fassung ist eine Lesekopie ohne gültige Signatur.",
		EN: "The original carries a digital signature and is kept unchanged. This version is a copy to read, without a valid signature."}
	if way == pipeline.WayKept {
		text = pipeline.Message{
			DE: "Das Original ist digital signiert und unverändert übernommen. Ob ihrem Zertifikat zu trauen ist, wurde nicht geprüft.",
			EN: "The original carries a digital signature and was taken unchanged. Whether its certificate can be trusted was not checked."}
	}
	return []pipeline.Remark{{Step: pipeline.StepCompose, Code: "signed", Text: text}}
}

// describe puts changes into words for a clerk.
func describe(changes []foreign.Change) []pipeline.Message {
	var out []pipeline.Message
	for _, c := range changes {
		m, ok := changeWords[c.Code]
		if !ok {
			m = pipeline.Message{DE: "Geändert: " + c.Code, EN: "Changed: " + c.Code}
		}
		fill := strings.NewReplacer("{was}", c.Detail, "{is}", c.By)
		m.DE, m.EN = fill.Replace(m.DE), fill.Replace(m.EN)
		out = append(out, m)
	}
	return out
}

// changeWords says what each change of a repair means.
var changeWords = map[string]pipeline.Message{
	"javascript":   {DE: "JavaScript entfernt", EN: "JavaScript removed"},
	"actions":      {DE: "Aktionen entfernt (Programme starten, Felder ausfüllen, Klänge)", EN: "Actions removed (starting programs, filling fields, sounds)"},
	"multimedia":   {DE: "Filme, Klänge und 3D-Ansichten entfernt", EN: "Films, sounds and 3D views removed"},
	"hidden":       {DE: "Unsichtbare Anmerkungen entfernt", EN: "Hidden annotations removed"},
	"note-icon":    {DE: "Symbole von Notizen werden nicht mehr gezeichnet; ihr Text ist noch da", EN: "Icons of notes are no longer drawn; their text is still there"},
	"xfa":          {DE: "XFA-Formulardaten entfernt; die sichtbaren Felder sind geblieben", EN: "XFA form data removed; the visible fields stayed"},
	"signature":    {DE: "Digitale Signatur aus der Kopie entfernt; das signierte Original bleibt erhalten", EN: "Digital signature removed from the copy; the signed original is kept"},
	"interpolate":  {DE: "Glättung von Bildern abgeschaltet", EN: "Smoothing of pictures switched off"},
	"alternates":   {DE: "Ersatzbilder für den Druck entfernt", EN: "Substitute pictures for print removed"},
	"transfer":     {DE: "Druckvorgaben (Raster, Tonwertkurven) entfernt", EN: "Print settings (halftones, transfer curves) removed"},
	"lzw":          {DE: "LZW-Kompression durch Flate ersetzt, ohne Verlust", EN: "LZW compression replaced by Flate, without loss"},
	"cmyk":         {DE: "Druckfarben (CMYK) in RGB umgerechnet", EN: "Printing colours (CMYK) converted to RGB"},
	"layers":       {DE: "Automatik von Ebenen entfernt", EN: "Automatic switching of layers removed"},
	"files":        {DE: "Eingebettete Dateien als Anlagen gekennzeichnet", EN: "Embedded files marked as attachments"},
	"metadata":     {DE: "Metadaten neu geschrieben; Titel, Verfasser und Daten sind übernommen", EN: "Metadata written anew; title, author and dates were kept"},
	"presentation": {DE: "Vorgaben für Bildschirmpräsentationen entfernt", EN: "Settings for screen presentations removed"},
	"font":         {DE: "Nicht eingebettete Schrift {was} durch {is} ersetzt", EN: "Font {was}, which was not embedded, replaced by {is}"},
	"layer":        {DE: "Erkannter Text unsichtbar über die gelesenen Seiten gelegt", EN: "Recognised text laid invisibly over the pages that were read"},
}
