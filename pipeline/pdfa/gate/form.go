package gate

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
