package gate

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

// cmap maps character codes to CIDs (Adobe Technical Note 5014 and ISO 32000-1,
// 9.7.5) or, as a ToUnicode CMap, to text (9.10.3).
type cmap struct {
	spaces []codeSpace
	ranges []cidRange
	texts  map[uint32]string // ToUnicode, code to text
	wmode  int
	maxCID int
	use    name // CMap that this one builds on
	broken bool

	block keyword // begin operator that is open
	count int64   // entries that it announced
}

type codeSpace struct {
	n      int // bytes
	lo, hi uint32
}

type cidRange struct {
	lo, hi uint32
	n      int // bytes
	cid    int
}

// identityCMap is Identity-H or -V: two bytes are the CID.
func identityCMap(wmode int) *cmap {
	return &cmap{
		spaces: []codeSpace{{2, 0, 0xFFFF}}, ranges: []cidRange{{0, 0xFFFF, 2, 0}}, wmode: wmode,
	}
}

// maxMappings bounds what one CMap may hold in memory.
const maxMappings = 1 << 19

func code(s text) uint32 {
	var v uint32
	for i := 0; i < len(s); i++ {
		v = v<<8 | uint32(s[i])
	}
	return v
}

// parseCMap reads a CMap file. Syntax that is not PostScript as far as needed
// marks it as broken.
func parseCMap(data []byte, b *budget) *cmap {
	m := &cmap{texts: map[uint32]string{}}
	l := &lexer{data: data, base: -1, note: func(string, int64, string) { m.broken = true }}
	var stack []object
	for {
		b.spend(8)
		t, err := l.token()
		if err != nil {
			m.broken = m.broken || err != errShort || m.block != ""
			return m
		}
		if d, ok := t.(delim); ok && d != "[" && d != "<<" {
			continue // ends of procedures and dictionaries say nothing here
		}
		if t == delim("<<") {
			continue
		}
		if t == delim("[") {
			if t, err = l.finish(t, false); err != nil {
				m.broken = true
				return m
			}
		}
		k, ok := t.(keyword)
		if !ok {
			if stack = append(stack, t); len(stack) > 100000 {
				m.broken = true
				return m
			}
			continue
		}
		if !cmapWords[k] {
			m.broken = true
		}
		m.bracket(k, stack)
		m.operator(k, stack, b)
		stack = stack[:0]
	}
}

// cmapWords are the PostScript operators that CMap files are made of. Some
// producers part "defineresource" in two, which every reader forgives.
var cmapWords = func() map[keyword]bool {
	m := map[keyword]bool{}
	for w := range strings.FieldsSeq(`findresource begin end dict dup def currentdict defineresource define resource pop exch put
		readonly CMapName CIDSystemInfo begincmap endcmap usecmap usefont true false null bind known if ifelse cvn not
		begincodespacerange endcodespacerange begincidrange endcidrange begincidchar endcidchar
		beginnotdefrange endnotdefrange beginnotdefchar endnotdefchar beginbfrange endbfrange beginbfchar endbfchar`) {
		m[keyword(w)] = true
	}
	return m
}()

// bracket checks that "n beginx" meets "endx" and n entries between them.
func (m *cmap) bracket(k keyword, stack []object) {
	name, starts := strings.CutPrefix(string(k), "begin")
	switch {
	case starts && name != "" && name != "cmap":
		if m.block != "" || len(stack) == 0 {
			m.broken = true
		}
		m.block = k
		m.count = -1
		if len(stack) > 0 {
			m.count, _ = stack[len(stack)-1].(int64)
		}
	case strings.HasPrefix(string(k), "end") && k != "end" && k != "endcmap":
		size := int64(2)
		if strings.HasSuffix(string(k), "cidrange") || strings.HasSuffix(string(k), "notdefrange") || k == "endbfrange" {
			size = 3
		}
		if m.block != "begin"+k[len("end"):] || int64(len(stack)) != size*m.count {
			m.broken = true
		}
		m.block = ""
	}
}

func (m *cmap) operator(k keyword, stack []object, b *budget) {
	switch k {
	case "usecmap":
		if len(stack) > 0 {
			m.use, _ = stack[len(stack)-1].(name)
		}
	case "def":
		if len(stack) >= 2 && stack[len(stack)-2] == name("WMode") {
			v, _ := stack[len(stack)-1].(int64)
			m.wmode = int(v)
		}
	case "endcodespacerange":
		for i := 0; i+1 < len(stack); i += 2 {
			lo, ok1 := stack[i].(text)
			hi, ok2 := stack[i+1].(text)
			if !ok1 || !ok2 || len(lo) != len(hi) || len(lo) == 0 || len(lo) > 4 {
				m.broken = true
				continue
			}
			m.spaces = append(m.spaces, codeSpace{len(lo), code(lo), code(hi)})
		}
	case "endcidrange", "endnotdefrange":
		for i := 0; i+2 < len(stack); i += 3 {
			m.addCIDs(stack[i], stack[i+1], stack[i+2], k == "endcidrange")
		}
	case "endcidchar", "endnotdefchar":
		for i := 0; i+1 < len(stack); i += 2 {
			m.addCIDs(stack[i], stack[i], stack[i+1], k == "endcidchar")
		}
	case "endbfchar":
		for i := 0; i+1 < len(stack); i += 2 {
			m.addText(stack[i], stack[i], stack[i+1], b)
		}
	case "endbfrange":
		for i := 0; i+2 < len(stack); i += 3 {
			m.addText(stack[i], stack[i+1], stack[i+2], b)
		}
	}
}

func (m *cmap) addCIDs(lo, hi, cid object, defines bool) {
	a, ok1 := lo.(text)
	z, ok2 := hi.(text)
	c, ok3 := cid.(int64)
	if !ok1 || !ok2 || !ok3 || len(a) != len(z) || len(a) == 0 || len(a) > 4 || c < 0 || code(z) < code(a) {
		m.broken = true
		return
	}
	m.maxCID = int(min(max(int64(m.maxCID), c+int64(code(z)-code(a))), 1<<40))
	if defines {
		m.ranges = append(m.ranges, cidRange{code(a), code(z), len(a), int(c)})
	}
}

func (m *cmap) addText(lo, hi, to object, b *budget) {
	a, ok1 := lo.(text)
	z, ok2 := hi.(text)
	if !ok1 || !ok2 || len(a) == 0 || len(a) > 4 || len(z) > 4 || code(z) < code(a) ||
		int(code(z)-code(a)) > maxMappings || len(m.texts) > maxMappings {
		m.broken = true
		return
	}
	from := code(a)
	n := int(code(z) - from)
	b.spend(16 * (n + 1))
	switch v := to.(type) {
	case text:
		for i := 0; i <= n; i++ {
			m.texts[from+uint32(i)] = advance(v, i)
		}
	case array:
		for i := 0; i <= n && i < len(v); i++ {
			if s, ok := v[i].(text); ok {
				m.texts[from+uint32(i)] = advance(s, 0)
			}
		}
	case name: // a glyph name is allowed by Technical Note 5411
		if r, ok := unicodeOf(string(v)); ok {
			m.texts[from] = string(r)
		}
	}
}

// advance reads UTF-16BE and adds i to its last code unit.
func advance(s text, i int) string {
	units := make([]uint16, 0, 2)
	if len(s) == 1 {
		units = append(units, uint16(s[0]))
	}
	for k := 0; k+1 < len(s); k += 2 {
		units = append(units, uint16(s[k])<<8|uint16(s[k+1]))
	}
	if len(units) > 0 {
		units[len(units)-1] += uint16(i)
	}
	return string(utf16.Decode(units))
}

// next cuts one code of n bytes from a string; known is false where no code space
// has it.
func (m *cmap) next(s []byte) (c uint32, n int, known bool) {
	for n = 1; n <= 4 && n <= len(s); n++ {
		c = c<<8 | uint32(s[n-1])
		for _, sp := range m.spaces {
			if sp.n == n && inSpace(c, sp) {
				return c, n, true
			}
		}
	}
	// No code space matches: skip as many bytes as the shortest one has.
	short := 4
	for _, sp := range m.spaces {
		short = min(short, sp.n)
	}
	short = max(1, min(short, len(s)))
	c = 0
	for _, b := range s[:short] {
		c = c<<8 | uint32(b)
	}
	return c, short, false
}

// inSpace compares byte by byte, as code spaces are rectangles.
func inSpace(c uint32, sp codeSpace) bool {
	for i := 0; i < sp.n; i++ {
		shift := 8 * i
		b := c >> shift & 0xFF
		if b < sp.lo>>shift&0xFF || b > sp.hi>>shift&0xFF {
			return false
		}
	}
	return true
}

// cid looks a code of n bytes up; ok is false if it is not mapped.
func (m *cmap) cid(c uint32, n int) (int, bool) {
	for i := len(m.ranges) - 1; i >= 0; i-- {
		if r := m.ranges[i]; r.n == n && c >= r.lo && c <= r.hi {
			return r.cid + int(c-r.lo), true
		}
	}
	return 0, false
}

// hasMarks tells whether the bytes look like a CMap file at all.
func hasMarks(data []byte) bool {
	return bytes.Contains(data, []byte("begincmap"))
}

// predefinedCMaps are those of ISO 32000-1, table 118.
var predefinedCMaps = setOf("Identity-H", "Identity-V",
	"GB-EUC-H", "GB-EUC-V", "GBpc-EUC-H", "GBpc-EUC-V", "GBK-EUC-H", "GBK-EUC-V", "GBKp-EUC-H",
	"GBKp-EUC-V", "GBK2K-H", "GBK2K-V", "UniGB-UCS2-H", "UniGB-UCS2-V", "UniGB-UTF16-H", "UniGB-UTF16-V",
	"B5pc-H", "B5pc-V", "HKscs-B5-H", "HKscs-B5-V", "ETen-B5-H", "ETen-B5-V", "ETenms-B5-H", "ETenms-B5-V",
	"CNS-EUC-H", "CNS-EUC-V", "UniCNS-UCS2-H", "UniCNS-UCS2-V", "UniCNS-UTF16-H", "UniCNS-UTF16-V",
	"83pv-RKSJ-H", "90ms-RKSJ-H", "90ms-RKSJ-V", "90msp-RKSJ-H", "90msp-RKSJ-V", "90pv-RKSJ-H",
	"Add-RKSJ-H", "Add-RKSJ-V", "EUC-H", "EUC-V", "Ext-RKSJ-H", "Ext-RKSJ-V", "H", "V",
	"UniJIS-UCS2-H", "UniJIS-UCS2-V", "UniJIS-UCS2-HW-H", "UniJIS-UCS2-HW-V", "UniJIS-UTF16-H", "UniJIS-UTF16-V",
	"KSC-EUC-H", "KSC-EUC-V", "KSCms-UHC-H", "KSCms-UHC-V", "KSCms-UHC-HW-H", "KSCms-UHC-HW-V",
	"KSCpc-EUC-H", "UniKS-UCS2-H", "UniKS-UCS2-V", "UniKS-UTF16-H", "UniKS-UTF16-V")
