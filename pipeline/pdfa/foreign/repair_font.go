package foreign

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/charmap"

	"blattwerk/pipeline/pdfa/truetype"
)

// mendFonts embeds a Liberation font for each simple font that is not embedded
// and has the same widths: Helvetica and Arial, Times, Courier. They were drawn
// to take the same room. A font that does not fit stays as it is, and the gate
// will say so.
func (m *mender) mendFonts() error {
	if m.call.Fonts == "" {
		return nil
	}
	loaded := map[string]*substitute{}
	use := m.fontUse(m.pages)
	for _, r := range m.refs() {
		d, _ := m.objects[r].(dict)
		codes := use[r]
		if codes == nil || !m.missing(d) {
			continue
		}
		base := string(m.name(d["BaseFont"]))
		file := liberation(base)
		if file == "" {
			continue
		}
		s := loaded[file]
		if s == nil {
			var err error
			if s, err = load(filepath.Join(m.call.Fonts, file+".ttf")); err != nil {
				return fmt.Errorf("loading a substitute font: %w", err)
			}
			loaded[file] = s
		}
		if m.substitute(d, s, codes) {
			m.record(Change{Code: "font", Detail: plainFontName(base), By: s.name})
		}
	}
	return nil
}

// missing says whether d is a simple font without a program.
func (m *mender) missing(d dict) bool {
	switch m.name(d["Subtype"]) {
	case "Type1", "TrueType", "MMType1":
		return m.get(first(m.dict(d["FontDescriptor"]), "FontFile", "FontFile2", "FontFile3")) == nil
	}
	return false
}

func plainFontName(base string) string {
	if i := strings.IndexByte(base, '+'); i == 6 {
		base = base[7:]
	}
	return clean(strings.ToValidUTF8(base, ""))
}

// liberation names the Liberation font for a font's name, "" if there is none.
func liberation(base string) string {
	n := strings.ToLower(strings.NewReplacer(" ", "", "-", "", ",", "", "_", "").Replace(plainFontName(base)))
	bold, italic := strings.Contains(n, "bold"), strings.Contains(n, "italic") || strings.Contains(n, "oblique")
	family := ""
	switch {
	case strings.Contains(n, "narrow") && (strings.HasPrefix(n, "arial") || strings.HasPrefix(n, "helvetica")):
		family = "LiberationSansNarrow"
	case strings.HasPrefix(n, "arialblack"), strings.HasPrefix(n, "arialunicode"), strings.HasPrefix(n, "helveticaneue"):
		return ""
	case strings.HasPrefix(n, "arial"), strings.HasPrefix(n, "helvetica"), strings.HasPrefix(n, "liberationsans"):
		family = "LiberationSans"
	case strings.HasPrefix(n, "times"), strings.HasPrefix(n, "liberationserif"):
		family = "LiberationSerif"
	case strings.HasPrefix(n, "courier"), strings.HasPrefix(n, "liberationmono"):
		family = "LiberationMono"
	default:
		return ""
	}
	switch {
	case bold && italic:
		return family + "-BoldItalic"
	case bold:
		return family + "-Bold"
	case italic:
		return family + "-Italic"
	}
	return family + "-Regular"
}

// substitute is a loaded font and what of it was put into the file.
type substitute struct {
	name  string
	raw   []byte
	font  *sfnt.Font
	buf   sfnt.Buffer
	glyph map[string]sfnt.GlyphIndex // by PostScript name
	upem  float64
}

func load(path string) (*substitute, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := parseFont(strings.TrimSuffix(filepath.Base(path), ".ttf"), raw)
	if err != nil {
		return nil, err
	}
	f := s.font
	for i := range f.NumGlyphs() {
		g := sfnt.GlyphIndex(i)
		if n, err := f.GlyphName(&s.buf, g); err == nil && n != "" {
			if _, ok := s.glyph[n]; !ok {
				s.glyph[n] = g
			}
		}
	}
	return s, nil
}

func parseFont(name string, raw []byte) (*substitute, error) {
	f, err := sfnt.Parse(raw)
	if err != nil {
		return nil, err
	}
	return &substitute{name: name, raw: raw, font: f, glyph: map[string]sfnt.GlyphIndex{}, upem: float64(f.UnitsPerEm())}, nil
}

// width is a glyph's advance in thousandths of the em.
func (s *substitute) width(g sfnt.GlyphIndex) float64 {
	a, err := s.font.GlyphAdvance(&s.buf, g, fixed.I(int(s.upem)), font.HintingNone)
	if err != nil {
		return 0
	}
	return math.Round(float64(a) / 64 * 1000 / s.upem)
}

// substitute rewrites a font dictionary to use s; false leaves it as it was.
func (m *mender) substitute(d dict, s *substitute, shown *[256]bool) bool {
	codes, differences, ok := m.glyphs(d, s, shown)
	if !ok || !m.sameWidths(d, s, codes, shown) {
		return false
	}
	advances := m.advances(d, s, codes, shown)
	used := make([]sfnt.GlyphIndex, 0, 256)
	widths := make(array, 0, 224)
	for c := 32; c < 256; c++ {
		if shown[c] {
			used = append(used, codes[c])
		}
		w := s.width(codes[c])
		if a, ok := advances[codes[c]]; ok {
			w = math.Round(float64(a) * 1000 / s.upem)
		}
		widths = append(widths, w)
	}
	program, err := truetype.Subset(s.raw, used, advances)
	if err != nil {
		return false
	}
	file := m.add(&stream{dict: dict{"Filter": name("FlateDecode"), "Length1": int64(len(program))}, raw: deflate(program)})
	full := name("BLATTW+" + s.name)
	flags := int64(32)
	if strings.Contains(s.name, "Mono") {
		flags |= 1
	}
	if strings.Contains(s.name, "Serif") {
		flags |= 2
	}
	angle := int64(0)
	if strings.Contains(s.name, "Italic") {
		flags |= 64
		angle = -12
	}
	box, ascent, descent, capital := s.metrics()
	desc := m.add(dict{"Type": name("FontDescriptor"), "FontName": full, "Flags": flags, "FontBBox": box,
		"ItalicAngle": angle, "Ascent": ascent, "Descent": descent, "CapHeight": capital, "StemV": int64(80), "FontFile2": file})
	encoding := dict{"Type": name("Encoding"), "BaseEncoding": name("WinAnsiEncoding")}
	if len(differences) > 0 {
		encoding["Differences"] = differences
	}
	unicode := d["ToUnicode"]
	clear(d)
	d["Type"], d["Subtype"], d["BaseFont"] = name("Font"), name("TrueType"), full
	d["FirstChar"], d["LastChar"], d["Widths"] = int64(32), int64(255), widths
	d["FontDescriptor"], d["Encoding"] = desc, encoding
	if unicode != nil {
		d["ToUnicode"] = unicode
	}
	return true
}

func (s *substitute) metrics() (box array, ascent, descent, capital int64) {
	scale := func(v fixed.Int26_6) int64 { return int64(math.Round(float64(v) / 64 * 1000 / s.upem)) }
	ppem := fixed.I(int(s.upem))
	if b, err := s.font.Bounds(&s.buf, ppem, font.HintingNone); err == nil {
		box = array{scale(b.Min.X), -scale(b.Max.Y), scale(b.Max.X), -scale(b.Min.Y)}
	} else {
		box = array{int64(0), int64(-200), int64(1000), int64(900)}
	}
	if mt, err := s.font.Metrics(&s.buf, ppem, font.HintingNone); err == nil {
		return box, scale(mt.Ascent), -scale(mt.Descent), scale(mt.CapHeight)
	}
	return box, 900, -200, 700
}

// glyphs finds the glyph of each code of the font's encoding, and what differs
// from WinAnsiEncoding. False: a code that is shown has a name that the
// substitute lacks, or none.
func (m *mender) glyphs(d dict, s *substitute, shown *[256]bool) (codes [256]sfnt.GlyphIndex, differences array, ok bool) {
	var names [256]string
	base := m.name(d["Encoding"])
	enc, _ := m.get(d["Encoding"]).(dict)
	if enc != nil {
		base = m.name(enc["BaseEncoding"])
	}
	if base == "" && m.name(d["Subtype"]) != "TrueType" {
		base = "StandardEncoding"
	}
	for c := range 256 {
		win := s.runeName(winAnsi(byte(c)))
		names[c] = win
		switch base {
		case "StandardEncoding":
			if n, ok := standardNames[byte(c)]; ok {
				names[c] = n
			} else if c >= 0x7F {
				names[c] = ""
			}
		case "MacRomanEncoding":
			if c >= 0x20 {
				names[c] = s.runeName(charmap.Macintosh.DecodeByte(byte(c)))
			}
		}
	}
	code := 0
	for _, v := range m.array(enc["Differences"]) {
		switch v := m.get(v).(type) {
		case int64:
			code = int(v)
		case name:
			if code >= 0 && code < 256 {
				names[code] = string(v)
			}
			code++
		}
	}
	last := -2
	for c := range 256 {
		win := s.runeName(winAnsi(byte(c)))
		if !shown[c] {
			codes[c], _ = s.named(win)
			continue
		}
		g, known := s.named(names[c])
		if !known || c < 32 {
			return codes, nil, false
		}
		codes[c] = g
		if names[c] != win {
			if c != last+1 {
				differences = append(differences, int64(c))
			}
			differences = append(differences, name(names[c]))
			last = c
		}
	}
	return codes, differences, true
}

// named finds a glyph by a name of the Adobe Glyph List or "uniXXXX".
func (s *substitute) named(n string) (sfnt.GlyphIndex, bool) {
	if n == "" || n == ".notdef" {
		return 0, false
	}
	if g, ok := s.glyph[n]; ok {
		return g, true
	}
	for r, agreed := range agreedNames {
		if n == agreed {
			g, err := s.font.GlyphIndex(&s.buf, r)
			return g, err == nil && g != 0
		}
	}
	if len(n) == 7 && strings.HasPrefix(n, "uni") {
		if v, err := strconv.ParseUint(n[3:], 16, 32); err == nil {
			if g, err := s.font.GlyphIndex(&s.buf, rune(v)); err == nil && g != 0 {
				return g, true
			}
		}
	}
	return 0, false
}

// runeName is the name that the font has for a character, "" if none.
func (s *substitute) runeName(r rune) string {
	if r < 0x20 || r == 0xFFFD {
		return ""
	}
	if n, ok := agreedNames[r]; ok {
		return n
	}
	g, err := s.font.GlyphIndex(&s.buf, r)
	if err != nil || g == 0 {
		return ""
	}
	n, err := s.font.GlyphName(&s.buf, g)
	if err != nil {
		return ""
	}
	return n
}

// agreedNames are the names in WinAnsiEncoding of characters for which fonts like
// to have another name, because two characters share a glyph.
var agreedNames = map[rune]string{' ': "space", 0xA0: "space", '-': "hyphen", 0xAD: "hyphen", ';': "semicolon",
	'²': "twosuperior", '³': "threesuperior", '¹': "onesuperior", 'µ': "mu", '·': "periodcentered"}

// winAnsi is WinAnsiEncoding (ISO 32000-1, annex D.2): Windows-1252 with bullets
// in its holes.
func winAnsi(c byte) rune {
	switch c {
	case 0x7F, 0x81, 0x8D, 0x8F, 0x90, 0x9D:
		return '•'
	}
	return charmap.Windows1252.DecodeByte(c)
}

// standardNames is where StandardEncoding (annex D.2) differs from ASCII.
var standardNames = func() map[byte]string {
	out := map[byte]string{0x27: "quoteright", 0x60: "quoteleft"}
	put := func(at byte, names string) {
		for i, n := range strings.Fields(names) {
			if n != "-" {
				out[at+byte(i)] = n
			}
		}
	}
	put(0xA1, "exclamdown cent sterling fraction yen florin section currency quotesingle quotedblleft guillemotleft guilsinglleft guilsinglright fi fl")
	put(0xB1, "endash dagger daggerdbl periodcentered - paragraph bullet quotesinglbase quotedblbase quotedblright guillemotright ellipsis perthousand - questiondown")
	put(0xC1, "grave acute circumflex tilde macron breve dotaccent dieresis - ring cedilla - hungarumlaut ogonek caron emdash")
	put(0xE1, "AE - ordfeminine - - - - Lslash Oslash OE ordmasculine")
	put(0xF1, "ae - - - dotlessi - - lslash oslash oe germandbls")
	return out
}()

// advances are those glyphs of the substitute, in its units, to which the file
// gives another width, as where a font lists no width for its space: text has to
// stand where it stood.
func (m *mender) advances(d dict, s *substitute, codes [256]sfnt.GlyphIndex, shown *[256]bool) map[sfnt.GlyphIndex]uint16 {
	widths := m.array(d["Widths"])
	if len(widths) == 0 {
		return nil // one of the standard fonts, whose widths the substitute has
	}
	from := m.int(d["FirstChar"], 0)
	missing, _ := m.number(m.dict(d["FontDescriptor"])["MissingWidth"]) // 0 where there is none (ISO 32000-1, table 122)
	out := map[sfnt.GlyphIndex]uint16{}
	for c, is := range shown {
		g := codes[c]
		if _, done := out[g]; !is || done {
			continue
		}
		want := missing
		if i := c - from; i >= 0 && i < len(widths) {
			want, _ = m.number(widths[i])
		}
		if a := math.Round(want * s.upem / 1000); math.Abs(want-s.width(g)) > 0.5 && a >= 0 && a <= math.MaxUint16 {
			out[g] = uint16(a)
		}
	}
	return out
}

// sameWidths says whether the file's own widths are those of the substitute for
// nearly all codes: else the text would not stand where it stood.
func (m *mender) sameWidths(d dict, s *substitute, codes [256]sfnt.GlyphIndex, shown *[256]bool) bool {
	widths := m.array(d["Widths"])
	from := m.int(d["FirstChar"], 0)
	const slack, mostOdd = 12, 0.1
	odd, all := 0, 0
	for i, v := range widths {
		w, ok := m.number(v)
		c := from + i
		if !ok || c < 33 || c > 255 || !shown[c] {
			continue
		}
		all++
		if math.Abs(w-s.width(codes[c])) > slack {
			odd++
		}
	}
	return float64(odd) <= mostOdd*float64(all)
}
