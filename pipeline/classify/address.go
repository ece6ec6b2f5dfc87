package classify

import "strings"

// block is a run of lines that make an address.
type block struct {
	first, last int // lines, inclusive
	postcode    string
	city        string
}

// addressBlocks finds addresses on the first page: from a line with postcode
// and city upwards, through lines of the same column that stand close above,
// six at the most.
func addressBlocks(lines []line) []block {
	var blocks []block
	for i, ln := range lines {
		m := cityLine().FindStringSubmatch(strings.TrimRight(ln.text, " .,;"))
		if m == nil || ln.last-ln.first > 12 {
			continue
		}
		b := block{first: i, last: i, postcode: m[1], city: strings.TrimSpace(m[2])}
		if strings.ContainsAny(ln.text, ",·•|") || strings.Contains(ln.text, " - ") {
			blocks = append(blocks, b) // return address or footer: all in one line
			continue
		}
		below := ln
		for j := i - 1; j >= 0 && i-j <= 12; j-- {
			up := lines[j]
			if !sameColumn(up, below) {
				if up.height > 0 && below.box.Y0-up.box.Y1 > 3*below.height {
					break
				}
				if up.height == 0 {
					break
				}
				continue
			}
			if below.height > 0 && below.box.Y0-up.box.Y1 > below.height*5/4 ||
				below.height == 0 && up.par != below.par ||
				up.last-up.first > 9 || cityLine().MatchString(up.text) || placeDate().MatchString(up.text) {
				break
			}
			b.first, below = j, up
			if b.last-b.first >= 6 {
				break
			}
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// sameColumn reports whether two lines start at about the same place.
func sameColumn(a, b line) bool {
	if a.height == 0 || b.height == 0 {
		return true
	}
	d := a.box.X0 - b.box.X0
	return d < 2*b.height && -d < 2*b.height
}
