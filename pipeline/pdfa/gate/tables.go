package gate

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/encodings.txt
var encodingsText string

// glyphListText is the Adobe Glyph List; its licence stands at its head.
//
//go:embed data/glyphlist.txt
var glyphListText string

// nameTables are the lists of glyph names that the font formats presuppose, by
// the key that data/encodings.txt gives them.
var nameTables = sync.OnceValue(func() map[string][]string {
	tables := map[string][]string{}
	for line := range strings.Lines(encodingsText) {
		if parts := strings.Fields(line); len(parts) > 1 && parts[0] != "#" {
			tables[parts[0]] = parts[1:]
		}
	}
	return tables
})

// glyphList maps glyph names to Unicode.
var glyphList = sync.OnceValue(func() map[string]rune {
	list := make(map[string]rune, 4300)
	for line := range strings.Lines(glyphListText) {
		key, codes, ok := strings.Cut(strings.TrimSpace(line), ";")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		first, _, _ := strings.Cut(codes, " ")
		if v, err := strconv.ParseUint(first, 16, 32); err == nil {
			list[key] = rune(v)
		}
	}
	return list
})

// macCodes maps glyph names to codes of MacRomanEncoding.
var macCodes = sync.OnceValue(func() map[string]int {
	m := map[string]int{}
	for code, n := range nameTables()["macroman"] {
		if _, ok := m[n]; !ok && n != notdef {
			m[n] = code
		}
	}
	return m
})

// unicodeOf maps a glyph name to Unicode as the Adobe Glyph List Specification,
// section 2, says; ok is false for a name that says nothing.
func unicodeOf(glyph string) (rune, bool) {
	if r, ok := glyphList()[glyph]; ok {
		return r, true
	}
	base, _, _ := strings.Cut(glyph, ".")
	base, _, _ = strings.Cut(base, "_")
	if r, ok := glyphList()[base]; ok {
		return r, true
	}
	hex := ""
	switch {
	case strings.HasPrefix(base, "uni") && len(base) >= 7 && (len(base)-3)%4 == 0:
		hex = base[3:7]
	case strings.HasPrefix(base, "u") && len(base) >= 5 && len(base) <= 7:
		hex = base[1:]
	default:
		return 0, false
	}
	v, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || strings.ToUpper(hex) != hex || v > 0x10FFFF || v >= 0xD800 && v < 0xE000 {
		return 0, false
	}
	return rune(v), true
}
