package ocr

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/otiai10/gosseract/v2"

	"blattwerk/pipeline"
)

// reader reads pages inside a child. It keeps its engines from page to page.
type reader struct {
	engines engines
	compass compass
}

// read does everything that is done to one page.
func (r *reader) read(call readCall, file []byte) (readReply, error) {
	r.compass.dataDir = call.DataDir
	r.engines.warm(&r.engines.main, call)
	var page *pix
	var err error
	page, call.full, err = decodeTo(file, call.Media, false, call.wanted)
	if errors.Is(err, errUndecodable) {
		return readReply{Damaged: true}, nil
	}
	if err != nil {
		return readReply{}, err
	}
	defer page.close()
	p, err := r.prepare(page, call)
	if err != nil {
		return readReply{}, err
	}
	words := []pipeline.Word{}
	if !p.blank {
		if words, err = r.recognise(p, call); err != nil {
			return readReply{}, err
		}
		if words, err = r.withSigns(p, call, words); err != nil {
			return readReply{}, err
		}
		words = ordered(withoutNoise(words), p.page.cells(p.dpi), p.page.height())
	}
	p.toFrame(words)
	return readReply{
		Blank: p.blank, Ink: p.ink, Turn: p.turn, Skew: p.skew, Actions: p.actions,
		Engine: "tesseract " + gosseract.Version(), Quality: judge(p, p.scan, call.DPIX, call.DPIY, words),
		Text: pipeline.PageText{Width: p.frame.width, Height: p.frame.height, DPI: p.frame.dpi, Words: words},
	}, nil
}

// wanted is the size at which a picture of w x h pixels is read.
func (c readCall) wanted(w, h int) (int, int) {
	w, h, _ = sizes(w, h, c.DPIX, c.DPIY)
	return w, h
}

// prepare brings the decoded page into the shape that reads best.
func (r *reader) prepare(page *pix, call readCall) (*prepared, error) {
	dpiX, dpiY := call.DPIX, call.DPIY
	if call.Turn%180 != 0 {
		dpiX, dpiY = dpiY, dpiX
	}
	p := &prepared{page: page}
	if call.Turn != 0 {
		if err := page.replace(page.turned(call.Turn)); err != nil {
			return nil, err
		}
	}
	bitonal := page.depth() == 1
	if !bitonal && page.depth() != 8 {
		if err := page.replace(page.grey()); err != nil {
			return nil, err
		}
	}
	full := image.Pt(page.width(), page.height())
	if call.full != (image.Point{}) {
		if full = call.full; call.Turn%180 != 0 {
			full = image.Pt(full.Y, full.X)
		}
	}
	w, h, dpi := sizes(full.X, full.Y, dpiX, dpiY)
	p.frame = frame{full.X, full.Y, dpiX, dpiY}
	if w != full.X || h != full.Y {
		p.did("scale %.3g", float64(w)/float64(full.X))
	}
	if w != page.width() || h != page.height() {
		if err := page.replace(page.scaled(w, h)); err != nil {
			return nil, err
		}
	}
	p.dpi = int(math.Round(dpi))
	if !bitonal {
		p.scan = measure(page)
	}

	looks, err := look(page, dpi)
	if err != nil {
		return nil, err
	}
	defer looks.close()
	p.ink = looks.dark.share()
	if !call.Keep {
		if p.blank, p.pale, err = looks.blank(); err != nil {
			return nil, err
		}
		if p.blank {
			return p, nil
		}
	}
	if call.Halves {
		r.engines.warm(&r.engines.helper, call)
	}
	if err := r.orient(p, looks.dark, call.Upright); err != nil {
		return nil, err
	}
	if bitonal {
		if err := page.replace(page.grey()); err != nil {
			return nil, err
		}
	}
	if p.skew != 0 {
		if err := page.replace(page.rotated(p.skew)); err != nil {
			return nil, err
		}
	}
	return p, clean(p)
}

// clean evens out paper and print.
func clean(p *prepared) error {
	level, err := p.page.levelled()
	if err != nil {
		return nil //nolint:nilerr // too small for the tiles it works on: read as it is
	}
	bands, err := p.page.bands(p.dpi)
	if err != nil {
		level.close()
		return err
	}
	defer level.close()
	evened, err := p.evened(level)
	if err != nil {
		return fmt.Errorf("cleaning: %w", err)
	}
	before := &pix{p.page.p}
	p.page.p = evened.p
	defer before.close()
	p.did("background")
	if err := p.turnBands(before, bands); err != nil {
		return err
	}
	letters, err := despeckle(p)
	if err != nil {
		return err
	}
	return p.enlarge(letters)
}

// points gives the greys of the levelled page that become black and white. Pale
// print is nearer to the paper: cut off at the usual points, its thin strokes would
// be gone and the rest would fall to specks. It is stretched, and nothing cut off.
func (p *prepared) points() (black, white int) {
	contrast := p.scan.contrast
	switch {
	case contrast >= fullInk || contrast == 0 && !p.pale:
		return blackPoint, whitePoint
	case contrast < faintest:
		contrast = faintest
	}
	share := contrast / fullInk
	return int(paperLevel * (1 - share)), int(paperLevel * (1 + abovePaper*share))
}

// evened stretches the levelled page between black and white. Where little but
// shadows is on a page, its contrast is theirs, and stretched by that the grain of its
// paper becomes marks, over whose layout the engine sits for half a minute. Such a
// page has dark print somewhere, or else it would be called pale: the usual points do.
func (p *prepared) evened(level *pix) (*pix, error) {
	black, white := p.points()
	out, err := level.stretched(black, white)
	if err != nil || black == blackPoint || p.pale {
		return out, err
	}
	grain, err := out.grainy(p.dpi)
	if err == nil && !grain {
		return out, nil
	}
	out.close()
	if err != nil {
		return nil, err
	}
	return level.stretched(blackPoint, whitePoint)
}

// grainy says whether the engine would see mostly specks on a page, and so many
// that they can only be grain.
func (p *pix) grainy(dpi int) (bool, error) {
	ink, err := p.dark(otsu(p.tones(image.Rect(0, 0, p.width(), p.height()))))
	if err != nil {
		return false, fmt.Errorf("looking for grain: %w", err)
	}
	defer ink.close()
	specks, others := 0, 0
	for _, r := range ink.parts() {
		if max(r.Dx(), r.Dy()) <= speck(dpi) {
			specks++
		} else {
			others++
		}
	}
	return specks > mostSpecks && specks > others, nil
}

// otsu gives the grey that parts the tones of a page best, from which on they are
// paper: the darker and the lighter ones have the largest variance between them
// (Otsu 1979), by which the engine, too, tells print from paper.
func otsu(tones [256]int) int {
	var all, sum float64
	for v, n := range tones {
		all, sum = all+float64(n), sum+float64(n*v)
	}
	var dark, darkSum, most float64
	best := 0
	for v, n := range tones {
		dark, darkSum = dark+float64(n), darkSum+float64(n*v)
		light := all - dark
		if dark == 0 || light == 0 {
			continue
		}
		apart := darkSum/dark - (sum-darkSum)/light
		if between := dark * light * apart * apart; between > most {
			best, most = v+1, between
		}
	}
	return best
}

// Specks are parts of at most a quarter of a millimetre. Dots of print are
// larger: a full stop of 8 points is 0.3 mm. Still, pages that are not specked
// are left alone, since some of their dots are faint.
const (
	speckSize  = 0.25 // mm
	fewSpecks  = 300  // on a page
	speckShare = 0.5  // specks for each larger part
	mostSpecks = 8000 // on a page: more are the grain of its paper
)

// speck is the size of a speck in pixels.
func speck(dpi int) int { return max(int(math.Round(speckSize*float64(dpi)/25.4)), 1) }

// despeckle paints specks over on a page that is full of them. It gives the heights
// of the parts that are none.
func despeckle(p *prepared) (heights []int, err error) {
	ink, err := p.page.dark(160)
	if err != nil {
		return nil, fmt.Errorf("looking for specks: %w", err)
	}
	defer ink.close()
	limit := speck(p.dpi)
	var specks []image.Rectangle
	for _, r := range ink.parts() {
		if max(r.Dx(), r.Dy()) <= limit {
			specks = append(specks, r.Inset(-1).Intersect(image.Rect(0, 0, ink.width(), ink.height())))
		} else {
			heights = append(heights, r.Dy())
		}
	}
	if len(specks) < fewSpecks || float64(len(specks)) < speckShare*float64(len(heights)) {
		return heights, nil
	}
	p.did("despeckle %d", len(specks))
	return heights, p.page.fill(specks, 255)
}
