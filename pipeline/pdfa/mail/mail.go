package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // the character sets of the world's mail
	netmail "github.com/emersion/go-message/mail"
)

// Limits of what is read of one mail.
const (
	maxDepth = 12        // multiparts within each other
	maxParts = 500       // leaves
	maxBytes = 256 << 20 // of all leaves, decoded
	maxText  = 2 << 20   // of the text that is shown
)

// ErrNoMail says that the bytes do not begin as a mail does.
var ErrNoMail = errors.New("not an e-mail")

// Message is what a mail says.
type Message struct {
	From, To, Cc, Date, Subject string // as a reader shows them; "" if not there
	Text                        string // what was written, lines ending with \n
	FromHTML                    bool   // Text was taken from HTML
	Remote                      bool   // the HTML wanted to fetch something from the network
	Cut                         bool   // there is more text, or there are more parts, than is read
	Attachments                 []Attachment
}

// Attachment is a file that came with the mail.
type Attachment struct {
	Name   string // base name; "" if the mail gives none
	Media  string // as the mail says, lower case
	Body   []byte
	Inline bool // belongs to the HTML, such as the logo of a signature
}

// Read reads a mail. The error is [ErrNoMail] or that of r.
func Read(r io.Reader) (Message, error) {
	e, err := message.Read(r)
	if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return Message{}, fmt.Errorf("%w: %w", ErrNoMail, err)
	}
	h := netmail.Header{Header: e.Header}
	m := Message{From: people(h, "From"), To: people(h, "To"), Cc: people(h, "Cc"), Subject: text(h, "Subject"), Date: text(h, "Date")}
	if t, err := h.Date(); err == nil && !t.IsZero() {
		m.Date = t.Format("02.01.2006 15:04 -0700")
	}
	if m.From == "" && m.Subject == "" && m.Date == "" && m.To == "" {
		return Message{}, ErrNoMail
	}
	w := walker{left: maxBytes, message: &m}
	body := w.walk(e, 0)
	m.Text, m.FromHTML = strings.TrimSpace(body.text), body.html
	if m.Text != "" {
		m.Text += "\n"
	}
	if len(m.Text) > maxText {
		m.Text, m.Cut = strings.ToValidUTF8(m.Text[:maxText], ""), true
	}
	return m, nil
}

// people lists the addresses of a header field with their names.
func people(h netmail.Header, field string) string {
	list, err := h.AddressList(field)
	if err != nil || len(list) == 0 {
		return text(h, field)
	}
	var out []string
	for _, a := range list {
		if a.Name == "" {
			out = append(out, a.Address)
		} else {
			out = append(out, fmt.Sprintf("%s <%s>", clean(a.Name), a.Address))
		}
	}
	return strings.Join(out, ", ")
}

// text is a header field decoded, or as it stands if that fails.
func text(h netmail.Header, field string) string {
	s, err := h.Text(field)
	if err != nil {
		s = h.Get(field)
	}
	return clean(s)
}

// clean makes one line of valid text.
func clean(s string) string {
	if strings.Contains(s, "=?") { // encoded where it must not be, such as within quotes
		d := mime.WordDecoder{CharsetReader: message.CharsetReader}
		if t, err := d.DecodeHeader(s); err == nil {
			s = t
		}
	}
	return strings.Join(strings.Fields(toUTF8([]byte(s))), " ")
}

// toUTF8 takes bytes that are not UTF-8 for Latin-1, which old programs send
// without saying so.
func toUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out)
}

// body is text that was found in a part of the mail.
type body struct {
	text string
	html bool
}

// walker goes through the parts of a mail.
type walker struct {
	message *Message
	parts   int
	left    int64 // bytes that may still be read
}

// walk gives the text of an entity and collects its attachments.
func (w *walker) walk(e *message.Entity, depth int) body {
	media, params, err := e.Header.ContentType()
	if err != nil || media == "" {
		media = "text/plain"
	}
	media = strings.ToLower(media)
	if strings.HasPrefix(media, "multipart/") && params["boundary"] == "" {
		media = "text/plain" // its parts cannot be told apart
		return w.leaf(e, media, params)
	}
	mr := e.MultipartReader()
	if mr == nil {
		return w.leaf(e, media, params)
	}
	if depth >= maxDepth {
		w.message.Cut = true
		return body{}
	}
	var found []body
	for {
		part, err := mr.NextPart()
		if part == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			if err != nil && !errors.Is(err, io.EOF) {
				w.message.Cut = true // the rest cannot be told apart
			}
			break
		}
		if w.parts++; w.parts > maxParts {
			w.message.Cut = true
			break
		}
		if b := w.walk(part, depth+1); b.text != "" {
			found = append(found, b)
		}
	}
	if media == "multipart/alternative" {
		return choose(found)
	}
	return join(found)
}

// choose takes one of several versions of the same text: the plain one, unless
// it is a mere stand-in for the HTML.
func choose(found []body) body {
	var plain, html body
	for _, b := range found {
		if b.html && len(b.text) > len(html.text) {
			html = b
		} else if !b.html && plain.text == "" {
			plain = b
		}
	}
	const standIn = 4
	if plain.text == "" || len(strings.TrimSpace(html.text)) > standIn*len(strings.TrimSpace(plain.text)) {
		return html
	}
	return plain
}

func join(found []body) body {
	var out body
	for _, b := range found {
		if out.text != "" {
			out.text = strings.TrimRight(out.text, "\n") + "\n\n"
		}
		out.text += b.text
		out.html = out.html || b.html
	}
	return out
}

func (w *walker) leaf(e *message.Entity, media string, params map[string]string) body {
	raw, err := io.ReadAll(io.LimitReader(e.Body, w.left+1))
	if int64(len(raw)) > w.left {
		raw, w.message.Cut = raw[:w.left], true
	} else if err != nil {
		w.message.Cut = true // what was decoded until then counts
	}
	w.left -= int64(len(raw))
	disposition, more, _ := e.Header.ContentDisposition() // a broken one says nothing
	name := fileName(more["filename"], params["name"])
	attached := strings.EqualFold(disposition, "attachment") || name != ""
	if !attached && media == "text/plain" && !isPage(raw) {
		return body{text: paragraphs(toUTF8(raw))}
	}
	if !attached && (media == "text/html" || media == "text/plain") {
		s, remote := fromHTML(toUTF8(raw))
		w.message.Remote = w.message.Remote || remote
		return body{text: s, html: true}
	}
	if media == "message/rfc822" && name == "" {
		name = mailName(raw)
	}
	if len(raw) > 0 {
		w.message.Attachments = append(w.message.Attachments, Attachment{Name: name, Media: media, Body: raw,
			Inline: e.Header.Get("Content-Id") != "" && !strings.EqualFold(disposition, "attachment")})
	}
	return body{}
}

// mailName calls an attached mail by its subject.
func mailName(raw []byte) string {
	e, _ := message.Read(bytes.NewReader(raw)) // of a broken one the header counts
	if e == nil {
		return ""
	}
	subject := text(netmail.Header{Header: e.Header}, "Subject")
	if subject == "" {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, subject) + ".eml"
}

// fileName is the first name that is one, decoded and without folders.
func fileName(names ...string) string {
	d := mime.WordDecoder{}
	for _, n := range names {
		if s, err := d.DecodeHeader(n); err == nil {
			n = s
		}
		n = clean(strings.ReplaceAll(n, `\`, "/"))
		if n = path.Base(n); n != "." && n != "/" && n != ".." {
			return n
		}
	}
	return ""
}

// isPage says whether a text is the source of an HTML page: some programs send it
// as both versions.
func isPage(raw []byte) bool {
	head := bytes.ToLower(bytes.TrimSpace(raw[:min(len(raw), 512)]))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

// paragraphs leaves one empty line where there are several.
func paragraphs(s string) string {
	var out strings.Builder
	empty := 0
	for line := range strings.Lines(lines(s)) {
		if strings.TrimSpace(line) == "" {
			empty++
			continue
		}
		if empty > 0 && out.Len() > 0 {
			out.WriteByte('\n')
		}
		empty = 0
		out.WriteString(strings.TrimRight(line, " \t\n") + "\n")
	}
	return out.String()
}

func lines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
