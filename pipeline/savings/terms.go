package savings

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"blattwerk/pipeline"
)

// terms is what a report computes with: the table of factors and what people told
// the books, each fact in force once.
type terms struct {
	sets    map[string]set
	setName string
	byYear  map[int]string
	factors map[string][]pipeline.FactorUse // by id, in the order in which they take over
	facts   map[pipeline.FactKind][]pipeline.Fact
	rates   map[rateKey]pipeline.RateUse
	starts  map[pipeline.DeptID]string // month
	last    int64                      // of the facts
	used    map[string]pipeline.FactorUse
	ofYear  map[factorYear]pipeline.FactorUse // those that were asked for
	rated   map[rateKey]pipeline.RateUse
}

type factorYear struct {
	id   string
	year int
}

type rateKey struct {
	department pipeline.DeptID
	code       pipeline.TypeCode
}

// terms works out what holds after these facts.
func (b *Books) terms(facts []pipeline.Fact) *terms {
	t := &terms{
		sets: b.sets, setName: b.cfg.Set, byYear: map[int]string{}, factors: map[string][]pipeline.FactorUse{},
		facts: map[pipeline.FactKind][]pipeline.Fact{}, rates: map[rateKey]pipeline.RateUse{}, starts: map[pipeline.DeptID]string{},
		used: map[string]pipeline.FactorUse{}, ofYear: map[factorYear]pipeline.FactorUse{}, rated: map[rateKey]pipeline.RateUse{},
	}
	for year, name := range b.cfg.SetByYear {
		t.byYear[year] = name
	}
	for _, f := range b.factors {
		t.factors[f.ID] = []pipeline.FactorUse{{Factor: f}}
	}
	for _, f := range inForce(facts) {
		t.facts[f.Kind] = append(t.facts[f.Kind], f)
		switch f.Kind {
		case pipeline.FactStart:
			t.starts[f.Department] = f.From[:min(7, len(f.From))]
		case pipeline.FactFactor:
			t.override(f)
		}
	}
	for _, f := range facts {
		t.last = max(t.last, f.N)
	}
	t.sample()
	return t
}

// inForce leaves of the facts of each place the latest, unless it was withdrawn.
// The order is that of their positions.
func inForce(facts []pipeline.Fact) []pipeline.Fact {
	latest := map[string]pipeline.Fact{}
	for _, f := range facts {
		if have, ok := latest[f.Slot()]; !ok || f.N >= have.N {
			latest[f.Slot()] = f
		}
	}
	var list []pipeline.Fact
	for _, f := range latest {
		if !f.Withdrawn {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b pipeline.Fact) int {
		return cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare(a.Slot(), b.Slot()))
	})
	return list
}

// override puts a town's own row behind those that hold from an earlier year.
func (t *terms) override(f pipeline.Fact) {
	if f.Factor == nil {
		return
	}
	list := append(t.factors[f.Factor.ID], pipeline.FactorUse{
		Factor: *f.Factor, Fact: f.N, Author: f.Author, At: f.At, Since: f.Since, Note: f.Note,
	})
	slices.SortStableFunc(list, func(a, b pipeline.FactorUse) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Fact, b.Fact))
	})
	t.factors[f.Factor.ID] = list
}

// factor is the row that holds in a year.
func (t *terms) factor(id string, year int) pipeline.FactorUse {
	var use pipeline.FactorUse
	for _, f := range t.factors[id] {
		if f.Since <= year {
			before := use
			use = f
			if before.ID != "" {
				use.Before = &before.Factor
			}
		}
	}
	return use
}

// use is factor, and remembers for the report that it was asked for.
func (t *terms) use(id string, year int) pipeline.FactorUse {
	at := factorYear{id, year}
	if f, ok := t.ofYear[at]; ok {
		return f
	}
	f := t.factor(id, year)
	t.ofYear[at] = f
	t.used[f.ID+"|"+strconv.FormatInt(f.Fact, 10)] = f
	return f
}

func (t *terms) set(year int) set {
	name := cmp.Or(t.byYear[year], t.setName)
	since := 0
	for _, f := range t.facts[pipeline.FactSet] {
		if f.Since <= year && f.Since >= since {
			name, since = f.Set, f.Since
		}
	}
	return t.sets[name]
}

// sample works out the rates of copies from what was sampled. Several samples of
// one place are one larger sample.
func (t *terms) sample() {
	type heap struct{ letters, copies, duplex float64 }
	sums := map[rateKey]heap{}
	for _, f := range t.facts[pipeline.FactSample] {
		k := rateKey{f.Department, f.Type}
		s := sums[k]
		s.letters, s.copies, s.duplex = s.letters+f.Letters, s.copies+f.Copies, s.duplex+f.Copies*f.Duplex
		sums[k] = s
		t.rates[k] = pipeline.RateUse{
			Department: f.Department, Type: f.Type, Copies: poisson(s.copies, s.letters), Duplex: share(s.duplex, s.copies),
			Evidence: pipeline.Sampled, Author: f.Author, At: f.At, Fact: f.N,
		}
	}
}

func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// poisson is the rate of count events among n cases with its 95 % interval by
// Byar's approximation (Breslow and Day, Statistical Methods in Cancer Research,
// volume II, 1987, page 69).
func poisson(count, n float64) pipeline.Range {
	if n <= 0 {
		return pipeline.Range{}
	}
	const z = 1.96
	low, up := 0.0, count+1
	if count > 0 {
		low = count * math.Pow(max(0, 1-1/(9*count)-z/(3*math.Sqrt(count))), 3)
	}
	high := up * math.Pow(1-1/(9*up)+z/(3*math.Sqrt(up)), 3)
	return pipeline.Range{Low: low / n, Mid: count / n, High: high / n}
}

// rate is how many copies a letter used to cause: by a sample of its type in its
// department, of its type, of its department, of all letters, or as assumed.
func (t *terms) rate(department pipeline.DeptID, code pipeline.TypeCode, year int) pipeline.RateUse {
	for _, k := range []rateKey{{department, code}, {"", code}, {department, ""}, {"", ""}} {
		if r, ok := t.rates[k]; ok {
			t.rated[k] = r
			return r
		}
	}
	copies, duplex := t.use(factorCopies, year), t.use(factorDuplex, year)
	r := pipeline.RateUse{
		Copies: copies.Value, Duplex: duplex.Value.Mid, Evidence: weakest(copies.Evidence, duplex.Evidence),
		Author: copies.Author, At: copies.At, Fact: copies.Fact,
	}
	t.rated[rateKey{}] = r
	return r
}

// recycled is the share of recycled paper in what was bought in a year, by the
// department or, failing that, the town; else as assumed.
func (t *terms) recycled(department pipeline.DeptID, year int) float64 {
	for _, dept := range []pipeline.DeptID{department, ""} {
		var all, part float64
		for _, f := range t.facts[pipeline.FactPurchase] {
			if f.Department == dept && yearOf(f.From) <= year && yearOf(f.To) >= year {
				all, part = all+f.Sheets, part+f.Sheets*f.Recycled
			}
		}
		if all > 0 {
			return part / all
		}
	}
	return t.use(factorRecycled, year).Value.Mid
}

func yearOf(day string) int {
	year, _ := strconv.Atoi(day[:min(4, len(day))]) // checked when it was told
	return year
}

// digital says whether letters of a department were filed digitally in a month;
// before that, paper was copied as ever.
func (t *terms) digital(department pipeline.DeptID, month string) bool {
	start, ok := t.starts[department]
	if !ok {
		start = t.starts[""]
	}
	return month >= start
}
