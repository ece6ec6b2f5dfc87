package classify_test

import (
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
)

func field(f pipeline.Filing, name string) (pipeline.Field, bool) {
	i := slices.IndexFunc(f.Fields, func(x pipeline.Field) bool { return x.Name == name })
	if i < 0 {
		return pipeline.Field{}, false
	}
	return f.Fields[i], true
}

func TestFields(t *testing.T) {
	r := room(t)
	for _, c := range []struct {
		line, name, want string
		checked          bool
	}{
		{"IBAN DE89 3704 0044 0532 0130 00", "iban", "DE89370400440532013000", true},
		{"IBAN: DE89370400440532O13OOO", "iban", "DE89370400440532013000", true}, // O read for 0
		{"IBAN DE88 3704 0044 0532 0130 00", "iban", "", false},                  // never offered: a question instead
		{"Konto NL91 ABNA 0417 1643 00", "iban", "NL91ABNA0417164300", true},
		{"Leitweg-ID: 04011000-1234512345-06", "leitweg_id", "04011000-1234512345-06", true},
		{"Leitweg-ID 04011000-1234512345-07", "leitweg_id", "", false},
		{"Gläubiger-ID DE98ZZZ09999999999", "glaeubiger_id", "DE98ZZZ09999999999", true},
		{"USt-IdNr. DE136695976", "ust_idnr", "DE136695976", true},
		{"USt-IdNr. DE136695977", "ust_idnr", "", false},
		{"Steuernummer 233/5512/0890", "steuernummer", "233/5512/0890", false},
		{"Geschäftszeichen: 6 K 152/26", "gerichts_az", "6 K 152/26", false},
		{"Az.: 765 Js 432/10 StA", "aktenzeichen", "765 Js 432/10", false},
		{"Aktenzeichen 10 44 01", "aktenzeichen", "10 44 01", false},
		{"Ihr Zeichen: II/20-7", "ihr_zeichen", "II/20-7", false},
		{"Rechnungsnummer: R-2026-1187", "rechnungsnr", "R-2026-1187", false},
		{"Rechnung Nr. 88123", "rechnungsnr", "88123", false},
		{"Gesamtbetrag 14.280,00 EUR", "betrag", "14280.00 EUR", false},
		{"Rechnungsbetrag: € 73,54", "betrag", "73.54 EUR", false},
		{"Gemarkung Ahrenbrück, Flur 3, Flurstück 112/4", "flurstueck", "Ahrenbrück, 3, 112/4", false},
		{"Grundbuch von Ahrenbrück Blatt 4711", "grundbuch", "Ahrenbrück, 4711", false},
		{"UR-Nr. 455/2026", "urnr", "455/2026", false},
		{"geb. am 1.2.1988", "geburtsdatum", "1988-02-01", true},
		{"geboren am 31. Februar 1988", "geburtsdatum", "", false},
		{"Ihr Bescheid vom 20. April 2026", "bescheiddatum", "2026-04-20", true},
		{"Eingegangen am 05. Mrz 2026", "eingangsstempel", "", false},
		{"Eingegangen am 05. März 2026", "eingangsstempel", "2026-03-05", true},
		{"Posteingang 05.03.26", "eingangsstempel", "2026-03-05", true},
		{"Wir bitten um Stellungnahme bis zum 15. Mai 2026.", "frist", "2026-05-15", true},
		{"Frist: 31.02.2026", "frist", "", false},
		{"spätestens bis 03.04.26 einzureichen", "frist", "2026-04-03", true},
		{"Termin am Dienstag, den 12.05.2026", "termin", "2026-05-12", true},
		{"Rechnungsdatum: 2026-03-04", "rechnungsdatum", "2026-03-04", true},
		{"Rechnung Nr. 7/26 vom 4. März 2026", "rechnungsdatum", "2026-03-04", true},
		{"Bruttosumme -8,79", "betrag", "-8.79 EUR", false},
		{"Due payable: 571.04 €", "betrag", "571.04 EUR", false},
		{"Kennzeichen: RF-AB 123", "kfz", "RF-AB 123", false},
		{"Chipnummer: 276098102345678", "chipnr", "276098102345678", false},
		{"Kassenzeichen 7.4001.123456.6", "kassenzeichen", "7.4001.123456.6", false},
		{"Grad der Behinderung: 80", "gdb", "80", false},
		{"Förderkennzeichen 26-DIG-0044", "foerdernr", "26-DIG-0044", false},
		{"Vergabenummer 2026-B-017", "vergabenr", "2026-B-017", false},
		{"Telefon 0123 456789", "steuer_idnr", "", false},
	} {
		f := r.Classify(typeset(c.line, 0.95))
		got, ok := field(f, c.name)
		if ok != (c.want != "") || got.Value != c.want || got.Checked != c.checked {
			t.Errorf("%q: %s = %q checked=%v, want %q checked=%v", c.line, c.name, got.Value, got.Checked, c.want, c.checked)
		}
		if ok && (got.Confidence <= 0 || got.Confidence > 1 || got.Page != 1 || got.Box.X1 <= got.Box.X0 || got.Box.Y1 <= got.Box.Y0) {
			t.Errorf("%q: %+v has no sound confidence or place", c.line, got)
		}
	}
	sure, _ := field(r.Classify(typeset("IBAN DE89 3704 0044 0532 0130 00", 0.95)), "iban")
	pale, _ := field(r.Classify(typeset("IBAN DE89 3704 0044 0532 0130 00", 0.4)), "iban")
	if sure.Confidence <= pale.Confidence {
		t.Errorf("confidence: check holds %.2f, on a pale page %.2f", sure.Confidence, pale.Confidence)
	}
}

// TestLayout reads sender, receiver, date and subject from their places.
func TestLayout(t *testing.T) {
	r := room(t)
	for _, c := range []struct {
		name, text string
		want       map[string]string
	}{
		{"citizen", find(t, "letters.txt", "grundsteuer"), map[string]string{
			"absender": "Erna Beispiel", "absender_anschrift": "Birkenweg 4, 12345 Ahrenbrück", "empfaenger": "Stadt Ahrenbrück",
			"datum": "2026-03-03", "betreff": "Widerspruch gegen den Grundsteuerbescheid vom 12.02.2026 Kassenzeichen 7.4001.123456.7"}},
		{"firm with info block", `Müller & Sohn KG · Werkstraße 8 · 12346 Rodenfels

Stadt Ahrenbrück | Ihr Zeichen
Bauhof | 66-2
Lindenplatz 1 | Datum
12345 Ahrenbrück | 14.03.2026

Angebot

Sehr geehrte Damen und Herren,

anbei.`, map[string]string{"absender": "Müller & Sohn KG", "empfaenger": "Stadt Ahrenbrück", "datum": "2026-03-14", "ihr_zeichen": "66-2", "betreff": "Angebot"}},
		{"marked subject", "Mira Ostrowski, Am Kanal 7, 12345 Ahrenbrück\n\nBetreff: Frage zum Müll\n\nGuten Tag,\n\nwann?", map[string]string{
			"absender": "Mira Ostrowski", "betreff": "Frage zum Müll"}},
		{"own letterhead is no sender", "Stadt Ahrenbrück · Lindenplatz 1 · 12345 Ahrenbrück\n\nHerrn\nOle Friis\nSeeweg 1\n12345 Ahrenbrück\n\nIhr Antrag\n\nSehr geehrter Herr Friis,\n\nanbei.", map[string]string{
			"absender": ""}},
		{"a street is no sender", "Rathausplatz 1\n12345 Ahrenbrück\n\nKlosterhof 12 a, 12346 Rodenfels\n\nSehr geehrte Damen und Herren,\n\nanbei.", map[string]string{
			"absender": "", "absender_anschrift": ""}},
		{"a form's label is no sender", "Name, Vorname\nStraße, Hausnummer\nPLZ, Ort\n12345 Ahrenbrück\n\nAntrag\n\nMit freundlichen Grüßen\nHannelore Pieper", map[string]string{
			"absender": "Hannelore Pieper", "absender_anschrift": ""}},
		{"a firm with a number", "1a Ortmann GmbH · Werkstraße 8 · 12346 Rodenfels\n\nSehr geehrte Damen und Herren,\n\nanbei.", map[string]string{
			"absender": "1a Ortmann GmbH"}},
		{"name under the greeting", "Sehr geehrte Damen und Herren,\n\nbitte um Rückruf.\n\nMit freundlichen Grüßen\nHannelore Pieper", map[string]string{"absender": "Hannelore Pieper"}},
	} {
		f := r.Classify(typeset(c.text, 0.96))
		for name, want := range c.want {
			if got, _ := field(f, name); got.Value != want {
				t.Errorf("%s: %s = %q, want %q", c.name, name, got.Value, want)
			}
		}
	}
}

// TestRouting lets the town's own payment reference point to its department.
func TestRouting(t *testing.T) {
	r := room(t)
	letter := "Sehr geehrte Damen und Herren,\n\nmeine Gewerbesteuer habe ich bezahlt. Kassenzeichen %.\n\nMit freundlichen Grüßen\nTom Weber"
	valid := r.Classify(typeset(strings.Replace(letter, "%", "7.4001.123456.5", 1), 0.96))
	broken := r.Classify(typeset(strings.Replace(letter, "%", "7.4001.123456.6", 1), 0.96))
	k, _ := field(valid, "kassenzeichen")
	if !k.Checked {
		t.Errorf("the check digit did not hold: %+v", k)
	}
	if valid.Type != "22-GEWST" || valid.Confidence <= broken.Confidence {
		t.Errorf("with the reference %s %.3f, without %.3f", valid.Type, valid.Confidence, broken.Confidence)
	}
}

const (
	validTax     = "65 929 970 489" // a published example; belongs to nobody
	validPension = "15 070649 C 103"
)

// TestMaskedFields holds that numbers do not reach departments that may not use
// them, and identity numbers nobody.
func TestMaskedFields(t *testing.T) {
	r := room(t)
	tax := r.Classify(typeset(find(t, "letters.txt", "abmeldung")+"\nSteuer-ID "+validTax, 0.96))
	if tax.Department != "22" || !tax.Sure {
		t.Fatalf("%+v", tax)
	}
	if x, _ := field(tax, classify.KindTaxID); x.Value != "65929970489" || !x.Checked {
		t.Errorf("the tax office does not see the tax number: %+v", x)
	}
	for _, c := range []struct{ letter, number, kind string }{
		{find(t, "letters.txt", "verlust"), "T22000129", classify.KindDocument},
		{find(t, "letters.txt", "verlust") + "\nT220001293", "T220001293", classify.KindDocument},
		{find(t, "negatives.txt", "dank") + "\nIDD<<T220001293<<<<<<<<<<<<<<<", "T220001293", classify.KindDocument},
		{find(t, "letters.txt", "niederlassung") + "\nSteuer-ID " + validTax, "65929970489", classify.KindTaxID},
		{find(t, "negatives.txt", "dank") + "\nSteuer-ID " + validTax, "65929970489", classify.KindTaxID},
		{find(t, "letters.txt", "wbk") + "\nVersicherungsnummer " + validPension, "15070649C103", classify.KindPension},
	} {
		f := r.Classify(typeset(c.letter, 0.96))
		x, ok := field(f, c.kind)
		if !ok || x.Value != classify.Masked || x.Box == (pipeline.Box{}) {
			t.Errorf("%s in a letter for %s: %+v", c.kind, f.Department, x)
		}
		for _, y := range f.Fields {
			if strings.Contains(strings.ReplaceAll(y.Value, " ", ""), c.number) {
				t.Errorf("the field %s carries the %s", y.Name, c.kind)
			}
		}
	}
}
