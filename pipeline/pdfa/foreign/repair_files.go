package foreign

import (
	"fmt"
	"slices"
	"strings"
)

// mendFiles makes embedded files keep ISO 19005-3, 6.8: names, a media type, a
// relationship, and a link from the document. The files themselves stay as they
// are.
func (m *mender) mendFiles() {
	specs := m.fileSpecs()
	for i, r := range specs {
		m.mendFileSpec(m.dict(r), i+1)
	}
	if len(specs) == 0 {
		return
	}
	m.files = true
	have := map[ref]bool{}
	c := m.catalog()
	af := slices.Clone(m.array(c["AF"]))
	m.refsIn(af, have, 0)
	for _, p := range m.pages {
		m.refsIn(m.array(p.dict["AF"]), have, 0)
	}
	for _, r := range specs {
		if !have[r] {
			af = append(af, r)
		}
	}
	c["AF"] = af
}

// fileSpecs lists the file specifications that embed something. One that stands
// inside another object gets a number, so that it can be linked.
func (m *mender) fileSpecs() []ref {
	embeds := func(v any) bool {
		d, ok := v.(dict)
		return ok && m.dict(d["EF"]) != nil
	}
	var out []ref
	for _, r := range m.refs() {
		if embeds(m.objects[r]) {
			out = append(out, r)
		}
	}
	number := func(v any) any {
		if !embeds(v) {
			return v
		}
		r := m.add(v)
		out = append(out, r)
		return r
	}
	m.each(func(d dict) {
		for _, k := range d.keys() {
			d[k] = number(d[k])
		}
		for i, v := range m.array(d["Names"]) {
			m.array(d["Names"])[i] = number(v)
		}
	})
	return out
}

func (m *mender) mendFileSpec(d dict, no int) {
	d["Type"] = name("Filespec")
	n := m.text(first(d, "UF", "F"))
	if n == "" {
		n = text(fmt.Sprintf("Anlage-%d", no))
	}
	for _, k := range []name{"F", "UF"} {
		if m.text(d[k]) == "" {
			d[k] = n
		}
	}
	if m.name(d["AFRelationship"]) == "" {
		d["AFRelationship"] = name("Unspecified")
		m.note("files", "")
	}
	ef := m.dict(d["EF"])
	for _, k := range ef.keys() {
		s := m.stream(ef[k])
		if s == nil {
			continue
		}
		s.dict["Type"] = name("EmbeddedFile")
		if t := m.name(s.dict["Subtype"]); !strings.Contains(string(t), "/") {
			s.dict["Subtype"] = name("application/octet-stream")
		}
		params := m.dict(s.dict["Params"])
		if params == nil {
			params = dict{}
			s.dict["Params"] = params
		}
		if at, ok := m.when(); ok && m.text(params["ModDate"]) == "" {
			params["ModDate"] = text("D:" + at.UTC().Format("20060102150405") + "Z")
		}
	}
}
