package ocr

import (
	"image"

	"blattwerk/pipeline"
)

// partPixels is how much of a large page is read at once. The engine needs seven
// bytes a pixel of dense print and more: a sheet of A0 as a whole takes 350 MB
// beside its picture.
const partPixels = 16 << 20

// partNear is how far from an even parting, as a share of a part's height, the row
// is looked for that cuts least print.
const partNear = 0.25

// parts reads a large page in strips from top to bottom, one after the other, cut
// where there is least print.
func (r *reader) parts(p *prepared, call readCall) ([]pipeline.Word, error) {
	w, h := p.page.width(), p.page.height()
	n := (w*h + partPixels - 1) / partPixels
	cuts := p.page.leastPrint(n)
	p.did("read in %d parts", len(cuts)+1)
	var words []pipeline.Word
	for i, top := range append([]int{0}, cuts...) {
		bottom := h
		if i < len(cuts) {
			bottom = cuts[i]
		}
		part, err := p.page.cut(image.Rect(0, top, w, bottom))
		if err != nil {
			return nil, err
		}
		found, err := r.look(&r.engines.main, part, call, p.dpi, whole)
		part.close()
		if err != nil {
			return nil, err
		}
		words = joined(words, found, top)
	}
	return words, nil
}

// leastPrint gives n-1 rows that part a grey page in n strips of about one height
// and cut as few strokes as can be: of the rows near an even parting, the middle of
// the longest run of those with the fewest.
func (p *pix) leastPrint(n int) (cuts []int) {
	w, h := p.width(), p.height()
	near := int(partNear * float64(h) / float64(n))
	line := make([]byte, w)
	for i := 1; i < n; i++ {
		even, last := i*h/n, 0
		if len(cuts) > 0 {
			last = cuts[len(cuts)-1]
		}
		least, from, best, longest := w+1, 0, even, 0
		for y := max(even-near, last+1); y < min(even+near, h); y++ {
			p.row(y, line)
			strokes := 0
			for x := 1; x < w; x++ {
				if line[x] < darkPrint && line[x-1] >= darkPrint {
					strokes++
				}
			}
			switch {
			case strokes < least:
				least, from, longest, best = strokes, y, 1, y
			case strokes > least:
				from = y + 1
			case y-from+1 > longest:
				longest, best = y-from+1, (from+y)/2
			}
		}
		cuts = append(cuts, best)
	}
	return cuts
}
