package gate

import (
	"bytes"
	"errors"
)

// gstate is the part of the graphics state that the rules ask for.
type gstate struct {
	fill, stroke     *colourSpace
	font             *font
	mode             int // text rendering mode
	overprint        int // OPM
	opFill, opStroke bool
}

// drawing interprets one content stream: a page's, a form's, a pattern's, a
// glyph's or an appearance.
type drawing struct {
	c           *checker
	page        int
	num         int // object that the content belongs to
	res         dict
	missing     bool // the content has no resources of its own
	state       gstate
	stack       []gstate
	spaces      map[name]*colourSpace
	transparent bool // something transparent was drawn
	depth       int
	marks       []mark // open marked content
	parents     object // structure parents of the page, for marked content
	told        bool   // missing resources were reported
}

// drawKey says what a form was drawn with, as far as it can change the result.
type drawKey struct {
	num          int
	image        bool
	fill, stroke colourSpace
	font         *font
	mode, opm    int
	op           [2]bool
	hidden       bool // actual text stands for the content
}

var black = &colourSpace{device: modelGray}

func (r *drawing) at(num int) place {
	if num == 0 {
		num = r.num
	}
	return place{page: r.page, num: num}
}

// drawPage interprets a page and the appearances of its annotations, and checks
// blending: ISO 19005-2, 6.2.10.
func (c *checker) drawPage(p pageNode, at place) {
	r := &drawing{
		c: c, page: p.no, num: p.num, res: c.dict(p.resources), missing: p.resources == nil || p.inherited,
		parents: p.dict["StructParents"],
	}
	r.reset()
	r.group(p.dict["Group"])
	r.run(c.contents(p, at))
	for _, o := range c.array(p.dict["Annots"]) {
		c.checkAnnot(o, p.no, func(s *stream) {
			a := &drawing{c: c, page: p.no, num: s.num, res: r.res}
			a.reset()
			a.form(s)
			r.transparent = r.transparent || a.transparent
		})
	}
	if r.transparent && !c.intents && c.dict(p.dict["Group"])["CS"] == nil {
		c.report.add("6.2.10-2", at, "")
	}
}

func (r *drawing) reset() {
	r.state = gstate{fill: black, stroke: black}
	r.spaces = map[name]*colourSpace{}
}

// contents joins the content streams of a page.
func (c *checker) contents(p pageNode, at place) []byte {
	one := func(o object) []byte {
		s, ok := c.resolve(o).(*stream)
		if !ok {
			if c.resolve(o) != nil {
				c.report.add(ruleParse, at, "a page's content is no stream")
			}
			return nil
		}
		data, err := c.decode(s)
		if err != nil {
			c.report.add(ruleParse, place{page: p.no, num: s.num}, "a content stream cannot be decoded")
		}
		return data
	}
	list, ok := c.resolve(p.dict["Contents"]).(array)
	if !ok {
		return one(p.dict["Contents"])
	}
	var all bytes.Buffer
	for _, o := range list {
		all.Write(one(o))
		all.WriteByte('\n')
		if all.Len() > maxStream {
			panic(halt{rule: ruleLimits, cause: "the content of a page is larger than 32 MB"})
		}
	}
	return all.Bytes()
}

// run interprets content.
func (r *drawing) run(data []byte) {
	l := &lexer{data: data, base: -1, note: func(rule string, _ int64, detail string) {
		r.c.report.add(rule, r.at(0), detail)
	}}
	var operands []object
	for {
		before := l.pos
		t, err := l.token()
		if errors.Is(err, errShort) && len(bytes.TrimSpace(tail(data, before))) == 0 {
			break
		}
		if err == nil {
			if k, ok := t.(keyword); !ok || k == "true" || k == "false" || k == "null" {
				t, err = l.finish(t, false)
			}
		}
		r.c.budget.spend(l.pos - before + 2)
		if err != nil {
			if !onlyComment(tail(data, before)) {
				r.c.report.add(ruleParse, r.at(0), "a content stream is broken")
			}
			break
		}
		k, ok := t.(keyword)
		if !ok {
			if operands = append(operands, t); len(operands) > 10000 {
				r.c.report.add(ruleLimits, r.at(0), "too many operands in a content stream")
				return
			}
			continue
		}
		switch {
		case !operators[k]:
			r.c.report.add("6.2.2-1", r.at(0), printable(name(k)))
		case k == "BI":
			if !r.inlineImage(l) {
				r.c.report.add(ruleParse, r.at(0), "an inline image is broken")
				return
			}
		default:
			r.operator(k, operands)
		}
		operands = operands[:0]
	}
}

func tail(data []byte, at int) []byte { return data[min(at, len(data)):] }

// onlyComment tells whether nothing but white space and comments is left.
func onlyComment(b []byte) bool {
	l := &lexer{data: b}
	l.skip()
	return l.pos >= len(b)
}

func (r *drawing) operator(k keyword, v []object) {
	s := &r.state
	switch k {
	case "q":
		r.stack = append(r.stack, *s)
		if len(r.stack) == 29 {
			r.c.report.add("6.1.13-8", r.at(0), "")
		}
		if len(r.stack) > 1<<16 {
			panic(halt{rule: ruleLimits, cause: "graphics states are nested too deeply"})
		}
	case "Q":
		if n := len(r.stack); n > 0 {
			*s, r.stack = r.stack[n-1], r.stack[:n-1]
		}
	case "f", "F", "f*":
		r.paintFill()
	case "S", "s":
		r.paintStroke()
	case "B", "B*", "b", "b*":
		r.paintFill()
		r.paintStroke()
	case "g", "rg", "k":
		s.fill = r.choose(map[keyword]name{"g": "DeviceGray", "rg": "DeviceRGB", "k": "DeviceCMYK"}[k])
	case "G", "RG", "K":
		s.stroke = r.choose(map[keyword]name{"G": "DeviceGray", "RG": "DeviceRGB", "K": "DeviceCMYK"}[k])
	case "cs":
		s.fill = r.choose(lastName(v))
	case "CS":
		s.stroke = r.choose(lastName(v))
	case "scn":
		r.pattern(s.fill, lastName(v))
	case "SCN":
		r.pattern(s.stroke, lastName(v))
	case "ri":
		r.c.checkRenderingIntent(lastName(v), r.at(0))
	case "gs":
		r.graphicsState(r.resource("ExtGState", lastName(v)))
	case "sh":
		if sh := r.resource("Shading", lastName(v)); sh != nil {
			r.shading(sh)
		}
	case "Do":
		r.xobject(lastName(v))
	case "BMC", "BDC", "EMC", "DP", "MP":
		r.marked(k, v)
	default:
		r.textOperator(k, v)
	}
}

func (r *drawing) textOperator(k keyword, v []object) {
	s := &r.state
	switch k {
	case "Tr":
		if len(v) > 0 {
			n, _ := number(v[len(v)-1])
			s.mode = int(n)
		}
	case "Tf":
		if len(v) >= 2 {
			if n, ok := v[len(v)-2].(name); ok {
				if o := r.resource("Font", n); o != nil {
					s.font = r.c.font(o, r)
				}
			}
		}
	case "Tj", "'", "\"":
		if len(v) > 0 {
			if t, ok := v[len(v)-1].(text); ok {
				r.show(t)
			}
		}
	case "TJ":
		if len(v) > 0 {
			a, _ := v[len(v)-1].(array)
			for _, x := range a {
				if t, ok := x.(text); ok {
					r.show(t)
				}
			}
		}
	}
}

func lastName(v []object) name {
	if len(v) == 0 {
		return ""
	}
	n, _ := v[len(v)-1].(name)
	return n
}

// resource looks a named resource up: ISO 19005-2, 6.2.2.
func (r *drawing) resource(kind, n name) object {
	o, ok := r.c.dict(r.res[kind])[n]
	if r.missing && !r.told {
		r.told = true
		r.c.report.add("6.2.2-2", r.at(0), "")
	}
	if !ok || r.c.resolve(o) == nil {
		if !r.missing {
			r.c.report.add("6.2.2-2", r.at(0), "a named resource is missing")
		}
		return nil
	}
	return o
}

// space finds a colour space by name.
func (r *drawing) space(n name) *colourSpace {
	if cs, ok := r.spaces[n]; ok {
		return cs
	}
	if _, isDevice := deviceNames[n]; !isDevice && n != "Pattern" && r.missing {
		r.resource("ColorSpace", n)
	}
	cs := r.c.colourSpace(n, r.res, r.at(0), 0)
	r.spaces[n] = cs
	return cs
}

// choose sets a colour space; to name one is to use it.
func (r *drawing) choose(n name) *colourSpace {
	cs := r.space(n)
	r.c.paint(cs, r.at(0))
	return cs
}

func (r *drawing) paintFill() {
	r.c.paint(r.state.fill, r.at(0))
	if r.state.fill.iccCMYK && r.state.overprint == 1 && r.state.opFill {
		r.c.report.add("6.2.4.2-2", r.at(0), "")
	}
}

func (r *drawing) paintStroke() {
	r.c.paint(r.state.stroke, r.at(0))
	if r.state.stroke.iccCMYK && r.state.overprint == 1 && r.state.opStroke {
		r.c.report.add("6.2.4.2-2", r.at(0), "")
	}
}

// show notes the codes of a string: each is used, and rendered but in mode 3.
func (r *drawing) show(t text) {
	f := r.state.font
	if f == nil {
		r.c.report.add(ruleParse, r.at(0), "text is shown without a font")
		return
	}
	r.c.budget.spend(len(t))
	m := r.state.mode
	if m != 1 && m != 5 { // colour counts even where mode 3 paints nothing
		r.paintFill()
	}
	if m == 1 || m == 2 || m == 5 || m == 6 {
		r.paintStroke()
	}
	r.c.use(f, t, r)
}

// graphicsState applies an ExtGState: ISO 19005-2, 6.2.5, 6.2.6 and 6.2.10.
func (r *drawing) graphicsState(o object) {
	d := r.c.dict(o)
	if d == nil {
		return
	}
	c, s, at := r.c, &r.state, r.at(numberOf(o))
	c.budget.spend(64)
	if d["TR"] != nil {
		c.report.add("6.2.5-1", at, "")
	}
	if v := d["TR2"]; v != nil && c.name(v) != "Default" {
		c.report.add("6.2.5-2", at, "")
	}
	if d["HTP"] != nil {
		c.report.add("6.2.5-3", at, "")
	}
	c.checkHalftone(d["HT"], at, 0, "")
	c.checkRenderingIntent(d["RI"], at)
	c.checkBlendMode(d["BM"], at, r)
	if n, ok := c.integer(d["OPM"]); ok {
		s.overprint = n
	}
	if v, ok := c.resolve(d["OP"]).(bool); ok {
		s.opStroke = v
		if _, own := d["op"]; !own {
			s.opFill = v
		}
	}
	if v, ok := c.resolve(d["op"]).(bool); ok {
		s.opFill = v
	}
	for _, key := range []name{"CA", "ca"} {
		if v, ok := c.number(d[key]); ok && v < 1 {
			r.transparent = true
		}
	}
	if f := c.array(d["Font"]); len(f) == 2 {
		s.font = c.font(f[0], r)
	}
	if m, ok := c.resolve(d["SMask"]).(dict); ok {
		r.transparent = true
		if g, ok := c.resolve(m["G"]).(*stream); ok {
			a := &drawing{c: c, page: r.page, num: g.num, res: r.res, depth: r.depth + 1, parents: r.parents}
			a.reset()
			a.form(g)
		}
	}
}

// checkHalftone: ISO 19005-2, 6.2.5. The colorant is the key under which a type 5
// halftone names this one.
func (c *checker) checkHalftone(o object, at place, depth int, colorant name) {
	d := c.keysOf(o)
	if d == nil || depth > 2 {
		return
	}
	if num := numberOf(o); num != 0 {
		at.num = num
	}
	kind, _ := c.integer(d["HalftoneType"])
	if kind != 1 && kind != 5 {
		c.report.add("6.2.5-4", at, "")
	}
	if d["HalftoneName"] != nil {
		c.report.add("6.2.5-5", at, "")
	}
	switch colorant {
	case "", "Default", "Gray", "Red", "Green", "Blue", "Cyan", "Magenta", "Yellow", "Black":
		if d["TransferFunction"] != nil {
			c.report.add("6.2.5-6", at, "")
		}
	default:
		if d["TransferFunction"] == nil {
			c.report.add("6.2.5-6", at, "a spot colour needs it")
		}
	}
	if kind == 5 {
		for _, key := range sortedKeys(d) {
			if key != "Type" && key != "HalftoneType" && key != "HalftoneName" {
				c.checkHalftone(d[key], at, depth+1, key)
			}
		}
	}
}

var blendModes = setOf("Normal", "Compatible", "Multiply", "Screen", "Overlay", "Darken", "Lighten",
	"ColorDodge", "ColorBurn", "HardLight", "SoftLight", "Difference", "Exclusion", "Hue", "Saturation",
	"Color", "Luminosity")

// checkBlendMode: ISO 19005-2, 6.2.10.
func (c *checker) checkBlendMode(o object, at place, r *drawing) {
	if o == nil {
		return
	}
	list, ok := c.resolve(o).(array)
	if !ok {
		list = array{o}
	}
	for _, x := range list {
		c.budget.spend(64)
		n := c.name(x)
		if !blendModes[n] {
			c.report.add("6.2.10-1", at, printable(n))
		}
		if n != "Normal" && n != "Compatible" {
			r.transparent = true
		}
	}
}

// shading checks the colour space of a shading and paints with it.
func (r *drawing) shading(o object) {
	d := r.c.keysOf(o)
	at := r.at(numberOf(o))
	if d["ColorSpace"] == nil {
		r.c.report.add(ruleParse, at, "a shading has no colour space")
		return
	}
	r.c.paint(r.c.colourSpace(d["ColorSpace"], r.res, at, 0), at)
}

// pattern draws what scn or SCN selects.
func (r *drawing) pattern(cs *colourSpace, n name) {
	if n == "" || !cs.pattern {
		return
	}
	o := r.resource("Pattern", n)
	if s, ok := r.c.resolve(o).(*stream); ok {
		r.sub(s, false)
		return
	}
	d := r.c.dict(o)
	if d == nil {
		return
	}
	r.shading(d["Shading"])
	if g := d["ExtGState"]; g != nil {
		back := r.state
		r.graphicsState(g)
		r.state = back
	}
}

// xobject draws an image or form.
func (r *drawing) xobject(n name) {
	o := r.resource("XObject", n)
	s, ok := r.c.resolve(o).(*stream)
	if !ok {
		return
	}
	switch r.c.name(s.dict["Subtype"]) {
	case "Image":
		if r.c.resolve(s.dict["ImageMask"]) == true {
			r.paintFill()
		}
		r.c.checkImage(s, r, 0)
	case "Form":
		r.form(s)
	case "PS":
		r.c.report.add("6.2.9-3", r.at(s.num), "")
	default:
		r.c.report.add(ruleParse, r.at(s.num), "an XObject has an unknown subtype")
	}
}

// form checks a form XObject and draws it: ISO 19005-2, 6.2.9.
func (r *drawing) form(s *stream) {
	at := r.at(s.num)
	d := s.dict
	if d["OPI"] != nil || d["PS"] != nil || r.c.name(d["Subtype2"]) == "PS" {
		r.c.report.add("6.2.9-1", at, "")
	}
	if d["Ref"] != nil {
		r.c.report.add("6.2.9-2", at, "")
	}
	if sub := r.c.name(d["Subtype"]); sub != "Form" {
		r.c.report.add(ruleParse, at, "a form has no /Subtype /Form")
	}
	r.c.checkMetadataStream(d["Metadata"])
	r.group(d["Group"])
	r.sub(s, true)
}

// group looks at a transparency group.
func (r *drawing) group(o object) {
	d := r.c.dict(o)
	if d == nil || r.c.name(d["S"]) != "Transparency" {
		return
	}
	r.transparent = true
	if cs := d["CS"]; cs != nil {
		r.c.paint(r.c.colourSpace(cs, r.res, r.at(numberOf(o)), 0), r.at(numberOf(o)))
	}
}

// sub interprets a form, pattern cell or glyph in the present state, once for
// each state that makes a difference.
func (r *drawing) sub(s *stream, inherits bool) {
	if r.depth >= maxForms {
		r.c.report.add(ruleLimits, r.at(s.num), "forms are nested too deeply")
		return
	}
	n := &drawing{c: r.c, page: r.page, num: s.num, res: r.c.dict(s.dict["Resources"]), depth: r.depth + 1,
		parents: r.parents}
	if p := s.dict["StructParents"]; p != nil {
		n.parents = p
	}
	if n.res == nil {
		n.res, n.missing = r.res, true
	}
	n.reset()
	if inherits {
		n.state = r.state
	}
	n.marks = r.marks
	st := &n.state
	key := drawKey{
		num: s.num, fill: flat(st.fill), stroke: flat(st.stroke), font: st.font, mode: st.mode,
		opm: st.overprint, op: [2]bool{st.opFill, st.opStroke}, hidden: r.replaced(),
	}
	if t, done := r.c.drawn[key]; done {
		r.transparent = r.transparent || t
		return
	}
	r.c.drawn[key] = false // also stops a form that draws itself
	data, err := r.c.decode(s)
	if err != nil {
		r.c.report.add(ruleParse, r.at(s.num), "a content stream cannot be decoded")
	}
	n.run(data)
	r.c.drawn[key] = n.transparent
	r.transparent = r.transparent || n.transparent
}

// flat drops pointers, so that equal spaces compare equal.
func flat(cs *colourSpace) colourSpace {
	f := *cs
	if cs.under != nil {
		f.device |= cs.under.device
		f.under = nil
	}
	return f
}

// inlineImage reads from BI to EI: ISO 19005-2, 6.1.10 and 6.2.8.
func (r *drawing) inlineImage(l *lexer) bool {
	d := dict{}
	for {
		t, err := l.token()
		if err != nil {
			return false
		}
		if t == keyword("ID") {
			break
		}
		k, ok := t.(name)
		if !ok {
			return false
		}
		if t, err = l.token(); err != nil {
			return false
		}
		o, err := l.finish(t, false)
		if err != nil {
			return false
		}
		d[longKey(k)] = o
	}
	end := findEI(l.data, l.pos)
	if end < 0 {
		return false
	}
	r.c.budget.spend(end - l.pos)
	l.pos = end
	at := r.at(0)
	filters, ok := d["Filter"].(array)
	if !ok && d["Filter"] != nil {
		filters = array{d["Filter"]}
	}
	for _, f := range filters {
		switch n, _ := f.(name); n {
		case "ASCIIHexDecode", "AHx", "ASCII85Decode", "A85", "FlateDecode", "Fl", "RunLengthDecode", "RL",
			"CCITTFaxDecode", "CCF", "DCTDecode", "DCT":
		default:
			r.c.report.add("6.1.10-1", at, printable(n))
		}
	}
	mask := d["ImageMask"] == true
	r.c.checkImageKeys(d["Interpolate"], d["BitsPerComponent"], d["Intent"], mask, at)
	if mask {
		r.paintFill()
	} else if cs := d["ColorSpace"]; cs != nil {
		if n, ok := cs.(name); ok {
			r.c.paint(r.space(n), at)
		} else {
			r.c.paint(r.c.colourSpace(cs, r.res, at, 0), at)
		}
	}
	return true
}

// longKey expands the abbreviations of ISO 32000-1, table 93.
func longKey(k name) name {
	switch k {
	case "BPC":
		return "BitsPerComponent"
	case "CS":
		return "ColorSpace"
	case "F":
		return "Filter"
	case "I":
		return "Interpolate"
	case "IM":
		return "ImageMask"
	}
	return k
}

// findEI finds the end of an inline image: EI between white space, followed by
// what can be content.
func findEI(data []byte, from int) int {
	for i := from + 1; i+2 <= len(data); i++ {
		if data[i] != 'E' || data[i+1] != 'I' || !isSpace(data[i-1]) {
			continue
		}
		after := data[i+2:]
		if len(after) == 0 {
			return i + 2
		}
		if isRegular(after[0]) {
			continue
		}
		plain := true
		for _, b := range after[:min(len(after), 12)] {
			plain = plain && (b >= 32 && b < 127 || b == 9 || b == 10 || b == 13)
		}
		if plain {
			return i + 2
		}
	}
	return -1
}
