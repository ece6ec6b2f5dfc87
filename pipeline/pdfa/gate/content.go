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
