package onepage

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pdfa"
	"blattwerk/pipeline/pdfa/gate"
	"blattwerk/pipeline/savings"
)

// Page is what stands on the page besides the report itself.
type Page struct {
	Town  string // "" leaves it out
	Lang  string // "de" or "en"
	ID    string // of a filed report; "" says that it is none
	By    string // who filed it
	At    time.Time
	Check pipeline.Digest // digest of the filed report
	Names func(by, key string) string
}

// Write writes a report as a page of PDF/A-2a that passed the gate.
func Write(ctx context.Context, w io.Writer, r pipeline.Report, p Page) error {
	title := p.say("Gespartes Papier", "Paper saved") + " " + period(r, p.Lang)
	language := "de-DE"
	if p.Lang == "en" {
		language = "en-GB"
	}
	s, err := pdfa.NewSheet(pdfa.Meta{Title: title, Author: p.Town, Language: language, Created: p.At})
	if err != nil {
		return fmt.Errorf("setting the report: %w", err)
	}
	s.Foot(p.foot(r))
	s.Heading(1, title)
	if p.Town != "" {
		s.Paragraph(p.Town, pdfa.Text{Size: 11, Bold: true})
	}
	s.Paragraph(Sentence(r, p.Lang), pdfa.Text{Size: 10.5})
	p.sums(s, r)
	p.chart(s, r)
	p.events(s, r)
	p.consumption(s, r)
	p.notes(s, r)
	var file bytes.Buffer
	if err := s.Write(&file); err != nil {
		return err
	}
	verdict, err := gate.Validate(ctx, bytes.NewReader(file.Bytes()), int64(file.Len()), "2a")
	if err != nil {
		return fmt.Errorf("checking the report's page: %w", err)
	}
	if !verdict.Valid {
		return fmt.Errorf("the report's page is no PDF/A-2a: %+v", verdict.Breaks)
	}
	_, err = file.WriteTo(w)
	return err
}

func (p Page) say(de, en string) string {
	if p.Lang == "en" {
		return en
	}
	return de
}

func (p Page) foot(r pipeline.Report) string {
	if p.ID == "" {
		return p.say("Nicht abgelegt: der Stand kann sich noch ändern", "Not filed: figures may still change") + " · " + r.FactorSet
	}
	return fmt.Sprintf(p.say("Bericht %s · %s · %s · Prüfsumme %s", "Report %s · %s · %s · digest %s"),
		p.ID, p.At.Format("02.01.2006"), r.FactorSet, p.Check[:min(16, len(p.Check))])
}

// period is the time of a report in words.
func period(r pipeline.Report, lang string) string {
	if r.From == "" {
		return ""
	}
	if r.From[:4] == r.To[:4] && r.From[5:] == "01" && r.To[5:] == "12" {
		return r.From[:4]
	}
	month := func(m string) string { return m[5:] + "/" + m[:4] }
	if r.From == r.To {
		return month(r.From)
	}
	return month(r.From) + " – " + month(r.To)
}

// Sentence says in plain words what the report comes to.
func Sentence(r pipeline.Report, lang string) string {
	de := lang != "en"
	net, say := r.Total.Net, func(d, e string) string {
		if de {
			return d
		}
		return e
	}
	if r.Total.Entries == 0 {
		return say("Für diesen Zeitraum ist nichts verbucht.", "Nothing is booked for this period.")
	}
	var b strings.Builder
	f := func(x float64) string { return savings.Figure(math.Abs(x), lang) }
	spread := func(r pipeline.Range) string { return savings.Spread(r, lang) }
	if r.Total.Letters == 1 {
		b.WriteString(say("Ein Brief kam an.", "One letter came in."))
	} else {
		fmt.Fprintf(&b, say("%s Briefe kamen an.", "%s letters came in."), savings.Whole(r.Total.Letters, lang))
	}
	if net.Sheets.Mid >= 0 {
		fmt.Fprintf(&b, say(" Unter dem Strich wurden %s Blatt Papier nicht gebraucht. ", " On balance %s sheets of paper were not needed. "), spread(net.Sheets))
	} else {
		fmt.Fprintf(&b, say(" Unter dem Strich wurden %s Blatt Papier mehr gebraucht als gespart. ", " On balance %s sheets of paper more were used than saved. "), f(net.Sheets.Mid))
	}
	co2e, unit := net.CO2e, "kg"
	if math.Abs(co2e.Mid) < 1 { // the books of a few letters are about grams
		co2e, unit = pipeline.Range{Low: 1000 * co2e.Low, Mid: 1000 * co2e.Mid, High: 1000 * co2e.High}, "g"
	}
	if net.CO2e.Mid >= 0 {
		fmt.Fprintf(&b, say("Das Klima wurde um %s %s CO₂e entlastet, Strom und Speicher schon abgezogen.", "That spared %s %s of CO₂e, electricity and storage already deducted."), spread(co2e), unit)
	} else {
		fmt.Fprintf(&b, say("Für das Klima ist das Ergebnis negativ: Strom und Speicher kosten %s %s CO₂e mehr, als das Papier bringt.", "For the climate the result is negative: electricity and storage cost %s %s of CO₂e more than the paper spares."), f(co2e.Mid), unit)
	}
	switch r.Total.Paper {
	case pipeline.Measured:
		b.WriteString(say(" Alle Zahlen sind gezählt.", " All figures are counted."))
	case pipeline.Sampled:
		b.WriteString(say(" Die Zahlen beruhen auf Stichproben im eigenen Haus.", " The figures rest on samples of the town's own work."))
	case pipeline.Assumed:
		b.WriteString(say(" Die Zahlen beruhen ganz oder zum Teil auf Annahmen.", " The figures rest on assumptions, wholly or in part."))
	}
	return b.String()
}

// quantity is a line of the sums.
type quantity struct {
	name, unit string
	of         func(pipeline.Sums) pipeline.Range
}

func (p Page) quantities() []quantity {
	return []quantity{
		{p.say("Papier", "Paper"), p.say("Blatt A4", "sheets A4"), func(s pipeline.Sums) pipeline.Range { return s.Sheets }},
		{p.say("Papier", "Paper"), "kg", func(s pipeline.Sums) pipeline.Range { return s.Kg }},
		{"CO₂e", "kg", func(s pipeline.Sums) pipeline.Range { return s.CO2e }},
		{p.say("Wasser", "Water"), "l", func(s pipeline.Sums) pipeline.Range { return s.Water }},
		{p.say("Energie", "Energy"), "kWh", func(s pipeline.Sums) pipeline.Range { return s.Energy }},
		{p.say("Regal", "Shelf"), "m", func(s pipeline.Sums) pipeline.Range { return s.Shelf }},
		{p.say("Fahrten", "Trips"), "", func(s pipeline.Sums) pipeline.Range { return s.Trips }},
	}
}

func (p Page) sums(s *pdfa.Sheet, r pipeline.Report) {
	t := pdfa.Table{
		Caption: p.say("Vermiedene Mengen: kein Teil einer Bilanz, getrennt vom Verbrauch auszuweisen", "Avoided quantities: no part of an inventory, to be shown apart from consumption"),
		Head:    []string{p.say("Größe", "Quantity"), p.say("vermieden", "avoided"), p.say("Abzüge", "debits"), p.say("netto", "net"), p.say("netto, niedrig bis hoch", "net, low to high")},
		Widths:  []float64{1.3, 1, 1, 1, 1.6}, Right: []bool{false, true, true, true, true}, Header: true, Size: 8,
	}
	f := func(x float64) string { return savings.Figure(x, p.Lang) }
	for _, q := range p.quantities() {
		saved, cost, net := q.of(r.Total.Saved), q.of(r.Total.Debits), q.of(r.Total.Net)
		if saved == (pipeline.Range{}) && cost == (pipeline.Range{}) {
			continue
		}
		t.Rows = append(t.Rows, []string{strings.TrimSpace(q.name + " " + q.unit), f(saved.Mid), f(cost.Mid), f(net.Mid),
			f(net.Low) + p.say(" bis ", " to ") + f(net.High)})
	}
	s.Table(t)
}

// maxBars is how many months a chart on one page can show.
const maxBars = 12

// chart draws the net sheets by month, the range as a line.
func (p Page) chart(s *pdfa.Sheet, r pipeline.Report) {
	rows := r.Months[max(0, len(r.Months)-maxBars):]
	if len(rows) == 0 {
		return
	}
	low, high := 0.0, 0.0
	var alt strings.Builder
	alt.WriteString(p.say("Balken, Blatt netto nach Monat:", "Bars, net sheets by month:"))
	for _, m := range rows {
		low, high = min(low, m.Net.Sheets.Low), max(high, m.Net.Sheets.High)
		fmt.Fprintf(&alt, " %s %s;", month(m.Key), savings.Figure(m.Net.Sheets.Mid, p.Lang))
	}
	if high == low {
		high = low + 1
	}
	const height, base = 92.0, 78.0
	at := func(v float64) float64 { return 8 + (base-14)*(high-v)/(high-low) }
	s.Figure(height, strings.TrimSuffix(alt.String(), ";"), func(pic *pdfa.Picture) {
		step := pdfa.SheetColumn / float64(maxBars)
		green, red, grey := pdfa.Colour{R: 0.11, G: 0.42, B: 0.25}, pdfa.Colour{R: 0.61, G: 0.11, B: 0.11}, pdfa.Colour{R: 0.3, G: 0.3, B: 0.3}
		for i, m := range rows {
			x := float64(i)*step + 4
			n := m.Net.Sheets
			colour := green
			if n.Mid < 0 {
				colour = red
			}
			top, bottom := min(at(n.Mid), at(0)), max(at(n.Mid), at(0))
			pic.Rect(x, top, step-10, max(0.5, bottom-top), colour)
			pic.Line(x+(step-10)/2, at(n.High), x+(step-10)/2, at(n.Low), 0.8, grey)
			small := pdfa.Text{Size: 6.5}
			pic.Text(x, height-4, month(m.Key), small)
			pic.Text(x, min(at(n.High), top)-2, savings.Figure(n.Mid, p.Lang), small)
		}
		pic.Line(0, at(0), pdfa.SheetColumn, at(0), 0.6, grey)
	})
	s.Gap(4)
}

func month(key string) string { return key[5:] + "/" + key[2:4] }

func (p Page) events(s *pdfa.Sheet, r pipeline.Report) {
	t := pdfa.Table{
		Caption: p.say("So kommt es zustande", "How it comes about"),
		Head:    []string{p.say("Vorgang", "Event"), p.say("Blatt", "sheets"), "CO₂e kg", p.say("Beleg", "evidence"), p.say("Rechenweg", "formula")},
		Widths:  []float64{1.5, 0.8, 0.8, 0.6, 4}, Right: []bool{false, true, true, false, false}, Header: true, Size: 7,
	}
	for _, e := range r.Events {
		sheets, class := e.Net.Sheets.Mid, string(e.Worst)
		if e.Key == savings.EventReceived {
			sheets, class = e.Received.Mid, ""
		}
		t.Rows = append(t.Rows, []string{savings.EventWord(e.Key, p.Lang), savings.Figure(sheets, p.Lang), savings.Figure(e.Net.CO2e.Mid, p.Lang), class, e.Formula.In(p.Lang)})
	}
	s.Table(t)
}

func (p Page) consumption(s *pdfa.Sheet, r pipeline.Report) {
	t := pdfa.Table{
		Caption: p.say("Verbrauch: gekauftes Papier (GRI 301-1, 301-2)", "Consumption: paper bought (GRI 301-1, 301-2)"),
		Head:    []string{p.say("Jahr", "Year"), p.say("Monate", "months"), "kg", p.say("Recycling", "recycled"), p.say("kg je Vollzeitstelle", "kg per FTE")},
		Right:   []bool{false, true, true, true, true}, Header: true, Size: 7.5,
	}
	for _, c := range r.Consumption {
		if c.Department != "" {
			continue
		}
		perFTE, recycled := "–", "–"
		if c.FTE > 0 {
			perFTE = savings.Figure(c.KgPerFTE, p.Lang)
		}
		if c.Kg > 0 {
			recycled = savings.Figure(100*c.RecycledKg/c.Kg, p.Lang) + " %"
		}
		t.Rows = append(t.Rows, []string{fmt.Sprint(c.Year), fmt.Sprint(c.Months), savings.Figure(c.Kg, p.Lang), recycled, perFTE})
	}
	// The last two years show the course; the tables have the rest.
	if t.Rows = t.Rows[max(0, len(t.Rows)-2):]; len(t.Rows) > 0 {
		s.Table(t)
	}
}

// notes say what keeps a reader from taking more from the figures than is in them.
// The page is one page: what does not fit is left to the tables, and said so.
func (p Page) notes(s *pdfa.Sheet, r pipeline.Report) {
	small := pdfa.Text{Size: 7.5}
	left := func(text string) bool { return s.Left() > float64(len(text))/110*small.Size*1.35+3*small.Size }
	for _, n := range r.Notes {
		if text := p.say(n.DE, n.EN); left(text) {
			s.Paragraph("• "+text, small)
		}
	}
	for _, t := range r.Targets {
		if text := p.target(t); t.Known && left(text) {
			s.Paragraph("• "+text, small)
		}
	}
	classes := p.say("Beleg: A gezählt oder gemessen, B aus einer Stichprobe, C angenommen.", "Evidence: A counted or metered, B sampled, C assumed.")
	var sources strings.Builder
	for _, f := range r.Factors {
		fmt.Fprintf(&sources, "%s: %s %s (%s); ", f.ID, savings.Figure(f.Value.Mid, p.Lang), f.Unit, f.Source)
	}
	text := classes + " " + p.say("Faktoren: ", "Factors: ") + strings.TrimSuffix(sources.String(), "; ") + "."
	tiny := pdfa.Text{Size: 6}
	const perLine = 128 // characters, with room to spare
	lines := int((s.Left() - 2*small.Size) / (tiny.Size * 1.35))
	if len([]rune(text)) > lines*perLine {
		text = classes + p.say(" Alle Faktoren mit Quelle und Grenze stehen in der Tabelle des Berichts.", " All factors with source and boundary are in the report's table.")
	}
	if lines > 0 {
		s.Paragraph(text, tiny)
	}
}

// quantity names what a target is about.
func (p Page) quantity(name string) string {
	switch name {
	case savings.TargetSheets:
		return p.say("Blatt netto gespart, mindestens", "net sheets saved, at least")
	case savings.TargetCO2e:
		return p.say("kg CO₂e netto gespart, mindestens", "net kg of CO₂e saved, at least")
	case savings.TargetPurchase:
		return p.say("kg Papier gekauft, höchstens", "kg of paper bought, at most")
	case savings.TargetRecycled:
		return p.say("% Recyclingpapier, mindestens", "% recycled paper, at least")
	}
	return p.say("Blatt je Stelle und Tag, höchstens", "sheets per FTE and day, at most")
}

func (p Page) target(t pipeline.TargetState) string {
	state := p.say("nicht erreicht", "not reached")
	if t.Met {
		state = p.say("erreicht", "reached")
	}
	return fmt.Sprintf(p.say("Ziel %s %s: %s, jetzt %s: %s", "Target %s %s: %s, now %s: %s"),
		t.From[:4], p.quantity(t.Quantity), savings.Figure(t.Value, p.Lang), savings.Figure(t.Reached, p.Lang), state)
}
