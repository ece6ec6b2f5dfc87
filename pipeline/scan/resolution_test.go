package scan

import "testing"

func TestSettle(t *testing.T) {
	for _, tc := range []struct {
		name          string
		width, height int
		x, y          float64
		wantX, wantY  float64
	}{
		{"A4 at 300", 2480, 3508, 300, 300, 300, 300},
		{"A4 that says nothing", 2480, 3508, 0, 0, 300, 300},
		{"A4 on its side that says nothing", 3508, 2480, 0, 0, 300, 300},
		{"phone that does not know", 4032, 3024, 72, 72, 366, 366},
		{"A4 at 72 is believed", 595, 842, 72, 72, 72, 72},
		{"A4 at 150 dots that says 96", 1240, 1754, 96, 96, 150, 150},
		{"fax with lines of half height", 1728, 1145, 204, 98, 204, 98},
		{"A0 at 300", 9933, 14043, 300, 300, 300, 300},
		{"larger than A0", 20000, 28000, 300, 300, 2400, 2400},
		{"smaller than a stamp", 100, 100, 600, 600, 72, 72},
		{"US Letter that says nothing", 2550, 3300, 0, 0, 300, 300},
		{"receipt", 640, 2400, 203, 203, 203, 203},
		{"absurdly coarse", 2480, 3508, 1, 1, 300, 300},
		{"absurdly fine", 2480, 3508, 30000, 30000, 300, 300},
		{"one direction is missing", 2480, 3508, 300, 0, 300, 300},
		{"a picture of a few dots", 10, 10, 0, 0, 72, 72},
	} {
		x, y := settle(tc.width, tc.height, tc.x, tc.y)
		if x != tc.wantX || y != tc.wantY {
			t.Errorf("%s: %.0f x %.0f, want %.0f x %.0f", tc.name, x, y, tc.wantX, tc.wantY)
		}
	}
}
