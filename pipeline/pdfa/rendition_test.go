package pdfa

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

// sniffTest tells apart what these tests attach.
func sniffTest(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return mediaPDF
	case bytes.HasPrefix(head, []byte("\x89PNG")):
		return "image/png"
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return mediaOOXML
	case bytes.HasPrefix(head, []byte("<?xml")):
		return mediaXML
	case bytes.HasPrefix(head, []byte("From:")), bytes.HasPrefix(head, []byte("Received:")):
		return mediaMail
	case bytes.HasPrefix(head, []byte("\x00")):
		return "application/octet-stream"
	}
	return mediaText
}

// pngPages stands for the room that opens pictures.
func pngPages(_ context.Context, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
	doc.Pages = []pipeline.Page{{No: 1, WidthPt: 300, HeightPt: 200,
		Image: pipeline.Image{Blob: doc.Delivery.Original, Media: "image/png", Width: 958, Height: 400, DPIX: 300, DPIY: 300}}}
	return doc, nil
}

func mailRoom(t *testing.T) *Room {
	return testRoom(t, func(c *Config) { c.Sniff, c.Pictures = sniffTest, pngPages })
}

// opened walks bytes through OpenOther and Compose.
func opened(t *testing.T, r *Room, b *pipelinetest.Blobs, media string, raw []byte) (pipeline.Document, error) {
	t.Helper()
	doc, err := r.OpenOther(t.Context(), media, deliverBytes(t, b, raw), b)
	if err != nil {
		return doc, err
	}
	return r.Compose(t.Context(), doc, b)
}

func allText(t *testing.T, b *pipelinetest.Blobs, doc pipeline.Document) string {
	t.Helper()
	var out strings.Builder
	for _, p := range doc.Pages {
		if p.Words() == "" {
			continue
		}
		for _, w := range pageWords(t, b, p).Words {
			out.WriteString(w.Text + " ")
		}
	}
	return out.String()
}

// TestMailsOfTheCorpus makes PDF/A of every mail and asks the referee.
func TestMailsOfTheCorpus(t *testing.T) {
	r := mailRoom(t)
	files, err := filepath.Glob(filepath.Join(pipelinetest.Corpus(t, "mail"), "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no mails", err)
	}
	dir := t.TempDir()
	var made []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var b pipelinetest.Blobs
		doc, err := opened(t, r, &b, mediaMail, raw)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		if doc.PDF.Way != pipeline.WayRendered || doc.Source.Kind != kindMail || !doc.PDF.Check.Valid || doc.PDF.Check.Flavour != "2u" {
			t.Errorf("%s: %s %s %s", filepath.Base(file), doc.Source.Kind, doc.PDF.Way, doc.PDF.Check.Flavour)
		}
		if !bytes.Equal(blobBytes(t, &b, doc.Delivery.Original.Digest), raw) {
			t.Errorf("%s: the original is not what was delivered", filepath.Base(file))
		}
		if text := allText(t, &b, doc); !strings.Contains(text, "Von ") && !strings.Contains(text, "An ") {
			t.Errorf("%s: no header on its pages: %.200s", filepath.Base(file), text)
		}
		made = append(made, keep(t, dir, filepath.Base(file)+".pdf", blobBytes(t, &b, doc.PDF.Digest)))
	}
	for path, v := range pdfatest.Verdicts(t, "2u", made...) {
		if !v.Valid {
			t.Errorf("%s breaks %v", filepath.Base(path), v.Rules)
		}
	}
}

// testMail is a mail with a text and attachments by name.
func testMail(text string, attachments ...[2]string) []byte {
	var b bytes.Buffer
	b.WriteString("From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\nTo: stadt@example.org\nSubject: Antrag\nDate: Mon, 23 Nov 2026 09:00:00 +0100\n" +
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n" + text + "\n")
	for _, a := range attachments {
		fmt.Fprintf(&b, "--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=%q\nContent-Transfer-Encoding: base64\n\n", a[0])
		enc := base64.StdEncoding.EncodeToString([]byte(a[1]))
		for len(enc) > 76 {
			b.WriteString(enc[:76] + "\n")
			enc = enc[76:]
		}
		b.WriteString(enc + "\n")
	}
	b.WriteString("--b--\n")
	return b.Bytes()
}

func corpusBytes(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(pipelinetest.Corpus(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestAttachmentsBecomePages: PDF, pictures, texts and mails among the attachments
// become pages of the same document, each named with its pages; what cannot be
// shown is named too, with the reason, and an invoice can be read.
func TestAttachmentsBecomePages(t *testing.T) {
	r := mailRoom(t)
	invoice := corpusBytes(t, "german/rechnung/zugferd_2p0_EN16931_Einfach.xml")
	raw := testMail("Anbei die Unterlagen.\n",
		[2]string{"letter.pdf", corpusBytes(t, "german/koma_letter-0.pdf")},
		[2]string{"locked.pdf", corpusBytes(t, "pdf-torture/encrypted-test123.pdf")},
		[2]string{"graph.png", corpusBytes(t, "scans/crom.png")},
		[2]string{"unknown.bin", "\x00\x01\x02"},
		[2]string{"rechnung.xml", invoice},
		[2]string{"inner.eml", string(testMail("Der innere Text.\n", [2]string{"note.txt", "Aktenvermerk Müller"}))},
		[2]string{`..\..\evil/../signed.pdf`, corpusBytes(t, "signed/pades-bes.pdf")})
	var b pipelinetest.Blobs
	doc, err := opened(t, r, &b, mediaMail, raw)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range doc.Source.Attachments {
		got = append(got, fmt.Sprintf("%s %d-%d %s", a.Name, a.FirstPage, a.LastPage, a.Invoice))
	}
	want := []string{"letter.pdf 2-2 ", "locked.pdf 0-0 ", "graph.png 3-3 ", "unknown.bin 0-0 ", "rechnung.xml 0-0 cii", "inner.eml 4-5 ", "signed.pdf 6-6 "}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("attachments are\n%q, want\n%q", got, want)
	}
	if len(doc.Pages) != 6 || !doc.PDF.Check.Valid {
		t.Errorf("%d pages, valid %t", len(doc.Pages), doc.PDF.Check.Valid)
	}
	text := allText(t, &b, doc)
	for _, w := range []string{"Jörg", "Anbei die Unterlagen.", "letter.pdf", "Der innere Text.", "Aktenvermerk Müller"} {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not on the pages: %s", w, text)
		}
	}
	codes := map[string]int{}
	for _, m := range doc.Remarks {
		codes[m.Code]++
	}
	if codes["mail-attachments"] != 1 || codes["attachment-not-shown"] != 1 || codes["attachment-signed"] != 1 {
		t.Errorf("remarks are %v", codes)
	}
	if a, ok := doc.Source.Invoice(); !ok || string(blobBytes(t, &b, a.Digest)) != invoice {
		t.Error("the attached invoice cannot be read")
	}
	again, err := opened(t, r, &b, mediaMail, raw)
	if err != nil || again.PDF.Digest != doc.PDF.Digest {
		t.Errorf("setting a mail twice gives two files: %v", err)
	}
}

func TestTextsBecomePages(t *testing.T) {
	r := mailRoom(t)
	for name, tc := range map[string]struct {
		media, raw, want, kind, code string
	}{
		"text":      {media: mediaText, raw: "Über die Straße, Łódź, шесть\r\nZeile zwei", want: "Über die Straße, Łódź, шесть Zeile zwei", kind: kindText},
		"latin-1":   {media: mediaText, raw: "Gr\xfc\xdfe", want: "Grüße", kind: kindText},
		"utf-16":    {media: mediaText, raw: "\xff\xfeH\x00a\x00l\x00l\x00o\x00", want: "Hallo", kind: kindText},
		"page":      {media: mediaHTML, raw: "<html><script>var boese</script><p>Guten Tag", want: "Guten Tag", kind: kindHTML},
		"rechnung":  {media: mediaXML, raw: corpusBytes(t, "german/rechnung/zugferd_2p0_EN16931_Einfach.xml"), want: "Nutzungsrechte ZUGFeRD", kind: kindInvoice},
		"other xml": {media: mediaXML, raw: "<?xml version='1.0'?><a/>", code: "unknown-format"},
		"no mail":   {media: mediaMail, raw: "x-y: z\nnur Text\n", want: "nur Text", kind: kindText},
		"no office": {media: mediaOOXML, raw: "PK\x03\x04 broken", code: "office-failed"},
		"outlook":   {media: mediaOLE, raw: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 _\x00_\x00", code: "unknown-format"},
		"encrypted": {media: mediaOLE, raw: "\xd0\xcf\x11\xe0 E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00", code: "encrypted"},
		"signs":     {media: mediaText, raw: "Zeichen 漢字 \U0001F600 \x0c\x01", want: "Zeichen 漢字", kind: kindText},
		"long line": {media: mediaText, raw: strings.Repeat("Wort", 3_000) + " Ende", want: "", kind: kindText},
		"wide mail": {media: mediaMail, raw: string(testMail("a     b     c\nd     e\nf     g\n")), want: "Antrag Von Jörg", kind: kindMail},
	} {
		t.Run(name, func(t *testing.T) {
			var b pipelinetest.Blobs
			doc, err := opened(t, r, &b, tc.media, []byte(tc.raw))
			if tc.code != "" {
				if f := pipeline.AsFault(err); err == nil || f.Code != tc.code {
					t.Fatalf("error is %v, want %s", err, tc.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if doc.Source.Kind != tc.kind || !doc.PDF.Check.Valid || doc.PDF.Check.Flavour != "2u" {
				t.Errorf("%s, %+v", doc.Source.Kind, doc.PDF.Check)
			}
			if text := allText(t, &b, doc); !strings.Contains(text, tc.want) || strings.Contains(text, "boese") {
				t.Errorf("text is %.300q, want %q", text, tc.want)
			}
		})
	}
}

// TestLongTextsAreCut: what is not shown is said.
func TestLongTextsAreCut(t *testing.T) {
	r := mailRoom(t)
	var b pipelinetest.Blobs
	doc, err := r.OpenOther(t.Context(), mediaText, deliverBytes(t, &b, []byte(strings.Repeat("Zeile\n", 40_000))), &b)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Pages) != maxTextPages || len(doc.Remarks) != 1 || doc.Remarks[0].Code != "text-cut" {
		t.Errorf("%d pages, remarks %v", len(doc.Pages), doc.Remarks)
	}
}

func TestOfficeIsMissing(t *testing.T) {
	r := testRoom(t, func(c *Config) { c.LibreOffice = "no-such-program" })
	var b pipelinetest.Blobs
	_, err := opened(t, r, &b, mediaOOXML, linkedDocx(t, "http://127.0.0.1:1/x.png"))
	f := pipeline.AsFault(err)
	if err == nil || f.Code != "no-office" || f.Verdict != pipeline.AskPerson || !strings.Contains(f.Text.DE, "libreoffice-writer-nogui") {
		t.Errorf("%v", err)
	}
}

// TestOfficeFiles makes files of several kinds with LibreOffice itself, and takes
// them in. One links to a picture on a server, which must not be asked.
func TestOfficeFiles(t *testing.T) {
	soffice := pipelinetest.Program(t, "soffice")
	r := mailRoom(t)
	dir := t.TempDir()
	csv := keep(t, dir, "table.csv", []byte("Name;Betrag\nHundesteuer;120\n"))
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.WriteHeader(http.StatusNotFound) }))
	defer server.Close()
	docx := linkedDocx(t, server.URL+"/x.png")
	made := map[string][]byte{"linked.docx": docx}
	letter := keep(t, dir, "letter.docx", docx)
	for _, c := range [][2]string{{letter, "odt"}, {csv, "xlsx"}} {
		cmd := exec.Command(soffice, "-env:UserInstallation=file://"+dir+"/profile", "--headless", "--convert-to", c[1], "--outdir", dir, c[0])
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		name := strings.TrimSuffix(filepath.Base(c[0]), filepath.Ext(c[0])) + "." + c[1]
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		made[name] = raw
	}
	if asked.Load() == 0 {
		t.Error("LibreOffice as it comes does not ask the server either: this test proves nothing")
	}
	asked.Store(0)
	var paths []string
	for name, raw := range made {
		media, want := mediaOOXML, "Antrag auf Wohngeld"
		if filepath.Ext(name) == ".odt" {
			media = mediaODF
		}
		if strings.HasPrefix(name, "table") {
			want = "Hundesteuer"
		}
		var b pipelinetest.Blobs
		doc, err := opened(t, r, &b, media, raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if doc.Source.Kind != kindOffice || doc.PDF.Way != pipeline.WayRendered || !strings.Contains(allText(t, &b, doc), want) {
			t.Errorf("%s: %s %s %q", name, doc.Source.Kind, doc.PDF.Way, allText(t, &b, doc))
		}
		paths = append(paths, keep(t, dir, name+".pdf", blobBytes(t, &b, doc.PDF.Digest)))
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the server was asked %d times", n)
	}
	// Where the kernel gives no network of its own, the profile alone has to do.
	alone := filepath.Join(dir, "alone")
	if err := writeOfficeProfile(filepath.Join(alone, "profile", "user")); err != nil {
		t.Fatal(err)
	}
	in := keep(t, alone, "linked.docx", docx)
	err := r.tryOffice(t.Context(), alone, soffice, []string{"-env:UserInstallation=file://" + alone + "/profile", "--headless", "--convert-to", "pdf", "--outdir", alone, in}, 0)
	if err != nil || asked.Load() > 0 {
		t.Errorf("with the profile alone: %v, the server was asked %d times", err, asked.Load())
	}
	for path, v := range pdfatest.Verdicts(t, "0", paths...) {
		if !v.Valid {
			t.Errorf("%s breaks %v", filepath.Base(path), v.Rules)
		}
	}
}

// TestOfficeHasLimits: one that hangs is ended with all it started, and one that
// fails is the file's fault.
func TestOfficeHasLimits(t *testing.T) {
	dir := t.TempDir()
	fake := keep(t, dir, "soffice", []byte("#!/bin/sh\necho it broke >&2\nexit 3\n"))
	if err := os.Chmod(fake, 0o700); err != nil {
		t.Fatal(err)
	}
	r := testRoom(t, func(c *Config) { c.LibreOffice = fake })
	var b pipelinetest.Blobs
	_, err := opened(t, r, &b, mediaOOXML, linkedDocx(t, "http://127.0.0.1:1/x.png"))
	if f := pipeline.AsFault(err); err == nil || f.Code != "office-failed" || !strings.Contains(err.Error(), "it broke") {
		t.Errorf("%v", err)
	}
	hang := keep(t, dir, "hang", []byte("#!/bin/sh\nsleep 600\n"))
	if err := os.Chmod(hang, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.tryOffice(ctx, dir, hang, nil, 0); !errors.Is(err, context.Canceled) && !errors.Is(err, syscall.EPERM) {
		t.Errorf("%v", err)
	}
}

// linkedDocx is a word processor's file with a text and a picture that lies on a
// server.
func linkedDocx(t *testing.T, url string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	for _, f := range [][2]string{
		{"[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`},
		{"_rels/.rels", `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + rel + `/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/_rels/document.xml.rels", `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r2" Type="` + rel + `/image" Target="` + url + `" TargetMode="External"/></Relationships>`},
		{"word/document.xml", `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="` + rel + `" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><w:body><w:p><w:r><w:t>Antrag auf Wohngeld</w:t></w:r></w:p><w:p><w:r><w:drawing><wp:inline><wp:extent cx="990000" cy="990000"/><wp:docPr id="1" name="x"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="x"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="r2"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="990000" cy="990000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p></w:body></w:document>`},
	} {
		w, err := z.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
