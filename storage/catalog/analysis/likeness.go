package analysis

import "strings"

// bones makes letters the same that recognition takes for each other, so that
// most damaged words have the bones of the true word.
var bones = strings.NewReplacer(
	"rn", "m", "nn", "m", "ii", "n", "vv", "w", "cl", "d", "lc", "k", "li", "h",
	"1", "l", "i", "l", "j", "l", "t", "l", "f", "l",
	"0", "o", "q", "o", "c", "o", "e", "o",
	"5", "s", "8", "b", "6", "b", "h", "b", "9", "g", "2", "z", "u", "n", "v", "y",
)

// Bones gives the bones of a form.
func Bones(form string) string { return bones.Replace(form) }

// swap is a pair of strings that recognition takes for each other.
type swap struct{ a, b string }

// swaps are common confusions of printed Latin letters after folding. Each
// costs swapCost instead of one edit per letter.
var swaps = []swap{
	{"rn", "m"}, {"ru", "m"}, {"nn", "m"}, {"ni", "m"}, {"in", "m"}, {"ii", "n"}, {"ii", "u"}, {"vv", "w"}, {"cl", "d"}, {"lc", "k"},
	{"li", "h"}, {"ri", "n"}, {"n", "u"}, {"h", "b"}, {"c", "e"}, {"e", "o"}, {"c", "o"}, {"i", "l"}, {"i", "1"}, {"l", "1"},
	{"i", "j"}, {"i", "t"}, {"l", "t"}, {"f", "t"}, {"o", "0"}, {"s", "5"}, {"b", "8"}, {"b", "6"}, {"g", "9"}, {"g", "q"},
	{"z", "2"}, {"v", "y"}, {"s", "f"}, {"a", "e"}, {"a", "o"},
}

const swapCost = 0.5

// Distance is the edit distance of two folded forms, where an edit costs 1 and
// a common confusion of recognition 0.5. It gives a value over limit as soon as
// the distance must exceed it.
func Distance(a, b string, limit float64) float64 {
	// A letter more or less costs swapCost at least, so that places further apart
	// than band cost more than the limit.
	band := int(limit / swapCost)
	if max(len(a)-len(b), len(b)-len(a)) > band {
		return limit + 1
	}
	// rows holds three rows, so that two letters may become one.
	rows := [3][]float64{}
	for i := range rows {
		rows[i] = make([]float64, len(b)+1)
	}
	for i := 0; i <= len(a); i++ {
		row := rows[i%3]
		for j := range row {
			row[j] = limit + 1
		}
		best := limit + 1
		for j := max(0, i-band); j <= min(len(b), i+band); j++ {
			row[j] = cell(a, b, i, j, &rows)
			best = min(best, row[j])
		}
		if best > limit && i > 0 && minOf(rows[(i+2)%3]) > limit {
			return limit + 1
		}
	}
	return rows[len(a)%3][len(b)]
}

func cell(a, b string, i, j int, rows *[3][]float64) float64 {
	if i == 0 && j == 0 {
		return 0
	}
	cost := float64(i + j)
	if i > 0 {
		cost = min(cost, rows[(i+2)%3][j]+1)
	}
	if j > 0 {
		cost = min(cost, rows[i%3][j-1]+1)
	}
	if i > 0 && j > 0 {
		edit := 1.0
		if a[i-1] == b[j-1] {
			edit = 0
		}
		cost = min(cost, rows[(i+2)%3][j-1]+edit)
	}
	for _, s := range swaps {
		cost = min(cost, swapped(a, b, i, j, s.a, s.b, rows), swapped(a, b, i, j, s.b, s.a, rows))
	}
	return cost
}

// swapped is the cost if x at the end of a[:i] stands for y at the end of b[:j].
func swapped(a, b string, i, j int, x, y string, rows *[3][]float64) float64 {
	if !strings.HasSuffix(a[:i], x) || !strings.HasSuffix(b[:j], y) {
		return float64(i + j)
	}
	return rows[(i-len(x)+3)%3][j-len(y)] + swapCost
}

func minOf(list []float64) float64 {
	m := list[0]
	for _, v := range list[1:] {
		m = min(m, v)
	}
	return m
}

// Tolerance is the distance up to which a form counts as similar; 0 if only
// the form itself does. Numbers are never similar: another number is another
// thing.
func Tolerance(t Token) float64 {
	digits := strings.IndexFunc(t.Form, func(r rune) bool { return '0' <= r && r <= '9' })
	switch n := len(t.Form); {
	case digits >= 0 || n < 4:
		return 0
	case n < 6:
		return 0.5
	case n < 8:
		return 1
	default:
		return 1.5
	}
}
