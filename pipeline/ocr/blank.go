package ocr

import "image"

// A page is blank if nothing on it has the size of writing and is either dark
// or sharp. Print that shines through from the other side of the sheet is
// neither: paper scatters it, so that its edges are soft. A pencil line is
// sharp even where it is faint. In doubt a page is not blank: then it costs a
// second, while a page wrongly called blank could cost a letter.
//
// Sizes are pixels at lookDPI, 5.9 to the millimetre; greys are on levelled
// paper (200).
const (
	sharpStep     = 28 // grey levels within two pixels that make an edge sharp
	edgeBand      = 18 // 3 mm at the edges, where scanners see shadows and their own bed
	markSize      = 12 // 2 mm: one mark of this size is writing
	smallSize     = 6  // 1 mm: several of this size are writing, fewer are dirt
	smallMarks    = 3
	streakWidth   = 9   // 1.5 mm: dust on the glass of a feeder draws lines along the page
	smallestSheet = 120 // 20 mm: a smaller picture is no back of a sheet
	mostInk       = 0.4 // a page that is mostly dark was not scanned as it should
	holeNear      = 120 // 20 mm from an edge
	holeLeast     = 22  // 3.7 mm to 8.5 mm: punched holes
	holeMost      = 50
)

// blank judges a page by three looks at it: what is dark, where edges are sharp,
// and, if both are empty, whether there are lines of faint print (faint.go).
func (l looks) blank() (blank, pale bool, err error) {
	if min(l.dark.width(), l.dark.height()) < smallestSheet || l.dark.share() > mostInk {
		return false, false, nil
	}
	if written(l.dark) || written(l.sharp) {
		return false, false, nil
	}
	pale, err = faint(l.grey, l.step)
	return !pale, pale, err
}

// written says whether the parts of a look amount to writing.
func written(look *pix) bool {
	size := image.Rect(0, 0, look.width(), look.height())
	inside := size.Inset(min(edgeBand, size.Dx()/10, size.Dy()/10))
	parts := look.parts()
	streaks := streaks(parts, size)
	small := 0
	for _, r := range parts {
		long := max(r.Dx(), r.Dy())
		switch {
		case long < smallSize, !r.In(inside), streaks[r.Min.X] && r.Dx() <= streakWidth, hole(look, r, size):
		case long >= markSize:
			return true
		default:
			if small++; small >= smallMarks {
				return true
			}
		}
	}
	return false
}

// streaks gives the columns in which narrow parts together cover more than half
// of the page's height.
func streaks(parts []image.Rectangle, size image.Rectangle) map[int]bool {
	cover := make([]int, size.Dx()+1)
	for _, r := range parts {
		if r.Dx() <= streakWidth {
			for x := max(r.Min.X-streakWidth/2, 0); x < min(r.Max.X+streakWidth/2, len(cover)); x++ {
				cover[x] += r.Dy()
			}
		}
	}
	out := map[int]bool{}
	for x, n := range cover {
		if 2*n > size.Dy() {
			out[x] = true
		}
	}
	return out
}

// hole says whether a part looks like a punched hole: round, of the right size,
// near an edge. Its rim, on the sharp look, is round as well.
func hole(look *pix, r, size image.Rectangle) bool {
	w, h := r.Dx(), r.Dy()
	if w < holeLeast || w > holeMost || h < holeLeast || h > holeMost || 4*w > 5*h || 4*h > 5*w {
		return false
	}
	if r.In(size.Inset(holeNear)) {
		return false
	}
	// A disc leaves its four corners empty and has ink on all four sides.
	corner := max(min(w, h)/8, 1)
	for _, c := range []image.Point{{r.Min.X, r.Min.Y}, {r.Max.X - corner, r.Min.Y}, {r.Min.X, r.Max.Y - corner}, {r.Max.X - corner, r.Max.Y - corner}} {
		if look.count(image.Rectangle{c, c.Add(image.Pt(corner, corner))}) > 0 {
			return false
		}
	}
	ring := look.count(r)
	return ring*2 > w*h || ring > 2*(w+h)/2
}
