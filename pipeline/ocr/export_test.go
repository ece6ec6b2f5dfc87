package ocr

import (
	"fmt"
	"image"

	"blattwerk/pipeline"
)

// Stander gives a function that says how the text of a page stands and whether
// the page is blank, just as reading it would, but recognises only those pages
// whose words have a say in it.
func Stander() func(file []byte, img pipeline.Image, languages string) (turn int, blank bool, actions []string, err error) {
	var r reader
	return func(file []byte, img pipeline.Image, languages string) (int, bool, []string, error) {
		call := readCall{Media: img.Media, Turn: img.Turn, DPIX: img.DPIX, DPIY: img.DPIY, Languages: languages}
		page, full, err := decodeTo(file, img.Media, false, call.wanted)
		if err != nil {
			return 0, false, nil, err
		}
		defer page.close()
		call.full = full
		p, err := r.prepare(page, call)
		if err != nil {
			return 0, false, nil, err
		}
		if !p.blank && p.doubtful() {
			_, err = r.recognise(p, call)
		}
		return p.turn, p.blank, p.actions, err
	}
}

// Fit decodes a picture of any size in the way that large ones are decoded for a
// use that wants them smaller: to 1 x 1 pixel, to a part of its size, and to all of
// it. It gives the size that the header tells, 0, 0 for a kind that is not decoded
// so, and an error where a picture has another size than was asked for. In is called
// with the stored size before anything is decoded, and says whether to go on.
func Fit(file []byte, media string, in func(full image.Point) bool) error {
	quiet()
	full := storedSize(file, media)
	if full == (image.Point{}) {
		return nil
	}
	if full.X <= 0 || full.Y <= 0 {
		return fmt.Errorf("a stored size of %v", full)
	}
	if !in(full) {
		return nil
	}
	for i, size := range []image.Point{{1, 1}, {1 + full.X/3, 1 + full.Y*2/5}, full} {
		if size.X > full.X || size.Y > full.Y {
			continue
		}
		p := fitted(file, media, size.X, size.Y, i%2 == 1)
		if p == nil {
			continue
		}
		got := image.Pt(p.width(), p.height())
		p.close()
		if got != size {
			return fmt.Errorf("a picture of %v for one of %v", got, size)
		}
	}
	return nil
}
