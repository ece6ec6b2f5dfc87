package savings

import (
	"fmt"

	"blattwerk/pipeline"
)

// formula says in both languages how the basis of some entries came to its value.
func (t *terms) formula(key cellKey, basis pipeline.Basis, s pipeline.Saving, entries int) pipeline.Formula {
	return pipeline.Formula{DE: t.formulaIn("de", key, basis, s, entries), EN: t.formulaIn("en", key, basis, s, entries)}
}

func (t *terms) formulaIn(lang string, key cellKey, basis pipeline.Basis, s pipeline.Saving, entries int) string {
	year := yearOf(key.month)
	say := func(de, en string, values ...any) string { return fmt.Sprintf(pick(lang, de, en), values...) }
	n := func(x float64) string { return plain(x, lang) }
	r := func(x pipeline.Range) string { return plainSpread(x, lang) }
	value := func(id string) string { return r(t.factor(id, year).Value) }
	each := func(q pipeline.Range, per float64) pipeline.Range { // magnitude for each unit
		if per == 0 {
			return pipeline.Range{}
		}
		if q.Mid < 0 {
			q = debit(q)
		}
		return pipeline.Range{Low: q.Low / per, Mid: q.Mid / per, High: q.High / per}
	}
	weight := func(sheets string) string {
		return say("%s × %s g = %s kg; je kg %s kg CO2e", "%s x %s g = %s kg; %s kg CO2e for each kg",
			sheets, n(1000*t.factor(factorSheet, year).Value.Mid), r(each(s.Kg, 1)), r(perKilogram(s)))
	}
	grid := func(kWh string) string {
		return say("%s × %s kg CO2e/kWh", "%s x %s kg CO2e/kWh", kWh, value(factorGrid))
	}
	switch key.event {
	case EventReceived:
		return say("%d Briefe auf Papier, %s Blatt", "%d letters on paper, %s sheets", entries, r(basis.Received))
	case EventCopies:
		if basis.Sides > 0 {
			if s.Sheets.High == 0 {
				return say("%s Seiten × 0 Kopien", "%s sides x 0 copies", n(float64(basis.Sides)))
			}
			return weight(say("%s bedruckte Seiten × %s Blatt Kopien je Seite", "%s printed sides x %s sheets of copies for each side",
				n(float64(basis.Sides)), r(each(s.Sheets, float64(basis.Sides)))))
		}
		return weight(say("%s Blatt Kopien", "%s sheets of copies", r(basis.Sheets)))
	case EventReply:
		if basis.Envelopes.High > 0 {
			return weight(say("%s Blatt Antworten und %s Umschläge zu %s g; Blatt", "%s sheets of replies and %s envelopes of %s g; sheets",
				r(basis.Sheets), r(basis.Envelopes), n(1000*t.factor(factorEnvelope, year).Value.Mid)))
		}
		return weight(say("%s Blatt Antworten", "%s sheets of replies", r(basis.Sheets)))
	case EventSeparator, EventCover:
		return weight(say("%s Trenn- oder Deckblätter / %s Nutzungen", "%s separator or cover sheets / %s uses", r(basis.Sheets), value(factorSeparator)))
	case EventReprint:
		return weight(say("%s Blatt nachgedruckt", "%s sheets printed again", r(basis.Sheets)))
	case EventRescan, EventScan:
		return grid(say("%s Seiten × %s Wh", "%s pages x %s Wh", n(float64(basis.Pages)), r(times(exact(1000), t.factor(factorScanner, year).Value))))
	case EventProcessing:
		return grid(say("%s s Rechenzeit × %s W", "%s s of computing x %s W", n(float64(basis.Millis)/1000), value(factorReader)))
	case EventServer:
		return grid(say("%s kWh gemessen", "%s kWh metered", r(basis.KWh)))
	case EventStorage:
		byteYears := float64(basis.ByteYears)/100 + float64(basis.BytesOpen)*t.factor(factorYears, year).Value.Mid
		return say("%s MB über die Aufbewahrung (MB × Jahre) × %s Kopien × %s kg CO2e/TB/a", "%s MB over the retention (MB x years) x %s copies x %s kg CO2e/TB/a",
			n(byteYears/1e6), value(factorReplicas), value(factorStorage))
	case EventShelf:
		return say("%s Blatt / %s Blatt je Ordner / %s Ordner je m", "%s sheets / %s sheets a folder / %s folders a m", r(basis.Received), value(factorFolder), value(factorShelf))
	case EventTrip:
		return say("%s Fahrten, %s km × %s kg CO2e/km", "%s trips, %s km x %s kg CO2e/km", r(basis.Trips), r(basis.Km), value(factorVan))
	}
	return ""
}

// perKilogram is what a kilogram of the paper stands for in CO2e, by the figures
// of an entry itself.
func perKilogram(s pipeline.Saving) pipeline.Range {
	kg, co2e := s.Kg, s.CO2e
	if kg.Mid < 0 {
		kg, co2e = debit(kg), debit(co2e)
	}
	if kg.Low == 0 || kg.Mid == 0 || kg.High == 0 {
		return exact(share(co2e.Mid, kg.Mid))
	}
	return pipeline.Range{Low: co2e.Low / kg.Low, Mid: co2e.Mid / kg.Mid, High: co2e.High / kg.High}
}
