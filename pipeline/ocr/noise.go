package ocr

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"blattwerk/pipeline"
)

// The engine reads signatures, the strokes of plans and the dots that lead to page
// numbers as letters. It is unsure of them, but of small print on bad paper, too: what
// it is unsure of is left out only where no letter has such a shape or stands so.
// Sizes are heights of a usual line, confidences the engine's.
const (
	tallest    = 2.0 // higher than large print, if unsure: a signature
	tallConf   = 0.4
	towering   = 2.5 // higher still, if it is few letters: the engine is surer of a signature, but never as sure as of large print
	towerConf  = 0.6
	towerLen   = 4
	tiniest    = 0.14 // width and height; a full stop of the smallest print has 0.15 and more
	tinyConf   = 0.75
	flattest   = 0.3 // lower than a small letter: dots, a rule
	flatConf   = 0.5
	narrow     = 0.4 // width of a stroke, of its own height
	strokeConf = 0.6 // mean of a line of strokes
	rasterConf = 0.9 // the best of a line of single letters, none of them sure
	rasterLen  = 4   // letters in such a line
	rasterBars = 0.6 // share of them that are strokes; boxes with a letter each have as many bars as letters
	slim       = 0.5 // width up to which a letter may be a piece of a drawn line; digits have 0.55
	slimShare  = 0.7 // of a line, where the engine is unsure of all of it
	slimBest   = 0.8 // the best of such a line
	slimConf   = 0.7 // its mean
	dashWidth  = 0.25
	dashHeight = 0.5
	dashOff    = 0.15 // by which the dashes of a line that runs down the page are off it at most
	fewDashes  = 4
)

// withoutNoise leaves out what is no print, and takes dots for dots.
func withoutNoise(words []pipeline.Word) []pipeline.Word {
	unit := lineHeight(words)
	words = withoutDashes(words, unit)
	out := make([]pipeline.Word, 0, len(words))
	for i := 0; i < len(words); {
		j := i
		for j < len(words) && words[j].Line == words[i].Line && words[j].Block == words[i].Block {
			j++
		}
		line := words[i:j]
		i = j
		if drawn(line, unit) {
			continue
		}
		for _, w := range line {
			switch {
			case tall(w, unit), tiny(w, unit):
				continue
			case flat(w, unit):
				w.Text = strings.Repeat(".", len([]rune(w.Text)))
			}
			out = append(out, w)
		}
	}
	return out
}

// tall says whether a word is higher than print of which the engine was so unsure, or
// than any sign that is no letter, bracket or bar.
func tall(w pipeline.Word, unit float64) bool {
	high := float64(w.Box.Y1 - w.Box.Y0)
	towers := unit > 0 && high > towering*unit // 0: a page without a usual line
	return w.Conf < tallConf && high > tallest*unit ||
		towers && w.Conf < towerConf && len([]rune(w.Text)) <= towerLen ||
		towers && strings.Trim(w.Text, "~-—–_=.,:;'`´^*°") == ""
}

// tiny says whether a word is a speck.
func tiny(w pipeline.Word, unit float64) bool {
	return w.Conf < tinyConf && float64(max(w.Box.X1-w.Box.X0, w.Box.Y1-w.Box.Y0)) <= tiniest*unit
}

// flat says whether a word is said to have letters, but is lower than any.
func flat(w pipeline.Word, unit float64) bool {
	return w.Conf < flatConf && float64(w.Box.Y1-w.Box.Y0) < flattest*unit && strings.ContainsFunc(w.Text, alphanumeric)
}

// drawn says whether a line is strokes of a drawing: bars alone, or single letters
// that the engine is unsure of.
func drawn(line []pipeline.Word, unit float64) bool {
	single, thin, bars, strokes, slims := 0, 0, 0, 0, 0
	sum, best := 0.0, 0.0
	for _, w := range line {
		single += btoi(len([]rune(w.Text)) == 1)
		thin += btoi(float64(w.Box.X1-w.Box.X0) < narrow*float64(w.Box.Y1-w.Box.Y0))
		bars += btoi(strings.Trim(w.Text, `|/\[]{}=~`) == "")
		strokes += btoi(stroke(w))
		slims += btoi(len([]rune(w.Text)) <= 2 && float64(w.Box.X1-w.Box.X0) <= slim*unit)
		sum += float64(w.Conf)
		best = max(best, float64(w.Conf))
	}
	n := len(line)
	switch {
	case bars == n:
		return true
	case single == n && thin == n && sum < strokeConf*float64(n):
		return true
	case n >= rasterLen && best < slimBest && sum < slimConf*float64(n) && float64(slims) >= slimShare*float64(n):
		return true
	}
	return n >= rasterLen && 5*single >= 4*n && best < rasterConf && float64(strokes) >= rasterBars*float64(n)
}

// withoutDashes leaves out dashes of lines that run down the page, of a plan or a table:
// strokes straight below each other, thinner than any digit.
func withoutDashes(words []pipeline.Word, unit float64) []pipeline.Word {
	dash := func(w pipeline.Word) bool {
		return strings.Trim(w.Text, `|Iıl!1ij;'()/\`) == "" && float64(w.Box.X1-w.Box.X0) <= dashWidth*unit && float64(w.Box.Y1-w.Box.Y0) >= dashHeight*unit
	}
	var dashes []pipeline.Box
	for _, w := range words {
		if dash(w) {
			dashes = append(dashes, w.Box)
		}
	}
	if len(dashes) < fewDashes {
		return words
	}
	return slices.DeleteFunc(slices.Clone(words), func(w pipeline.Word) bool {
		inLine := 1
		for _, d := range dashes {
			apart := d.Y0 >= w.Box.Y1 || d.Y1 <= w.Box.Y0
			inLine += btoi(apart && math.Abs(float64(d.X0-w.Box.X0)) <= dashOff*unit)
		}
		return dash(w) && inLine >= fewDashes
	})
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
