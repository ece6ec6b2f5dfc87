package pipeline

import (
	"encoding/json"
	"encoding/xml"
	"io"
)

// Attachment is a file that the delivered file carries inside: embedded in a PDF,
// or attached to a mail.
type Attachment struct {
	Name  string `json:"name"`            // as the sender gave it, base name only
	Media string `json:"media,omitempty"` // media type by content where that tells, else as the sender gave it
	Blob         // its bytes; without a digest if they could not be taken out
	// Invoice says how an electronic invoice is written; "" is none. Its bytes are
	// then XML that a program can read fields from, exactly.
	Invoice InvoiceSyntax `json:"invoice,omitempty"`
	// Pages of the document that show it, 1-based, both inclusive; 0 is none.
	FirstPage int `json:"firstPage,omitempty"`
	LastPage  int `json:"lastPage,omitempty"`
}

// UnmarshalJSON also reads a bare name, as manifests had it before attachments
// were taken out.
func (a *Attachment) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*a = Attachment{}
		return json.Unmarshal(raw, &a.Name)
	}
	type plain Attachment
	return json.Unmarshal(raw, (*plain)(a))
}

// InvoiceSyntax is one of the two syntaxes of the European invoice (EN 16931-3),
// or what came before them.
type InvoiceSyntax string

const (
	InvoiceCII     InvoiceSyntax = "cii"       // UN/CEFACT Cross Industry Invoice: ZUGFeRD 2, Factur-X, XRechnung
	InvoiceUBL     InvoiceSyntax = "ubl"       // OASIS UBL 2.1 Invoice or CreditNote: XRechnung
	InvoiceZUGFeRD InvoiceSyntax = "zugferd-1" // CrossIndustryDocument of ZUGFeRD 1.0
)

// invoiceRoots are the root elements of electronic invoices.
var invoiceRoots = map[xml.Name]InvoiceSyntax{
	{Space: "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100", Local: "CrossIndustryInvoice"}: InvoiceCII,
	{Space: "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", Local: "Invoice"}:                    InvoiceUBL,
	{Space: "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2", Local: "CreditNote"}:              InvoiceUBL,
	{Space: "urn:ferd:CrossIndustryDocument:invoice:1p0", Local: "CrossIndustryDocument"}:                  InvoiceZUGFeRD,
}

// InvoiceIn says whether r is an electronic invoice, by its root element and not
// by a file name. It reads no further than that.
func InvoiceIn(r io.Reader) InvoiceSyntax {
	const prologue = 64 << 10
	d := xml.NewDecoder(io.LimitReader(r, prologue))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // the root's name is ASCII
	for {
		t, err := d.Token()
		if err != nil {
			return ""
		}
		if e, ok := t.(xml.StartElement); ok {
			return invoiceRoots[e.Name]
		}
	}
}

// Invoice gives the electronic invoice that came with the letter, if its bytes
// were taken out. Of several it is the first.
func (f *Findings) Invoice() (Attachment, bool) {
	if f != nil {
		for _, a := range f.Attachments {
			if a.Invoice != "" && a.Digest != "" {
				return a, true
			}
		}
	}
	return Attachment{}, false
}
