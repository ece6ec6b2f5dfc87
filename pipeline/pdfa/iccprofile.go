package pdfa

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// iccHead is what the header of an ICC profile says.
type iccHead struct {
	Components int // of a pixel: 1 grey, 3 RGB, 4 CMYK
	Class      string
	Space      string
}

// maxProfile is the largest profile that is taken over from a picture, bytes.
// Printer profiles have a few megabytes at most.
const maxProfile = 16 << 20

// readICC checks whether a profile may stand in a PDF/A-2 file as the colour
// space of a picture (ISO 19005-2, 6.2.4.2): a whole profile of a class that
// describes colours, in grey, RGB or CMYK, of a version under 5, with the tables
// that a reader needs to use it.
func readICC(p []byte) (iccHead, error) {
	be := binary.BigEndian
	if len(p) < 132 || len(p) > maxProfile {
		return iccHead{}, fmt.Errorf("an ICC profile of %d bytes", len(p))
	}
	head := iccHead{Class: string(p[12:16]), Space: string(p[16:20])}
	if string(p[36:40]) != "acsp" {
		return iccHead{}, errors.New("not an ICC profile")
	}
	if size := be.Uint32(p); uint64(size) != uint64(len(p)) {
		return iccHead{}, fmt.Errorf("an ICC profile of %d bytes says it has %d", len(p), size)
	}
	if major := p[8]; major < 2 || major > 4 {
		return iccHead{}, fmt.Errorf("an ICC profile of version %d", major)
	}
	switch head.Class {
	case "scnr", "mntr", "prtr", "spac":
	default:
		return iccHead{}, fmt.Errorf("an ICC profile of class %q", head.Class)
	}
	switch head.Space {
	case "GRAY":
		head.Components = 1
	case "RGB ":
		head.Components = 3
	case "CMYK":
		head.Components = 4
	default:
		return iccHead{}, fmt.Errorf("an ICC profile for %q", head.Space)
	}
	if pcs := string(p[20:24]); pcs != "XYZ " && pcs != "Lab " {
		return iccHead{}, fmt.Errorf("an ICC profile that leads to %q", pcs)
	}
	tags, err := iccTags(p)
	if err != nil {
		return iccHead{}, err
	}
	needed := map[string][]string{
		"GRAY": {"kTRC"},
		"RGB ": {"rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"},
	}[head.Space]
	if tags["A2B0"] {
		needed = nil
	} else if needed == nil {
		return iccHead{}, errors.New("an ICC profile without a table of its colours")
	}
	for _, tag := range needed {
		if !tags[tag] {
			return iccHead{}, fmt.Errorf("an ICC profile without %s", tag)
		}
	}
	return head, nil
}

// iccTags lists a profile's tables and checks that each lies inside.
func iccTags(p []byte) (map[string]bool, error) {
	be := binary.BigEndian
	count := be.Uint32(p[128:])
	if uint64(count)*12 > uint64(len(p)-132) {
		return nil, fmt.Errorf("an ICC profile of %d tables in %d bytes", count, len(p))
	}
	tags := make(map[string]bool, count)
	for i := range int(count) {
		entry := p[132+12*i:]
		if start, size := uint64(be.Uint32(entry[4:])), uint64(be.Uint32(entry[8:])); start < 128 || size < 8 || start+size > uint64(len(p)) {
			return nil, fmt.Errorf("table %q lies outside its ICC profile", entry[:4])
		}
		tags[string(entry[:4])] = true
	}
	return tags, nil
}

// xyz is a colour of the CIE 1931 observer, Y of white is 1.
type xyz [3]float64

// iccSRGB computes an ICC profile (version 2.1) of sRGB from the primaries, the
// white and the curve of IEC 61966-2-1. The output intent of every file we write
// is this profile.
func iccSRGB() []byte {
	fromXY := func(x, y float64) xyz { return xyz{x / y, 1, (1 - x - y) / y} }
	red, green, blue := fromXY(0.64, 0.33), fromXY(0.30, 0.60), fromXY(0.15, 0.06)
	white := fromXY(0.3127, 0.3290) // D65
	pcs := xyz{0.9642, 1, 0.8249}   // D50 as ICC rounds it
	columns := [3]xyz{red, green, blue}
	share := solve3(columns, white) // how much of each primary makes white
	for i := range columns {
		for j := range columns[i] {
			columns[i][j] *= share[i]
		}
		columns[i] = adaptBradford(columns[i], white, pcs)
	}

	// One point for each 8-bit level, so exact for all pictures we write. Viewers
	// invert the curve for each page they open: poppler takes half the time for
	// one of our files that it takes with 1024 points, and draws the same pixels.
	const steps = 256
	curve := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), steps)
	for i := range steps {
		v := float64(i) / (steps - 1)
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		curve = binary.BigEndian.AppendUint16(curve, uint16(math.Round(v*65535)))
	}
	return assembleICC([]iccTable{
		{[]string{"desc"}, iccDescription("sRGB IEC61966-2.1 (computed)")},
		{[]string{"cprt"}, []byte("text\x00\x00\x00\x00No copyright, use freely\x00")},
		{[]string{"wtpt"}, iccXYZ(pcs)},
		{[]string{"rXYZ"}, iccXYZ(columns[0])},
		{[]string{"gXYZ"}, iccXYZ(columns[1])},
		{[]string{"bXYZ"}, iccXYZ(columns[2])},
		{[]string{"rTRC", "gTRC", "bTRC"}, curve},
	})
}

// solve3 finds s with s0*c0 + s1*c1 + s2*c2 = v, by Cramer's rule.
func solve3(c [3]xyz, v xyz) xyz {
	det := func(a, b, c xyz) float64 {
		return a[0]*(b[1]*c[2]-b[2]*c[1]) - b[0]*(a[1]*c[2]-a[2]*c[1]) + c[0]*(a[1]*b[2]-a[2]*b[1])
	}
	all := det(c[0], c[1], c[2])
	return xyz{det(v, c[1], c[2]) / all, det(c[0], v, c[2]) / all, det(c[0], c[1], v) / all}
}

// adaptBradford carries a colour from one white to another (ICC.1:2010, annex E,
// linear Bradford).
func adaptBradford(colour, from, to xyz) xyz {
	bradford := [3]xyz{{0.8951, -0.7502, 0.0389}, {0.2664, 1.7135, -0.0685}, {-0.1614, 0.0367, 1.0296}} // columns
	cone := func(c xyz) (out xyz) {
		for i := range out {
			out[i] = bradford[0][i]*c[0] + bradford[1][i]*c[1] + bradford[2][i]*c[2]
		}
		return out
	}
	c, f, t := cone(colour), cone(from), cone(to)
	for i := range c {
		c[i] *= t[i] / f[i]
	}
	return solve3(bradford, c)
}

type iccTable struct {
	tags []string // that share the data
	data []byte
}

// assembleICC joins tables to a display profile for RGB (ICC.1:1998-09, 6).
func assembleICC(tables []iccTable) []byte {
	be := binary.BigEndian
	count := 0
	for _, t := range tables {
		count += len(t.tags)
	}
	start := 132 + 12*count
	directory := be.AppendUint32(nil, uint32(count))
	var body []byte
	for _, t := range tables {
		for _, tag := range t.tags {
			directory = append(directory, tag...)
			directory = be.AppendUint32(directory, uint32(start+len(body)))
			directory = be.AppendUint32(directory, uint32(len(t.data)))
		}
		body = append(body, t.data...)
		body = append(body, make([]byte, (4-len(t.data)%4)%4)...)
	}
	head := make([]byte, 128)
	be.PutUint32(head[0:], uint32(start+len(body)))
	be.PutUint32(head[8:], 0x02100000)
	copy(head[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1} { // a fixed date: the profile never changes
		be.PutUint16(head[24+2*i:], v)
	}
	copy(head[36:], "acsp")
	for i, v := range []float64{0.9642, 1, 0.8249} { // illuminant
		be.PutUint32(head[68+4*i:], fixed16(v))
	}
	return append(append(head, directory...), body...)
}

func fixed16(v float64) uint32 { return uint32(int32(math.Round(v * 65536))) }

func iccXYZ(c xyz) []byte {
	out := []byte("XYZ \x00\x00\x00\x00")
	for _, v := range c {
		out = binary.BigEndian.AppendUint32(out, fixed16(v))
	}
	return out
}

// iccDescription is a textDescriptionType (ICC.1:1998-09, 6.5.16) with ASCII
// only.
func iccDescription(s string) []byte {
	out := binary.BigEndian.AppendUint32([]byte("desc\x00\x00\x00\x00"), uint32(len(s)+1))
	out = append(out, s...)
	return append(out, make([]byte, 1+4+4+2+1+67)...)
}
