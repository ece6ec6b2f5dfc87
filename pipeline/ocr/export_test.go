package ocr

import "blattwerk/pipeline"

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
