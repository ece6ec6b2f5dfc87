package gate

// checkCatalog checks what hangs directly on the document catalog: ISO 19005-2,
// 6.1.12, 6.4.2, 6.5.2, 6.8 to 6.11.
func (c *checker) checkCatalog() {
	at := place{num: numberOf(c.trailer["Root"])}
	if c.catalog["AA"] != nil {
		c.report.add("6.5.2-1", at, "")
	}
	if c.catalog["NeedsRendering"] != nil {
		c.report.add("6.4.2-2", at, "")
	}
	if c.catalog["Requirements"] != nil {
		c.report.add("6.11-1", at, "")
	}
	names := c.dict(c.catalog["Names"])
	if names["AlternatePresentations"] != nil {
		c.report.add("6.10-1", at, "")
	}
	c.checkPerms()
	c.checkOptionalContent()
	c.checkEmbedded()
	if v, ok := c.catalog["Lang"]; ok && c.flavour.level == 'a' {
		c.checkLang(v, at)
	}
	if a, isArray := c.resolve(c.catalog["OpenAction"]).(array); !isArray || a == nil {
		c.checkAction(c.catalog["OpenAction"], at, 0)
	}
	if names["JavaScript"] != nil {
		c.walkNameTree(names["JavaScript"], 0, func(_ text, v object) { c.checkAction(v, at, 0) })
	}
	c.checkOutlines(c.catalog["Outlines"])
}

// walkNameTree visits the leaves of a name tree (ISO 32000-1, 7.9.6).
func (c *checker) walkNameTree(o object, depth int, visit func(key text, value object)) {
	if depth > 32 {
		c.report.add(ruleLimits, place{num: numberOf(o)}, "a name tree is too deep")
		return
	}
	c.budget.spend(16)
	d := c.dict(o)
	leaves := c.array(d["Names"])
	for i := 0; i+1 < len(leaves); i += 2 {
		c.budget.spend(8)
		k, _ := c.resolve(leaves[i]).(text)
		visit(k, leaves[i+1])
	}
	for _, kid := range c.array(d["Kids"]) {
		c.walkNameTree(kid, depth+1, visit)
	}
}

// checkOutlines looks at the actions of bookmarks.
func (c *checker) checkOutlines(root object) {
	seen := map[int]bool{}
	todo := []object{c.dict(root)["First"]}
	for len(todo) > 0 {
		o := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		num := numberOf(o)
		d := c.dict(o)
		if d == nil || seen[num] {
			continue
		}
		if num != 0 {
			seen[num] = true
		}
		c.budget.spend(16)
		c.checkAction(d["A"], place{num: num}, 0)
		todo = append(todo, d["Next"], d["First"])
	}
}

// checkPerms: ISO 19005-2, 6.1.12.
func (c *checker) checkPerms() {
	perms := c.dict(c.catalog["Perms"])
	at := place{num: numberOf(c.catalog["Perms"])}
	for key := range perms {
		if key != "UR3" && key != "DocMDP" {
			c.report.add("6.1.12-1", at, printable(key))
		}
	}
	if perms["DocMDP"] == nil {
		return
	}
	for _, o := range []object{perms["DocMDP"]} {
		for _, r := range c.array(c.dict(o)["Reference"]) {
			d := c.dict(r)
			for _, key := range []name{"DigestLocation", "DigestMethod", "DigestValue"} {
				if d[key] != nil {
					c.report.add("6.1.12-2", place{num: numberOf(o)}, string(key))
				}
			}
		}
	}
}

// checkOptionalContent: ISO 19005-2, 6.9.
func (c *checker) checkOptionalContent() {
	props := c.dict(c.catalog["OCProperties"])
	if props == nil {
		return
	}
	groups := map[int]bool{}
	for _, g := range c.array(props["OCGs"]) {
		groups[numberOf(g)] = true
		if _, ok := c.resolve(c.dict(g)["Name"]).(text); !ok {
			c.report.add(ruleParse, place{num: numberOf(g)}, "an optional content group has no name")
		}
	}
	configs := c.array(props["Configs"])
	if d, ok := props["D"]; ok {
		configs = append(array{d}, configs...)
	}
	names := map[text]bool{}
	for _, o := range configs {
		at := place{num: numberOf(o)}
		d := c.dict(o)
		if d == nil {
			continue
		}
		title, ok := c.resolve(d["Name"]).(text)
		if !ok || title == "" {
			c.report.add("6.9-1", at, "")
		} else if names[title] {
			c.report.add("6.9-2", at, "")
		}
		names[title] = true
		if d["AS"] != nil {
			c.report.add("6.9-4", at, "")
		}
		if order, ok := d["Order"]; ok {
			c.budget.spend(8 * len(groups))
			listed := map[int]bool{}
			c.gatherOrder(order, listed, 0)
			for num := range groups {
				if !listed[num] {
					c.report.add("6.9-3", at, "")
					break
				}
			}
		}
	}
}

// gatherOrder collects the groups named by an /Order array.
func (c *checker) gatherOrder(o object, listed map[int]bool, depth int) {
	c.budget.spend(8)
	if depth > 32 {
		return
	}
	if a, ok := c.resolve(o).(array); ok {
		for _, x := range a {
			c.gatherOrder(x, listed, depth+1)
		}
		return
	}
	listed[numberOf(o)] = true
}
