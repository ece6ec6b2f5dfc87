package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa/pdfatest"
)

// foreignFolders hold PDF files that others made.
var foreignFolders = []string{"german", "signed", "scans", "barcodes", "pdf-torture"}

// fate is what became of a file.
type fate struct {
	input
	doc   pipeline.Document
	fault *pipeline.Fault
	out   string // the PDF/A
	same  sameness
	judge pdfatest.Verdict
	moved bool    // the delivered bytes are not what they were
	heard witness // on the reason for which it was left untouched
}

// way is the row of the table that a file belongs to.
func (f fate) way() string {
	if f.fault != nil {
		return "untouched"
	}
	return string(f.doc.PDF.Way)
}

// files takes PDF files that others made through the pipeline.
func (l *lab) files(ctx context.Context) error {
	in, err := inputs(l.corpus, []string{".pdf"}, foreignFolders...)
	if err != nil {
		return err
	}
	fates := make([]fate, len(in))
	err = l.each(ctx, in, func(ctx context.Context, i int, f input) error {
		var err error
		fates[i], err = l.fate(ctx, i, f)
		return err
	})
	if err != nil {
		return err
	}
	var made []string
	for _, f := range fates {
		if f.out != "" {
			made = append(made, f.out)
		}
	}
	verdicts, err := l.ask(ctx, "0", made)
	if err != nil {
		return err
	}
	for i := range fates {
		fates[i].judge = verdicts[fates[i].out]
	}
	l.reportFiles(fates)
	return nil
}

func (l *lab) fate(ctx context.Context, i int, f input) (fate, error) {
	out := fate{input: f}
	var err error
	out.doc, err = l.convert(ctx, f)
	if errors.As(err, &out.fault) {
		out.heard, err = l.testify(ctx, f.path, out.fault)
		return out, err
	}
	if err != nil {
		return out, err
	}
	if out.out, err = l.fetch(ctx, out.doc.PDF.Digest, fmt.Sprintf("file-%d.pdf", i)); err != nil {
		return out, err
	}
	original, err := l.fetch(ctx, out.doc.Delivery.Original.Digest, fmt.Sprintf("original-%d.pdf", i))
	if err != nil {
		return out, err
	}
	if out.moved, err = differ(original, f.path); err != nil {
		return out, err
	}
	out.same, err = compare(ctx, f.path, out.out)
	return out, err
}

// good says whether a result is valid and the same as far as its way promises.
func (f fate) good() bool {
	switch {
	case f.fault != nil:
		return true
	case !f.judge.Valid || !f.doc.PDF.Check.Valid:
		return false
	case f.same.Counted > f.same.Found && f.same.Found > 0 && !f.told("pages-missing"):
		return false
	case f.asPicture():
		return true
	}
	return f.same.sameWords() && (f.same.Worst < 0 || f.same.sameLooks())
}

// told says whether the clerk reads a remark.
func (f fate) told(code string) bool {
	return slices.ContainsFunc(f.doc.Remarks, func(r pipeline.Remark) bool { return r.Code == code })
}

// asPicture says whether the pages became pictures, which are straightened and
// sampled anew: neither words nor looks can be compared sample by sample then.
// That pictures go in as they are is what the writer's own tests show.
func (f fate) asPicture() bool {
	return f.doc.PDF.AppearanceOnly || f.doc.PDF.Way == pipeline.WayComposed || f.doc.PDF.Way == pipeline.WayRendered
}

func (l *lab) reportFiles(fates []fate) {
	t := newTable("way", "files", "valid for the referee", "words kept", "look the same")
	for _, way := range []string{"kept", "repaired", "converted", "composed", "rendered", "pictured"} {
		var n, valid, words, kept, looks int
		for _, f := range fates {
			if f.way() != way {
				continue
			}
			n++
			words, kept = words+f.same.Words, kept+f.same.Kept
			if f.judge.Valid {
				valid++
			}
			if f.same.Worst < 0 || f.same.sameLooks() {
				looks++
			}
		}
		same := share(looks, n)
		if way == "composed" || way == "rendered" || way == "pictured" {
			same = "not compared"
		}
		t.row(way, fmt.Sprint(n), share(valid, n), share(kept, words), same)
	}
	text := "## What becomes of files that others made\n\n" + t.String() + "\n" +
		"*kept*: valid PDF/A, the same bytes. *repaired*: mended in place. *converted*: written anew by ghostscript. " +
		"*composed*: a stack of pictures, written with recognised words. *rendered*: no PDF in spite of its name; set from its text. *pictured*: drawn pages as pictures with recognised words, marked as the same in looks only.\n\n"
	refused := newTable("untouched", "who has to act", "reason as a clerk reads it", "true?", "what other programs say")
	var bad, moved, signed, untrue []string
	untouched, signedAll := 0, 0
	for _, f := range fates {
		if f.fault != nil {
			untouched++
			refused.row(f.name, string(f.fault.Verdict), f.fault.Text.EN, yes(f.heard.agrees), f.heard.says)
			if !f.heard.agrees {
				untrue = append(untrue, f.name)
			}
			continue
		}
		if !f.good() {
			bad = append(bad, fmt.Sprintf("%s (%s, %s, %v)", f.name, f.way(), f.same, f.judge.Rules))
		}
		if f.moved {
			moved = append(moved, f.name)
		}
		if f.doc.Source.Signed {
			signedAll++
			if f.moved || f.doc.PDF.Way != pipeline.WayKept && f.doc.PDF.Digest == f.doc.Delivery.Original.Digest {
				signed = append(signed, f.name)
			}
		}
	}
	text += fmt.Sprintf("### Untouched, with a reason (%d)\n\n%s\n", untouched, refused)
	text += "### Pictured\n\n" + l.listPictured(fates) + "\n"
	text += l.bar(len(bad) == 0, fmt.Sprintf("every one of %d files ends as valid PDF/A that says and shows the same, or untouched with a reason: %s", len(fates), orNone(bad))) +
		l.bar(len(untrue) == 0, fmt.Sprintf("the reasons of all %d untouched files are true, as other programs say: %s", untouched, orNone(untrue))) +
		l.bar(len(moved) == 0, "the delivered bytes are what they were: "+orNone(moved)) +
		l.bar(len(signed) == 0 && signedAll > 0, fmt.Sprintf("%d signed files are byte-identical: %s", signedAll, orNone(signed)))
	l.sections["files"] = text
}

func (l *lab) listPictured(fates []fate) string {
	t := newTable("file", "words; difference in looks")
	n := 0
	for _, f := range fates {
		if f.way() == "pictured" {
			n++
			t.row(f.name, f.same.String())
		}
	}
	if n == 0 {
		return "None.\n"
	}
	return t.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "**no**"
}

func orNone(bad []string) string {
	if len(bad) == 0 {
		return "no exception"
	}
	slices.Sort(bad)
	return strings.Join(bad, "; ")
}
