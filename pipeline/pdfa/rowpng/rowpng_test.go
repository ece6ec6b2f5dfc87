package rowpng

import (
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"io"
	"testing"
)

// TestWrite reads what was written with the standard library and compares a
// pixel whose value is known.
func TestWrite(t *testing.T) {
	for name, tc := range map[string]struct {
		head Header
		rows []byte
		flip bool
		want color.Color // at 1, 1
	}{
		"1 bit":         {Header{Width: 9, Height: 2, Bits: 1, Samples: 1}, []byte{0, 0, 0x40, 0}, false, color.Gray{255}},
		"1 bit flipped": {Header{Width: 9, Height: 2, Bits: 1, Samples: 1}, []byte{0, 0, 0x40, 0}, true, color.Gray{0}},
		"4 bits":        {Header{Width: 2, Height: 2, Bits: 4, Samples: 1}, []byte{0, 0x0F}, false, color.Gray{255}},
		"grey":          {Header{Width: 2, Height: 2, Bits: 8, Samples: 1}, []byte{1, 2, 3, 77}, false, color.Gray{77}},
		"16 bits":       {Header{Width: 2, Height: 2, Bits: 16, Samples: 1}, []byte{0, 1, 0, 2, 0, 3, 0x12, 0x34}, false, color.Gray16{0x1234}},
		"rgb":           {Header{Width: 2, Height: 2, Bits: 8, Samples: 3}, []byte{0, 0, 0, 9, 9, 9, 5, 5, 5, 10, 20, 30}, false, color.RGBA{10, 20, 30, 255}},
		"palette": {Header{Width: 2, Height: 2, Bits: 2, Samples: 1, Palette: []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, DPIX: 300, DPIY: 200, ICC: []byte("profile")},
			[]byte{0, 0x20}, false, color.RGBA{7, 8, 9, 255}},
	} {
		var out bytes.Buffer
		if err := Write(&out, tc.head, bytes.NewReader(tc.rows), tc.flip); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		img, err := png.Decode(&out)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r, g, b, _ := img.At(1, 1).RGBA()
		wr, wg, wb, _ := tc.want.RGBA()
		if r != wr || g != wg || b != wb {
			t.Errorf("%s: pixel is %v, want %v", name, img.At(1, 1), tc.want)
		}
	}
}

func TestAMissingRowIsAnError(t *testing.T) {
	err := Write(io.Discard, Header{Width: 8, Height: 3, Bits: 8, Samples: 1}, bytes.NewReader(make([]byte, 20)), false)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("error is %v", err)
	}
}
