package foreign

import "slices"

var (
	renderingIntents = []name{"RelativeColorimetric", "AbsoluteColorimetric", "Perceptual", "Saturation"}
	blendModes       = []name{"Normal", "Compatible", "Multiply", "Screen", "Overlay", "Darken", "Lighten", "ColorDodge",
		"ColorBurn", "HardLight", "SoftLight", "Difference", "Exclusion", "Hue", "Saturation", "Color", "Luminosity"}
)

// mendResources puts right what hangs on pictures, forms, graphics states and
// fonts: ISO 19005-2, 6.2.5, 6.2.8, 6.2.9.
func (m *mender) mendResources() {
	m.each(func(d dict) {
		switch {
		case m.name(d["Subtype"]) == "Image" || (d["Width"] != nil && d["Height"] != nil && d["ColorSpace"] != nil):
			m.mendImage(d)
		case m.name(d["Subtype"]) == "Form" || m.name(d["Subtype"]) == "PS":
			m.mendForm(d)
		case m.name(d["Type"]) == "FontDescriptor":
			// Both list the glyphs of the font program and are wrong more often than
			// right; they are optional.
			delete(d, "CIDSet")
			delete(d, "CharSet")
		case m.name(d["Type"]) == "Font":
			m.mendFontDict(d)
		}
		if states := m.dict(d["ExtGState"]); states != nil {
			for _, v := range states {
				if gs := m.dict(v); gs != nil {
					m.mendGraphicsState(gs)
				}
			}
		}
		if m.name(d["Type"]) == "ExtGState" {
			m.mendGraphicsState(d)
		}
	})
	m.giveResources()
}

func (m *mender) mendImage(d dict) {
	if m.bool(d["Interpolate"]) {
		delete(d, "Interpolate")
		m.note("interpolate", "")
	}
	for _, k := range []name{"Alternates", "OPI"} {
		if _, ok := d[k]; ok {
			delete(d, k)
			m.note("alternates", "")
		}
	}
	if n := m.name(d["Intent"]); n != "" && !slices.Contains(renderingIntents, n) {
		delete(d, "Intent")
	}
}

func (m *mender) mendForm(d dict) {
	if _, ok := d["OPI"]; ok {
		delete(d, "OPI")
		m.note("alternates", "")
	}
	if m.name(d["Subtype2"]) == "PS" {
		delete(d, "Subtype2")
	}
	if d["Subtype"] == name("Form") {
		delete(d, "PS")
		delete(d, "Ref")
	}
}

func (m *mender) mendGraphicsState(d dict) {
	if _, ok := d["TR"]; ok {
		delete(d, "TR")
		m.note("transfer", "")
	}
	if v, ok := d["TR2"]; ok && m.name(v) != "Default" {
		delete(d, "TR2")
		m.note("transfer", "")
	}
	delete(d, "HTP")
	if h := m.dict(d["HT"]); h != nil {
		delete(d, "HT") // halftones are for printing machines
		m.note("transfer", "")
	}
	if n := m.name(d["RI"]); n != "" && !slices.Contains(renderingIntents, n) {
		delete(d, "RI")
	}
	if n := m.name(d["BM"]); n != "" && !slices.Contains(blendModes, n) {
		d["BM"] = name("Normal")
	}
}

// mendFontDict adds what an embedded CID font has to say about its glyphs (ISO
// 19005-2, 6.2.11.3.2).
func (m *mender) mendFontDict(d dict) {
	if m.name(d["Subtype"]) == "CIDFontType2" && m.get(d["CIDToGIDMap"]) == nil {
		if m.get(m.dict(d["FontDescriptor"])["FontFile2"]) != nil {
			d["CIDToGIDMap"] = name("Identity")
		}
	}
	if m.name(d["Subtype"]) == "TrueType" {
		// A symbolic font has no encoding (6.2.11.6); viewers use its own map anyway.
		desc := m.dict(d["FontDescriptor"])
		if flags := m.int(desc["Flags"], 0); flags&4 != 0 && flags&32 == 0 && d["Encoding"] != nil && m.get(desc["FontFile2"]) != nil {
			delete(d, "Encoding")
		}
	}
}

// giveResources gives forms without resources those of the page that uses them
// (ISO 32000-1, 7.8.3, calls that obsolete; ISO 19005-2, 6.2.2, forbids it).
func (m *mender) giveResources() {
	seen := map[any]bool{}
	var walk func(resources dict, depth int)
	walk = func(resources dict, depth int) {
		if depth > 16 {
			return
		}
		forms := m.dict(resources["XObject"])
		for _, k := range forms.keys() {
			s := m.stream(forms[k])
			if s == nil || seen[s] || m.name(s.dict["Subtype"]) != "Form" {
				continue
			}
			seen[s] = true
			own := m.dict(s.dict["Resources"])
			if own == nil {
				own = resources
				s.dict["Resources"] = resources
			}
			walk(own, depth+1)
		}
		fonts := m.dict(resources["Font"])
		for _, k := range fonts.keys() {
			if d := m.dict(fonts[k]); d != nil && m.name(d["Subtype"]) == "Type3" && m.dict(d["Resources"]) == nil {
				d["Resources"] = resources
			}
		}
	}
	for _, p := range m.pages {
		r := m.add(p.resources) // shared with forms, so it needs a number
		p.dict["Resources"] = r
		walk(p.resources, 0)
	}
}

// mendStreams replaces the compression that PDF/A does not allow and drops the
// metadata of parts, whose rules nobody keeps.
func (m *mender) mendStreams() {
	catalog := m.catalog()
	for _, r := range m.refs() {
		s, ok := m.objects[r].(*stream)
		if !ok {
			continue
		}
		for _, fl := range m.filters(s.dict) {
			if fl.name != "LZWDecode" && fl.name != "Crypt" {
				continue
			}
			b, err := m.bytes(s, maxDecoded)
			if err != nil {
				break // a picture codec within LZW: the gate will say so
			}
			s.replace(deflate(b))
			s.dict["Filter"] = name("FlateDecode")
			delete(s.dict, "DecodeParms")
			if fl.name == "LZWDecode" {
				m.note("lzw", "")
			}
			break
		}
		m.shortNames(s.dict)
	}
	m.each(func(d dict) {
		if m.name(d["Type"]) == "Catalog" {
			return
		}
		if md, ok := d["Metadata"].(ref); ok && md != catalog["Metadata"] && m.stream(md) != nil {
			delete(d, "Metadata")
		}
		delete(d, "PieceInfo")
	})
	delete(catalog, "PieceInfo")
}

// shortNames writes filter names in full, as streams need them.
func (m *mender) shortNames(d dict) {
	switch v := m.get(d["Filter"]).(type) {
	case name:
		d["Filter"] = longFilter(v)
	case array:
		for i, x := range v {
			v[i] = longFilter(m.name(x))
		}
	}
}
