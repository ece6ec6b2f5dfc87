package foreign

import (
	"bytes"
	"context"
	"fmt"
	"math"
)

// addLayer lays the invisible text of the layer file over the pages that were
// read by a machine.
func (m *mender) addLayer() error {
	if len(m.call.Layers) == 0 {
		return nil
	}
	src, err := open(context.Background(), m.call.Layer)
	if err != nil {
		return fmt.Errorf("reading the text layer: %w", err)
	}
	leaves, err := src.pages(0)
	if err != nil || len(leaves) != len(m.call.Layers) {
		return fmt.Errorf("the text layer has %d pages, not %d", len(leaves), len(m.call.Layers))
	}
	copied := map[ref]ref{}
	for i, l := range m.call.Layers {
		if l.Page < 1 || l.Page > len(m.pages) {
			return fmt.Errorf("no page %d for a text layer", l.Page)
		}
		leaf := leaves[i]
		w, h := leaf.size()
		form := m.add(&stream{dict: dict{
			"Type": name("XObject"), "Subtype": name("Form"), "BBox": array{0.0, 0.0, w, h},
			"Resources": dict{"Font": m.adopt(src, leaf.resources["Font"], copied, 0)},
			"Filter":    name("FlateDecode"),
		}, raw: deflate(textOnly(src.contents(leaf)))})
		m.lay(m.pages[l.Page-1], form, m.pages[l.Page-1].upright(w, h, l.Turn, l.Skew))
		m.note("layer", "")
	}
	return nil
}

// lay draws a form over a page, in the page's own initial graphics state.
func (m *mender) lay(p page, form ref, at matrix) {
	names := m.dict(p.resources["XObject"])
	if names == nil {
		names = dict{}
		p.resources["XObject"] = names
	}
	n := name("BlattwerkText")
	for names[n] != nil {
		n += "x"
	}
	names[n] = form
	var before array
	switch c := m.get(p.dict["Contents"]).(type) {
	case *stream:
		before = array{p.dict["Contents"]}
	case array:
		before = c
	}
	end := "\nQ\nq"
	for _, v := range at {
		end += " " + real(v)
	}
	contents := array{m.add(&stream{dict: dict{}, raw: []byte("q\n")})}
	contents = append(contents, before...)
	p.dict["Contents"] = append(contents, m.add(&stream{dict: dict{}, raw: []byte(end + " cm " + escapeName(n) + " Do Q\n")}))
}

// upright maps the upright page of w by h points on which words were recognised
// to the page's user space. The displayed page was turned clockwise by turn and
// then by skew about its centre to become upright.
func (p page) upright(w, h float64, turn int, skew float64) matrix {
	sin, cos := math.Sincos(skew * math.Pi / 180)
	m := matrix{1, 0, 0, 1, -w / 2, -h / 2}.
		over(matrix{cos, sin, -sin, cos, 0, 0}).
		over(matrix{1, 0, 0, 1, w / 2, h / 2})
	m, w, h = unturn(m, w, h, turn)
	m, _, _ = unturn(m, w, h, p.rotate)
	return m.over(matrix{1 / p.unit, 0, 0, 1 / p.unit, 0, 0}).over(matrix{1, 0, 0, 1, p.crop[0], p.crop[1]})
}

// unturn appends to m the counter-clockwise turn of a page of w by h.
func unturn(m matrix, w, h float64, turn int) (matrix, float64, float64) {
	switch turn {
	case 90:
		return m.over(matrix{0, 1, -1, 0, h, 0}), h, w
	case 180:
		return m.over(matrix{-1, 0, 0, -1, w, h}), w, h
	case 270:
		return m.over(matrix{0, -1, 1, 0, 0, w}), h, w
	}
	return m, w, h
}

// textOnly keeps the text of a content stream that our own writer made: without
// the picture, and without the marks that belong to its own tags.
func textOnly(data []byte) []byte {
	var out bytes.Buffer
	c := &content{data: data}
	for start := 0; ; start = c.pos {
		o, ok := c.next()
		if !ok {
			return out.Bytes()
		}
		switch o.op {
		case "Do", "BDC", "BMC", "EMC", "DP", "MP":
		default:
			out.Write(bytes.TrimSpace(data[start:c.pos]))
			out.WriteByte('\n')
		}
	}
}

// adopt copies a value of another file, with all it refers to.
func (m *mender) adopt(src *file, v any, copied map[ref]ref, depth int) any {
	if depth > maxDepth {
		return nil
	}
	switch v := v.(type) {
	case ref:
		if r, ok := copied[v]; ok {
			return r
		}
		r := m.add(nil)
		copied[v] = r
		m.objects[r] = m.adopt(src, src.get(v), copied, depth+1)
		return r
	case dict:
		out := make(dict, len(v))
		for k, x := range v {
			out[k] = m.adopt(src, x, copied, depth+1)
		}
		return out
	case array:
		out := make(array, len(v))
		for i, x := range v {
			out[i] = m.adopt(src, x, copied, depth+1)
		}
		return out
	case *stream:
		d, _ := m.adopt(src, v.dict, copied, depth+1).(dict)
		return &stream{dict: d, raw: v.raw, inFile: v.inFile}
	}
	return v
}
