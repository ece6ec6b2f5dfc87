package gate

import (
	"bytes"
	"strconv"
)

// type1Font is what is needed of a Type 1 program (Adobe Type 1 Font Format,
// 1990): its glyphs, their widths and its built-in encoding.
type type1Font struct {
	encoding [256]string
	widths   map[string]float64 // thousandths of the em
}

// parseType1 reads the clear-text part, decrypts the rest and runs the head of
// each charstring.
func parseType1(data []byte) (*type1Font, error) {
	data = unwrapPFB(data)
	i := bytes.Index(data, []byte("eexec"))
	if i < 0 || !bytes.HasPrefix(data, []byte("%!")) {
		return nil, errFont
	}
	clearText, cipher := data[:i], data[i+5:]
	for len(cipher) > 0 && isSpace(cipher[0]) {
		cipher = cipher[1:]
	}
	if len(cipher) < 8 {
		return nil, errFont
	}
	private := decrypt(binaryForm(cipher), 55665, 4)
	f := &type1Font{widths: map[string]float64{}}
	if !f.readEncoding(clearText) {
		return nil, errFont
	}
	scale := 1.0
	if m := type1Array(clearText, "/FontMatrix"); len(m) == 6 {
		scale = m[0] * 1000
	}
	skip := 4
	if v := type1Array(private, "/lenIV"); len(v) == 1 {
		skip = int(v[0])
	}
	subrs, ok := type1Subrs(private, skip)
	if !ok || !f.readGlyphs(private, skip, subrs, scale) || len(f.widths) == 0 {
		return nil, errFont
	}
	return f, nil
}

// unwrapPFB takes the segments out of a PFB file.
func unwrapPFB(data []byte) []byte {
	if len(data) < 6 || data[0] != 0x80 {
		return data
	}
	var out []byte
	for len(data) >= 6 && data[0] == 0x80 && data[1] != 3 {
		n := int(data[2]) | int(data[3])<<8 | int(data[4])<<16 | int(data[5])<<24
		if n > len(data)-6 {
			return out
		}
		out = append(out, data[6:6+n]...)
		data = data[6+n:]
	}
	return out
}

// binaryForm turns hexadecimal eexec data to bytes.
func binaryForm(b []byte) []byte {
	for _, c := range b[:4] {
		if unhex(c) < 0 {
			return b
		}
	}
	out := make([]byte, 0, len(b)/2)
	half, odd := 0, false
	for _, c := range b {
		v := unhex(c)
		if v < 0 {
			if isSpace(c) {
				continue
			}
			break
		}
		if odd {
			out = append(out, byte(half<<4|v))
		}
		half, odd = v, !odd
	}
	return out
}

// decrypt undoes eexec (key 55665) and charstring (4330) encryption, chapter 7.
func decrypt(b []byte, key uint16, skip int) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c ^ byte(key>>8)
		key = (uint16(c)+key)*52845 + 22719
	}
	if skip < 0 || skip > len(out) {
		return nil
	}
	return out[skip:]
}

// readEncoding reads the built-in encoding: StandardEncoding, or an array that is
// filled by "dup code /name put" (section 2.2).
func (f *type1Font) readEncoding(clearText []byte) bool {
	i := bytes.Index(clearText, []byte("/Encoding"))
	if i < 0 {
		return true
	}
	l := &lexer{data: clearText[i+len("/Encoding"):], base: -1}
	if t, _ := l.token(); t == keyword("StandardEncoding") {
		copy(f.encoding[:], nameTables()["standard"])
		return true
	}
	var last [3]object
	for {
		t, err := l.token()
		if err != nil {
			return false
		}
		k, _ := t.(keyword)
		switch k {
		case "def", "readonly":
			return true
		case "put":
			code, ok1 := last[1].(int64)
			glyph, ok2 := last[2].(name)
			if ok1 && ok2 && code >= 0 && code < 256 && last[0] == keyword("dup") {
				f.encoding[code] = string(glyph)
			}
		case "", "array", "index", "exch", "for", "dup":
		default:
			return false
		}
		last = [3]object{last[1], last[2], t}
	}
}

// type1Array reads the numbers after a key, in brackets or alone.
func type1Array(b []byte, key string) []float64 {
	i := bytes.Index(b, []byte(key))
	if i < 0 {
		return nil
	}
	l := &lexer{data: b[i+len(key):], base: -1}
	var out []float64
	for len(out) < 6 {
		t, err := l.token()
		if err != nil {
			break
		}
		if v, ok := number(t); ok {
			out = append(out, v)
			continue
		}
		if t == delim("[") || t == delim("{") {
			continue
		}
		break
	}
	return out
}

// binaryAfter reads "n RD " and the n bytes that follow; it gives them and the
// position behind them.
func binaryAfter(b []byte, at int) (code []byte, end int, ok bool) {
	for at < len(b) && isSpace(b[at]) {
		at++
	}
	start := at
	for at < len(b) && isDigit(b[at]) {
		at++
	}
	n, err := strconv.Atoi(string(b[start:at]))
	if err != nil || at >= len(b) || !isSpace(b[at]) {
		return nil, 0, false
	}
	for at < len(b) && isSpace(b[at]) {
		at++
	}
	for at < len(b) && !isSpace(b[at]) { // RD or -|
		at++
	}
	at++
	if n < 0 || at > len(b) || n > len(b)-at {
		return nil, 0, false
	}
	return b[at : at+n], at + n, true
}

// type1Words are the PostScript words that may follow a charstring.
var type1Words = map[string]bool{
	"ND": true, "|-": true, "NP": true, "|": true, "noaccess": true, "readonly": true, "def": true, "put": true,
}

// afterCode passes the words that follow a charstring; there must be one.
func afterCode(b []byte, at int) (next int, ok bool) {
	for {
		for at < len(b) && isSpace(b[at]) {
			at++
		}
		start := at
		for at < len(b) && isRegular(b[at]) {
			at++
		}
		if !type1Words[string(b[start:at])] {
			return start, ok
		}
		ok = true
	}
}

// type1Subrs reads "/Subrs n array" and the subroutines that follow as "dup i n
// RD code NP".
func type1Subrs(b []byte, skip int) (subrs map[int][]byte, ok bool) {
	subrs = map[int][]byte{}
	i := bytes.Index(b, []byte("/Subrs"))
	if i < 0 {
		return subrs, true
	}
	j := bytes.Index(b[i:], []byte("dup"))
	if glyphs := bytes.Index(b[i:], []byte("/CharStrings")); j < 0 || glyphs >= 0 && glyphs < j {
		return subrs, true
	}
	for i += j; bytes.HasPrefix(b[i:], []byte("dup")); {
		i += len("dup")
		for i < len(b) && isSpace(b[i]) {
			i++
		}
		start := i
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		num, err := strconv.Atoi(string(b[start:i]))
		code, end, ok := binaryAfter(b, i)
		if err != nil || !ok {
			return nil, false
		}
		subrs[num] = charcode(code, skip)
		if i, ok = afterCode(b, end); !ok {
			return nil, false
		}
	}
	return subrs, i < len(b) && (isDigit(b[i]) || b[i] == '/' || bytes.HasPrefix(b[i:], []byte("end")))
}

func charcode(code []byte, skip int) []byte {
	if skip < 0 {
		return code // lenIV -1: not encrypted
	}
	return decrypt(code, 4330, skip)
}

func (f *type1Font) readGlyphs(b []byte, skip int, subrs map[int][]byte, scale float64) bool {
	i := bytes.Index(b, []byte("/CharStrings"))
	if i < 0 {
		return false
	}
	i += len("/CharStrings")
	for {
		j := bytes.IndexByte(b[i:], '/')
		if e := bytes.Index(b[i:], []byte("end")); j < 0 || e >= 0 && e < j {
			return bytes.Contains(b[i:], []byte("closefile")) // else the end is missing or garbled
		}
		i += j + 1
		start := i
		for i < len(b) && isRegular(b[i]) {
			i++
		}
		glyph := string(b[start:i])
		code, end, ok := binaryAfter(b, i)
		if !ok {
			return false
		}
		r := type1Run{subrs: subrs, left: 1000}
		if !r.run(charcode(code, skip), 0) || !r.found {
			return false
		}
		f.widths[glyph] = r.width * scale
		if i, ok = afterCode(b, end); !ok || !bytes.HasPrefix(b[i:], []byte("/")) && !bytes.HasPrefix(b[i:], []byte("end")) {
			return false
		}
	}
}

// type1Run runs a charstring up to hsbw or sbw.
type type1Run struct {
	subrs map[int][]byte
	stack []float64
	width float64
	found bool
	left  int
}

func (r *type1Run) run(code []byte, depth int) bool {
	for i := 0; i < len(code) && !r.found; {
		if r.left--; r.left < 0 || depth > 10 {
			return false
		}
		b := code[i]
		i++
		n := len(r.stack)
		switch {
		case b >= 32 && b <= 246:
			r.stack = append(r.stack, float64(int(b)-139))
		case b >= 247 && b <= 254:
			if i >= len(code) {
				return false
			}
			v := (int(b)-247)*256 + int(code[i]) + 108
			if b >= 251 {
				v = -(int(b)-251)*256 - int(code[i]) - 108
			}
			r.stack = append(r.stack, float64(v))
			i++
		case b == 255:
			if i+4 > len(code) {
				return false
			}
			r.stack = append(r.stack, float64(int32(u32(code, i))))
			i += 4
		case b == 13 && n >= 2: // hsbw
			r.width, r.found = r.stack[n-1], true
		case b == 12 && i < len(code) && code[i] == 7 && n >= 4: // sbw
			r.width, r.found = r.stack[n-2], true
		case b == 12 && i < len(code) && code[i] == 12 && n >= 2: // div
			r.stack = append(r.stack[:n-2], r.stack[n-2]/r.stack[n-1])
			i++
		case b == 10 && n >= 1: // callsubr
			sub, ok := r.subrs[int(r.stack[n-1])]
			r.stack = r.stack[:n-1]
			if !ok || !r.run(sub, depth+1) {
				return false
			}
		case b == 11: // return
			return true
		default:
			return false
		}
	}
	return r.found || depth > 0
}
