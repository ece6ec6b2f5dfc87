package foreign

import (
	"bytes"
	"math"
)

// toRGB rewrites printing colours (DeviceCMYK) that are set by operators as RGB,
// after the formula of ISO 32000-1, 10.3.5: red is what cyan and black leave.
// Pictures and shadings in CMYK are left as they are; the gate will say so.
func (m *mender) toRGB() {
	if !m.call.RGB {
		return
	}
	for _, p := range m.pages {
		if b, changed := rewriteColours(m.contents(p)); changed {
			p.dict["Contents"] = m.add(&stream{dict: dict{"Filter": name("FlateDecode")}, raw: deflate(b)})
			m.note("cmyk", "")
		}
	}
	for _, r := range m.refs() {
		switch v := m.objects[r].(type) {
		case *stream:
			if m.name(v.dict["Subtype"]) == "Form" || m.int(v.dict["PatternType"], 0) == 1 {
				m.recolour(v)
			}
		case dict:
			if m.name(v["Subtype"]) == "Type3" {
				for _, p := range m.dict(v["CharProcs"]) {
					if s := m.stream(p); s != nil {
						m.recolour(s)
					}
				}
			}
		}
	}
}

func (m *mender) recolour(s *stream) {
	data, err := m.bytes(s, maxDecoded)
	if err != nil {
		return
	}
	if b, changed := rewriteColours(data); changed {
		s.replace(deflate(b))
		s.dict["Filter"] = name("FlateDecode")
		delete(s.dict, "DecodeParms")
		m.note("cmyk", "")
	}
}

// rewriteColours gives a content stream without CMYK operators. All else stays
// byte for byte.
func rewriteColours(data []byte) ([]byte, bool) {
	var out bytes.Buffer
	changed := false
	c := &content{data: data}
	type spaces struct{ fill, stroke bool } // whether the current space is DeviceCMYK
	var now spaces
	var stack []spaces
	put := func(op string, args []any) {
		n, ok := (&file{}).numbers(array(args), 4)
		if !ok {
			n = []float64{0, 0, 0, 1}
		}
		out.WriteByte('\n')
		for _, v := range n[:3] {
			out.WriteString(real(math.Round((1-math.Min(1, math.Max(0, v+n[3])))*1e4)/1e4) + " ")
		}
		out.WriteString(op)
		changed = true
	}
	for start := 0; ; start = c.pos {
		o, ok := c.next()
		if !ok {
			out.Write(data[start:])
			return out.Bytes(), changed
		}
		cmyk := lastArg(o) == name("DeviceCMYK")
		switch {
		case o.op == "k":
			put("rg", o.args)
			now.fill = false
			continue
		case o.op == "K":
			put("RG", o.args)
			now.stroke = false
			continue
		case o.op == "cs":
			if now.fill = cmyk; cmyk {
				put("rg", nil)
				continue
			}
		case o.op == "CS":
			if now.stroke = cmyk; cmyk {
				put("RG", nil)
				continue
			}
		case (o.op == "sc" || o.op == "scn") && now.fill:
			put("rg", o.args)
			continue
		case (o.op == "SC" || o.op == "SCN") && now.stroke:
			put("RG", o.args)
			continue
		case o.op == "g" || o.op == "rg":
			now.fill = false
		case o.op == "G" || o.op == "RG":
			now.stroke = false
		case o.op == "q" && len(stack) < 4096:
			stack = append(stack, now)
		case o.op == "Q" && len(stack) > 0:
			now, stack = stack[len(stack)-1], stack[:len(stack)-1]
		}
		out.Write(data[start:c.pos])
	}
}
