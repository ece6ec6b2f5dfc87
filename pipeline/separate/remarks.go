package separate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// The names of marks: what barcodes say about a letter.
const (
	MarkASN        = "asn"         // archive serial number
	MarkDepartment = "department"  // from the cover sheet
	MarkType       = "type"        // dito
	MarkReceived   = "received_on" // dito, a day: 2026-11-27
	MarkBatch      = "batch"       // dito
)

// CountRemark is the code of the remark that a batch has other letters than its
// cover sheet announces.
const CountRemark = "count-mismatch"

// marksOf reads the labels on the pages of a letter. Bad codes are warnings.
func marksOf(pages []pipeline.Page) (marks []pipeline.Field, remarks []pipeline.Remark) {
	warn := func(p pipeline.Page, code, de, en string) {
		remarks = append(remarks, pipeline.Remark{Step: pipeline.StepSeparate, Code: code, Page: p.No, Text: pipeline.Message{DE: de, EN: en}})
	}
	for _, p := range pages {
		for _, c := range p.Codes {
			if _, err := ParseSheet(c.Text); errors.Is(err, errCheck) {
				warn(p, "sheet-unreadable", "Der Strichcode sieht aus wie der eines Blattwerk-Blatts, seine Prüfsumme stimmt aber nicht. Er wurde nicht beachtet.",
					"The barcode looks like one of a Blattwerk sheet, but its checksum is wrong. It was ignored.")
			}
			number, checked, err := ParseLabel(c.Text)
			switch {
			case err == nil && len(marks) == 0:
				confidence := 1.0
				if !checked {
					confidence = 0.95
				}
				marks = append(marks, pipeline.Field{
					Name: MarkASN, Value: strconv.FormatInt(number, 10), Confidence: confidence, Checked: checked, Page: p.No, Box: c.Box,
				})
			case err == nil && marks[0].Value != strconv.FormatInt(number, 10):
				warn(p, "second-label", "Das Schriftstück trägt mehrere Archivnummern. Die erste gilt.", "The document carries several archive serial numbers. The first one counts.")
			case errors.Is(err, errLabelCheck), errors.Is(err, errLabelLarge), errors.Is(err, errForeign) && strings.HasPrefix(c.Text, "ASN"):
				warn(p, "label-unreadable", "Das Etikett mit der Archivnummer ist nicht gültig und wurde nicht übernommen. Bitte die Nummer prüfen.",
					"The label with the archive serial number is not valid and was not taken over. Please check the number.")
			}
		}
	}
	return marks, remarks
}

// marks is what the cover sheet says about each letter of its batch.
func (b batch) marks() []pipeline.Field {
	var list []pipeline.Field
	add := func(name, value string) {
		if value != "" {
			list = append(list, pipeline.Field{Name: name, Value: value, Confidence: 1, Checked: true, Page: b.page})
		}
	}
	add(MarkBatch, b.Batch)
	add(MarkDepartment, string(b.Department))
	add(MarkType, string(b.Type))
	if !b.Received.IsZero() {
		add(MarkReceived, b.Received.Format(time.DateOnly))
	}
	return list
}

// reconcile compares the number of letters with the announced one. Which letters
// are missing can be told if they carry labels in a row.
func (b batch) reconcile(labels []int64) []pipeline.Remark {
	if b.Expected == 0 || b.Expected == b.found {
		return nil
	}
	short, shortEN := fmt.Sprintf("%d zu wenig: vielleicht fehlt ein Trennblatt, oder ein Brief wurde nicht gescannt", b.Expected-b.found),
		fmt.Sprintf("%d too few: perhaps a separator sheet is missing, or a letter was not scanned", b.Expected-b.found)
	if b.found > b.Expected {
		short, shortEN = fmt.Sprintf("%d zu viel: vielleicht liegt ein Trennblatt mitten in einem Brief", b.found-b.Expected),
			fmt.Sprintf("%d too many: perhaps a separator sheet lies within a letter", b.found-b.Expected)
	}
	if gone := b.missing(labels); gone != "" {
		short += "; es fehlt die Archivnummer " + gone
		shortEN += "; missing is archive serial number " + gone
	}
	name := ""
	if b.Batch != "" {
		name = " " + b.Batch
	}
	return []pipeline.Remark{{Step: pipeline.StepSeparate, Code: CountRemark, Page: b.page, Text: pipeline.Message{
		DE: fmt.Sprintf("Stapel%s: %d Briefe angekündigt, %d gefunden (%s).", name, b.Expected, b.found, short),
		EN: fmt.Sprintf("Batch%s: %d letters announced, %d found (%s).", name, b.Expected, b.found, shortEN),
	}}}
}

// missing names the archive serial numbers that should be there: those from the
// number on the cover sheet on or, where it names none, the gaps in the row. ""
// if too little is known: the labels are in no row, or most letters have none.
func (b batch) missing(labels []int64) string {
	if len(labels) == 0 || 2*len(labels) < b.found {
		return ""
	}
	from, to := slices.Min(labels), slices.Max(labels)
	if b.FirstLabel > 0 {
		from, to = b.FirstLabel, b.FirstLabel+int64(b.Expected)-1
	}
	if to-from >= int64(b.Expected) {
		return ""
	}
	var gone []string
	for n := from; n <= to; n++ {
		if !slices.Contains(labels, n) {
			gone = append(gone, strconv.FormatInt(n, 10))
		}
	}
	return strings.Join(gone, ", ")
}

// number is the archive serial number among marks; 0 if there is none.
func number(marks []pipeline.Field) int64 {
	for _, m := range marks {
		if m.Name == MarkASN {
			n, _ := strconv.ParseInt(m.Value, 10, 64)
			return n
		}
	}
	return 0
}

func notLooked(page int) pipeline.Remark {
	return pipeline.Remark{Step: pipeline.StepSeparate, Code: "not-looked-at", Page: page, Text: pipeline.Message{
		DE: "Auf dieser Seite konnte nicht nach Strichcodes gesucht werden.",
		EN: "This page could not be searched for barcodes.",
	}}
}

func oddSides(n int) pipeline.Remark {
	return pipeline.Remark{Step: pipeline.StepSeparate, Code: "odd-sides", Text: pipeline.Message{
		DE: fmt.Sprintf("Vorder- und Rückseiten sollten nacheinander gescannt sein, es sind aber %d Seiten, eine ungerade Zahl. Die Reihenfolge blieb deshalb, wie sie ist. Bitte prüfen.", n),
		EN: fmt.Sprintf("Fronts and backs were to be scanned one after the other, but there are %d sides, an odd number. So their order was left as it is. Please check.", n),
	}}
}

func onlySheets() *pipeline.Fault {
	return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "only-sheets", Text: pipeline.Message{
		DE: "Der Stapel enthält nur Trenn- und Deckblätter, keinen Brief. Lag der Stapel richtig herum im Scanner?",
		EN: "The stack holds separator and cover sheets only, no letter. Was it the right way round in the scanner?",
	}}
}
