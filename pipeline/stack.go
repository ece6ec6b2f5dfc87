package pipeline

import "slices"

// Stack (Stapel) says that a letter was cut out of a delivery that holds other
// letters too.
type Stack struct {
	Position int    `json:"position"`           // of the letter in the delivery, from 0; gives its ID
	Batch    string `json:"batch,omitempty"`    // number of the batch, from its cover sheet
	Expected int    `json:"expected,omitempty"` // letters that the cover sheet announces; 0: none announced
	Found    int    `json:"found,omitempty"`    // letters that separating found
}

// Part is a further letter that separating found in a delivery.
type Part struct {
	Pages   []Page   `json:"pages"`
	Aside   []Page   `json:"aside,omitempty"`
	Marks   []Field  `json:"marks,omitempty"`
	Remarks []Remark `json:"remarks,omitempty"`
}

// Cut is the suggestion to part a document into several letters. It is never
// followed without a person.
type Cut struct {
	Begins []Begin `json:"begins"` // the pages that look like the first of a further letter, in their order
}

// Begin is a page that looks like the first of a letter.
type Begin struct {
	Page       int     `json:"page"`       // [Page.No]
	Confidence float64 `json:"confidence"` // 0 to 1
	Signs      []Sign  `json:"signs"`      // what speaks for it, the strongest first
}

// Pages gives the numbers of the pages that begin a letter.
func (c Cut) Pages() []int {
	list := make([]int, len(c.Begins))
	for i, b := range c.Begins {
		list[i] = b.Page
	}
	return list
}

// Sign is something on a page that speaks for its being the first of a letter.
type Sign string

// The signs.
const (
	SignAddress    Sign = "address"    // an address where the window of an envelope is
	SignTown       Sign = "town"       // the town's own address
	SignSalutation Sign = "salutation" // "Sehr geehrte ..."
	SignDate       Sign = "date"       // the line with the date of a letter
	SignSubject    Sign = "subject"    // a subject, or a block of references
	SignOne        Sign = "page-one"   // it is numbered as page 1
	SignTitle      Sign = "title"      // a title in large type at its head
	SignEnded      Sign = "ended"      // the page before closes a letter, or is numbered as its last
	SignHead       Sign = "head"       // another letterhead or footer than the pages before
	SignPaper      Sign = "paper"      // another size or kind of paper
)

// Message says a sign for people.
func (s Sign) Message() Message {
	switch s {
	case SignAddress:
		return Message{DE: "Anschriftfeld", EN: "address field"}
	case SignTown:
		return Message{DE: "an die Verwaltung gerichtet", EN: "addressed to the town hall"}
	case SignSalutation:
		return Message{DE: "Anrede", EN: "salutation"}
	case SignDate:
		return Message{DE: "Datumszeile", EN: "date line"}
	case SignSubject:
		return Message{DE: "Betreff oder Bezugszeichen", EN: "subject or references"}
	case SignOne:
		return Message{DE: "als Seite 1 gezählt", EN: "numbered as page 1"}
	case SignTitle:
		return Message{DE: "Überschrift am Kopf", EN: "title at the head"}
	case SignEnded:
		return Message{DE: "die Seite davor schließt ab", EN: "the page before ends a letter"}
	case SignHead:
		return Message{DE: "anderer Briefkopf", EN: "another letterhead"}
	case SignPaper:
		return Message{DE: "anderes Papier", EN: "other paper"}
	}
	return Message{DE: string(s), EN: string(s)}
}

// Aside says why a page belongs to no letter.
type Aside string

// The reasons.
const (
	AsideSeparator Aside = "separator" // a sheet that parts letters
	AsideCover     Aside = "cover"     // a sheet that says what the stack is
	AsideBlank     Aside = "blank"     // nothing is on it
	AsideDropped   Aside = "dropped"   // a person wanted it out of the letter
)

// Valid says whether a is one of the reasons.
func (a Aside) Valid() bool {
	return slices.Contains([]Aside{AsideSeparator, AsideCover, AsideBlank, AsideDropped}, a)
}

// Code is a barcode on a page.
type Code struct {
	Kind CodeKind `json:"kind"`
	Text string   `json:"text"` // what it says; of a patch code its number: "2", "3", "T" ...
	Box  Box      `json:"box"`  // in pixels of the stored picture, before Image.Turn
}

// CodeKind names a symbology.
type CodeKind string

// The kinds that are looked for.
const (
	CodePatch      CodeKind = "patch"
	CodeQR         CodeKind = "qr"
	Code128        CodeKind = "code128"
	Code39         CodeKind = "code39"
	CodeDataMatrix CodeKind = "datamatrix"
	CodePDF417     CodeKind = "pdf417"
	CodeText       CodeKind = "text"   // in words under the bars, in the text that a drawn page carries
	CodeRetail     CodeKind = "retail" // EAN and UPC, as on goods: never a separator
)

// Arranged says that the pages are as they shall be: cut out of a stack, or put
// in order by a person. Opening and separating leave such a letter alone.
func (d Document) Arranged() bool { return d.Stack != nil || d.ArrangedBy != "" }

// Unread is the letter as it was before its pages were read: opening an arranged
// letter again gives this.
func (d Document) Unread() Document {
	d.Pages = slices.Clone(d.Pages)
	for i := range d.Pages {
		p := &d.Pages[i]
		p.Reading, p.Blank, p.Ink = nil, false, 0
	}
	return d
}

// SheetRemark is the code of the remarks that [SheetRemarks] makes.
const SheetRemark = "separator-sheet"

// SheetRemarks tells of the sheets among the pages set aside that only parted
// letters, one remark for each: they are paper that the books debit.
func SheetRemarks(aside []Page) []Remark {
	var out []Remark
	for _, p := range aside {
		if p.Aside != AsideSeparator && p.Aside != AsideCover {
			continue
		}
		out = append(out, Remark{Step: StepSeparate, Code: SheetRemark, Page: p.No, Text: Message{
			DE: "Trennblatt oder Deckblatt: gehört nicht zum Schriftstück und ist beiseitegelegt.",
			EN: "A separator or cover sheet: no part of the document, and set aside.",
		}})
	}
	return out
}
