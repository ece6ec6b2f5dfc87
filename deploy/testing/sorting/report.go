package main

import (
	"fmt"
	"strings"
	"time"

	"blattwerk/pipeline/classify/learn"
)

func (m measured) report() string {
	var b strings.Builder
	b.WriteString("# Sorting\n\nWritten by `make bench-sorting`; do not edit. How it is measured: [deploy/testing/sorting/doc.go](../deploy/testing/sorting/doc.go).\n")
	m.learned(&b)
	m.alone(&b)
	m.confirmed(&b)
	m.fields(&b)
	m.uncut(&b)
	return b.String()
}

func (m measured) learned(b *strings.Builder) {
	b.WriteString("\n## The learned model\n\n")
	b.WriteString("No cues, words alone. Times are CPU time on the machine that measured; the bar for training is 30 s, for one text 5 ms.\n\n")
	b.WriteString("| corpus | division | texts | accuracy % | macro F1 % | calibration error | training s | one text ms | model KB |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range m.corpora {
		division := "each fifth in turn"
		if len(r.corpus.test) > 0 {
			division = "published split"
		}
		fmt.Fprintf(b, "| %s | %s | %d | %s | %s | %s | %s | %s | %d |\n", r.corpus.name, division, r.figures.Texts,
			bar(r.figures.Accuracy*100, r.corpus.bars.Accuracy*100, 1, true), bar(r.figures.MacroF1*100, r.corpus.bars.MacroF1*100, 1, true),
			bar(r.figures.ECE, r.corpus.bars.ECE, 3, false), bar(r.training.Seconds(), 30, 1, false),
			bar(float64(r.answer)/float64(time.Millisecond), 5, 2, false), r.bytes/1024)
	}
}

// bar shows a figure beside the bar it is held against; a bar of 0 is none.
func bar(x, limit float64, digits int, least bool) string {
	s := fmt.Sprintf("%.*f", digits, x)
	switch {
	case limit == 0:
		return s
	case least && x < limit:
		return fmt.Sprintf("%s, **missed** (at least %g)", s, limit)
	case !least && x > limit:
		return fmt.Sprintf("%s, **missed** (at most %g)", s, limit)
	case least:
		return fmt.Sprintf("%s (bar %g)", s, limit)
	}
	return fmt.Sprintf("%s (bar %g)", s, limit)
}

func (m measured) alone(b *strings.Builder) {
	b.WriteString("\n## Decided without a person\n\n")
	b.WriteString("The share of texts that can be decided without a person, most confident first, while the given share of them is right.\nThe last columns are what the model does with the thresholds that it chose for each class on its training part, aiming at 97 %.\n\n| corpus |")
	levels := []float64{0.9, 0.93, 0.95, 0.97, 0.98, 0.99}
	for _, p := range levels {
		fmt.Fprintf(b, " %.0f %% right |", p*100)
	}
	b.WriteString(" own thresholds | of these right |\n|---|" + strings.Repeat("--:|", len(levels)+2) + "\n")
	for _, r := range m.corpora {
		fmt.Fprintf(b, "| %s |", r.corpus.name)
		for _, p := range levels {
			fmt.Fprintf(b, " %.1f %% |", 100*learn.AloneAt(r.outcomes, p))
		}
		decided, right := sure(r.outcomes)
		fmt.Fprintf(b, " %.1f %% | %.1f %% |\n", decided*100, right*100)
	}
}

func (m measured) confirmed(b *strings.Builder) {
	b.WriteString("\n## What confirmed examples add to cues\n\n")
	b.WriteString("The themes of the Musterdatenkatalog through the room that sorts letters. Cues: the names of the themes and of their topics, as the editors of the catalogue published them. Examples: what towns wrote. One fifth is sorted. Decided: over the threshold of the type, which is never under 0.85. Unknown kinds: the calibration error where each fifth of the themes in turn is known neither to cues nor to examples but comes in the mail. The room's confidence reckons with such letters; where none come, as in the column before, it is too modest by their share.\n\n")
	b.WriteString("| | first guess right % | macro F1 % | calibration error | with unknown kinds | decided % | of these right % |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, s := range m.steps {
		name := fmt.Sprintf("cues and %d examples a class", s.examples)
		switch s.examples {
		case 0:
			name = "cues alone"
		case -1:
			name = "cues and all examples of the other four fifths"
		}
		fmt.Fprintf(b, "| %s | %.1f | %.1f | %.3f | %.3f | %.1f | %.1f |\n", name,
			s.figures.Accuracy*100, s.figures.MacroF1*100, s.figures.ECE, s.open, s.decided*100, s.right*100)
	}
}

func (m measured) fields(b *strings.Builder) {
	if len(m.bills) == 0 {
		return
	}
	b.WriteString("\n## Fields of invoices\n\n")
	b.WriteString("The ZUGFeRD invoices of the corpus, whose XML is the truth. Each cell: right of offered, of those that the XML has. The bar is 95 % right among those offered, and none offered whose check digits do not hold.\n\n| look | number | date | total | IBAN | right % | check digits broken |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, x := range m.bills {
		fmt.Fprintf(b, "| %s |", x.look)
		right, offered := 0, 0
		for _, f := range billFields {
			fmt.Fprintf(b, " %d of %d, of %d |", x.right[f], x.offered[f], x.there[f])
			right, offered = right+x.right[f], offered+x.offered[f]
		}
		fmt.Fprintf(b, " %s | %s |\n", bar(100*float64(right)/float64(max(offered, 1)), 95, 1, true), bar(float64(x.broken), 0, 0, false))
	}
	for _, x := range m.bills {
		for _, w := range x.wrong {
			fmt.Fprintf(b, "\nWrong, %s: %s\n", x.look, w)
		}
	}
}

func (m measured) uncut(b *strings.Builder) {
	if len(m.stacks) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## Stacks without separators\n\nDocuments laid on each other, two to eight, %d times, drawn by a fixed seed. PDFs are rendered at 200 dpi and made to look scanned, at most %d pages of each; everything is read as paper is. "+
		"A first page is one that begins a document inside a stack. Offered: a person is asked whether to part the stack; nothing is parted without one. Asked in vain: documents of several pages that alone would raise the question.\n\n", stacksDrawn, pagesAtMost)
	b.WriteString("| documents | number | pages | stacks offered % | cut exactly % | first pages | precision % | recall % | of several pages | asked in vain |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, s := range m.stacks {
		percent := func(n, of int) string {
			if of == 0 {
				return "–"
			}
			return fmt.Sprintf("%.1f", 100*float64(n)/float64(of))
		}
		fmt.Fprintf(b, "| %s | %d | %d | %s | %s | %d | %s | %s | %d | %d |\n", s.set, s.documents, s.pages, percent(s.offered, s.stacks), percent(s.exact, s.stacks),
			s.inside, percent(s.right, s.found), percent(s.right, s.inside), s.many, len(s.false))
	}
	for _, s := range m.stacks {
		for _, name := range s.false {
			fmt.Fprintf(b, "\nAsked in vain, %s: %s\n", s.set, name)
		}
	}
}
