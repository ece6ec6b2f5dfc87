package classify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// Codes of doubts (pipeline.Doubt). They are stable: pages and scripts may know them.
const (
	DoubtCheckDigit     = "check-digit"     // a number has check digits, and they do not hold
	DoubtTwoDepartments = "two-departments" // references of two departments
	DoubtFutureDate     = "future-date"     // the letter is dated after it came in
	DoubtEarlyStamp     = "early-stamp"     // the stamp says that it came in before it was written
	DoubtTwoSums        = "two-sums"        // the pages of an invoice show another sum than its XML
	DoubtCount          = "stack-count"     // the stack holds another number of letters than its cover sheet says
	DoubtCover          = "cover-sheet"     // the letter speaks against its cover sheet
	DoubtSum            = "sum"             // net and tax of an invoice do not make its total
)

// doubts finds what contradicts itself among the hits. Values that failed their
// check are taken out: none is ever offered.
func doubts(hits []hit) ([]hit, []pipeline.Doubt) {
	var found []pipeline.Doubt
	kept := make([]hit, 0, len(hits))
	for _, h := range hits {
		if !h.broken {
			kept = append(kept, h)
		} else if !misreading(h, hits) && !slices.ContainsFunc(found, func(d pipeline.Doubt) bool { return d.Field == h.Name && d.Read == h.Value }) {
			found = append(found, pipeline.Doubt{Code: DoubtCheckDigit, Field: h.Name, Page: h.Page, Box: h.Box, Read: h.Value})
		}
	}
	if a, b, ok := rivals(hits); ok {
		found = append(found, pipeline.Doubt{Code: DoubtTwoDepartments, Page: b.Page, Box: b.Box,
			Read: string(a.route), Other: string(b.route)})
	}
	for i := range found {
		found[i].Read = Mask(found[i].Read, "")
	}
	return kept, found
}

// misreading reports whether a broken number is a second print of a sound one of
// the same name: it misses it by no more than three characters.
func misreading(broken hit, hits []hit) bool {
	return slices.ContainsFunc(hits, func(h hit) bool {
		if h.Name != broken.Name || !h.Checked || len(h.Value) != len(broken.Value) {
			return false
		}
		differ := 0
		for i := range len(h.Value) {
			if h.Value[i] != broken.Value[i] {
				differ++
			}
		}
		return differ <= 3
	})
}

// rivals finds two payment references that belong to different departments.
func rivals(hits []hit) (a, b hit, ok bool) {
	for _, h := range hits {
		switch {
		case h.route == "":
		case a.route == "":
			a = h
		case h.route != a.route:
			return a, h, true
		}
	}
	return a, b, false
}

// dateDoubts holds the dates that were read against the day the letter came in
// (§ 130 BGB: what counts is when it arrived; a printed date is plausibility
// only). A day of play is given for time zones and night letter boxes. received
// may be zero: then only the dates among themselves count.
func dateDoubts(fields []pipeline.Field, received time.Time) []pipeline.Doubt {
	var found []pipeline.Doubt
	letter, hasLetter := dateField(fields, "datum")
	stamp, hasStamp := dateField(fields, "eingangsstempel")
	latest := received.AddDate(0, 0, 1)
	for _, d := range []datedField{letter, stamp} {
		if !received.IsZero() && d.Name != "" && d.day.After(latest) {
			found = append(found, pipeline.Doubt{Code: DoubtFutureDate, Field: d.Name, Page: d.Page, Box: d.Box,
				Read: d.Value, Other: received.Format(time.DateOnly)})
		}
	}
	if hasLetter && hasStamp && stamp.day.AddDate(0, 0, 1).Before(letter.day) {
		found = append(found, pipeline.Doubt{Code: DoubtEarlyStamp, Field: "eingangsstempel", Page: stamp.Page, Box: stamp.Box,
			Read: stamp.Value, Other: letter.Value})
	}
	return found
}

// countDoubt asks once for each stack, with its first letter, whether a letter is
// missing: released as complete it would never be looked for.
func countDoubt(s *pipeline.Stack) []pipeline.Doubt {
	if s == nil || s.Position != 0 || s.Expected == 0 || s.Expected == s.Found {
		return nil
	}
	return []pipeline.Doubt{{Code: DoubtCount, Field: fieldStackCount, Read: strconv.Itoa(s.Found), Other: strconv.Itoa(s.Expected)}}
}

// fieldStackCount is the number of letters in a stack, as a person confirmed it.
const fieldStackCount = "briefe_im_stapel"

type datedField struct {
	pipeline.Field
	day time.Time
}

// dateField is the best reading of a field that holds a day.
func dateField(fields []pipeline.Field, name string) (datedField, bool) {
	for _, f := range fields {
		if f.Name != name {
			continue
		}
		if day, err := time.Parse(time.DateOnly, f.Value); err == nil {
			return datedField{f, day}, true
		}
	}
	return datedField{}, false
}

// holds reports whether a doubt keeps a letter of a type from being filed without
// a person: it concerns the whole letter, or a field that the type asks for. The
// date of a letter matters where a legal deadline runs.
func (t Type) holds(d pipeline.Doubt) bool {
	return d.Field == "" || d.Code == DoubtCount || slices.Contains(t.Fields, d.Field) ||
		d.Field == "datum" && (t.Handling == HandlingScanEnvelope || t.Handling == HandlingExpress)
}

// doubtText tells a clerk about a doubt. label is the field's name for people.
func (r *Room) doubtText(d pipeline.Doubt, label pipeline.Message) pipeline.Message {
	switch d.Code {
	case DoubtCheckDigit:
		return pipeline.Message{
			DE: fmt.Sprintf("Die Prüfziffer stimmt nicht: %s. Bitte vergleichen Sie mit der Seite.", label.DE),
			EN: fmt.Sprintf("The check digit does not hold: %s. Please compare with the page.", label.EN),
		}
	case DoubtTwoDepartments:
		a, b := r.department(pipeline.DeptID(d.Read)), r.department(pipeline.DeptID(d.Other))
		return pipeline.Message{
			DE: fmt.Sprintf("Das Schreiben nennt Zeichen von zwei Ämtern: %s und %s.", a, b),
			EN: fmt.Sprintf("The letter names references of two departments: %s and %s.", a, b),
		}
	case DoubtCover:
		sheet, letter := r.named(d.Read), r.named(d.Other)
		return pipeline.Message{
			DE: fmt.Sprintf("Das Deckblatt sagt: %s. Das Schreiben selbst spricht für: %s.", sheet, letter),
			EN: fmt.Sprintf("The cover sheet says: %s. The letter itself speaks for: %s.", sheet, letter),
		}
	case DoubtFutureDate:
		return pipeline.Message{
			DE: fmt.Sprintf("%s liegt nach dem Eingang. Bitte vergleichen Sie mit der Seite.", label.DE),
			EN: fmt.Sprintf("%s lies after the letter came in. Please compare with the page.", label.EN),
		}
	case DoubtCount:
		return pipeline.Message{
			DE: fmt.Sprintf("Das Deckblatt kündigt %s Briefe an, im Stapel sind %s.", d.Other, d.Read),
			EN: fmt.Sprintf("The cover sheet announces %s letters, the stack holds %s.", d.Other, d.Read),
		}
	case DoubtTwoSums:
		return pipeline.Message{
			DE: "Auf den Seiten der Rechnung steht ein anderer Betrag als in ihren elektronischen Daten.",
			EN: "The pages of the invoice show another amount than its electronic data.",
		}
	case DoubtSum:
		return pipeline.Message{
			DE: "In den elektronischen Daten der Rechnung ergeben Netto und Steuer nicht den Gesamtbetrag.",
			EN: "In the electronic data of the invoice, net and tax do not make the total.",
		}
	case DoubtEarlyStamp:
		return pipeline.Message{
			DE: "Der Eingangsstempel ist älter als das Datum des Schreibens. Eines von beiden ist falsch gelesen oder falsch gesetzt.",
			EN: "The received stamp is older than the date of the letter. One of the two was misread or misprinted.",
		}
	}
	return pipeline.Message{
		DE: strings.TrimSpace("Angaben widersprechen sich. " + label.DE),
		EN: strings.TrimSpace("Statements contradict each other. " + label.EN),
	}
}

// named is the name of a document type with its department, or of a department.
func (r *Room) named(code string) string {
	if t, ok := r.Type(pipeline.TypeCode(code)); ok {
		return t.Name + " (" + t.DepartmentName + ")"
	}
	return r.department(pipeline.DeptID(code))
}

// department is the name of a department, or its number.
func (r *Room) department(id pipeline.DeptID) string {
	for _, d := range r.tax.Departments {
		if d.ID == id {
			return d.Name
		}
	}
	return string(id)
}
