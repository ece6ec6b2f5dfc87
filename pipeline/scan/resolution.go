package scan

import "math"

// The bounds of what a page can be.
const (
	leastDPI, mostDPI = 50.0, 2400.0
	longA0, shortA0   = 46.82, 33.12 // inches, 1189 x 841 mm (ISO 216)
	longA4, shortA4   = 11.69, 8.27  // inches, 297 x 210 mm
	slack             = 1.02         // scanners add a little margin
	stamp             = 0.75         // inches, 19 mm: the long side of the smallest thing that is handed in
	leastGuess        = 72.0         // a small picture is a small piece of paper, not a coarse A4
)

// settle gives the resolution of a picture in pixels per inch: what its file
// says, if a sheet of paper can be so, else a guess.
func settle(width, height int, x, y float64) (dpiX, dpiY float64) {
	if believable(width, height, x, y) {
		return x, y
	}
	g := guess(width, height)
	return g, g
}

func believable(width, height int, x, y float64) bool {
	if !(x >= leastDPI && x <= mostDPI && y >= leastDPI && y <= mostDPI) {
		return false
	}
	w, h := float64(width)/x, float64(height)/y
	long, short := max(w, h), min(w, h)
	if long > longA0*slack || short > shortA0*slack || long < stamp {
		return false
	}
	// 72 is what a camera writes when it does not know (Exif 2.32, 4.6.5.1.1),
	// 96 what drawing programs write. Believe them only for a page of ordinary
	// size.
	if x == y && (x == 72 || x == 96) {
		return long <= longA4*slack && short <= shortA4*slack
	}
	return true
}

// guess takes the picture for a sheet of A4, upright or on its side, that it
// about fills in one direction.
func guess(width, height int) float64 {
	long, short := float64(max(width, height)), float64(min(width, height))
	dpi := min(max(long/longA4, short/shortA4), mostDPI)
	for _, usual := range []float64{100, 150, 200, 240, 300, 400, 600, 1200} {
		if math.Abs(dpi/usual-1) < 0.04 { // US Letter, or a scan with a margin
			return usual
		}
	}
	return math.Round(max(dpi, leastGuess))
}
