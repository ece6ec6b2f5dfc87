package gate

import (
	"bytes"
	"slices"
)

// fontProgram is an embedded font program, whatever its format.
type fontProgram struct {
	names    map[string]float64 // Type 1 and name-keyed CFF: widths by glyph name
	encoding [256]string        // their built-in encoding
	tt       *trueType          // TrueType and OpenType with glyf
	cff      *cffFont           // CFF and OpenType with CFF
	cids     map[int]int        // CID to glyph of a CID-keyed CFF
}

// programFonts says which fonts a program may serve, by the key of the font
// descriptor or, for FontFile3, by the subtype of the stream (ISO 32000-1, table
// 126).
var programFonts = map[name]map[name][]name{
	"FontFile":  {"": {"Type1", "MMType1"}},
	"FontFile2": {"": {"TrueType", "CIDFontType2"}},
	"FontFile3": {
		"Type1C":        {"Type1", "MMType1"},
		"CIDFontType0C": {"CIDFontType0"},
		"OpenType":      {"Type1", "TrueType", "CIDFontType0", "CIDFontType2"},
	},
}

// fontProgram reads the program of a descriptor; nil if there is none. A broken
// one is a breach of 6.2.11.2 and counts as none.
func (c *checker) fontProgram(f *font, descriptor dict) *fontProgram {
	kind := f.kind
	if !f.simple {
		kind = c.name(f.descendant["Subtype"])
	}
	for _, key := range []name{"FontFile", "FontFile2", "FontFile3"} {
		s, ok := c.resolve(descriptor[key]).(*stream)
		if !ok {
			continue
		}
		sub := c.name(s.dict["Subtype"])
		fonts, known := programFonts[key][sub]
		switch {
		case !known:
			c.report.add("6.2.11.2-7", f.at(), printable(sub))
		case !slices.Contains(fonts, kind):
			c.report.add("6.2.11.2-2", f.at(), "the kind of the font program does not fit the kind of the font")
		}
		if p, ok := c.programmes[s.num]; ok {
			return p
		}
		p := c.readProgram(s, key, kind)
		if p == nil {
			c.report.add("6.2.11.2-2", place{page: f.page, num: s.num}, "the embedded font program is broken")
		}
		c.programmes[s.num] = p
		return p
	}
	return nil
}

func (c *checker) readProgram(s *stream, key, kind name) *fontProgram {
	data, err := c.decode(s)
	if err != nil {
		return nil
	}
	c.budget.spend(len(data))
	p := &fontProgram{}
	switch {
	case key == "FontFile":
		t, err := parseType1(data)
		if err != nil {
			return nil
		}
		p.names, p.encoding = t.widths, t.encoding
		return p
	case key == "FontFile2" || bytes.HasPrefix(data, []byte("OTTO")) || bytes.HasPrefix(data, []byte{0, 1, 0, 0, 0}):
		if p.tt, err = parseTrueType(data); err != nil {
			return nil
		}
		cff, ok := p.tt.tables["CFF "]
		if !ok {
			return p
		}
		data = cff
		if key == "FontFile2" || kind == "TrueType" || kind == "CIDFontType2" {
			return nil
		}
		p.tt = nil
	}
	if p.cff, err = parseCFF(data); err != nil {
		return nil
	}
	p.index(c.budget)
	return p
}

// index finds the names or CIDs of a CFF program's glyphs.
func (p *fontProgram) index(b *budget) {
	f := p.cff
	b.spend(16 * len(f.glyphs))
	if f.cid {
		p.cids = make(map[int]int, len(f.glyphs))
		for gid, cid := range f.charset {
			p.cids[cid] = gid
		}
		return
	}
	p.encoding = f.encoding
	p.names = make(map[string]float64, len(f.glyphs))
	for gid := range f.glyphs {
		w, ok := f.width(gid)
		if !ok {
			w = -1
		}
		p.names[f.glyphName(gid)] = w
	}
}
