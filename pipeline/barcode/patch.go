package barcode

import (
	"math"
	"slices"

	"blattwerk/pipeline"
)

// A patch code is four bars that a scanner's sensor reads as the sheet passes: two
// wide (0.20 inch) and two narrow (0.08 inch), parted by spaces of 0.08 inch, at
// least 0.75 inch long, 0.8 inch in all (Kodak A-61599, zones A to G). It is read
// from the leading edge inwards. Turned by half, patch T reads as patch 3 and
// patch 1 as patch 6; the nearer edge of the page tells which way it stands.
var patchNames = map[[4]bool]string{ // true is a wide bar
	{true, true, false, false}: "1",
	{true, false, false, true}: "2",
	{true, false, true, false}: "3",
	{false, true, false, true}: "T",
	{false, true, true, false}: "4",
	{false, false, true, true}: "6",
}

const (
	patchDPI    = 100         // pixels per inch of the picture that is searched
	patchStep   = 4           // every so many lines are looked at: a millimetre
	patchWhole  = 0.80        // inches from the first bar to the end of the last
	patchScale  = 0.35        // a printer that fits to the page, or a guessed resolution, may change the size so much
	patchLength = 0.70        // inches that the bars are long at least
	patchQuiet  = 1.0         // of a narrow bar: white before the first and behind the last bar
	steepest    = 0.5         // drift of the bars from line to line, in pixels for each: tan of 27 degrees
	darkBelow   = 0.55        // of the paper's grey
	barShare    = 0.08 / 0.80 // of the whole: a narrow bar and a space
	wideShare   = 0.20 / 0.80
	barSlack    = 0.045 // of the whole
)

// patches finds patch codes: four bars in the right proportions on one line, and
// on all lines beside it over the length of a bar.
func patches(page Picture) []pipeline.Code {
	factor := max(int(math.Round(page.DPI/patchDPI)), 1)
	small := scaledDown(page, factor)
	if small.Width < patchDPI || small.Height < patchDPI || small.DPI <= 0 {
		return nil
	}
	dark := darkness(small)
	var codes []pipeline.Code
	for _, across := range []bool{false, true} {
		for _, c := range patchesAlong(small, dark, across) {
			b := c.Box
			c.Box = pipeline.Box{X0: b.X0 * factor, Y0: b.Y0 * factor, X1: b.X1 * factor, Y1: b.Y1 * factor}
			codes = append(codes, c)
		}
	}
	return codes
}

// darkness marks dark pixels, measured by the paper's own grey.
func darkness(p Picture) []bool {
	var histogram [256]int
	for _, v := range p.Pixels {
		histogram[v]++
	}
	left, paper := len(p.Pixels)/4, 255 // a quarter of a sheet at least is paper
	for ; paper > 0 && left > histogram[paper]; paper-- {
		left -= histogram[paper]
	}
	level := byte(float64(paper) * darkBelow)
	dark := make([]bool, len(p.Pixels))
	for i, v := range p.Pixels {
		dark[i] = v < level
	}
	return dark
}

// bars is a patch code on one line.
type bars struct {
	name     string
	from, to int // along the line
}

// chain is the same patch code on line after line.
type chain struct {
	bars
	first, last int // lines
	x0, x1      int // extent along the lines
	votes       map[string]int
}

// patchesAlong looks along rows or, across, along columns.
func patchesAlong(p Picture, dark []bool, across bool) []pipeline.Code {
	lines, length := p.Height, p.Width
	at := func(line, i int) bool { return dark[line*p.Width+i] }
	if across {
		lines, length = p.Width, p.Height
		at = func(line, i int) bool { return dark[i*p.Width+line] }
	}
	var open, done []*chain
	for line := 0; line < lines; line += patchStep {
		found := barsOn(func(i int) bool { return at(line, i) }, length, p.DPI)
		open = slices.DeleteFunc(open, func(c *chain) bool {
			if line-c.last <= 3*patchStep { // a fold or a hole may hide the bars for a while
				return false
			}
			done = append(done, c)
			return true
		})
		for _, b := range found {
			open = extend(open, b, line)
		}
	}
	var codes []pipeline.Code
	for _, c := range append(done, open...) {
		if float64(c.last-c.first) < patchLength*p.DPI {
			continue
		}
		name, most := "", 0
		for _, n := range []string{"T", "2", "3", "1", "4", "6"} {
			if c.votes[n] > most {
				name, most = n, c.votes[n]
			}
		}
		box := pipeline.Box{X0: c.x0, Y0: c.first, X1: c.x1, Y1: c.last}
		if across {
			box = pipeline.Box{X0: c.first, Y0: c.x0, X1: c.last, Y1: c.x1}
		}
		codes = append(codes, pipeline.Code{Kind: pipeline.CodePatch, Text: name, Box: box})
	}
	return codes
}

// extend adds bars to the chain that they continue, or begins one.
func extend(open []*chain, b bars, line int) []*chain {
	for _, c := range open {
		if c.last == line {
			continue
		}
		drift := steepest * float64(line-c.last)
		if math.Abs(float64(b.from-c.from)) <= drift+2 && math.Abs(float64(b.to-c.to)) <= drift+2 {
			c.bars, c.last = b, line
			c.x0, c.x1 = min(c.x0, b.from), max(c.x1, b.to)
			c.votes[b.name]++
			return open
		}
	}
	return append(open, &chain{bars: b, first: line, last: line, x0: b.from, x1: b.to, votes: map[string]int{b.name: 1}})
}

// barsOn finds four bars in the right proportions on one line.
func barsOn(dark func(int) bool, length int, dpi float64) []bars {
	runs := runsOf(dark, length) // white first, then in turn
	var found []bars
	for i := 1; i+6 < len(runs); i += 2 {
		whole := 0
		for _, r := range runs[i : i+7] {
			whole += r.n
		}
		size := float64(whole) / dpi / patchWhole
		quiet := int(patchQuiet * barShare * float64(whole))
		before, behind := runs[i-1], run{n: quiet}
		if i+7 < len(runs) {
			behind = runs[i+7]
		}
		if size < 1-patchScale || size > 1+patchScale || before.n < quiet && before.at > 0 || behind.n < quiet && behind.at+behind.n < length {
			continue
		}
		name, ok := patchName(runs[i:i+7], whole, runs[i].at > length-runs[i].at-whole)
		if ok {
			found = append(found, bars{name, runs[i].at, runs[i].at + whole})
		}
	}
	return found
}

// patchName tells which patch code seven runs are, read from the nearer edge.
func patchName(runs []run, whole int, fromEnd bool) (string, bool) {
	var wide [4]bool
	for j, r := range runs {
		share := float64(r.n) / float64(whole)
		switch {
		case math.Abs(share-barShare) <= barSlack:
		case j%2 == 0 && math.Abs(share-wideShare) <= barSlack:
			wide[j/2] = true
		default:
			return "", false
		}
	}
	if fromEnd {
		slices.Reverse(wide[:])
	}
	name, ok := patchNames[wide]
	return name, ok
}

// run is a stretch of one shade.
type run struct{ at, n int }

// runsOf gives the runs of a line, beginning with a white one, which may be
// empty. A single pixel of the other shade is noise.
func runsOf(dark func(int) bool, length int) []run {
	runs := []run{{0, 0}}
	shade := false
	for i := range length {
		d := dark(i)
		if d != shade && i+1 < length && dark(i+1) == d {
			runs = append(runs, run{i, 0})
			shade = d
		}
		runs[len(runs)-1].n++
	}
	return runs
}
