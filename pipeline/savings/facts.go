package savings

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// minSample is how many days a sample has to last to count as one.
const minSample = 14

// bad is a fault in what somebody told; field is the column of a table, or the entry
// of a form, that it is about.
func bad(field, de, en string) error {
	return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: "bad-fact", Field: field, Text: pipeline.Message{DE: de, EN: en}}
}

// Check refuses a fact that the books cannot use. Its error is a *[pipeline.Fault]
// with a message for whoever told it.
func (b *Books) Check(f pipeline.Fact) error {
	if err := checkSizes(f); err != nil {
		return err
	}
	switch f.Kind {
	case pipeline.FactFactor:
		return b.checkNewFactor(f)
	case pipeline.FactSet:
		if _, ok := b.sets[f.Set]; !ok {
			return bad("set", "Diesen Satz von Faktoren gibt es nicht.", "There is no such set of factors.")
		}
		return checkSince(f.Since)
	}
	from, err := time.Parse(time.DateOnly, f.From)
	if err != nil || from.Year() < 1990 || from.Year() > 2200 {
		return bad("from", "Der erste Tag ist kein Datum wie 2026-01-31.", "The first day is no date such as 2026-01-31.")
	}
	if f.Kind == pipeline.FactStart {
		return nil
	}
	to, err := time.Parse(time.DateOnly, f.To)
	if err != nil || to.Before(from) || to.Sub(from) > 20*366*24*time.Hour {
		return bad("to", "Der letzte Tag ist kein Datum nach dem ersten.", "The last day is no date after the first.")
	}
	days := int(to.Sub(from).Hours()/24) + 1
	wholeMonths := from.Day() == 1 && to.AddDate(0, 0, 1).Day() == 1
	switch f.Kind {
	case pipeline.FactPurchase, pipeline.FactPrints, pipeline.FactStaff, pipeline.FactVolume:
		if !wholeMonths {
			return bad("to", "Diese Zahl gilt für ganze Monate: vom Ersten bis zum Letzten.", "This figure is for whole months: from the first day to the last.")
		}
		if f.Kind == pipeline.FactStaff && f.FTE == 0 {
			return bad("fte", "Die Zahl der Vollzeitstellen fehlt.", "The number of full-time equivalents is missing.")
		}
		return nil
	case pipeline.FactSample:
		switch {
		case days < minSample:
			return bad("to", "Eine Stichprobe dauert mindestens 14 Tage.", "A sample lasts 14 days at least.")
		case f.Letters < 1:
			return bad("letters", "Wie viele Briefe wurden angesehen?", "How many letters were looked at?")
		}
		return nil
	case pipeline.FactTarget:
		if !slices.Contains(TargetQuantities(), f.Quantity) {
			return bad("quantity", "Dieses Ziel kennt Blattwerk nicht.", "There is no such target.")
		}
		if from.Format("01-02") != "01-01" || to.Format("01-02") != "12-31" || from.Year() != to.Year() {
			return bad("from", "Ein Ziel gilt für ein Kalenderjahr.", "A target is for a calendar year.")
		}
		return nil
	}
	return bad("kind", "Diese Art von Angabe kennt Blattwerk nicht.", "There is no such kind of statement.")
}

// checkSizes refuses numbers and texts that cannot be meant.
func checkSizes(f pipeline.Fact) error {
	for _, n := range []struct {
		field string
		x     float64
	}{{"sheets", f.Sheets}, {"recycled", f.Recycled}, {"fte", f.FTE}, {"letters", f.Letters}, {"copies", f.Copies}, {"duplex", f.Duplex}, {"value", f.Value}} {
		if math.IsNaN(n.x) || n.x < 0 || n.x > 1e12 {
			return bad(n.field, "Eine Zahl ist negativ oder zu groß.", "A number is negative or too large.")
		}
		if n.x > 1 && (n.field == "recycled" || n.field == "duplex") {
			return bad(n.field, "Anteile liegen zwischen 0 und 100 Prozent.", "Shares lie between 0 and 100 per cent.")
		}
	}
	if len(f.Note) > 1000 || len(f.Department) > 20 || len(f.Type) > 40 {
		return bad("note", "Ein Text ist zu lang.", "A text is too long.")
	}
	return nil
}

// TargetQuantities are the quantities that a target may name.
func TargetQuantities() []string {
	return []string{TargetSheets, TargetCO2e, TargetPurchase, TargetRecycled, TargetPerDay}
}

func checkSince(year int) error {
	if year != 0 && (year < 1990 || year > 2200) {
		return bad("since", "Ein Faktor gilt ab einem Jahr, sonst wären in einem Jahr zwei gemischt.", "A factor holds from a year on, or two would be mixed in one.")
	}
	return nil
}

// checkNewFactor lets a town replace the value of a factor, with its source; what
// the factor is about and its unit stay.
func (b *Books) checkNewFactor(f pipeline.Fact) error {
	if f.Factor == nil {
		return bad("id", "Der Faktor fehlt.", "The factor is missing.")
	}
	was, known := b.byID[f.Factor.ID]
	if !known {
		return bad("id", "Diesen Faktor gibt es nicht.", "There is no such factor.")
	}
	if f.Factor.Unit != was.Unit || f.Factor.Quantity != was.Quantity || f.Factor.Paper != was.Paper || f.Factor.Use != was.Use {
		return bad("id", "Größe und Einheit eines Faktors bleiben, nur sein Wert ändert sich.", "Quantity and unit of a factor stay, only its value changes.")
	}
	if was.Use == "never" {
		return bad("id", "Dieser Faktor steht nur zum Vergleich da; die Bücher rechnen nie mit ihm.", "This factor is there for comparison only; the books never use it.")
	}
	if strings.TrimSpace(f.Factor.Source) == "" {
		return bad("source", "Ein Faktor braucht eine Quelle.", "A factor needs a source.")
	}
	if err := checkFactor(*f.Factor); err != nil {
		return bad("low", fmt.Sprintf("Niedrig, mittel und hoch sind nicht in Ordnung (%v).", err), fmt.Sprintf("Low, middle and high are not in order (%v).", err))
	}
	return checkSince(f.Since)
}

// NewFactor is a fact that replaces the value of a factor from a year on.
func (b *Books) NewFactor(id string, value pipeline.Range, evidence pipeline.Evidence, source, boundary string, sourceYear, since int) (pipeline.Fact, error) {
	f, known := b.byID[id]
	if !known {
		return pipeline.Fact{}, b.Check(pipeline.Fact{Kind: pipeline.FactFactor, Factor: &pipeline.Factor{ID: id}})
	}
	f.Value, f.Source, f.Year = value, source, sourceYear
	if boundary != "" {
		f.Boundary = boundary
	}
	if f.Evidence != "" {
		f.Evidence = evidence // a published factor has none
	}
	fact := pipeline.Fact{Kind: pipeline.FactFactor, Since: since, Factor: &f}
	return fact, b.Check(fact)
}

// InForce are the factors that hold in a year after some facts, each with what
// held before.
func (b *Books) InForce(facts []pipeline.Fact, year int) []pipeline.FactorUse {
	t := b.terms(facts)
	list := make([]pipeline.FactorUse, 0, len(b.factors))
	for _, f := range b.factors {
		list = append(list, t.factor(f.ID, year))
	}
	return list
}
