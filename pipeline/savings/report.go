package savings

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"blattwerk/pipeline"
)

// Method is the version of the way of computing. It changes with every change of
// a formula, so that a filed report is not held against another way.
const Method = 1

// Report sums up the ledger. It computes every entry from its basis by the
// factors, rates and purchases that the facts name. What is cut, because more was
// computed than was bought less, is cut for the whole town also where a report is
// about a part of it.
func (b *Books) Report(tally *Tally, facts []pipeline.Fact, q pipeline.ReportQuery) pipeline.Report {
	t := b.terms(facts)
	cells := tally.within(q.From, q.To)
	q.From, q.To = bounds(cells, q.From, q.To)
	r := pipeline.Report{
		Method: Method, ReportQuery: q, Ledger: tally.last, Facts: t.last, FactorSet: t.fingerprint(),
		Total: pipeline.SumRow{Key: "total"}, Start: t.start(),
	}
	var period []string
	if q.From != "" && q.To != "" {
		period = months(q.From, q.To)
	}
	values := t.values(cells)
	r.Checks = t.cap(values, period)
	values = slices.DeleteFunc(values, func(v *valued) bool {
		return q.Department != "" && v.department != q.Department || q.Type != "" && v.code != q.Type
	})
	r.Departments = rowsOf(values, func(v *valued) string { return cmp.Or(string(v.department), "-") })
	r.Months = rowsOf(values, func(v *valued) string { return v.month })
	r.Types = rowsOf(values, func(v *valued) string { return cmp.Or(string(v.code), "-") })
	r.Events = t.events(values)
	for _, v := range values {
		add(&r.Total, v)
	}
	r.Consumption = t.consumption(period)
	r.Targets = t.targets(period, r.Total, r.Consumption)
	r.Factors, r.Rates = t.usedFactors(), t.usedRates()
	r.Notes = t.notes(r, values)
	return r
}

// Bytes is a report as it is filed: JSON of one form.
func Bytes(r pipeline.Report) ([]byte, error) {
	raw, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing a report: %w", err)
	}
	return append(raw, '\n'), nil
}

// Read gives what a filed report says.
func Read(f pipeline.FiledReport) (pipeline.Report, error) {
	var r pipeline.Report
	if err := json.Unmarshal(f.Body, &r); err != nil {
		return r, fmt.Errorf("reading report %s: %w", f.ID, err)
	}
	return r, nil
}

// Again computes a filed report once more, from the ledger up to its entry, the
// facts up to its fact and its table of factors.
func Again(f pipeline.FiledReport, ledger []Booked, facts []pipeline.Fact, zone *time.Location) ([]byte, error) {
	filed, err := Read(f)
	if err != nil {
		return nil, err
	}
	if filed.Method != Method {
		return nil, fmt.Errorf("report %s was computed by method %d, this program knows method %d", f.ID, filed.Method, Method)
	}
	b, err := New(Config{Factors: f.Seed})
	if err != nil {
		return nil, err
	}
	ledger = slices.DeleteFunc(slices.Clone(ledger), func(b Booked) bool { return b.N > filed.Ledger })
	facts = slices.DeleteFunc(slices.Clone(facts), func(f pipeline.Fact) bool { return f.N > filed.Facts })
	return Bytes(b.Report(Count(ledger, zone), facts, filed.ReportQuery))
}

// valued is a cell with what it comes to.
type valued struct {
	*cell
	saving pipeline.Saving
	sums   pipeline.Sums
}

// within gives the cells of some months, in an order that is always the same.
func (t *Tally) within(from, to string) []*cell {
	if t.order == nil {
		t.order = slices.SortedFunc(maps.Values(t.cells), func(a, b *cell) int {
			return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.department, b.department), cmp.Compare(a.code, b.code),
				cmp.Compare(a.event, b.event), cmp.Compare(a.evidence, b.evidence), cmp.Compare(a.booked, b.booked))
		})
	}
	var list []*cell
	for _, c := range t.order {
		if (from == "" || c.month >= from) && (to == "" || c.month <= to) {
			list = append(list, c)
		}
	}
	return list
}

// bounds closes an open period at the entries that there are.
func bounds(cells []*cell, from, to string) (string, string) {
	for _, c := range cells {
		if from == "" || c.month < from {
			from = c.month
		}
	}
	if to == "" {
		for _, c := range cells {
			to = max(to, c.month)
		}
	}
	return from, to
}

func (t *terms) values(cells []*cell) []*valued {
	all, list := make([]valued, len(cells)), make([]*valued, len(cells))
	for i, c := range cells {
		v := &all[i]
		v.cell, list[i] = c, v
		if c.booked != "" {
			v.saving = c.old
		} else {
			v.saving = t.value(c.cellKey, c.basis)
		}
		v.sums = sumsOf(v.saving)
	}
	return list
}

// cap holds the savings of paper against purchases, department by department and
// then for the whole town, and cuts what is more than the decline.
func (t *terms) cap(values []*valued, period []string) []pipeline.CrossCheck {
	var checks []pipeline.CrossCheck
	for _, dept := range t.scopes() {
		inScope := func(v *valued) bool { return dept == "" || v.department == dept }
		saved, spent, letters := map[string]pipeline.Range{}, series{}, series{}
		for _, v := range values {
			if !inScope(v) {
				continue
			}
			if v.event == EventCopies || v.event == EventReply {
				saved[v.month] = plus(saved[v.month], v.sums.Sheets)
			}
			if isDebit(v.event) {
				spent[v.month] -= v.sums.Sheets.Mid
			}
			if v.event == EventReceived {
				letters[v.month] += float64(v.entries)
			}
		}
		c, covered, ok := t.crossCheck(dept, period, letters)
		if !ok {
			continue
		}
		var sum pipeline.Range
		cost := 0.0
		for _, m := range covered {
			sum, cost = plus(sum, saved[m]), cost+spent[m]
		}
		// What was printed again is part of what was bought, so it is the net that
		// cannot be more than the decline.
		c.BottomUp = sum.Mid - cost
		by := cut(sum, c.Decline+cost)
		c.Capped = c.BottomUp > c.Decline
		c.Text = checkText(c)
		checks = append(checks, c)
		for _, v := range values {
			if inScope(v) && (v.event == EventCopies || v.event == EventReply) && slices.Contains(covered, v.month) {
				v.sums = scale(v.sums, by)
			}
		}
	}
	return checks
}

func add(r *pipeline.SumRow, v *valued) {
	r.Entries += v.entries
	r.Net = addSums(r.Net, v.sums)
	if v.event == EventReceived {
		r.Letters += v.entries
		r.Received = plus(r.Received, v.saving.Received)
		return
	}
	r.Worst = weakest(r.Worst, v.saving.Evidence)
	if isDebit(v.event) {
		r.Debits = addSums(r.Debits, v.sums)
		return
	}
	r.Saved = addSums(r.Saved, v.sums)
	if v.sums.Sheets.High <= 0 {
		return
	}
	r.Paper = weakest(r.Paper, v.saving.Evidence)
	switch v.saving.Evidence {
	case pipeline.Measured:
		r.Grades.A += v.sums.Sheets.Mid
	case pipeline.Sampled:
		r.Grades.B += v.sums.Sheets.Mid
	default:
		r.Grades.C += v.sums.Sheets.Mid
	}
}

func rowsOf(values []*valued, key func(*valued) string) []pipeline.SumRow {
	rows := map[string]*pipeline.SumRow{}
	for _, v := range values {
		k := key(v)
		if rows[k] == nil {
			rows[k] = &pipeline.SumRow{Key: k}
		}
		add(rows[k], v)
	}
	list := []pipeline.SumRow{}
	for _, k := range sortedKeys(rows) {
		list = append(list, *rows[k])
	}
	return list
}

// events are rows by kind of event, each with how its figures come about.
func (t *terms) events(values []*valued) []pipeline.SumRow {
	rows := rowsOf(values, func(v *valued) string { return v.event })
	for i := range rows {
		var basis pipeline.Basis
		sum := pipeline.Saving{Event: rows[i].Key}
		key := cellKey{event: rows[i].Key}
		factors := map[string]bool{}
		entries := 0
		for _, v := range values {
			if v.event != rows[i].Key {
				continue
			}
			for _, id := range v.saving.Factors {
				factors[id] = true
			}
			if v.booked != "" {
				continue
			}
			basis, entries = addBasis(basis, v.basis), entries+v.entries
			sum.Sheets, sum.Kg, sum.CO2e = plus(sum.Sheets, v.saving.Sheets), plus(sum.Kg, v.saving.Kg), plus(sum.CO2e, v.saving.CO2e)
			key.month = max(key.month, v.month)
		}
		rows[i].Factors = sortedKeys(factors)
		if entries > 0 {
			rows[i].Formula = t.formula(key, basis, sum, entries)
		}
	}
	return rows
}

func (t *terms) usedFactors() []pipeline.FactorUse {
	list := []pipeline.FactorUse{}
	for _, k := range sortedKeys(t.used) {
		if t.used[k].ID != "" {
			list = append(list, t.used[k])
		}
	}
	return list
}

func (t *terms) usedRates() []pipeline.RateUse {
	list := []pipeline.RateUse{}
	for _, r := range t.rated {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b pipeline.RateUse) int {
		return cmp.Or(cmp.Compare(a.Department, b.Department), cmp.Compare(a.Type, b.Type))
	})
	return list
}

// fingerprint names the table of factors in force: the same table has the same
// name.
func (t *terms) fingerprint() string {
	sum := sha256.New()
	for _, id := range sortedKeys(t.factors) {
		raw, _ := json.Marshal(t.factors[id]) // plain values always encode
		sum.Write(raw)
	}
	fmt.Fprintf(sum, "%s %v", t.setName, t.byYear)
	for _, f := range t.facts[pipeline.FactSet] {
		fmt.Fprintf(sum, " %d:%s", f.Since, f.Set)
	}
	return "F-" + hex.EncodeToString(sum.Sum(nil))[:12]
}

func (t *terms) start() string {
	for _, f := range t.facts[pipeline.FactStart] {
		if f.Department == "" {
			return f.From
		}
	}
	return ""
}

// notes are what keeps a reader from taking more from the figures than is in them.
func (t *terms) notes(r pipeline.Report, values []*valued) []pipeline.Message {
	out := []pipeline.Message{{
		DE: "Vermiedene Mengen sind kein Teil einer Bilanz: bitte getrennt vom Verbrauch ausweisen. Eingehende Briefe zählen nicht als gespart.",
		EN: "Avoided quantities are no part of an inventory: show them apart from consumption. Incoming letters do not count as saved.",
	}}
	note := func(de, en string) { out = append(out, pipeline.Message{DE: de, EN: en}) }
	if all := r.Total.Grades.A + r.Total.Grades.B + r.Total.Grades.C; all > 0 && r.Total.Grades.C > 0 {
		percent := fmt.Sprintf("%.0f", 100*r.Total.Grades.C/all)
		note(percent+" % der gesparten Blätter beruhen auf einer Annahme (Klasse C), nicht auf einer Zählung.",
			percent+" % of the sheets saved rest on an assumption (class C), not on a count.")
	}
	if r.Total.Net.CO2e.Mid < 0 {
		note("Unter dem Strich wurde kein CO₂e gespart: Speicher und Strom kosten mehr, als das Papier bringt. Kleinere Dateien helfen.",
			"On balance no CO₂e was saved: storage and electricity cost more than the paper spares. Smaller files help.")
	}
	if r.Total.Net.Sheets.Mid < 0 {
		note("Unter dem Strich wurde kein Papier gespart: Nachdrucke und Trennblätter sind mehr als die vermiedenen Kopien.",
			"On balance no paper was saved: reprints and separator sheets are more than the copies avoided.")
	}
	if len(r.Checks) == 0 && r.Total.Saved.Sheets.Mid > 0 {
		note("Diese Zahlen sind noch nicht am Papiereinkauf geprüft: dazu braucht es den Beginn der digitalen Ablage, den Einkauf von mindestens 12 Monaten davor und den seither.",
			"These figures are not yet checked against the paper bought: that takes the day when digital filing began, purchases of 12 months before it at least, and those since.")
	}
	for _, c := range r.Checks {
		if c.Capped {
			out = append(out, c.Text)
		}
	}
	return append(out, t.oldNotes(values)...)
}

// oldNotes tells of what was booked without a basis, and of figures that rest on
// factors of different sources in one year.
func (t *terms) oldNotes(values []*valued) []pipeline.Message {
	var out []pipeline.Message
	old, early := 0, 0
	families := map[int]map[string]bool{}
	for _, v := range values {
		if v.booked != "" {
			old += v.entries
		}
		if v.event == EventCopies && !t.digital(v.department, v.month) {
			early += v.entries
		}
		if v.sums.Sheets.Mid != 0 && len(v.saving.Factors) > 0 {
			year := yearOf(v.month)
			if families[year] == nil {
				families[year] = map[string]bool{}
			}
			id := t.set(year).ids[setKey{"co2e", "virgin"}][1]
			if v.booked != "" {
				id = v.saving.Factors[0]
			}
			families[year][family(id)] = true
		}
	}
	if old > 0 {
		out = append(out, pipeline.Message{
			DE: fmt.Sprintf("%d ältere Buchungen enthalten ihre Zählung nicht; sie stehen hier, wie sie gebucht wurden.", old),
			EN: fmt.Sprintf("%d older entries do not hold what was counted; they stand here as they were booked.", old),
		})
	}
	if early > 0 {
		out = append(out, pipeline.Message{
			DE: fmt.Sprintf("%d Briefe kamen vor dem Beginn der digitalen Ablage; ihre Kopien zählen nicht als vermieden.", early),
			EN: fmt.Sprintf("%d letters came before digital filing began; their copies do not count as avoided.", early),
		})
	}
	for _, year := range sortedKeys(families) {
		if len(families[year]) > 1 {
			out = append(out, pipeline.Message{
				DE: fmt.Sprintf("Im Jahr %d wurden Faktoren verschiedener Quellen gemischt. Die Summe ist so nicht belastbar.", year),
				EN: fmt.Sprintf("Factors of different sources were mixed in %d. The sum does not hold like this.", year),
			})
		}
	}
	return out
}

// family is the part of a factor's id that names its source.
func family(id string) string {
	for i, r := range id {
		if r == '-' {
			return id[:i]
		}
	}
	return id
}
