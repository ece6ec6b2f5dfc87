package scan_test

import (
	"bytes"
	"strings"
	"testing"

	"blattwerk/pipeline/scan"
)

// sealed begins as mails do that a list passed on: two folded seals of a dozen
// lines each, before anything that older mails begin with.
var sealed = "ARC-Seal: i=2; a=rsa-sha256; t=1795776000; cv=pass;" + strings.Repeat("\r\n        b=Zm9sZGVkIHNpZ25hdHVyZQ", 14) +
	"\r\nARC-Message-Signature: i=2; a=rsa-sha256; c=relaxed/relaxed;" + strings.Repeat("\r\n        bh=Zm9sZGVkIHNpZ25hdHVyZQ", 14) +
	"\r\nARC-Authentication-Results: i=2; mx.example;\r\n       dkim=pass\r\nReturn-Path: <a@example.org>\r\nSubject: Antrag\r\n\r\nText\r\n"

func TestSniff(t *testing.T) {
	for file, want := range map[string]string{
		"scans/typewriter.png":                            "image/png",
		"scans/baiona_cmyk.jpg":                           "image/jpeg",
		"scans/smile-lzw.tiff":                            "image/tiff",
		"scans/simple.gif":                                "image/gif",
		"scans/document.webp":                             "image/webp",
		"scans/simple.heic":                               "image/heic",
		"scans/ccitt.pdf":                                 "application/pdf",
		"pdf-torture/junk_prefix_1024.pdf":                "application/pdf",
		"pdf-torture/test_with_bom.pdf":                   "application/pdf",
		"pdf-torture/zip-dirs.zip":                        "application/zip",
		"mail/froide_mail_01.eml":                         "message/rfc822",
		"mail/testRFC822_multipart_attachments.eml":       "message/rfc822",
		"german/rechnung/zugferd_2p0_EN16931_Einfach.xml": "text/xml",
		"search/covidqa_question_similarity_de.csv":       "text/plain",
	} {
		head := corpus(t, file)
		if got := scan.Sniff(head[:min(len(head), scan.SniffLen)]); got != want {
			t.Errorf("%s is %q, want %q", file, got, want)
		}
	}
	for head, want := range map[string]string{
		"":                              "application/octet-stream",
		"BMW ist keine Bitmap, sondern": "text/plain",
		"Stra\xdfe in Latin-1":          "text/plain",
		"\x00\x01\x02":                  "application/octet-stream",
		string(bytes.Repeat([]byte(" "), 1024)) + "%PDF-1.4": "application/pdf",
		string(bytes.Repeat([]byte(" "), 1030)) + "%PDF-1.4": "text/plain",
		sealed: "message/rfc822",
		strings.Replace(sealed, "ARC-Seal", "DKIM-Signature", 1):                                                                                "message/rfc822",
		"Received: from mx.example\n\tby mail.example;" + strings.Repeat("\n\tfolded once more", 30) + "\nReceived: from a\nSubject: x\n\nText": "message/rfc822",
		"Authentication-Results: mail.example;\n spf=pass\nReceived-SPF: pass\n\nText":                                                          "message/rfc822",
		"ARC: die Abkürzung\nDKIM steht für mehr\n\nText":                                                                                       "text/plain",
		"Einkauf:\n Papier\nListe: lang\n\nText":                                                                                                "text/plain",
		"{\\rtf1\\ansi":                                                                                                                         "application/rtf",
		"%!PS-Adobe-3.0":                                                                                                                        "application/postscript",
		"\xef\xbb\xbfText":                                                                                                                      "text/plain",
	} {
		if got := scan.Sniff([]byte(head)); got != want {
			t.Errorf("%.20q is %q, want %q", head, got, want)
		}
	}
}
