package pdfa

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
	"blattwerk/pipeline/pipelinetest"
)

var wholeCorpus = flag.Bool("corpus", false, "compose every PDF of the shared corpus and print a table (several minutes)")

// ways states by which way each file becomes PDF/A, and what it then claims.
var ways = map[string]string{
	"german/koma_letter-21.pdf":                                                 "repaired 2u",
	"german/Hinweisblatt_Prozesskostenhilfe.pdf":                                "repaired 2a",
	"german/Antrag_auf_Bewilligung_von_Beratungshilfe.pdf":                      "converted 2u", // ZapfDingbats is not embedded
	"german/rechnung/zugferd_2p0_EN16931_Einfach.pdf":                           "kept 3b",
	"german/rechnung/MustangGnuaccountingBeispielRE-20201121_508.pdf":           "kept 3u",
	"signed/pades-bes.pdf":                                                      "repaired 2u",
	"signed/pdf-signed-original.pdf":                                            "repaired 2b",
	"signed/Signature-P-DE_SCI-4.pdf":                                           "repaired 2u",
	"scans/multi-page-mixed.pdf":                                                "repaired 2u",
	"scans/rotated.pdf":                                                         "composed 2u",
	"scans/epson.pdf":                                                           "composed 2u",
	"scans/cardinal.pdf":                                                        "composed 2u",
	"scans/graph_ocred.pdf":                                                     "kept 2b",
	"barcodes/split-by-tag-basic.pdf":                                           "repaired 2u",
	"pdf-torture/javascript.pdf":                                                "repaired 2u",
	"pdf-torture/balloon_a1b_jp2k.pdf":                                          "composed 2u", // claims 1b
	"pdf-torture/fileAttachment.pdf":                                            "repaired 3u",
	"pdf-torture/with-attachment.pdf":                                           "repaired 3u",
	"pdf-torture/tagged.pdf":                                                    "repaired 2a",
	"pdf-torture/acroform.pdf":                                                  "converted 2u",
	"pdf-torture/encryption_nocopy.pdf":                                         "repaired 2u",
	"pdf-torture/PDFBOX-2984-rotations.pdf":                                     "repaired 2u",
	"pdf-torture/circular-page-tree.pdf":                                        "repaired 2u",
	"pdf-torture/type3_font_nomapping.pdf":                                      "repaired 2b",
	"pdf-torture/AcroFormsBasicFields.pdf":                                      "pictured 2u",
	"pdf-torture/436857.pdf":                                                    "pictured 2u",
	"pdf-torture/qpdf/bad8.pdf":                                                 "repaired 2u",
	"pdf-torture/handbuilt/T01_001_header-invalid-major-version.pdf":            "repaired 2u",
	"pdf-torture/handbuilt/T02-01_002_document-catalog-wrong-object-number.pdf": "repaired 2u",
	"pdf-torture/handbuilt/T02-05-01_008_Font-set-operator-missing.pdf":         "converted 2u",
}

// TestCompose takes real files through both steps and asks the referee about
// every result.
func TestCompose(t *testing.T) {
	r := testRoom(t, nil)
	dir := t.TempDir()
	byFlavour := map[string][]string{}
	for file, want := range ways {
		var b pipelinetest.Blobs
		doc, err := r.Open(t.Context(), deliver(t, &b, pipelinetest.Corpus(t, file)), &b)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		original := blobBytes(t, &b, doc.Delivery.Original.Digest)
		doc, err = r.Compose(t.Context(), doc, &b)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if got := fmt.Sprintf("%s %s", doc.PDF.Way, doc.PDF.Check.Flavour); got != want || !doc.PDF.Check.Valid {
			t.Errorf("%s: %s, want %s; valid %t", file, got, want, doc.PDF.Check.Valid)
		}
		if (doc.PDF.Way == pipeline.WayPictured) != doc.PDF.AppearanceOnly {
			t.Errorf("%s: %s, appearance only %t", file, doc.PDF.Way, doc.PDF.AppearanceOnly)
		}
		if one := slices.ContainsFunc(doc.Remarks, func(m pipeline.Remark) bool { return m.Code == "pdfa-1" }); one != strings.HasPrefix(doc.Source.Claims, "1") {
			t.Errorf("%s: claims %q, remark about part 1 %t", file, doc.Source.Claims, one)
		}
		raw := blobBytes(t, &b, doc.PDF.Digest)
		if kept := bytes.Equal(raw, original); kept != (doc.PDF.Way == pipeline.WayKept) {
			t.Errorf("%s: %s, bytes are the same: %t", file, doc.PDF.Way, kept)
		}
		if signed := slices.ContainsFunc(doc.Remarks, func(m pipeline.Remark) bool { return m.Code == "signed" }); signed != strings.HasPrefix(file, "signed/") {
			t.Errorf("%s: remark about a signature %t", file, signed)
		}
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		byFlavour[doc.PDF.Check.Flavour] = append(byFlavour[doc.PDF.Check.Flavour], path)
	}
	askReferee(t, byFlavour)
}

func askReferee(t *testing.T, byFlavour map[string][]string) {
	t.Helper()
	for flavour, paths := range byFlavour {
		for path, v := range pdfatest.Verdicts(t, flavour, paths...) {
			if !v.Valid {
				t.Errorf("%s is not valid %s for the referee: %v", filepath.Base(path), flavour, v.Rules)
			}
		}
	}
}

// TestComposeCorpus does the same to every file and prints the table. No file may
// end in anything but a valid PDF/A or a fault.
func TestComposeCorpus(t *testing.T) {
	if !*wholeCorpus {
		t.Skip("-corpus is not set")
	}
	r := testRoom(t, nil)
	root, dir := filepath.Dir(pipelinetest.Corpus(t, "INDEX.md")), t.TempDir()
	byFlavour, table := map[string][]string{}, map[string]int{}
	for _, sub := range []string{"german", "signed", "scans", "barcodes", "pdf-torture"} {
		err := filepath.WalkDir(filepath.Join(root, sub), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".pdf") {
				return err
			}
			name, _ := filepath.Rel(root, path)
			var b pipelinetest.Blobs
			doc, err := r.Open(t.Context(), deliver(t, &b, path), &b)
			if err == nil {
				doc, err = r.Compose(t.Context(), doc, &b)
			}
			var f *pipeline.Fault
			switch {
			case errors.As(err, &f):
				table["fault "+f.Code]++
				t.Logf("%-60s fault %s %s", name, f.Verdict, f.Code)
				return nil
			case err != nil:
				t.Errorf("%s: %v", name, err)
				return nil
			}
			table[string(doc.PDF.Way)]++
			t.Logf("%-60s %s %s", name, doc.PDF.Way, doc.PDF.Check.Flavour)
			out := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
			byFlavour[doc.PDF.Check.Flavour] = append(byFlavour[doc.PDF.Check.Flavour], out)
			return os.WriteFile(out, blobBytes(t, &b, doc.PDF.Digest), 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%v", table)
	askReferee(t, byFlavour)
}

// TestPicturesLookTheSame compares what was written from pictures that were
// taken out with the delivered files: turned, inverted and odd ones.
func TestPicturesLookTheSame(t *testing.T) {
	r := testRoom(t, nil)
	for _, file := range []string{"scans/rotated.pdf", "scans/cardinal.pdf", "scans/ccitt.pdf", "scans/palette.pdf",
		"scans/c02-22.pdf", "scans/lichtenstein.pdf", "scans/3small.pdf", "scans/aspect.pdf", "barcodes/patch-code-t.pdf"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			var b pipelinetest.Blobs
			doc := deliver(t, &b, pipelinetest.Corpus(t, file))
			s, err := r.stage(t.Context(), doc, &b)
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			if doc, err = r.Open(t.Context(), doc, &b); err != nil {
				t.Fatal(err)
			}
			if doc, err = r.Compose(t.Context(), doc, &b); err != nil {
				t.Fatal(err)
			}
			path := s.path("composed.pdf")
			if err := os.WriteFile(path, blobBytes(t, &b, doc.PDF.Digest), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := r.compareLooks(t.Context(), s, path); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRecognisedTextLiesOnItsInk gives drawn pages a recognition with known
// words, for all rotations and turns, and asks pdftotext where they came to lie.
func TestRecognisedTextLiesOnItsInk(t *testing.T) {
	r := testRoom(t, nil)
	for _, rotate := range []int{0, 90, 180, 270} {
		for _, turn := range []int{0, 90, 180, 270} {
			t.Run(fmt.Sprintf("rotate %d turn %d", rotate, turn), func(t *testing.T) {
				t.Parallel()
				var b pipelinetest.Blobs
				raw := onePage(fmt.Sprintf("/MediaBox[0 0 595 842]/CropBox[10 20 585 822]/Rotate %d", rotate), "10 20 100 50 re f 300 700 50 20 re S")
				doc := deliverBytes(t, &b, raw)
				doc, err := r.Open(t.Context(), doc, &b)
				if err != nil {
					t.Fatal(err)
				}
				p := &doc.Pages[0]
				if p.Image.Digest == "" {
					t.Fatal("a drawn page without text was not rendered")
				}
				// A word whose place on the displayed page is known, in the frame of the
				// page turned by turn.
				w, h := p.Image.Width, p.Image.Height
				seen := pipeline.Box{X0: 300, Y0: 500, X1: 900, Y1: 580}
				if turn%180 != 0 { // the page lay on its side
					seen = pipeline.Box{X0: 560, Y0: 240, X1: 640, Y1: 840}
				}
				word := pipeline.Word{Text: "Aktenzeichen", Box: turned(seen, w, h, turn), Conf: 0.9}
				word.Base = word.Box.Y1 - 10
				if turn%180 != 0 {
					w, h = h, w
				}
				words, err := pipeline.PutJSON(t.Context(), &b, pipeline.PageText{Width: w, Height: h, DPI: 300, Words: []pipeline.Word{word}})
				if err != nil {
					t.Fatal(err)
				}
				p.Reading = &pipeline.Reading{Words: words.Digest, Turn: turn, Count: 1, Confidence: 0.9, Engine: "test"}
				if doc, err = r.Compose(t.Context(), doc, &b); err != nil {
					t.Fatal(err)
				}
				if doc.PDF.Way != pipeline.WayRepaired {
					t.Fatalf("way is %s", doc.PDF.Way)
				}
				own := readBack(t, r, &b, doc)
				if len(own.words) != 1 || own.words[0].text != "Aktenzeichen" {
					t.Fatalf("read back %+v", own.words)
				}
				got, scale := own.words[0], 300.0/72
				for i, d := range []float64{(got.x0+got.x1)/2*scale - 600, (got.y0+got.y1)/2*scale - 540} {
					if math.Abs(d) > 45 { // pdftotext makes the box of a word from its font, not its ink
						t.Errorf("axis %d: off by %.0f pixels: %+v", i, d, got)
					}
				}
			})
		}
	}
}

// turned is where a box of a w by h picture lies after the picture was turned
// clockwise.
func turned(b pipeline.Box, w, h, turn int) pipeline.Box {
	switch turn {
	case 90:
		return pipeline.Box{X0: h - b.Y1, Y0: b.X0, X1: h - b.Y0, Y1: b.X1}
	case 180:
		return pipeline.Box{X0: w - b.X1, Y0: h - b.Y1, X1: w - b.X0, Y1: h - b.Y0}
	case 270:
		return pipeline.Box{X0: b.Y0, Y0: w - b.X1, X1: b.Y1, Y1: w - b.X0}
	}
	return b
}

// readBack gives the text of the first page of a composed file.
func readBack(t *testing.T, r *Room, b *pipelinetest.Blobs, doc pipeline.Document) ownPage {
	t.Helper()
	composed := deliverBytes(t, b, blobBytes(t, b, doc.PDF.Digest))
	s, err := r.stage(t.Context(), composed, b)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if len(s.texts) == 0 {
		t.Fatal("no page")
	}
	return s.texts[0]
}

// TestComposePart composes a document that has only some pages of its delivery.
func TestComposePart(t *testing.T) {
	r := testRoom(t, nil)
	var b pipelinetest.Blobs
	doc, err := r.Open(t.Context(), deliver(t, &b, pipelinetest.Corpus(t, "scans/multi-page-mixed.pdf")), &b)
	if err != nil {
		t.Fatal(err)
	}
	doc.Pages = []pipeline.Page{doc.Pages[2], doc.Pages[4]} // a picture and a drawn page
	if doc, err = r.Compose(t.Context(), doc, &b); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "part.pdf")
	if err := os.WriteFile(out, blobBytes(t, &b, doc.PDF.Digest), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := exec.Command(pipelinetest.Program(t, "pdfinfo"), out).Output()
	if err != nil || !bytes.Contains(info, []byte("Pages:           2")) {
		t.Fatalf("%v %s", err, info)
	}
	text, err := exec.Command(pipelinetest.Program(t, "pdftotext"), out, "-").Output()
	if err != nil || !bytes.Contains(text, []byte("5")) || bytes.Contains(text, []byte("page 6")) {
		t.Fatalf("%v %s", err, text)
	}
}

// TestGateHasTheLastWord: a gate that refuses everything lets nothing through.
func TestGateHasTheLastWord(t *testing.T) {
	for _, file := range []string{"german/koma_letter-0.pdf", "scans/c02-22.pdf"} {
		asked := []string{}
		r := testRoom(t, func(c *Config) { c.Gate = refuseAll(&asked) })
		var b pipelinetest.Blobs
		doc, err := r.Open(t.Context(), deliver(t, &b, pipelinetest.Corpus(t, file)), &b)
		if err != nil {
			t.Fatal(err)
		}
		if doc, err = r.Compose(t.Context(), doc, &b); err == nil || doc.PDF != nil {
			t.Errorf("%s: passed a gate that refuses everything", file)
		}
		if len(asked) == 0 {
			t.Errorf("%s: the gate was not asked", file)
		}
	}
}

// TestComposeTwiceIsTheSame is the promise of every step.
func TestComposeTwiceIsTheSame(t *testing.T) {
	r := testRoom(t, nil)
	for _, file := range []string{"german/koma_letter-9.pdf", "pdf-torture/acroform.pdf", "pdf-torture/AcroFormsBasicFields.pdf"} {
		var digests []pipeline.Digest
		for range 2 {
			var b pipelinetest.Blobs
			doc, err := r.Open(t.Context(), deliver(t, &b, pipelinetest.Corpus(t, file)), &b)
			if err != nil {
				t.Fatal(err)
			}
			if doc, err = r.Compose(t.Context(), doc, &b); err != nil {
				t.Fatal(err)
			}
			digests = append(digests, doc.PDF.Digest)
		}
		if digests[0] != digests[1] {
			t.Errorf("%s: composing twice gives two files", file)
		}
	}
}

// TestSubstitutedTextStandsWhereItStood repairs a file whose font is not embedded
// and gives no width to its space, so that its two words touch.
func TestSubstitutedTextStandsWhereItStood(t *testing.T) {
	r := testRoom(t, nil)
	var b pipelinetest.Blobs
	doc := deliver(t, &b, pipelinetest.Corpus(t, "pdf-torture/Simple_PDF_2.0_file.pdf"))
	doc, err := r.Open(t.Context(), doc, &b)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = r.Compose(t.Context(), doc, &b); err != nil || doc.PDF.Way != pipeline.WayRepaired {
		t.Fatalf("%v %v", doc.PDF, err)
	}
	s, err := r.stage(t.Context(), doc, &b)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	path := s.path("copy.pdf")
	if _, err := fetch(t.Context(), &b, doc.PDF.Digest, path); err != nil {
		t.Fatal(err)
	}
	after, err := r.ownText(t.Context(), s, path, 1, true)
	if err != nil || len(after) != 1 || len(after[0].words) != len(s.texts[0].words) {
		t.Fatalf("%v %v", after, err)
	}
	for i, w := range s.texts[0].words {
		if a := after[0].words[i]; a.text != w.text || math.Abs(a.x0-w.x0) > 0.1 || math.Abs(a.x1-w.x1) > 0.1 {
			t.Errorf("%q from %.2f to %.2f became %q from %.2f to %.2f", w.text, w.x0, w.x1, a.text, a.x0, a.x1)
		}
	}
	askReferee(t, map[string][]string{doc.PDF.Check.Flavour: {path}})
}
