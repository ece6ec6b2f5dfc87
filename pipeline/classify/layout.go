package classify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"blattwerk/pipeline"
)

var (
	formOfAddress = pattern(`(?i)^(an\s+(das|die|den)|an|herrn?|frau|firma|fa\.|familie|eheleute)\s*`)
	roleWord      = pattern(`(?i)^(verkäufer|käufer|lieferant|auftraggeber|auftragnehmer|rechnungs(steller|empfänger|anschrift)|absender|empfänger|antragsteller(in)?|bauherr(in)?|(globale\s+)?(nummer|nr)\b.*)\s*:?$`)
	addressPart   = pattern(`\s*[·•|]\s*|\s+[*–-]\s+|,\s*|\s{2,}`)
	senderMark    = pattern(`(?i)^(absender|abs\.)\s*[:.]\s*(.*)$`)
	dateMark      = pattern(`(?i)^(datum)\s*:?\s*(` + datePattern + `)`)
	streetLine    = pattern(`^\p{Lu}[\pL.' -]*\s\d{1,4}\s?[a-zA-Z]?([-–/]\s?\d{1,4}\s?[a-zA-Z]?)?$`)
	formLabel     = pattern(`(?i)^(\d{5}|plz|postleitzahl|ort|wohnort|stra(ß|ss)e|str\.|haus-?(nummer|nr)|anschrift|adresse|(vor|nach|familien|zu)?name)([^\pL]|$)`)
	anyDate       = pattern(datePattern)
	notTheDate    = pattern(`(?i)(geb\.|geboren|eingang|eingegangen|vom|seit|bis|ab|zum|frist|fällig|gültig|einzug|auszug)\W*(am\W*|dem\W*)?$`)
)

// layout finds the fields that a letter shows by their place: sender, receiver,
// date and subject (DIN 5008).
func (r *Room) layout(l *letter) []hit {
	lines := l.on(0)
	if len(lines) == 0 {
		return nil
	}
	var hits []hit
	add := func(name, value string, confidence float64, checked bool, lns ...line) {
		value = strings.Trim(strings.Join(strings.Fields(value), " "), " ,;:·•|-")
		if value == "" || len(value) > 300 {
			return
		}
		f := pipeline.Field{Name: name, Value: value, Confidence: confidence, Checked: checked, Page: 1}
		for _, ln := range lns {
			f.Box = union(f.Box, ln.box)
		}
		hits = append(hits, hit{Field: f})
	}
	r.people(l, lines, add)
	dateOf(lines, add)
	subjectOf(lines, add)
	return hits
}

type adder func(name, value string, confidence float64, checked bool, lns ...line)

// people finds who wrote and to whom. The town itself, whose mail this is, is
// never taken for the sender.
func (r *Room) people(l *letter, lines []line, add adder) {
	height := l.pages[0].Height
	haveSender, haveReceiver, townWrote := false, false, false
	for i, ln := range lines {
		m := senderMark().FindStringSubmatch(ln.text)
		if m == nil {
			continue
		}
		if m[2] == "" && i+1 < len(lines) {
			m[2], ln = lines[i+1].text, lines[i+1]
		}
		if name := addressPart().Split(m[2], 2)[0]; named(name) && !r.town.own(name) {
			add("absender", name, 0.9, false, ln)
			haveSender = true
			break
		}
	}
	for _, b := range addressBlocks(lines) {
		first := lines[b.first]
		if height > 0 && first.box.Y1 > 0 && first.box.Y0 > height*45/100 {
			continue
		}
		name, rest := splitAddress(lines, b)
		inline := b.first == b.last
		if inline && (r.town.own(name) || r.town.ownBlock(lines[b.first:b.last+1])) {
			townWrote = true // the town's own return address: who follows is the receiver
			continue
		}
		receiver := !inline && (townWrote || r.town.ownBlock(lines[b.first:b.last+1]) || inWindow(first, l.pages[0]))
		switch {
		case receiver && !haveReceiver:
			add("empfaenger", name, 0.85, false, lines[b.first:b.last+1]...)
			haveReceiver = true
		case !receiver && !haveSender && named(name) && !r.town.own(name) && !r.town.ownBlock(lines[b.first:b.last+1]):
			add("absender", name, 0.85, false, first)
			add("absender_anschrift", rest, 0.8, false, lines[b.first:b.last+1]...)
			haveSender = true
		}
	}
	if haveSender {
		return
	}
	for i, ln := range lines { // the name under the greeting
		if !greeting().MatchString(ln.text) || strings.HasPrefix(strings.ToLower(ln.text), "im auftrag") {
			continue
		}
		for j := i + 1; j < len(lines) && j <= i+4; j++ {
			if personName(lines[j].text) && !r.town.own(lines[j].text) {
				add("absender", lines[j].text, 0.6, false, lines[j])
				return
			}
		}
	}
}

// named reports whether what stands where a name should is one: neither a street,
// as in an address whose name is not in its column, nor a label of a form ("PLZ,
// Ort"). Without a name nobody is told to have sent the letter.
func named(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && !streetLine().MatchString(s) && !formLabel().MatchString(s)
}

// inWindow reports whether a line begins in the window of the envelope: 20 to 60
// mm from the left and 40 to 75 mm from the top of the page (DIN 5008 forms A and
// B, with play for the scanner).
func inWindow(ln line, p pipeline.PageText) bool {
	if p.DPI <= 0 || ln.height == 0 {
		return false
	}
	mm := 25.4 / p.DPI
	x, y := float64(ln.box.X0)*mm, float64(ln.box.Y0)*mm
	return x >= 15 && x <= 60 && y >= 38 && y <= 75
}

// splitAddress gives the name in an address and the rest of it.
func splitAddress(lines []line, b block) (name, rest string) {
	var parts []string
	if b.first == b.last {
		parts = addressPart().Split(lines[b.first].text, -1)
	} else {
		for _, ln := range lines[b.first : b.last+1] {
			if sameColumn(ln, lines[b.last]) {
				parts = append(parts, ln.text)
			}
		}
	}
	for len(parts) > 0 {
		name = strings.TrimSpace(formOfAddress().ReplaceAllString(parts[0], ""))
		if roleWord().MatchString(name) {
			name = ""
		}
		parts = parts[1:]
		if name != "" {
			break
		}
	}
	return name, strings.Join(parts, ", ")
}

// personName reports whether a line looks like a name: two to five capitalised
// words without digits.
func personName(s string) bool {
	words := strings.Fields(s)
	if len(words) < 2 || len(words) > 5 || strings.ContainsAny(s, "0123456789:@") {
		return false
	}
	capital := 0
	for _, w := range words {
		if r, _ := utf8.DecodeRuneInString(w); unicode.IsUpper(r) {
			capital++
		}
	}
	return capital >= 2
}

// dateOf finds the date of the letter: labelled, or behind the place, or the
// first one that nothing else claims.
func dateOf(lines []line, add adder) {
	for i, ln := range lines {
		text := ln.text
		if strings.EqualFold(strings.Trim(text, ": "), "datum") && i+1 < len(lines) {
			text = "Datum: " + lines[i+1].text
		}
		if m := dateMark().FindStringSubmatch(text); m != nil {
			if d, ok := parseDate(m[2]); ok {
				add("datum", d.Format("2006-01-02"), 0.92, true, ln)
				return
			}
		}
	}
	for _, ln := range lines {
		if placeDate().MatchString(ln.text) {
			if d, ok := parseDate(anyDate().FindString(ln.text)); ok {
				add("datum", d.Format("2006-01-02"), 0.88, true, ln)
				return
			}
		}
	}
	for i, ln := range lines {
		if i > len(lines)/2 {
			return
		}
		at := anyDate().FindStringIndex(ln.text)
		if at == nil || notTheDate().MatchString(ln.text[:at[0]]) || i > 0 && notTheDate().MatchString(lines[i-1].text) {
			continue
		}
		if d, ok := parseDate(ln.text[at[0]:at[1]]); ok {
			add("datum", d.Format("2006-01-02"), 0.6, true, ln)
			return
		}
	}
}

func subjectOf(lines []line, add adder) {
	var text []string
	var from []line
	confidence := 0.75
	for _, ln := range lines {
		if ln.zone != zoneSubject {
			continue
		}
		t := ln.text
		if m := subjectMark().FindStringIndex(t); m != nil {
			t, confidence = t[m[1]:], 0.9
		}
		text, from = append(text, t), append(from, ln)
	}
	if len(text) > 0 {
		add("betreff", strings.Join(text, " "), confidence, false, from...)
	}
}
