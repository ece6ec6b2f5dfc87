package gate

// iccProfile is what the header of an ICC profile says (ICC.1:2001-12 and ISO
// 15076-1, clause 7.2).
type iccProfile struct {
	num     int
	ok      bool   // it has a header that holds together
	version int    // major
	class   string // "mntr", "prtr", "scnr", "spac", ...
	space   string // "RGB ", "CMYK", "GRAY", "Lab ", ...
	n       int    // /N of the stream
}

var iccComponents = map[string]int{"GRAY": 1, "RGB ": 3, "Lab ": 3, "CMYK": 4}

// profile reads the header of a profile stream.
func (c *checker) profile(o object) *iccProfile {
	num := numberOf(o)
	if p, ok := c.profiles[num]; ok && num != 0 {
		return p
	}
	p := &iccProfile{num: num}
	if num != 0 {
		c.profiles[num] = p
	}
	s, ok := c.resolve(o).(*stream)
	if !ok {
		return p
	}
	p.num = s.num
	p.n, _ = c.integer(s.dict["N"])
	data, err := c.decode(s)
	if err != nil || len(data) < 132 {
		return p
	}
	p.version, p.class, p.space = int(data[8]), string(data[12:16]), string(data[16:20])
	p.ok = string(data[36:40]) == "acsp" && u32(data, 0) <= len(data) && u32(data, 0) >= 132
	return p
}

// checkIntents: ISO 19005-2, 6.2.3.
func (c *checker) checkIntents() {
	at := place{num: numberOf(c.catalog["OutputIntents"])}
	list := c.array(c.catalog["OutputIntents"])
	profile := 0
	for _, o := range list {
		d := c.dict(o)
		if d == nil {
			continue
		}
		at := place{num: max(numberOf(o), at.num)}
		if c.name(d["S"]) == "GTS_PDFX" && d["DestOutputProfileRef"] != nil {
			c.report.add("6.2.3-3", at, "")
		}
		dest, ok := d["DestOutputProfile"]
		if !ok {
			continue // an intent without a profile says nothing about colour
		}
		if num := numberOf(dest); profile != 0 && num != profile {
			c.report.add("6.2.3-2", at, "")
		} else {
			profile = num
		}
		p := c.profile(dest)
		good := p.ok && (p.class == "prtr" || p.class == "mntr") && p.version < 5 &&
			(p.space == "RGB " || p.space == "CMYK" || p.space == "GRAY")
		if !good {
			c.report.add("6.2.3-1", place{num: p.num}, "")
		}
		if good && iccComponents[p.space] != p.n {
			c.report.add("6.2.3-1", place{num: p.num}, "/N does not fit the profile")
		}
		if c.name(d["S"]) == "GTS_PDFA1" {
			c.intents = true
			c.intent = map[string]colourModel{"GRAY": modelGray, "RGB ": modelRGB, "CMYK": modelCMYK}[p.space]
		}
	}
}

// checkInputProfile: ISO 19005-2, 6.2.4.2.
func (c *checker) checkInputProfile(p *iccProfile, at place) {
	good := p.ok && p.version < 5 && p.n == iccComponents[p.space]
	switch p.class {
	case "prtr", "mntr", "scnr", "spac":
	default:
		good = false
	}
	if !good || p.n == 0 {
		at.num = max(p.num, at.num)
		c.report.add("6.2.4.2-1", at, "")
	}
}
