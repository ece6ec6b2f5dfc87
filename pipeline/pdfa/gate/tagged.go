package gate

import "regexp"

// structureTypes are the standard structure types of ISO 32000-1, 14.8.4.
var structureTypes = setOf("Document", "Part", "Art", "Sect", "Div", "BlockQuote", "Caption", "TOC", "TOCI",
	"Index", "NonStruct", "Private", "P", "H", "H1", "H2", "H3", "H4", "H5", "H6", "L", "LI", "Lbl", "LBody",
	"Table", "TR", "TH", "TD", "THead", "TBody", "TFoot", "Span", "Quote", "Note", "Reference", "BibEntry",
	"Code", "Link", "Annot", "Ruby", "RB", "RT", "RP", "Warichu", "WT", "WP", "Figure", "Formula", "Form")

// language is a tag of RFC 1766, which RFC 3066 widens; the empty text says that
// the language is unknown (ISO 32000-1, 14.9.2).
var language = regexp.MustCompile(`^([a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*)?$`)

// checkLang: ISO 19005-2, 6.7.4.
func (c *checker) checkLang(o object, at place) {
	s, ok := c.resolve(o).(text)
	if !ok || !language.MatchString(plain(s)) {
		c.report.add("6.7.4-1", at, "")
	}
}

// plain reads a text string as far as it is ASCII.
func plain(s text) string {
	if len(s) >= 2 && s[0] == 0xFE && s[1] == 0xFF {
		return advance(s[2:], 0)
	}
	return string(s)
}

// checkTagging: ISO 19005-2, 6.7 for level a. At every level the names of
// structure types have to be UTF-8 (6.1.8).
func (c *checker) checkTagging() {
	strict := c.flavour.level == 'a'
	at := place{num: numberOf(c.trailer["Root"])}
	if strict && c.resolve(c.dict(c.catalog["MarkInfo"])["Marked"]) != true {
		c.report.add("6.7.2.2-1", at, "")
	}
	root := c.dict(c.catalog["StructTreeRoot"])
	if t := c.name(root["Type"]); root == nil || t != "" && t != "StructTreeRoot" {
		if strict {
			c.report.add("6.7.3.3-1", at, "")
		}
		return
	}
	at.num = numberOf(c.catalog["StructTreeRoot"])
	roles := c.dict(root["RoleMap"])
	for _, from := range sortedKeys(roles) {
		c.checkUTF8(from, at)
		c.checkUTF8(c.name(roles[from]), at)
		if strict && structureTypes[from] {
			c.report.add("6.7.3.4-3", at, printable(from))
		}
	}
	w := structureWalk{checker: c, roles: roles, strict: strict, seen: map[int]bool{}, told: map[name]bool{}}
	w.visit(root["K"], 0)
}

// structureWalk visits the structure elements, each once.
type structureWalk struct {
	*checker
	roles  dict
	strict bool // level a
	seen   map[int]bool
	told   map[name]bool // structure types that were checked
}

func (w *structureWalk) visit(o object, depth int) {
	w.budget.spend(16)
	if depth > 1000 {
		w.report.add(ruleLimits, place{num: numberOf(o)}, "the structure tree is too deep")
		return
	}
	if num := numberOf(o); num != 0 {
		if w.seen[num] {
			return
		}
		w.seen[num] = true
	}
	switch v := w.resolve(o).(type) {
	case array:
		for _, x := range v {
			w.visit(x, depth+1)
		}
	case dict:
		if t := w.name(v["Type"]); t == "MCR" || t == "OBJR" {
			return
		}
		at := place{num: numberOf(o)}
		if s := w.name(v["S"]); !w.told[s] {
			w.told[s] = true
			w.role(s, at)
		}
		if l, ok := v["Lang"]; ok && w.strict {
			w.checkLang(l, at)
		}
		w.visit(v["K"], depth+1)
	}
}

// role: ISO 19005-2, 6.7.3.4.
func (w *structureWalk) role(s name, at place) {
	w.checkUTF8(s, at)
	met := map[name]bool{}
	for w.strict && !structureTypes[s] {
		if met[s] {
			w.report.add("6.7.3.4-2", at, printable(s))
			return
		}
		met[s] = true
		next := w.name(w.roles[s])
		if next == "" {
			w.report.add("6.7.3.4-1", at, printable(s))
			return
		}
		s = next
	}
}

// mark is an open marked-content sequence.
type mark struct {
	replaced bool // actual text stands for it
}

// replaced tells whether actual text stands for what is shown now.
func (r *drawing) replaced() bool {
	for _, m := range r.marks {
		if m.replaced {
			return true
		}
	}
	return false
}

// marked follows marked content; only level a asks for it.
func (r *drawing) marked(k keyword, v []object) {
	if r.c.flavour.level != 'a' {
		return
	}
	switch k {
	case "BMC":
		r.marks = append(r.marks[:len(r.marks):len(r.marks)], mark{})
	case "EMC":
		if n := len(r.marks); n > 0 {
			r.marks = r.marks[:n-1]
		}
	case "BDC":
		var d dict
		if len(v) > 0 {
			switch p := v[len(v)-1].(type) {
			case dict:
				d = p
			case name:
				d = r.c.dict(r.resource("Properties", p))
			}
		}
		if l, ok := d["Lang"]; ok {
			r.c.checkLang(l, r.at(0))
		}
		m := mark{replaced: d["ActualText"] != nil}
		if id, ok := r.c.integer(d["MCID"]); ok && !m.replaced {
			m.replaced = r.c.hasActualText(r.parents, id)
		}
		if len(r.marks) > 1<<16 {
			panic(halt{rule: ruleLimits, cause: "marked content is nested too deeply"})
		}
		r.marks = append(r.marks[:len(r.marks):len(r.marks)], m)
	}
}

// hasActualText looks the structure element of marked content up (ISO 32000-1,
// 14.7.4.4) and asks it and those above it for actual text.
func (c *checker) hasActualText(parents object, id int) bool {
	key, ok := c.integer(parents)
	if !ok {
		return false
	}
	tree := c.dict(c.catalog["StructTreeRoot"])["ParentTree"]
	list := c.array(c.numberTree(tree, key, 0))
	if id < 0 || id >= len(list) {
		return false
	}
	o := list[id]
	for range 100 {
		d := c.dict(o)
		if d == nil {
			return false
		}
		if d["ActualText"] != nil {
			return true
		}
		o = d["P"]
	}
	return false
}

// numberTree looks a key up (ISO 32000-1, 7.9.7).
func (c *checker) numberTree(o object, key, depth int) object {
	d := c.dict(o)
	c.budget.spend(16)
	if d == nil || depth > 32 {
		return nil
	}
	nums := c.array(d["Nums"])
	for i := 0; i+1 < len(nums); i += 2 {
		if k, ok := c.integer(nums[i]); ok && k == key {
			return nums[i+1]
		}
	}
	for _, kid := range c.array(d["Kids"]) {
		limits := c.array(c.dict(kid)["Limits"])
		if len(limits) == 2 {
			lo, _ := c.integer(limits[0])
			hi, _ := c.integer(limits[1])
			if key < lo || key > hi {
				continue
			}
		}
		if v := c.numberTree(kid, key, depth+1); v != nil {
			return v
		}
	}
	return nil
}
