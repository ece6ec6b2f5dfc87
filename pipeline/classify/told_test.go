package classify_test

import (
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/pipelinetest"
)

// TestCoverSheetDecides lays cover sheets on letters: a person's word stands, but
// not against a letter that speaks clearly for another department, for the express
// lane or for a deadline, nor over a number whose check digits do not hold.
func TestCoverSheetDecides(t *testing.T) {
	const (
		vague  = "Erika Muster\nAm Markt 1\n12345 Musterstadt\n\nSehr geehrte Damen und Herren,\n\nanbei die gewünschten Unterlagen.\n\nMit freundlichen Grüßen\nErika Muster\n"
		permit = "# Bauantrag\n\nAntrag auf Baugenehmigung\n\nBauherr: Erika Muster\nGemarkung Süderfeld, Flur 4, Flurstück 118/2\n\nEntwurfsverfasser: Dipl.-Ing. Söhnke\nNeubau eines Einfamilienhauses\n"
		child  = "Grundschule Musterstadt\n\nMeldung einer Kindeswohlgefährdung nach § 8a SGB VIII\n\nSehr geehrte Damen und Herren,\n\nwir melden den Verdacht auf Gefährdung des Kindeswohls. Bitte nehmen Sie das Kind in Obhut.\n"
		appeal = "Erika Muster\n\nWiderspruch gegen den Bescheid vom 3. November 2026\n\nSehr geehrte Damen und Herren,\n\nhiermit lege ich Widerspruch gegen Ihren Bescheid ein.\n"
		bill   = "Malerbetrieb Muster\n\n# Rechnung\nRechnungsnummer: 4711\nRechnungsdatum: 03.11.2026\nRechnungsbetrag: 100,00 EUR\nIBAN DE89 3704 0044 0532 0130 01\nZahlbar innerhalb von 14 Tagen\n"
	)
	room, err := classify.New(classify.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		dept pipeline.DeptID
		code pipeline.TypeCode
		asks string // code of the first question; "" files
		want pipeline.TypeCode
	}{
		"a vague letter":                   {vague, "63", "63-BA", "", "63-BA"},
		"what the letter says too":         {permit, "63", "63-BA", "", "63-BA"},
		"a permit among fines":             {permit, "32", "32-SOND", classify.DoubtCover, "32-SOND"},
		"child protection among permits":   {child, "63", "63-BA", classify.DoubtCover, "63-BA"},
		"an appeal among permits":          {appeal, "63", "63-BA", classify.DoubtCover, "63-BA"},
		"an appeal as such":                {appeal, "30", "30-WIDER", "", "30-WIDER"},
		"a bill with a wrong IBAN":         {bill, "20", "20-RECH", classify.DoubtCheckDigit, "20-RECH"},
		"a permit in its department":       {permit, "63", "", "", "63-BA"},
		"a permit in another department":   {permit, "51", "", classify.DoubtCover, ""},
		"a vague letter, department alone": {vague, "63", "", "unsure", ""},
		"a type that there is not":         {vague, "63", "63-NONE", "unsure", ""},
	} {
		t.Run(name, func(t *testing.T) {
			blobs := &pipelinetest.Blobs{}
			doc := pipeline.Document{ID: "d"}
			for i, p := range typeset(c.text, 0.95) {
				b, err := pipeline.PutJSON(t.Context(), blobs, p)
				if err != nil {
					t.Fatal(err)
				}
				doc.Pages = append(doc.Pages, pipeline.Page{No: i + 1, Text: b.Digest})
			}
			doc, ask := room.Step(t.Context(), doc, blobs)
			told, err := room.Told(doc, c.dept, c.code, "Deckblatt", ask)
			doc.Filing = &told
			got := ""
			if q := room.Questions(doc, pipeline.AsFault(err)); err != nil && len(q) > 0 {
				got = q[0].Code
				if c.want != "" && q[0].Kind == pipeline.AskType && q[0].Answers[0].Type != c.want {
					t.Errorf("the first answer is %+v", q[0].Answers[0])
				}
			}
			if got != c.asks || (c.asks == "") != told.Sure || c.want != "" && told.Type != c.want {
				t.Errorf("asks %q (%v), filed as %s, sure %v; candidates %+v, doubts %+v", got, err, told.Type, told.Sure, told.Candidates, told.Doubts)
			}
		})
	}
}
