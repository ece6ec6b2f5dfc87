package gate

import (
	"fmt"
	"sort"
	"strings"
)

// colourModel is a set of device colour models.
type colourModel uint8

const (
	modelGray colourModel = 1 << iota
	modelRGB
	modelCMYK
)

// colourSpace is what matters of a colour space when something is painted.
type colourSpace struct {
	device  colourModel // device models that it rests on and that no default replaces
	iccCMYK bool        // is an ICCBased space with four components
	pattern bool
	under   *colourSpace // of an uncoloured pattern
}

var deviceNames = map[name]colourModel{
	"DeviceGray": modelGray, "DeviceRGB": modelRGB, "DeviceCMYK": modelCMYK,
	"G": modelGray, "RGB": modelRGB, "CMYK": modelCMYK, "CalGray": 0, "CalRGB": 0, "Lab": 0,
}

var defaultNames = map[colourModel]name{
	modelGray: "DefaultGray", modelRGB: "DefaultRGB", modelCMYK: "DefaultCMYK",
}

// spot is a Separation as the file defines it first.
type spot struct{ alternate, tint string }

// colourSpace reads a colour space in the light of the resources' default
// spaces and checks what it is made of: ISO 19005-2, 6.2.4.
func (c *checker) colourSpace(o object, res dict, at place, depth int) *colourSpace {
	c.budget.spend(16)
	cs := &colourSpace{}
	if depth > 8 {
		c.report.add(ruleParse, at, "colour spaces are nested too deeply")
		return cs
	}
	if num := numberOf(o); num != 0 {
		at.num = num
	}
	o = c.resolve(o)
	if n, ok := o.(name); ok {
		return c.namedSpace(n, res, at, depth)
	}
	a, ok := o.(array)
	if !ok || len(a) == 0 {
		c.report.add(ruleParse, at, "a colour space is broken")
		return cs
	}
	kind := c.name(a[0])
	arg := func(i int) object {
		if i < len(a) {
			return a[i]
		}
		return nil
	}
	switch kind {
	case "ICCBased":
		p := c.profile(arg(1))
		c.checkInputProfile(p, at)
		cs.iccCMYK = p.space == "CMYK"
	case "CalGray", "CalRGB", "Lab":
	case "Indexed", "I":
		base := c.colourSpace(arg(1), res, at, depth+1)
		cs.device, cs.iccCMYK = base.device, base.iccCMYK
	case "Pattern":
		cs.pattern = true
		if len(a) > 1 {
			cs.under = c.colourSpace(arg(1), res, at, depth+1)
		}
	case "Separation":
		cs.device = c.colourSpace(arg(2), res, at, depth+1).device
		c.checkSpot(c.name(arg(1)), arg(2), arg(3), at)
	case "DeviceN":
		cs.device = c.deviceN(a, res, at, depth)
	default:
		if _, isDevice := deviceNames[kind]; isDevice {
			return c.namedSpace(kind, res, at, depth)
		}
		c.report.add(ruleParse, at, "a colour space is unknown")
	}
	return cs
}

func (c *checker) namedSpace(n name, res dict, at place, depth int) *colourSpace {
	if n == "Pattern" {
		return &colourSpace{pattern: true}
	}
	own := c.dict(res["ColorSpace"])
	if model, isDevice := deviceNames[n]; isDevice {
		if d, ok := own[defaultNames[model]]; ok && model != 0 {
			if c.name(d) == "" { // a default that is itself a device name replaces nothing
				return c.colourSpace(d, res, at, depth+1)
			}
		}
		return &colourSpace{device: model}
	}
	if o, ok := own[n]; ok && c.name(o) != n {
		return c.colourSpace(o, res, at, depth+1)
	}
	c.report.add("6.2.2-2", at, "a colour space is not in the resources")
	return &colourSpace{}
}

// deviceN: ISO 19005-2, 6.2.4.4 and 6.1.13.
func (c *checker) deviceN(a array, res dict, at place, depth int) colourModel {
	if len(a) < 4 {
		c.report.add(ruleParse, at, "a colour space is broken")
		return 0
	}
	names := c.array(a[1])
	c.budget.spend(64 * len(names))
	if len(names) > 32 {
		c.report.add("6.1.13-9", at, "")
	}
	var attrs dict
	if len(a) > 4 {
		attrs = c.dict(a[4])
	}
	colorants := c.dict(attrs["Colorants"])
	process := map[name]bool{}
	for _, n := range c.array(c.dict(attrs["Process"])["Components"]) {
		process[c.name(n)] = true
	}
	for _, o := range names {
		n := c.name(o)
		c.checkUTF8(n, at)
		switch n {
		case "None", "Cyan", "Magenta", "Yellow", "Black":
			continue
		}
		if _, ok := colorants[n]; !ok && !process[n] {
			c.report.add("6.2.4.4-1", at, "")
		}
	}
	for _, n := range sortedKeys(colorants) {
		c.colourSpace(colorants[n], res, at, depth+1)
	}
	return c.colourSpace(a[2], res, at, depth+1).device
}

// checkSpot: ISO 19005-2, 6.2.4.4, one definition for each name of a Separation.
func (c *checker) checkSpot(n name, alternate, tint object, at place) {
	c.checkUTF8(n, at)
	if n == "All" || n == "None" {
		return
	}
	here := spot{c.fingerprint(alternate, 0), c.fingerprint(tint, 0)}
	if known, ok := c.spots[n]; !ok {
		c.spots[n] = here
	} else if known != here {
		c.report.add("6.2.4.4-2", at, "")
	}
}

// fingerprint writes an object out so that equal objects give equal strings.
func (c *checker) fingerprint(o object, depth int) string {
	c.budget.spend(32)
	if depth > 8 {
		return "..."
	}
	switch v := c.resolve(o).(type) {
	case array:
		var b strings.Builder
		for _, x := range v {
			b.WriteString(c.fingerprint(x, depth+1) + " ")
		}
		return "[" + b.String() + "]"
	case dict:
		return c.fingerprintDict(v, depth)
	case *stream:
		data, _ := c.decode(v)
		d := dict{}
		for k, x := range v.dict {
			if k != "Length" && k != "Filter" && k != "DecodeParms" {
				d[k] = x
			}
		}
		return c.fingerprintDict(d, depth) + string(data)
	case int64:
		return fmt.Sprint(float64(v))
	default:
		return fmt.Sprintf("%T:%v", v, v)
	}
}

func (c *checker) fingerprintDict(d dict, depth int) string {
	var parts []string
	for k, x := range d {
		parts = append(parts, string(k)+"="+c.fingerprint(x, depth+1))
	}
	sort.Strings(parts)
	return "<" + strings.Join(parts, ",") + ">"
}

// paint notes that a colour space is used: ISO 19005-2, 6.2.4.3.
func (c *checker) paint(cs *colourSpace, at place) {
	if cs == nil {
		return
	}
	if cs.under != nil {
		c.paint(cs.under, at)
	}
	if cs.device&modelGray != 0 && !c.intents {
		c.report.add("6.2.4.3-4", at, "")
	}
	if cs.device&modelRGB != 0 && c.intent != modelRGB {
		c.report.add("6.2.4.3-2", at, "")
	}
	if cs.device&modelCMYK != 0 && c.intent != modelCMYK {
		c.report.add("6.2.4.3-3", at, "")
	}
}

// checkRenderingIntent: ISO 19005-2, 6.2.6.
func (c *checker) checkRenderingIntent(o object, at place) {
	if o == nil {
		return
	}
	switch n := c.name(o); n {
	case "RelativeColorimetric", "AbsoluteColorimetric", "Perceptual", "Saturation":
	default:
		c.report.add("6.2.6-1", at, printable(n))
	}
}
