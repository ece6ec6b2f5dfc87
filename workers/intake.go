package workers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// Intake is where deliveries come onto the belt, whichever way they arrive.
type Intake struct {
	Blobs  pipeline.Blobs
	Accept func(context.Context, pipeline.Delivery) (catalog.Receipt, error) // the catalogue's
	Ring   func(context.Context, catalog.Bell) error                         // the belt's
	Sniff  func(head []byte) string                                          // media type by content
	Ready  func(context.Context) error                                       // says if nothing can be taken in now; nil is always ready
	First  pipeline.StepName
	Log    *slog.Logger
}

// sniffed is how many bytes tell the media type: a PDF may have up to 1024 bytes
// of junk before its header.
const sniffed = 4096

// Take streams a delivery to the store, writes it into the catalogue and rings
// for it. When it returns without an error the delivery is accepted and cannot
// be lost: its bytes are durable and its row is committed. d says what is known
// about it (Name, Source, Device, Operator, Language, Mode, Paper, and Media
// and Received where the way in knows them); the rest is filled in.
func (in Intake) Take(ctx context.Context, d pipeline.Delivery, r io.Reader) (catalog.Receipt, error) {
	if in.Ready != nil {
		if err := in.Ready(ctx); err != nil {
			return catalog.Receipt{}, err
		}
	}
	buf := bufio.NewReaderSize(r, 1<<16)
	head, err := buf.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return catalog.Receipt{}, fmt.Errorf("receiving a delivery: %w", err)
	}
	if d.Media == "" { // who knows better says so: a mailbox holds mails, whatever they begin with
		d.Media = in.Sniff(head)
	}
	if d.Original, err = in.Blobs.Put(ctx, buf); err != nil {
		return catalog.Receipt{}, fmt.Errorf("keeping a delivery: %w", err)
	}
	d.Name = CleanName(d.Name)
	if d.Received.IsZero() {
		d.Received = time.Now().UTC().Truncate(time.Millisecond)
	}
	receipt, err := in.Accept(ctx, d)
	if err != nil {
		return catalog.Receipt{}, fmt.Errorf("accepting a delivery: %w", err)
	}
	in.Log.InfoContext(ctx, "accepted", slog.String("doc", string(receipt.Document.ID)), slog.Int64("bytes", d.Original.Size),
		slog.String("media", d.Media), slog.String("source", d.Source), slog.Bool("duplicate", receipt.Duplicate))
	if receipt.Duplicate {
		return receipt, nil
	}
	if err := in.Ring(ctx, catalog.Bell{Doc: receipt.Document.ID, Step: in.First}); err != nil {
		in.Log.WarnContext(ctx, "the first bell did not ring; the reconciler will", slog.Any("error", err))
	}
	return receipt, nil
}

// maxName is the longest name kept, in bytes: what most file systems hold.
const maxName = 200

// CleanName makes a name that came from outside harmless to show and to write:
// its last element only, printable, valid UTF-8, at most 200 bytes. It is never
// used as a path.
func CleanName(name string) string {
	name = strings.ReplaceAll(strings.ToValidUTF8(name, "�"), "\\", "/")
	name = path.Base(path.Clean("/" + name))
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	for len(name) > maxName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	if name == "" || name == "/" || name == "." {
		return "unbenannt"
	}
	return name
}
