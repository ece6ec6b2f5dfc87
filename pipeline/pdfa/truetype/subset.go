package truetype

import (
	"encoding/binary"
	"errors"
	"slices"

	"golang.org/x/image/font/sfnt"
)

// ErrFont says that a font program is not laid out as expected.
var ErrFont = errors.New("unexpected font program")

// keptTables are what a PDF viewer needs of a TrueType font (ISO 32000-1, 9.9).
var keptTables = []string{"OS/2", "cmap", "cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "post", "prep"}

// Subset empties the outlines of all glyphs but the given ones and what they are
// composed of. Glyphs keep their numbers, so that nothing else has to change.
// advances gives glyphs another advance, font units; nil leaves all as they are.
func Subset(raw []byte, glyphs []sfnt.GlyphIndex, advances map[sfnt.GlyphIndex]uint16) ([]byte, error) {
	tables, err := fontTables(raw)
	if err != nil {
		return nil, err
	}
	head, loca, glyf, maxp := tables["head"], tables["loca"], tables["glyf"], tables["maxp"]
	if len(head) < 54 || len(maxp) < 6 {
		return nil, ErrFont
	}
	n := int(binary.BigEndian.Uint16(maxp[4:]))
	long := binary.BigEndian.Uint16(head[50:]) == 1
	at := func(i int) int {
		if long {
			return int(binary.BigEndian.Uint32(loca[4*i:]))
		}
		return 2 * int(binary.BigEndian.Uint16(loca[2*i:]))
	}
	if size := 2 * (n + 1); len(loca) < size || (long && len(loca) < 2*size) {
		return nil, ErrFont
	}
	outline := func(i int) []byte {
		if i < 0 || i >= n || at(i) > at(i+1) || at(i+1) > len(glyf) {
			return nil
		}
		return glyf[at(i):at(i+1)]
	}
	keep := map[int]bool{0: true}
	for _, g := range glyphs {
		closure(int(g), outline, keep, 0)
	}
	var newGlyf []byte
	newLoca := make([]byte, 0, 4*(n+1))
	for i := range n {
		newLoca = binary.BigEndian.AppendUint32(newLoca, uint32(len(newGlyf)))
		if keep[i] {
			newGlyf = append(newGlyf, outline(i)...)
			for len(newGlyf)%4 != 0 {
				newGlyf = append(newGlyf, 0)
			}
		}
	}
	newLoca = binary.BigEndian.AppendUint32(newLoca, uint32(len(newGlyf)))
	head = slices.Clone(head)
	binary.BigEndian.PutUint16(head[50:], 1)
	binary.BigEndian.PutUint32(head[8:], 0)
	if post := tables["post"]; len(post) >= 32 { // without the names, which nobody asks for
		tables["post"] = append([]byte{0, 3, 0, 0}, post[4:32]...)
	}
	tables["head"], tables["loca"], tables["glyf"] = head, newLoca, newGlyf
	if err := space(tables, n, advances); err != nil {
		return nil, err
	}
	return joinTables(tables), nil
}

// space gives glyphs another advance (OpenType, "hhea" and "hmtx"). Glyphs at the
// end of a font may share one, so each of the n gets its own.
func space(tables map[string][]byte, n int, advances map[sfnt.GlyphIndex]uint16) error {
	if len(advances) == 0 {
		return nil
	}
	hhea, hmtx := tables["hhea"], tables["hmtx"]
	if len(hhea) < 36 {
		return ErrFont
	}
	own := int(binary.BigEndian.Uint16(hhea[34:])) // glyphs that have an advance of their own
	if own < 1 || own > n || len(hmtx) < 4*own+2*(n-own) {
		return ErrFont
	}
	var widest uint16
	out := make([]byte, 0, 4*n)
	for i := range n {
		advance := binary.BigEndian.Uint16(hmtx[4*min(i, own-1):])
		if a, ok := advances[sfnt.GlyphIndex(i)]; ok {
			advance = a
		}
		bearing := hmtx[4*own+2*(i-min(i, own)):]
		if i < own {
			bearing = hmtx[4*i+2:]
		}
		out = append(binary.BigEndian.AppendUint16(out, advance), bearing[0], bearing[1])
		widest = max(widest, advance)
	}
	hhea = slices.Clone(hhea)
	binary.BigEndian.PutUint16(hhea[10:], widest)
	binary.BigEndian.PutUint16(hhea[34:], uint16(n))
	tables["hhea"], tables["hmtx"] = hhea, out
	return nil
}

// closure marks a glyph and, if it is composed, its parts (OpenType, "glyf").
func closure(g int, outline func(int) []byte, keep map[int]bool, depth int) {
	if keep[g] && g != 0 || depth > 8 {
		return
	}
	keep[g] = true
	b := outline(g)
	if len(b) < 10 || int16(binary.BigEndian.Uint16(b)) >= 0 {
		return
	}
	const words, scale, more, xy, twoByTwo = 1, 8, 32, 64, 128 // flags of a component
	for p := 10; p+4 <= len(b); {
		flags := binary.BigEndian.Uint16(b[p:])
		closure(int(binary.BigEndian.Uint16(b[p+2:])), outline, keep, depth+1)
		p += 6
		if flags&words != 0 {
			p += 2
		}
		switch {
		case flags&scale != 0:
			p += 2
		case flags&xy != 0:
			p += 4
		case flags&twoByTwo != 0:
			p += 8
		}
		if flags&more == 0 {
			return
		}
	}
}

func fontTables(raw []byte) (map[string][]byte, error) {
	if len(raw) < 12 {
		return nil, ErrFont
	}
	out := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(raw[4:])) {
		e := 12 + 16*i
		if e+16 > len(raw) {
			return nil, ErrFont
		}
		from, size := int64(binary.BigEndian.Uint32(raw[e+8:])), int64(binary.BigEndian.Uint32(raw[e+12:]))
		if from+size > int64(len(raw)) {
			return nil, ErrFont
		}
		out[string(raw[e:e+4])] = raw[from : from+size]
	}
	return out, nil
}

// joinTables writes a font file; the tables are in the order of their tags.
func joinTables(tables map[string][]byte) []byte {
	var tags []string
	for _, t := range keptTables {
		if tables[t] != nil {
			tags = append(tags, t)
		}
	}
	power, log := 1, 0
	for power*2 <= len(tags) {
		power, log = power*2, log+1
	}
	out := []byte{0, 1, 0, 0}
	for _, v := range []int{len(tags), power * 16, log, len(tags)*16 - power*16} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	at := len(out) + 16*len(tags)
	var body []byte
	for _, t := range tags {
		b := slices.Clone(tables[t])
		size := len(b)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
		out = append(out, t...)
		for _, v := range []uint32{tableSum(b), uint32(at + len(body)), uint32(size)} {
			out = binary.BigEndian.AppendUint32(out, v)
		}
		body = append(body, b...)
	}
	out = append(out, body...)
	adjust := 0xB1B0AFBA - tableSum(out)
	for i := range tags {
		if tags[i] == "head" {
			binary.BigEndian.PutUint32(out[int(binary.BigEndian.Uint32(out[12+16*i+8:]))+8:], adjust)
		}
	}
	return out
}

func tableSum(b []byte) uint32 {
	var s uint32
	for i := 0; i+3 < len(b); i += 4 {
		s += binary.BigEndian.Uint32(b[i:])
	}
	return s
}
