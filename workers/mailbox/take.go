package mailbox

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-message/charset"

	"blattwerk/pipeline"
)

var (
	errGone  = errors.New("somebody else took the message away")
	errLarge = errors.New("the message is larger than the server said")
)

// take streams one message to the store.
func (m *Mailbox) take(ctx context.Context, c *imapclient.Client, msg message) (int64, pipeline.Digest, error) {
	size, digest, sum, err := m.fetch(ctx, c, msg, "")
	if m.cfg.Changed(err) {
		// The server gives the UID of an earlier message to another, as one does that
		// was set up anew with old numbers: it gets a name of its own.
		size, digest, _, err = m.fetch(ctx, c, msg, sum)
	}
	return size, digest, err
}

// fetch hands over one message. sum is the SHA-256 of what was read.
func (m *Mailbox) fetch(ctx context.Context, c *imapclient.Client, msg message, other string) (size int64, kept pipeline.Digest, sum string, err error) {
	cmd := c.Fetch(imap.UIDSetNum(msg.uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	answered, found := false, false
	for data := cmd.Next(); data != nil; data = cmd.Next() {
		answered = true
		for item := data.Next(); item != nil; item = data.Next() { // what is not read here, Next throws away
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil || found {
				continue
			}
			found, size = true, body.Literal.Size()
			if m.cfg.MaxBytes > 0 && size > m.cfg.MaxBytes {
				err = fault(codeAnswer, errLarge)
				continue
			}
			kept, sum, err = m.hand(ctx, msg, body.Literal, other)
		}
	}
	closed := cmd.Close()
	switch {
	case err != nil:
		return size, kept, sum, err
	case closed != nil && !found:
		return 0, "", "", asked("fetching a message", codeAnswer, closed)
	case !answered:
		return 0, "", "", errGone
	case !found:
		return 0, "", "", fault(codeAnswer, errors.New("the server gave no message"))
	}
	return size, kept, sum, nil
}

// hand delivers the bytes of a message.
func (m *Mailbox) hand(ctx context.Context, msg message, literal imap.LiteralReader, other string) (pipeline.Digest, string, error) {
	hash := sha256.New()
	whole := &whole{r: io.TeeReader(literal, hash), left: literal.Size()}
	buf := bufio.NewReaderSize(whole, headBytes)
	head, _ := buf.Peek(headBytes) // what is wrong shows itself when it is read
	d := pipeline.Delivery{
		ID: m.id(msg.uid, other), Name: nameOf(head, msg.uid), Media: "message/rfc822",
		Source: "mail", Device: m.cfg.User + "/" + m.cfg.Folder, Received: received(msg.came, m.cfg.Clock()),
	}
	kept, err := m.cfg.Take(ctx, d, buf)
	sum := hex.EncodeToString(hash.Sum(nil))
	switch {
	case whole.err != nil:
		return "", "", fault(codeLost, plain("fetching a message", whole.err))
	case err != nil && ctx.Err() == nil:
		return "", sum, ours("taking a message in", err)
	}
	return kept, sum, err
}

// whole fails when a message ends before its time: the library takes a connection
// that breaks off for the end.
type whole struct {
	r    io.Reader
	left int64
	err  error // that of the other side, if any
}

func (w *whole) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.left -= int64(n)
	if errors.Is(err, io.EOF) && w.left != 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// headBytes is how much of a message is looked at for its subject.
const headBytes = 64 << 10

// nameOf calls a message by its subject, as a mail program does that saves it.
func nameOf(head []byte, uid imap.UID) string {
	subject := ""
	if msg, err := mail.ReadMessage(bytes.NewReader(head)); err == nil {
		subject = msg.Header.Get("Subject")
	}
	words := mime.WordDecoder{CharsetReader: charset.Reader}
	if text, err := words.DecodeHeader(subject); err == nil {
		subject = text
	}
	subject = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, strings.Join(strings.Fields(strings.ToValidUTF8(subject, "")), " "))
	const longest = 150 // bytes, so that the end is not cut off later
	if len(subject) > longest {
		subject = strings.ToValidUTF8(subject[:longest], "") + "…"
	}
	if subject == "" {
		return fmt.Sprintf("E-Mail %d.eml", uid)
	}
	return subject + ".eml"
}

// oldest is how long a message may have lain in the mailbox so that its arrival
// there is when the town received it.
const oldest = 30 * 24 * time.Hour

// received is when a message reached the town: when it came into the mailbox. An
// old message that somebody put there, and one from the future, are received now:
// the journal of earlier times is closed.
func received(came, now time.Time) time.Time {
	if came.IsZero() || came.After(now) || now.Sub(came) > oldest {
		return now
	}
	return came
}
