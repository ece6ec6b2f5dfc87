package pipeline

// DeptID numbers a department (Amt), "32"; TypeCode names a document type
// (Dokumenttyp), "32-OWI".
type (
	DeptID   string
	TypeCode string
)

// Filing (Ablage) says where a document belongs and why.
type Filing struct {
	Department DeptID      `json:"department"`
	Type       TypeCode    `json:"type"`
	Confidence float64     `json:"confidence"`          // calibrated as far as measured, 0 to 1
	Threshold  float64     `json:"threshold,omitempty"` // confidence from which the machine files as this type
	Sure       bool        `json:"sure"`                // at or over the threshold of the type, or decided by a person
	DecidedBy  string      `json:"decidedBy"`           // "" is the machine, else the account of a person
	Model      string      `json:"model"`               // version of the cues or the learned model
	Candidates []Candidate `json:"candidates"`          // best first, at most five
	Fields     []Field     `json:"fields"`
	Doubts     []Doubt     `json:"doubts,omitempty"` // contradictions that were found
	Protection string      `json:"protection"`       // need for protection: "normal", "hoch", "sehr_hoch"
	Handling   string      `json:"handling"`         // what to do with the paper: "scan", "nicht_oeffnen", ...
	RetainFor  Retention   `json:"retainFor"`
}

// Candidate is one possible document type with its reasons.
type Candidate struct {
	Department DeptID   `json:"department"`
	Type       TypeCode `json:"type"`
	Confidence float64  `json:"confidence"`
	Reasons    []Reason `json:"reasons"`
}

// Reason is a cue that was found, and where.
type Reason struct {
	Cue  string `json:"cue"`
	Page int    `json:"page"` // 1-based
	Box  Box    `json:"box"`
}

// Field is a value that was read from the page.
type Field struct {
	Name       string  `json:"name"` // "aktenzeichen", "iban", "datum"
	Value      string  `json:"value"`
	Confidence float64 `json:"confidence"` // 0 to 1
	Checked    bool    `json:"checked"`    // a check digit or calendar rule held
	Page       int     `json:"page"`       // 1-based
	Box        Box     `json:"box"`
}

// Retention (Aufbewahrungsfrist) is how long a document type is kept.
type Retention struct {
	Years     float64 `json:"years"`
	Permanent bool    `json:"permanent"` // never deleted by us
	Start     string  `json:"start"`     // event that starts the period, as the taxonomy names it
	Source    string  `json:"source"`    // legal source, or "M" where it is to be confirmed by the town
}
