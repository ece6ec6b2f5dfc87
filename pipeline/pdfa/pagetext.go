package pdfa

import (
	"bufio"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"blattwerk/pipeline"
)

// ownWord is a word of a page's own text; the box is in points from the top left
// corner of the displayed page.
type ownWord struct {
	text                   string
	x0, y0, x1, y1         float64
	block, paragraph, line int
}

// ownPage is a page as pdftotext sees it.
type ownPage struct {
	width, height float64 // points; pdftotext does not apply UserUnit
	words         []ownWord
}

// ownText reads the text that the file itself carries, page by page. A page that
// pdftotext cannot finish ends the list early.
func (r *Room) ownText(ctx context.Context, s *stage, path string, pages int, layout bool) ([]ownPage, error) {
	out, err := os.CreateTemp(s.dir, "text-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	mode := "-bbox"
	if layout {
		mode = "-bbox-layout"
	}
	deadline := r.cfg.Deadline + time.Duration(pages)*time.Second
	if err := r.run(ctx, r.pdftotext(), deadline, out, mode, "-cropbox", "-enc", "UTF-8", "-q", path, "-"); err != nil {
		return nil, err
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var own []ownPage
	err = parseBBox(out, func(p ownPage) { own = append(own, p) })
	if err != nil {
		return own, fmt.Errorf("%w: reading pdftotext's answer: %w", errProgram, err)
	}
	return own, nil
}

// parseBBox reads what `pdftotext -bbox` and `-bbox-layout` write. Each page is
// handed to visit as soon as it is complete.
func parseBBox(r io.Reader, visit func(ownPage)) error {
	d := xml.NewDecoder(&cleaner{r: bufio.NewReaderSize(r, 1<<16)})
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var page *ownPage
	var word *ownWord
	block, line := -1, -1
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "page":
				n := attributes(t, "width", "height")
				page, block, line = &ownPage{width: n[0], height: n[1]}, -1, -1
			case "block":
				block++
			case "line":
				line++
			case "word":
				n := attributes(t, "xMin", "yMin", "xMax", "yMax")
				word = &ownWord{x0: n[0], y0: n[1], x1: n[2], y1: n[3],
					block: max(block, 0), paragraph: max(block, 0), line: max(line, 0)}
			}
		case xml.CharData:
			if word != nil {
				word.text += string(t)
			}
		case xml.EndElement:
			switch {
			case t.Name.Local == "word" && word != nil:
				if page != nil && strings.TrimSpace(word.text) != "" {
					page.words = append(page.words, *word)
				}
				word = nil
			case t.Name.Local == "page" && page != nil:
				visit(*page)
				page = nil
			}
		}
	}
}

// attributes reads numbers; one that is missing or senseless is 0.
func attributes(t xml.StartElement, names ...string) []float64 {
	out := make([]float64, len(names))
	for i, n := range names {
		for _, a := range t.Attr {
			if a.Name.Local == n {
				v, err := strconv.ParseFloat(a.Value, 64)
				if err == nil && math.Abs(v) < 1e7 {
					out[i] = v
				}
			}
		}
	}
	return out
}

// cleaner replaces what XML does not allow: pdftotext copies control characters
// and halves of surrogates from broken fonts.
type cleaner struct {
	r    *bufio.Reader
	left []byte
}

func (c *cleaner) Read(p []byte) (int, error) {
	if len(c.left) > 0 {
		n := copy(p, c.left)
		c.left = c.left[n:]
		return n, nil
	}
	buf := make([]byte, 0, 4096)
	for len(buf) < cap(buf)-utf8.UTFMax {
		v, _, err := c.r.ReadRune()
		if err != nil {
			if len(buf) == 0 {
				return 0, err
			}
			break
		}
		if (v < 0x20 && v != '\t' && v != '\n' && v != '\r') || v == 0xFFFE || v == 0xFFFF {
			v = utf8.RuneError
		}
		buf = utf8.AppendRune(buf, v)
		if c.r.Buffered() == 0 {
			break
		}
	}
	n := copy(p, buf)
	c.left = buf[n:]
	return n, nil
}

// pageText turns a page's own words into pixels of a frame of w by h.
func (p ownPage) pageText(w, h int, dpi float64) pipeline.PageText {
	out := pipeline.PageText{Width: w, Height: h, DPI: dpi, Words: make([]pipeline.Word, 0, len(p.words))}
	if p.width <= 0 || p.height <= 0 {
		return out
	}
	fx, fy := float64(w)/p.width, float64(h)/p.height
	at := func(v, f float64, most int) int { return min(max(int(math.Round(v*f)), 0), most) }
	for _, o := range p.words {
		b := pipeline.Box{X0: at(o.x0, fx, w), Y0: at(o.y0, fy, h), X1: at(o.x1, fx, w), Y1: at(o.y1, fy, h)}
		if b.X1 <= b.X0 || b.Y1 <= b.Y0 {
			if b.X0 >= w || b.Y0 >= h || o.x1 < 0 || o.y1 < 0 {
				continue // beside the page: nobody sees it
			}
			b.X1, b.Y1 = max(b.X1, b.X0+1), max(b.Y1, b.Y0+1)
		}
		out.Words = append(out.Words, pipeline.Word{
			Text: strings.TrimSpace(o.text), Box: b, Conf: 1, Block: o.block, Par: o.paragraph, Line: o.line,
			Base: b.Y1 - (b.Y1-b.Y0)/5, // descenders take about a fifth of a font's height
		})
	}
	return out
}

// Thresholds of good text, set on the sample of documents in the tests: sane
// documents stay far from them, fonts without a map to Unicode far beyond.
const (
	maxForeignRunes = 0.02 // share of replaced, private and unassigned characters
	minPlausible    = 0.6  // share of words shaped like words
	minVowels       = 0.18 // of Latin letters; German has 0.38
	maxVowels       = 0.70
)

// good says whether words look like text that a person wrote, and not like the
// codes of a font whose map to Unicode is missing or wrong.
func good(words []ownWord) bool {
	runes, strange, letters, vowels, plausible, counted := 0, 0, 0, 0, 0, 0
	for _, w := range words {
		for _, r := range w.text {
			runes++
			switch {
			case r == utf8.RuneError || unicode.Is(unicode.Co, r) || unicode.IsControl(r) || !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cf):
				strange++
			case unicode.Is(unicode.Latin, r):
				letters++
				if isVowel(r) {
					vowels++
				}
			}
		}
		if utf8.RuneCountInString(w.text) > 1 {
			counted++
			if wordlike(w.text) {
				plausible++
			}
		}
	}
	switch {
	case runes == 0:
		return false
	case float64(strange) > maxForeignRunes*float64(runes):
		return false
	case counted >= 5 && float64(plausible) < minPlausible*float64(counted):
		return false
	case letters >= 40:
		v := float64(vowels) / float64(letters)
		return v >= minVowels && v <= maxVowels
	}
	return true
}

func isVowel(r rune) bool {
	return strings.ContainsRune("aeiouyäöüàáâãåæèéêëìíîïòóôõøœùúûýÿ", unicode.ToLower(r))
}

// wordlike says whether a word has a shape that occurs in writing: letters in
// one case pattern, or a number with its signs, or a few signs alone.
func wordlike(w string) bool {
	core := strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) })
	if core == "" {
		return fewSigns(w)
	}
	letters, digits, changes := 0, 0, 0
	var last rune
	for _, r := range core {
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r):
			letters++
			if unicode.IsDigit(last) || unicode.IsLower(last) && unicode.IsUpper(r) {
				changes++
			}
		case unicode.IsDigit(r):
			digits++
			if unicode.IsLetter(last) {
				changes++
			}
		case !strings.ContainsRune("-–.,/':’·&@_+§%*()=#?~€", r) && !unicode.Is(unicode.Cf, r):
			return false
		}
		last = r
	}
	switch {
	case letters == 0:
		return true // a number, a date, an amount
	case digits == 0:
		return changes <= 1
	}
	return changes <= 2 // "B12", "2u", "A4-Blatt"
}

// fewSigns says whether signs alone make sense: "-", "§§", "......".
func fewSigns(w string) bool {
	seen := map[rune]bool{}
	for _, r := range w {
		if r == utf8.RuneError || unicode.Is(unicode.Co, r) {
			return false
		}
		seen[r] = true
	}
	return len(seen) <= 2
}
