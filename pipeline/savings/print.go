package savings

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"blattwerk/pipeline"
)

// quantity is a column of figures.
type quantity struct {
	name   string
	de, en string
	of     func(pipeline.Sums) pipeline.Range
}

// quantities are the columns of the books, the first five on every table.
func quantities() []quantity {
	return []quantity{
		{"sheets", "Blatt", "sheets", func(s pipeline.Sums) pipeline.Range { return s.Sheets }},
		{"paper_kg", "Papier kg", "paper kg", func(s pipeline.Sums) pipeline.Range { return s.Kg }},
		{"co2e_kg", "CO2e kg", "CO2e kg", func(s pipeline.Sums) pipeline.Range { return s.CO2e }},
		{"water_l", "Wasser l", "water l", func(s pipeline.Sums) pipeline.Range { return s.Water }},
		{"energy_kwh", "Energie kWh", "energy kWh", func(s pipeline.Sums) pipeline.Range { return s.Energy }},
		{"folders", "Ordner", "folders", func(s pipeline.Sums) pipeline.Range { return s.Folders }},
		{"shelf_m", "Regal m", "shelf m", func(s pipeline.Sums) pipeline.Range { return s.Shelf }},
		{"trips", "Fahrten", "trips", func(s pipeline.Sums) pipeline.Range { return s.Trips }},
	}
}

// eventWords names the events of the ledger for people.
var eventWords = map[string]pipeline.Message{
	EventReceived:   {DE: "Eingegangene Blätter (nicht gespart)", EN: "sheets received (not saved)"},
	EventCopies:     {DE: "Vermiedene Kopien", EN: "copies avoided"},
	EventReply:      {DE: "Digitale Antworten", EN: "digital replies"},
	EventShelf:      {DE: "Ordner und Regale", EN: "folders and shelves"},
	EventTrip:       {DE: "Entfallene Fahrten", EN: "trips cancelled"},
	EventSeparator:  {DE: "Trennblätter", EN: "separator sheets"},
	EventCover:      {DE: "Deckblätter", EN: "cover sheets"},
	EventReprint:    {DE: "Nachdrucke", EN: "reprints"},
	EventRescan:     {DE: "Nachscans", EN: "rescans"},
	EventScan:       {DE: "Strom der Scanner", EN: "electricity of scanners"},
	EventProcessing: {DE: "Strom der Texterkennung", EN: "electricity of recognition"},
	EventServer:     {DE: "Gemessener Strom", EN: "metered electricity"},
	EventStorage:    {DE: "Speicher über die Aufbewahrung", EN: "storage over the retention"},
}

// EventWord is the name of an event for people.
func EventWord(event, lang string) string {
	m, ok := eventWords[event]
	if !ok {
		return event
	}
	return pick(lang, m.DE, m.EN)
}

// JSON writes the report as JSON, as it is filed.
func JSON(w io.Writer, r pipeline.Report) error {
	raw, err := Bytes(r)
	if err == nil {
		_, err = w.Write(raw)
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// Table writes the report for people, in German ("de") or English: net figures
// as "middle (low to high)", then saved and debits of the total, how they come
// about, notes and sources.
func Table(w io.Writer, r pipeline.Report, by, lang string) error {
	tr := func(de, en string) string { return pick(lang, de, en) }
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := []string{map[string]string{
		"department": tr("Amt", "department"), "month": tr("Monat", "month"), "type": tr("Dokumenttyp", "document type"),
	}[by]}
	columns := quantities()[:5]
	for _, q := range columns {
		head = append(head, tr(q.de, q.en))
	}
	fmt.Fprintln(tw, strings.Join(append(head, tr("Beleg", "evidence")), "\t"))
	line := func(name string, s pipeline.Sums, e pipeline.Evidence) {
		cells := []string{name}
		for _, q := range columns {
			cells = append(cells, Spread(q.of(s), lang))
		}
		fmt.Fprintln(tw, strings.Join(append(cells, string(e)), "\t"))
	}
	for _, row := range r.Rows(by) {
		line(row.Key, row.Net, row.Worst)
	}
	line(tr("Vermieden", "avoided"), r.Total.Saved, r.Total.Paper)
	line(tr("Abzüge", "debits"), r.Total.Debits, "")
	line(tr("Netto", "net"), r.Total.Net, r.Total.Worst)
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", tr("So kommt es zustande:", "How it comes about:"))
	for _, e := range r.Events {
		fmt.Fprintf(&b, "- %s: %s\n", EventWord(e.Key, lang), e.Formula.In(lang))
	}
	b.WriteByte('\n')
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", tr(n.DE, n.EN))
	}
	fmt.Fprintf(&b, "\n%s\n", tr("Faktoren und Quellen:", "Factors and sources:"))
	for _, f := range r.Factors {
		fmt.Fprintf(&b, "- %s: %s %s, %s", f.ID, plainSpread(f.Value, lang), f.Unit, f.Source)
		if f.Before != nil {
			fmt.Fprintf(&b, tr(" (zuvor %s; geändert von %s am %s)", " (%s before; changed by %s on %s)"),
				plainSpread(f.Before.Value, lang), f.Author, f.At.Format("02.01.2006"))
		}
		b.WriteByte('\n')
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
