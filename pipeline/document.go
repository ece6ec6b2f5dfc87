package pipeline

import "time"

// DeliveryID names one delivery (Eingang): a UUIDv7 given at receipt.
type DeliveryID string

// DocID names one document (Schriftstück). It is derived from the delivery and
// the position in the stack, so that opening a delivery twice makes each
// document once.
type DocID string

// Digest is the SHA-256 of some bytes as 64 lower-case hexadecimal digits.
type Digest string

// Blob names bytes that are kept in the store.
type Blob struct {
	Digest Digest `json:"digest"`
	Size   int64  `json:"size"` // bytes
}

// Delivery (Eingang) is what was handed over: the bytes exactly as received and
// what is known about how they came in.
type Delivery struct {
	ID       DeliveryID `json:"id"`
	Journal  string     `json:"journal"` // number in the journal (Posteingangsbuch), "2026-000123"; gap-free by year; letters cut from one delivery have one each
	Original Blob       `json:"original"`
	Name     string     `json:"name"`               // file name as the sender gave it, base name only
	Media    string     `json:"media"`              // media type by content, not by name
	Source   string     `json:"source"`             // how it came in: "upload", "cli", "folder", "mail"
	Device   string     `json:"device,omitempty"`   // scanner or machine, if known
	Operator string     `json:"operator,omitempty"` // account that handed it in, if known
	Language string     `json:"language"`           // languages to read, tesseract's notation: "deu+eng"
	Mode     Mode       `json:"mode"`
	Paper    Paper      `json:"paper,omitzero"`
	Received time.Time  `json:"received"`
}

// Paper says how the sheets of a delivery were scanned and parted, where that
// cannot be seen on them. A cover sheet may say it too.
type Paper struct {
	FrontsThenBacks bool `json:"frontsThenBacks,omitempty"` // all fronts, then the turned stack: backs, last first
	BlankParts      bool `json:"blankParts,omitempty"`      // a blank sheet parts letters
	LabelParts      bool `json:"labelParts,omitempty"`      // a label with an archive serial number begins a letter
}

// Mode says what to do with pages that carry text already.
type Mode string

const (
	ModeSkip  Mode = "skip"  // trust good text that is there, read only pages without
	ModeForce Mode = "force" // take a picture of every page and read it
	ModeRedo  Mode = "redo"  // read again pages whose text came from an earlier recognition
)

// Document (Schriftstück) is the value that travels through the steps. Each step
// fills in its own part and leaves the parts of the others alone.
type Document struct {
	ID       DocID     `json:"id"`
	Delivery Delivery  `json:"delivery"`
	Pages    []Page    `json:"pages,omitempty"`   // open, read
	PDF      *PDF      `json:"pdf,omitempty"`     // compose
	Filing   *Filing   `json:"filing,omitempty"`  // classify, or a person
	Record   *Record   `json:"record,omitempty"`  // archive
	Savings  []Saving  `json:"savings,omitempty"` // account
	Remarks  []Remark  `json:"remarks,omitempty"` // anything a clerk should know, in order
	Source   *Findings `json:"source,omitempty"`  // what opening learnt about the original file

	// What separating a delivery into letters, or a person, left here.
	Stack      *Stack  `json:"stack,omitempty"`      // nil: the letter is all that was delivered
	Aside      []Page  `json:"aside,omitempty"`      // pages that belong to no letter, before or behind this one; kept, so that a person can take them back
	Marks      []Field `json:"marks,omitempty"`      // what barcodes say about the letter: "asn", "department" ...
	Parts      []Part  `json:"parts,omitempty"`      // the further letters; the catalogue makes documents of them, so no stored document has any
	ArrangedBy string  `json:"arrangedBy,omitempty"` // account of the person who arranged the pages last
	Cut        *Cut    `json:"cut,omitempty"`        // classify: it looks like several letters, which a person has to say
}

// Findings is what opening learnt about the original file as a whole.
type Findings struct {
	Kind        string       `json:"kind"`                  // "pdf", "tiff", "jpeg", "png", ...
	BornDigital bool         `json:"bornDigital,omitempty"` // a PDF with drawn pages, not a stack of pictures
	Signed      bool         `json:"signed,omitempty"`      // carries a digital signature: stays byte-identical
	Claims      string       `json:"claims,omitempty"`      // PDF/A part and level that the file claims, "3b"
	Encrypted   bool         `json:"encrypted,omitempty"`   // encrypted, but opens without a password
	JBIG2       bool         `json:"jbig2,omitempty"`       // contains JBIG2: not fit to replace paper (BSI TR-03138, A.SC.12)
	Attachments []Attachment `json:"attachments,omitempty"` // files embedded in a PDF or attached to a mail
	Signatures  []Signature  `json:"signatures,omitempty"`  // what checking them gave, in the order of signing
	// Rendition is the PDF that a mail, an office file or a text was set as; its
	// pages are the document's. Without a digest where a PDF or pictures came in.
	Rendition Blob `json:"rendition,omitzero"`
	// Unlocked is a copy of an encrypted PDF that opens without its password, made
	// when a person gave that. The pages are read from it; it is not kept, and the
	// original stays as it came.
	Unlocked Blob `json:"unlocked,omitzero"`
}

// Remark is something a clerk should know about a document.
type Remark struct {
	Step StepName `json:"step"`
	Code string   `json:"code"`           // stable, "jbig2"
	Page int      `json:"page,omitempty"` // 1-based; 0 is the whole document
	Text Message  `json:"text"`
}

// Page (Seite) is one side of a sheet.
type Page struct {
	No       int      `json:"no"`       // 1-based, in the order of the delivery
	Image    Image    `json:"image"`    // picture of the page; zero if a drawn page was not rendered
	Origin   Origin   `json:"origin"`   // where the picture comes from
	WidthPt  float64  `json:"widthPt"`  // page size as displayed, points of 1/72 inch
	HeightPt float64  `json:"heightPt"` // dito
	Text     Digest   `json:"text"`     // PageText that the original file itself carries and that is good; "" if none
	Blank    bool     `json:"blank"`    // set aside as a blank back; its picture is kept
	Ink      float64  `json:"ink"`      // share of dark pixels, 0 to 1, measured before the page was judged blank
	Reading  *Reading `json:"reading,omitempty"`
	Codes    []Code   `json:"codes,omitempty"`   // barcodes on it
	Aside    Aside    `json:"aside,omitempty"`   // why it belongs to no letter; "" on pages of a letter
	Kept     bool     `json:"kept,omitempty"`    // a person said that it is not blank
	Upright  bool     `json:"upright,omitempty"` // a person turned it: Image.Turn brings it upright, no guess may
	Rescans  []Rescan `json:"rescans,omitempty"` // oldest first: the picture is that of the last; none: it is that of the delivered file
}

// Words names the page's text, wherever it came from; "" before reading.
func (p Page) Words() Digest {
	if p.Reading != nil {
		return p.Reading.Words
	}
	return p.Text
}

// Origin says where the picture of a page comes from.
type Origin string

const (
	OriginFile     Origin = "file"     // the delivered file is the picture
	OriginEmbedded Origin = "embedded" // taken out of a PDF byte for byte
	OriginDecoded  Origin = "decoded"  // decoded without loss, because it could not be taken as it is
	OriginRendered Origin = "rendered" // rendered from drawing operators
)

// ColourModel is how a picture's pixels are meant.
type ColourModel string

const (
	Bitonal ColourModel = "bitonal"
	Grey    ColourModel = "grey"
	Colour  ColourModel = "colour"
	CMYK    ColourModel = "cmyk"
)

// Image is the picture of a page: a blob and what its header says.
type Image struct {
	Blob
	Media  string      `json:"media"`  // "image/jpeg", "image/png", "image/jp2", "image/webp"
	Width  int         `json:"width"`  // pixels as stored, before Turn
	Height int         `json:"height"` // pixels as stored, before Turn
	DPIX   float64     `json:"dpiX"`   // pixels per inch; guessed from the page size where the file says nothing sane
	DPIY   float64     `json:"dpiY"`
	Model  ColourModel `json:"model"`
	Turn   int         `json:"turn"` // clockwise degrees (0, 90, 180, 270) that EXIF, TIFF or /Rotate asks a viewer to turn it
}

// Reading is what recognition found on a page.
//
// The frame of the words is the upright, straightened page: the stored picture
// turned clockwise by Image.Turn, then by Turn, then rotated about its centre
// by Skew without change of size.
type Reading struct {
	Words      Digest   `json:"words"`             // PageText
	Turn       int      `json:"turn"`              // further clockwise degrees (0, 90, 180, 270) that bring the text upright
	Skew       float64  `json:"skew"`              // further clockwise degrees, -15 to 15, that straighten the lines
	Count      int      `json:"count"`             // number of words
	Confidence float64  `json:"confidence"`        // mean over words weighted by length, 0 to 1
	Engine     string   `json:"engine"`            // "tesseract 5.3.0"
	Language   string   `json:"language"`          // "deu+eng"
	Actions    []string `json:"actions"`           // what was done to the picture before reading, with its measure: "deskew 1.2"
	Millis     int64    `json:"millis"`            // wall time
	Quality    *Quality `json:"quality,omitempty"` // of the scan; nil in documents read before it was measured
}

// Box is a rectangle in pixels of a page's frame; the origin is top left, X1 and
// Y1 are exclusive.
type Box struct {
	X0 int `json:"x0"`
	Y0 int `json:"y0"`
	X1 int `json:"x1"`
	Y1 int `json:"y1"`
}

// Word is one recognised word.
type Word struct {
	Text string  `json:"t"`
	Box  Box     `json:"b"`
	Conf float32 `json:"c"` // 0 to 1; 1 for text that the file itself carried
	// Block, Par and Line number the block, paragraph and line of the word on its
	// page, each counted from 0 over the whole page in reading order.
	Block int `json:"k"`
	Par   int `json:"p"`
	Line  int `json:"l"`
	Base  int `json:"y"` // baseline of the line at the middle of the word, pixels from the top
}

// PageText is the words of one page in reading order. It is kept as a JSON blob.
type PageText struct {
	Width  int     `json:"width"`  // size of the frame, pixels
	Height int     `json:"height"` // dito
	DPI    float64 `json:"dpi"`    // horizontal pixels per inch of the frame
	Words  []Word  `json:"words"`
}

// PDF is the composed file and the verdict on it.
type PDF struct {
	Blob
	Way            Way        `json:"way"`
	Check          Validation `json:"check"`
	AppearanceOnly bool       `json:"appearanceOnly,omitempty"` // pictures of the pages: same look, text recognised anew
	Changes        []Message  `json:"changes,omitempty"`        // what was changed against the original, for a clerk
}

// Way is how a document became PDF/A.
type Way string

const (
	WayComposed  Way = "composed"  // written from page pictures and words
	WayKept      Way = "kept"      // was valid PDF/A already, untouched
	WayRepaired  Way = "repaired"  // repaired in place
	WayConverted Way = "converted" // converted by ghostscript and compared
	WayRendered  Way = "rendered"  // set from a mail, an office file or a text
	WayPictured  Way = "pictured"  // pages as pictures with recognised text: last resort
)

// Validation is the verdict of the gate.
type Validation struct {
	Valid   bool      `json:"valid"`
	Flavour string    `json:"flavour"` // "2b", "2u", "2a": what was checked
	Gate    string    `json:"gate"`    // version of the gate's rules
	Breaks  []Breach  `json:"breaks,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// Breach is a rule that a file breaks.
type Breach struct {
	Rule   string `json:"rule"`             // clause of ISO 19005 and test number as veraPDF counts them, "6.2.11.4.1-1"
	Reason string `json:"reason"`           // for people
	Where  string `json:"where,omitempty"`  // "object 12", "page 3"
	Count  int    `json:"count,omitempty"`  // how often
	Offset int64  `json:"offset,omitempty"` // byte offset, if known
}

// Record is where a document lies in the archive.
type Record struct {
	Prefix      string    `json:"prefix"` // all files of the document lie under it, but for amendments
	Files       []File    `json:"files"`
	Manifest    Digest    `json:"manifest"` // of the manifest's bytes
	RetainUntil time.Time `json:"retainUntil,omitzero"`
	Locked      bool      `json:"locked"` // the store holds an object lock, read back after the write
	At          time.Time `json:"at"`
}

// File is one kept file of a document.
type File struct {
	Role  string `json:"role"` // "pdfa", "original", "text", "words", "manifest", "amendment"
	Key   string `json:"key"`
	Media string `json:"media"`
	Blob
}
