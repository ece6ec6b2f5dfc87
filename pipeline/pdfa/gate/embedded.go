package gate

import (
	"bytes"
	"errors"
	"regexp"
)

// maxEmbedding is how deep files within files are checked.
const maxEmbedding = 3

var mimeType = regexp.MustCompile(`^[-\w+.]+/[-\w+.]+$`)

// checkEmbedded checks the embedded files that the catalog names and those that
// any object of the file specifies: ISO 19005-2 and -3, 6.8.
func (c *checker) checkEmbedded() {
	c.walkNameTree(c.dict(c.catalog["Names"])["EmbeddedFiles"], 0, func(_ text, v object) { c.checkFileSpec(v, true) })
	for _, o := range c.fileSpecs {
		c.checkFileSpec(o, false)
	}
}

// checkFileSpec checks a file specification with an embedded file.
func (c *checker) checkFileSpec(o object, direct bool) {
	num := numberOf(o)
	if num != 0 {
		if c.specsSeen[num] {
			return
		}
		c.specsSeen[num] = true
	}
	d := c.dict(o)
	ef := c.dict(d["EF"])
	if ef == nil {
		return
	}
	at := place{num: num}
	if d["F"] == nil || d["UF"] == nil {
		c.report.add("6.8-2", at, "")
	}
	if c.flavour.part == 3 {
		if c.name(d["AFRelationship"]) == "" {
			c.report.add("6.8-3", at, "")
		}
		if num == 0 && direct || num != 0 && !c.associated[num] {
			c.report.add("6.8-4", at, "")
		}
	}
	seen := map[int]bool{}
	for _, key := range sortedKeys(ef) {
		s, ok := c.resolve(ef[key]).(*stream)
		if !ok || seen[s.num] {
			continue
		}
		seen[s.num] = true
		if c.flavour.part == 3 {
			if sub := c.name(s.dict["Subtype"]); !mimeType.MatchString(string(sub)) {
				c.report.add("6.8-1", place{num: s.num}, "")
			}
			continue
		}
		c.checkInner(s)
	}
}

// checkInner asks whether an embedded file is PDF/A itself: ISO 19005-2, 6.8.
func (c *checker) checkInner(s *stream) {
	at := place{num: s.num}
	if c.depth >= maxEmbedding {
		c.report.add(ruleLimits, at, "files are embedded too deeply")
		return
	}
	data, err := c.decode(s)
	if err != nil {
		c.report.add("6.8-5", at, "the embedded file cannot be decoded")
		return
	}
	v, err := validate(bytes.NewReader(data), int64(len(data)), Auto, c.depth+1, c.budget)
	switch {
	case errors.Is(err, ErrPart):
		c.report.add(ruleUnchecked, at, "the embedded file claims a part of PDF/A that the gate does not check")
	case err != nil:
		panic(halt{err: err})
	case !v.Valid || v.Flavour[0] != '2':
		c.report.add("6.8-5", at, "")
	}
}
