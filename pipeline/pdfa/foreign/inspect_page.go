package foreign

import (
	"bytes"
	"math"
)

// painter follows the operators of one page far enough to say what the page is
// made of. It paints nothing.
type painter struct {
	f     *file
	page  box
	state state
	stack []state
	path  path
	ops   int // operators left

	pictures   []placed
	text       bool // visible text
	hidden     bool // invisible text
	paint      bool // lines, areas, shadings
	conditions bool // optional content
}

type state struct {
	ctm    matrix
	clip   box
	odd    bool // clipped to something other than a box
	mode   int  // text rendering mode
	fill   shade
	effect bool // transparency or a soft mask is on
}

// shade is what matters of a fill colour.
type shade int

const (
	black shade = iota
	white
	other
)

// placed is a picture on the page.
type placed struct {
	image  *stream
	inline bool
	at     matrix
	whole  bool // neither clipped, nor transparent, nor conditional
	fill   shade
}

// path is the current path as far as it is a single rectangle.
type path struct {
	parts int
	rect  box
	clip  bool // W or W* is pending
}

// maxOperators bounds the work on one page.
const maxOperators = 20_000_000

func (f *file) inspectPage(p page) Page {
	pt := &painter{f: f, page: p.crop, ops: maxOperators,
		state: state{ctm: identity, clip: p.crop}}
	pt.run(f.contents(p), p.resources, 0)
	w, h := p.size()
	out := Page{Width: w, Height: h, Rotate: p.rotate, Hidden: pt.hidden, Kind: pt.kind(f.showsAnnotations(p))}
	area := 0.0
	for _, q := range pt.pictures {
		b := q.at.bounds(box{0, 0, 1, 1}).meet(p.crop)
		if b.empty() {
			continue
		}
		area += b.width() * b.height()
		iw, ih := f.int(first(q.image.dict, "Width", "W"), 0), f.int(first(q.image.dict, "Height", "H"), 0)
		if iw > 0 && ih > 0 {
			out.Pixels = max(out.Pixels, int64(iw)*int64(ih))
			dx := float64(iw) / (math.Hypot(q.at[0], q.at[1]) * p.unit) * 72
			dy := float64(ih) / (math.Hypot(q.at[2], q.at[3]) * p.unit) * 72
			if d := math.Max(dx, dy); !math.IsInf(d, 0) && !math.IsNaN(d) {
				out.DPI = math.Max(out.DPI, d)
			}
		}
	}
	out.Cover = math.Min(1, area/(p.crop.width()*p.crop.height()))
	if out.Kind == Picture {
		out.Image = f.picture(p, pt.pictures[0])
	}
	return out
}

func (pt *painter) kind(annotations bool) Kind {
	switch {
	case pt.text || pt.paint || annotations:
		return Drawn
	case len(pt.pictures) == 0:
		return Empty
	case len(pt.pictures) > 1 || pt.conditions:
		return Pictures
	}
	q := pt.pictures[0]
	slack := math.Max(2, 0.01*math.Max(pt.page.width(), pt.page.height()))
	b := q.at.bounds(box{0, 0, 1, 1})
	if _, straight := q.at.quarter(); !straight || !q.whole || q.inline ||
		!b.covers(pt.page, slack) || !pt.page.covers(b, slack) {
		return Pictures
	}
	return Picture
}

// showsAnnotations says whether the page has annotations that draw something.
func (f *file) showsAnnotations(p page) bool {
	for _, v := range f.array(p.dict["Annots"]) {
		a := f.dict(v)
		if a == nil || f.int(a["F"], 0)&(2|32) != 0 { // Hidden, NoView
			continue
		}
		switch f.name(a["Subtype"]) {
		case "Link", "Popup":
			continue
		case "Widget":
			if r, ok := f.box(a["Rect"]); !ok || r.empty() {
				continue
			}
		}
		if f.dict(f.dict(a["AP"])["N"]) != nil {
			return true
		}
	}
	return false
}

func (pt *painter) run(data []byte, resources dict, depth int) {
	c := &content{data: data}
	start := len(pt.stack)
	for pt.ops > 0 {
		op, ok := c.next()
		if !ok {
			break
		}
		pt.ops--
		pt.do(op, resources, depth)
	}
	if len(pt.stack) > start { // operators forgot to restore
		pt.state, pt.stack = pt.stack[start], pt.stack[:start]
	}
}

func (pt *painter) do(o operation, resources dict, depth int) {
	switch o.op {
	case "q":
		if len(pt.stack) < 4096 {
			pt.stack = append(pt.stack, pt.state)
		}
	case "Q":
		if n := len(pt.stack); n > 0 {
			pt.state, pt.stack = pt.stack[n-1], pt.stack[:n-1]
		}
	case "cm":
		if n := pt.operands(o, 6); n != nil {
			pt.state.ctm = matrix(n).over(pt.state.ctm)
		}
	case "gs":
		pt.graphicsState(pt.f.dict(pt.resource(o, resources, "ExtGState")))
	case "g", "rg", "k", "sc", "scn", "cs":
		pt.colour(o)
	case "Tr":
		if n := pt.operands(o, 1); n != nil {
			pt.state.mode = int(n[0])
		}
	case "Tj", "TJ", "'", "\"":
		pt.show(o)
	case "re", "m", "l", "c", "v", "y", "h":
		pt.extend(o)
	case "W", "W*":
		pt.path.clip = true
	case "n":
		pt.finish()
	case "f", "F", "f*":
		if pt.state.fill != white || len(pt.pictures) > 0 || pt.state.effect {
			pt.painted()
		}
		pt.finish()
	case "S", "s", "B", "B*", "b", "b*":
		pt.painted()
		pt.finish()
	case "sh":
		pt.painted()
	case "BDC":
		if len(o.args) > 0 && o.args[0] == name("OC") {
			pt.conditions = true
		}
	case "BI":
		if s, ok := o.args[0].(*stream); ok {
			pt.place(s, true)
		}
	case "Do":
		pt.external(pt.f.stream(pt.resource(o, resources, "XObject")), resources, depth)
	}
}

// painted counts a mark unless it lies wholly outside the page.
func (pt *painter) painted() {
	if !pt.state.clip.empty() {
		pt.paint = true
	}
}

func (pt *painter) operands(o operation, n int) []float64 {
	if len(o.args) < n {
		return nil
	}
	v, ok := pt.f.numbers(array(o.args[len(o.args)-n:]), n)
	if !ok {
		return nil
	}
	return v
}

func (pt *painter) resource(o operation, resources dict, kind name) any {
	if len(o.args) == 0 {
		return nil
	}
	n, _ := o.args[len(o.args)-1].(name)
	return pt.f.dict(resources[kind])[n]
}

func (pt *painter) graphicsState(d dict) {
	for _, k := range []name{"ca", "CA"} {
		if a, ok := pt.f.number(d[k]); ok {
			pt.state.effect = a < 1
		}
	}
	switch m := pt.f.get(d["SMask"]).(type) {
	case dict:
		pt.state.effect = true
	case name:
		if m != "None" {
			pt.state.effect = true
		}
	}
	if m := pt.f.name(d["BM"]); m != "" && m != "Normal" && m != "Compatible" {
		pt.state.effect = true
	}
}

func (pt *painter) colour(o operation) {
	pt.state.fill = other
	n, ok := pt.f.numbers(array(o.args), len(o.args))
	if !ok || o.op == "cs" {
		if o.op == "cs" {
			pt.state.fill = black // the initial colour of most spaces
		}
		return
	}
	all := func(want float64) bool {
		for _, v := range n {
			if v != want {
				return false
			}
		}
		return len(n) > 0
	}
	subtractive := len(n) == 4
	switch {
	case all(1):
		pt.state.fill = white
		if subtractive {
			pt.state.fill = black
		}
	case all(0):
		pt.state.fill = black
		if subtractive {
			pt.state.fill = white
		}
	case subtractive && n[0] == 0 && n[1] == 0 && n[2] == 0 && n[3] == 1:
		pt.state.fill = black
	}
}

// show notes text. A string of spaces is nothing to see.
func (pt *painter) show(o operation) {
	seen := false
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case text:
			seen = seen || len(bytes.Trim([]byte(v), " \x00")) > 0
		case array:
			for _, x := range v {
				look(x)
			}
		}
	}
	for _, v := range o.args {
		look(v)
	}
	switch {
	case !seen:
	case pt.state.mode == 3:
		pt.hidden = true
	case pt.state.mode == 7:
		pt.state.odd = true
	default:
		pt.text = true
	}
}

func (pt *painter) extend(o operation) {
	pt.path.parts++
	if n := pt.operands(o, 4); o.op == "re" && n != nil {
		pt.path.rect = pt.state.ctm.bounds(box{math.Min(n[0], n[0]+n[2]), math.Min(n[1], n[1]+n[3]),
			math.Max(n[0], n[0]+n[2]), math.Max(n[1], n[1]+n[3])})
		return
	}
	pt.path.parts += maxDepth // anything but a single rectangle
}

func (pt *painter) finish() {
	if pt.path.clip {
		_, straight := pt.state.ctm.quarter()
		if pt.path.parts == 1 && straight {
			pt.state.clip = pt.state.clip.meet(pt.path.rect)
		} else {
			pt.state.odd = true
		}
	}
	pt.path = path{}
}

func (pt *painter) external(s *stream, resources dict, depth int) {
	if s == nil {
		return
	}
	if _, ok := s.dict["OC"]; ok {
		pt.conditions = true
	}
	switch pt.f.name(s.dict["Subtype"]) {
	case "Image":
		pt.place(s, false)
	case "Form":
		if depth > 16 {
			return
		}
		data, err := pt.f.bytes(s, maxDecoded)
		if err != nil {
			return
		}
		saved, stack := pt.state, pt.stack
		pt.stack = nil
		if n, ok := pt.f.numbers(s.dict["Matrix"], 6); ok {
			pt.state.ctm = matrix(n).over(pt.state.ctm)
		}
		if b, ok := pt.f.box(s.dict["BBox"]); ok {
			pt.state.clip = pt.state.clip.meet(pt.state.ctm.bounds(b))
		}
		if r := pt.f.dict(s.dict["Resources"]); r != nil {
			resources = r
		}
		pt.run(data, resources, depth+1)
		pt.state, pt.stack = saved, stack
	}
}

// place notes a picture if any of it can be seen.
func (pt *painter) place(s *stream, inline bool) {
	b := pt.state.ctm.bounds(box{0, 0, 1, 1})
	seen := b.meet(pt.page)
	if seen.empty() || seen.meet(pt.state.clip).empty() || len(pt.pictures) > 100_000 {
		return
	}
	slack := math.Max(2, 0.01*math.Max(pt.page.width(), pt.page.height()))
	pt.pictures = append(pt.pictures, placed{
		image: s, inline: inline, at: pt.state.ctm, fill: pt.state.fill,
		whole: !pt.state.odd && !pt.state.effect && pt.state.clip.covers(seen, slack),
	})
}
