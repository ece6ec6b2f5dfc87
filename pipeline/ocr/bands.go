package ocr

import (
	"image"
	"math"
	"slices"
)

// Light print on dark areas, as advertising and letterheads have it, is lost when
// the paper is evened out: the engine looks for dark print. So such areas are
// turned to dark print on white. Dark areas along an edge that carry no print are
// the bed or the lid of the scanner and are painted white. Both happens to the
// copy that is read only.
const (
	bandDPI    = 50  // resolution at which dark areas are looked for
	darkTone   = 185 // grey below which an area is dark: orange is 145
	fillGaps   = 13  // pixels at bandDPI, 6.6 mm: letters up to this size do not part an area
	leastBand  = 9   // 4.6 mm: height of the least area that can carry print
	longBand   = 40  // 20 mm: and its width
	bandFilled = 0.8 // share of its frame that a dark area fills
	leastPrint = 0.01
	mostPrint  = 0.4  // share of light print on an area; more is a picture
	alongEdge  = 0.25 // share of a side that a dark border takes at least
	borderTone = 90   // a border's grey is darker than this
	mostTitle  = 150  // pixels at lookDPI, 25 mm: height of a letter on such an area
	bandStep   = 60   // grey levels between an area and the print on it, at least
)

// band is a dark area of the page and what it is.
type band struct {
	area   image.Rectangle // on the page
	tone   int             // its ground, 0 to 255
	border bool
}

// bands looks for dark areas on a straightened grey page that was not evened out.
func (p *pix) bands(dpi int) ([]band, error) {
	f := float64(bandDPI) / float64(dpi)
	w, h := max(int(float64(p.width())*f), 1), max(int(float64(p.height())*f), 1)
	small, err := p.scaled(w, h)
	if err != nil {
		return nil, err
	}
	defer small.close()
	dark, err := small.dark(darkTone)
	if err != nil {
		return nil, err
	}
	defer dark.close()
	if dark.share() < 0.002 {
		return nil, nil
	}
	ground, err := dark.cut(image.Rect(0, 0, w, h))
	if err != nil {
		return nil, err
	}
	defer ground.close()
	if err := dark.solid(fillGaps, leastBand); err != nil {
		return nil, err
	}
	page := image.Rect(0, 0, p.width(), p.height())
	var found []band
	for _, r := range dark.parts() {
		if float64(dark.count(r)) < bandFilled*float64(r.Dx()*r.Dy()) {
			continue
		}
		b := band{area: image.Rect(scale(r.Min.X, f), scale(r.Min.Y, f), scale(r.Max.X, f), scale(r.Max.Y, f)).Intersect(page)}
		tones := small.tones(r)
		b.tone = tone(tones, 0.4)
		light := share256(tones, b.tone+bandStep)
		ink := 1 - share256(tones, b.tone-bandStep) // dark print on grey, or dense print on white
		atEdge := r.Min.X <= 1 || r.Min.Y <= 1 || r.Max.X >= w-1 || r.Max.Y >= h-1
		b.border = b.tone < borderTone && light < leastPrint && atEdge && (float64(r.Dx()) > alongEdge*float64(w) || float64(r.Dy()) > alongEdge*float64(h))
		// Dense print melts into an area, too, but most of its paper stays light.
		solid := float64(ground.count(r)) >= (1-mostPrint)*float64(r.Dx()*r.Dy())
		if b.border || solid && r.Dx() >= longBand && light >= leastPrint && light <= mostPrint && light > 2*ink {
			found = append(found, b)
		}
	}
	return found, nil
}

func scale(v int, f float64) int { return int(math.Round(float64(v) / f)) }

// share256 is the share of pixels of at least a grey.
func share256(tones [256]int, from int) float64 {
	light, all := 0, 0
	for v, n := range tones {
		if all += n; v >= from {
			light += n
		}
	}
	return float64(light) / float64(max(all, 1))
}

// tones counts the greys of a part.
func (p *pix) tones(r image.Rectangle) (tones [256]int) {
	row := make([]byte, p.width())
	for y := r.Min.Y; y < min(r.Max.Y, p.height()); y++ {
		p.row(y, row)
		for _, v := range row[r.Min.X:min(r.Max.X, len(row))] {
			tones[v]++
		}
	}
	return tones
}

// printed says whether dark marks of a grey picture stand in lines, as letters do:
// a strip of colour or a photograph has light spots, too.
func (p *pix) printed(dpi int) (bool, error) {
	f := float64(lookDPI) / float64(dpi)
	small, err := p.scaled(max(int(float64(p.width())*f), 1), max(int(float64(p.height())*f), 1))
	if err != nil {
		return false, err
	}
	defer small.close()
	dark, err := small.dark(darkPrint)
	if err != nil {
		return false, err
	}
	defer dark.close()
	letters := slices.DeleteFunc(dark.parts(), func(r image.Rectangle) bool {
		return r.Dy() < leastLetter || r.Dy() > mostTitle || r.Dx() > 2*r.Dy()
	})
	return len(lined(letters)) > 0, nil
}

// turnBands takes dark areas as they were before and puts them on the evened page
// as dark print on white.
func (p *prepared) turnBands(before *pix, bands []band) error {
	turned, borders := 0, 0
	for _, b := range bands {
		if b.border {
			if err := p.page.fill([]image.Rectangle{b.area}, 255); err != nil {
				return err
			}
			borders++
			continue
		}
		part, err := before.cut(b.area)
		if err != nil {
			return err
		}
		print := false
		if err = part.inverted(); err == nil {
			print, err = part.printed(p.dpi)
		}
		if err == nil && print {
			p.page.paste(part, b.area.Min)
			turned++
		}
		part.close()
		if err != nil {
			return err
		}
	}
	if turned > 0 {
		p.did("light print turned %d", turned)
	}
	if borders > 0 {
		p.did("dark border %d", borders)
	}
	return nil
}
