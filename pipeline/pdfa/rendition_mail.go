package pdfa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/foreign"
	"blattwerk/pipeline/pdfa/mail"
)

// Limits of what of a mail becomes pages.
const (
	maxMailDepth    = 3   // mails attached to mails
	maxMailShown    = 100 // attachments
	minInlinePixels = 200_000
)

// mail sets a mail: its header and text, then its attachments as pages.
func (w *renderer) mail(ctx context.Context, in string) (rendition, error) {
	raw, err := readBounded(in)
	if err != nil {
		return rendition{}, err
	}
	m, err := mail.Read(bytes.NewReader(raw))
	if errors.Is(err, mail.ErrNoMail) {
		return w.text(ctx, mediaText, in) // a text that begins like one
	}
	if err != nil {
		return rendition{}, err
	}
	out := rendition{kind: kindMail}
	if m.FromHTML {
		out.remarks = htmlRemarks(m.Remote)
	}
	parts := []string{w.path("mail.pdf")}
	shown := make([]part, len(m.Attachments))
	for i, a := range m.Attachments {
		if shown[i], err = w.attachment(ctx, i, a); err != nil {
			return rendition{}, err
		}
		out.attachments = append(out.attachments, shown[i].attachment)
		if shown[i].path != "" {
			parts = append(parts, shown[i].path)
		}
	}
	cut, err := w.set(ctx, parts[0], orSubject(m), mailBlocks(m, shown))
	if err != nil {
		return rendition{}, err
	}
	if cut || m.Cut {
		out.remarks = append(out.remarks, cutRemark())
	}
	first, err := w.bind(ctx, parts)
	if err != nil {
		return rendition{}, err
	}
	at := 0
	for i := range shown {
		if shown[i].path != "" {
			out.attachments[i].FirstPage, out.attachments[i].LastPage = first[at+1], first[at+2]-1
			at++
		}
	}
	out.remarks = append(out.remarks, attachmentRemarks(shown)...)
	out.blob, err = keepFile(ctx, w.blobs, w.path("bound.pdf"))
	return out, err
}

func orSubject(m mail.Message) string { return or(m.Subject, "E-Mail") }

// mailBlocks lays out the first page of a mail.
func mailBlocks(m mail.Message, shown []part) []textBlock {
	blocks := []textBlock{{Style: styleHeading, Text: orSubject(m)}}
	for _, f := range [][2]string{{"Von", m.From}, {"An", m.To}, {"Kopie", m.Cc}, {"Datum", m.Date}} {
		if f[1] != "" {
			blocks = append(blocks, textBlock{Style: styleField, Label: f[0], Text: f[1]})
		}
	}
	for i, p := range shown {
		label := ""
		if i == 0 {
			label = "Anlagen"
		}
		how := "nur im Original"
		if p.path != "" {
			how = "folgt als Seiten"
		}
		blocks = append(blocks, textBlock{Style: styleField, Label: label, Text: fmt.Sprintf("%d. %s (%s; %s)", i+1, p.attachment.Name, kilobytes(p.attachment.Size), how)})
	}
	body := textBlock{Style: styleFixed, Text: m.Text}
	if m.FromHTML || !laidOut(m.Text) {
		body.Style = styleText
	}
	if strings.TrimSpace(m.Text) == "" {
		body = textBlock{Style: styleText, Text: "(Die E-Mail enthält keinen lesbaren Text.)"}
	}
	return append(blocks, textBlock{Style: styleText, Text: " "}, body)
}

// laidOut says whether a plain text uses spaces to put things in columns.
func laidOut(text string) bool {
	columns := 0
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Contains(strings.TrimLeft(line, " "), "   ") || strings.HasPrefix(line, "    ") {
			columns++
		}
	}
	return columns >= 3
}

func kilobytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", (n+1023)>>10)
	}
	return fmt.Sprintf("%d MB", (n+1<<19)>>20)
}

// part is an attachment and the PDF that shows it.
type part struct {
	attachment pipeline.Attachment
	path       string // "": not shown
	why        *pipeline.Fault
	signed     bool
}

// attachment keeps an attached file and makes pages of it if it can. That it
// cannot is no error: the mail is there without.
func (w *renderer) attachment(ctx context.Context, i int, a mail.Attachment) (part, error) {
	blob, err := w.blobs.Put(ctx, bytes.NewReader(a.Body))
	if err != nil {
		return part{}, fmt.Errorf("keeping an attachment: %w", err)
	}
	media := http.DetectContentType(a.Body)
	if w.room.cfg.Sniff != nil {
		media = w.room.cfg.Sniff(a.Body[:min(len(a.Body), 4096)])
	}
	p := part{attachment: pipeline.Attachment{Name: or(a.Name, fmt.Sprintf("Anlage-%d", i+1)), Media: a.Media, Blob: blob}}
	if strings.HasPrefix(media, "image/") || media == mediaPDF || !strings.Contains(a.Media, "/") {
		p.attachment.Media = media
	}
	if media == mediaXML || strings.HasSuffix(a.Media, "xml") {
		p.attachment.Invoice = pipeline.InvoiceIn(bytes.NewReader(a.Body))
	}
	if i >= maxMailShown {
		return p, nil
	}
	p.path = w.path(fmt.Sprintf("part-%d.pdf", i+1))
	p.signed, err = w.show(ctx, media, a, blob, p.path)
	var f *pipeline.Fault
	switch {
	case errors.Is(err, errNotShown):
		p.path = ""
	case errors.As(err, &f) && ctx.Err() == nil && f.Code != "internal":
		p.path, p.why = "", f
	case err != nil:
		return p, err
	}
	return p, nil
}

// errNotShown says that an attachment is not of a kind that becomes pages.
var errNotShown = errors.New("not shown as pages")

// show writes the pages of an attachment to a file.
func (w *renderer) show(ctx context.Context, media string, a mail.Attachment, blob pipeline.Blob, out string) (signed bool, err error) {
	doc := w.doc
	doc.Source, doc.Pages, doc.Remarks = nil, nil, nil
	doc.Delivery.Original, doc.Delivery.Name, doc.Delivery.Media = blob, a.Name, media
	switch media {
	case mediaPDF:
	case mediaMail, mediaOOXML, mediaODF, mediaOLE, mediaRTF, mediaHTML, mediaText:
		if w.depth >= maxMailDepth {
			return false, errNotShown
		}
		made, err := w.room.renderOther(ctx, media, doc, w.blobs, w.depth+1)
		if err != nil {
			return false, err
		}
		doc.Source = &pipeline.Findings{Rendition: made.blob}
	default:
		if !strings.HasPrefix(media, "image/") || w.room.cfg.Pictures == nil {
			return false, errNotShown
		}
		return false, w.picture(ctx, doc, a.Inline, out)
	}
	s, err := w.room.stage(ctx, doc, w.blobs)
	if err != nil {
		return false, err
	}
	defer s.close()
	return s.report.Signed, copyFile(s.work, out)
}

// picture makes pages of an attached picture. Small ones that belong to the text,
// such as the logo of a signature, are left out.
func (w *renderer) picture(ctx context.Context, doc pipeline.Document, inline bool, out string) error {
	doc, err := w.room.cfg.Pictures(ctx, doc, w.blobs)
	if err != nil {
		return err
	}
	if inline && len(doc.Pages) > 0 && doc.Pages[0].Image.Width*doc.Pages[0].Image.Height < minInlinePixels {
		return errNotShown
	}
	blob, err := putScan(ctx, doc, doc.Pages, w.blobs)
	if err != nil {
		return err
	}
	_, err = fetch(ctx, w.blobs, blob.Digest, out)
	return err
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// bind joins the parts to one file and gives the number of each one's first page,
// and behind them that of the page after the last.
func (w *renderer) bind(ctx context.Context, parts []string) ([]int, error) {
	first := []int{1}
	for _, p := range parts {
		var rep foreign.Report
		_, err := w.room.children.Call(ctx, foreign.OpInspect, foreign.InspectCall{Path: p, MaxPages: w.room.cfg.MaxPages}, nil, &rep)
		if err != nil {
			return nil, fmt.Errorf("counting the pages of a part: %w", err)
		}
		first = append(first, first[len(first)-1]+len(rep.Pages))
	}
	args := []string{parts[0], "--pages", "."}
	args = append(append(args, parts[1:]...), "--", w.path("bound.pdf"))
	err := w.room.run(ctx, w.room.qpdf(), w.room.cfg.Deadline, io.Discard, args...)
	if err != nil && exitCode(err) != 3 {
		return nil, fmt.Errorf("binding the parts of a mail: %w", err)
	}
	return first, nil
}

// attachmentRemarks tells which attachments are no pages, and why.
func attachmentRemarks(shown []part) []pipeline.Remark {
	var out []pipeline.Remark
	pages, only := 0, 0
	for i, p := range shown {
		switch {
		case p.path != "":
			pages++
		default:
			only++
		}
		if p.why != nil {
			out = append(out, remark("attachment-not-shown",
				fmt.Sprintf("Anlage %d ist nicht als Seite enthalten: %s", i+1, p.why.Text.DE),
				fmt.Sprintf("Attachment %d is not among the pages: %s", i+1, p.why.Text.EN)))
		}
		if p.signed {
			out = append(out, remark("attachment-signed",
				fmt.Sprintf("Anlage %d ist digital signiert. Die Signatur gilt nur für die Datei im Original, nicht für die Seiten hier.", i+1),
				fmt.Sprintf("Attachment %d carries a digital signature. It holds for the file in the original only, not for the pages here.", i+1)))
		}
	}
	if len(shown) == 0 {
		return nil
	}
	return append([]pipeline.Remark{remark("mail-attachments",
		fmt.Sprintf("Die E-Mail hat %d Anlagen: %d sind als Seiten enthalten, %d liegen nur im Original.", len(shown), pages, only),
		fmt.Sprintf("The e-mail has %d attachments: %d are among the pages, %d are in the original only.", len(shown), pages, only))}, out...)
}
