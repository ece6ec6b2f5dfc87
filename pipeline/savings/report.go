package savings

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"blattwerk/pipeline"
)

// Booked is an entry of the ledger with the letter that it belongs to.
type Booked struct {
	Saving     pipeline.Saving
	Department pipeline.DeptID
	Type       pipeline.TypeCode
	At         time.Time // zero is Saving.At
}

// Sums are the quantities of a report.
type Sums struct {
	Sheets pipeline.Range `json:"sheets"`
	Kg     pipeline.Range `json:"kg"`
	CO2e   pipeline.Range `json:"co2e"`
	Water  pipeline.Range `json:"water"`
	Energy pipeline.Range `json:"energy"`
}

func (s Sums) plus(e pipeline.Saving) Sums {
	return Sums{
		Sheets: plus(s.Sheets, e.Sheets), Kg: plus(s.Kg, e.Kg), CO2e: plus(s.CO2e, e.CO2e),
		Water: plus(s.Water, e.Water), Energy: plus(s.Energy, e.Energy),
	}
}

// Row is one line of a report. Net is Saved plus Debits.
type Row struct {
	Key      string            `json:"key"`
	Entries  int               `json:"entries"`
	Saved    Sums              `json:"saved"`
	Debits   Sums              `json:"debits"`
	Net      Sums              `json:"net"`
	Evidence pipeline.Evidence `json:"evidence"` // the weakest class among the entries that save paper; "" if none does
}

func (r *Row) add(e pipeline.Saving) {
	r.Entries++
	if isDebit(e) {
		r.Debits = r.Debits.plus(e)
	} else {
		r.Saved = r.Saved.plus(e)
		r.Evidence = max(r.Evidence, e.Evidence) // "A" < "B" < "C"
	}
	r.Net = r.Net.plus(e)
}

// isDebit reports whether an entry costs: no quantity of a debit is positive.
func isDebit(e pipeline.Saving) bool {
	return e.Sheets.Mid < 0 || e.CO2e.Mid < 0 || e.Energy.Mid < 0
}

// Report sums up entries of the ledger.
type Report struct {
	By      string             `json:"by"` // "department", "month", "type"
	Rows    []Row              `json:"rows"`
	Total   Row                `json:"total"`
	Factors []Factor           `json:"factors"` // that the entries used, with sources
	Notes   []pipeline.Message `json:"notes"`   // what a reader has to know
}

// Summarise sums up entries by "department", "month" or "type". An entry that is
// listed twice under one id counts once. Any other value of by makes one row.
// Sources are those of the table that the program ships with; a town with
// factors of its own asks [Books.Summarise].
func Summarise(rows []Booked, by string) Report {
	factors, err := SeedFactors()
	if err != nil {
		factors = nil // the ids are listed without their sources
	}
	return summarise(rows, by, factors)
}

// Summarise is [Summarise] with the factors of these books.
func (b *Books) Summarise(rows []Booked, by string) Report {
	return summarise(rows, by, b.factors)
}

func summarise(rows []Booked, by string, factors []Factor) Report {
	rep := Report{By: by, Total: Row{Key: "total"}}
	index := map[string]int{}
	seen := map[string]bool{}
	used := map[string]bool{}
	families := map[int]map[string]bool{}
	var assumed, saved float64
	for _, b := range rows {
		if b.Saving.ID != "" && seen[b.Saving.ID] {
			continue
		}
		seen[b.Saving.ID] = true
		key := b.key(by)
		i, ok := index[key]
		if !ok {
			i = len(rep.Rows)
			index[key] = i
			rep.Rows = append(rep.Rows, Row{Key: key})
		}
		rep.Rows[i].add(b.Saving)
		rep.Total.add(b.Saving)
		for _, id := range b.Saving.Factors {
			used[id] = true
		}
		if b.Saving.Sheets.Mid != 0 && len(b.Saving.Factors) > 0 {
			year := b.at().Year()
			if families[year] == nil {
				families[year] = map[string]bool{}
			}
			families[year][family(b.Saving.Factors[0])] = true
		}
		if !isDebit(b.Saving) {
			saved += b.Saving.Sheets.Mid
			if b.Saving.Evidence == pipeline.Assumed {
				assumed += b.Saving.Sheets.Mid
			}
		}
	}
	slices.SortFunc(rep.Rows, func(a, b Row) int { return cmp.Compare(a.Key, b.Key) })
	rep.Factors = usedFactors(used, factors)
	rep.Notes = notes(rep.Total, families, assumed, saved)
	return rep
}

func (b Booked) at() time.Time {
	if b.At.IsZero() {
		return b.Saving.At
	}
	return b.At
}

func (b Booked) key(by string) string {
	switch by {
	case "department":
		return cmp.Or(string(b.Department), "-")
	case "type":
		return cmp.Or(string(b.Type), "-")
	case "month":
		return b.at().Format("2006-01")
	}
	return "total"
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

// usedFactors finds the rows for the ids; an id that no table knows is listed by
// itself, so that it is not lost.
func usedFactors(used map[string]bool, factors []Factor) []Factor {
	var out []Factor
	for _, f := range factors {
		if used[f.ID] {
			out = append(out, f)
			delete(used, f.ID)
		}
	}
	for id := range used {
		out = append(out, Factor{ID: id})
	}
	slices.SortFunc(out, func(a, b Factor) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// notes are what keeps a reader from taking more from the figures than is in them.
func notes(total Row, families map[int]map[string]bool, assumed, saved float64) []pipeline.Message {
	out := []pipeline.Message{{
		DE: "Vermiedene Mengen sind kein Teil einer Bilanz: bitte getrennt vom Verbrauch ausweisen. Eingehende Briefe zählen nicht als gespart.",
		EN: "Avoided quantities are no part of an inventory: show them apart from consumption. Incoming letters do not count as saved.",
	}}
	if saved > 0 && assumed > 0 {
		share := fmt.Sprintf("%.0f", 100*assumed/saved)
		out = append(out, pipeline.Message{
			DE: share + " % der gesparten Blätter beruhen auf einer Annahme (Klasse C), nicht auf einer Zählung.",
			EN: share + " % of the sheets saved rest on an assumption (class C), not on a count.",
		})
	}
	if total.Net.CO2e.Mid < 0 {
		out = append(out, pipeline.Message{
			DE: "Unter dem Strich wurde kein CO2e gespart: Speicher und Strom kosten mehr, als das Papier bringt. Kleinere Dateien helfen.",
			EN: "On balance no CO2e was saved: storage and electricity cost more than the paper spares. Smaller files help.",
		})
	}
	for year, f := range families {
		if len(f) > 1 {
			out = append(out, pipeline.Message{
				DE: fmt.Sprintf("Im Jahr %d wurden Faktoren verschiedener Quellen gemischt. Die Summe ist so nicht belastbar.", year),
				EN: fmt.Sprintf("Factors of different sources were mixed in %d. The sum does not hold like this.", year),
			})
		}
	}
	slices.SortFunc(out[1:], func(a, b pipeline.Message) int { return cmp.Compare(a.EN, b.EN) })
	return out
}
