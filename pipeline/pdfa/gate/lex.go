package gate

import (
	"fmt"
	"math"
	"strconv"
)

// lexer cuts bytes into tokens and objects (ISO 32000-1, 7.2 and 7.3). It does
// not repair: what is not a token ends in an error. What ISO 19005-2, 6.1.6 and
// 6.1.13 forbid although it can be read goes to note.
type lexer struct {
	data  []byte
	pos   int
	base  int64                                       // file offset of data[0]; -1 inside a decoded stream
	note  func(rule string, off int64, detail string) // nil: do not tell
	depth int
}

// class of each byte: 0 regular, 1 white space, 2 delimiter.
var byteClass = func() (c [256]byte) {
	for _, b := range []byte{0, 9, 10, 12, 13, 32} {
		c[b] = 1
	}
	for _, b := range []byte("()<>[]{}/%") {
		c[b] = 2
	}
	return c
}()

func isSpace(b byte) bool   { return byteClass[b] == 1 }
func isRegular(b byte) bool { return byteClass[b] == 0 }
func isDigit(b byte) bool   { return b >= '0' && b <= '9' }
func isEOL(b byte) bool     { return b == '\r' || b == '\n' }

func (l *lexer) tell(rule string, at int, detail string) {
	if l.note == nil {
		return
	}
	off := int64(-1)
	if l.base >= 0 {
		off = l.base + int64(at)
	}
	l.note(rule, off, detail)
}

// skip passes white space and comments.
func (l *lexer) skip() {
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		switch {
		case byteClass[c] == 1:
			l.pos++
		case c == '%':
			for l.pos < len(l.data) && !isEOL(l.data[l.pos]) {
				l.pos++
			}
		default:
			return
		}
	}
}

// token gives the next token: an object without parts, a keyword or a delim.
func (l *lexer) token() (object, error) {
	l.skip()
	if l.pos >= len(l.data) {
		return nil, errShort
	}
	start := l.pos
	c := l.data[l.pos]
	switch c {
	case '/':
		return l.name()
	case '(':
		return l.literal()
	case '<':
		if l.pos+1 < len(l.data) && l.data[l.pos+1] == '<' {
			l.pos += 2
			return delim("<<"), nil
		}
		return l.hex()
	case '>':
		if l.pos+1 >= len(l.data) {
			return nil, errShort
		}
		if l.data[l.pos+1] != '>' {
			return nil, fmt.Errorf("stray > at %d", l.base+int64(l.pos))
		}
		l.pos += 2
		return delim(">>"), nil
	case '[':
		l.pos++
		return delim("["), nil
	case ']':
		l.pos++
		return delim("]"), nil
	case '{':
		l.pos++
		return delim("{"), nil
	case '}':
		l.pos++
		return delim("}"), nil
	case ')':
		return nil, fmt.Errorf("stray ) at %d", l.base+int64(l.pos))
	}
	for l.pos < len(l.data) && isRegular(l.data[l.pos]) {
		l.pos++
	}
	return l.word(l.data[start:l.pos], start), nil
}

// word is a number if it looks like one, else a keyword.
func (l *lexer) word(w []byte, at int) object {
	i, dots, digits := 0, 0, 0
	if w[0] == '+' || w[0] == '-' {
		i = 1
	}
	for _, c := range w[i:] {
		switch {
		case isDigit(c):
			digits++
		case c == '.':
			dots++
		default:
			return keyword(w)
		}
	}
	if digits == 0 || dots > 1 {
		return keyword(w)
	}
	if dots == 0 {
		v, err := strconv.ParseInt(string(w), 10, 64)
		if err != nil || v > math.MaxInt32 || v < math.MinInt32 {
			l.tell("6.1.13-1", at, "")
		}
		return v
	}
	v, err := strconv.ParseFloat(string(w), 64)
	switch {
	case err != nil || math.Abs(v) > 3.403e38:
		l.tell("6.1.13-2", at, "")
		return math.MaxFloat32
	case v != 0 && math.Abs(v) < 1.175e-38, v == 0 && hasNonZero(w):
		l.tell("6.1.13-5", at, "")
	}
	return v
}

func hasNonZero(w []byte) bool {
	for _, c := range w {
		if c >= '1' && c <= '9' {
			return true
		}
	}
	return false
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *lexer) name() (object, error) {
	at := l.pos
	l.pos++
	start := l.pos
	escaped := false
	for l.pos < len(l.data) && isRegular(l.data[l.pos]) {
		escaped = escaped || l.data[l.pos] == '#'
		l.pos++
	}
	raw := l.data[start:l.pos]
	out := raw
	if escaped {
		out = make([]byte, 0, len(raw))
		for i := 0; i < len(raw); i++ {
			if raw[i] == '#' && i+2 < len(raw) && unhex(raw[i+1]) >= 0 && unhex(raw[i+2]) >= 0 {
				out = append(out, byte(unhex(raw[i+1])<<4|unhex(raw[i+2])))
				i += 2
				continue
			}
			if raw[i] == '#' {
				l.tell(ruleParse, at, "a name has a number sign that escapes nothing")
			}
			out = append(out, raw[i])
		}
	}
	if len(out) > 127 {
		l.tell("6.1.13-4", at, "")
	}
	return name(out), nil
}

func (l *lexer) literal() (object, error) {
	at := l.pos
	l.pos++
	var out []byte
	level := 1
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		switch c {
		case '(':
			level++
		case ')':
			level--
			if level == 0 {
				if len(out) > 32767 {
					l.tell("6.1.13-3", at, "")
				}
				return text(out), nil
			}
		case '\r':
			if l.pos < len(l.data) && l.data[l.pos] == '\n' {
				l.pos++
			}
			c = '\n'
		case '\\':
			var keep bool
			c, keep = l.escape()
			if !keep {
				continue
			}
		}
		out = append(out, c)
	}
	return nil, errShort
}

// escape reads what follows a backslash; keep is false for a continued line.
func (l *lexer) escape() (c byte, keep bool) {
	if l.pos >= len(l.data) {
		return 0, false
	}
	c = l.data[l.pos]
	l.pos++
	switch c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case '\r':
		if l.pos < len(l.data) && l.data[l.pos] == '\n' {
			l.pos++
		}
		return 0, false
	case '\n':
		return 0, false
	}
	if c < '0' || c > '7' {
		return c, true
	}
	v := int(c - '0')
	for i := 0; i < 2 && l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '7'; i++ {
		v = v<<3 | int(l.data[l.pos]-'0')
		l.pos++
	}
	return byte(v), true
}

func (l *lexer) hex() (object, error) {
	at := l.pos
	l.pos++
	var out []byte
	n, half, strange := 0, 0, false
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		if c == '>' {
			if n%2 == 1 {
				l.tell("6.1.6-1", at, "")
				out = append(out, byte(half<<4))
			}
			if strange {
				l.tell("6.1.6-2", at, "")
			}
			if len(out) > 32767 {
				l.tell("6.1.13-3", at, "")
			}
			return text(out), nil
		}
		if isSpace(c) {
			continue
		}
		v := unhex(c)
		if v < 0 {
			strange = true
			v = 0
		}
		if n%2 == 1 {
			out = append(out, byte(half<<4|v))
		}
		half = v
		n++
	}
	return nil, errShort
}

// object reads one object of a file body; "n g R" is a ref.
func (l *lexer) object() (object, error) {
	t, err := l.token()
	if err != nil {
		return nil, err
	}
	return l.finish(t, true)
}

// finish completes the object that starts with token t. Content streams have no
// references: there refs is false.
func (l *lexer) finish(t object, refs bool) (object, error) {
	switch v := t.(type) {
	case keyword:
		switch v {
		case "true":
			return true, nil
		case "false":
			return false, nil
		case "null":
			return nil, nil
		}
		return nil, fmt.Errorf("unexpected word at %d", l.base+int64(l.pos))
	case delim:
		l.depth++
		defer func() { l.depth-- }()
		if l.depth > maxNesting {
			return nil, fmt.Errorf("nested deeper than %d", maxNesting)
		}
		switch v {
		case "[":
			return l.array(refs)
		case "<<":
			return l.dict(refs)
		}
		return nil, fmt.Errorf("unexpected %s at %d", v, l.base+int64(l.pos))
	case int64:
		if refs {
			return l.reference(v)
		}
	}
	return t, nil
}

// reference looks whether integer v starts "v g R".
func (l *lexer) reference(v int64) (object, error) {
	back := l.pos
	if v < 0 || v > math.MaxInt32 {
		return v, nil
	}
	mute := l.note
	l.note = nil
	defer func() { l.note = mute }()
	g, err := l.token()
	if err == nil {
		if gen, ok := g.(int64); ok && gen >= 0 && gen <= 65535 {
			k, err2 := l.token()
			if err2 == nil && k == keyword("R") {
				return ref{int(v), int(gen)}, nil
			}
			if err2 == errShort {
				return nil, errShort
			}
		}
	} else if err == errShort {
		// The integer may still be whole: a lone number before the end.
		l.skip()
		if l.pos >= len(l.data) {
			l.pos = back
			return v, nil
		}
		return nil, errShort
	}
	l.pos = back
	return v, nil
}

func (l *lexer) array(refs bool) (object, error) {
	a := array{}
	for {
		t, err := l.token()
		if err != nil {
			return nil, err
		}
		if t == delim("]") {
			return a, nil
		}
		o, err := l.finish(t, refs)
		if err != nil {
			return nil, err
		}
		a = append(a, o)
	}
}

func (l *lexer) dict(refs bool) (object, error) {
	d := dict{}
	for {
		t, err := l.token()
		if err != nil {
			return nil, err
		}
		if t == delim(">>") {
			return d, nil
		}
		k, ok := t.(name)
		if !ok {
			return nil, fmt.Errorf("dictionary key is not a name at %d", l.base+int64(l.pos))
		}
		t, err = l.token()
		if err != nil {
			return nil, err
		}
		o, err := l.finish(t, refs)
		if err != nil {
			return nil, err
		}
		if _, twice := d[k]; twice {
			l.tell(ruleParse, l.pos, "a dictionary has the same key twice")
		}
		if o != nil {
			d[k] = o
		}
	}
}
