package scan

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// SniffLen is how many bytes of a file Sniff needs to see.
const SniffLen = 4096

// Media types that Sniff tells apart and this room cares about.
const (
	mediaPDF  = "application/pdf"
	mediaJPEG = "image/jpeg"
	mediaPNG  = "image/png"
	mediaTIFF = "image/tiff"
	mediaGIF  = "image/gif"
	mediaWebP = "image/webp"
	mediaBMP  = "image/bmp"
	mediaJP2  = "image/jp2"
	mediaHEIC = "image/heic"
	mediaAVIF = "image/avif"

	mediaZip    = "application/zip"
	mediaOOXML  = "application/vnd.openxmlformats-officedocument"
	mediaODF    = "application/vnd.oasis.opendocument"
	mediaOLE    = "application/x-ole-storage"
	mediaRTF    = "application/rtf"
	mediaPS     = "application/postscript"
	mediaMail   = "message/rfc822"
	mediaHTML   = "text/html"
	mediaXML    = "text/xml"
	mediaText   = "text/plain"
	mediaBinary = "application/octet-stream"
)

// signature is how files of a type begin.
type signature struct {
	at    int
	bytes string
	media string
}

var signatures = []signature{
	{0, "%PDF-", mediaPDF},
	{0, "\xff\xd8\xff", mediaJPEG},
	{0, pngSignature, mediaPNG},
	{0, "II*\x00", mediaTIFF},
	{0, "MM\x00*", mediaTIFF},
	{0, "II+\x00", mediaTIFF}, // BigTIFF
	{0, "MM\x00+", mediaTIFF},
	{0, "GIF87a", mediaGIF},
	{0, "GIF89a", mediaGIF},
	{8, "WEBP", mediaWebP},
	{0, "\x00\x00\x00\x0cjP  \r\n\x87\n", mediaJP2},
	{0, "\xff\x4f\xff\x51", mediaJP2}, // bare codestream
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", mediaOLE},
	{0, "{\\rtf", mediaRTF},
	{0, "%!PS", mediaPS},
	{0, "7z\xbc\xaf\x27\x1c", mediaZip},
	{0, "Rar!\x1a\x07", mediaZip},
	{0, "\x1f\x8b\x08", mediaZip},
}

// Sniff tells the media type of a file from its first bytes; SniffLen of them,
// or all if there are fewer. The answer for what it does not know is
// "application/octet-stream".
func Sniff(head []byte) string {
	for _, s := range signatures {
		if len(head) >= s.at && bytes.HasPrefix(head[s.at:], []byte(s.bytes)) {
			return s.media
		}
	}
	switch {
	case isBMP(head):
		return mediaBMP
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return sniffZip(head)
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return sniffBrands(head)
	// Readers of PDF accept junk before the header (ISO 32000-1, annex H,
	// implementation note 13: the first 1024 bytes).
	case bytes.Contains(head[:min(len(head), 1024+5)], []byte("%PDF-")):
		return mediaPDF
	}
	return sniffText(head)
}

// isBMP asks for more than the two letters, which many texts begin with: the
// size of the second header is one of those that exist.
func isBMP(head []byte) bool {
	if len(head) < 26 || head[0] != 'B' || head[1] != 'M' {
		return false
	}
	switch binary.LittleEndian.Uint32(head[14:]) {
	case 12, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// sniffZip looks at the first entry, which office formats fix.
func sniffZip(head []byte) string {
	if len(head) < 30 {
		return mediaZip
	}
	n := int(binary.LittleEndian.Uint16(head[26:]))
	name := head[30:min(30+n, len(head))]
	switch {
	case bytes.Equal(name, []byte("[Content_Types].xml")), bytes.HasPrefix(name, []byte("_rels/")),
		bytes.HasPrefix(name, []byte("word/")), bytes.HasPrefix(name, []byte("xl/")), bytes.HasPrefix(name, []byte("ppt/")):
		return mediaOOXML
	case bytes.Equal(name, []byte("mimetype")) && bytes.Contains(head, []byte("application/vnd.oasis.opendocument")):
		return mediaODF
	}
	return mediaZip
}

// sniffBrands reads the brands of an ISO base media file (ISO 14496-12, 4.3).
func sniffBrands(head []byte) string {
	n := min(int(binary.BigEndian.Uint32(head)), len(head))
	for i := 8; i+4 <= n; i += 4 {
		switch string(head[i : i+4]) {
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
			return mediaHEIC
		case "avif", "avis":
			return mediaAVIF
		}
	}
	return mediaBinary
}

// mailHeaders begin the first lines of raw mails. What servers put on top differs:
// a mail that went through a list or a gateway begins with its seals and checks
// (RFC 8617 ARC, RFC 6376 DKIM, RFC 8601 results, RFC 7208 SPF).
var mailHeaders = []string{
	"received:", "return-path:", "from:", "delivered-to:", "mime-version:", "message-id:", "date:", "subject:", "x-", "to:", "content-type:",
	"arc-seal:", "arc-message-signature:", "arc-authentication-results:", "dkim-signature:", "domainkey-signature:",
	"authentication-results:", "received-spf:", "reply-to:", "sender:", "cc:", "envelope-to:", "list-", "resent-", "references:", "in-reply-to:",
}

func sniffText(head []byte) string {
	text := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if !isText(text) {
		return mediaBinary
	}
	lower := bytes.ToLower(bytes.TrimSpace(text))
	switch {
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")):
		return mediaHTML
	case bytes.HasPrefix(lower, []byte("<?xml")):
		return mediaXML
	case isMail(lower):
		return mediaMail
	}
	return mediaText
}

// isMail asks for two lines that begin as headers of a mail do, among the first
// twenty. A line that begins with white space belongs to the header before it
// (RFC 5322, 2.2.3); seals and checks take a dozen of them.
func isMail(lower []byte) bool {
	found, headers := 0, 0
	for i, line := range bytes.Split(lower, []byte("\n")) {
		if headers > 20 || len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		headers++
		if i == 0 && bytes.HasPrefix(line, []byte("from ")) { // mbox
			found++
		}
		for _, h := range mailHeaders {
			if bytes.HasPrefix(line, []byte(h)) {
				found++
				break
			}
		}
	}
	return found >= 2
}

// isText says whether b has no control characters but white space.
func isText(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	odd := 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r < 32 && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			return false
		}
		if r == utf8.RuneError && n == 1 {
			odd++ // Latin-1, or a rune cut at the end
		}
		b = b[n:]
	}
	return odd < 64
}
