package ocr

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// TestLargePagesAreCutBetweenLines draws a page of bars, one for each line of text,
// with a frame that crosses every row, and expects each cut between two bars.
func TestLargePagesAreCutBetweenLines(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 600, 3000))
	printed := func(y int) bool { return y%50 < 36 }
	for y := range 3000 {
		for x := range 600 {
			if !(x == 20 || x == 580 || printed(y) && x > 40 && x < 560 && x/8%2 == 0) {
				m.SetGray(x, y, color.Gray{255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	page, _, err := decode(b.Bytes(), "image/png", 0, true)
	if err != nil {
		t.Fatal(err)
	}
	defer page.close()
	cuts := page.leastPrint(4)
	if len(cuts) != 3 {
		t.Fatalf("cuts at %v", cuts)
	}
	for i, y := range cuts {
		if even := 750 * (i + 1); printed(y) || printed(y-1) || y < even-190 || y > even+190 {
			t.Errorf("cut %d at row %d goes through print or is far from %d", i, y, even)
		}
	}
}
