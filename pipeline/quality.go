package pipeline

// Quality says how well a page was scanned, so that the mailroom can scan it
// again while the paper is in hand. It is measured while the page is read and
// judges the picture, not the letter: a green page can still carry a text that
// nobody understands.
type Quality struct {
	Light Light  `json:"light"`           // that of the worst flaw; green without any
	Flaws []Flaw `json:"flaws,omitempty"` // worst first
	// What was measured. 0 is not measured, as on pages with too little print.
	EdgeMM     float64 `json:"edgeMM,omitempty"`   // width of the edges of print, millimetres: 0.1 to 0.25 on good scans
	Contrast   float64 `json:"contrast,omitempty"` // between paper and print, 0 to 1
	DPI        float64 `json:"dpi,omitempty"`      // the lower of both resolutions
	Skew       float64 `json:"skew,omitempty"`     // degrees by which the page lay askew, without sign
	Confidence float64 `json:"confidence"`         // of the reading, as in Reading
}

// Light is the verdict on a page's scan.
type Light string

const (
	Green Light = "green" // good
	Amber Light = "amber" // look at it: some of it may be hard to read or missing
	Red   Light = "red"   // scan it again
)

// Flaw is something wrong with a page's scan.
type Flaw struct {
	Code  FlawCode `json:"code"`
	Light Light    `json:"light"` // amber or red
}

// FlawCode names a kind of flaw. Codes are stable; [FlawCode.Message] explains
// them to people.
type FlawCode string

const (
	FlawBlurred   FlawCode = "blurred"    // the edges of print are soft
	FlawPale      FlawCode = "pale"       // print hardly stands out from paper
	FlawCoarse    FlawCode = "coarse"     // too few pixels per inch
	FlawSkewed    FlawCode = "skewed"     // the sheet lay askew
	FlawCutLeft   FlawCode = "cut-left"   // print runs to the left edge: something may be cut off
	FlawCutRight  FlawCode = "cut-right"  // dito
	FlawCutTop    FlawCode = "cut-top"    // dito
	FlawCutBottom FlawCode = "cut-bottom" // dito
	FlawUnsure    FlawCode = "unsure"     // much of the text was read with doubt
	FlawNoText    FlawCode = "no-text"    // the page is not blank, and no word was read
)

// Message explains a flaw and what to do about it; a code that is not known here
// explains itself.
func (c FlawCode) Message() Message {
	switch c {
	case FlawBlurred:
		return Message{DE: "Die Schrift ist unscharf.", EN: "The print is blurred."}
	case FlawPale:
		return Message{DE: "Die Schrift hebt sich kaum vom Papier ab.", EN: "The print hardly stands out from the paper."}
	case FlawCoarse:
		return Message{DE: "Die Auflösung ist zu gering; gut sind 300 dpi.", EN: "The resolution is too low; 300 dpi is good."}
	case FlawSkewed:
		return Message{DE: "Das Blatt lag schief.", EN: "The sheet lay askew."}
	case FlawCutLeft:
		return Message{DE: "Am linken Rand ist vielleicht Schrift abgeschnitten.", EN: "Text may be cut off at the left edge."}
	case FlawCutRight:
		return Message{DE: "Am rechten Rand ist vielleicht Schrift abgeschnitten.", EN: "Text may be cut off at the right edge."}
	case FlawCutTop:
		return Message{DE: "Am oberen Rand ist vielleicht Schrift abgeschnitten.", EN: "Text may be cut off at the top edge."}
	case FlawCutBottom:
		return Message{DE: "Am unteren Rand ist vielleicht Schrift abgeschnitten.", EN: "Text may be cut off at the bottom edge."}
	case FlawUnsure:
		return Message{DE: "Vieles war schwer zu lesen.", EN: "Much of it was hard to read."}
	case FlawNoText:
		return Message{DE: "Auf der Seite steht etwas, aber es war kein Wort zu lesen.", EN: "There is something on the page, but no word could be read."}
	}
	return Message{DE: string(c), EN: string(c)}
}

// Message says in a few words what the light means.
func (l Light) Message() Message {
	switch l {
	case Green:
		return Message{DE: "gut gescannt", EN: "scanned well"}
	case Amber:
		return Message{DE: "bitte ansehen", EN: "please look"}
	case Red:
		return Message{DE: "bitte neu scannen", EN: "please scan again"}
	}
	return Message{DE: string(l), EN: string(l)}
}

// Judge sets the light to that of the worst flaw and brings that to the front.
func (q Quality) Judge() Quality {
	q.Light = Green
	var red, amber []Flaw
	for _, f := range q.Flaws {
		if f.Light == Red {
			red = append(red, f)
		} else {
			amber = append(amber, f)
		}
	}
	switch {
	case len(red) > 0:
		q.Light = Red
	case len(amber) > 0:
		q.Light = Amber
	}
	q.Flaws = append(red, amber...)
	return q
}
