package classify

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"blattwerk/pipeline"
)

// How sure the recognition of first pages has to be.
const (
	// offerFrom is the confidence in one page from which a person is asked at all.
	offerFrom = 0.9
	// beginFrom is the confidence from which a further page is part of the offer,
	// once it is made: a scan that holds two letters may well hold three.
	beginFrom = 0.5
	// beginPrior is the weight against a page's being the first of a letter before
	// anything is seen on it, in nats: one page in ninety, as most scans are one letter.
	beginPrior = -4.5
)

// side is one page as far as it tells whether a letter begins on it.
type side struct {
	page  pipeline.Page
	text  pipeline.PageText
	lines []line // as of a first page
	body  []line // without head and foot of the page
	no    int    // the number printed on it; 0 is none
	of    int    // how many there are, as printed; 0 is none
	salut bool
	greet bool
	refs  map[string]bool // long numbers on it
}

// evidence is what speaks for and against a page.
type evidence struct {
	score float64
	signs []weighed
}

type weighed struct {
	sign   pipeline.Sign
	weight float64
}

func (e *evidence) add(sign pipeline.Sign, weight float64) {
	e.score += weight
	if weight > 0 && sign != "" {
		e.signs = append(e.signs, weighed{sign, weight})
	}
}

// FirstPages looks which pages of a scan begin a further letter: a stack that was
// scanned without separators. nil is the usual answer: it is one letter. pages
// and texts are those of the document in order; blank pages have no words.
//
// Signs are weighed as cues are: a log-likelihood ratio in nats for each, estimated
// by hand, and their sum is the logarithm of the odds. What letters look like is
// DIN 5008: the address in the window, the block of references, subject, salutation;
// at the end the greeting; page numbers.
func (r *Room) FirstPages(pages []pipeline.Page, texts []pipeline.PageText) *pipeline.Cut {
	var open []side // pages of the letter that is open
	var begins []pipeline.Begin
	sure := false
	for i, p := range pages {
		s := sideOf(p, texts[i])
		if len(s.lines) == 0 {
			continue // a blank page belongs to what is before it
		}
		if len(open) > 0 {
			e := r.weighFirst(open, s)
			if confidence := 1 / (1 + math.Exp(-e.score)); confidence >= beginFrom {
				sure = sure || confidence >= offerFrom
				begins = append(begins, pipeline.Begin{Page: p.No, Confidence: round(confidence), Signs: e.strongest()})
				open = nil
			}
		}
		open = append(open, s)
	}
	if !sure {
		return nil
	}
	return &pipeline.Cut{Begins: begins}
}

func (e evidence) strongest() []pipeline.Sign {
	slices.SortStableFunc(e.signs, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	var out []pipeline.Sign
	for _, s := range e.signs {
		if !slices.Contains(out, s.sign) {
			out = append(out, s.sign)
		}
	}
	return out
}

// The share of a page's height that its head and foot take.
const (
	headShare = 0.09
	footShare = 0.91
)

func sideOf(p pipeline.Page, text pipeline.PageText) side {
	s := side{page: p, text: text, refs: map[string]bool{}}
	if p.Blank || len(text.Words) == 0 {
		return s
	}
	l := readLetter([]pipeline.PageText{text})
	s.lines = l.on(0)
	for _, ln := range s.lines {
		at := s.at(ln)
		if at > headShare && at < footShare {
			s.body = append(s.body, ln)
		}
		s.salut = s.salut || at < 0.8 && salutation().MatchString(ln.text)
		s.greet = s.greet || greeting().MatchString(ln.text)
	}
	for _, w := range text.Words {
		if n := digitsOf(w.Text); len(n) >= 6 {
			s.refs[n] = true
		}
	}
	s.no, s.of = printedNumber(s)
	return s
}

// at is where a line stands, as a share of the page's height.
func (s side) at(ln line) float64 {
	if s.text.Height == 0 {
		return 0.5
	}
	return float64(ln.box.Y0+ln.box.Y1) / 2 / float64(s.text.Height)
}

func digitsOf(word string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, word)
}

var (
	pageOf   = pattern(`(?i)(?:^|[^\pL])(?:seite|s\.|blatt|page)\s*:?\s*(\d{1,3})(?:\s*(?:von|/|of)\s*(\d{1,3}))?(?:\D|$)`)
	pageBare = pattern(`^[-–—.\s]*(\d{1,3})(?:\s*(?:/|von)\s*(\d{1,3}))?[-–—.\s]*$`)
	billLine = pattern(`(?i)^(rechnungs?|beleg|kunden|auftrags?|liefer)[\s.-]*(nummer|nr|datum)`)
	ownTitle = pattern(`(?i)^(rechnung|gutschrift|rechnungskorrektur|mahnung|zahlungserinnerung|angebot|lieferschein|bescheid|\pL*(an|ab)meldung|\pL*antrag|antrag auf .{3,60}|kündigung|widerspruch|einspruch|beschwerde)( \(?nr\.? ?\S+)?$`)
	annex    = pattern(`(?i)^(anlage|anhang|beilage|beiblatt|fortsetzung|zu\s+blatt|rückseite)\b`)
	goesOn   = pattern(`(?i)(^|\s)(\./\.|b\.\s?w\.|bitte\s+wenden|fortsetzung\s+(auf|folgt|nächste|seite).*|\.\.\.\s*/\s*\d+|-\s*\d{1,2}\s*-)$`)
)

// printedNumber is the page number that a page shows at its head or foot, or with
// the word for it anywhere in its upper half.
func printedNumber(s side) (no, of int) {
	for _, ln := range s.lines {
		at := s.at(ln)
		m := pageOf().FindStringSubmatch(ln.text)
		if m != nil && len(ln.text) > 90 {
			m = nil // "see page 3" in running text
		}
		if m == nil || at > 0.5 && at < 0.85 {
			if m = pageBare().FindStringSubmatch(ln.text); m == nil || at > headShare && at < footShare {
				continue
			}
			if m[2] == "" && !strings.ContainsAny(ln.text, "-–—") {
				// A number alone may be anything: it only counts as a later page.
				if n, _ := strconv.Atoi(m[1]); n < 2 || n > 40 || no > 0 {
					continue
				}
			}
		}
		n, _ := strconv.Atoi(m[1])
		total, _ := strconv.Atoi(m[2])
		if n == 0 || total > 0 && n > total {
			continue
		}
		if no == 0 || total > 0 && of == 0 {
			no, of = n, total
		}
	}
	return no, of
}

// weighFirst weighs whether a page begins a letter, behind the pages of the letter
// that is open.
func (r *Room) weighFirst(open []side, s side) evidence {
	last := open[len(open)-1]
	e := evidence{score: beginPrior}
	r.weighHead(&e, s)
	weighNumbers(&e, last, s)
	weighFlow(&e, open, s)
	weighLook(&e, last, s)
	return e
}

// weighHead weighs what a letter has at its beginning.
func (r *Room) weighHead(e *evidence, s side) {
	window, elsewhere, own := false, false, false
	for _, b := range addressBlocks(s.lines) {
		lines := s.lines[b.first : b.last+1]
		if s.at(lines[0]) > 0.42 {
			continue
		}
		own = own || r.town.ownBlock(lines)
		switch {
		case b.last-b.first >= 1 && inWindow(lines[0], s.text):
			window = true
		case b.last-b.first >= 2 || b.first == b.last && strings.ContainsAny(lines[0].text, ",·•|") && s.at(lines[0]) < 0.3:
			elsewhere = true
		}
	}
	switch {
	case window:
		e.add(pipeline.SignAddress, 2.5)
	case elsewhere:
		e.add(pipeline.SignAddress, 1.5)
	}
	if own {
		e.add(pipeline.SignTown, 1)
	}
	if s.salut {
		e.add(pipeline.SignSalutation, 3)
	}
	date, subject, info := false, false, 0
	for _, ln := range s.lines {
		at := s.at(ln)
		if at > 0.5 {
			continue
		}
		date = date || placeDate().MatchString(ln.text) || dateMark().MatchString(ln.text) || strings.EqualFold(strings.Trim(ln.text, ": "), "datum")
		subject = subject || subjectMark().MatchString(ln.text)
		if infoLine().MatchString(ln.text) || billLine().MatchString(ln.text) {
			info++
		}
	}
	if date {
		e.add(pipeline.SignDate, 1)
	}
	if subject || info >= 2 {
		e.add(pipeline.SignSubject, 1)
	}
	if s.titled() {
		e.add(pipeline.SignTitle, 1.2)
	}
}

// titled reports whether the largest type of the page stands at its head, or a line
// that is the title of what people send.
func (s side) titled() bool {
	var heights []int
	for _, ln := range s.lines {
		if s.at(ln) < 0.4 && ownTitle().MatchString(strings.TrimRight(ln.text, " .:")) {
			return true
		}
	}
	for _, ln := range s.lines {
		if ln.height > 0 {
			heights = append(heights, ln.height)
		}
	}
	if len(heights) < 5 {
		return false
	}
	slices.Sort(heights)
	median := heights[len(heights)/2]
	for _, ln := range s.lines {
		letters := strings.IndexFunc(ln.text, unicode.IsLetter) >= 0 && len(ln.text) >= 5
		if letters && s.at(ln) < 0.3 && float64(ln.height) >= 1.6*float64(median) && ln.height >= heights[len(heights)-1]*3/4 {
			return true
		}
	}
	return false
}

// weighNumbers weighs the page numbers.
func weighNumbers(e *evidence, last, s side) {
	switch {
	case s.no == 1:
		e.add(pipeline.SignOne, 2.5)
	case s.no > 1 && last.no > 0 && s.no == last.no+1:
		e.add("", -6)
	case s.no > 1:
		e.add("", -4.5)
	case last.of > 0 && last.no < last.of:
		e.add("", -2.5)
	}
	if last.of > 1 && last.no == last.of {
		e.add(pipeline.SignEnded, 2)
	}
}

// weighFlow weighs how the text goes on from the page before.
func weighFlow(e *evidence, open []side, s side) {
	last := open[len(open)-1]
	if last.greet {
		e.add(pipeline.SignEnded, 1.2)
	}
	if s.greet && !s.salut && !slices.ContainsFunc(open, func(o side) bool { return o.greet }) {
		e.add("", -1.5) // the end of the letter that is open
	}
	if len(s.lines) > 0 {
		for _, ln := range s.lines[:min(3, len(s.lines))] {
			if annex().MatchString(ln.text) {
				e.add("", -3.5)
				break
			}
		}
	}
	if len(last.lines) > 0 && goesOn().MatchString(last.lines[len(last.lines)-1].text) {
		e.add("", -2)
	}
	if len(last.body) > 0 && len(s.body) > 0 {
		first, end := s.body[0].text, strings.TrimSpace(last.body[len(last.body)-1].text)
		lower := strings.IndexFunc(first, unicode.IsLower) == 0
		broken := end != "" && strings.HasSuffix(end, "-")
		switch {
		case lower && broken:
			e.add("", -4)
		case lower, broken:
			e.add("", -1.5)
		}
	}
	for _, o := range open {
		for n := range s.refs {
			if o.refs[n] {
				e.add("", -1.5)
				return
			}
		}
	}
}

// weighLook weighs letterhead, footer and paper against the page before.
func weighLook(e *evidence, last, s side) {
	same := func(part func(float64) bool) bool {
		for _, a := range last.lines {
			if !part(last.at(a)) || len(a.text) < 8 {
				continue
			}
			for _, b := range s.lines {
				if part(s.at(b)) && len(b.text) >= 8 && sameLine(a.text, b.text) {
					return true
				}
			}
		}
		return false
	}
	head := same(func(at float64) bool { return at < 0.12 })
	foot := same(func(at float64) bool { return at > 0.88 })
	switch {
	case head:
		e.add("", -1.5)
	case foot:
		e.add("", -0.7)
	default:
		e.add(pipeline.SignHead, 0.3)
	}
	if otherPaper(last.page, s.page) {
		e.add(pipeline.SignPaper, 0.5)
	}
}

// sameLine reports whether two lines say the same but for their numbers.
func sameLine(a, b string) bool {
	strip := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) || unicode.IsSpace(r) {
				return -1
			}
			return r
		}, s)
	}
	a, b = fold(strip(a)), fold(strip(b))
	if len(a) < 6 || len(b) < 6 {
		return false
	}
	_, ok := within(a, b, min(2, len(a)/10))
	return ok
}

// otherPaper reports whether two sheets differ by more than a centimetre or a
// scanner's choice of colour.
func otherPaper(a, b pipeline.Page) bool {
	const centimetre = 28.35
	if a.WidthPt > 0 && b.WidthPt > 0 && (math.Abs(a.WidthPt-b.WidthPt) > centimetre || math.Abs(a.HeightPt-b.HeightPt) > centimetre) {
		return true
	}
	return a.Image.Model != "" && b.Image.Model != "" && a.Image.Model != b.Image.Model
}
