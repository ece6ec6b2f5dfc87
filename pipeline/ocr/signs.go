package ocr

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"blattwerk/pipeline"
)

// Two signs that German offices use every day the engine gets wrong: the German model
// knows no § (the English one does), and none of the two knows ² and ³, so that m² is read as m?
// or m2 and § 15 as 8 15, and it is sure of that. Where a sign stands tells what it is:
// an eight never reaches below the number after it, § always does; a power stands
// raised. Nothing is mended of which the picture does not show this, and which number a
// power is the engine is asked once more, of all powers of a page as one line.
const (
	signMargin  = 2     // pixels about a word, for marks that reach out of its box
	leastMark   = 0.25  // height of a mark, of the word's; less is a dot or dirt
	lowerBy     = 0.075 // heights of § by which it stands lower than a number; measured 0.10 to 0.22, eights 0 to 0.05
	tallerBy    = 1.06  // times as high as a number
	raisedBy    = 0.3   // heights of an m by which a power stands above the line; measured 0.45 to 0.65
	leastRaised = 0.5   // its height, of an m's; inverted commas and degrees are smaller
	mostRaised  = 1.1
	signHigh    = 30 // pixels: height of the powers on the line that is read
	signApart   = 10 // pixels
	signEdge    = 20 // pixels about the line
	mostSigns   = 60 // on one line
)

var (
	eights  = regexp.MustCompile(`^(\(?)(8{1,2})$`)
	number  = regexp.MustCompile(`^\d`)
	fused   = regexp.MustCompile(`^8\d{1,3}[a-z]?[.,]?$`)
	squared = regexp.MustCompile(`^([(]?[\d.,]*[kcdm]?m)([2-9?*"'°®])([.,;:)]*)$`)
)

// withSigns mends § and the powers of a metre in the words of a prepared page.
func (r *reader) withSigns(p *prepared, call readCall, words []pipeline.Word) ([]pipeline.Word, error) {
	words = withParagraphs(words, p.page.marks)
	var at []int
	var raised []image.Rectangle
	for i, w := range words {
		if !squared.MatchString(w.Text) {
			continue
		}
		if m, ok := power(p.page.marks(w)); ok {
			at, raised = append(at, i), append(raised, m)
		}
	}
	for len(at) > 0 {
		n := min(len(at), mostSigns)
		said, err := r.readLine(p, call, raised[:n])
		if err != nil {
			return nil, fmt.Errorf("reading powers: %w", err)
		}
		for i, digit := range []rune(said) {
			w := &words[at[i]]
			if sign := map[rune]string{'2': "²", '3': "³"}[digit]; sign != "" {
				w.Text = squared.ReplaceAllString(w.Text, "${1}"+sign+"${3}")
			}
		}
		at, raised = at[n:], raised[n:]
	}
	return words, nil
}

// readLine sets marks of a page on one line and reads them; "" if it was not read
// as one character for each.
func (r *reader) readLine(p *prepared, call readCall, marks []image.Rectangle) (string, error) {
	line, err := p.page.lineOf(marks)
	if err != nil {
		return "", err
	}
	defer line.close()
	words, err := r.look(&r.engines.main, line, call, lineDPI, oneLine)
	if err != nil {
		return "", err
	}
	var said strings.Builder
	for _, w := range words {
		said.WriteString(w.Text)
	}
	if utf8.RuneCountInString(said.String()) != len(marks) {
		return "", nil
	}
	return said.String(), nil
}

// lineDPI is the resolution at which digits of the height of those on the line have 10 points.
const lineDPI = 300

// lineOf sets marks side by side on white, all of one height.
func (p *pix) lineOf(marks []image.Rectangle) (*pix, error) {
	wide := func(m image.Rectangle) int {
		return max(int(math.Round(float64(m.Dx())*signHigh/float64(m.Dy()))), 1)
	}
	width := 2 * signEdge
	for _, m := range marks {
		width += wide(m) + signApart
	}
	line, err := white(width, signHigh+2*signEdge)
	if err != nil {
		return nil, err
	}
	x := signEdge
	for _, m := range marks {
		part, err := p.cut(m)
		if err == nil {
			err = part.replace(part.scaled(wide(m), signHigh))
			if err == nil {
				line.paste(part, image.Pt(x, signEdge))
			}
			part.close()
		}
		if err != nil {
			line.close()
			return nil, err
		}
		x += wide(m) + signApart
	}
	return line, nil
}

// marks gives the connected marks of a word that may be letters, from left to right;
// none where the picture does not tell.
func (p *pix) marks(w pipeline.Word) []image.Rectangle {
	frame := frameOf(w)
	frame = image.Rect(frame.Min.X, frame.Min.Y-signMargin, frame.Max.X, frame.Max.Y+signMargin).Intersect(image.Rect(0, 0, p.width(), p.height()))
	if frame.Empty() {
		return nil
	}
	part, err := p.cut(frame)
	if err != nil {
		return nil
	}
	defer part.close()
	ink, err := part.dark(darkPrint)
	if err != nil {
		return nil
	}
	defer ink.close()
	var marks []image.Rectangle
	for _, m := range ink.parts() {
		if float64(m.Dy()) >= leastMark*float64(frame.Dy()) {
			marks = append(marks, m.Add(frame.Min))
		}
	}
	slices.SortFunc(marks, func(a, b image.Rectangle) int { return cmp.Compare(a.Min.X, b.Min.X) })
	return marks
}

// power finds the one mark that stands raised behind an m.
func power(marks []image.Rectangle) (raised image.Rectangle, ok bool) {
	if len(marks) < 2 {
		return image.Rectangle{}, false
	}
	m := slices.MaxFunc(marks, func(a, b image.Rectangle) int { return cmp.Compare(a.Dx(), b.Dx()) })
	high := float64(m.Dy())
	for _, g := range marks {
		if g.Min.X < m.Max.X || float64(m.Max.Y-g.Max.Y) < raisedBy*high {
			continue
		}
		if ok || float64(g.Dy()) < leastRaised*high || float64(g.Dy()) > mostRaised*high || g.Min.X-m.Max.X > m.Dx()/2 {
			return image.Rectangle{}, false
		}
		raised, ok = g, true
	}
	return raised, ok
}

// withParagraphs mends § that were read as eights: alone before a number, or fused with it.
func withParagraphs(words []pipeline.Word, marksOf func(pipeline.Word) []image.Rectangle) []pipeline.Word {
	var out []pipeline.Word
	for i, w := range words {
		switch {
		case i+1 < len(words) && words[i+1].Line == w.Line && eights.MatchString(w.Text) && number.MatchString(words[i+1].Text):
			signs, after := marksOf(w), marksOf(words[i+1])
			said := eights.FindStringSubmatch(w.Text)
			if len(signs) == utf8.RuneCountInString(w.Text) && len(after) > 0 && paragraphs(signs[len(said[1]):], after[0]) {
				w.Text = said[1] + strings.Repeat("§", len(said[2]))
			}
		case fused.MatchString(w.Text):
			if marks := marksOf(w); len(marks) == len(strings.TrimRight(w.Text, ".,")) && paragraphs(marks[:1], marks[1]) {
				sign := w
				sign.Text, sign.Box.X1 = "§", marks[0].Max.X
				out = append(out, sign)
				w.Text, w.Box.X0 = w.Text[1:], marks[1].Min.X
			}
		}
		out = append(out, w)
	}
	return out
}

// paragraphs says whether signs are taller than a digit after them and stand lower.
func paragraphs(signs []image.Rectangle, digit image.Rectangle) bool {
	for _, s := range signs {
		high := float64(s.Dy())
		if high < tallerBy*float64(digit.Dy()) || float64(s.Max.Y-digit.Max.Y) < lowerBy*high {
			return false
		}
	}
	return len(signs) > 0
}
