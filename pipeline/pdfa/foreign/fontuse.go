package foreign

// fontUse finds which codes of which fonts the document shows. A font that is
// not found is shown nowhere.
type fontUse struct {
	f    *file
	used map[ref]*[256]bool
	seen map[any]bool
	ops  int
}

// fontUse walks the pages, the forms they draw, and the appearances of their
// annotations. Fonts that stand inside a resource dictionary get numbers, so that
// they can be told apart.
func (f *file) fontUse(pages []page) map[ref]*[256]bool {
	u := &fontUse{f: f, used: map[ref]*[256]bool{}, seen: map[any]bool{}, ops: maxOperators}
	for _, p := range pages {
		u.run(f.contents(p), p.resources, 0)
		for _, v := range f.array(p.dict["Annots"]) {
			u.appearance(f.get(f.dict(f.dict(v)["AP"])["N"]), p.resources, 0)
		}
	}
	return u.used
}

func (u *fontUse) appearance(v any, resources dict, depth int) {
	switch v := v.(type) {
	case *stream:
		u.form(v, resources, depth)
	case dict:
		for _, x := range v {
			if s := u.f.stream(x); s != nil {
				u.form(s, resources, depth)
			}
		}
	}
}

func (u *fontUse) form(s *stream, resources dict, depth int) {
	if u.seen[s] || depth > 16 {
		return
	}
	u.seen[s] = true
	data, err := u.f.bytes(s, maxDecoded)
	if err != nil {
		return
	}
	if own := u.f.dict(s.dict["Resources"]); own != nil {
		resources = own
	}
	u.run(data, resources, depth+1)
}

func (u *fontUse) run(data []byte, resources dict, depth int) {
	c := &content{data: data}
	var font ref
	var stack []ref
	for ; u.ops > 0; u.ops-- {
		o, ok := c.next()
		if !ok {
			break
		}
		switch o.op {
		case "q":
			if len(stack) < 4096 {
				stack = append(stack, font)
			}
		case "Q":
			if n := len(stack); n > 0 {
				font, stack = stack[n-1], stack[:n-1]
			}
		case "Tf":
			if len(o.args) > 1 {
				n, _ := o.args[len(o.args)-2].(name)
				font = u.font(resources, n)
			}
		case "gs":
			n, _ := lastArg(o).(name)
			if a := u.f.array(u.f.dict(u.f.dict(resources["ExtGState"])[n])["Font"]); len(a) > 0 {
				font, _ = a[0].(ref)
			}
		case "Tj", "TJ", "'", "\"":
			u.show(font, lastArg(o))
		case "Do":
			n, _ := lastArg(o).(name)
			if s := u.f.stream(u.f.dict(resources["XObject"])[n]); s != nil && u.f.name(s.dict["Subtype"]) == "Form" {
				u.form(s, resources, depth)
			}
		case "scn", "SCN":
			n, _ := lastArg(o).(name)
			if s := u.f.stream(u.f.dict(resources["Pattern"])[n]); s != nil {
				u.form(s, resources, depth)
			}
		}
	}
}

func lastArg(o operation) any {
	if len(o.args) == 0 {
		return nil
	}
	return o.args[len(o.args)-1]
}

func (u *fontUse) font(resources dict, n name) ref {
	fonts := u.f.dict(resources["Font"])
	switch v := fonts[n].(type) {
	case ref:
		u.glyphs(v, resources)
		return v
	case dict:
		r := u.f.add(v)
		fonts[n] = r
		u.glyphs(r, resources)
		return r
	}
	return 0
}

// glyphs follows the drawing of a Type 3 font, which may use other fonts.
func (u *fontUse) glyphs(r ref, resources dict) {
	d := u.f.dict(r)
	if u.f.name(d["Subtype"]) != "Type3" || u.seen[r] {
		return
	}
	u.seen[r] = true
	if own := u.f.dict(d["Resources"]); own != nil {
		resources = own
	}
	for _, v := range u.f.dict(d["CharProcs"]) {
		if s := u.f.stream(v); s != nil {
			u.form(s, resources, 8)
		}
	}
}

func (u *fontUse) show(font ref, v any) {
	if font == 0 {
		return
	}
	codes := u.used[font]
	if codes == nil {
		codes = new([256]bool)
		u.used[font] = codes
	}
	switch v := v.(type) {
	case text:
		for i := range len(v) {
			codes[v[i]] = true
		}
	case array:
		for _, x := range v {
			if t, ok := x.(text); ok {
				for i := range len(t) {
					codes[t[i]] = true
				}
			}
		}
	}
}
