package classify

import (
	"slices"
	"strings"

	"blattwerk/pipeline"
)

var (
	salutation  = pattern(`(?i)^(sehr\s+(geehrte|verehrte)|guten\s+(tag|morgen)|liebe[rs]?\s+\pL+[^.]{0,60}[,!]?$|hallo\b|werte[r]?\s+(frau|herr|damen))`)
	subjectMark = pattern(`(?i)^(betreff|betrifft|betr\.?)(\s*:\s*|\s+|$)`)
	greeting    = pattern(`(?i)^(mit\s+(freundlichen?|besten|vorzüglich|herzlichen)|hochachtungsvoll|freundliche\s+gr|beste\s+gr|viele\s+gr|im\s+auftrag)`)
	enclosures  = pattern(`(?i)^(anlagen?|beilagen?|beigefügt|anbei)(\s*\(\d+\))?\s*(:|$)`)
	finePrint   = pattern(`(?i)^[\pN. ]{0,4}(rechts?\s?(behelfs|mittel)\s?belehrung|(hinweise?\s+zum\s+)?datenschutz(hinweise?|erklärung|information)?\b|hinweise?\s+zur\s+verarbeitung|widerrufsbelehrung|allgemeine\s+geschäftsbedingungen|impressum)`)
	remedy      = pattern(`(?i)gegen\s+diese[nrs]?\s+(bescheid|verfügung|entscheidung|beschluss|verwaltungsakt|anordnung)\s+(kann|können|ist)`)
	placeDate   = pattern(`(?i)^(\pL[\pL .\-/()]{1,40},\s*)?(den\s+|am\s+)?\d{1,2}\.\s?(\d{1,2}\.|\pL{3,9})\s?\d{2,4}$`)
	infoLine    = pattern(`(?i)^(telefon|tel\b|telefax|fax|e-?mail|datum|unser\s+zeichen|ihr\s+zeichen|ihre\s+nachricht|ansprechpartner|bearbeiter|auskunft|zimmer|seite|kundennummer|kunden-nr|az\b|aktenzeichen|iban|bic|www\.|internet|mobil|ust)`)
	cityLine    = pattern(`(?:^|[^\pN])(\d{5})\s+(\p{Lu}[\pL.\-/() ]{1,40})$`)
)

// headingRatio is how large type must be against the page's median to be a heading.
const headingRatio = 1.3

// markZones finds the parts of the letter. Later marks win over earlier ones.
func (l *letter) markZones() {
	for page := range l.pages {
		lines := l.on(page)
		markTop(lines, page, l.pages[page].Height)
		markHeadings(lines, page, l.pages[page].Height)
		if page == 0 {
			markSubject(lines)
			markAddress(lines)
		}
		markEnclosures(lines)
		markFinePrint(lines)
	}
}

func markTop(lines []line, page, height int) {
	if page > 0 {
		return
	}
	for i := range lines {
		b := lines[i].box
		if (height > 0 && b.Y1 > 0 && b.Y0 < height/3) || (b.Y1 == 0 && i < len(lines)/3) {
			lines[i].zone = zoneTop
		}
	}
}

// markHeadings marks large type on any page and, on the first, short lines
// that stand by themselves in the upper half where no salutation shows that the
// letter has a subject.
func markHeadings(lines []line, page, height int) {
	var heights []int
	hasSalutation := false
	for _, ln := range lines {
		if ln.height > 0 {
			heights = append(heights, ln.height)
		}
		hasSalutation = hasSalutation || salutation().MatchString(ln.text)
	}
	median := 0.0
	if len(heights) > 0 {
		slices.Sort(heights)
		median = float64(heights[len(heights)/2])
	}
	var lonely []int
	for i := range lines {
		ln := &lines[i]
		count := ln.last - ln.first
		switch {
		case count > 14:
		case median > 0 && float64(ln.height) >= headingRatio*median:
			ln.zone = zoneHeading
		case page == 0 && !hasSalutation && count <= 9 && alone(lines, i) && upperHalf(ln.box, height, i, len(lines)) && !plain(ln.text):
			lonely = append(lonely, i)
		}
	}
	if len(lonely) > 5 {
		return // a form or a table: every other line stands alone
	}
	for _, i := range lonely {
		lines[i].zone = zoneHeading
	}
}

func upperHalf(b pipeline.Box, height, i, n int) bool {
	if b.Y1 > 0 && height > 0 {
		return b.Y0 < height/2
	}
	return i <= n/2
}

// alone reports whether a line is a paragraph of its own.
func alone(lines []line, i int) bool {
	return (i == 0 || !together(lines[i-1], lines[i])) && (i+1 == len(lines) || !together(lines[i], lines[i+1]))
}

// together reports whether b continues the paragraph of a.
func together(a, b line) bool {
	if a.par != b.par || a.block != b.block {
		return false
	}
	if a.height == 0 || b.height == 0 {
		return true
	}
	return b.box.Y0-a.box.Y1 < max(a.height, b.height)*5/4
}

// plain reports whether a line is a date, an address or a reference, which says
// nothing about what a letter is.
func plain(s string) bool {
	return placeDate().MatchString(s) || infoLine().MatchString(s) || cityLine().MatchString(s)
}

// markSubject marks the line after "Betreff", or the paragraph before the
// salutation (DIN 5008: the subject stands two lines above it).
func markSubject(lines []line) {
	for i := range lines {
		m := subjectMark().FindStringIndex(lines[i].text)
		if m == nil {
			continue
		}
		lines[i].zone = zoneSubject
		for j := i + 1; j < len(lines) && j <= i+2; j++ {
			if !together(lines[j-1], lines[j]) || salutation().MatchString(lines[j].text) {
				break
			}
			lines[j].zone = zoneSubject
		}
		return
	}
	s := slices.IndexFunc(lines, func(ln line) bool { return salutation().MatchString(ln.text) })
	if s <= 0 {
		return
	}
	inAddress := map[int]bool{}
	for _, b := range addressBlocks(lines) {
		for i := b.first; i <= b.last; i++ {
			inAddress[i] = true
		}
	}
	last := s - 1
	for last >= 0 && plain(lines[last].text) && s-last < 4 {
		last--
	}
	for i := last; i >= 0 && last-i < 4; i-- {
		if inAddress[i] || plain(lines[i].text) || (i < last && !together(lines[i], lines[i+1])) {
			break
		}
		lines[i].zone = zoneSubject
	}
}

var (
	addressed = pattern(`(?i)^(an\s+(das|die|den|dem)\s|an\s*:|z\.\s?hd\.|herrn?\s+\p{Lu}|frau\s+\p{Lu})`)
	labelLine = pattern(`^\p{Lu}[\pL.\-/ ]{2,40}(:|\s\d{2,}[./\-]?\S*$)`)
)

// How letters begin and end, in folded form: for lines that recognition damaged.
var (
	salutationStarts = foldAll("Sehr geehrte", "Guten Tag")
	greetingStarts   = foldAll("Mit freundlichen", "Hochachtungsvoll", "Freundliche Grüße", "Mit besten Grüßen")
)

func foldAll(list ...string) []string {
	for i, s := range list {
		list[i] = fold(s)
	}
	return list
}

// beginsLike reports whether a folded line begins with one of the starts, give or
// take the damage of two letters.
func beginsLike(line string, starts []string) bool {
	for _, s := range starts {
		for d := -2; d <= 2; d++ {
			if n := len(s) + d; n <= len(line) {
				if _, ok := within(line[:n], s, 2); ok {
					return true
				}
			}
		}
	}
	return false
}

// marks counts what shows that a text is a letter or a form at all: salutation,
// greeting, address, date, subject line, title in large type, labelled lines.
// An article or a title without any of these is no letter, whatever it speaks of.
func (l *letter) marks() int {
	var labels, salutations, greetings, dates, subjects, headings, receivers int
	for i := range l.lines {
		ln := &l.lines[i]
		if ln.page > 1 {
			break
		}
		start := fold(ln.text[:min(len(ln.text), 48)])
		switch {
		case salutation().MatchString(ln.text), beginsLike(start, salutationStarts):
			salutations = 1
		case greeting().MatchString(ln.text), beginsLike(start, greetingStarts):
			greetings = 1
		case placeDate().MatchString(ln.text), infoLine().MatchString(ln.text):
			dates = 1
		case subjectMark().MatchString(ln.text):
			subjects = 1
		case addressed().MatchString(ln.text):
			receivers = 1
		case labelLine().MatchString(ln.text) && ln.last-ln.first <= 10:
			labels++
		}
		if headings == 0 && ln.zone == zoneHeading && ln.height > 0 && l.large(ln) {
			headings = 1
		}
	}
	if len(addressBlocks(l.on(0))) > 0 {
		receivers++
	}
	return salutations + greetings + dates + subjects + headings + receivers + min(labels, 3)
}

// large reports whether a line is set larger than the text around it.
func (l *letter) large(ln *line) bool {
	lines := l.on(ln.page)
	for i := range lines {
		if o := &lines[i]; float64(ln.height) >= headingRatio*float64(o.height) && o.height > 0 {
			return true
		}
	}
	return false
}

// markAddress marks the block of the receiver: up to seven lines that end in a
// line with postcode and city, in the upper 40 per cent of the first page.
func markAddress(lines []line) {
	for _, b := range addressBlocks(lines) {
		for i := b.first; i <= b.last; i++ {
			if z := lines[i].zone; z == zoneBody || z == zoneTop {
				lines[i].zone = zoneAddress
			}
		}
	}
}

func markEnclosures(lines []line) {
	greeted := false
	for i := range lines {
		greeted = greeted || greeting().MatchString(lines[i].text)
		if !enclosures().MatchString(lines[i].text) {
			continue
		}
		for j := i; j < len(lines) && (greeted || j == i || together(lines[j-1], lines[j])); j++ {
			lines[j].zone = zoneEnclosure
		}
		if greeted {
			return
		}
	}
}

// markFinePrint marks from a title of small print to the next heading, the
// salutation or twenty lines on, and the paragraph of an untitled instruction
// on legal remedies.
func markFinePrint(lines []line) {
	for i := 0; i < len(lines); i++ {
		text := lines[i].text
		titled := finePrint().MatchString(text) && (lines[i].last-lines[i].first <= 6 || strings.Contains(text, ":"))
		joined := text
		if i+1 < len(lines) {
			joined += " " + lines[i+1].text
		}
		untitled := !titled && remedy().MatchString(joined)
		if !titled && !untitled {
			continue
		}
		lines[i].zone = zoneFinePrint
		for j := i + 1; j < len(lines) && j <= i+20; j++ {
			if lines[j].zone == zoneHeading && !finePrint().MatchString(lines[j].text) || salutation().MatchString(lines[j].text) ||
				greeting().MatchString(lines[j].text) || (untitled && !together(lines[j-1], lines[j])) {
				break
			}
			lines[j].zone = zoneFinePrint
			i = j
		}
	}
}
