package scan_test

import (
	"bytes"
	"testing"

	"blattwerk/pipeline/scan"
)

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
		"{\\rtf1\\ansi":    "application/rtf",
		"%!PS-Adobe-3.0":   "application/postscript",
		"\xef\xbb\xbfText": "text/plain",
	} {
		if got := scan.Sniff([]byte(head)); got != want {
			t.Errorf("%.20q is %q, want %q", head, got, want)
		}
	}
}
