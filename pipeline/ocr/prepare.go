package ocr

import (
	"fmt"
	"math"

	"blattwerk/pipeline"
)

// The order of the preparation and its numbers come from a comparison of chains
// on 54 German pages with ten kinds of damage: orient, grey, deskew, level the
// background, white point. It brought the character error rate from 17 % to
// about 1 %.
const (
	lookDPI     = 150 // resolution at which a page is looked over
	inkLevel    = 150 // on levelled paper (200), what is darker is ink
	whitePoint  = 190 // on levelled paper, what is lighter is paper
	blackPoint  = 70  // what is darker is black
	paperLevel  = 200.0
	fullInk     = 0.5  // contrast of print from which on these two hold
	faintest    = 0.03 // contrast: less cannot be measured and may still be read
	abovePaper  = 0.1  // part of paperLevel by which white is above it, of pale pages
	sureSkew    = 3.0  // confidence of skew() that is believed
	leastSkew   = 0.1  // degrees; less is not worth a rotation
	nearSkew    = 7.0  // degrees: range that is searched first
	farSkew     = 15.0
	maxReadDPI  = 400 // finer pictures are reduced to goodDPI: same accuracy, less time
	goodDPI     = 300
	maxReadArea = 60 << 20 // pixels of the picture that is read; an A0 sheet is reduced to 200 dpi
	maxReadSide = 32000    // tesseract counts pixels in 16 bits
)

// prepared is a page made ready for recognition.
type prepared struct {
	page    *pix // grey, upright, straight, reduced
	frame   frame
	dpi     int // of page
	turn    int
	skew    float64
	sure    bool // the orientation is known
	asked   bool // but only from tesseract's finder, which errs where letters are few
	blank   bool // nothing else was looked at
	pale    bool // nothing but faint print is on it
	ink     float64
	scan    scan // what the picture was like before anything was done to it
	actions []string
}

// frame is the page at full size, in which words are reported.
type frame struct {
	width, height int
	dpi, dpiY     float64 // horizontal and vertical
}

// turnBy turns the page clockwise by 90, 180 or 270 degrees.
func (p *prepared) turnBy(degrees int) error {
	if err := p.page.replace(p.page.turned(degrees)); err != nil {
		return err
	}
	if degrees != 180 {
		p.frame = frame{p.frame.height, p.frame.width, p.frame.dpiY, p.frame.dpi}
	}
	p.turn = (p.turn + degrees) % 360
	return nil
}

// toFrame puts boxes that were found on the reduced picture into the frame.
func (p *prepared) toFrame(words []pipeline.Word) {
	sx := float64(p.frame.width) / float64(p.page.width())
	sy := float64(p.frame.height) / float64(p.page.height())
	across := func(x int) int { return min(max(int(math.Round(float64(x)*sx)), 0), p.frame.width) }
	down := func(y int) int { return min(max(int(math.Round(float64(y)*sy)), 0), p.frame.height) }
	for i := range words {
		b := &words[i].Box
		*b = pipeline.Box{X0: across(b.X0), Y0: down(b.Y0), X1: across(b.X1), Y1: down(b.Y1)}
		words[i].Base = down(words[i].Base)
	}
}

// did records what was done and its measure.
func (p *prepared) did(format string, args ...any) {
	p.actions = append(p.actions, fmt.Sprintf(format, args...))
}

// sizes says how large the picture is read: with square pixels, not finer than
// is useful and not larger than the engine takes.
func sizes(w, h int, dpiX, dpiY float64) (readW, readH int, dpi float64) {
	dpi = max(dpiX, dpiY)
	if dpi > maxReadDPI {
		dpi = goodDPI
	}
	fit := func() (float64, float64) { return float64(w) * dpi / dpiX, float64(h) * dpi / dpiY }
	fw, fh := fit()
	if area := fw * fh; area > maxReadArea {
		dpi *= math.Sqrt(maxReadArea / area)
		fw, fh = fit()
	}
	if side := max(fw, fh); side > maxReadSide {
		dpi *= maxReadSide / side
		fw, fh = fit()
	}
	return max(int(math.Round(fw)), 1), max(int(math.Round(fh)), 1), dpi
}

// looks are small pictures by which a page is judged, its paper levelled.
type looks struct {
	grey  *pix
	dark  *pix // bitonal: what is dark
	sharp *pix // bitonal: where edges are sharp
	step  int  // between the greys of the page
}

func (l looks) close() {
	for _, p := range []*pix{l.grey, l.dark, l.sharp} {
		if p != nil {
			p.close()
		}
	}
}

// look makes the small pictures of a page.
func look(page *pix, dpi float64) (l looks, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	w := max(int(float64(page.width())*lookDPI/dpi), 1)
	h := max(int(float64(page.height())*lookDPI/dpi), 1)
	if l.grey, err = page.scaled(w, h); err != nil {
		return l, err
	}
	if level, err := l.grey.levelled(); err == nil { // fails on pages too small for its tiles
		_ = l.grey.replace(level, nil)
	}
	if l.dark, err = l.grey.dark(inkLevel); err != nil {
		return l, err
	}
	l.step = greyStep(page)
	l.sharp, err = l.grey.steps(sharpStep)
	return l, err
}
