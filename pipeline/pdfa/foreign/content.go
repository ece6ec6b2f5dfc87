package foreign

import (
	"bytes"
	"strconv"
)

// operation is one operator of a content stream with its operands. An inline
// image is one operation "BI" whose only operand is a *stream.
type operation struct {
	op   string
	args []any
}

// content reads operators from a decoded content stream (ISO 32000-1, 7.8.2).
// It never fails: bytes that mean nothing are skipped, as viewers skip them.
type content struct {
	data []byte
	pos  int
}

// maxArgs is how many operands are kept; more are dropped from the front.
const maxArgs = 64

// next gives the next operation, or false at the end.
func (c *content) next() (operation, bool) {
	var args []any
	for {
		v, op, ok := c.token(0)
		switch {
		case !ok:
			return operation{}, false
		case op == "":
			args = append(args, v)
			if len(args) > maxArgs {
				args = args[1:]
			}
		case op == "BI":
			return operation{"BI", []any{c.inline()}}, true
		default:
			return operation{op, args}, true
		}
	}
}

// token reads an operand (op is "") or an operator.
func (c *content) token(depth int) (v any, op string, ok bool) {
	c.space()
	if c.pos >= len(c.data) {
		return nil, "", false
	}
	b := c.data[c.pos]
	switch {
	case b == '/':
		c.pos++
		return c.name(), "", true
	case b == '(':
		return c.literal(), "", true
	case b == '<' && c.peek(1) == '<':
		c.pos += 2
		return c.dictionary(depth), "", true
	case b == '<':
		c.pos++
		end := bytes.IndexByte(c.data[c.pos:], '>')
		if end < 0 {
			end = len(c.data) - c.pos
		}
		s := string(c.data[c.pos : c.pos+end])
		c.pos = min(c.pos+end+1, len(c.data))
		return hexText(s), "", true
	case b == '[':
		c.pos++
		return c.list(depth), "", true
	case bytes.IndexByte([]byte(")>]{}"), b) >= 0:
		c.pos++
		return nil, string(b), true
	}
	word := c.word()
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return n, "", true
	}
	if isNumber(word) {
		if n, err := strconv.ParseFloat(word, 64); err == nil {
			return n, "", true
		}
		return 0.0, "", true // "--5", "1.2.3": viewers take what they can
	}
	switch word {
	case "true":
		return true, "", true
	case "false":
		return false, "", true
	case "null":
		return nil, "", true
	}
	return nil, word, true
}

func isNumber(w string) bool {
	digits := false
	for _, r := range w {
		if r >= '0' && r <= '9' {
			digits = true
		} else if r != '+' && r != '-' && r != '.' {
			return false
		}
	}
	return digits
}

func (c *content) peek(n int) byte {
	if c.pos+n < len(c.data) {
		return c.data[c.pos+n]
	}
	return 0
}

func isSpace(b byte) bool {
	return b == ' ' || b == '\n' || b == '\r' || b == '\t' || b == '\f' || b == 0
}

func isDelimiter(b byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), b) >= 0 }

func (c *content) space() {
	for c.pos < len(c.data) {
		b := c.data[c.pos]
		if b == '%' {
			for c.pos < len(c.data) && c.data[c.pos] != '\n' && c.data[c.pos] != '\r' {
				c.pos++
			}
			continue
		}
		if !isSpace(b) {
			return
		}
		c.pos++
	}
}

func (c *content) word() string {
	start := c.pos
	for c.pos < len(c.data) && !isSpace(c.data[c.pos]) && !isDelimiter(c.data[c.pos]) {
		c.pos++
	}
	if c.pos == start {
		c.pos++ // a stray delimiter
	}
	return string(c.data[start:c.pos])
}

func (c *content) name() name {
	start := c.pos
	for c.pos < len(c.data) && !isSpace(c.data[c.pos]) && !isDelimiter(c.data[c.pos]) {
		c.pos++
	}
	raw := c.data[start:c.pos]
	if bytes.IndexByte(raw, '#') < 0 {
		return name(raw)
	}
	var out []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) {
			if n, err := strconv.ParseUint(string(raw[i+1:i+3]), 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, raw[i])
	}
	return name(out)
}

// literal reads a string in parentheses, ISO 32000-1, 7.3.4.2.
func (c *content) literal() text {
	c.pos++
	var out []byte
	for open := 1; c.pos < len(c.data); {
		b := c.data[c.pos]
		c.pos++
		switch b {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return text(out)
			}
		case '\\':
			out = c.escape(out)
			continue
		case '\r':
			if c.peek(0) == '\n' {
				c.pos++
			}
			b = '\n'
		}
		out = append(out, b)
	}
	return text(out)
}

func (c *content) escape(out []byte) []byte {
	b := c.peek(0)
	c.pos++
	switch b {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case '\r':
		if c.peek(0) == '\n' {
			c.pos++
		}
		return out
	case '\n':
		return out
	}
	if b < '0' || b > '7' {
		return append(out, b)
	}
	n := int(b - '0')
	for range 2 {
		if d := c.peek(0); d >= '0' && d <= '7' {
			n = n*8 + int(d-'0')
			c.pos++
			continue
		}
		break
	}
	return append(out, byte(n))
}

func (c *content) list(depth int) array {
	var out array
	for depth < maxDepth {
		v, op, ok := c.token(depth + 1)
		if !ok || op == "]" {
			break
		}
		if op == "" {
			out = append(out, v)
		}
	}
	return out
}

func (c *content) dictionary(depth int) dict {
	d := dict{}
	for depth < maxDepth {
		k, op, ok := c.token(depth + 1)
		if !ok {
			break
		}
		if op == ">" {
			if c.peek(0) == '>' {
				c.pos++
			}
			break
		}
		key, isName := k.(name)
		if !isName {
			continue
		}
		v, op, ok := c.token(depth + 1)
		if !ok || op == ">" {
			if c.peek(0) == '>' {
				c.pos++
			}
			break
		}
		d[key] = v
	}
	return d
}

// inline reads an inline image after BI (ISO 32000-1, 8.9.7). Its data ends at
// EI between white space, followed by something that looks like content.
func (c *content) inline() *stream {
	d := dict{}
	for {
		k, op, ok := c.token(0)
		if !ok {
			return &stream{dict: d}
		}
		if op == "ID" {
			break
		}
		key, isName := k.(name)
		if !isName {
			continue
		}
		v, op, ok := c.token(0)
		if !ok || op == "ID" {
			break
		}
		d[key] = v
	}
	c.pos = min(c.pos+1, len(c.data))
	start := c.pos
	for i := start; i+1 < len(c.data); i++ {
		if c.data[i] != 'E' || c.data[i+1] != 'I' || (i > start && !isSpace(c.data[i-1])) {
			continue
		}
		if i+2 < len(c.data) && !isSpace(c.data[i+2]) {
			continue
		}
		if printable(c.data[i+2 : min(i+12, len(c.data))]) {
			c.pos = i + 2
			return &stream{dict: d, raw: bytes.TrimRight(c.data[start:i], "\r\n")}
		}
	}
	c.pos = len(c.data)
	return &stream{dict: d, raw: c.data[start:]}
}

func printable(b []byte) bool {
	for _, x := range b {
		if x > 0x7E || (x < 0x20 && !isSpace(x)) || x == 0 {
			return false
		}
	}
	return true
}
