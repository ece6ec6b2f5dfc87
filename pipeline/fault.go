package pipeline

import (
	"errors"
	"fmt"
)

// Verdict says who has to act on a fault.
type Verdict string

const (
	TryAgain  Verdict = "try-again"  // the world was not ready: the machine tries later
	AskPerson Verdict = "ask-person" // a person has to decide
	GiveBack  Verdict = "give-back"  // these bytes will never work: back to the sender
)

// Message is a text for a clerk, in German and English.
type Message struct {
	DE string `json:"de"`
	EN string `json:"en"`
}

// Fault is why a step could not finish. It never carries text, names or numbers
// from a letter.
type Fault struct {
	Verdict Verdict `json:"verdict"`
	Code    string  `json:"code"` // stable: "empty", "encrypted", "too-many-pixels"
	Text    Message `json:"text"`
	Page    int     `json:"page,omitempty"` // 1-based; 0 is the whole document
	Field   string  `json:"-"`              // of what a person entered: the entry of the form; "" is all of it
	Err     error   `json:"-"`              // cause, for the log
}

// Error gives the code and the cause.
func (f *Fault) Error() string {
	s := f.Code
	if f.Page > 0 {
		s = fmt.Sprintf("page %d: %s", f.Page, s)
	}
	if f.Err != nil {
		return s + ": " + f.Err.Error()
	}
	return s + ": " + f.Text.EN
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// AsFault finds the fault in err. An error without one is a fault of our own
// making: the machine tries again, and after some tries a person looks at it.
func AsFault(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{
		Verdict: TryAgain,
		Code:    "internal",
		Text: Message{
			DE: "Bei der Verarbeitung ist ein Fehler aufgetreten. Blattwerk versucht es erneut.",
			EN: "Something went wrong while processing. Blattwerk will try again.",
		},
		Err: err,
	}
}
