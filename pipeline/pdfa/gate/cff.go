package gate

import "strconv"

// cffFont is what is needed of a Compact Font Format program (Adobe Technical
// Note 5176) to know its glyphs and their widths.
type cffFont struct {
	data     []byte
	strings  [][]byte
	global   [][]byte
	glyphs   [][]byte // charstrings
	cid      bool
	charset  []int // SID or CID of each glyph
	encoding [256]string
	matrix   float64 // units of the glyph space per text space unit, times 1000
	private  []cffPrivate
	choose   func(gid int) int // index into private
}

// cffPrivate is a private dictionary with its subroutines.
type cffPrivate struct {
	subrs            [][]byte
	standard, usual  float64 // defaultWidthX, nominalWidthX
	matrix           float64
	hasMatrix, valid bool
}

// parseCFF reads the first font of a set.
func parseCFF(data []byte) (*cffFont, error) {
	if len(data) < 4 || data[0] != 1 || int(data[2]) > len(data) {
		return nil, errFont
	}
	f := &cffFont{data: data}
	_, at, ok := cffIndex(data, int(data[2]))
	if !ok {
		return nil, errFont
	}
	tops, at, ok := cffIndex(data, at)
	if !ok || len(tops) == 0 {
		return nil, errFont
	}
	if f.strings, at, ok = cffIndex(data, at); !ok {
		return nil, errFont
	}
	if f.global, _, ok = cffIndex(data, at); !ok {
		return nil, errFont
	}
	top, ok := cffDict(tops[0])
	if !ok {
		return nil, errFont
	}
	at = int(first(top[17], 0))
	if at <= 0 || at >= len(data) {
		return nil, errFont
	}
	if f.glyphs, _, ok = cffIndex(data, at); !ok || len(f.glyphs) == 0 || len(f.glyphs) > 65535 {
		return nil, errFont
	}
	_, f.cid = top[1230]
	if !f.readCharset(int(first(top[15], 0))) {
		return nil, errFont
	}
	m, hasMatrix := top[1207]
	f.matrix = 1
	if hasMatrix && len(m) == 6 {
		f.matrix = m[0] * 1000
	}
	if f.cid {
		return f, f.readFonts(top, hasMatrix)
	}
	p, ok := f.readPrivate(top)
	if !ok {
		return nil, errFont
	}
	f.private = []cffPrivate{p}
	f.choose = func(int) int { return 0 }
	if !f.readEncoding(int(first(top[16], 0))) {
		return nil, errFont
	}
	return f, nil
}

func first(v []float64, otherwise float64) float64 {
	if len(v) == 0 {
		return otherwise
	}
	return v[0]
}

// readFonts reads FDArray and FDSelect of a CID-keyed font.
func (f *cffFont) readFonts(top map[int][]float64, hasMatrix bool) error {
	fonts, _, ok := cffIndex(f.data, int(first(top[1236], 0)))
	if !ok || len(fonts) == 0 {
		return errFont
	}
	for _, raw := range fonts {
		d, ok := cffDict(raw)
		if !ok {
			return errFont
		}
		p, ok := f.readPrivate(d)
		if !ok {
			return errFont
		}
		if m := d[1207]; len(m) == 6 {
			p.matrix, p.hasMatrix = m[0], true
		}
		if p.hasMatrix {
			// Both matrices are concatenated; a lone one counts alone.
			p.matrix *= 1000
			if hasMatrix {
				p.matrix *= f.matrix / 1000
			}
		} else {
			p.matrix = f.matrix
		}
		f.private = append(f.private, p)
	}
	at := int(first(top[1237], 0))
	if at <= 0 || at >= len(f.data) {
		return errFont
	}
	return f.readSelect(at)
}

// readSelect reads FDSelect (section 19).
func (f *cffFont) readSelect(at int) error {
	choice := make([]byte, len(f.glyphs))
	switch f.data[at] {
	case 0:
		if at+1+len(choice) > len(f.data) {
			return errFont
		}
		copy(choice, f.data[at+1:])
	case 3:
		n := u16(f.data, at+1)
		for i := range n {
			p := at + 3 + 3*i
			if p+5 > len(f.data) {
				return errFont
			}
			for gid := u16(f.data, p); gid < u16(f.data, p+3) && gid < len(choice); gid++ {
				choice[gid] = f.data[p+2]
			}
		}
	default:
		return errFont
	}
	for _, c := range choice {
		if int(c) >= len(f.private) {
			return errFont
		}
	}
	f.choose = func(gid int) int { return int(choice[gid]) }
	return nil
}

func (f *cffFont) readPrivate(d map[int][]float64) (cffPrivate, bool) {
	v := d[18]
	if len(v) != 2 {
		return cffPrivate{}, f.cid // a font dictionary without Private has no widths of its own
	}
	size, at := int(v[0]), int(v[1])
	if size < 0 || at < 0 || at > len(f.data) || size > len(f.data)-at {
		return cffPrivate{}, false
	}
	d, ok := cffDict(f.data[at : at+size])
	if !ok {
		return cffPrivate{}, false
	}
	p := cffPrivate{standard: first(d[20], 0), usual: first(d[21], 0), valid: true}
	if s := d[19]; len(s) == 1 {
		if p.subrs, _, ok = cffIndex(f.data, at+int(s[0])); !ok {
			return p, false
		}
	}
	return p, true
}

// readCharset reads the SID or CID of each glyph (section 13).
func (f *cffFont) readCharset(at int) bool {
	n := len(f.glyphs)
	f.charset = make([]int, n)
	if at < 0 {
		return false
	}
	if at <= 2 && !f.cid {
		return f.knownCharset(at)
	}
	if at <= 2 { // a CID font without charset: CID is glyph index
		for i := range f.charset {
			f.charset[i] = i
		}
		return true
	}
	if at >= len(f.data) {
		return false
	}
	format := f.data[at]
	at++
	for gid := 1; gid < n; {
		if at+2 > len(f.data) {
			return false
		}
		sid, left := u16(f.data, at), 0
		at += 2
		switch format {
		case 0:
		case 1:
			if at >= len(f.data) {
				return false
			}
			left = int(f.data[at])
			at++
		case 2:
			if at+2 > len(f.data) {
				return false
			}
			left = u16(f.data, at)
			at += 2
		default:
			return false
		}
		for ; left >= 0 && gid < n; left-- {
			f.charset[gid] = sid
			sid++
			gid++
		}
	}
	return true
}

// knownCharset is ISOAdobe, Expert or ExpertSubset (appendix C).
func (f *cffFont) knownCharset(id int) bool {
	if id == 0 {
		for i := range f.charset {
			f.charset[i] = i
		}
		return len(f.charset) <= 229
	}
	table := nameTables()[[]string{1: "cff-expert", 2: "cff-expert-subset"}[id]]
	if len(f.charset) > len(table) {
		return false
	}
	sids := map[string]int{}
	for sid, n := range nameTables()["cff-strings"] {
		sids[n] = sid
	}
	for i := range f.charset {
		f.charset[i] = sids[table[i]]
	}
	return true
}

// glyphName is the name of a glyph of a font that is not CID-keyed.
func (f *cffFont) glyphName(gid int) string {
	sid := f.charset[gid]
	std := nameTables()["cff-strings"]
	if sid < len(std) {
		return std[sid]
	}
	if sid-len(std) < len(f.strings) {
		return string(f.strings[sid-len(std)])
	}
	return "sid" + strconv.Itoa(sid)
}

// readEncoding reads the built-in encoding (section 12).
func (f *cffFont) readEncoding(at int) bool {
	switch at {
	case 0:
		copy(f.encoding[:], nameTables()["standard"])
		return true
	case 1:
		return true // Expert: no code is known, so none is accepted
	}
	if at < 0 || at+2 > len(f.data) {
		return false
	}
	format, n := f.data[at], int(f.data[at+1])
	at += 2
	gid := 1
	set := func(code int) {
		if gid < len(f.glyphs) && code < 256 {
			f.encoding[code] = f.glyphName(gid)
		}
		gid++
	}
	switch format & 0x7F {
	case 0:
		for i := range n {
			if at+i >= len(f.data) {
				return false
			}
			set(int(f.data[at+i]))
		}
		at += n
	case 1:
		for i := range n {
			if at+2*i+1 >= len(f.data) {
				return false
			}
			code := int(f.data[at+2*i])
			for left := int(f.data[at+2*i+1]); left >= 0; left-- {
				set(code)
				code++
			}
		}
		at += 2 * n
	default:
		return false
	}
	if format&0x80 != 0 {
		return f.supplement(at)
	}
	return true
}

func (f *cffFont) supplement(at int) bool {
	if at >= len(f.data) {
		return false
	}
	for i := range int(f.data[at]) {
		p := at + 1 + 3*i
		if p+3 > len(f.data) {
			return false
		}
		sid := u16(f.data, p+1)
		for gid, s := range f.charset {
			if s == sid {
				f.encoding[f.data[p]] = f.glyphName(gid)
			}
		}
	}
	return true
}

// width runs a charstring up to the operator that tells the width (Technical
// Note 5177, section 3.1), in thousandths of the em; ok is false if it is broken.
func (f *cffFont) width(gid int) (float64, bool) {
	p := &f.private[f.choose(gid)]
	m := f.matrix
	if f.cid {
		m = p.matrix
	}
	r := charstring{font: f, subrs: p.subrs, left: 10000}
	w, found, ok := r.run(f.glyphs[gid], 0)
	if !ok {
		return 0, false
	}
	if !found {
		return p.standard * m, true
	}
	return (p.usual + w) * m, true
}

// cffNumber reads an operand of a charstring or, with charstring false, of a
// dictionary. n is 0 if the bytes end within it.
func cffNumber(b []byte, charstring bool) (v float64, n int, ok bool) {
	c := int(b[0])
	need := func(k int) bool { return len(b) >= k }
	switch {
	case c == 28:
		if !need(3) {
			return 0, 0, true
		}
		return float64(int16(u16(b, 1))), 3, true
	case c == 29 && !charstring:
		if !need(5) {
			return 0, 0, true
		}
		return float64(int32(u32(b, 1))), 5, true
	case c == 30 && !charstring:
		v, n := cffReal(b)
		return v, n, true
	case c >= 32 && c <= 246:
		return float64(c - 139), 1, true
	case c >= 247 && c <= 250:
		if !need(2) {
			return 0, 0, true
		}
		return float64((c-247)*256 + int(b[1]) + 108), 2, true
	case c >= 251 && c <= 254:
		if !need(2) {
			return 0, 0, true
		}
		return float64(-(c-251)*256 - int(b[1]) - 108), 2, true
	case c == 255 && charstring:
		if !need(5) {
			return 0, 0, true
		}
		return float64(int32(u32(b, 1))) / 65536, 5, true
	}
	return 0, 0, false
}

// cffReal reads a real number of nibbles (section 4).
func cffReal(b []byte) (float64, int) {
	var s []byte
	for i := 1; i < len(b) && i < 32; i++ {
		for _, nib := range []byte{b[i] >> 4, b[i] & 15} {
			switch {
			case nib <= 9:
				s = append(s, '0'+nib)
			case nib == 10:
				s = append(s, '.')
			case nib == 11:
				s = append(s, 'E')
			case nib == 12:
				s = append(s, 'E', '-')
			case nib == 14:
				s = append(s, '-')
			case nib == 15:
				v, err := strconv.ParseFloat(string(s), 64)
				if err != nil {
					return 0, 0
				}
				return v, i + 1
			default:
				return 0, 0
			}
		}
	}
	return 0, 0
}

// cffIndex reads an INDEX at an offset and tells where it ends (section 5).
func cffIndex(data []byte, at int) (items [][]byte, end int, ok bool) {
	if at < 0 || at+2 > len(data) {
		return nil, 0, false
	}
	n := u16(data, at)
	if n == 0 {
		return nil, at + 2, true
	}
	if at+3 > len(data) {
		return nil, 0, false
	}
	size := int(data[at+2])
	table := at + 3
	base := table + size*(n+1) - 1
	if size < 1 || size > 4 || base+1 > len(data) {
		return nil, 0, false
	}
	offset := func(i int) int {
		v := 0
		for _, b := range data[table+size*i : table+size*(i+1)] {
			v = v<<8 | int(b)
		}
		return base + v
	}
	items = make([][]byte, n)
	from := offset(0)
	for i := range items {
		to := offset(i + 1)
		if from < base+1 || to < from || to > len(data) {
			return nil, 0, false
		}
		items[i] = data[from:to]
		from = to
	}
	return items, from, true
}

// cffDict reads a DICT; operators of two bytes count as 1200 plus the second.
func cffDict(b []byte) (map[int][]float64, bool) {
	d := map[int][]float64{}
	var operands []float64
	for len(b) > 0 {
		if v, n, isNumber := cffNumber(b, false); isNumber {
			if n == 0 || len(operands) > 48 {
				return nil, false
			}
			operands = append(operands, v)
			b = b[n:]
			continue
		}
		op := int(b[0])
		b = b[1:]
		if op > 21 {
			return nil, false
		}
		if op == 12 {
			if len(b) == 0 {
				return nil, false
			}
			op = 1200 + int(b[0])
			b = b[1:]
		}
		if _, twice := d[op]; !twice {
			d[op] = operands
		}
		operands = nil
	}
	return d, true
}
