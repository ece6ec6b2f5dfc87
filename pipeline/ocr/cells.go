package ocr

import (
	"cmp"
	"image"
	"math"
	"slices"
	"strings"

	"blattwerk/pipeline"
)

// Where rules are drawn about what belongs together, they tell the order better than
// gaps do: the cells of a table or form are read row by row, each to its end, so that
// an answer follows its question and the second line of a cell its first.
const (
	betweenCells  = 0.6 // heights of a line between two cells of one table at most: the rule
	betweenFrames = 6.0 // heights of a line between frames that stand in a row at most
	frameLevel    = 0.6 // heights of a line by which their tops and bottoms differ at most
	fewestCells   = 2   // with words in them
	ruleHeight    = 1.2 // heights of a line of what the engine reads of a rule that runs down; print is 1
	ruleReach     = 0.3 // heights of a line from it
	mostAcross    = 0.2 // share of words that reach over the rules: else it is squared paper, or a drawing
)

// table is a group of cells that touch.
type table struct {
	cells  []cell
	box    image.Rectangle
	at     int  // how many loose words the engine read before it
	beside bool // loose words stand left or right of it
}

// cell is an area that rules enclose, and the words in it in the engine's order.
type cell struct {
	box   image.Rectangle
	words []pipeline.Word
}

// tables puts the words of a page into the cells in which they stand; loose are the
// words that stand in none. Cells are one table if they touch or are frames in a row;
// unit is the height of a usual line in pixels.
func tables(words []pipeline.Word, boxes []image.Rectangle, unit float64) (found []table, loose []pipeline.Word) {
	gap := int(betweenCells * unit)
	groups := inRows(touching(boxes, gap), unit)
	in := make([]int, len(words))
	filled := make([]map[int]bool, len(groups))
	held, across := make([]int, len(groups)), make([]int, len(groups))
	for i, w := range words {
		in[i] = -1
		for g, group := range groups {
			if c := slices.IndexFunc(group, middle(frameOf(w)).In); c >= 0 {
				if filled[g] == nil {
					filled[g] = map[int]bool{}
				}
				in[i], filled[g][c] = g, true
				held[g]++
				across[g] += btoi(!frameOf(w).In(group[c].Inset(-gap)))
			}
		}
	}
	place := make([]int, len(groups))
	for g, group := range groups {
		place[g] = -1
		if len(filled[g]) < fewestCells || float64(across[g]) > mostAcross*float64(held[g]) {
			continue
		}
		place[g] = len(found)
		t := table{at: -1}
		for _, b := range group {
			t.cells, t.box = append(t.cells, cell{box: b}), t.box.Union(b)
		}
		found = append(found, t)
	}
	for i, w := range words {
		if in[i] < 0 && stroke(w) && slices.ContainsFunc(found, func(t table) bool { return middle(frameOf(w)).In(t.box.Inset(-gap)) }) {
			continue
		}
		if in[i] < 0 || place[in[i]] < 0 {
			loose = append(loose, w)
			continue
		}
		t := &found[place[in[i]]]
		if t.at < 0 {
			t.at = len(loose)
		}
		c := slices.IndexFunc(t.cells, func(c cell) bool { return middle(frameOf(w)).In(c.box) })
		if ofRule(w, t.cells[c].box, unit) {
			continue
		}
		t.cells[c].words = append(t.cells[c].words, w)
	}
	for i := range found {
		t := &found[i]
		t.cells = slices.DeleteFunc(t.cells, func(c cell) bool { return len(c.words) == 0 })
		t.beside = slices.ContainsFunc(loose, func(w pipeline.Word) bool {
			m := middle(frameOf(w))
			return m.Y > t.box.Min.Y && m.Y < t.box.Max.Y && (m.X < t.box.Min.X || m.X > t.box.Max.X) && !(piece{words: []pipeline.Word{w}}).dirt()
		})
	}
	return found, loose
}

// ofRule says whether a word in a cell is a piece of the rule at its side: higher than print.
func ofRule(w pipeline.Word, cell image.Rectangle, unit float64) bool {
	side := int(ruleReach * unit)
	return strings.Trim(w.Text, "|Iıl![]j") == "" && float64(w.Box.Y1-w.Box.Y0) >= ruleHeight*unit &&
		(w.Box.X0 <= cell.Min.X+side || w.Box.X1 >= cell.Max.X-side)
}

// stroke says whether a word may be a piece of a rule that was read.
func stroke(w pipeline.Word) bool { return strings.Trim(w.Text, "|Iıl![](){}_-—–=~'.,:;") == "" }

func frameOf(w pipeline.Word) image.Rectangle {
	return image.Rect(w.Box.X0, w.Box.Y0, w.Box.X1, w.Box.Y1)
}

// touching parts cells into groups.
func touching(boxes []image.Rectangle, gap int) [][]image.Rectangle {
	left := slices.Clone(boxes)
	var groups [][]image.Rectangle
	for len(left) > 0 {
		group := []image.Rectangle{left[0]}
		left = left[1:]
		for i := 0; i < len(group); i++ {
			near := group[i].Inset(-gap)
			left = slices.DeleteFunc(left, func(b image.Rectangle) bool {
				touches := b.Overlaps(near)
				if touches {
					group = append(group, b)
				}
				return touches
			})
		}
		groups = append(groups, group)
	}
	return groups
}

// inRows joins frames that stand alone but at one height side by side, as offers and
// addresses do: each is read to its end, for no line goes on from one to the next.
func inRows(groups [][]image.Rectangle, unit float64) [][]image.Rectangle {
	var rows, alone [][]image.Rectangle
	for _, g := range groups {
		if len(g) > 1 {
			rows = append(rows, g)
		} else {
			alone = append(alone, g)
		}
	}
	slices.SortStableFunc(alone, func(a, b []image.Rectangle) int { return cmp.Compare(a[0].Min.X, b[0].Min.X) })
	near := func(a, b int, most float64) bool { return math.Abs(float64(a-b)) <= most*unit }
	var frames [][]image.Rectangle
	for _, g := range alone {
		next := g[0]
		i := slices.IndexFunc(frames, func(row []image.Rectangle) bool {
			last := row[len(row)-1]
			return near(last.Min.Y, next.Min.Y, frameLevel) && near(last.Max.Y, next.Max.Y, frameLevel) &&
				next.Min.X >= last.Max.X && near(next.Min.X, last.Max.X, betweenFrames)
		})
		if i < 0 {
			frames = append(frames, g)
			continue
		}
		frames[i] = append(frames[i], next)
	}
	return append(rows, frames...)
}

// cells writes cells row by row. One that reaches over several rows stands before
// them if it is left of them, and after them if it is right.
func (o *orderer) cells(cells []cell) {
	rows := o.parted(cells, func(r image.Rectangle) (int, int) { return r.Min.Y, r.Max.Y })
	if len(rows) > 1 {
		for _, r := range rows {
			o.cells(r)
		}
		return
	}
	columns := o.parted(cells, func(r image.Rectangle) (int, int) { return r.Min.X, r.Max.X })
	last := len(columns) - 1
	switch {
	case !slices.ContainsFunc(columns, func(c []cell) bool { return len(c) > 1 }):
		o.side(slices.Concat(columns...))
	case last == 0: // stairs
		slices.SortStableFunc(cells, func(a, b cell) int {
			return cmp.Or(cmp.Compare(a.box.Min.Y, b.box.Min.Y), cmp.Compare(a.box.Min.X, b.box.Min.X))
		})
		for _, c := range cells {
			o.side([]cell{c})
		}
	case len(columns[0]) == 1:
		o.side(columns[0])
		o.cells(slices.Concat(columns[1:]...))
	case len(columns[last]) == 1:
		o.cells(slices.Concat(columns[:last]...))
		o.side(columns[last])
	default:
		for _, c := range columns {
			o.cells(c)
		}
	}
}

// parted parts cells where none reaches over, from top to bottom or from left to
// right, as extent says.
func (o *orderer) parted(cells []cell, extent func(image.Rectangle) (int, int)) [][]cell {
	slices.SortStableFunc(cells, func(a, b cell) int {
		p, _ := extent(a.box)
		q, _ := extent(b.box)
		return cmp.Compare(p, q)
	})
	var parts [][]cell
	end := math.MinInt32
	for _, c := range cells {
		from, to := extent(c.box)
		if len(parts) == 0 || float64(from) >= float64(end)-o.unit/4 {
			parts = append(parts, nil)
		}
		n := len(parts) - 1
		parts[n], end = append(parts[n], c), max(end, to)
	}
	return parts
}

// side writes cells that stand side by side: on one line if each has but one, else
// one after the other.
func (o *orderer) side(cells []cell) {
	var rows [][]row
	single := true
	for _, c := range cells {
		r := o.rows(c.words, nil)
		rows, single = append(rows, r), single && len(r) == 1
	}
	for _, r := range rows {
		if !single {
			o.within(r)
			continue
		}
		for _, p := range r[0].pieces {
			o.write(p.words...)
		}
	}
	if single {
		o.block, o.par, o.line = o.block+1, o.par+1, o.line+1
	}
}

// within writes what stands in a cell: from top to bottom, but for columns.
func (o *orderer) within(rows []row) {
	var gutters []span
	for _, r := range rows {
		gutters = o.narrowed(gutters, r)
	}
	if len(innerGutters(rows, gutters)) > 0 {
		o.arrange(rows)
		return
	}
	for _, r := range rows {
		for _, p := range r.pieces {
			o.write(p.words...)
		}
		o.line++
	}
	o.block, o.par = o.block+1, o.par+1
}

// filled leaves out the cells in which no word stands: boxes to be ticked, and the
// parts of pictures.
func filled(words []pipeline.Word, cells []image.Rectangle) []image.Rectangle {
	return slices.DeleteFunc(slices.Clone(cells), func(c image.Rectangle) bool {
		return !slices.ContainsFunc(words, func(w pipeline.Word) bool { return middle(frameOf(w)).In(c) })
	})
}
