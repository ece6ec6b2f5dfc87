package classify

import (
	"slices"

	"blattwerk/pipeline"
)

// urgentFrom is the confidence from which another type that cannot wait speaks
// against a cover sheet: a lost deadline costs more than a question.
const urgentFrom = 0.1

// Told files a document by what a cover sheet says about its whole stack:
// department and type, or the department alone. by names the sheet. A person who
// laid the sheet on the stack has decided, and nobody is asked a second time but
// where the letter itself speaks against it:
//
//   - the letter is sure to belong to another department,
//   - a type with a legal deadline, or of the express lane, is likely and the sheet
//     names none,
//   - a doubt about what the type needs, such as a check digit that does not hold:
//     nobody looked at that when laying the sheet.
//
// Then the filing holds what the sheet says and the doubts, and the fault asks. The
// sheet's department alone decides nothing; it only puts its types first. ask is
// what the machine would have asked by itself, or nil.
func (r *Room) Told(doc pipeline.Document, dept pipeline.DeptID, code pipeline.TypeCode, by string, ask error) (pipeline.Filing, error) {
	f := *doc.Filing
	if f.DecidedBy != "" {
		return f, ask
	}
	t, known := r.Type(code)
	if !known {
		return r.toldDepartment(f, dept, ask)
	}
	d, against := r.against(f, t.Department, t)
	doubts := slices.Clone(f.Doubts)
	doubts = slices.DeleteFunc(doubts, func(d pipeline.Doubt) bool { return d.Code == DoubtTwoDepartments })
	if against {
		doubts = append(doubts, d)
	}
	if !slices.ContainsFunc(doubts, t.holds) {
		told, err := r.Apply(doc, code, by)
		if err != nil {
			return f, ask
		}
		return told, nil
	}
	held := f
	held.Department, held.Type, held.Confidence, held.Threshold, held.Sure = t.Department, t.Code, 1, 0, false
	held.Doubts = doubts
	held.Candidates = firstOf(f.Candidates, func(c pipeline.Candidate) bool { return c.Type == t.Code })
	if len(held.Candidates) == 0 || held.Candidates[0].Type != t.Code {
		held.Candidates = slices.Insert(held.Candidates, 0, pipeline.Candidate{Department: t.Department, Type: t.Code})
	}
	return held, contradicts()
}

// toldDepartment takes a cover sheet's word for the department alone.
func (r *Room) toldDepartment(f pipeline.Filing, dept pipeline.DeptID, ask error) (pipeline.Filing, error) {
	if !slices.ContainsFunc(r.tax.Departments, func(d Department) bool { return d.ID == dept }) || f.Department == dept {
		return f, ask
	}
	if d, against := r.against(f, dept, Type{Department: dept}); against {
		f.Doubts, f.Sure = append(slices.Clone(f.Doubts), d), false
		return f, contradicts()
	}
	f.Candidates = firstOf(f.Candidates, func(c pipeline.Candidate) bool { return c.Department == dept })
	return f, ask
}

// against tells what in a letter speaks against its cover sheet. t is the type
// that the sheet names; one without a code if it names a department only.
func (r *Room) against(f pipeline.Filing, dept pipeline.DeptID, t Type) (pipeline.Doubt, bool) {
	found := pipeline.Doubt{Code: DoubtCover, Read: string(dept)}
	if t.Code != "" {
		found.Read = string(t.Code)
	}
	place := func(c pipeline.Candidate) pipeline.Doubt {
		found.Other = string(c.Type)
		if len(c.Reasons) > 0 {
			found.Page, found.Box = c.Reasons[0].Page, c.Reasons[0].Box
		}
		return found
	}
	if r.certain(f) && f.Department != dept && len(f.Candidates) > 0 {
		return place(f.Candidates[0]), true
	}
	for _, c := range f.Candidates {
		rival, ok := r.Type(c.Type)
		if ok && c.Type != t.Code && rival.urgent() && !t.urgent() && c.Confidence >= urgentFrom {
			return place(c), true
		}
	}
	if f.Handling == HandlingExpress && !t.urgent() && len(f.Candidates) > 0 { // the words of the express lane stand there
		return place(f.Candidates[0]), true
	}
	return pipeline.Doubt{}, false
}

// urgent reports whether a type cannot wait: a legal deadline runs, or it goes by
// the express lane.
func (t Type) urgent() bool {
	return t.Handling == HandlingScanEnvelope || t.Handling == HandlingExpress
}

// firstOf puts the candidates that fit before the others.
func firstOf(list []pipeline.Candidate, fits func(pipeline.Candidate) bool) []pipeline.Candidate {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b pipeline.Candidate) int {
		switch {
		case fits(a) == fits(b):
			return 0
		case fits(a):
			return -1
		}
		return 1
	})
	return out
}
