package pdfa

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf16"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/mail"
)

// Media types that are set as PDF, as the room that opens files names them.
const (
	mediaOOXML = "application/vnd.openxmlformats-officedocument"
	mediaODF   = "application/vnd.oasis.opendocument"
	mediaOLE   = "application/x-ole-storage"
	mediaRTF   = "application/rtf"
	mediaMail  = "message/rfc822"
	mediaHTML  = "text/html"
	mediaXML   = "text/xml"
	mediaText  = "text/plain"
	mediaPDF   = "application/pdf"
)

// Kinds of renditions, as Findings.Kind has them.
const (
	kindMail    = "mail"
	kindOffice  = "office"
	kindText    = "text"
	kindHTML    = "html"
	kindInvoice = "invoice" // XML alone
)

// maxRendered bounds texts and mails, which are held in memory, bytes.
const maxRendered = 256 << 20

// OpenOther opens what is neither PDF nor picture: it sets a mail, an office file
// or a text as PDF, keeps that, and opens it as [Room.Open] does. The delivered
// bytes stay as they are. Faults are those of Open and "no-office",
// "office-failed", "mail", "unknown-format", "encrypted", "too-large".
func (r *Room) OpenOther(ctx context.Context, media string, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	made, err := r.renderOther(ctx, media, doc, blobs, 0)
	if err != nil {
		return doc, err
	}
	next := doc
	next.Source = &pipeline.Findings{Rendition: made.blob}
	next, err = r.open(ctx, next, blobs)
	if err != nil {
		return doc, err
	}
	next.Source.Kind, next.Source.Rendition, next.Source.Attachments = made.kind, made.blob, made.attachments
	next.Remarks = append(next.Remarks, made.remarks...)
	return next, nil
}

// rendition is what something was set as.
type rendition struct {
	kind        string
	blob        pipeline.Blob
	attachments []pipeline.Attachment
	remarks     []pipeline.Remark
}

// renderOther sets a delivered file as PDF. depth counts mails within mails.
func (r *Room) renderOther(ctx context.Context, media string, doc pipeline.Document, blobs pipeline.Blobs, depth int) (rendition, error) {
	dir, err := os.MkdirTemp(r.cfg.Temp, "blattwerk-other-")
	if err != nil {
		return rendition{}, fmt.Errorf("making a working folder: %w", err)
	}
	defer os.RemoveAll(dir)
	w := &renderer{room: r, blobs: blobs, doc: doc, dir: dir, depth: depth}
	in := w.path("delivered")
	if _, err := fetch(ctx, blobs, doc.Delivery.Original.Digest, in); err != nil {
		return rendition{}, err
	}
	switch media {
	case mediaMail:
		return w.mail(ctx, in)
	case mediaOOXML, mediaODF, mediaOLE, mediaRTF:
		return w.office(ctx, media, in)
	case mediaHTML, mediaXML, mediaText:
		return w.text(ctx, media, in)
	}
	return rendition{}, faultUnknown()
}

// renderer is the work on one file, in a folder of its own.
type renderer struct {
	room  *Room
	blobs pipeline.Blobs
	doc   pipeline.Document
	dir   string
	depth int
}

func (w *renderer) path(name string) string { return path.Join(w.dir, name) }

func (w *renderer) office(ctx context.Context, media, in string) (rendition, error) {
	ext, err := officeExtension(media, in)
	if err != nil {
		return rendition{}, err
	}
	out, err := w.room.fromOffice(ctx, in, ext)
	if err != nil {
		return rendition{}, err
	}
	blob, err := keepFile(ctx, w.blobs, out)
	return rendition{kind: kindOffice, blob: blob}, err
}

// text sets a text, the text of a page, or an invoice that is XML alone.
func (w *renderer) text(ctx context.Context, media, in string) (rendition, error) {
	raw, err := readBounded(in)
	if err != nil {
		return rendition{}, err
	}
	out := rendition{kind: kindText}
	block := textBlock{Style: styleFixed, Text: mail.Decode(raw)}
	switch media {
	case mediaHTML:
		var remote bool
		out.kind, block.Style = kindHTML, styleText
		block.Text, remote = mail.Text(raw)
		out.remarks = htmlRemarks(remote)
	case mediaXML:
		syntax := pipeline.InvoiceIn(bytes.NewReader(raw))
		if syntax == "" {
			return rendition{}, faultUnknown()
		}
		out.kind = kindInvoice
		out.attachments = []pipeline.Attachment{{Name: w.doc.Delivery.Name, Media: mediaXML, Blob: w.doc.Delivery.Original, Invoice: syntax}}
		out.remarks = []pipeline.Remark{remark("invoice-xml",
			"Die Datei ist eine elektronische Rechnung ohne Bild (XRechnung). Ihr Inhalt ist als Text abgedruckt; maßgeblich sind die Daten im Original.",
			"The file is an electronic invoice without a picture (XRechnung). Its content is printed as text; what counts are the data in the original.")}
	}
	pdf := w.path("text.pdf")
	cut, err := w.set(ctx, pdf, pdfTitle(w.doc, "Text"), []textBlock{block})
	if err != nil {
		return rendition{}, err
	}
	if cut {
		out.remarks = append(out.remarks, cutRemark())
	}
	out.blob, err = keepFile(ctx, w.blobs, pdf)
	return out, err
}

// set writes typeset text to a file, and says whether some was left out.
func (w *renderer) set(ctx context.Context, path, title string, blocks []textBlock) (cut bool, err error) {
	out, err := os.Create(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	meta := Meta{Title: title, Language: w.doc.Delivery.Language, Created: w.doc.Delivery.Received,
		Journal: w.doc.Delivery.Journal, SourceDigest: w.doc.Delivery.Original.Digest}
	return writeText(ctx, out, meta, w.room.cfg.Fonts, title, blocks)
}

func pdfTitle(doc pipeline.Document, or string) string {
	name := strings.TrimSuffix(doc.Delivery.Name, path.Ext(doc.Delivery.Name))
	if name == "" {
		return or
	}
	return name
}

// readBounded reads a whole file of a bearable size.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxRendered+1))
	if err == nil && len(raw) > maxRendered {
		err = fault(pipeline.GiveBack, "too-large",
			fmt.Sprintf("Die Datei ist größer als %d MB. Bitte in mehreren Teilen senden lassen.", maxRendered>>20),
			fmt.Sprintf("The file is larger than %d MB. Please ask for it in several parts.", maxRendered>>20), nil)
	}
	return raw, err
}

// Limits of what an office file may unpack to: LibreOffice is bounded too, but
// would be long in finding out.
const (
	maxUnpacked = 1 << 30 // bytes
	maxEntries  = 20_000
)

// officeExtension looks into an office file to say what kind it is.
func officeExtension(media, in string) (string, error) {
	switch media {
	case mediaRTF:
		return ".rtf", nil
	case mediaOLE:
		return oleExtension(in)
	}
	z, err := zip.OpenReader(in)
	if err != nil {
		return "", faultOffice(err)
	}
	defer z.Close()
	var size uint64
	for _, f := range z.File {
		size += f.UncompressedSize64
	}
	if size > maxUnpacked || len(z.File) > maxEntries {
		return "", faultOffice(fmt.Errorf("%d entries of %d bytes in all", len(z.File), size))
	}
	for _, f := range z.File {
		switch f.Name {
		case "word/document.xml":
			return ".docx", nil
		case "xl/workbook.xml", "xl/workbook.bin":
			return ".xlsx", nil
		case "ppt/presentation.xml":
			return ".pptx", nil
		case "mimetype":
			return odfExtension(f)
		}
	}
	return "", faultUnknown()
}

func odfExtension(f *zip.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", faultOffice(err)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, 200))
	if err != nil {
		return "", faultOffice(err)
	}
	kind := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(raw)), mediaODF+"."), "-template")
	if ext, ok := map[string]string{"text": ".odt", "spreadsheet": ".ods", "presentation": ".odp", "graphics": ".odg"}[kind]; ok {
		return ext, nil
	}
	return "", faultUnknown()
}

// oleExtension tells old office files apart by the names of their streams, which
// stand in UTF-16 in the directory ([MS-CFB], 2.6).
func oleExtension(in string) (string, error) {
	raw, err := readBounded(in)
	if err != nil {
		return "", err
	}
	for _, s := range []struct{ stream, ext string }{
		{"EncryptedPackage", ""}, {"WordDocument", ".doc"}, {"Workbook", ".xls"}, {"PowerPoint Document", ".ppt"}, {"Book", ".xls"},
	} {
		var name []byte
		for _, u := range utf16.Encode([]rune(s.stream)) {
			name = append(name, byte(u), byte(u>>8))
		}
		if !bytes.Contains(raw, name) {
			continue
		}
		if s.ext == "" {
			return "", faultEncrypted(errors.New("an encrypted office file"))
		}
		return s.ext, nil
	}
	return "", faultUnknown() // an Outlook message, an installer: many things are OLE
}

func remark(code, de, en string) pipeline.Remark {
	return pipeline.Remark{Step: pipeline.StepOpen, Code: code, Text: pipeline.Message{DE: de, EN: en}}
}

func htmlRemarks(remote bool) []pipeline.Remark {
	out := []pipeline.Remark{remark("html-as-text",
		"Der Text kam als gestaltete Webseite (HTML). Er ist ohne die Gestaltung wiedergegeben; sie liegt im Original.",
		"The text came as a designed web page (HTML). It is given without the design, which is in the original.")}
	if remote {
		out = append(out, remark("html-remote",
			"Die Nachricht wollte Inhalte aus dem Internet nachladen. Das wurde nicht getan.",
			"The message wanted to fetch content from the internet. That was not done."))
	}
	return out
}

func cutRemark() pipeline.Remark {
	return remark("text-cut",
		fmt.Sprintf("Der Text ist sehr lang; gezeigt sind die ersten %d Seiten. Der ganze Text liegt im Original.", maxTextPages),
		fmt.Sprintf("The text is very long; the first %d pages are shown. The whole text is in the original.", maxTextPages))
}

func faultUnknown() error {
	return fault(pipeline.GiveBack, "unknown-format",
		"Dieses Dateiformat kann Blattwerk nicht in PDF umwandeln. Bitte das Schriftstück als PDF speichern oder scannen.",
		"Blattwerk cannot turn this file format into PDF. Please save the letter as PDF or scan it.", nil)
}

// renditionChanges tells a clerk how the pages came about.
func renditionChanges(kind string) []pipeline.Message {
	m, ok := map[string]pipeline.Message{
		kindMail:    {DE: "Aus einer E-Mail gesetzt: Kopfzeilen und Text, dahinter die Anlagen, soweit sie sich darstellen lassen. Die E-Mail selbst liegt im Original.", EN: "Set from an e-mail: its header and text, then the attachments as far as they can be shown. The e-mail itself is in the original."},
		kindOffice:  {DE: "Mit LibreOffice aus einer Office-Datei umgewandelt; die Datei selbst liegt im Original.", EN: "Converted from an office file by LibreOffice; the file itself is in the original."},
		kindText:    {DE: "Aus einer Textdatei gesetzt.", EN: "Set from a text file."},
		kindHTML:    {DE: "Aus dem Text einer Webseite gesetzt; die Seite selbst liegt im Original.", EN: "Set from the text of a web page; the page itself is in the original."},
		kindInvoice: {DE: "Die Daten einer elektronischen Rechnung als Text gesetzt.", EN: "The data of an electronic invoice set as text."},
	}[kind]
	if !ok {
		return nil
	}
	return slices.Clip([]pipeline.Message{m})
}
