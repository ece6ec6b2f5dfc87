package gate

import (
	"bytes"
	"encoding/binary"
)

// checkImage checks an image XObject that is drawn: ISO 19005-2, 6.2.8.
func (c *checker) checkImage(s *stream, r *drawing, depth int) {
	at := r.at(s.num)
	key := drawKey{num: s.num, image: true}
	if _, done := c.drawn[key]; done {
		r.transparent = r.transparent || c.drawn[key]
		return
	}
	c.budget.spend(256)
	d := s.dict
	for k, rule := range map[name]string{"Alternates": "6.2.8-1", "OPI": "6.2.8-2"} {
		if d[k] != nil {
			c.report.add(rule, at, "")
		}
	}
	c.checkMetadataStream(d["Metadata"])
	mask := c.resolve(d["ImageMask"]) == true
	c.checkImageKeys(d["Interpolate"], d["BitsPerComponent"], d["Intent"], mask, at)
	filters, _ := c.filters(d)
	jpx := len(filters) > 0 && filters[len(filters)-1] == "JPXDecode"
	if cs := d["ColorSpace"]; cs != nil && !mask {
		if depth == 0 { // the grey of a soft mask is no colour (ISO 32000-1, 11.6.5.3)
			c.paint(c.colourSpace(cs, r.res, at, 0), at)
		}
	} else if !mask && !jpx {
		c.report.add(ruleParse, at, "an image has no colour space")
	}
	transparent := false
	if jpx {
		c.checkJPX(s, filters, at)
		n, _ := c.integer(d["SMaskInData"])
		transparent = n > 0
	}
	if soft, ok := c.resolve(d["SMask"]).(*stream); ok {
		transparent = true
		if depth < 4 {
			c.checkImage(soft, r, depth+1)
		}
	}
	if hard, ok := c.resolve(d["Mask"]).(*stream); ok && depth < 4 {
		c.checkImage(hard, r, depth+1)
	}
	c.drawn[key] = transparent
	r.transparent = r.transparent || transparent
}

// checkImageKeys checks what image XObjects and inline images have in common.
func (c *checker) checkImageKeys(interpolate, bits, intent object, mask bool, at place) {
	if interpolate != nil && c.resolve(interpolate) != false {
		c.report.add("6.2.8-3", at, "")
	}
	if bits != nil {
		n, _ := c.integer(bits)
		switch {
		case mask && n != 1:
			c.report.add("6.2.8-5", at, "")
		case n != 1 && n != 2 && n != 4 && n != 8 && n != 16:
			c.report.add("6.2.8-4", at, "")
		}
	}
	c.checkRenderingIntent(intent, at)
}

// jp2Header is what the boxes of a JPX file say (ISO/IEC 15444-1, annex I).
type jp2Header struct {
	found    bool
	channels int
	depth    int   // bits of a component; 0 if they differ
	mixed    bool  // a bpcc box gives different depths
	methods  []int // METH of each colr box
	approx   []int // APPROX of each colr box
	spaces   []int // EnumCS of each colr box, 0 if none
	palette  int   // columns of a palette
}

// checkJPX: ISO 19005-2, 6.2.8.3.
func (c *checker) checkJPX(s *stream, filters []name, at place) {
	if len(filters) != 1 {
		c.report.add(ruleUnchecked, at, "JPEG 2000 data behind another filter")
		return
	}
	data := c.src.window(s.start, int(min(s.length, 1<<20)))
	h := readJP2(data)
	if !h.found {
		c.report.add("6.2.8.3-1", at, "no JP2 header")
		return
	}
	n := h.channels
	if h.palette > 0 {
		n = h.palette
	}
	if n != 1 && n != 3 && n != 4 {
		c.report.add("6.2.8.3-1", at, "")
	}
	best := 0
	for _, a := range h.approx {
		if a == 1 {
			best++
		}
	}
	if len(h.methods) > 1 && best != 1 {
		c.report.add("6.2.8.3-2", at, "")
	}
	for i, m := range h.methods {
		if len(h.methods) > 1 && h.approx[i] != 1 {
			continue
		}
		if m < 1 || m > 3 {
			c.report.add("6.2.8.3-3", at, "")
		}
		if m == 1 && h.spaces[i] == 19 {
			c.report.add("6.2.8.3-4", at, "")
		}
		if m == 1 && h.spaces[i] == 12 && s.dict["ColorSpace"] == nil {
			c.paint(&colourSpace{device: modelCMYK}, at)
		}
	}
	if len(h.methods) == 0 {
		c.report.add("6.2.8.3-3", at, "no colour specification")
	}
	if h.mixed || h.depth < 1 || h.depth > 38 {
		c.report.add("6.2.8.3-5", at, "")
	}
}

// readJP2 walks the boxes of a JP2 or JPX file.
func readJP2(data []byte) (h jp2Header) {
	if !bytes.HasPrefix(data, []byte("\x00\x00\x00\x0cjP  \r\n\x87\n")) {
		return h
	}
	walkBoxes(data, func(kind string, body []byte) bool {
		if kind == "jp2h" {
			walkBoxes(body, func(kind string, body []byte) bool {
				h.box(kind, body)
				return true
			})
		}
		return kind != "jp2c"
	})
	return h
}

func (h *jp2Header) box(kind string, b []byte) {
	switch kind {
	case "ihdr":
		if len(b) >= 11 {
			h.found = true
			h.channels = int(binary.BigEndian.Uint16(b[8:]))
			if b[10] != 255 {
				h.depth = int(b[10]&0x7F) + 1
			}
		}
	case "bpcc":
		for i, x := range b {
			if i > 0 && x != b[0] {
				h.mixed = true
			}
		}
		if len(b) > 0 {
			h.depth = int(b[0]&0x7F) + 1
		}
	case "colr":
		if len(b) < 3 {
			return
		}
		h.methods = append(h.methods, int(b[0]))
		h.approx = append(h.approx, int(b[2]))
		space := 0
		if b[0] == 1 {
			space = u32(b, 3)
		}
		h.spaces = append(h.spaces, space)
	case "pclr":
		if len(b) >= 3 {
			h.palette = int(b[2])
		}
	}
}

// walkBoxes visits boxes until visit says no.
func walkBoxes(data []byte, visit func(kind string, body []byte) bool) {
	for len(data) >= 8 {
		n, head := u32(data, 0), 8
		switch n {
		case 0:
			n = len(data)
		case 1:
			if len(data) < 16 || u32(data, 8) != 0 {
				return
			}
			n, head = u32(data, 12), 16
		}
		if n < head {
			return
		}
		if !visit(string(data[4:8]), data[head:max(head, min(n, len(data)))]) || n >= len(data) {
			return
		}
		data = data[n:]
	}
}
