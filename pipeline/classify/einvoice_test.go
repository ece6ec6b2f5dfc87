package classify_test

import (
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/pipelinetest"
)

const ublInvoice = `<?xml version="1.0" encoding="UTF-8"?>
<ubl:Invoice xmlns:ubl="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:c="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2" xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2">
<c:ID>R-77/2026</c:ID><c:IssueDate>2026-03-04</c:IssueDate><c:DueDate>2026-04-03</c:DueDate><c:DocumentCurrencyCode>EUR</c:DocumentCurrencyCode>
<c:BuyerReference>04011000-1234512345-06</c:BuyerReference>
<a:AccountingSupplierParty><a:Party><a:PartyTaxScheme><c:CompanyID>DE136695976</c:CompanyID></a:PartyTaxScheme><a:PartyLegalEntity><c:RegistrationName>Müller &amp; Sohn KG</c:RegistrationName></a:PartyLegalEntity></a:Party></a:AccountingSupplierParty>
<a:PaymentMeans><a:PayeeFinancialAccount><c:ID>%IBAN%</c:ID></a:PayeeFinancialAccount></a:PaymentMeans>
<a:TaxTotal><c:TaxAmount currencyID="EUR">19.00</c:TaxAmount></a:TaxTotal>
<a:LegalMonetaryTotal><c:TaxExclusiveAmount currencyID="EUR">100.00</c:TaxExclusiveAmount><c:TaxInclusiveAmount currencyID="EUR">%TOTAL%</c:TaxInclusiveAmount><c:PayableAmount currencyID="EUR">%TOTAL%</c:PayableAmount></a:LegalMonetaryTotal>
<a:InvoiceLine><c:ID>1</c:ID></a:InvoiceLine></ubl:Invoice>`

// withInvoice is a document whose pages carry text and whose file carries XML.
func withInvoice(t testing.TB, blobs pipeline.Blobs, text, xml string) pipeline.Document {
	t.Helper()
	doc := document(t, blobs, text, 1)
	blob, err := blobs.Put(t.Context(), strings.NewReader(xml))
	if err != nil {
		t.Fatal(err)
	}
	doc.Source = &pipeline.Findings{Kind: "pdf", Attachments: []pipeline.Attachment{{
		Name: "factur-x.xml", Blob: blob, Invoice: pipeline.InvoiceIn(strings.NewReader(xml)),
	}}}
	return doc
}

// TestElectronicInvoice takes fields exactly from an invoice's XML, finds their
// place on the page, and asks where XML and page disagree.
func TestElectronicInvoice(t *testing.T) {
	r, blobs := room(t), &pipelinetest.Blobs{}
	fill := func(iban, total string) string {
		return strings.NewReplacer("%IBAN%", iban, "%TOTAL%", total).Replace(ublInvoice)
	}
	sound := fill("DE89370400440532013000", "119.00")
	for _, c := range []struct {
		name, page, xml string
		want            map[string]string
		doubt           string
	}{
		{"sound", "Thank you for your business.\nTotal 119,00", sound, map[string]string{
			"rechnungsnr": "R-77/2026", "rechnungsdatum": "2026-03-04", "faelligkeit": "2026-04-03", "betrag": "119.00 EUR", "nettobetrag": "100.00 EUR",
			"steuerbetrag": "19.00 EUR", "iban": "DE89370400440532013000", "leitweg_id": "04011000-1234512345-06", "ust_idnr": "DE136695976",
			"absender": "Müller & Sohn KG",
		}, ""},
		{"misread page", "Rechnung Nr. R-71/2026\nIBAN DE89 3704 0044 0532 0130 00\nRechnungsbetrag 119,00 EUR", sound, map[string]string{
			"rechnungsnr": "R-77/2026", "betrag": "119.00 EUR"}, ""},
		{"another sum on the page", "Rechnungsbetrag 1.119,00 EUR", sound, map[string]string{"betrag": "119.00 EUR"}, classify.DoubtTwoSums},
		{"sums that do not add up", "x", fill("DE89370400440532013000", "120.00"), map[string]string{"betrag": "120.00 EUR"}, classify.DoubtSum},
		{"a broken IBAN", "x", fill("DE88370400440532013000", "119.00"), map[string]string{"iban": ""}, classify.DoubtCheckDigit},
		{"XML cut off", "Rechnung Nr. R-71/2026", sound[:len(sound)-80], map[string]string{"rechnungsnr": "R-71/2026"}, "?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, err := r.Step(t.Context(), withInvoice(t, blobs, c.page, c.xml), blobs)
			f := doc.Filing
			if c.doubt != "?" && (f.Type != "20-RECH" || (err == nil) != (c.doubt == "")) {
				t.Errorf("%s %.3f, %v", f.Type, f.Confidence, err)
			}
			for name, want := range c.want {
				if got, _ := field(*f, name); got.Value != want {
					t.Errorf("%s = %q, want %q", name, got.Value, want)
				}
			}
			if (c.doubt == "?") != hasRemark(doc, "invoice-data-unreadable") {
				t.Errorf("remarks are %+v", doc.Remarks)
			}
			if c.doubt != "" && c.doubt != "?" {
				if q := r.Questions(doc, pipeline.AsFault(err)); len(q) != 1 || q[0].Code != c.doubt || len(q[0].Answers) == 0 {
					t.Errorf("asks %+v", q)
				}
			}
		})
	}
	doc, _ := r.Step(t.Context(), withInvoice(t, blobs, "x\n\n\n\nRechnungsbetrag 119,00 EUR", sound), blobs)
	if got, _ := field(*doc.Filing, "betrag"); got.Box.Y0 < 250 || got.Confidence != 1 {
		t.Errorf("the total is not shown where it is printed: %+v", got)
	}
}

// TestInvoiceOfZUGFeRD1 reads the XML of the first ZUGFeRD.
func TestInvoiceOfZUGFeRD1(t *testing.T) {
	const xml = `<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0" xmlns:ram="urn:x"><rsm:HeaderExchangedDocument><ram:ID>4711</ram:ID><ram:IssueDateTime><u:DateTimeString xmlns:u="urn:y" format="102">20150304</u:DateTimeString></ram:IssueDateTime></rsm:HeaderExchangedDocument><rsm:SpecifiedSupplyChainTradeTransaction><ram:ApplicableSupplyChainTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode><ram:SpecifiedTradeSettlementMonetarySummation><ram:GrandTotalAmount currencyID="EUR">12.5</ram:GrandTotalAmount></ram:SpecifiedTradeSettlementMonetarySummation></ram:ApplicableSupplyChainTradeSettlement></rsm:SpecifiedSupplyChainTradeTransaction></rsm:CrossIndustryDocument>`
	r, blobs := room(t), &pipelinetest.Blobs{}
	doc, err := r.Step(t.Context(), withInvoice(t, blobs, "x", xml), blobs)
	number, _ := field(*doc.Filing, "rechnungsnr")
	day, _ := field(*doc.Filing, "rechnungsdatum")
	total, _ := field(*doc.Filing, "betrag")
	if err != nil || number.Value != "4711" || day.Value != "2015-03-04" || total.Value != "12.50 EUR" {
		t.Errorf("%v, %+v", err, doc.Filing.Fields)
	}
}

// FuzzElectronicInvoice holds that no XML breaks the room, and that no field from
// it has a broken check digit.
func FuzzElectronicInvoice(f *testing.F) {
	f.Add(ublInvoice)
	r := room(f)
	f.Fuzz(func(t *testing.T, xml string) {
		blobs := &pipelinetest.Blobs{}
		doc := withInvoice(t, blobs, "Rechnung", xml)
		doc.Source.Attachments[0].Invoice = pipeline.InvoiceUBL
		got, err := r.Step(t.Context(), doc, blobs)
		if f := pipeline.AsFault(err); f != nil && f.Verdict != pipeline.AskPerson {
			t.Fatal(err)
		}
		for _, x := range got.Filing.Fields {
			if x.Name == "iban" && !x.Checked {
				t.Errorf("offers the IBAN %q", x.Value)
			}
		}
	})
}
