package web

import (
	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// Letter is a document as the API and the command line show it.
type Letter struct {
	ID          pipeline.DocID    `json:"id,omitempty"`
	Journal     string            `json:"journal,omitempty"`
	Name        string            `json:"name"`
	State       pipeline.State    `json:"state"`
	Step        pipeline.StepName `json:"step,omitempty"`
	Pages       int               `json:"pages"`
	Blank       int               `json:"blank"`
	Department  pipeline.DeptID   `json:"department"`
	Type        pipeline.TypeCode `json:"type"`
	Confidence  float64           `json:"confidence"` // 0 to 1
	PDFA        *Verdict          `json:"pdfa"`
	ArchiveKey  string            `json:"archive_key"`
	SheetsSaved float64           `json:"sheets_saved"` // middle estimate, debits taken off
	Reason      *pipeline.Message `json:"reason,omitempty"`
	DuplicateOf pipeline.DocID    `json:"duplicate_of,omitempty"`
}

// Verdict is what the gate said about the composed file.
type Verdict struct {
	Valid   bool         `json:"valid"`
	Flavour string       `json:"flavour"`
	Way     pipeline.Way `json:"way"`
}

// LetterOf shows an entry of the catalogue.
func LetterOf(e catalog.Entry) Letter {
	d := e.Document
	l := Letter{
		ID: d.ID, Journal: d.Delivery.Journal, Name: d.Delivery.Name, State: e.State, Step: e.Step, Pages: len(d.Pages),
	}
	for _, p := range d.Pages {
		if p.Blank {
			l.Blank++
		}
	}
	if d.Filing != nil {
		l.Department, l.Type, l.Confidence = d.Filing.Department, d.Filing.Type, d.Filing.Confidence
	}
	if d.PDF != nil {
		l.PDFA = &Verdict{Valid: d.PDF.Check.Valid, Flavour: d.PDF.Check.Flavour, Way: d.PDF.Way}
	}
	if d.Record != nil {
		for _, f := range d.Record.Files {
			if f.Role == "pdfa" {
				l.ArchiveKey = f.Key
			}
		}
	}
	for _, s := range d.Savings {
		l.SheetsSaved += s.Sheets.Mid
	}
	if e.Fault != nil && e.State != pipeline.Archived {
		l.Reason = &e.Fault.Text
	}
	return l
}

// Problem is an error of the API (RFC 9457, application/problem+json).
type Problem struct {
	Type   string           `json:"type"`
	Title  string           `json:"title"`
	Status int              `json:"status"`
	Code   string           `json:"code"`
	Text   pipeline.Message `json:"text"`
}
