package pipeline

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestInvoiceIn(t *testing.T) {
	for in, want := range map[string]InvoiceSyntax{
		`<?xml version="1.0"?><!-- x --><rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"/>`: InvoiceCII,
		`<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">`:                                                            InvoiceUBL,
		`<?xml version="1.0" encoding="ISO-8859-1"?><a:CreditNote xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"/>`:      InvoiceUBL,
		`<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0"/>`:                                                 InvoiceZUGFeRD,
		`<Invoice/>`: "", // no namespace: nobody's
		``:           "",
		`Rechnung`:   "",
		strings.Repeat(" ", 1<<20) + `<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">`: "",
	} {
		if got := InvoiceIn(strings.NewReader(in)); got != want {
			t.Errorf("%.60q is %q, want %q", in, got, want)
		}
	}
}

func TestAttachmentsOfEarlierManifests(t *testing.T) {
	var f Findings
	if err := json.Unmarshal([]byte(`{"kind":"pdf","attachments":["a.xml",{"name":"b.xml","digest":"ab","size":3,"invoice":"cii"}]}`), &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Attachments) != 2 || f.Attachments[0] != (Attachment{Name: "a.xml"}) {
		t.Errorf("%+v", f.Attachments)
	}
	if a, ok := f.Invoice(); !ok || a.Name != "b.xml" || a.Size != 3 {
		t.Errorf("the invoice is %+v, %v", a, ok)
	}
	if _, ok := (*Findings)(nil).Invoice(); ok {
		t.Error("no findings, yet an invoice")
	}
}
