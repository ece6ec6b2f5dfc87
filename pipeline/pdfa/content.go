package pdfa

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"

	"blattwerk/pipeline"
)

// matrix is a PDF transformation [a b c d e f] (ISO 32000-1, 8.3.4).
type matrix [6]float64

func (m matrix) String() string {
	parts := make([]string, len(m))
	for i, v := range m {
		parts[i] = number(v)
	}
	return strings.Join(parts, " ")
}

// contentFrame is the upright, straightened page: how many pixels the boxes of
// its words count and how large it is on paper.
type contentFrame struct {
	Width, Height     float64 // pixels
	WidthPt, HeightPt float64
}

// point carries a place of the frame (pixels, y down) to the page (points, y up).
func (f contentFrame) point(x, y float64) (float64, float64) {
	return x * f.WidthPt / f.Width, f.HeightPt - y*f.HeightPt/f.Height
}

// placement is the matrix that puts a picture on the page: turned clockwise by
// turn (0, 90, 180, 270 degrees), then rotated clockwise about the centre of the
// frame by skew degrees. The rotation happens in the pixels of the frame, as
// recognition sees them; with pixels that are not square it is a slight shear on
// the page. What leaves the page at its corners is not shown but stays in the
// file.
func (f contentFrame) placement(turn int, skew float64) matrix {
	sin, cos := math.Sincos(skew * math.Pi / 180)
	at := func(x, y float64) (float64, float64) { // of PDF's unit square, y up
		u, v := x, 1-y
		switch turn {
		case 90:
			u, v = 1-v, u
		case 180:
			u, v = 1-u, 1-v
		case 270:
			u, v = v, 1-u
		}
		dx, dy := (u-0.5)*f.Width, (v-0.5)*f.Height
		return f.point(f.Width/2+dx*cos-dy*sin, f.Height/2+dx*sin+dy*cos)
	}
	x0, y0 := at(0, 0)
	x1, y1 := at(1, 0)
	x2, y2 := at(0, 1)
	return matrix{x1 - x0, y1 - y0, x2 - x0, y2 - y0, x0, y0}
}

// contentImage draws a picture. To readers of tags it is decoration: its meaning
// is in the text.
func contentImage(b *bytes.Buffer, m matrix, name string) {
	fmt.Fprintf(b, "/Artifact BMC\nq\n%s cm\n/%s Do\nQ\nEMC\n", m, name)
}

// errTooManyCharacters says that a file uses more different characters than a
// font can have.
var errTooManyCharacters = fmt.Errorf("more than %d different characters", maxCodes)

// contentText writes the words of a page as invisible text in the font /name,
// each at the place and width of its ink, in the order given. Every paragraph is
// marked for the tags, from MCID 0; it returns how many there are.
//
// Each line has its matrix (Tm), each word is moved to (Td) and stretched (Tz).
// A space as wide as the gap stands between the words of a line and one more at
// its end, so that readers that go by characters alone find the words too.
func contentText(b *bytes.Buffer, codes *fontCodes, name string, text *pipeline.PageText, frame contentFrame) (paragraphs int, err error) {
	t := contentWriter{b: b, codes: codes, frame: frame}
	t.space, _ = codes.of(' ')
	words := t.plain(text.Words)
	for len(words) > 0 {
		par := prefix(words, func(a, b contentWord) bool { return a.par == b.par })
		words = words[len(par):]
		fmt.Fprintf(b, "/P <</MCID %d>> BDC\nBT\n3 Tr\n", paragraphs)
		t.size = 0
		for len(par) > 0 {
			line := prefix(par, func(a, b contentWord) bool { return a.line == b.line })
			par = par[len(line):]
			t.line(name, line)
		}
		b.WriteString("ET\nEMC\n")
		paragraphs++
	}
	return paragraphs, t.err
}

// prefix is the longest start of s whose members are alike.
func prefix(s []contentWord, alike func(a, b contentWord) bool) []contentWord {
	n := 1
	for n < len(s) && alike(s[0], s[n]) {
		n++
	}
	return s[:n]
}

// contentWord is a word in points of the page.
type contentWord struct {
	runes     []rune // in the order they stand on the paper, left to right
	x0, x1    float64
	top, base float64
	par, line int
}

type contentWriter struct {
	b     *bytes.Buffer
	codes *fontCodes
	frame contentFrame
	space uint16
	size  float64 // font size in force, points; 0 is none
	x, y  float64 // start of the line in force, points
	err   error
}

// plain brings words into the form to write and leaves out those of which
// nothing remains.
func (t *contentWriter) plain(words []pipeline.Word) []contentWord {
	out := make([]contentWord, 0, len(words))
	for _, w := range words {
		runes := visualOrder(plainText(w.Text))
		if len(runes) == 0 {
			continue
		}
		x0, x1 := inside(w.Box.X0, w.Box.X1, t.frame.Width)
		y0, y1 := inside(w.Box.Y0, w.Box.Y1, t.frame.Height)
		base := float64(w.Base)
		if base <= y0 || base > y1 {
			base = y1 // no sane baseline: words without descenders stand on their lower edge
		}
		c := contentWord{runes: runes, par: w.Par, line: w.Line}
		c.x0, c.top = t.frame.point(x0, y0)
		c.x1, c.base = t.frame.point(x1, base)
		out = append(out, c)
	}
	return out
}

// inside moves a span of pixels into the frame, as readers drop what lies outside
// of the page, and makes it one pixel long at least.
func inside(from, to int, size float64) (float64, float64) {
	length := min(max(float64(to)-float64(from), 1), size)
	start := min(max(float64(from), 0), size-length)
	return start, start + length
}

// Shape of the invisible text in parts of its font size.
const (
	capHeight   = 0.75 // of the ink above the baseline of a line with tall letters
	minGap      = 0.2  // between words: poppler joins words that are closer than 0.15
	endSpace    = 0.25 // width of the space at the end of a line
	levelSlope  = 0.03 // lines up to this slope count as level
	minFontSize = 0.5  // points
)

// line writes the words of one line.
func (t *contentWriter) line(name string, words []contentWord) {
	size := max(lineSize(words), minFontSize)
	if size != t.size {
		fmt.Fprintf(t.b, "/%s %s Tf\n", name, number(size))
		t.size = size
	}
	bases := lineBases(words)
	t.x, t.y = round4(words[0].x0), round4(bases[0])
	fmt.Fprintf(t.b, "1 0 0 1 %s %s Tm\n", number(t.x), number(t.y))
	for i, w := range words {
		if i > 0 {
			t.move(w.x0, bases[i])
		}
		if i == len(words)-1 {
			t.show(w.runes, w.x1-w.x0)
			t.show([]rune{' '}, endSpace*size)
			break
		}
		next, end := words[i+1], w.x1
		if next.x0 > w.x0 {
			end = max(min(end, next.x0-minGap*size), w.x0+0.01*size)
		}
		t.show(w.runes, end-w.x0)
		switch {
		case next.x0 > end:
			t.show([]rune{' '}, next.x0-end)
		case next.x1 < w.x0: // the next word stands to the left, as in Hebrew
			t.move(next.x1, bases[i])
			t.show([]rune{' '}, w.x0-next.x1)
		default:
			t.show([]rune{' '}, 0.01*size)
		}
	}
}

// move brings the start of the line to a point of the page. It goes by what was
// written so far, so that rounding does not add up.
func (t *contentWriter) move(x, y float64) {
	dx, dy := round4(x-t.x), round4(y-t.y)
	fmt.Fprintf(t.b, "%s %s Td\n", number(dx), number(dy))
	t.x, t.y = round4(t.x+dx), round4(t.y+dy)
}

// show writes characters of a total width in points.
func (t *contentWriter) show(runes []rune, width float64) {
	natural := float64(len(runes)) * fontWidth / 1000 * t.size
	fmt.Fprintf(t.b, "%s Tz <", number(max(100*width/natural, 0.01)))
	for _, r := range runes {
		code, ok := t.codes.of(r)
		if !ok {
			t.err = errTooManyCharacters
			return
		}
		fmt.Fprintf(t.b, "%04X", code)
	}
	t.b.WriteString("> Tj\n")
}

// lineBases gives the baseline of each word of a line, in points: the same one
// if the line is about level, which readers order best, else the word's own. The
// words of a sloping line stand like stairs: poppler takes a word apart whose
// letters do not stand on one level.
func lineBases(words []contentWord) []float64 {
	bases := make([]float64, len(words))
	for i, w := range words {
		bases[i] = w.base
	}
	first, last := words[0], words[len(words)-1]
	if math.Abs(last.base-first.base) > levelSlope*math.Abs(last.x0-first.x0) && len(words) > 1 {
		return bases
	}
	slices.Sort(bases)
	median := bases[len(bases)/2]
	for i := range bases {
		bases[i] = median
	}
	return bases
}

// lineSize is the font size of a line in points: from the taller ones among its
// words, as short ones may have no tall letter, but small enough that words whose
// boxes touch or overlap still count as two: readers measure gaps by the size.
func lineSize(words []contentWord) float64 {
	heights := make([]float64, len(words))
	for i, w := range words {
		heights[i] = w.top - w.base
	}
	slices.Sort(heights)
	size := heights[len(heights)*3/4] / capHeight
	for i := range len(words) - 1 {
		step := words[i+1].x0 - words[i].x0
		if step <= 0 { // one over the other, or the next to the left
			step = words[i].x1 - words[i+1].x0
		}
		size = min(size, step/(2*minGap))
	}
	return round4(size)
}

func round4(f float64) float64 { return math.Round(f*1e4) / 1e4 }

// plainText leaves out what may not or need not stand in a text layer: control
// characters, marks that only steer the direction of writing (the order on the
// paper says it already), and what is no character at all (ISO 19005-2,
// 6.2.11.7.2). Characters of private use mean nothing to a reader in thirty
// years; they become U+FFFD, so that it shows that something stood there.
func plainText(s string) string {
	s = strings.ToValidUTF8(s, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || unicode.Is(unicode.Z, r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\ufeff',
			unicode.Is(unicode.Noncharacter_Code_Point, r):
			return -1
		case unicode.Is(unicode.Co, r):
			return utf8.RuneError
		}
		return r
	}, s)
}

// visualOrder gives the characters of a word from left to right. PDF readers
// expect Hebrew and Arabic as they stand on the paper and put them back into the
// order of reading themselves.
func visualOrder(s string) []rune {
	s = strings.TrimSpace(s)
	rtl := strings.ContainsFunc(s, func(r rune) bool {
		p, _ := bidi.LookupRune(r)
		return p.Class() == bidi.R || p.Class() == bidi.AL
	})
	if !rtl {
		return []rune(s)
	}
	var p bidi.Paragraph
	if _, err := p.SetString(s); err != nil {
		return []rune(s)
	}
	order, err := p.Order()
	if err != nil {
		return []rune(s)
	}
	var out []rune
	for i := range order.NumRuns() {
		run := order.Run(i)
		runes := []rune(run.String())
		if run.Direction() == bidi.RightToLeft {
			slices.Reverse(runes)
		}
		out = append(out, runes...)
	}
	return out
}
