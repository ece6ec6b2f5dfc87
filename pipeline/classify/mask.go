package classify

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"blattwerk/pipeline"
)

// Masked stands in place of a number that the law keeps from the reader.
const Masked = "•••"

// Kinds of numbers that are masked; also the names of their fields.
const (
	KindDocument = "ausweis_seriennr" // serial number of an identity card or passport
	KindTaxID    = "steuer_idnr"      // Steuer-Identifikationsnummer
	KindPension  = "rv_nr"            // Rentenversicherungsnummer
	KindAZR      = "azr_nr"           // number in the central register of foreigners
)

// Span is a part of a text that has to be masked.
type Span struct {
	Start, End int // bytes
	Kind       string
}

// purposes are the departments that may use a kind of number. The serial number
// of an identity document may be used by nobody for retrieval or linking (§ 20
// (3) PAuswG, § 18 (3) PassG), so it is never stored. The tax number serves the
// tax office and the treasury that collects taxes (§ 139b (2) AO), the insurance
// number those who work under the social code or pay staff (§ 18f SGB IV), the
// AZR number the foreigners' office and its neighbour (§ 10 (4) AZRG).
var purposes = map[string][]pipeline.DeptID{
	KindDocument: nil,
	KindTaxID:    {"20", "22"},
	KindPension:  {"11", "50", "51"},
	KindAZR:      {"33A", "50"},
}

// allowed reports whether a department may see the field of that name.
func allowed(name string, dept pipeline.DeptID) bool {
	depts, restricted := purposes[name]
	if !restricted {
		return true
	}
	for _, d := range depts {
		if d == dept {
			return true
		}
	}
	return false
}

// Mask replaces in text every number that dept may not use. The empty
// department may use none.
func Mask(text string, dept pipeline.DeptID) string {
	spans := Spans(text, dept)
	if len(spans) == 0 {
		return text
	}
	var out strings.Builder
	at := 0
	for _, s := range spans {
		out.WriteString(text[at:s.Start])
		out.WriteString(Masked)
		at = s.End
	}
	out.WriteString(text[at:])
	return out.String()
}

// MaskFields is [Mask] for the fields of a filing: a number that dept may not use
// is replaced, as a field of its own and within the text of other fields. fields
// stay as they are. What is masked already is not found again.
func MaskFields(fields []pipeline.Field, dept pipeline.DeptID) []pipeline.Field {
	masked := slices.Clone(fields)
	for i := range masked {
		maskField(&masked[i], dept)
	}
	return masked
}

func maskField(f *pipeline.Field, dept pipeline.DeptID) {
	if !allowed(f.Name, dept) {
		f.Value = Masked
	} else if _, restricted := purposes[f.Name]; !restricted {
		f.Value = Mask(f.Value, dept)
	}
}

// MaskPage is [Mask] for a page of words: a word that belongs to a number which
// dept may not use is replaced. Places stay as they are.
func MaskPage(page pipeline.PageText, dept pipeline.DeptID) pipeline.PageText {
	var text strings.Builder
	starts := make([]int, len(page.Words))
	for i, w := range page.Words {
		if i > 0 {
			text.WriteByte(' ')
		}
		starts[i] = text.Len()
		text.WriteString(w.Text)
	}
	spans := Spans(text.String(), dept)
	if len(spans) == 0 {
		return page
	}
	words := slices.Clone(page.Words)
	for i := range words {
		end := starts[i] + len(words[i].Text)
		for _, s := range spans {
			if s.Start < end && starts[i] < s.End {
				words[i].Text = Masked
			}
		}
	}
	page.Words = words
	return page
}

// Spans finds the numbers in text that dept may not use, in order and without
// overlap. Numbers with a check digit are found by it; a serial number without
// one is found by the words before it, and a machine-readable zone as a whole.
func Spans(text string, dept pipeline.DeptID) []Span {
	var spans []Span
	for _, s := range secrets(text) {
		if !allowed(s.Kind, dept) {
			spans = append(spans, s)
		}
	}
	return spans
}

// run is a stretch of ASCII letters and digits, or of a machine-readable zone.
type run struct {
	start, end int
	zone       bool // contains '<'
}

// secrets finds all numbers of restricted kinds, whoever may use them.
func secrets(text string) []Span {
	runs := runsOf(text)
	var spans []Span
	for i := 0; i < len(runs); {
		kind, n := kindAt(text, runs, i)
		if n == 0 {
			i++
			continue
		}
		spans = append(spans, Span{runs[i].start, runs[i+n-1].end, kind})
		i += n
	}
	return spans
}

func runsOf(text string) []run {
	var runs []run
	start, zone, useful := -1, false, false
	flush := func(end int) {
		if start >= 0 && useful {
			runs = append(runs, run{start, end, zone})
		}
		start, zone, useful = -1, false, false
	}
	prev := rune(' ')
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r == '<':
			if start < 0 && (unicode.IsLetter(prev) || unicode.IsDigit(prev)) {
				break // within a word
			}
			if start < 0 {
				start = i
			}
			zone = zone || r == '<'
			useful = true
		case unicode.IsLetter(r):
			start, zone, useful = -1, false, false // a word with small letters is no number
		default:
			flush(i)
		}
		prev = r
	}
	flush(len(text))
	return runs
}

// kindAt says what starts at run i and over how many runs it goes; n is 0 if it
// is nothing restricted.
func kindAt(text string, runs []run, i int) (kind string, n int) {
	if r := runs[i]; r.zone {
		if machineReadable(text[r.start:r.end]) {
			return KindDocument, 1
		}
		return "", 0
	}
	joined := ""
	for n = 1; n <= 4 && i+n <= len(runs); n++ {
		r := runs[i+n-1]
		if r.zone || n > 1 && !oneSpace(text[runs[i+n-2].end:r.start]) {
			break
		}
		joined += text[r.start:r.end]
		switch len(joined) {
		case 9, 10:
			if hasDigit(joined) && !longerNumber(text, runs, i+n) && after(text, runs[i].start, documentWords) {
				return KindDocument, n
			}
			if n == 1 && letters(joined) > 0 && len(joined)-letters(joined) >= 3 && validDocument(joined) {
				return KindDocument, n
			}
		case 11:
			if isNumber(joined) && !longerNumber(text, runs, i+n) && validTaxID(joined) {
				return KindTaxID, n
			}
		case 12:
			if validPension(joined) {
				return KindPension, n
			}
		}
		if len(joined) >= 9 && len(joined) <= 12 && isNumber(joined) && after(text, runs[i].start, []string{"azr"}) {
			return KindAZR, n
		}
		if len(joined) > 12 {
			break
		}
	}
	return "", 0
}

// machineReadable reports whether a run is a line of a machine-readable zone, or
// the beginning of one (ICAO Doc 9303: lines of 30, 36 or 44 characters, filled
// up with "<").
func machineReadable(s string) bool {
	fill := strings.Count(s, "<")
	if len(s) >= 20 {
		return fill >= 2 && fill < len(s)
	}
	return len(s) >= 10 && fill >= 2 && strings.ContainsAny(s[:1], "IPACV") && hasDigit(s)
}

var documentWords = []string{"ausweisnummer", "ausweis-nr", "ausweisnr", "ausweis nr", "ausweises", "personalausweis", "reisepass",
	"passnummer", "pass-nr", "pass nr", "seriennummer", "serien-nr", "dokumentennummer", "dokumentnummer", "passnr"}

// after reports whether one of the words stands in the forty bytes before a place.
func after(text string, at int, words []string) bool {
	from := max(0, at-40)
	for from < at && !utf8.RuneStart(text[from]) {
		from++
	}
	before := strings.ToLower(text[from:at])
	for _, w := range words {
		if strings.Contains(before, w) {
			return true
		}
	}
	return false
}

// longerNumber reports whether run i goes on with the number before it.
func longerNumber(text string, runs []run, i int) bool {
	return i < len(runs) && oneSpace(text[runs[i-1].end:runs[i].start]) && isNumber(text[runs[i].start:runs[i].end])
}

func oneSpace(s string) bool { return s == " " || s == "\u00a0" }

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

func letters(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			n++
		}
	}
	return n
}
