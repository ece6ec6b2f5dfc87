package pipeline

// Question (Rückfrage) is one thing about a document that a person has to settle:
// what was uncertain, what contradicts itself, what was refused. It is computed
// from the document and never stored; what is stored is the decision. Its texts
// carry no words of the letter except in Answers, which stand beside the page.
type Question struct {
	Kind    QuestionKind `json:"kind"`
	Code    string       `json:"code"`              // stable: "unsure", "rivals", "check-digit", "two-references", ...
	Text    Message      `json:"text"`              // one short question
	Help    Message      `json:"help,omitzero"`     // why it is asked, and what to compare
	Field   string       `json:"field,omitempty"`   // the field that is asked for
	Answers []Answer     `json:"answers,omitempty"` // best first, at most three
	Other   bool         `json:"other,omitempty"`   // an answer of one's own is possible: another type, another value
	Page    int          `json:"page,omitempty"`    // 1-based place to show; 0 is the whole document
	Box     Box          `json:"box"`               // dito, in pixels of the page's frame; zero is the whole page
}

// QuestionKind says what an answer to a question is.
type QuestionKind string

const (
	AskType  QuestionKind = "type"  // a document type
	AskField QuestionKind = "field" // the value of a field
	AskFault QuestionKind = "fault" // what to do about a step that could not finish
	AskCut   QuestionKind = "cut"   // whether the document is several letters
)

// Answer is a possible answer and what choosing it does. Exactly one of the
// effects is set.
type Answer struct {
	Key        string  `json:"key"` // the one key that chooses it: "1", "2", "3"
	Text       Message `json:"text"`
	Confidence float64 `json:"confidence,omitempty"` // 0 to 1; 0 where the machine has no opinion

	Type  TypeCode  `json:"type,omitempty"`  // file the document as this type
	Value *SetField `json:"value,omitempty"` // set a field, and confirm the filing as it is
	Retry StepName  `json:"retry,omitempty"` // send the document through its steps again, from this one
	Cut   []int     `json:"cut,omitempty"`   // part the document: a letter begins at each of these pages, too
	Whole bool      `json:"whole,omitempty"` // the document is one letter, with all its pages
}

// SetField is a person's word on the value of a field; an empty value says that
// the letter has none.
type SetField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Doubt is a contradiction that was found in a document: it is never filed
// without a person while a doubt holds it.
type Doubt struct {
	Code  string `json:"code"`            // "check-digit", "two-departments", "future-date", "total"
	Field string `json:"field,omitempty"` // the field it is about
	Page  int    `json:"page,omitempty"`  // 1-based; 0 is the whole document
	Box   Box    `json:"box"`
	Read  string `json:"read,omitempty"`  // what stands there, as far as it may be shown
	Other string `json:"other,omitempty"` // what it contradicts, dito
}
