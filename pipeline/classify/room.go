package classify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify/learn"
)

// DefaultThreshold is the confidence from which a filing is taken without a
// person.
const DefaultThreshold = 0.85

// Config is what a town may set.
type Config struct {
	Threshold float64    // 0 to 1; 0 is DefaultThreshold
	Town      Town       // whose mail this is
	Taxonomy  *Taxonomy  // nil is the one that the program ships with
	Files     KnownFiles // nil knows no file references
}

// Room classifies letters. It is safe for concurrent use.
type Room struct {
	threshold float64
	town      town
	tax       *Taxonomy
	matcher   *matcher
	fields    []fieldRule
	files     KnownFiles
	model     atomic.Pointer[learn.Model] // nil while there is none
}

// New makes a room ready: it compiles cues and patterns once.
func New(cfg Config) (*Room, error) {
	if cfg.Threshold < 0 || cfg.Threshold > 1 {
		return nil, fmt.Errorf("classify: threshold %v is not between 0 and 1", cfg.Threshold)
	}
	tax := cfg.Taxonomy
	if tax == nil {
		var err error
		if tax, err = Seed(); err != nil {
			return nil, fmt.Errorf("classify: %w", err)
		}
	} else if err := tax.check(); err != nil {
		return nil, fmt.Errorf("classify: %w", err)
	}
	rules, err := seedFields()
	if err != nil {
		return nil, fmt.Errorf("classify: %w", err)
	}
	own, err := cfg.Town.compile()
	if err != nil {
		return nil, fmt.Errorf("classify: %w", err)
	}
	r := &Room{threshold: cfg.Threshold, town: own, tax: tax, matcher: compile(tax), fields: rules, files: cfg.Files}
	if r.threshold == 0 {
		r.threshold = DefaultThreshold
	}
	return r, nil
}

// Types lists the document types in the order of the table.
func (r *Room) Types() []Type { return slices.Clone(r.tax.Types) }

// Departments lists the departments in the order of the table.
func (r *Room) Departments() []Department { return slices.Clone(r.tax.Departments) }

// Type finds a document type by its code.
func (r *Room) Type(code pipeline.TypeCode) (Type, bool) {
	if i := r.tax.index(code); i >= 0 {
		return r.tax.Types[i], true
	}
	return Type{}, false
}

// Classify says what a letter is. It never fails: a letter without cues is
// [Unclear]. Pages are numbered from 1 in the order given.
func (r *Room) Classify(pages []pipeline.PageText) pipeline.Filing {
	l := readLetter(pages)
	return r.file(l, r.extract(l), nil)
}

// file classifies a letter by its words and by the fields that were found, which
// may come with an electronic invoice.
func (r *Room) file(l *letter, hits []hit, invoice *eInvoice) pipeline.Filing {
	model := r.model.Load()
	sc := r.score(l, r.matcher.find(l), routedBy(hits))
	if invoice != nil {
		r.isInvoice(&sc)
	}
	if model != nil {
		r.weighIn(model, l, &sc)
	}
	verdicts := sc.verdicts
	r.guardDeadlines(verdicts)
	hits, contradictions := r.settle(hits, invoice)
	f := pipeline.Filing{
		Department: "00",
		Type:       Unclear,
		Model:      r.versionWith(model),
		Candidates: r.candidates(l, verdicts),
		Doubts:     contradictions,
	}
	var best Type
	if len(verdicts) > 0 && verdicts[0].confidence >= 0.05 {
		best = r.tax.Types[verdicts[0].typ]
		f.Department, f.Type = best.Department, best.Code
		f.Confidence = round(verdicts[0].confidence)
		f.Threshold = round(max(r.thresholdOf(best), verdicts[0].threshold))
		f.Sure = f.Confidence >= f.Threshold
	}
	if f.Sure {
		f.RetainFor, f.Protection, f.Handling = best.Retention, best.Protection, best.Handling
		f.Fields = reveal(hits, best.Department)
	} else {
		// Not sure: nothing that follows from the type is taken for granted, and
		// the strictest protection of the candidates holds until a person decides.
		unclear, _ := r.Type(Unclear)
		f.RetainFor, f.Handling = unclear.Retention, unclear.Handling
		f.Protection = r.strictest(unclear.Protection, f.Candidates)
		f.Fields = reveal(hits, "")
	}
	for _, v := range verdicts {
		if v.express != nil && v.confidence >= 0.05 {
			f.Handling = HandlingExpress
		}
	}
	return f
}

// thresholdOf is the confidence from which a letter is filed as t without a person.
func (r *Room) thresholdOf(t Type) float64 { return max(r.threshold, t.Threshold) }

func (r *Room) strictest(least string, candidates []pipeline.Candidate) string {
	rank := []string{"normal", "hoch", "sehr_hoch"}
	best := slices.Index(rank, least)
	for _, c := range candidates {
		if t, ok := r.Type(c.Type); ok && c.Confidence >= 0.05 {
			best = max(best, slices.Index(rank, t.Protection))
		}
	}
	return rank[best]
}

// Step is the classify station. It reads the words of the pages and fills in
// doc.Filing. Below the threshold it returns the document with its unsure
// filing and a fault that asks a person. A filing that a person decided is left
// as it is.
func (r *Room) Step(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
	if doc.Filing != nil && doc.Filing.DecidedBy != "" {
		return doc, nil
	}
	pages := make([]pipeline.PageText, len(doc.Pages))
	for i, p := range doc.Pages {
		if err := ctx.Err(); err != nil {
			return doc, fmt.Errorf("classifying: %w", err)
		}
		if d := p.Words(); d != "" && !p.Blank {
			if err := pipeline.OpenJSON(ctx, blobs, d, &pages[i]); err != nil {
				return doc, fmt.Errorf("reading the words of page %d: %w", p.No, err)
			}
		}
	}
	invoice, err := openInvoice(ctx, doc.Source, blobs)
	if err != nil {
		return doc, err
	}
	l := readLetter(pages)
	hits := r.extract(l)
	if err := r.recognise(ctx, hits); err != nil {
		return doc, err
	}
	f := r.file(l, hits, invoice)
	renumber(&f, doc.Pages)
	f.Doubts = append(f.Doubts, dateDoubts(f.Fields, doc.Delivery.Received)...)
	f.Doubts = append(f.Doubts, countDoubt(doc.Stack)...)
	var ask error
	switch best, _ := r.Type(f.Type); {
	case !f.Sure:
		ask = unsure(f)
	case slices.ContainsFunc(f.Doubts, best.holds):
		f.Sure, ask = false, contradicts()
	}
	if doc.Cut = r.suggestion(doc, pages); doc.Cut != nil {
		f.Sure, ask = false, several(*doc.Cut) // what several letters are together is nothing to ask
	}
	doc.Filing = &f
	doc.Remarks = append(withoutRemarks(doc.Remarks), r.remarks(f)...)
	if invoice != nil && invoice.unreadable {
		doc.Remarks = append(doc.Remarks, unreadableInvoice)
	}
	return doc, ask
}

// renumber turns positions into the page numbers of the delivery.
func renumber(f *pipeline.Filing, pages []pipeline.Page) {
	for i := range f.Candidates {
		for j := range f.Candidates[i].Reasons {
			r := &f.Candidates[i].Reasons[j]
			r.Page = pages[r.Page-1].No
		}
	}
	for i := range f.Fields {
		f.Fields[i].Page = pages[f.Fields[i].Page-1].No
	}
	for i := range f.Doubts {
		if d := &f.Doubts[i]; d.Page > 0 {
			d.Page = pages[d.Page-1].No
		}
	}
}

func withoutRemarks(remarks []pipeline.Remark) []pipeline.Remark {
	return slices.DeleteFunc(slices.Clone(remarks), func(m pipeline.Remark) bool { return m.Step == pipeline.StepClassify })
}

// contradicts asks a person about a letter whose type is sure, but which contradicts
// itself in what the type needs.
func contradicts() *pipeline.Fault {
	return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "doubt", Text: pipeline.Message{
		DE: "In diesem Schreiben widersprechen sich Angaben. Bitte vergleichen Sie sie mit der Seite.",
		EN: "Statements in this letter contradict each other. Please compare them with the page.",
	}}
}

func unsure(f pipeline.Filing) *pipeline.Fault {
	if f.Type == Unclear {
		return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "unsure", Text: pipeline.Message{
			DE: "Blattwerk hat nicht erkannt, worum es in diesem Schreiben geht. Bitte lesen Sie es und wählen Sie Amt und Dokumenttyp.",
			EN: "Blattwerk could not tell what this letter is about. Please read it and choose the department and the document type.",
		}}
	}
	return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "unsure", Text: pipeline.Message{
		DE: "Blattwerk ist nicht sicher, wohin dieses Schreiben gehört. Bitte prüfen Sie den Vorschlag und bestätigen oder ändern Sie ihn.",
		EN: "Blattwerk is not sure where this letter belongs. Please check the suggestion and confirm or change it.",
	}}
}

// hold keeps a field within the law and within its check digits, whoever set it.
func (r *Room) hold(f *pipeline.Field, dept pipeline.DeptID) error {
	maskField(f, dept)
	for i := range r.fields {
		if rule := &r.fields[i]; rule.name == f.Name && rule.digits && f.Value != Masked {
			value, sound, _ := rule.check([]string{f.Value})
			if !sound {
				label := r.label(f.Name)
				return &pipeline.Fault{Verdict: pipeline.GiveBack, Code: DoubtCheckDigit, Text: pipeline.Message{
					DE: "Die Prüfziffer stimmt nicht: " + label.DE + ". Bitte geben Sie die Nummer so ein, wie sie auf der Seite steht, oder lassen Sie sie weg.",
					EN: "The check digit does not hold: " + label.EN + ". Please enter the number as the page shows it, or leave it out.",
				}}
			}
			f.Value, f.Checked = value, true
			return nil
		}
	}
	return nil
}

// Apply makes a sure filing from a person's decision. It keeps what the machine
// found; numbers that the law keeps from the new department are masked. A number
// that was masked stays so: the page still shows it.
func (r *Room) Apply(doc pipeline.Document, code pipeline.TypeCode, by string) (pipeline.Filing, error) {
	if by == "" {
		return pipeline.Filing{}, errors.New("classify: a decision needs a person")
	}
	t, ok := r.Type(code)
	if !ok {
		return pipeline.Filing{}, fmt.Errorf("classify: there is no document type %q", code)
	}
	var f pipeline.Filing
	if doc.Filing != nil {
		f = *doc.Filing
		f.Candidates = slices.Clone(f.Candidates)
		f.Fields = slices.Clone(f.Fields)
	} else {
		f.Model = r.Version()
	}
	for i := range f.Fields {
		if err := r.hold(&f.Fields[i], t.Department); err != nil {
			return pipeline.Filing{}, err
		}
	}
	f.Doubts = nil
	f.Department, f.Type, f.DecidedBy = t.Department, t.Code, by
	f.Confidence, f.Sure = 1, true
	f.RetainFor, f.Protection = t.Retention, t.Protection
	if f.Handling != HandlingExpress || t.Department == "00" {
		f.Handling = t.Handling
	}
	return f, nil
}
