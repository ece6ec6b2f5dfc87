package gate

// inlineImage reads from BI to EI: ISO 19005-2, 6.1.10 and 6.2.8.
func (r *drawing) inlineImage(l *lexer) bool {
	d := dict{}
	for {
		t, err := l.token()
		if err != nil {
			return false
		}
		if t == keyword("ID") {
			break
		}
		k, ok := t.(name)
		if !ok {
			return false
		}
		if t, err = l.token(); err != nil {
			return false
		}
		o, err := l.finish(t, false)
		if err != nil {
			return false
		}
		d[longKey(k)] = o
	}
	end := findEI(l.data, l.pos)
	if end < 0 {
		return false
	}
	r.c.budget.spend(end - l.pos)
	l.pos = end
	at := r.at(0)
	filters, ok := d["Filter"].(array)
	if !ok && d["Filter"] != nil {
		filters = array{d["Filter"]}
	}
	for _, f := range filters {
		switch n, _ := f.(name); n {
		case "ASCIIHexDecode", "AHx", "ASCII85Decode", "A85", "FlateDecode", "Fl", "RunLengthDecode", "RL",
			"CCITTFaxDecode", "CCF", "DCTDecode", "DCT":
		default:
			r.c.report.add("6.1.10-1", at, printable(n))
		}
	}
	mask := d["ImageMask"] == true
	r.c.checkImageKeys(d["Interpolate"], d["BitsPerComponent"], d["Intent"], mask, at)
	if mask {
		r.paintFill()
	} else if cs := d["ColorSpace"]; cs != nil {
		if n, ok := cs.(name); ok {
			r.c.paint(r.space(n), at)
		} else {
			r.c.paint(r.c.colourSpace(cs, r.res, at, 0), at)
		}
	}
	return true
}

// longKey expands the abbreviations of ISO 32000-1, table 93.
func longKey(k name) name {
	switch k {
	case "BPC":
		return "BitsPerComponent"
	case "CS":
		return "ColorSpace"
	case "F":
		return "Filter"
	case "I":
		return "Interpolate"
	case "IM":
		return "ImageMask"
	}
	return k
}

// findEI finds the end of an inline image: EI between white space, followed by
// what can be content.
func findEI(data []byte, from int) int {
	for i := from + 1; i+2 <= len(data); i++ {
		if data[i] != 'E' || data[i+1] != 'I' || !isSpace(data[i-1]) {
			continue
		}
		after := data[i+2:]
		if len(after) == 0 {
			return i + 2
		}
		if isRegular(after[0]) {
			continue
		}
		plain := true
		for _, b := range after[:min(len(after), 12)] {
			plain = plain && (b >= 32 && b < 127 || b == 9 || b == 10 || b == 13)
		}
		if plain {
			return i + 2
		}
	}
	return -1
}
