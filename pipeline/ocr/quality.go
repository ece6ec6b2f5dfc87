package ocr

import (
	"image"
	"math"
	"slices"

	"blattwerk/pipeline"
)

// Where the light of a page turns amber and red. A good scan at 200 to 300 dpi
// has edges of 0.18 to 0.26 mm, one at 150 dpi 0.31 mm. Strokes of print are 0.3
// to 0.4 mm wide; edges wider than strokes make letters run into each other.
const (
	softEdge, blurredEdge = 0.35, 0.55 // mm
	paleInk, faintInk     = 0.30, 0.20 // contrast
	coarseDPI, uselessDPI = 140, 95
	askew, farAskew       = 4.0, 10.0  // degrees
	unsureText, doubtful  = 0.75, 0.55 // confidence of the reading
	wordsForUnsure        = 5          // fewer say nothing of the page

	nearEdge             = 1.0 // mm: no printer gets there
	wordsAtEdge, manyCut = 2, 5
	confidentWord        = 0.5 // less may be a shadow
	smallestComplete     = 1.0 // inch: on a smaller picture everything is near an edge
	leastStep            = 16  // grey levels between paper and print that are an edge at all
	fewestEdges          = 200 // less is no print
	sampledRows          = 250
)

// scan is what is measured of a page's picture before anything is done to it.
type scan struct {
	edge     float64 // width of the edges of print, pixels; 0 is unknown
	contrast float64 // between paper and print, 0 to 1; 0 is unknown
}

// measure looks at rows of a page as it was scanned. A bitonal picture says
// nothing of sharpness and contrast.
func measure(page *pix) scan {
	if page.depth() != 8 {
		return scan{}
	}
	w, h := page.width(), page.height()
	step := max(h/sampledRows, 1)
	var tones [256]int
	row := make([]byte, w)
	for y := step / 2; y < h; y += step {
		page.row(y, row)
		for _, v := range row {
			tones[v]++
		}
	}
	paper, darkest := tone(tones, 0.6), tone(tones, 0.005)
	if paper-darkest < leastStep {
		return scan{}
	}
	least := max((paper-darkest)/2, leastStep)
	var widths []float64
	var feet []int
	for y := step / 2; y < h; y += step {
		page.row(y, row)
		widths, feet = edges(row, least, widths, feet)
	}
	if len(widths) < fewestEdges {
		return scan{}
	}
	slices.Sort(widths)
	slices.Sort(feet)
	return scan{edge: widths[len(widths)/2], contrast: float64(paper-feet[len(feet)/4]) / 255}
}

// tone is the grey below which a share of all pixels lies.
func tone(tones [256]int, share float64) int {
	total := 0
	for _, n := range tones {
		total += n
	}
	sum, want := 0, int(share*float64(total))
	for v, n := range tones {
		if sum += n; sum > want {
			return v
		}
	}
	return 255
}

// edges finds the steps of at least least greys in a row and appends their
// widths, the height of the step over its steepest pixel, and the greys at
// their feet.
func edges(row []byte, least int, widths []float64, feet []int) ([]float64, []int) {
	for i := 1; i < len(row); {
		start, steepest := i-1, 0
		sign := int(row[i]) - int(row[i-1])
		for i < len(row) {
			d := int(row[i]) - int(row[i-1])
			if d == 0 || (d > 0) != (sign > 0) {
				break
			}
			steepest = max(steepest, max(d, -d))
			i++
		}
		a, b := int(row[start]), int(row[i-1])
		if high := max(a-b, b-a); high >= least {
			widths = append(widths, float64(high)/float64(steepest))
			feet = append(feet, min(a, b))
		}
		if i-1 == start {
			i++
		}
	}
	return widths, feet
}

// judge makes the light of a page of what was measured and what was read.
// pageDPI are those of the picture as scanned, words are in the frame.
func judge(p *prepared, s scan, dpiX, dpiY float64, words []pipeline.Word) pipeline.Quality {
	q := pipeline.Quality{
		DPI: math.Round(min(dpiX, dpiY)), Skew: math.Abs(p.skew),
		EdgeMM: round(s.edge * 25.4 / float64(p.dpi)), Contrast: round(s.contrast),
	}
	if p.blank {
		return q.Judge()
	}
	q.Confidence = round(confidence(words))
	flaw := func(code pipeline.FlawCode, amber, red bool) {
		switch {
		case red:
			q.Flaws = append(q.Flaws, pipeline.Flaw{Code: code, Light: pipeline.Red})
		case amber:
			q.Flaws = append(q.Flaws, pipeline.Flaw{Code: code, Light: pipeline.Amber})
		}
	}
	flaw(pipeline.FlawBlurred, q.EdgeMM > softEdge, q.EdgeMM > blurredEdge)
	flaw(pipeline.FlawPale, p.pale || q.Contrast > 0 && q.Contrast < paleInk, q.Contrast > 0 && q.Contrast < faintInk)
	flaw(pipeline.FlawCoarse, q.DPI < coarseDPI, q.DPI < uselessDPI)
	flaw(pipeline.FlawSkewed, q.Skew > askew, q.Skew > farAskew)
	for _, side := range cutSides(p.frame, words) {
		flaw(side.code, side.words >= wordsAtEdge, side.words >= manyCut)
	}
	switch {
	case len(words) == 0:
		flaw(pipeline.FlawNoText, true, false)
	case len(words) >= wordsForUnsure:
		flaw(pipeline.FlawUnsure, q.Confidence < unsureText, q.Confidence < doubtful)
	}
	return q.Judge()
}

func round(v float64) float64 { return math.Round(v*100) / 100 }

// cut is how many words run to one side of the page.
type cut struct {
	code  pipeline.FlawCode
	words int
}

// cutSides counts the words that stand nearer to the edges of the page than any
// printer gets.
func cutSides(f frame, words []pipeline.Word) []cut {
	near := int(math.Round(nearEdge * f.dpi / 25.4))
	inside := image.Rect(near, near, f.width-near, f.height-near)
	sides := []cut{{code: pipeline.FlawCutLeft}, {code: pipeline.FlawCutRight}, {code: pipeline.FlawCutTop}, {code: pipeline.FlawCutBottom}}
	if float64(min(f.width, f.height)) < smallestComplete*f.dpi {
		return nil
	}
	for _, w := range words {
		if w.Conf < confidentWord || len([]rune(w.Text)) < 2 {
			continue
		}
		for i, over := range []bool{w.Box.X0 < inside.Min.X, w.Box.X1 > inside.Max.X, w.Box.Y0 < inside.Min.Y, w.Box.Y1 > inside.Max.Y} {
			if over {
				sides[i].words++
			}
		}
	}
	return sides
}
