package ocr

import (
	"image"
	"math"
	"slices"
)

// A page that both looks of blank.go find empty may still carry print: of toner
// that is nearly out, of a worn ribbon, at a contrast that drowns in the grain of
// the paper pixel by pixel. What tells it from grain is that marks of the size of
// letters stand side by side in lines. What tells it from print that shines
// through is sharpness: of the unevenness of such lines, print has a third to two
// thirds between one pixel and the next, show-through under an eighth, however
// faint either is (simulated from three German pages at contrasts of 3 to 30 %,
// with noise and JPEG).
//
// Sizes are pixels at lookDPI, greys are on levelled paper (200).
const (
	faintGrain  = 4.0  // times the deviation of the paper's grain: a mark is darker than this
	leastFaint  = 2.0  // and by so many greys
	overStep    = 1.3  // and times the step between the greys of a picture that has few: their rounding makes edges
	leastLetter = 6    // 1 mm: height of a mark in a line
	mostLetter  = 36   // 6 mm
	widestMark  = 60   // 10 mm: letters of a word may touch
	mostStep    = 32   // of a picture of 8 greys; what is further from paper is another thing
	letterGap   = 1.0  // heights between neighbours in a line
	sameLine    = 0.6  // share of the lower one's height at which neighbours stand side by side
	sameHeight  = 2.2  // times that one is as high as the other, at most
	fewestMarks = 4    // in a line of print: grain makes pairs
	sharpShare  = 0.13 // of the unevenness of lines that lies between neighbouring pixels
	leastUneven = 0.3  // squared greys: less is rounding
)

// faint says whether a small grey picture of a page, levelled, has lines of faint
// but sharp print. The greys of the page lie step apart.
func faint(small *pix, step int) (bool, error) {
	if step == 0 {
		return false, nil
	}
	fine, err := small.mean(1)
	if err != nil {
		return false, err
	}
	defer fine.close()
	ground, err := small.mean(15)
	if err != nil {
		return false, err
	}
	defer ground.close()
	marks, err := darker(fine, ground, max(leastFaint, overStep*float64(step)))
	if err != nil {
		return false, err
	}
	defer marks.close()
	size := image.Rect(0, 0, small.width(), small.height())
	parts := marks.parts()
	streaks := streaks(parts, size)
	letters := slices.DeleteFunc(parts, func(r image.Rectangle) bool {
		return r.Dy() < leastLetter || r.Dy() > mostLetter || r.Dx() > widestMark || !r.In(size.Inset(edgeBand)) ||
			streaks[r.Min.X] && r.Dx() <= streakWidth
	})
	lines := lined(letters)
	if len(lines) == 0 {
		return false, nil
	}
	coarse, err := small.mean(4)
	if err != nil {
		return false, err
	}
	defer coarse.close()
	return sharpness(small, fine, coarse, parts, lines) >= sharpShare, nil
}

// greyStep is how far the greys of a page lie apart: from its paper's to the next
// darker one that it has; 0 for a bitonal page.
func greyStep(page *pix) int {
	if page.depth() != 8 {
		return 0
	}
	var tones [256]int
	row := make([]byte, page.width())
	for y := 0; y < page.height(); y += max(page.height()/sampledRows, 1) {
		page.row(y, row)
		for _, v := range row {
			tones[v]++
		}
	}
	paper := 0
	for v, n := range tones {
		if n > tones[paper] {
			paper = v
		}
	}
	for step := 1; step <= min(paper, mostStep); step++ {
		if tones[paper-step] > 0 {
			return step
		}
	}
	return 1
}

// darker marks what is darker than its surroundings by more than the grain of the
// paper, and by at least so many greys. The brighter half of the deviations is grain alone, whatever is printed.
func darker(fine, ground *pix, by float64) (*pix, error) {
	w, h := fine.width(), fine.height()
	const most = 255
	var counts [2*most + 1]int
	a, b := make([]byte, w), make([]byte, w)
	for y := range h {
		fine.row(y, a)
		ground.row(y, b)
		for x := range a {
			counts[int(b[x])-int(a[x])+most]++
		}
	}
	level := func(share float64) float64 {
		sum, want := 0.0, share*float64(w*h)
		for i, n := range counts {
			if n > 0 && sum+float64(n) >= want { // linear within a grey
				return float64(i-most) - 0.5 + (want-sum)/float64(n)
			}
			sum += float64(n)
		}
		return most
	}
	const twoDeviations = 0.0228 // of a normal distribution lie beyond
	middle := level(0.5)
	grain := (middle - level(twoDeviations)) / 2
	return fine.differs(ground, int(math.Ceil(middle+max(faintGrain*grain, by))))
}

// lined gives the marks that stand in lines of at least fewestMarks.
func lined(marks []image.Rectangle) []image.Rectangle {
	slices.SortFunc(marks, func(a, b image.Rectangle) int { return a.Min.X - b.Min.X })
	before := make([]int, len(marks)) // the neighbour to the left
	length := make([]int, len(marks))
	for i := range marks {
		before[i], length[i] = -1, 1
	}
	tallest := 0
	for _, r := range marks {
		tallest = max(tallest, r.Dy())
	}
	for i, a := range marks {
		for j := i + 1; j < len(marks) && float64(marks[j].Min.X-a.Max.X) <= letterGap*float64(tallest); j++ {
			if length[i] >= length[j] && besides(a, marks[j]) {
				before[j], length[j] = i, length[i]+1
			}
		}
	}
	ends := make([]int, len(marks))
	for i := range ends {
		ends[i] = i
	}
	slices.SortFunc(ends, func(a, b int) int { return length[b] - length[a] })
	taken := make([]bool, len(marks))
	var found []image.Rectangle
	for _, end := range ends {
		var line []image.Rectangle
		for i := end; i >= 0 && !taken[i]; i = before[i] {
			taken[i] = true
			line = append(line, marks[i])
		}
		if len(line) >= fewestMarks {
			found = append(found, line...)
		}
	}
	return found
}

// besides says whether b stands right of a as letters of a word or words of a line do.
func besides(a, b image.Rectangle) bool {
	low, high := min(a.Dy(), b.Dy()), max(a.Dy(), b.Dy())
	return b.Min.X >= a.Min.X+2 && float64(b.Min.X-a.Max.X) <= letterGap*float64(high) &&
		float64(min(a.Max.Y, b.Max.Y)-max(a.Min.Y, b.Min.Y)) >= sameLine*float64(low) && float64(high) <= sameHeight*float64(low)
}

// sharpness tells which share of the unevenness of lines lies between neighbouring
// pixels, that of the paper, far from all marks, taken off.
func sharpness(small, fine, coarse *pix, marks, lines []image.Rectangle) float64 {
	w, h := small.width(), small.height()
	const paper, near, line = 0, 1, 2
	place := make([]byte, w*h)
	paint := func(rects []image.Rectangle, around int, as byte) {
		for _, r := range rects {
			r = r.Inset(-around).Intersect(image.Rect(0, 0, w, h))
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					place[y*w+x] = as
				}
			}
		}
	}
	paint(marks, 7, near)
	paint(lines, 3, line)
	var between, within [3]float64 // sums of squares: pixel to pixel, and within a letter
	var count [3]float64
	a, b, c := make([]byte, w), make([]byte, w), make([]byte, w)
	for y := edgeBand; y < h-edgeBand; y++ {
		small.row(y, a)
		fine.row(y, b)
		coarse.row(y, c)
		for x := edgeBand; x < w-edgeBand; x++ {
			at := place[y*w+x]
			d, e := float64(a[x])-float64(b[x]), float64(b[x])-float64(c[x])
			between[at], within[at], count[at] = between[at]+d*d, within[at]+e*e, count[at]+1
		}
	}
	if count[paper] == 0 || count[line] == 0 {
		return 1 // nothing to compare with: in doubt it is print
	}
	d := between[line]/count[line] - between[paper]/count[paper]
	e := within[line]/count[line] - within[paper]/count[paper]
	if d < leastUneven {
		return 0
	}
	return d / max(e, leastUneven)
}
