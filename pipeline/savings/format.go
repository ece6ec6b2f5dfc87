package savings

import (
	"math"
	"strconv"
	"strings"

	"blattwerk/pipeline"
)

// Figure writes a quantity with three digits that matter, grouped by thousands,
// with the marks of German ("de") or English. What is over 1,000 is written to
// the unit: more digits would claim more than is known, fewer would not add up
// with their neighbours. Minus is U+2212.
func Figure(x float64, lang string) string {
	if x == 0 || math.IsNaN(x) {
		return "0"
	}
	digits := min(max(0, 2-int(math.Floor(math.Log10(math.Abs(x))))), 9)
	return grouped(strconv.FormatFloat(x, 'f', digits, 64), lang)
}

// Spread writes a range as "0,30 (0,10 bis 0,50)", or one figure if it has no
// width.
func Spread(r pipeline.Range, lang string) string {
	if r.Low == r.High {
		return Figure(r.Mid, lang)
	}
	return Figure(r.Mid, lang) + " (" + Figure(r.Low, lang) + pick(lang, " bis ", " to ") + Figure(r.High, lang) + ")"
}

// plain writes a figure with at most four significant digits and no closing
// noughts.
func plain(x float64, lang string) string {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return "0"
	}
	digits := max(0, 3-int(math.Floor(math.Log10(math.Abs(x)))))
	s := strconv.FormatFloat(x, 'f', min(digits, 12), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return grouped(s, lang)
}

// plainSpread is [Spread] with figures as [plain] writes them.
func plainSpread(r pipeline.Range, lang string) string {
	if r.Low == r.High {
		return plain(r.Mid, lang)
	}
	return plain(r.Mid, lang) + " (" + plain(r.Low, lang) + pick(lang, " bis ", " to ") + plain(r.High, lang) + ")"
}

// grouped sets the marks of a language into a number as strconv writes it.
func grouped(s, lang string) string {
	thousand, point := ".", ","
	if lang != "de" {
		thousand, point = ",", "."
	}
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "\u2212", s[1:]
	}
	whole, rest, broken := strings.Cut(s, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(thousand)
		}
		b.WriteRune(r)
	}
	if broken {
		b.WriteString(point + rest)
	}
	return b.String()
}

func pick(lang, de, en string) string {
	if lang == "de" {
		return de
	}
	return en
}
