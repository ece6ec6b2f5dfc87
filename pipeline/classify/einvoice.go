package classify

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// The invoice's XML is data from outside: it is read with bounds.
const (
	invoiceBytes = 16 << 20
	invoiceDepth = 64
)

// invoiceType is the type of an invoice in the tables.
const invoiceType pipeline.TypeCode = "20-RECH"

// eInvoice is what an electronic invoice says of itself. The numbers are those of
// the business terms of EN 16931-1.
type eInvoice struct {
	number    string   // BT-1
	date      string   // BT-2, as a day
	due       string   // BT-9, as a day
	currency  string   // BT-5
	buyerRef  string   // BT-10: the Leitweg-ID where the buyer is an authority
	seller    string   // BT-27
	buyer     string   // BT-44
	sellerVAT string   // BT-31
	sellerTax string   // BT-32
	ibans     []string // BT-84: to pay to
	debited   []string // BT-91: the account that is debited, in a notice of direct debit
	net       string   // BT-109
	tax       string   // BT-110
	total     string   // BT-112
	payable   string   // BT-115

	unreadable bool // there is XML, but no program can make sense of it
}

// target is where an element's text goes. Paths are the ends of element paths in
// local names, since prefixes are the sender's choice.
type target struct {
	path string
	set  func(*eInvoice, string, element)
}

type element struct{ attributes map[string]string }

func first(field func(*eInvoice) *string) func(*eInvoice, string, element) {
	return func(inv *eInvoice, s string, _ element) {
		if p := field(inv); *p == "" {
			*p = s
		}
	}
}

func account(field func(*eInvoice) *[]string) func(*eInvoice, string, element) {
	return func(inv *eInvoice, s string, _ element) {
		if s = strings.ToUpper(compact(s)); s != "" {
			*field(inv) = append(*field(inv), s)
		}
	}
}

func day(field func(*eInvoice) *string) func(*eInvoice, string, element) {
	return func(inv *eInvoice, s string, _ element) {
		if p := field(inv); *p == "" {
			*p = dayOf(s)
		}
	}
}

// sellerID sorts the seller's tax registrations by their scheme: VA is the VAT
// number, FC the number of the local tax office (UNTDID 1153).
func sellerID(inv *eInvoice, s string, e element) {
	switch e.attributes["schemeID"] {
	case "VA":
		inv.sellerVAT = s
	case "FC":
		inv.sellerTax = s
	}
}

// cii are the paths of UN/CEFACT's Cross Industry Invoice, and of the draft of it
// that ZUGFeRD 1.0 used.
var cii = []target{
	{"/ExchangedDocument/ID", first(func(i *eInvoice) *string { return &i.number })},
	{"/HeaderExchangedDocument/ID", first(func(i *eInvoice) *string { return &i.number })},
	{"/ExchangedDocument/IssueDateTime/DateTimeString", day(func(i *eInvoice) *string { return &i.date })},
	{"/HeaderExchangedDocument/IssueDateTime/DateTimeString", day(func(i *eInvoice) *string { return &i.date })},
	{"/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString", day(func(i *eInvoice) *string { return &i.due })},
	{"TradeSettlement/InvoiceCurrencyCode", first(func(i *eInvoice) *string { return &i.currency })},
	{"TradeAgreement/BuyerReference", first(func(i *eInvoice) *string { return &i.buyerRef })},
	{"TradeAgreement/SellerTradeParty/Name", first(func(i *eInvoice) *string { return &i.seller })},
	{"TradeAgreement/BuyerTradeParty/Name", first(func(i *eInvoice) *string { return &i.buyer })},
	{"/SellerTradeParty/SpecifiedTaxRegistration/ID", sellerID},
	{"/PayeePartyCreditorFinancialAccount/IBANID", account(func(i *eInvoice) *[]string { return &i.ibans })},
	{"/PayerPartyDebtorFinancialAccount/IBANID", account(func(i *eInvoice) *[]string { return &i.debited })},
	{"HeaderMonetarySummation/TaxBasisTotalAmount", first(func(i *eInvoice) *string { return &i.net })},
	{"TradeSettlementMonetarySummation/TaxBasisTotalAmount", first(func(i *eInvoice) *string { return &i.net })},
	{"HeaderMonetarySummation/TaxTotalAmount", first(func(i *eInvoice) *string { return &i.tax })},
	{"TradeSettlementMonetarySummation/TaxTotalAmount", first(func(i *eInvoice) *string { return &i.tax })},
	{"HeaderMonetarySummation/GrandTotalAmount", first(func(i *eInvoice) *string { return &i.total })},
	{"TradeSettlementMonetarySummation/GrandTotalAmount", first(func(i *eInvoice) *string { return &i.total })},
	{"HeaderMonetarySummation/DuePayableAmount", first(func(i *eInvoice) *string { return &i.payable })},
	{"TradeSettlementMonetarySummation/DuePayableAmount", first(func(i *eInvoice) *string { return &i.payable })},
}

// ubl are the paths of OASIS UBL 2.1 Invoice and CreditNote.
var ubl = []target{
	{"#/ID", first(func(i *eInvoice) *string { return &i.number })},
	{"#/IssueDate", day(func(i *eInvoice) *string { return &i.date })},
	{"#/DueDate", day(func(i *eInvoice) *string { return &i.due })},
	{"#/DocumentCurrencyCode", first(func(i *eInvoice) *string { return &i.currency })},
	{"#/BuyerReference", first(func(i *eInvoice) *string { return &i.buyerRef })},
	{"#/AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName", first(func(i *eInvoice) *string { return &i.seller })},
	{"#/AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName", first(func(i *eInvoice) *string { return &i.buyer })},
	{"#/AccountingSupplierParty/Party/PartyTaxScheme/CompanyID", func(inv *eInvoice, s string, _ element) {
		if validVAT(compact(s)) {
			inv.sellerVAT = s
		} else if inv.sellerTax == "" {
			inv.sellerTax = s
		}
	}},
	{"#/PaymentMeans/PayeeFinancialAccount/ID", account(func(i *eInvoice) *[]string { return &i.ibans })},
	{"#/PaymentMeans/PaymentMandate/PayerFinancialAccount/ID", account(func(i *eInvoice) *[]string { return &i.debited })},
	{"#/LegalMonetaryTotal/TaxExclusiveAmount", first(func(i *eInvoice) *string { return &i.net })},
	{"#/TaxTotal/TaxAmount", first(func(i *eInvoice) *string { return &i.tax })},
	{"#/LegalMonetaryTotal/TaxInclusiveAmount", first(func(i *eInvoice) *string { return &i.total })},
	{"#/LegalMonetaryTotal/PayableAmount", first(func(i *eInvoice) *string { return &i.payable })},
}

// readEInvoice reads an electronic invoice. It says what is there and checks
// nothing.
func readEInvoice(r io.Reader, syntax pipeline.InvoiceSyntax) (eInvoice, error) {
	targets := cii
	if syntax == pipeline.InvoiceUBL {
		targets = ubl
	}
	var inv eInvoice
	dec := xml.NewDecoder(io.LimitReader(r, invoiceBytes))
	var path []string
	var at element
	var text strings.Builder
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return inv, nil
		}
		if err != nil {
			return eInvoice{}, fmt.Errorf("reading the XML of an invoice: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) == invoiceDepth {
				return eInvoice{}, errors.New("reading the XML of an invoice: elements lie too deep")
			}
			if path = append(path, t.Name.Local); len(path) == 1 {
				path[0] = "#"
			}
			at = element{map[string]string{}}
			for _, a := range t.Attr {
				at.attributes[a.Name.Local] = a.Value
			}
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if s := strings.Join(strings.Fields(text.String()), " "); s != "" {
				whole := strings.Join(path, "/")
				for _, target := range targets {
					if strings.HasSuffix(whole, target.path) {
						target.set(&inv, s, at)
					}
				}
			}
			text.Reset()
			path = path[:len(path)-1]
		}
	}
}

// dayOf reads 20180305 (format 102 of UNTDID 2379) or 2018-03-05; "" if it is none.
func dayOf(s string) string {
	for _, layout := range []string{"20060102", time.DateOnly} {
		if d, err := time.Parse(layout, s[:min(len(s), len(layout))]); err == nil {
			return d.Format(time.DateOnly)
		}
	}
	return ""
}

// amount is a decimal sum as a field holds it, "529.87 EUR"; "" if it is none.
func (inv eInvoice) amount(s string) string {
	x, ok := new(big.Rat).SetString(s)
	if !ok || len(s) > 24 || strings.ContainsAny(s, "/eE") {
		return ""
	}
	currency := inv.currency
	if len(currency) != 3 {
		currency = "EUR"
	}
	return x.FloatString(2) + " " + currency
}

// hits are the fields of the invoice. Each takes the place on the page where the
// same value was read; one that is printed nowhere stands on page 1 without a box.
func (inv eInvoice) hits(read []hit) []hit {
	var out []hit
	add := func(name, value string, checked bool) {
		if value == "" || len(value) > 300 {
			return
		}
		f := pipeline.Field{Name: name, Value: value, Confidence: 1, Checked: checked, Page: 1}
		for _, h := range read {
			if h.Name == name && h.Value == value && h.Box != (pipeline.Box{}) {
				f.Page, f.Box = h.Page, h.Box
				break
			}
		}
		out = append(out, hit{Field: f})
	}
	add("rechnungsnr", inv.number, false)
	add("rechnungsdatum", inv.date, inv.date != "")
	add("faelligkeit", inv.due, inv.due != "")
	add("betrag", inv.amount(inv.total), false)
	if inv.amount(inv.payable) != inv.amount(inv.total) {
		add("zahlbetrag", inv.amount(inv.payable), false)
	}
	add("nettobetrag", inv.amount(inv.net), false)
	add("steuerbetrag", inv.amount(inv.tax), false)
	add("absender", inv.seller, false)
	add("empfaenger", inv.buyer, false)
	if validLeitweg(inv.buyerRef) {
		add("leitweg_id", inv.buyerRef, true)
	}
	if vat := compact(inv.sellerVAT); validVAT(vat) {
		add("ust_idnr", vat, true)
	}
	add("steuernummer", inv.sellerTax, false)
	accounts := inv.ibans
	if len(accounts) == 0 {
		accounts = inv.debited
	}
	for _, s := range accounts {
		if ok := validIBAN(s); ok {
			add("iban", s, true)
		} else {
			out = append(out, hit{Field: pipeline.Field{Name: "iban", Value: s, Page: 1}, broken: true})
		}
	}
	return out
}

// merge puts the invoice's own fields in place of what was read of the same names.
// Where the pages show other sums than the XML, that is a doubt: the two parts of
// a hybrid invoice have to say the same (ZUGFeRD 2.x, Factur-X), and only one of
// them is what people see.
func (inv eInvoice) merge(read []hit) ([]hit, []pipeline.Doubt) {
	own := inv.hits(read)
	names := map[string]bool{}
	for _, h := range own {
		names[h.Name] = true
	}
	var doubts []pipeline.Doubt
	total, payable := inv.amount(inv.total), inv.amount(inv.payable)
	var other *hit
	agrees := false
	for i := range read {
		h := &read[i]
		if h.Name != "betrag" || h.Confidence < 0.6 {
			continue
		}
		if h.Value == total || h.Value == payable {
			agrees = true
		} else if other == nil {
			other = h
		}
	}
	if total != "" && other != nil && !agrees {
		doubts = append(doubts, pipeline.Doubt{Code: DoubtTwoSums, Field: "betrag", Page: other.Page, Box: other.Box, Read: other.Value, Other: total})
	}
	if !inv.addsUp() {
		doubts = append(doubts, pipeline.Doubt{Code: DoubtSum, Field: "betrag", Page: 1, Read: total})
	}
	out := own
	for _, h := range read {
		if !names[h.Name] {
			out = append(out, h)
		}
	}
	return out, doubts
}

// addsUp reports whether net and tax make the total (EN 16931-1, rule BR-CO-15),
// as far as all three are there.
func (inv eInvoice) addsUp() bool {
	var sums [3]*big.Rat
	for i, s := range []string{inv.net, inv.tax, inv.total} {
		x, ok := new(big.Rat).SetString(s)
		if !ok {
			return true
		}
		sums[i] = x
	}
	return new(big.Rat).Add(sums[0], sums[1]).Cmp(sums[2]) == 0
}

// openInvoice reads the electronic invoice that came with a letter; nil if there is
// none. One that cannot be read is an invoice all the same, whose pages are read.
func openInvoice(ctx context.Context, source *pipeline.Findings, blobs pipeline.Blobs) (*eInvoice, error) {
	a, ok := source.Invoice()
	if !ok {
		return nil, nil
	}
	content, err := blobs.Open(ctx, a.Digest)
	if err != nil {
		return nil, fmt.Errorf("opening the XML of an invoice: %w", err)
	}
	defer content.Close()
	inv, err := readEInvoice(content, a.Invoice)
	if err != nil || inv.number == "" && inv.total == "" {
		return &eInvoice{unreadable: true}, nil
	}
	return &inv, nil
}

// isInvoice lets the invoice's XML speak for the type: what carries one is an
// invoice, whatever its pages look like.
func (r *Room) isInvoice(s *scores) {
	typ := r.tax.index(invoiceType)
	if typ < 0 {
		return
	}
	i := slices.IndexFunc(s.verdicts, func(v verdict) bool { return v.typ == typ })
	if i < 0 {
		s.verdicts, i = append(s.verdicts, verdict{typ: typ}), len(s.verdicts)
	}
	s.verdicts[i].score += 12
	s.most = ceiling
	slices.SortStableFunc(s.verdicts, func(a, b verdict) int { return cmp.Compare(b.score, a.score) })
	s.shareOut()
}

// settle puts the XML's fields in place of what was read, and finds what
// contradicts itself.
func (r *Room) settle(hits []hit, invoice *eInvoice) ([]hit, []pipeline.Doubt) {
	var more []pipeline.Doubt
	if invoice != nil {
		hits, more = invoice.merge(hits)
	}
	hits, found := doubts(hits)
	return hits, append(found, more...)
}
