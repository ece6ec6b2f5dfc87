package savings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"blattwerk/pipeline"
)

// minBaseline is how many months a baseline has to cover.
const minBaseline = 12

// series is a quantity month by month.
type series map[string]float64

// months lists the months that a period of days touches, "2026-01" to "2026-12".
func months(from, to string) []string {
	first, err1 := time.Parse("2006-01", from[:min(7, len(from))])
	last, err2 := time.Parse("2006-01", to[:min(7, len(to))])
	if err1 != nil || err2 != nil {
		return nil
	}
	var list []string
	for m := first; !m.After(last) && len(list) < 1200; m = m.AddDate(0, 1, 0) {
		list = append(list, m.Format("2006-01"))
	}
	return list
}

// spread lays facts of one kind about one scope out over their months, in equal
// parts. Rates such as staff are not parted.
func (t *terms) spread(kind pipeline.FactKind, dept pipeline.DeptID, of func(pipeline.Fact) float64, parted bool) series {
	out := series{}
	for _, f := range t.facts[kind] {
		if f.Department != dept {
			continue
		}
		list := months(f.From, f.To)
		for _, m := range list {
			if parted {
				out[m] += of(f) / float64(len(list))
			} else {
				out[m] = of(f)
			}
		}
	}
	return out
}

func (s series) mean(list []string) (mean float64, n int) {
	sum := 0.0
	for _, m := range list {
		if v, ok := s[m]; ok {
			sum, n = sum+v, n+1
		}
	}
	return share(sum, float64(n)), n
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// scopes are the departments with figures of their own, then the whole town.
func (t *terms) scopes() []pipeline.DeptID {
	seen := map[pipeline.DeptID]bool{}
	for _, kind := range []pipeline.FactKind{pipeline.FactPurchase, pipeline.FactPrints} {
		for _, f := range t.facts[kind] {
			seen[f.Department] = true
		}
	}
	list := sortedKeys(seen)
	if len(list) > 0 && list[0] == "" {
		list = append(list[1:], "")
	}
	return list
}

// crossCheck holds what the letters say against what was bought (or, where no
// purchases are known, printed) in the months of a report, of which it gives those
// that could be checked. letters are those that came in, in the same scope.
func (t *terms) crossCheck(dept pipeline.DeptID, period []string, letters series) (pipeline.CrossCheck, []string, bool) {
	start := cmp.Or(t.starts[dept], t.starts[""])
	if start == "" {
		return pipeline.CrossCheck{}, nil, false
	}
	sheets := func(f pipeline.Fact) float64 { return f.Sheets }
	for _, source := range []pipeline.FactKind{pipeline.FactPurchase, pipeline.FactPrints} {
		paper := t.spread(source, dept, sheets, true)
		var before, covered []string
		for _, m := range sortedKeys(paper) {
			if m < start {
				before = append(before, m)
			} else if slices.Contains(period, m) {
				covered = append(covered, m)
			}
		}
		if len(before) < minBaseline || len(covered) == 0 {
			continue
		}
		c := pipeline.CrossCheck{Department: dept, Source: string(source), Months: len(covered), BaseMonths: len(before)}
		c.Baseline, _ = paper.mean(before)
		c.Norm = t.norm(dept, before, covered, letters)
		c.Expected = c.Baseline * c.Norm * float64(len(covered))
		for _, m := range covered {
			c.Actual += paper[m]
		}
		c.Decline = max(0, c.Expected-c.Actual)
		return c, covered, true
	}
	return pipeline.CrossCheck{}, nil, false
}

// norm is by how much more or less paper would have been used than before, by the
// staff and by the letters. Where both are known the smaller counts, which finds
// the smaller decline.
func (t *terms) norm(dept pipeline.DeptID, before, covered []string, letters series) float64 {
	norm, known := 0.0, false
	take := func(was, is float64) {
		if was <= 0 || is <= 0 {
			return
		}
		if ratio := is / was; !known || ratio < norm {
			norm, known = ratio, true
		}
	}
	staff := t.spread(pipeline.FactStaff, dept, func(f pipeline.Fact) float64 { return f.FTE }, false)
	was, n := staff.mean(before)
	is, m := staff.mean(covered)
	if n == len(before) && m == len(covered) {
		take(was, is)
	}
	volume := t.spread(pipeline.FactVolume, dept, func(f pipeline.Fact) float64 { return f.Letters }, true)
	was, n = volume.mean(before)
	is, m = letters.mean(covered)
	if n == len(before) && m == len(covered) {
		take(was, is)
	}
	if !known {
		return 1
	}
	return norm
}

// cut is by what savings are multiplied so that none of low, middle and high is
// over the decline that was observed.
func cut(saved pipeline.Range, decline float64) pipeline.Range {
	one := func(x float64) float64 {
		if x <= decline || x <= 0 {
			return 1
		}
		return decline / x
	}
	return pipeline.Range{Low: one(saved.Low), Mid: one(saved.Mid), High: one(saved.High)}
}

func checkText(c pipeline.CrossCheck) pipeline.Message {
	in := func(lang string) string {
		f := func(x float64) string { return Figure(x, lang) }
		text := fmt.Sprintf(pick(lang,
			"Ohne digitale Ablage wären in %d Monaten %s Blatt zu erwarten gewesen, %s waren es: ein Rückgang um %s. Aus den Briefen errechnen sich %s.",
			"Without digital filing %[2]s sheets would have been expected in %[1]d months; it was %[3]s, a decline of %[4]s. The letters come to %[5]s."),
			c.Months, f(c.Expected), f(c.Actual), f(c.Decline), f(c.BottomUp))
		if c.Capped {
			return text + pick(lang, " Das ist mehr als der Rückgang; gerechnet wird nur mit dem Rückgang.", " That is more than the decline; only the decline is counted.")
		}
		return text + pick(lang, " Das liegt im Rahmen des Rückgangs.", " That is within the decline.")
	}
	return pipeline.Message{DE: in("de"), EN: in("en")}
}

// consumption is what was bought, by year, as far as a report or its baseline
// reaches.
func (t *terms) consumption(period []string) []pipeline.Consumption {
	var out []pipeline.Consumption
	for _, dept := range t.scopes() {
		paper := t.spread(pipeline.FactPurchase, dept, func(f pipeline.Fact) float64 { return f.Sheets }, true)
		recycled := t.spread(pipeline.FactPurchase, dept, func(f pipeline.Fact) float64 { return f.Sheets * f.Recycled }, true)
		staff := t.spread(pipeline.FactStaff, dept, func(f pipeline.Fact) float64 { return f.FTE }, false)
		start := cmp.Or(t.starts[dept], t.starts[""])
		byYear := map[int][]string{}
		for _, m := range sortedKeys(paper) {
			if slices.Contains(period, m) || start != "" && m < start {
				byYear[yearOf(m)] = append(byYear[yearOf(m)], m)
			}
		}
		for _, year := range sortedKeys(byYear) {
			list := byYear[year]
			c := pipeline.Consumption{Department: dept, Year: year, Months: len(list), Baseline: start != "" && list[len(list)-1] < start}
			kg := t.use(factorSheet, year).Value.Mid
			for _, m := range list {
				c.Sheets += paper[m]
				c.RecycledKg += recycled[m] * kg
			}
			c.Kg = c.Sheets * kg
			if fte, n := staff.mean(list); n == len(list) && fte > 0 {
				c.FTE, c.KgPerFTE = fte, c.Kg/fte
				days := t.use(factorDays, year).Value.Mid * float64(len(list)) / 12
				c.PerDay = c.Sheets / fte / days
			}
			out = append(out, c)
		}
	}
	return out
}

// Quantities that a target may name.
const (
	TargetSheets   = "sheets"         // net sheets saved in the year, at least
	TargetCO2e     = "co2e"           // net kilograms of CO2e saved in the year, at least
	TargetPurchase = "purchase"       // kilograms of paper bought in the year, at most
	TargetRecycled = "recycled"       // share of recycled paper in per cent, at least
	TargetPerDay   = "sheets-fte-day" // sheets for each full-time equivalent and working day, at most
)

// targets judges the targets of the years that a report covers.
func (t *terms) targets(period []string, total pipeline.SumRow, bought []pipeline.Consumption) []pipeline.TargetState {
	years := map[string]bool{}
	for _, m := range period {
		years[m[:4]] = true
	}
	whole := len(years) == 1 // figures of several years cannot be told apart here
	var out []pipeline.TargetState
	for _, f := range t.facts[pipeline.FactTarget] {
		year := strconv.Itoa(yearOf(f.From))
		if !years[year] {
			continue
		}
		s := pipeline.TargetState{Fact: f}
		switch f.Quantity {
		case TargetSheets:
			s.Reached, s.Known = total.Net.Sheets.Mid, whole
			s.Met = s.Reached >= f.Value
		case TargetCO2e:
			s.Reached, s.Known = total.Net.CO2e.Mid, whole
			s.Met = s.Reached >= f.Value
		default:
			i := slices.IndexFunc(bought, func(c pipeline.Consumption) bool { return c.Department == "" && strconv.Itoa(c.Year) == year })
			if i < 0 {
				break
			}
			c := bought[i]
			switch f.Quantity {
			case TargetPurchase:
				s.Reached, s.Known, s.Met = c.Kg, true, c.Kg <= f.Value
			case TargetRecycled:
				s.Reached, s.Known = 100*share(c.RecycledKg, c.Kg), c.Kg > 0
				s.Met = s.Reached >= f.Value
			case TargetPerDay:
				s.Reached, s.Known, s.Met = c.PerDay, c.PerDay > 0, c.PerDay <= f.Value
			}
		}
		s.Met = s.Met && s.Known
		out = append(out, s)
	}
	return out
}
