package scan_test

import (
	"bytes"
	"context"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/pipeline/scan"
)

// TestAMailFromAMailboxIsOne: what a mailbox gave is a mail even where its first
// lines do not look like one; anywhere else the content alone counts.
func TestAMailFromAMailboxIsOne(t *testing.T) {
	letter := "From: a@example.org\r\nSubject: Antrag\r\n\r\nSehr geehrte Damen und Herren\r\n"
	sealed := append(bytes.Repeat([]byte("ARC-Seal: i=1; a=rsa-sha256; cv=pass; b=xxxxxxxxxxxxxxxxxxxxxxxx\r\n"), 80), letter...)
	relayed := append(bytes.Repeat([]byte("Gateway-Trace: i=1; a header that nobody knows but the mailbox's server\r\n"), 80), letter...)
	for name, c := range map[string]struct {
		file        []byte
		media, want string
	}{
		"from a mailbox":             {relayed, "message/rfc822", "message/rfc822"},
		"under seals, from a folder": {sealed, scan.Sniff(sealed[:4096]), "message/rfc822"},
		"from a folder":              {relayed, scan.Sniff(relayed[:4096]), "text/plain"},
		"said to be a picture":       {relayed, "image/jpeg", "text/plain"},
		"of 8-bit junk, by mail":     {append([]byte{0, 1, 2}, relayed...), "message/rfc822", "message/rfc822"},
		"of 8-bit junk, by a folder": {append([]byte{0, 1, 2}, relayed...), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			o := scan.New(scan.Config{Other: func(_ context.Context, media string, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
				got = media
				return doc, nil
			}})
			var blobs pipelinetest.Blobs
			blob, err := blobs.Put(t.Context(), bytes.NewReader(c.file))
			if err != nil {
				t.Fatal(err)
			}
			doc := pipeline.Document{Delivery: pipeline.Delivery{Original: blob, Media: c.media}}
			if _, err := o.Step(t.Context(), doc, &blobs); (err == nil) != (c.want != "") || got != c.want {
				t.Errorf("opened as %q, want %q: %v", got, c.want, err)
			}
		})
	}
}
