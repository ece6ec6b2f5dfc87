package classify

import (
	"strconv"

	"blattwerk/pipeline"
)

// answersAtMost is how many answers stand beside a question; more are not read.
const answersAtMost = 3

// Questions lists what a person has to settle about a document before it goes
// on, the most important first; none if nothing holds it. fault is why a step
// could not finish, or nil. It is a function of its arguments and the room's
// tables alone, and reads nothing. All questions of a document are answered in
// one decision.
func (r *Room) Questions(doc pipeline.Document, fault *pipeline.Fault) []pipeline.Question {
	// A stack with too few or too many letters holds its first one until a person
	// looked, and says so by confirming what the letter is.
	if fault != nil && fault.Code == "count-mismatch" && doc.Filing != nil {
		q := r.typeQuestion(*doc.Filing)
		q.Code, q.Help = fault.Code, fault.Text
		return []pipeline.Question{q}
	}
	if fault != nil && fault.Code == FaultSeveral && doc.Cut != nil {
		return []pipeline.Question{cutQuestion(doc)}
	}
	if fault != nil && fault.Code != "unsure" && fault.Code != "doubt" {
		return []pipeline.Question{faultQuestion(fault)}
	}
	f := doc.Filing
	if f == nil || f.DecidedBy != "" {
		return nil
	}
	var out []pipeline.Question
	best, known := r.Type(f.Type)
	crossed := false
	for _, d := range f.Doubts {
		if d.Code == DoubtTwoDepartments || d.Code == DoubtCover {
			crossed = true
		} else if known && best.holds(d) {
			out = append(out, r.fieldQuestion(*f, d))
		}
	}
	if crossed || !r.certain(*f) {
		out = append([]pipeline.Question{r.typeQuestion(*f)}, out...)
	}
	return out
}

// certain reports whether the confidence of a filing alone would do.
func (r *Room) certain(f pipeline.Filing) bool {
	t, ok := r.Type(f.Type)
	return ok && t.Code != Unclear && f.Confidence >= max(f.Threshold, r.thresholdOf(t))
}

// whatKind is the question about a type, whatever the reason.
var whatKind = pipeline.Message{DE: "Was für ein Schreiben ist das?", EN: "What kind of letter is this?"}

// fieldText is the question about a field that is in doubt.
func fieldText(code string, label pipeline.Message) pipeline.Message {
	switch code {
	case DoubtCount:
		return pipeline.Message{DE: "Fehlt ein Brief im Stapel?", EN: "Is a letter missing in the stack?"}
	case DoubtTwoSums, DoubtSum:
		return pipeline.Message{DE: "Welcher Betrag gilt?", EN: "Which amount holds?"}
	}
	return pipeline.Message{DE: label.DE + ": Was steht auf der Seite?", EN: label.EN + ": what does the page say?"}
}

// typeQuestion asks what a letter is. The place is that of the best reason.
func (r *Room) typeQuestion(f pipeline.Filing) pipeline.Question {
	q := pipeline.Question{Kind: pipeline.AskType, Code: "unsure", Other: true, Text: whatKind, Help: unsure(f).Text}
	for _, d := range f.Doubts {
		if d.Code == DoubtTwoDepartments || d.Code == DoubtCover {
			q.Code, q.Help, q.Page, q.Box = d.Code, r.doubtText(d, pipeline.Message{}), d.Page, d.Box
		}
	}
	if q.Code == "unsure" && len(f.Candidates) > 1 && f.Candidates[1].Confidence*2 > f.Candidates[0].Confidence {
		q.Code = "rivals"
		q.Help = pipeline.Message{
			DE: "Mehrere Dokumenttypen kommen in Frage.",
			EN: "Several document types are possible.",
		}
	}
	for _, c := range f.Candidates {
		t, ok := r.Type(c.Type)
		if !ok || len(q.Answers) == answersAtMost {
			continue
		}
		name := t.Name + " (" + t.DepartmentName + ")"
		q.Answers = append(q.Answers, pipeline.Answer{
			Key: strconv.Itoa(len(q.Answers) + 1), Text: pipeline.Message{DE: name, EN: name},
			Confidence: c.Confidence, Type: c.Type,
		})
		if q.Page == 0 && len(c.Reasons) > 0 {
			q.Page, q.Box = c.Reasons[0].Page, c.Reasons[0].Box
		}
	}
	return q
}

// fieldQuestion asks for the value of a field. What was read is an answer only
// where it may be true: never with a check digit that does not hold.
func (r *Room) fieldQuestion(f pipeline.Filing, d pipeline.Doubt) pipeline.Question {
	q := pipeline.Question{
		Kind: pipeline.AskField, Code: d.Code, Field: d.Field, Other: true,
		Text: fieldText(d.Code, r.label(d.Field)), Help: r.doubtText(d, r.label(d.Field)), Page: d.Page, Box: d.Box,
	}
	add := func(text pipeline.Message, value string, confidence float64) {
		q.Answers = append(q.Answers, pipeline.Answer{
			Key: strconv.Itoa(len(q.Answers) + 1), Text: text, Confidence: confidence,
			Value: &pipeline.SetField{Name: d.Field, Value: value},
		})
	}
	if d.Code != DoubtCheckDigit && d.Read != "" {
		add(pipeline.Message{DE: "Es stimmt: " + d.Read, EN: "It is right: " + d.Read}, d.Read, 0)
	}
	for _, x := range f.Fields {
		if x.Name == d.Field && x.Value != d.Read && x.Value != Masked && len(q.Answers) < answersAtMost-1 {
			add(pipeline.Message{DE: x.Value, EN: x.Value}, x.Value, x.Confidence)
		}
	}
	if d.Code == DoubtCount {
		return q // the number is what it is: it is confirmed, or the stack is scanned again
	}
	add(pipeline.Message{DE: "Ohne diese Angabe ablegen", EN: "File without it"}, "", 0)
	return q
}

// faultQuestion asks what to do about a step that could not finish. What only a
// fresh delivery mends has no answer but to try again.
func faultQuestion(fault *pipeline.Fault) pipeline.Question {
	return pipeline.Question{
		Kind: pipeline.AskFault, Code: fault.Code, Page: fault.Page, Help: fault.Text,
		Text: pipeline.Message{DE: "Soll Blattwerk es noch einmal versuchen?", EN: "Shall Blattwerk try again?"},
		Answers: []pipeline.Answer{{
			Key: "1", Text: pipeline.Message{DE: "Noch einmal versuchen", EN: "Try again"}, Retry: pipeline.StepOpen,
		}},
	}
}

// label is the name of a field for people.
func (r *Room) label(name string) pipeline.Message {
	if m, ok := r.Labels()[name]; ok {
		return m
	}
	return pipeline.Message{DE: name, EN: name}
}
