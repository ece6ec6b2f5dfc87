package gate

import (
	"math"
	"slices"
)

func sortedKeys[V any](m map[name]V) []name {
	keys := make([]name, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// pageNode is a page with what it inherits (ISO 32000-1, 7.7.3.4).
type pageNode struct {
	dict      dict
	num       int // object number
	no        int // 1-based
	resources object
	inherited bool // resources come from a parent
	boxes     map[name]object
}

// checkPages walks the page tree.
func (c *checker) checkPages() {
	seen := map[int]bool{}
	count := 0
	root := c.catalog["Pages"]
	if c.dict(root) == nil {
		c.report.add(ruleParse, place{}, "the page tree is missing")
		return
	}
	c.walkPages(root, pageNode{boxes: map[name]object{}}, seen, &count, 0)
	if count == 0 {
		c.report.add(ruleParse, place{num: numberOf(root)}, "the file has no page")
	}
}

func (c *checker) walkPages(o object, above pageNode, seen map[int]bool, count *int, depth int) {
	num := numberOf(o)
	d := c.dict(o)
	if d == nil || seen[num] || depth > 64 {
		c.report.add(ruleParse, place{num: num}, "the page tree is broken")
		return
	}
	seen[num] = true
	c.budget.spend(64)
	node := pageNode{dict: d, num: num, resources: above.resources, inherited: true, boxes: above.boxes}
	if r, ok := d["Resources"]; ok {
		node.resources, node.inherited = r, false
	}
	for _, key := range []name{"MediaBox", "CropBox"} {
		if b, ok := d[key]; ok {
			own := map[name]object{}
			for k, v := range node.boxes {
				own[k] = v
			}
			own[key] = b
			node.boxes = own
		}
	}
	if _, inner := d["Kids"]; inner && c.name(d["Type"]) != "Page" {
		before := *count
		for _, kid := range c.array(d["Kids"]) {
			c.walkPages(kid, node, seen, count, depth+1)
		}
		if n, ok := c.integer(d["Count"]); !ok || n != *count-before || c.name(d["Type"]) != "Pages" {
			c.report.add(ruleParse, place{num: num}, "a node of the page tree has a wrong /Count or /Type")
		}
		return
	}
	if depth == 0 {
		c.report.add(ruleParse, place{num: num}, "the root of the page tree is no node of it")
	}
	*count++
	if *count > maxPages {
		panic(halt{rule: ruleLimits, cause: "more than 50,000 pages"})
	}
	node.no = *count
	c.checkPage(node)
}

// checkPage checks one page and everything that is drawn on it.
func (c *checker) checkPage(p pageNode) {
	at := place{page: p.no, num: p.num}
	if c.name(p.dict["Type"]) != "Page" {
		c.report.add(ruleParse, at, "a page has no /Type /Page")
	}
	if p.dict["AA"] != nil {
		c.report.add("6.5.2-2", at, "")
	}
	if p.dict["PresSteps"] != nil {
		c.report.add("6.10-2", at, "")
	}
	for _, key := range []name{"BleedBox", "TrimBox", "ArtBox"} {
		if b, ok := p.dict[key]; ok {
			c.checkBox(b, at)
		}
	}
	if p.boxes["MediaBox"] == nil {
		c.report.add(ruleParse, at, "a page has no /MediaBox")
	}
	for _, key := range []name{"MediaBox", "CropBox"} {
		if b, ok := p.boxes[key]; ok {
			c.checkBox(b, at)
		}
	}
	if v, ok := p.dict["Lang"]; ok && c.flavour.level == 'a' {
		c.checkLang(v, at)
	}
	c.checkMetadataStream(p.dict["Metadata"])
	c.drawPage(p, at)
}

// checkBox: ISO 19005-2, 6.1.13, page boundaries of 3 to 14,400 units.
func (c *checker) checkBox(o object, at place) {
	a := c.array(o)
	if len(a) != 4 {
		c.report.add("6.1.13-11", at, "not a rectangle")
		return
	}
	var v [4]float64
	for i := range v {
		n, ok := c.number(a[i])
		if !ok {
			c.report.add("6.1.13-11", at, "not a rectangle")
			return
		}
		v[i] = n
	}
	w, h := math.Abs(v[2]-v[0]), math.Abs(v[3]-v[1])
	if w < 3 || h < 3 || w > 14400 || h > 14400 {
		c.report.add("6.1.13-11", at, "")
	}
}
