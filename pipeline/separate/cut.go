package separate

import (
	"slices"
	"strings"

	"blattwerk/pipeline"
)

// role is what a page is to a stack.
type role int

const (
	content role = iota
	separator
	cover
	blankSheet
	labelled // a page of a letter that begins it, by its label
)

// side is a page with what was seen on it.
type side struct {
	pipeline.Page
	blank bool
	role  role
	sheet Sheet // of a cover
}

// roleOf tells what a page is by its barcodes.
func roleOf(p pipeline.Page) (role, Sheet) {
	is, label := content, false
	for _, c := range p.Codes {
		if s, err := ParseSheet(c.Text); err == nil {
			if s.Cover {
				return cover, s
			}
			is = separator
		}
		if isPatch(c) {
			is = separator
		}
		if _, _, err := ParseLabel(c.Text); err == nil {
			label = true
		}
	}
	if is == content && label {
		is = labelled
	}
	return is, Sheet{}
}

// isPatch says whether a code parts letters: patch 2 (new document), 3 (new
// batch) and T (by agreement; everybody uses it so), and the text that many
// sheets carry beside the bars. Patches 1, 4 and 6 steer scanners.
func isPatch(c pipeline.Code) bool {
	if c.Kind == pipeline.CodePatch {
		return slices.Contains([]string{"2", "3", "T"}, c.Text)
	}
	text := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(c.Text))
	return slices.Contains([]string{"PATCHT", "PATCH2", "PATCH3"}, text)
}

// letter is a run of pages that belong together.
type letter struct {
	pages []side
	aside []pipeline.Page
	batch int // index of its batch
}

// batch is what a cover sheet announced and what was found.
type batch struct {
	Sheet
	found int
	page  int // number of the cover sheet's page; 0: there was none
}

// cut parts the pages of a delivery. Separators in a row are one cut, and a blank
// page behind one is its back. A stack without any page but sheets gives no
// letter, and its sheets.
func cut(sides []side, paper pipeline.Paper) (letters []letter, batches []batch, left []pipeline.Page) {
	batches = []batch{{}}
	var open *letter
	var waiting []pipeline.Page // sheets before the letter that is still to come
	behind := false             // the page before was a sheet or its back
	for _, s := range sides {
		reason := pipeline.Aside("")
		switch {
		case s.role == cover:
			reason, behind = pipeline.AsideCover, true
			batches = append(batches, batch{Sheet: s.sheet, page: s.No})
			paper = joined(paper, s.sheet.Paper)
		case s.role == separator:
			reason, behind = pipeline.AsideSeparator, true
		case s.blank && behind:
			reason = pipeline.AsideBlank
		case s.blank && paper.BlankParts:
			reason, behind = pipeline.AsideSeparator, true
		case s.role == labelled && paper.LabelParts:
			open = nil
		}
		if reason != "" {
			page := s.Page
			page.Aside = reason
			waiting, open = append(waiting, page), nil
			continue
		}
		behind = false
		if open == nil {
			letters = append(letters, letter{aside: waiting, batch: len(batches) - 1})
			open, waiting = &letters[len(letters)-1], nil
			batches[open.batch].found++
		}
		open.pages = append(open.pages, s)
	}
	if len(letters) > 0 {
		last := &letters[len(letters)-1]
		last.aside, waiting = append(last.aside, waiting...), nil
	}
	return letters, batches, waiting
}

func joined(a, b pipeline.Paper) pipeline.Paper {
	return pipeline.Paper{
		FrontsThenBacks: a.FrontsThenBacks || b.FrontsThenBacks, BlankParts: a.BlankParts || b.BlankParts, LabelParts: a.LabelParts || b.LabelParts,
	}
}

// interleaved puts fronts and backs together that were scanned one after the
// other: all fronts, then the turned stack, so that the last back came first. An
// odd number of sides cannot be put together.
func interleaved[T any](sides []T) ([]T, bool) {
	n := len(sides)
	if n%2 != 0 {
		return sides, false
	}
	out := make([]T, 0, n)
	for i := range n / 2 {
		out = append(out, sides[i], sides[n-1-i])
	}
	return out, true
}
