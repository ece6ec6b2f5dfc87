package classify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"blattwerk/pipeline"
)

// FaultSeveral is the code of the fault that a document looks like several
// letters.
const FaultSeveral = "several-letters"

// suggestion looks whether a document was scanned as one and is several letters.
// Nobody is asked about a file that was no paper, about pages that a person
// arranged, or about a stack that holds as many letters as its cover sheet says.
func (r *Room) suggestion(doc pipeline.Document, texts []pipeline.PageText) *pipeline.Cut {
	if doc.ArrangedBy != "" || doc.Stack != nil && doc.Stack.Expected > 0 && doc.Stack.Expected == doc.Stack.Found {
		return nil
	}
	if s := doc.Source; s != nil && (s.BornDigital || s.Signed || s.Rendition.Digest != "") {
		return nil
	}
	return r.FirstPages(doc.Pages, texts)
}

func several(c pipeline.Cut) *pipeline.Fault {
	n := len(c.Begins) + 1
	return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: FaultSeveral, Page: c.Begins[0].Page, Text: pipeline.Message{
		DE: fmt.Sprintf("Das sieht nach %d Schreiben aus, die ohne Trennblatt gescannt wurden. Bitte sehen Sie nach und sagen Sie, ob der Stapel geteilt werden soll.", n),
		EN: fmt.Sprintf("This looks like %d letters that were scanned without separator sheets. Please have a look and say whether the stack is to be parted.", n),
	}}
}

// cutQuestion asks whether a document is several letters.
func cutQuestion(doc pipeline.Document) pipeline.Question {
	runs := Runs(doc.Pages, doc.Cut.Pages())
	n := len(runs)
	places := strings.Join(runs, " | ")
	return pipeline.Question{
		Kind: pipeline.AskCut, Code: FaultSeveral, Page: doc.Cut.Begins[0].Page,
		Text: pipeline.Message{
			DE: fmt.Sprintf("Soll der Stapel in %d Schreiben geteilt werden?", n),
			EN: fmt.Sprintf("Shall the stack be parted into %d letters?", n),
		},
		Help: pipeline.Message{
			DE: "Er sieht so aus, als wären mehrere Schreiben ohne Trennblatt gescannt worden.",
			EN: "It looks as if several letters were scanned without separator sheets.",
		},
		Answers: []pipeline.Answer{
			{Key: "1", Cut: doc.Cut.Pages(), Text: pipeline.Message{DE: "Teilen, Seiten " + places, EN: "Part it, pages " + places}},
			{Key: "2", Whole: true, Text: pipeline.Message{DE: "Nicht teilen: es ist ein Schreiben", EN: "Leave it: it is one letter"}},
		},
	}
}

// Runs names the pages of each letter, "1–2", "3", where letters begin at the pages
// begins besides the first.
func Runs(pages []pipeline.Page, begins []int) []string {
	var out []string
	for at := 0; at < len(pages); {
		end := at + 1
		for end < len(pages) && !slices.Contains(begins, pages[end].No) {
			end++
		}
		run := strconv.Itoa(pages[at].No)
		if end-at > 1 {
			run += "–" + strconv.Itoa(pages[end-1].No)
		}
		out = append(out, run)
		at = end
	}
	return out
}
