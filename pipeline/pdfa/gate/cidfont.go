package gate

import "math"

// checkComposite checks a Type 0 font: ISO 19005-2, 6.2.11.3 and on.
func (c *checker) checkComposite(f *font) {
	at := f.at()
	if f.descendant == nil {
		c.report.add("6.2.11.2-2", at, "a Type 0 font has no descendant")
		return
	}
	c.checkFontDict(f.descendant, f)
	kind := c.name(f.descendant["Subtype"])
	if kind != "CIDFontType0" && kind != "CIDFontType2" {
		c.report.add("6.2.11.2-2", at, "the descendant of a Type 0 font is no CIDFont")
	}
	f.program = c.fontProgram(f, f.descriptor)
	c.checkEmbedding(f, f.descendant)
	c.checkSystemInfo(f)
	if kind == "CIDFontType2" && f.program != nil {
		switch m := c.resolve(f.descendant["CIDToGIDMap"]).(type) {
		case *stream:
		case name:
			if m != "Identity" {
				c.report.add("6.2.11.3.2-1", at, "")
			}
		default:
			c.report.add("6.2.11.3.2-1", at, "")
		}
	}
	glyphs := c.cidGlyphs(f, kind)
	c.checkCIDSet(f, glyphs)
	c.checkCodes(f, glyphs)
}

// encodingCMap reads /Encoding of a Type 0 font: ISO 19005-2, 6.2.11.3.3.
func (c *checker) encodingCMap(f *font) *cmap {
	at := f.at()
	switch e := c.resolve(f.dict["Encoding"]).(type) {
	case name:
		switch e {
		case "Identity-H":
			return identityCMap(0)
		case "Identity-V":
			return identityCMap(1)
		}
		if predefinedCMaps[e] {
			c.report.add(ruleUnchecked, at, "predefined CMap "+string(e))
		} else {
			c.report.add("6.2.11.3.3-1", at, printable(e))
		}
	case *stream:
		m := c.cmapStream(e, f, false)
		if w, ok := c.integer(e.dict["WMode"]); ok && w != m.wmode || !ok && m.wmode != 0 {
			c.report.add("6.2.11.3.3-2", at, "")
		}
		return c.baseCMap(m, e.dict["UseCMap"], at)
	default:
		c.report.add("6.2.11.3.3-1", at, "no encoding")
	}
	return nil
}

// baseCMap adds what a CMap takes over from another.
func (c *checker) baseCMap(m *cmap, use object, at place) *cmap {
	n := m.use
	if v := c.resolve(use); v != nil {
		if n, _ = v.(name); n == "" {
			c.report.add("6.2.11.3.3-3", at, "")
			return m
		}
	}
	switch {
	case n == "":
	case n == "Identity-H" || n == "Identity-V":
		own := *m
		id := identityCMap(0)
		own.spaces = append(append([]codeSpace{}, id.spaces...), m.spaces...)
		own.ranges = append(append([]cidRange{}, id.ranges...), m.ranges...)
		return &own
	case predefinedCMaps[n]:
		c.report.add(ruleUnchecked, at, "predefined CMap "+string(n))
	default:
		c.report.add("6.2.11.3.3-3", at, printable(n))
	}
	return m
}

// checkSystemInfo: ISO 19005-2, 6.2.11.3.1.
func (c *checker) checkSystemInfo(f *font) {
	s, ok := c.resolve(f.dict["Encoding"]).(*stream)
	if !ok {
		return
	}
	a, b := c.dict(f.descendant["CIDSystemInfo"]), c.dict(s.dict["CIDSystemInfo"])
	same := func(key name) bool {
		x, ok1 := c.resolve(a[key]).(text)
		y, ok2 := c.resolve(b[key]).(text)
		return ok1 && ok2 && x == y
	}
	own, _ := c.integer(a["Supplement"])
	other, _ := c.integer(b["Supplement"])
	if !same("Registry") || !same("Ordering") || own < other {
		c.report.add("6.2.11.3.1-1", f.at(), "")
	}
}

// cidGlyphs tells how CIDs map to glyphs of the embedded program.
type cidGlyphs struct {
	count int
	gid   func(cid int) (int, bool)
	width func(gid int) (float64, bool)
}

func (c *checker) cidGlyphs(f *font, kind name) (g cidGlyphs) {
	p := f.program
	if p == nil {
		return g
	}
	if p.cff != nil {
		g.count = len(p.cff.glyphs)
		g.width = p.cff.width
		g.gid = func(cid int) (int, bool) { return cid, cid < g.count }
		if p.cids != nil {
			g.gid = func(cid int) (int, bool) { gid, ok := p.cids[cid]; return gid, ok }
		}
	} else if p.tt != nil {
		g.count = p.tt.glyphs
		g.width = func(gid int) (float64, bool) { return p.tt.width(gid), true }
		g.gid = func(cid int) (int, bool) { return cid, cid < g.count }
	} else {
		c.report.add("6.2.11.2-2", f.at(), "a CIDFont has a Type 1 program")
		return g
	}
	if s, ok := c.resolve(f.descendant["CIDToGIDMap"]).(*stream); ok && kind == "CIDFontType2" {
		data, err := c.decode(s)
		if err != nil {
			c.report.add("6.2.11.3.2-1", f.at(), "the map cannot be decoded")
		}
		g.gid = func(cid int) (int, bool) {
			if 2*cid+2 > len(data) {
				return 0, true
			}
			gid := u16(data, 2*cid)
			return gid, gid < g.count
		}
	}
	return g
}

// checkCIDSet: ISO 19005-2, 6.2.11.4.2, for fonts whose name says that they are
// subsets. The set names the CIDs of the program, no fewer and no more; CID 0 is
// left to it.
func (c *checker) checkCIDSet(f *font, g cidGlyphs) {
	s, ok := c.resolve(f.descriptor["CIDSet"]).(*stream)
	if !ok || g.gid == nil || !subset.MatchString(string(c.name(f.descendant["BaseFont"]))) {
		return
	}
	bits, err := c.decode(s)
	if err != nil {
		c.report.add("6.2.11.4.2-2", f.at(), "")
		return
	}
	has := func(cid int) bool { return cid/8 < len(bits) && bits[cid/8]&(0x80>>(cid%8)) != 0 }
	c.budget.spend(65536 / 4)
	for cid := 1; cid < 65536; cid++ {
		gid, ok := g.gid(cid)
		if has(cid) != (ok && gid != 0) {
			c.report.add("6.2.11.4.2-2", f.at(), "")
			return
		}
	}
}

// checkCodes checks the used codes of a Type 0 font.
func (c *checker) checkCodes(f *font, g cidGlyphs) {
	if f.cmap == nil {
		return
	}
	widths, usual := c.cidWidths(f.descendant)
	meant := c.knownCollection(f)
	for _, k := range f.usedWide() {
		c.budget.spend(32)
		u := f.wide[k]
		at := place{page: u.page, num: f.num}
		cid, ok := f.cmap.cid(k.code, k.n)
		if !ok {
			cid = 0
		}
		gid, present := 0, false
		if g.gid != nil {
			gid, present = g.gid(cid)
		}
		if g.gid != nil && (gid == 0 || !present) || g.gid == nil && cid == 0 {
			c.report.add("6.2.11.8-1", at, "")
		}
		if u.drawn && g.gid != nil {
			if !present {
				c.report.add("6.2.11.4.1-2", at, "")
			} else {
				c.checkWidth(widths, usual, cid, gid, g, at)
			}
		}
		c.checkUnicode(f, k.code, u, at, meant)
	}
}

// checkWidth: ISO 19005-2, 6.2.11.5; a thousandth of the em is tolerated.
func (c *checker) checkWidth(widths map[int]float64, usual float64, cid, gid int, g cidGlyphs, at place) {
	w, ok := widths[cid]
	if !ok {
		w = usual
	}
	if real, ok := g.width(gid); !ok || math.Abs(w-real) > 1 {
		c.report.add("6.2.11.5-1", at, "")
	}
}

// cidWidths reads /W and /DW (ISO 32000-1, 9.7.4.3).
func (c *checker) cidWidths(d dict) (map[int]float64, float64) {
	usual := 1000.0
	if v, ok := c.number(d["DW"]); ok {
		usual = v
	}
	widths := map[int]float64{}
	w := c.array(d["W"])
	for i := 0; i+1 < len(w); {
		c.budget.spend(8)
		from, ok := c.integer(w[i])
		if !ok {
			break
		}
		if list, ok := c.resolve(w[i+1]).(array); ok {
			c.budget.spend(8 * len(list))
			for k, o := range list {
				widths[from+k], _ = c.number(o)
			}
			i += 2
			continue
		}
		if i+2 >= len(w) {
			break
		}
		to, ok1 := c.integer(w[i+1])
		v, ok2 := c.number(w[i+2])
		if !ok1 || !ok2 || from < 0 || to > 65535 {
			break
		}
		c.budget.spend(8 * max(0, to-from))
		for cid := from; cid <= to; cid++ {
			widths[cid] = v
		}
		i += 3
	}
	return widths, usual
}

// knownCollection tells whether the CIDs have a meaning of their own (ISO
// 32000-1, 9.10.2): an Adobe collection for Chinese, Japanese or Korean.
func (c *checker) knownCollection(f *font) bool {
	info := c.dict(f.descendant["CIDSystemInfo"])
	if r, _ := c.resolve(info["Registry"]).(text); r != "Adobe" {
		return false
	}
	switch o, _ := c.resolve(info["Ordering"]).(text); o {
	case "GB1", "CNS1", "Japan1", "Korea1":
		return true
	}
	return false
}
