package gate

// annotTypes are the annotation types of ISO 32000-1, table 169, without those
// that ISO 19005-2, 6.3.1 forbids.
var annotTypes = setOf("Text", "Link", "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine",
	"Highlight", "Underline", "Squiggly", "StrikeOut", "Stamp", "Caret", "Ink", "Popup",
	"FileAttachment", "Widget", "PrinterMark", "TrapNet", "Watermark", "Redact")

func setOf(names ...name) map[name]bool {
	m := make(map[name]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// Flags of an annotation (ISO 32000-1, table 165).
const (
	flagInvisible    = 1 << 0
	flagHidden       = 1 << 1
	flagPrint        = 1 << 2
	flagNoView       = 1 << 5
	flagToggleNoView = 1 << 8
)

// checkAnnot checks one annotation of a page: ISO 19005-2, 6.3 and 6.4.1.
func (c *checker) checkAnnot(o object, page int, draw func(*stream)) {
	d := c.dict(o)
	if d == nil {
		return
	}
	at := place{page: page, num: numberOf(o)}
	kind := c.name(d["Subtype"])
	if !annotTypes[kind] {
		c.report.add("6.3.1-1", at, printable(kind))
	}
	flags, has := c.integer(d["F"])
	switch {
	case !has && kind != "Popup":
		c.report.add("6.3.2-1", at, "")
	case has && (flags&flagPrint == 0 || flags&(flagHidden|flagInvisible|flagNoView|flagToggleNoView) != 0):
		c.report.add("6.3.2-2", at, "")
	}
	if kind == "Widget" {
		if d["A"] != nil || d["AA"] != nil {
			c.report.add("6.4.1-1", at, "")
		}
	}
	c.checkAppearance(d, kind, at, draw)
	c.checkAction(d["A"], at, 0)
	c.checkActions(d["AA"], at)
	if fs := d["FS"]; fs != nil && kind == "FileAttachment" {
		c.checkFileSpec(fs, true)
	}
	if v, ok := d["Lang"]; ok && c.flavour.level == 'a' {
		c.checkLang(v, at)
	}
}

// checkAppearance: ISO 19005-2, 6.3.3.
func (c *checker) checkAppearance(d dict, kind name, at place, draw func(*stream)) {
	ap, has := c.resolve(d["AP"]).(dict)
	if !has {
		if kind != "Popup" && kind != "Link" && !c.emptyRect(d["Rect"]) {
			c.report.add("6.3.3-1", at, printable(kind))
		}
		return
	}
	if len(ap) != 1 || ap["N"] == nil {
		c.report.add("6.3.3-2", at, "")
	}
	field := kind == "Widget" && c.inherited(d, "FT") == name("Btn")
	switch n := c.resolve(ap["N"]).(type) {
	case *stream:
		if field {
			c.report.add("6.3.3-3", at, "")
		}
		draw(n)
	case dict:
		if !field {
			c.report.add("6.3.3-4", at, "")
		}
		states := 0
		for _, state := range sortedKeys(n) {
			if s, ok := c.resolve(n[state]).(*stream); ok {
				states++
				draw(s)
			}
		}
		if field && states == 0 {
			c.report.add("6.3.3-3", at, "no state has an appearance")
		}
	default:
		if ap["N"] != nil {
			c.report.add("6.3.3-4", at, "")
		}
	}
}

// emptyRect tells whether an annotation takes no room.
func (c *checker) emptyRect(o object) bool {
	r := c.array(o)
	if len(r) != 4 {
		return false
	}
	var v [4]float64
	for i := range v {
		v[i], _ = c.number(r[i])
	}
	return v[0] == v[2] && v[1] == v[3]
}

// inherited looks a key of a form field up through its parents.
func (c *checker) inherited(d dict, key name) object {
	for range 32 {
		if v := c.resolve(d[key]); v != nil {
			return v
		}
		if d = c.dict(d["Parent"]); d == nil {
			break
		}
	}
	return nil
}

// checkForm: ISO 19005-2, 6.4.
func (c *checker) checkForm() {
	form := c.dict(c.catalog["AcroForm"])
	if form == nil {
		return
	}
	at := place{num: numberOf(c.catalog["AcroForm"])}
	if v, ok := form["NeedAppearances"]; ok && c.resolve(v) != false {
		c.report.add("6.4.1-3", at, "")
	}
	if form["XFA"] != nil {
		c.report.add("6.4.2-1", at, "")
	}
	seen := map[int]bool{}
	for _, field := range c.array(form["Fields"]) {
		c.checkField(field, seen, 0)
	}
}

func (c *checker) checkField(o object, seen map[int]bool, depth int) {
	num := numberOf(o)
	d := c.dict(o)
	if d == nil || num != 0 && seen[num] || depth > 64 {
		return
	}
	seen[num] = true
	c.budget.spend(16)
	at := place{num: num}
	if d["A"] != nil || d["AA"] != nil {
		c.report.add("6.4.1-2", at, "")
	}
	c.checkAction(d["A"], at, 0)
	c.checkActions(d["AA"], at)
	if c.inherited(d, "FT") == name("Sig") && d["V"] != nil {
		c.checkSignature(d["V"])
	}
	if v, ok := d["Lang"]; ok && c.flavour.level == 'a' {
		c.checkLang(v, at)
	}
	for _, kid := range c.array(d["Kids"]) {
		c.checkField(kid, seen, depth+1)
	}
}

// allowedActions are the action types of ISO 32000-1, table 198, that ISO
// 19005-2, 6.5.1 leaves.
var allowedActions = setOf("GoTo", "GoToR", "GoToE", "Thread", "URI", "Named", "SubmitForm")

// checkAction: ISO 19005-2, 6.5.1, and what follows in /Next.
func (c *checker) checkAction(o object, at place, depth int) {
	d := c.dict(o)
	if d == nil {
		return
	}
	if num := numberOf(o); num != 0 {
		if c.actions[num] {
			return
		}
		c.actions[num] = true
		at.num = num
	}
	c.budget.spend(16)
	if depth > 64 {
		c.report.add(ruleLimits, at, "actions are nested too deeply")
		return
	}
	kind := c.name(d["S"])
	if !allowedActions[kind] {
		c.report.add("6.5.1-1", at, printable(kind))
	}
	if kind == "Named" {
		switch n := c.name(d["N"]); n {
		case "NextPage", "PrevPage", "FirstPage", "LastPage":
		default:
			c.report.add("6.5.1-2", at, printable(n))
		}
	}
	switch next := c.resolve(d["Next"]).(type) {
	case dict:
		c.checkAction(d["Next"], at, depth+1)
	case array:
		for _, x := range next {
			c.checkAction(x, at, depth+1)
		}
	}
}

// checkActions looks at a dictionary of additional actions.
func (c *checker) checkActions(o object, at place) {
	aa := c.dict(o)
	for _, key := range sortedKeys(aa) {
		c.checkAction(aa[key], at, 0)
	}
}
