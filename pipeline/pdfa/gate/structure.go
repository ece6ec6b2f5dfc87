package gate

import (
	"bytes"
	"slices"
	"sort"
	"unicode/utf8"
)

// checkHeader: ISO 19005-2, 6.1.2.
func (c *checker) checkHeader() {
	w := c.src.window(0, 64)
	if len(w) < 9 || !bytes.HasPrefix(w, []byte("%PDF-1.")) || w[7] < '0' || w[7] > '7' || !isEOL(w[8]) {
		c.report.add("6.1.2-1", place{}, "")
		return
	}
	w = w[9:]
	if w[0] == '\n' && c.src.at(8) == '\r' {
		w = w[1:]
	}
	if len(w) < 5 || w[0] != '%' || slices.ContainsFunc(w[1:5], func(b byte) bool { return b <= 127 }) {
		c.report.add("6.1.2-2", place{}, "")
	}
}

// checkEnd: ISO 19005-2, 6.1.3, no data after the last end-of-file marker.
func (c *checker) checkEnd() {
	n := min(c.src.size, 1024)
	tail := c.src.window(c.src.size-n, int(n))
	i := bytes.LastIndex(tail, []byte("%%EOF"))
	if i >= 0 {
		switch string(tail[i+5:]) {
		case "", "\n", "\r", "\r\n":
			return
		}
	}
	c.report.add("6.1.3-3", place{}, "")
}

// checkTrailer: ISO 19005-2, 6.1.3.
func (c *checker) checkTrailer() {
	id := c.array(c.trailer["ID"])
	ok := len(id) == 2
	for _, part := range id {
		s, isText := c.resolve(part).(text)
		ok = ok && isText && len(s) > 0
	}
	if !ok {
		c.report.add("6.1.3-1", place{}, "")
	}
	if c.trailer["Encrypt"] != nil {
		c.report.add("6.1.3-2", place{}, "")
	}
	// 6.1.13: an indirect object needs a number of its own; 8,388,607 is the limit.
	if len(c.entries) > 8388607 {
		c.report.add("6.1.13-7", place{}, "")
	}
}

// checkObjects reads every indirect object once, used or not.
func (c *checker) checkObjects() {
	nums := make([]int, 0, len(c.entries))
	for num := range c.entries {
		nums = append(nums, num)
	}
	sort.Slice(nums, func(i, j int) bool {
		a, b := c.entries[nums[i]], c.entries[nums[j]]
		if a.group != b.group {
			return a.group < b.group
		}
		return a.off < b.off || a.off == b.off && nums[i] < nums[j]
	})
	for _, num := range nums {
		o := c.load(num)
		if c.entries[num].group == 0 && o == nil && !c.noted[num] {
			c.report.add(ruleParse, place{num: num}, "an object is missing")
		}
		switch v := o.(type) {
		case *stream:
			c.checkStream(v)
			c.gather(v.dict, num)
			if v.dict["Type"] == name("Metadata") && v.dict["Subtype"] == name("XML") {
				c.streams = append(c.streams, num)
			}
		case dict, array:
			c.gather(v, num)
		}
	}
}

// gather notes what later checks look for in all objects.
func (c *checker) gather(o object, num int) {
	d, ok := o.(dict)
	if !ok {
		if a, ok := o.(array); ok {
			for _, x := range a {
				c.gather(x, 0)
			}
		}
		return
	}
	if _, ok := d["EF"]; ok {
		if num != 0 {
			c.fileSpecs = append(c.fileSpecs, ref{num, c.entries[num].gen})
		} else {
			c.fileSpecs = append(c.fileSpecs, d)
		}
	}
	for _, x := range d {
		switch x.(type) {
		case dict, array:
			c.gather(x, 0)
		}
	}
	switch v := d["AF"].(type) {
	case array:
		for _, o := range v {
			c.associated[numberOf(o)] = true
		}
	case ref:
		c.associated[v.num] = true
		for _, o := range c.array(v) {
			c.associated[numberOf(o)] = true
		}
	}
}

// checkStream: ISO 19005-2, 6.1.7.
func (c *checker) checkStream(s *stream) {
	at := place{num: s.num, off: s.start}
	for _, key := range []name{"F", "FFilter", "FDecodeParms"} {
		if _, ok := s.dict[key]; ok {
			c.report.add("6.1.7.1-3", at, string(key))
		}
	}
	filters, parms := c.filters(s.dict)
	for i, n := range filters {
		switch n {
		case "ASCIIHexDecode", "ASCII85Decode", "FlateDecode", "RunLengthDecode",
			"CCITTFaxDecode", "JBIG2Decode", "DCTDecode", "JPXDecode":
		case "Crypt":
			// Identity is the default (ISO 32000-1, table 14).
			if p := parms[i]; p["Name"] != nil && c.name(p["Name"]) != "Identity" {
				c.report.add("6.1.7.2-1", at, "Crypt")
			}
		default:
			c.report.add("6.1.7.2-1", at, printable(n))
		}
	}
}

// printable shortens a name from the file for a report.
func printable(n name) string {
	out := make([]rune, 0, 40)
	for _, r := range string(n) {
		if r < 32 || r == utf8.RuneError || len(out) == 40 {
			r = '?'
		}
		if out = append(out, r); len(out) > 40 {
			break
		}
	}
	return string(out)
}

// checkUTF8: ISO 19005-2, 6.1.8.
func (c *checker) checkUTF8(n name, at place) {
	if !utf8.ValidString(string(n)) {
		c.report.add("6.1.8-1", at, "")
	}
}
