package gate

import (
	"cmp"
	"reflect"
	"regexp"
	"slices"
	"sort"
)

// fontKey tells fonts apart: by object number, or by identity if direct.
type fontKey struct {
	num int
	ptr uintptr
}

// font is a font as content uses it.
type font struct {
	dict   dict
	num    int
	page   int // where it was selected first
	order  int // of first use, to report in a stable order
	kind   name
	simple bool
	cmap   *cmap // of a Type 0 font; nil if its codes cannot be cut
	codes  [256]*use
	wide   map[wideCode]*use // codes of a Type 0 font

	descriptor dict
	descendant dict
	program    *fontProgram // nil if none is embedded
	toUnicode  *cmap
}

type wideCode struct {
	code uint32
	n    int
}

// use is how a code of a font is used.
type use struct {
	page  int
	drawn bool // in a rendering mode other than 3
	bare  bool // outside of marked content with actual text
}

// font reads the font dictionary that Tf or an ExtGState names.
func (c *checker) font(o object, r *drawing) *font {
	d := c.dict(o)
	if d == nil {
		c.report.add(ruleParse, r.at(numberOf(o)), "a font is no dictionary")
		return nil
	}
	key := fontKey{num: numberOf(o)}
	if key.num == 0 {
		key.ptr = reflect.ValueOf(d).Pointer()
	}
	if f := c.fonts[key]; f != nil {
		return f
	}
	f := &font{dict: d, num: key.num, page: r.page, order: len(c.fonts), kind: c.name(d["Subtype"])}
	f.simple = f.kind != "Type0"
	c.fonts[key] = f
	if !f.simple {
		f.wide = map[wideCode]*use{}
		f.descendant = c.dict(head(c.array(d["DescendantFonts"])))
		f.descriptor = c.dict(f.descendant["FontDescriptor"])
		f.cmap = c.encodingCMap(f)
	} else {
		f.descriptor = c.dict(d["FontDescriptor"])
	}
	return f
}

// head is the first of an array's objects.
func head(a array) object {
	if len(a) == 0 {
		return nil
	}
	return a[0]
}

// use notes the codes of a string.
func (c *checker) use(f *font, t text, r *drawing) {
	drawn := r.state.mode != 3
	bare := !r.replaced()
	note := func(u *use) *use {
		if u == nil {
			u = &use{page: r.page}
		}
		u.drawn = u.drawn || drawn
		u.bare = u.bare || bare
		return u
	}
	if f.simple {
		for i := 0; i < len(t); i++ {
			fresh := f.codes[t[i]] == nil
			f.codes[t[i]] = note(f.codes[t[i]])
			if fresh && f.kind == "Type3" {
				c.drawGlyph(f, int(t[i]), r)
			}
		}
		return
	}
	if f.cmap == nil {
		return
	}
	for s := []byte(t); len(s) > 0; {
		code, n, known := f.cmap.next(s)
		s = s[n:]
		if !known {
			c.report.add("6.2.11.8-1", place{page: r.page, num: f.num}, "a code outside of the encoding")
		}
		k := wideCode{code, n}
		f.wide[k] = note(f.wide[k])
	}
}

// checkFonts checks the fonts that content selected, now that all their uses are
// known: ISO 19005-2, 6.2.11.
func (c *checker) checkFonts() {
	fonts := make([]*font, 0, len(c.fonts))
	for _, f := range c.fonts {
		fonts = append(fonts, f)
	}
	sort.Slice(fonts, func(i, j int) bool { return fonts[i].order < fonts[j].order })
	for _, f := range fonts {
		c.checkFont(f)
	}
}

func (f *font) at() place { return place{page: f.page, num: f.num} }

func (f *font) rendered() bool {
	for _, u := range f.codes {
		if u != nil && u.drawn {
			return true
		}
	}
	for _, u := range f.wide {
		if u.drawn {
			return true
		}
	}
	return false
}

func (c *checker) checkFont(f *font) {
	c.checkFontDict(f.dict, f)
	c.checkToUnicode(f)
	switch f.kind {
	case "Type0":
		c.checkComposite(f)
	case "Type3":
		c.checkSimple(f)
	default:
		f.program = c.fontProgram(f, f.descriptor)
		c.checkEmbedding(f, f.dict)
		c.checkCharSet(f)
		if f.kind == "TrueType" {
			c.checkTrueType(f)
		}
		c.checkSimple(f)
	}
}

var fontTypes = setOf("Type0", "Type1", "MMType1", "Type3", "TrueType", "CIDFontType0", "CIDFontType2")

// checkFontDict: ISO 19005-2, 6.2.11.2, with the keys that ISO 32000-1, tables
// 111 to 121, require.
func (c *checker) checkFontDict(d dict, f *font) {
	at := f.at()
	kind := c.name(d["Subtype"])
	if c.name(d["Type"]) != "Font" {
		c.report.add("6.2.11.2-1", at, "")
	}
	if !fontTypes[kind] {
		c.report.add("6.2.11.2-2", at, printable(kind))
	}
	base := c.name(d["BaseFont"])
	if base == "" && kind != "Type3" {
		c.report.add("6.2.11.2-3", at, "")
	}
	c.checkUTF8(base, at)
	if kind == "Type0" || kind == "CIDFontType0" || kind == "CIDFontType2" || kind == "Type1" && standard14[base] {
		return
	}
	firstChar, ok1 := c.integer(d["FirstChar"])
	if !ok1 {
		c.report.add("6.2.11.2-4", at, "")
	}
	lastChar, ok2 := c.integer(d["LastChar"])
	if !ok2 {
		c.report.add("6.2.11.2-5", at, "")
	}
	widths, ok := c.resolve(d["Widths"]).(array)
	if !ok || len(widths) != lastChar-firstChar+1 {
		c.report.add("6.2.11.2-6", at, "")
	}
}

// standard14 are the fonts of ISO 32000-1, 9.6.2.2.
var standard14 = setOf("Times-Roman", "Times-Bold", "Times-Italic", "Times-BoldItalic", "Helvetica",
	"Helvetica-Bold", "Helvetica-Oblique", "Helvetica-BoldOblique", "Courier", "Courier-Bold",
	"Courier-Oblique", "Courier-BoldOblique", "Symbol", "ZapfDingbats")

// checkEmbedding: ISO 19005-2, 6.2.11.4.1. Text in mode 3 needs no program.
func (c *checker) checkEmbedding(f *font, d dict) {
	if f.program != nil || !f.rendered() {
		return
	}
	c.report.add("6.2.11.4.1-1", f.at(), printable(c.name(d["BaseFont"])))
}

// checkTrueType: ISO 19005-2, 6.2.11.6.
func (c *checker) checkTrueType(f *font) {
	at := f.at()
	flags, _ := c.integer(f.descriptor["Flags"])
	symbolic := flags&4 != 0
	enc := c.resolve(f.dict["Encoding"])
	if symbolic {
		if enc != nil {
			c.report.add("6.2.11.6-3", at, "")
		}
	} else {
		c.checkPlainEncoding(f, enc, at)
	}
	if f.program == nil || f.program.tt == nil || !f.rendered() {
		return
	}
	maps := f.program.tt.cmaps
	symbol := f.program.tt.cmap(3, 0) != nil
	if symbolic {
		if len(maps) != 1 && !symbol {
			c.report.add("6.2.11.6-4", at, "")
		}
		return
	}
	if len(maps) == 0 || symbol && len(maps) == 1 {
		c.report.add("6.2.11.6-1", at, "")
	}
}

// checkPlainEncoding checks the encoding of a non-symbolic TrueType font.
func (c *checker) checkPlainEncoding(f *font, enc object, at place) {
	known := func(o object) bool {
		n := c.name(o)
		return n == "MacRomanEncoding" || n == "WinAnsiEncoding"
	}
	d, isDict := enc.(dict)
	switch {
	case !isDict && !known(enc), isDict && !known(d["BaseEncoding"]):
		c.report.add("6.2.11.6-2", at, "")
	case isDict && d["Differences"] != nil:
		good := f.program == nil || f.program.tt != nil && f.program.tt.cmap(3, 1) != nil
		for _, o := range c.array(d["Differences"]) {
			c.budget.spend(16)
			if n, ok := c.resolve(o).(name); ok {
				_, listed := glyphList()[string(n)]
				good = good && (listed || n == notdef)
			}
		}
		if !good {
			c.report.add("6.2.11.6-2", at, "/Differences")
		}
	}
}

// subset is how the name of a subset begins (ISO 32000-1, 9.6.4).
var subset = regexp.MustCompile(`^[A-Z]{6}\+`)

// checkCharSet: ISO 19005-2, 6.2.11.4.2, for fonts whose name says that they are
// subsets.
func (c *checker) checkCharSet(f *font) {
	s, ok := c.resolve(f.descriptor["CharSet"]).(text)
	if !ok || f.program == nil || f.program.names == nil || f.kind == "TrueType" ||
		!subset.MatchString(string(c.name(f.dict["BaseFont"]))) {
		return
	}
	c.budget.spend(4*len(s) + 16*len(f.program.names))
	listed := map[string]bool{}
	l := &lexer{data: []byte(s), base: -1}
	for {
		t, err := l.token()
		if err != nil {
			break
		}
		if n, ok := t.(name); ok {
			listed[string(n)] = true
		}
	}
	delete(listed, notdef)
	count := 0
	for n := range f.program.names {
		if n == notdef {
			continue
		}
		if count++; !listed[n] {
			c.report.add("6.2.11.4.2-1", f.at(), "")
			return
		}
	}
	if len(listed) != count {
		c.report.add("6.2.11.4.2-1", f.at(), "names glyphs that are not there")
	}
}

// checkToUnicode reads the ToUnicode CMap.
func (c *checker) checkToUnicode(f *font) {
	s, ok := c.resolve(f.dict["ToUnicode"]).(*stream)
	if !ok {
		return
	}
	f.toUnicode = c.cmapStream(s, f, true)
}

// cmapStream reads an embedded CMap once. One that gives only the meaning of
// codes (ToUnicode) is of no account at level b.
func (c *checker) cmapStream(s *stream, f *font, meaning bool) *cmap {
	if m := c.cmaps[s.num]; m != nil {
		return m
	}
	data, err := c.decode(s)
	m := parseCMap(data, c.budget)
	c.cmaps[s.num] = m
	if (err != nil || m.broken || !hasMarks(data)) && (!meaning || c.flavour.level != 'b') {
		c.report.add(ruleParse, place{page: f.page, num: s.num}, "a CMap is broken")
	}
	if m.maxCID > 65535 {
		c.report.add("6.1.13-10", place{page: f.page, num: s.num}, "")
	}
	return m
}

// usedCodes lists the codes of a simple font that content shows.
func (f *font) usedCodes() []int {
	var codes []int
	for code, u := range f.codes {
		if u != nil {
			codes = append(codes, code)
		}
	}
	return codes
}

// usedWide lists the codes of a Type 0 font in order.
func (f *font) usedWide() []wideCode {
	codes := make([]wideCode, 0, len(f.wide))
	for k := range f.wide {
		codes = append(codes, k)
	}
	slices.SortFunc(codes, func(a, b wideCode) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.n, b.n))
	})
	return codes
}
