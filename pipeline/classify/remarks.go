package classify

import (
	"slices"

	"blattwerk/pipeline"
)

// remarks tell a clerk what the filing alone does not show.
func (r *Room) remarks(f pipeline.Filing) []pipeline.Remark {
	var out []pipeline.Remark
	add := func(code string, page int, text pipeline.Message) {
		out = append(out, pipeline.Remark{Step: pipeline.StepClassify, Code: code, Page: page, Text: text})
	}
	if f.Handling == HandlingExpress {
		add("express", 0, pipeline.Message{
			DE: "Eilt: Das Schreiben enthält ein Stichwort, bei dem das Amt sofort Bescheid wissen muss. Bitte gleich weitergeben.",
			EN: "Urgent: the letter contains a phrase that the department must hear of at once. Please pass it on now.",
		})
	}
	best := f.Type
	if !f.Sure && len(f.Candidates) > 0 {
		best = f.Candidates[0].Type
	}
	if t, ok := r.Type(best); ok && t.Handling == HandlingDoNotOpen {
		add("do-not-open", 0, pipeline.Message{
			DE: "Solche Post (" + t.Name + ") soll ungeöffnet an das Amt gehen. Bitte das Papier verschlossen weitergeben und den Scan nur dem Amt zeigen.",
			EN: "Mail of this kind (" + t.Name + ") should reach the department unopened. Please hand over the paper in a closed envelope and show the scan to that department only.",
		})
	}
	if f.Sure && f.Handling == HandlingKeepPaper {
		add("keep-paper", 0, pipeline.Message{
			DE: "Das Papier dieses Schreibens muss aufbewahrt werden. Bitte nicht vernichten.",
			EN: "The paper of this letter must be kept. Please do not destroy it.",
		})
	}
	if i := slices.IndexFunc(f.Fields, func(x pipeline.Field) bool { return x.Name == KindDocument }); i >= 0 {
		add("identity-number", f.Fields[i].Page, pipeline.Message{
			DE: "Auf der Seite steht eine Ausweisnummer. Sie wird nicht gespeichert und ist nicht suchbar (§ 20 Abs. 3 PAuswG). Eine Ausweiskopie darf nur mit Zustimmung behalten werden.",
			EN: "The page shows an identity document number. It is not stored and cannot be searched for (§ 20 (3) PAuswG). A copy of an identity card may only be kept with consent.",
		})
	}
	if i := slices.IndexFunc(f.Fields, func(x pipeline.Field) bool { return x.Name != KindDocument && x.Value == Masked }); i >= 0 {
		add("number-masked", f.Fields[i].Page, pipeline.Message{
			DE: "Eine geschützte Nummer (zum Beispiel die Steuer-Identifikationsnummer) wurde ausgeblendet, weil dieses Amt sie nicht verwenden darf.",
			EN: "A protected number (for example the tax identification number) was masked, because this department may not use it.",
		})
	}
	for _, d := range f.Doubts {
		add(d.Code, d.Page, r.doubtText(d, r.label(d.Field)))
	}
	return out
}

// unreadableInvoice tells that an invoice's own data could not be used.
var unreadableInvoice = pipeline.Remark{Step: pipeline.StepClassify, Code: "invoice-data-unreadable", Text: pipeline.Message{
	DE: "Die elektronischen Daten dieser Rechnung sind beschädigt. Nummer, Datum und Beträge wurden von den Seiten abgelesen: bitte vergleichen oder die Rechnung neu anfordern.",
	EN: "The electronic data of this invoice is damaged. Number, date and sums were read from the pages: please compare, or ask for the invoice again.",
}}
