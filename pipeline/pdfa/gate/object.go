package gate

import "strconv"

// object is a PDF object: nil, bool, int64, float64, name, text, array, dict,
// *stream or ref (ISO 32000-1, 7.3).
type object any

type (
	name  string // without the solidus, escapes expanded
	text  string // bytes of a string object
	array []object
	dict  map[name]object
)

// ref points to an indirect object.
type ref struct{ num, gen int }

// stream is a stream object; its bytes stay in the file until they are decoded.
type stream struct {
	dict   dict
	num    int   // object number
	start  int64 // offset of the first byte
	length int64 // encoded bytes, as /Length says
}

func (r ref) String() string { return "object " + strconv.Itoa(r.num) }

// keyword is a token that is no object: "obj", "endstream", an operator.
type keyword string

// delim is one of the tokens "[", "]", "<<", ">>", "{" and "}".
type delim string

// number reads an integer or real.
func number(o object) (float64, bool) {
	switch v := o.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
