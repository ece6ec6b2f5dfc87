package savings

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"blattwerk/pipeline"
)

// JSON writes the report as JSON.
func (r Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// CSV writes one line for each row and part (saved, debits, net), with low,
// middle and high of each quantity, then the total. Figures use a decimal point.
func (r Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{r.By, "part", "entries", "evidence"}
	for _, q := range quantities {
		for _, end := range []string{"low", "mid", "high"} {
			head = append(head, q.name+"_"+end)
		}
	}
	_ = out.Write(head) // kept by the writer until Error
	for _, row := range append(append([]Row(nil), r.Rows...), r.Total) {
		for _, part := range []struct {
			name string
			sums Sums
		}{{"saved", row.Saved}, {"debits", row.Debits}, {"net", row.Net}} {
			line := []string{row.Key, part.name, strconv.Itoa(row.Entries), string(row.Evidence)}
			for _, q := range quantities {
				v := q.of(part.sums)
				for _, x := range []float64{v.Low, v.Mid, v.High} {
					line = append(line, strconv.FormatFloat(x, 'f', 6, 64))
				}
			}
			_ = out.Write(line)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// quantities are the columns of a report.
var quantities = []struct {
	name   string
	de, en string
	of     func(Sums) pipeline.Range
}{
	{"sheets", "Blatt", "sheets", func(s Sums) pipeline.Range { return s.Sheets }},
	{"paper_kg", "Papier kg", "paper kg", func(s Sums) pipeline.Range { return s.Kg }},
	{"co2e_kg", "CO2e kg", "CO2e kg", func(s Sums) pipeline.Range { return s.CO2e }},
	{"water_l", "Wasser l", "water l", func(s Sums) pipeline.Range { return s.Water }},
	{"energy_kwh", "Energie kWh", "energy kWh", func(s Sums) pipeline.Range { return s.Energy }},
}

// Table writes the report for people, in German ("de") or English: net figures
// as "middle (low to high)", then saved and debits of the total, notes and
// sources.
func (r Report) Table(w io.Writer, lang string) error {
	tr := func(de, en string) string {
		if lang == "en" {
			return en
		}
		return de
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := []string{map[string]string{
		"department": tr("Amt", "department"), "month": tr("Monat", "month"), "type": tr("Dokumenttyp", "document type"),
	}[r.By]}
	for _, q := range quantities {
		head = append(head, tr(q.de, q.en))
	}
	fmt.Fprintln(tw, strings.Join(append(head, tr("Beleg", "evidence")), "\t"))
	line := func(name string, s Sums, e pipeline.Evidence) {
		cells := []string{name}
		for _, q := range quantities {
			cells = append(cells, spread(q.of(s), lang))
		}
		fmt.Fprintln(tw, strings.Join(append(cells, string(e)), "\t"))
	}
	for _, row := range r.Rows {
		line(row.Key, row.Net, row.Evidence)
	}
	line(tr("Vermieden", "avoided"), r.Total.Saved, r.Total.Evidence)
	line(tr("Abzüge", "debits"), r.Total.Debits, "")
	line(tr("Netto", "net"), r.Total.Net, "")
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	var b strings.Builder
	b.WriteByte('\n')
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", tr(n.DE, n.EN))
	}
	fmt.Fprintf(&b, "\n%s\n", tr("Faktoren und Quellen:", "Factors and sources:"))
	for _, f := range r.Factors {
		if f.Source == "" {
			fmt.Fprintf(&b, "- %s\n", f.ID)
			continue
		}
		fmt.Fprintf(&b, "- %s: %s %s, %s\n", f.ID, spread(f.Value, lang), f.Unit, f.Source)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// spread writes a range as "0.30 (0.10 to 0.50)", or one figure if it has no width.
func spread(r pipeline.Range, lang string) string {
	word := " bis "
	if lang == "en" {
		word = " to "
	}
	if r.Low == r.High {
		return figure(r.Mid, lang)
	}
	return figure(r.Mid, lang) + " (" + figure(r.Low, lang) + word + figure(r.High, lang) + ")"
}

// figure rounds to three significant digits and writes the decimal mark of the
// language.
func figure(x float64, lang string) string {
	if x == 0 || math.IsNaN(x) {
		return "0"
	}
	digits := min(max(0, 2-int(math.Floor(math.Log10(math.Abs(x))))), 9)
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if lang != "en" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}
