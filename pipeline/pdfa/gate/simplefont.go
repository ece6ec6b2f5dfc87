package gate

import "math"

// glyphInfo is what a code comes to in a font program.
type glyphInfo struct {
	present bool
	notdef  bool
	width   float64 // thousandths of the em
	known   bool    // width is known
}

// encodingOf gives the glyph name of each code, "" where the font's dictionary
// and program say nothing (ISO 32000-1, 9.6.6).
func (c *checker) encodingOf(f *font) (table [256]string, explicit bool) {
	enc := c.resolve(f.dict["Encoding"])
	base := func(n name) {
		key := map[name]string{"StandardEncoding": "standard", "WinAnsiEncoding": "winansi",
			"MacRomanEncoding": "macroman", "MacExpertEncoding": "macexpert"}[n]
		if key != "" {
			copy(table[:], nameTables()[key])
			explicit = true
		}
	}
	d, isDict := enc.(dict)
	if isDict {
		base(c.name(d["BaseEncoding"]))
	} else {
		n, _ := enc.(name)
		base(n)
	}
	if !explicit && f.kind != "Type3" {
		c.builtIn(f, &table)
	}
	code := 0
	for _, o := range c.array(d["Differences"]) {
		c.budget.spend(8)
		switch v := c.resolve(o).(type) {
		case int64:
			code = int(v)
		case name:
			if code >= 0 && code < 256 {
				table[code] = string(v)
			}
			code++
			explicit = true
		}
	}
	return table, explicit
}

// builtIn fills in what a font without a base encoding starts from.
func (c *checker) builtIn(f *font, table *[256]string) {
	flags, _ := c.integer(f.descriptor["Flags"])
	base := c.name(f.dict["BaseFont"])
	switch {
	case f.program != nil && f.program.names != nil:
		*table = f.program.encoding
	case base == "Symbol":
		copy(table[:], nameTables()["symbol"])
	case base == "ZapfDingbats":
		copy(table[:], nameTables()["zapfdingbats"])
	case flags&4 == 0:
		copy(table[:], nameTables()["standard"])
	}
}

// checkSimple checks the used codes of a simple font: presence, widths, .notdef
// and Unicode (ISO 19005-2, 6.2.11.4.1, 6.2.11.5, 6.2.11.7.2, 6.2.11.8).
func (c *checker) checkSimple(f *font) {
	table, explicit := c.encodingOf(f)
	firstChar, _ := c.integer(f.dict["FirstChar"])
	widths := c.array(f.dict["Widths"])
	missing, hasMissing := c.number(f.descriptor["MissingWidth"])
	for _, code := range f.usedCodes() {
		c.budget.spend(32)
		u := f.codes[code]
		at := place{page: u.page, num: f.num}
		glyph := table[code]
		g := c.simpleGlyph(f, code, glyph, explicit)
		if g.notdef {
			c.report.add("6.2.11.8-1", at, "")
		}
		if u.drawn && (f.program != nil || f.kind == "Type3") {
			if !g.present {
				c.report.add("6.2.11.4.1-2", at, "")
			}
			w, ok := missing, hasMissing || f.kind != "Type3"
			if i := code - firstChar; i >= 0 && i < len(widths) {
				w, ok = c.number(widths[i])
			}
			if !ok || g.present && (!g.known || math.Abs(w-g.width) > 1) {
				c.report.add("6.2.11.5-1", at, "")
			}
		}
		_, listed := glyphList()[glyph]
		c.checkUnicode(f, uint32(code), u, at, glyph != notdef && listed && (explicit || f.kind != "TrueType"))
	}
}

// simpleGlyph finds the glyph of a code.
func (c *checker) simpleGlyph(f *font, code int, glyph string, explicit bool) (g glyphInfo) {
	if f.kind == "Type3" {
		s, ok := c.resolve(c.dict(f.dict["CharProcs"])[name(glyph)]).(*stream)
		if g.present = ok; ok {
			g.width, g.known = c.glyphWidth(s)
		}
		g.notdef = glyph == notdef
		return g
	}
	p := f.program
	if p == nil {
		g.notdef = glyph == notdef
		return g
	}
	if p.tt != nil {
		gid := c.trueTypeGlyph(f, code, glyph, explicit)
		g.present = gid > 0 && gid < p.tt.glyphs
		g.notdef = !g.present
		if gid < p.tt.glyphs {
			g.width, g.known = p.tt.width(gid), true
		}
		return g
	}
	if p.names == nil { // CID-keyed CFF in a simple font
		c.report.add("6.2.11.2-2", f.at(), "a simple font has a CID-keyed program")
		return g
	}
	g.width, g.present = p.names[glyph]
	g.notdef = !g.present || glyph == notdef
	g.known = g.present && g.width >= 0
	return g
}

// trueTypeGlyph finds a glyph index as ISO 32000-1, 9.6.6.4 says.
func (c *checker) trueTypeGlyph(f *font, code int, glyph string, explicit bool) int {
	tt := f.program.tt
	flags, _ := c.integer(f.descriptor["Flags"])
	if flags&4 == 0 && explicit {
		return tt.byName(glyph)
	}
	if m := tt.cmap(3, 0); m != nil {
		for _, high := range []int{0xF000, 0, 0xF100, 0xF200} {
			if gid := m.glyph(high + code); gid != 0 {
				return gid
			}
		}
	}
	if m := tt.cmap(1, 0); m != nil {
		return m.glyph(code)
	}
	if len(tt.cmaps) == 1 && tt.cmap(3, 0) == nil {
		if gid := tt.cmaps[0].glyph(code); gid != 0 {
			return gid
		}
		return tt.cmaps[0].glyph(0xF000 + code)
	}
	return 0
}

// byName finds a glyph of a non-symbolic font.
func (t *trueType) byName(glyph string) int {
	if glyph == "" || glyph == notdef {
		return 0
	}
	if m := t.cmap(3, 1); m != nil {
		if r, ok := unicodeOf(glyph); ok {
			if gid := m.glyph(int(r)); gid != 0 {
				return gid
			}
		}
	}
	if m := t.cmap(1, 0); m != nil {
		if code, ok := macCodes()[glyph]; ok {
			if gid := m.glyph(code); gid != 0 {
				return gid
			}
		}
	}
	return t.names[glyph]
}

// checkUnicode: ISO 19005-2, 6.2.11.7.2 (levels u and a) and 6.2.11.7.3 (a).
// otherwise says that the code has a meaning without a ToUnicode CMap.
func (c *checker) checkUnicode(f *font, code uint32, u *use, at place, otherwise bool) {
	if c.flavour.level == 'b' {
		return
	}
	s, mapped := "", false
	if f.toUnicode != nil {
		s, mapped = f.toUnicode.texts[code]
	}
	if !mapped || s == "" {
		if !otherwise {
			c.report.add("6.2.11.7.2-1", at, "")
		}
		return
	}
	private := false
	for _, r := range s {
		if r == 0 || r == 0xFEFF || r == 0xFFFE {
			c.report.add("6.2.11.7.2-2", at, "")
		}
		private = private || r >= 0xE000 && r <= 0xF8FF || r >= 0xF0000 && r <= 0x10FFFD
	}
	if private && u.bare && c.flavour.level == 'a' {
		c.report.add("6.2.11.7.3-1", at, "")
	}
}

// glyphWidth reads the width that a Type 3 glyph's procedure begins with (ISO
// 32000-1, table 113), in glyph space as in /Widths.
func (c *checker) glyphWidth(s *stream) (float64, bool) {
	data, _ := c.decode(s)
	l := &lexer{data: data, base: -1}
	var operands []object
	for len(operands) < 16 {
		t, err := l.token()
		if err != nil {
			return 0, false
		}
		if k, ok := t.(keyword); ok {
			if k != "d0" && k != "d1" || len(operands) == 0 {
				return 0, false
			}
			return number(operands[0])
		}
		operands = append(operands, t)
	}
	return 0, false
}

// drawGlyph interprets the procedure of a Type 3 glyph.
func (c *checker) drawGlyph(f *font, code int, r *drawing) {
	table, _ := c.encodingOf(f)
	s, ok := c.resolve(c.dict(f.dict["CharProcs"])[name(table[code])]).(*stream)
	if !ok {
		return
	}
	g := *r
	if res := c.dict(f.dict["Resources"]); res != nil {
		g.res = res
	}
	g.sub(s, true)
	r.transparent = r.transparent || g.transparent
}
