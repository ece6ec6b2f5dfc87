package ocr

import (
	"cmp"
	"image"
	"math"
	"slices"
	"strings"
	"unicode"

	"blattwerk/pipeline"
)

// The engine reads a page as one column and so runs lines of columns that stand
// side by side into one: the address with the reference lines beside it, the
// three columns at the foot. What belongs together is found again by geometry.
// Rows of print that a white gutter parts throughout are either a table, which
// people read row by row, or columns, which they read one after the other. The
// lines of a table stand on common baselines and fill most of its cells; columns
// that were set apart from each other do neither, except at the foot of a page,
// where German letters have columns (DIN 5008).
const (
	wideGap     = 1.6  // heights of a line: a blank between words is a quarter, a tab at least this
	gutterWidth = 1.2  // heights of a line: white between columns, over all of their rows
	farBelow    = 3.0  // heights of a line between two rows: something new begins
	blankLine   = 0.9  // heights of a line between two rows: lines of a paragraph are nearer
	offBaseline = 0.13 // heights of a line by which neighbours in a table differ at most, in the mean
	fullRows    = 0.6  // share of a table's rows that have something in more than one column
	footFrom    = 0.86 // share of the page's height below which the foot begins
	fewestInRun = 2    // rows
)

// piece is a part of a line that no wide gap parts.
type piece struct {
	words []pipeline.Word
	box   pipeline.Box
	base  float64 // where its words stand
	at    int     // twice the place of its first word in the engine's order
	table *table  // in place of words
}

// row is what stands side by side.
type row struct {
	pieces []piece
	y0, y1 int
	base   float64 // the mean of its pieces
}

// span is a stretch of the page's width.
type span struct{ x0, x1 int }

// ordered puts the words of a page into the order in which people read them, and
// numbers blocks, paragraphs and lines anew. Cells are the areas that rules enclose.
func ordered(words []pipeline.Word, cells []image.Rectangle, height int) []pipeline.Word {
	unit := lineHeight(words)
	if unit == 0 {
		return words
	}
	o := orderer{unit: unit, height: height}
	cells = innermost(filled(words, cells))
	stamps, words := withoutStamps(words, cells, unit)
	found, loose := tables(words, cells, unit)
	o.arrange(o.rows(loose, found))
	for _, s := range stamps {
		o.within(o.rows(s, nil))
	}
	return o.out
}

// arrange goes down the rows of an area and finds runs of rows that white
// gutters part throughout.
func (o *orderer) arrange(rows []row) {
	var run []row
	var gutters []span
	for _, r := range rows {
		if len(r.pieces) == 1 && r.pieces[0].table != nil && !r.pieces[0].table.beside {
			o.flush(run, gutters)
			o.keep([]row{r})
			run, gutters = nil, nil
			continue
		}
		next := o.narrowed(gutters, r)
		if len(run) > 0 && (float64(r.y0-run[len(run)-1].y1) > farBelow*o.unit || ends(run, gutters, r, next)) {
			o.flush(run, gutters)
			run, next = nil, o.narrowed(nil, r)
		}
		run, gutters = append(run, r), next
	}
	o.flush(run, gutters)
}

// ends says whether a row, as a full line of text, closes the gutter between address
// and reference lines above it. Elsewhere a full line belongs to the table or form
// that it stands in.
func ends(run []row, gutters []span, r row, next []span) bool {
	inner := innerGutters(run, gutters)
	return len(inner) > 0 && len(innerGutters(append(slices.Clone(run), r), next)) == 0 && hasInformationBlock(run, widest(inner))
}

func widest(gutters []span) span {
	return slices.MaxFunc(gutters, func(a, b span) int { return cmp.Compare(a.x1-a.x0, b.x1-b.x0) })
}

// orderer collects words in their new order.
type orderer struct {
	unit   float64 // height of a usual line, pixels
	height int
	out    []pipeline.Word

	block, par, line int
}

// lineHeight is the median height of words of some length.
func lineHeight(words []pipeline.Word) float64 {
	var heights []int
	for _, w := range words {
		if len([]rune(w.Text)) > 2 {
			heights = append(heights, w.Box.Y1-w.Box.Y0)
		}
	}
	if len(heights) == 0 {
		return 0
	}
	slices.Sort(heights)
	return float64(heights[len(heights)/2])
}

// rows makes rows of pieces from top to bottom. The engine's lines are rows, and so
// are tables; two that stand side by side at one height are one.
func (o *orderer) rows(words []pipeline.Word, tables []table) []row {
	var lines []row
	for i, t := range tables {
		b := pipeline.Box{X0: t.box.Min.X, Y0: t.box.Min.Y, X1: t.box.Max.X, Y1: t.box.Max.Y}
		lines = append(lines, newRow([]piece{{table: &tables[i], box: b, base: float64(b.Y0) + o.unit, at: 2*t.at - 1}}))
	}
	for i := 0; i < len(words); {
		j := i
		for j < len(words) && words[j].Line == words[i].Line && words[j].Block == words[i].Block {
			j++
		}
		lines = append(lines, newRow(o.pieces(slices.Clone(words[i:j]), i)))
		i = j
	}
	slices.SortStableFunc(lines, func(a, b row) int { return cmp.Compare(a.base, b.base) })
	var rows []row
	for _, l := range lines {
		if n := len(rows); n > 0 && l.base-rows[n-1].base < o.unit/2 && l.isTable() == rows[n-1].isTable() && !slices.ContainsFunc(l.pieces, func(p piece) bool { return rows[n-1].covers(p.box) }) {
			rows[n-1] = newRow(append(rows[n-1].pieces, l.pieces...))
			continue
		}
		rows = append(rows, l)
	}
	return rows
}

// newRow puts pieces side by side.
func newRow(pieces []piece) row {
	r := row{pieces: pieces, y0: math.MaxInt32}
	for _, p := range pieces {
		r.y0, r.y1 = min(r.y0, p.box.Y0), max(r.y1, p.box.Y1)
		r.base += p.base / float64(len(pieces))
	}
	slices.SortStableFunc(r.pieces, func(a, b piece) int { return cmp.Compare(a.box.X0, b.box.X0) })
	return r
}

func (r row) isTable() bool { return r.pieces[0].table != nil }

func (r row) covers(b pipeline.Box) bool {
	return slices.ContainsFunc(r.pieces, func(p piece) bool { return p.box.X0 < b.X1 && b.X0 < p.box.X1 })
}

// pieces cuts a line at its wide gaps.
func (o *orderer) pieces(line []pipeline.Word, at int) []piece {
	slices.SortStableFunc(line, func(a, b pipeline.Word) int { return cmp.Compare(a.Box.X0, b.Box.X0) })
	var out []piece
	from := 0
	for i := 1; i <= len(line); i++ {
		if i < len(line) && float64(line[i].Box.X0-line[i-1].Box.X1) <= wideGap*o.unit {
			continue
		}
		p := piece{words: line[from:i], box: line[from].Box, at: 2 * (at + from)}
		var bases []float64
		for _, w := range p.words {
			p.box = pipeline.Box{X0: min(p.box.X0, w.Box.X0), Y0: min(p.box.Y0, w.Box.Y0), X1: max(p.box.X1, w.Box.X1), Y1: max(p.box.Y1, w.Box.Y1)}
			bases = append(bases, foot(w))
		}
		slices.Sort(bases)
		p.base = bases[(len(bases)-1)/2] // the upper one of two: specks and commas only ever lower a word's foot
		out = append(out, p)
		from = i
	}
	return out
}

// foot is where a word stands, by its own box: a line that the engine ran together
// has one baseline for all. Descenders are a good fifth of the height of a word.
func foot(w pipeline.Word) float64 {
	const descender = 0.22
	if strings.ContainsAny(w.Text, "gjpqyQ()/§") {
		return float64(w.Box.Y1) - descender*float64(w.Box.Y1-w.Box.Y0)
	}
	return float64(w.Box.Y1)
}

// narrowed gives the gutters that are left of those of a run when a row joins
// it. A run without gutters, nil, has white to both sides of its first row.
func (o *orderer) narrowed(gutters []span, r row) []span {
	if gutters == nil {
		gutters = []span{{math.MinInt32, math.MaxInt32}}
	}
	for _, p := range r.pieces {
		if p.dirt() {
			continue // a speck in a gutter is no print
		}
		var left []span
		for _, g := range gutters {
			for _, s := range []span{{g.x0, min(g.x1, p.box.X0)}, {max(g.x0, p.box.X1), g.x1}} {
				if float64(s.x1-s.x0) >= gutterWidth*o.unit {
					left = append(left, s)
				}
			}
		}
		gutters = left
	}
	return gutters
}

// flush writes a run of rows: as columns where it is columns, else row by row.
func (o *orderer) flush(run []row, gutters []span) {
	inner := innerGutters(run, gutters)
	if len(run) < fewestInRun || len(inner) == 0 {
		o.keep(run)
		return
	}
	// At the widest gutter first: what is left and right of it may be a table, as
	// names and numbers beside an address are.
	widest := widest(inner)
	switch {
	case !ranTogether(run) && !inColumns(run, widest):
		o.keep(run)
		return
	case hasInformationBlock(run, widest):
	case isList(run): // before the table, for the engine may have read names and values as columns
		o.list(run)
		return
	case o.isTable(run):
		o.keep(run)
		return
	}
	run, below := o.beside(run, widest)
	var left, right []row
	for _, r := range run {
		n := r.leftOf(widest)
		if n > 0 {
			left = append(left, newRow(slices.Clone(r.pieces[:n])))
		}
		if n < len(r.pieces) {
			right = append(right, newRow(slices.Clone(r.pieces[n:])))
		}
	}
	o.arrange(left)
	o.arrange(right)
	o.arrange(below)
}

// hasInformationBlock says whether names with colons stand right of a gutter, and
// none left of it: the reference lines beside the address (DIN 5008), which often
// stand on the baselines of the address, as a table would.
func hasInformationBlock(run []row, gutter span) bool {
	named, right := 0, 0
	for _, r := range run {
		n := r.leftOf(gutter)
		if slices.ContainsFunc(r.pieces[:n], piece.named) {
			return false
		}
		if n < len(r.pieces) {
			right++
			named += btoi(r.pieces[n].named())
		}
	}
	return right >= fewestInRun && float64(named) >= fullRows*float64(right)
}

// named says whether a piece begins with a name and a colon.
func (p piece) named() bool {
	const mostWords = 3 // of a name
	return slices.ContainsFunc(p.words[:min(len(p.words), mostWords)], func(w pipeline.Word) bool { return strings.HasSuffix(w.Text, ":") })
}

// leftOf counts the pieces of a row that stand left of a gutter.
func (r row) leftOf(gutter span) int {
	n := 0
	for n < len(r.pieces) && r.pieces[n].box.X0 < gutter.x1 {
		n++
	}
	return n
}

// beside parts a run at the first blank line below which the right column has
// nothing more: what follows there, as the subject does under address and reference
// lines, is read after both.
func (o *orderer) beside(run []row, gutter span) (beside, below []row) {
	last := len(run) - 1
	for last > 0 && run[last].leftOf(gutter) == len(run[last].pieces) {
		last--
	}
	foot := 0
	for i, r := range run {
		if i > last && float64(r.y0-foot) >= blankLine*o.unit {
			return run[:i], run[i:]
		}
		foot = max(foot, r.y1)
	}
	return run, nil
}

// innerGutters leaves out the margins.
func innerGutters(run []row, gutters []span) []span {
	x0, x1 := math.MaxInt32, math.MinInt32
	for _, r := range run {
		for _, p := range r.pieces {
			x0, x1 = min(x0, p.box.X0), max(x1, p.box.X1)
		}
	}
	var inner []span
	for _, g := range gutters {
		if g.x0 >= x0 && g.x1 <= x1 {
			inner = append(inner, g)
		}
	}
	slices.SortFunc(inner, func(a, b span) int { return cmp.Compare(a.x0, b.x0) })
	return inner
}

// isList says whether rows are names, each with a colon, and what belongs to them.
func isList(run []row) bool {
	named := 0
	for _, r := range run {
		first := r.pieces[0].words
		if len(r.pieces) == 2 && len(first) > 0 && strings.HasSuffix(first[len(first)-1].Text, ":") {
			named++
		}
	}
	return float64(named) >= fullRows*float64(len(run))
}

// list writes names and what belongs to them row by row.
func (o *orderer) list(run []row) {
	for _, r := range run {
		if slices.ContainsFunc(r.pieces, func(p piece) bool { return p.table != nil }) {
			o.keep([]row{r})
			continue
		}
		for _, p := range r.pieces {
			o.write(p.words...)
		}
		o.line++
	}
	o.block, o.par = o.block+1, o.par+1
}

// ranTogether says whether a line of the engine reaches over a gap: else it saw
// the columns itself and knows their order better.
func ranTogether(run []row) bool {
	return slices.ContainsFunc(run, func(r row) bool {
		for i := 1; i < len(r.pieces); i++ {
			if r.isTable() {
				return false
			}
			if a, b := r.pieces[i-1].words[0], r.pieces[i].words[0]; a.Line == b.Line && a.Block == b.Block {
				return true
			}
		}
		return false
	})
}

// inColumns says whether the engine read all that is on one side of a gutter before
// all that is on the other, so that it saw columns; it minds neither which comes first
// nor what stands below both.
func inColumns(run []row, gutter span) bool {
	var l, r span
	l.x0, r.x0 = math.MaxInt32, math.MaxInt32
	for _, row := range run {
		for i, p := range row.pieces {
			side := &r
			if i < row.leftOf(gutter) {
				side = &l
			}
			side.x0, side.x1 = min(side.x0, p.at), max(side.x1, p.at)
		}
	}
	return l.x1 < r.x0 || r.x1 < l.x0
}

// dirt is what has neither letters nor digits.
func (p piece) dirt() bool {
	return p.table == nil && !slices.ContainsFunc(p.words, func(w pipeline.Word) bool {
		return strings.ContainsFunc(w.Text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	})
}

func (o *orderer) isTable(run []row) bool {
	full, pairs, off := 0, 0, 0.0
	for _, r := range run {
		if len(r.pieces) > 1 {
			full++
		}
		for i := 1; i < len(r.pieces); i++ {
			off += math.Abs(r.pieces[i].base - r.pieces[i-1].base)
			pairs++
		}
	}
	if float64(run[0].y0) > footFrom*float64(o.height) {
		return false
	}
	return pairs > 0 && off/float64(pairs) <= offBaseline*o.unit && float64(full) >= fullRows*float64(len(run))
}

// keep writes a run in the engine's own order, with its lines and paragraphs.
func (o *orderer) keep(run []row) {
	var pieces []piece
	for _, r := range run {
		pieces = append(pieces, r.pieces...)
	}
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(a.at, b.at) })
	var last *pipeline.Word
	for _, p := range pieces {
		if p.table != nil {
			o.block, o.par, o.line = o.block+1, o.par+1, o.line+1
			o.cells(p.table.cells)
			last = nil
			continue
		}
		for _, w := range p.words {
			if last != nil {
				o.block += btoi(w.Block != last.Block)
				o.par += btoi(w.Par != last.Par)
				o.line += btoi(w.Line != last.Line)
			}
			last = &w
			o.write(w)
		}
	}
	o.block, o.par, o.line = o.block+1, o.par+1, o.line+1
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (o *orderer) write(words ...pipeline.Word) {
	for _, w := range words {
		w.Block, w.Par, w.Line = o.block, o.par, o.line
		o.out = append(o.out, w)
	}
}
