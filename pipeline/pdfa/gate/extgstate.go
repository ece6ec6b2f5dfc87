package gate

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
