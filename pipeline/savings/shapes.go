package savings

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// Sheet is a table to export. Cells are texts, whole numbers (int) and figures
// (float64).
type Sheet struct {
	Name string
	Head []string
	Rows [][]any
}

// Shapes are the tables that [Shape] knows: the books by department, month, type
// and event; what was bought, shaped for GRI 301, for the core indicator of EMAS
// and for the Berichtsrahmen Nachhaltige Kommune; what the figures rest on.
func Shapes() []string {
	return []string{"summary", "department", "month", "type", "event", "gri301", "emas", "bnk", "factors", "checks"}
}

// Shape makes an export table of a report. names gives the names of departments
// and types. ok is false if there is no such table.
func Shape(r pipeline.Report, shape, lang string, names func(by, key string) string) (s Sheet, ok bool) {
	switch shape {
	case "summary":
		return summarySheet(r, lang), true
	case "department", "month", "type", "event":
		return rowSheet(r, shape, lang, names), true
	case "gri301":
		return griSheet(r, lang), true
	case "emas":
		return emasSheet(r, lang, names), true
	case "bnk":
		return bnkSheet(r, lang), true
	case "factors":
		return factorSheetOf(r, lang), true
	case "checks":
		return checkSheet(r, lang, names), true
	}
	return Sheet{}, false
}

// rowSheet has one line for each row and part (saved, debits, net), with low,
// middle and high of each quantity.
func rowSheet(r pipeline.Report, by, lang string, names func(by, key string) string) Sheet {
	s := Sheet{Name: map[string]string{
		"department": pick(lang, "Ämter", "Departments"), "month": pick(lang, "Monate", "Months"),
		"type": pick(lang, "Dokumenttypen", "Document types"), "event": pick(lang, "Vorgänge", "Events"),
	}[by]}
	s.Head = []string{by, "name", "part", "entries", "letters", "received_low", "received_mid", "received_high", "evidence"}
	for _, q := range quantities() {
		for _, end := range []string{"low", "mid", "high"} {
			s.Head = append(s.Head, q.name+"_"+end)
		}
	}
	total := r.Total
	for _, row := range append(append([]pipeline.SumRow(nil), r.Rows(by)...), total) {
		for _, part := range []struct {
			name     string
			sums     pipeline.Sums
			evidence pipeline.Evidence
		}{{"saved", row.Saved, row.Paper}, {"debits", row.Debits, row.Worst}, {"net", row.Net, row.Worst}} {
			name := ""
			switch {
			case row.Key == "total":
			case by == "event":
				name = EventWord(row.Key, lang)
			default:
				name = names(by, row.Key)
			}
			line := []any{row.Key, name, part.name, row.Entries, row.Letters, row.Received.Low, row.Received.Mid, row.Received.High, string(part.evidence)}
			for _, q := range quantities() {
				v := q.of(part.sums)
				line = append(line, v.Low, v.Mid, v.High)
			}
			s.Rows = append(s.Rows, line)
		}
	}
	return s
}

// summarySheet says what report this is and gives its sums, the inventory first
// and what was avoided apart from it.
func summarySheet(r pipeline.Report, lang string) Sheet {
	tr := func(de, en string) string { return pick(lang, de, en) }
	s := Sheet{Name: tr("Bericht", "Report"), Head: []string{tr("Größe", "quantity"), tr("niedrig", "low"), tr("mittel", "middle"), tr("hoch", "high"), tr("Beleg", "evidence"), tr("Hinweis", "note")}}
	text := func(name, value string) { s.Rows = append(s.Rows, []any{name, "", "", "", "", value}) }
	text(tr("Zeitraum", "period"), r.From+" – "+r.To)
	text(tr("Faktorensatz", "factor set"), r.FactorSet)
	text(tr("Stand des Hauptbuchs", "position of the ledger"), fmt.Sprintf("%d / %d", r.Ledger, r.Facts))
	for _, c := range r.Consumption {
		if c.Department == "" && !c.Baseline {
			s.Rows = append(s.Rows, []any{tr("Verbrauch: gekauftes Papier kg", "consumption: paper bought kg") + " " + strconv.Itoa(c.Year), c.Kg, c.Kg, c.Kg, "A",
				fmt.Sprintf(tr("%d Monate", "%d months"), c.Months)})
		}
	}
	for _, part := range []struct {
		name     string
		sums     pipeline.Sums
		evidence pipeline.Evidence
	}{{tr("vermieden", "avoided"), r.Total.Saved, r.Total.Paper}, {tr("Abzüge", "debits"), r.Total.Debits, r.Total.Worst}, {tr("netto", "net"), r.Total.Net, r.Total.Worst}} {
		for _, q := range quantities() {
			v := q.of(part.sums)
			s.Rows = append(s.Rows, []any{part.name + ": " + tr(q.de, q.en), v.Low, v.Mid, v.High, string(part.evidence), ""})
		}
	}
	rec := r.Total.Received
	s.Rows = append(s.Rows, []any{tr("eingegangene Blatt (zählen nicht als gespart)", "sheets received (do not count as saved)"), rec.Low, rec.Mid, rec.High, "", ""})
	for _, n := range r.Notes {
		text(tr("Anmerkung", "note"), tr(n.DE, n.EN))
	}
	return s
}

// griSheet is GRI 301 (2016): 301-1 materials used by weight, parted into
// renewable and not, and 301-2 the share of recycled input. Both ask to state
// whether the figure was measured or estimated.
func griSheet(r pipeline.Report, lang string) Sheet {
	tr := func(de, en string) string { return pick(lang, de, en) }
	s := Sheet{Name: "GRI 301", Head: []string{tr("Angabe", "disclosure"), tr("Jahr", "year"), tr("Monate", "months"), tr("Beschreibung", "description"),
		tr("Wert", "value"), tr("Einheit", "unit"), tr("Erhebung", "method"), tr("Quelle", "source")}}
	measured, bought := tr("gemessen", "measured"), tr("Papiereinkauf", "paper purchases")
	for _, c := range r.Consumption {
		if c.Department != "" {
			continue
		}
		s.Rows = append(s.Rows,
			[]any{"301-1", c.Year, c.Months, tr("Eingesetztes Papier, erneuerbares Material", "paper used, renewable material"), c.Kg, "kg", measured, bought},
			[]any{"301-1", c.Year, c.Months, tr("Eingesetztes Papier, nicht erneuerbares Material", "paper used, non-renewable material"), 0.0, "kg", measured, bought},
			[]any{"301-2", c.Year, c.Months, tr("Anteil Recyclingpapier", "share of recycled input paper"), 100 * share(c.RecycledKg, c.Kg), "%", measured, bought})
	}
	return s
}

// emasSheet is the core indicator on material efficiency (EMAS, Annex IV, C.2):
// figure A the input in the year, figure B the reference value, R their ratio.
func emasSheet(r pipeline.Report, lang string, names func(by, key string) string) Sheet {
	tr := func(de, en string) string { return pick(lang, de, en) }
	s := Sheet{Name: "EMAS", Head: []string{tr("Kernindikator", "core indicator"), tr("Bereich", "area"), tr("Jahr", "year"), tr("Monate", "months"),
		"A", tr("Einheit A", "unit A"), "B", tr("Einheit B", "unit B"), "R", tr("Einheit R", "unit R"), tr("Blatt je Vollzeitstelle und Arbeitstag", "sheets per FTE and working day")}}
	for _, c := range r.Consumption {
		area := tr("Stadt", "town")
		if c.Department != "" {
			area = strings.TrimSpace(string(c.Department) + " " + names("department", string(c.Department)))
		}
		line := []any{tr("Materialeffizienz: Papier", "material efficiency: paper"), area, c.Year, c.Months, c.Kg / 1000, "t"}
		if c.FTE > 0 {
			line = append(line, c.FTE, tr("Vollzeitstellen", "full-time equivalents"), c.KgPerFTE/1000, tr("t je Vollzeitstelle", "t per FTE"), c.PerDay)
		} else {
			line = append(line, "", tr("Vollzeitstellen", "full-time equivalents"), "", tr("t je Vollzeitstelle", "t per FTE"), "")
		}
		s.Rows = append(s.Rows, line)
	}
	return s
}

// bnkSheet gives figures for the parts of the Berichtsrahmen Nachhaltige Kommune
// that a town writes about its own consumption, with their course since the
// baseline. The sections are those of the framework of 2021 (06 Nachhaltige
// Verwaltung, 07 Vergabe und Beschaffung); version 2.0 of 2024 orders them anew, so
// the town checks where they go.
func bnkSheet(r pipeline.Report, lang string) Sheet {
	tr := func(de, en string) string { return pick(lang, de, en) }
	s := Sheet{Name: "BNK", Head: []string{tr("Abschnitt (2021)", "section (2021)"), tr("Kennzahl", "indicator"), tr("Jahr", "year"), tr("Monate", "months"), tr("Wert", "value"), tr("Einheit", "unit"),
		tr("Veränderung zur Ausgangslage %", "change against the baseline %"), tr("Beleg", "evidence")}}
	var base *pipeline.Consumption
	for i, c := range r.Consumption {
		if c.Department == "" && c.Baseline && c.Months == 12 {
			base = &r.Consumption[i]
		}
	}
	change := func(now, was float64) any {
		if was == 0 {
			return ""
		}
		return 100 * (now - was) / was
	}
	for _, c := range r.Consumption {
		if c.Department != "" {
			continue
		}
		monthly, perFTE := any(""), any("")
		if base != nil && !c.Baseline {
			monthly = change(c.Kg/float64(c.Months), base.Kg/12)
			perFTE = change(c.KgPerFTE/float64(c.Months), base.KgPerFTE/12)
		}
		s.Rows = append(s.Rows, []any{"06", tr("Papierverbrauch der Verwaltung", "paper use of the administration"), c.Year, c.Months, c.Kg, "kg", monthly, "A"},
			[]any{"07", tr("Anteil Recyclingpapier", "share of recycled paper"), c.Year, c.Months, 100 * share(c.RecycledKg, c.Kg), "%", "", "A"})
		if c.FTE > 0 {
			s.Rows = append(s.Rows, []any{"06", tr("Papierverbrauch je Vollzeitstelle", "paper use per full-time equivalent"), c.Year, c.Months, c.KgPerFTE, "kg", perFTE, "A"})
		}
	}
	net := r.Total.Net
	s.Rows = append(s.Rows,
		[]any{"06", tr("Vermieden durch digitale Ablage, netto (kein Teil der Bilanz)", "avoided by digital filing, net (no part of the inventory)"), r.From + " – " + r.To, "", net.Kg.Mid, tr("kg Papier", "kg paper"), "", string(r.Total.Worst)},
		[]any{"06", tr("Vermieden durch digitale Ablage, netto (kein Teil der Bilanz)", "avoided by digital filing, net (no part of the inventory)"), r.From + " – " + r.To, "", net.CO2e.Mid, "kg CO2e", "", string(r.Total.Worst)})
	return s
}

func factorSheetOf(r pipeline.Report, lang string) Sheet {
	tr := func(de, en string) string { return pick(lang, de, en) }
	s := Sheet{Name: tr("Faktoren", "Factors"), Head: []string{"id", tr("Größe", "quantity"), tr("niedrig", "low"), tr("mittel", "middle"), tr("hoch", "high"), tr("Einheit", "unit"),
		tr("Jahr der Quelle", "year of the source"), tr("Beleg", "evidence"), tr("Quelle", "source"), tr("Grenze", "boundary"), tr("gilt ab", "since"), tr("zuvor", "before"), tr("geändert von", "changed by"), tr("am", "on")}}
	for _, f := range r.Factors {
		year, since, before, at := any(""), any(""), any(""), ""
		if f.Year > 0 {
			year = f.Year
		}
		if f.Since > 0 {
			since = f.Since
		}
		if f.Before != nil {
			before = f.Before.Value.Mid
		}
		if !f.At.IsZero() {
			at = f.At.Format(time.DateOnly)
		}
		s.Rows = append(s.Rows, []any{f.ID, f.Quantity, f.Value.Low, f.Value.Mid, f.Value.High, f.Unit, year, string(f.Evidence), f.Source, f.Boundary, since, before, f.Author, at})
	}
	for _, rate := range r.Rates {
		where := cmp.Or(strings.TrimSpace(string(rate.Department)+" "+string(rate.Type)), tr("alle Briefe", "all letters"))
		at := ""
		if !rate.At.IsZero() {
			at = rate.At.Format(time.DateOnly)
		}
		s.Rows = append(s.Rows, []any{tr("Kopien je Brief: ", "copies for each letter: ") + where, "copies", rate.Copies.Low, rate.Copies.Mid, rate.Copies.High,
			tr("Kopien/Brief", "copies/letter"), "", string(rate.Evidence), "", "", "", "", rate.Author, at})
	}
	return s
}

func checkSheet(r pipeline.Report, lang string, names func(by, key string) string) Sheet {
	tr := func(de, en string) string { return pick(lang, de, en) }
	s := Sheet{Name: tr("Abgleich", "Cross-check"), Head: []string{tr("Bereich", "area"), tr("Quelle", "source"), tr("Monate", "months"), tr("Ausgangslage je Monat", "baseline a month"), tr("Monate der Ausgangslage", "months of the baseline"),
		tr("Normierung", "norm"), tr("erwartet", "expected"), tr("tatsächlich", "actual"), tr("Rückgang", "decline"), tr("aus Briefen", "from letters"), tr("gekappt", "capped")}}
	for _, c := range r.Checks {
		area := tr("Stadt", "town")
		if c.Department != "" {
			area = strings.TrimSpace(string(c.Department) + " " + names("department", string(c.Department)))
		}
		s.Rows = append(s.Rows, []any{area, c.Source, c.Months, c.Baseline, c.BaseMonths, c.Norm, c.Expected, c.Actual, c.Decline, c.BottomUp, strconv.FormatBool(c.Capped)})
	}
	return s
}

// CSV writes a table: in German parted by semicolons with decimal commas, as
// German spreadsheets read it; in English by commas with points. Figures have six
// decimals.
func CSV(w io.Writer, s Sheet, lang string) error {
	out := csv.NewWriter(w)
	if lang == "de" {
		out.Comma = ';'
	}
	_ = out.Write(s.Head) // kept by the writer until Error
	for _, row := range s.Rows {
		line := make([]string, len(row))
		for i, cell := range row {
			line[i] = csvCell(cell, lang)
		}
		_ = out.Write(line)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing a table: %w", err)
	}
	return nil
}

func csvCell(cell any, lang string) string {
	switch v := cell.(type) {
	case float64:
		text := strconv.FormatFloat(v, 'f', 6, 64)
		if strings.Trim(text, "-0.") == "" {
			text = "0.000000" // not "-0.000000"
		}
		if lang == "de" {
			text = strings.Replace(text, ".", ",", 1)
		}
		return text
	case int:
		return strconv.Itoa(v)
	case string:
		// A spreadsheet takes what begins like this for a formula.
		if v != "" && strings.ContainsRune("=+@\t\r", rune(v[0])) {
			return "'" + v
		}
		return v
	}
	return fmt.Sprint(cell)
}
