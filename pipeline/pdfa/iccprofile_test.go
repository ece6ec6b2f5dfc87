package pdfa

import (
	"encoding/binary"
	"math"
	"testing"
)

func TestSRGBProfileHasTheKnownColours(t *testing.T) {
	p := iccSRGB()
	head, err := readICC(p)
	if err != nil || head.Components != 3 || head.Class != "mntr" {
		t.Fatalf("%+v, %v", head, err)
	}
	// Primaries of sRGB adapted to D50, as the common profiles carry them
	// (IEC 61966-2-1 through Bradford).
	want := map[string]xyz{
		"rXYZ": {0.4361, 0.2225, 0.0139}, "gXYZ": {0.3851, 0.7169, 0.0971}, "bXYZ": {0.1431, 0.0606, 0.7141}, "wtpt": {0.9642, 1, 0.8249},
	}
	be := binary.BigEndian
	for i := range int(be.Uint32(p[128:])) {
		entry := p[132+12*i:]
		data := p[be.Uint32(entry[4:]):]
		colour, ok := want[string(entry[:4])]
		for j, v := range colour {
			if got := float64(int32(be.Uint32(data[8+4*j:]))) / 65536; ok && math.Abs(got-v) > 2e-4 {
				t.Errorf("%s[%d] is %.4f, want %.4f", entry[:4], j, got, v)
			}
		}
		if string(entry[:4]) == "rTRC" {
			if n := be.Uint32(data[8:]); n != 256 {
				t.Fatalf("a curve of %d points", n)
			}
			// Level 128 of 255 is 21.6 % of light.
			if mid := float64(be.Uint16(data[12+2*128:])) / 65535; math.Abs(mid-0.2159) > 1e-3 {
				t.Errorf("the middle of the curve is %.4f", mid)
			}
		}
	}
}

func TestUnfitProfilesAreIgnored(t *testing.T) {
	for name, harm := range map[string]func([]byte) []byte{
		"cut off":                func(p []byte) []byte { return p[:len(p)-4] },
		"longer than it says":    func(p []byte) []byte { return append(p, 0, 0, 0, 0) },
		"version 5":              func(p []byte) []byte { p[8] = 5; return p },
		"a link between devices": func(p []byte) []byte { copy(p[12:], "link"); return p },
		"named colours":          func(p []byte) []byte { copy(p[12:], "nmcl"); return p },
		"HSV":                    func(p []byte) []byte { copy(p[16:], "HSV "); return p },
		"CMYK without a table":   func(p []byte) []byte { copy(p[16:], "CMYK"); return p },
		"no signature":           func(p []byte) []byte { p[36] = 0; return p },
		"a table outside":        func(p []byte) []byte { p[132+4] = 0xff; return p },
		"a million tables":       func(p []byte) []byte { p[129] = 0x10; return p },
		"no curve":               func(p []byte) []byte { copy(p[132+12*8:], "xxxx"); return p },
		"nothing":                func([]byte) []byte { return nil },
	} {
		if head, err := readICC(harm(iccSRGB())); err == nil {
			t.Errorf("%s: taken as %+v", name, head)
		}
	}
}
