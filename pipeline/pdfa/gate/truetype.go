package gate

import (
	"encoding/binary"
	"errors"
)

const notdef = ".notdef"

// trueType is what is needed of an sfnt (OpenType specification 1.8 and Apple's
// TrueType Reference Manual).
type trueType struct {
	tables     map[string][]byte
	unitsPerEm int
	glyphs     int
	metrics    int // numberOfHMetrics
	hmtx       []byte
	cmaps      []ttCmap
	names      map[string]int // post: glyph name to index
}

// ttCmap is a subtable of cmap.
type ttCmap struct {
	platform, encoding int
	data               []byte
}

var errFont = errors.New("the font program is broken")

func u16(b []byte, at int) int {
	if at < 0 || at+2 > len(b) {
		return 0
	}
	return int(binary.BigEndian.Uint16(b[at:]))
}

func u32(b []byte, at int) int {
	if at < 0 || at+4 > len(b) {
		return 0
	}
	return int(binary.BigEndian.Uint32(b[at:]))
}

// parseTrueType reads the table directory and the tables that Validate needs. A
// font program embedded for OpenType with a CFF table needs no glyf.
func parseTrueType(data []byte) (*trueType, error) {
	if len(data) < 12 {
		return nil, errFont
	}
	switch u32(data, 0) {
	case 0x00010000, 0x74727565, 0x4F54544F: // 1.0, "true", "OTTO"
	default:
		return nil, errFont
	}
	t := &trueType{tables: map[string][]byte{}}
	for i := range u16(data, 4) {
		at := 12 + 16*i
		if at+16 > len(data) {
			return nil, errFont
		}
		off, n := u32(data, at+8), u32(data, at+12)
		if off > len(data) || n > len(data)-off {
			return nil, errFont
		}
		t.tables[string(data[at:at+4])] = data[off : off+n]
	}
	if err := t.readMetrics(); err != nil {
		return nil, err
	}
	if t.tables["CFF "] == nil {
		if err := t.checkGlyphs(); err != nil {
			return nil, err
		}
	}
	if err := t.readCmaps(); err != nil {
		return nil, err
	}
	t.readPost()
	return t, nil
}

func (t *trueType) readMetrics() error {
	head, hhea, maxp := t.tables["head"], t.tables["hhea"], t.tables["maxp"]
	t.hmtx = t.tables["hmtx"]
	if len(head) < 54 || len(hhea) < 36 || len(maxp) < 6 {
		return errFont
	}
	t.unitsPerEm, t.glyphs, t.metrics = u16(head, 18), u16(maxp, 4), u16(hhea, 34)
	if t.unitsPerEm < 1 || t.glyphs < 1 || t.metrics < 1 || len(t.hmtx) < 4*t.metrics {
		return errFont
	}
	return nil
}

// checkGlyphs looks whether loca points into glyf.
func (t *trueType) checkGlyphs() error {
	loca, glyf := t.tables["loca"], t.tables["glyf"]
	size := 2
	if u16(t.tables["head"], 50) != 0 {
		size = 4
	}
	if len(loca) < size*(t.glyphs+1) || len(loca)%size != 0 || t.tables["glyf"] == nil {
		return errFont
	}
	last := 0
	for i := 0; i <= t.glyphs; i++ {
		at := 0
		if size == 2 {
			at = 2 * u16(loca, 2*i)
		} else {
			at = u32(loca, 4*i)
		}
		if at < last || at > len(glyf) {
			return errFont
		}
		last = at
	}
	return nil
}

func (t *trueType) readCmaps() error {
	data := t.tables["cmap"]
	if data == nil {
		return nil // composite fonts need none
	}
	for i := range u16(data, 2) {
		at := 4 + 8*i
		off := u32(data, at+4)
		if at+8 > len(data) || off+6 > len(data) {
			return errFont
		}
		sub := data[off:]
		if !soundCmap(sub) {
			return errFont
		}
		t.cmaps = append(t.cmaps, ttCmap{u16(data, at), u16(data, at+2), sub})
	}
	return nil
}

// soundCmap checks that a subtable of cmap is as long as its counts say.
func soundCmap(sub []byte) bool {
	size := u16(sub, 2)
	switch u16(sub, 0) {
	case 0:
		return size >= 262 && len(sub) >= 262
	case 2:
		return size >= 518 && len(sub) >= size
	case 4: // its length field overflows in large fonts, so the segments are counted
		n := u16(sub, 6)
		return n >= 2 && n%2 == 0 && len(sub) >= 16+4*n && u16(sub, 14+n-2) == 0xFFFF
	case 6:
		return len(sub) >= 10+2*u16(sub, 8)
	case 12, 13:
		n := u32(sub, 12)
		return n <= len(sub)/12 && len(sub) >= 16+12*n
	case 8, 10, 14:
		return true
	}
	return false
}

// readPost reads glyph names (post, formats 1 and 2).
func (t *trueType) readPost() {
	data := t.tables["post"]
	order := nameTables()["mac-order"]
	t.names = map[string]int{}
	switch u32(data, 0) {
	case 0x00010000:
		for i, n := range order {
			t.names[n] = i
		}
	case 0x00020000:
		n := u16(data, 32)
		var extra []string
		for at := 34 + 2*n; at < len(data); {
			k := int(data[at])
			if at+1+k > len(data) {
				break
			}
			extra = append(extra, string(data[at+1:at+1+k]))
			at += 1 + k
		}
		for gid := range n {
			i := u16(data, 34+2*gid)
			glyph := ""
			switch {
			case i < len(order):
				glyph = order[i]
			case i-len(order) < len(extra):
				glyph = extra[i-len(order)]
			}
			if _, ok := t.names[glyph]; !ok {
				t.names[glyph] = gid
			}
		}
	}
}

// width is the advance of a glyph in thousandths of the em.
func (t *trueType) width(gid int) float64 {
	gid = min(gid, t.metrics-1)
	return float64(u16(t.hmtx, 4*gid)) * 1000 / float64(t.unitsPerEm)
}

// cmap finds a subtable; nil if there is none.
func (t *trueType) cmap(platform, encoding int) *ttCmap {
	for i := range t.cmaps {
		if t.cmaps[i].platform == platform && t.cmaps[i].encoding == encoding {
			return &t.cmaps[i]
		}
	}
	return nil
}

// glyph looks a character up; 0 is .notdef.
func (m *ttCmap) glyph(c int) int {
	d := m.data
	switch u16(d, 0) {
	case 0:
		if c < 256 && 6+c < len(d) {
			return int(d[6+c])
		}
	case 4:
		return m.segments(c)
	case 6:
		first, n := u16(d, 6), u16(d, 8)
		if c >= first && c < first+n {
			return u16(d, 10+2*(c-first))
		}
	case 12:
		n := u32(d, 12)
		for i := 0; i < n && 16+12*i+12 <= len(d); i++ {
			at := 16 + 12*i
			if first := u32(d, at); c >= first && c <= u32(d, at+4) {
				return u32(d, at+8) + c - first
			}
		}
	}
	return 0
}

// segments looks up in format 4.
func (m *ttCmap) segments(c int) int {
	d := m.data
	n := u16(d, 6) / 2
	for i := range n {
		end := u16(d, 14+2*i)
		if c > end {
			continue
		}
		start := u16(d, 16+2*n+2*i)
		if c < start {
			return 0
		}
		delta := u16(d, 16+4*n+2*i)
		at := 16 + 6*n + 2*i
		rng := u16(d, at)
		if rng == 0 {
			return (c + delta) & 0xFFFF
		}
		g := u16(d, at+rng+2*(c-start))
		if g == 0 {
			return 0
		}
		return (g + delta) & 0xFFFF
	}
	return 0
}
