package ocr

import (
	"cmp"
	"image"
	"math"
	"regexp"
	"slices"
	"strings"

	"blattwerk/pipeline"
)

// The received stamp is no part of the letter: whoever took the letter in set it
// where there was room, mostly beside the address, and it tears apart whatever lines stand at
// its height. It is read after the page. What is printed on the page stays where it
// stands: taken for a stamp is only a small group of words, apart from all others,
// that says so, bears a date, and stands askew or in a frame of its own.
const (
	stampApart  = 1.5  // heights of a line between its words, and from others, at most and at least
	stampWide   = 32.0 // heights of a line
	stampHigh   = 20.0 // heights of a line
	stampLines  = 8    // at most
	stampAskew  = 1.0  // degrees, of at least two of its lines
	askewLength = 4.0  // heights of a line: over less, the slant of two words is chance
)

var (
	saysReceived = regexp.MustCompile(`^(?i:eingegangen|eingang|eingangsdatum|eingangsstempel|posteingang|empfangen)[.,]?$`)
	numbered     = regexp.MustCompile(`\d`)
)

// withoutStamps takes received stamps out of the words of a page.
func withoutStamps(words []pipeline.Word, cells []image.Rectangle, unit float64) (stamps [][]pipeline.Word, rest []pipeline.Word) {
	rest = words
	for _, seed := range words {
		if !saysReceived.MatchString(seed.Text) || !slices.Contains(rest, seed) {
			continue
		}
		group, others := around(seed, rest, unit)
		if len(others) > 0 && isStamp(group, cells, unit) {
			stamps, rest = append(stamps, group), others
		}
	}
	return stamps, rest
}

// around gathers the words that hang together with one, in the engine's order.
func around(seed pipeline.Word, words []pipeline.Word, unit float64) (group, others []pipeline.Word) {
	apart := int(stampApart * unit)
	frame := frameOf(seed)
	for grown := true; grown; {
		grown = false
		for _, w := range words {
			if f := frameOf(w); f.Overlaps(frame.Inset(-apart)) && !f.In(frame) {
				frame, grown = frame.Union(f), true
			}
		}
	}
	for _, w := range words {
		if frameOf(w).In(frame) {
			group = append(group, w)
		} else {
			others = append(others, w)
		}
	}
	return group, others
}

// isStamp says whether a group of words is a received stamp.
func isStamp(group []pipeline.Word, cells []image.Rectangle, unit float64) bool {
	frame, dated, lines := frameOf(group[0]), false, 1
	for i, w := range group {
		frame = frame.Union(frameOf(w))
		dated = dated || numbered.MatchString(w.Text)
		lines += btoi(i > 0 && w.Line != group[i-1].Line)
		if strings.HasSuffix(w.Text, ":") {
			return false // a name and its value: printed
		}
	}
	if !dated || lines > stampLines || float64(frame.Dx()) > stampWide*unit || float64(frame.Dy()) > stampHigh*unit {
		return false
	}
	return slanted(group, unit) || framed(frame, cells, unit)
}

// slanted says whether lines slant, all to the same side: the page itself was straightened.
func slanted(group []pipeline.Word, unit float64) bool {
	byLine := map[int][]pipeline.Word{}
	for _, w := range group {
		byLine[w.Line] = append(byLine[w.Line], w)
	}
	up, down := 0, 0
	for _, line := range byLine {
		first := slices.MinFunc(line, func(a, b pipeline.Word) int { return cmp.Compare(a.Box.X0, b.Box.X0) })
		last := slices.MaxFunc(line, func(a, b pipeline.Word) int { return cmp.Compare(a.Box.X0, b.Box.X0) })
		dx := float64(last.Box.X0+last.Box.X1-first.Box.X0-first.Box.X1) / 2
		if dx < askewLength*unit {
			continue
		}
		slant := math.Atan2(foot(last)-foot(first), dx) * 180 / math.Pi
		up, down = up+btoi(slant <= -stampAskew), down+btoi(slant >= stampAskew)
	}
	return max(up, down) >= 2 && min(up, down) == 0
}

// framed says whether a group stands in a cell that belongs to no table or form, and that
// is hardly larger than it.
func framed(group image.Rectangle, cells []image.Rectangle, unit float64) bool {
	for _, t := range touching(cells, int(betweenCells*unit)) {
		if c := t[0]; len(t) == 1 && group.In(c) && float64(c.Dx()) <= stampWide*unit && float64(c.Dy()) <= stampHigh*unit {
			return true
		}
	}
	return false
}
