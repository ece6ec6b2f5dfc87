package ocr

import "math"

// How sure the finders of orientation have to be.
const (
	sureUpright = 8.0 // Leptonica's own bar, in standard deviations, where nothing else is known
	alongLines  = 5.0 // the same where the lines of text are known to run along the page
	ratio       = 2.5 // by how much one axis has to beat the other in that
	axisRatio   = 2.0 // and in the sharpness of the lines of text
	sureCompass = 2.0 // tesseract's bar
	leanCompass = 0.5 // the same where the axis is known, and two answers of four are out
	compassDPI  = 300 // what tesseract's finder needs
)

// stand is how the text of a page stands.
type stand struct {
	turn int     // clockwise degrees that bring it upright
	skew float64 // further clockwise degrees that straighten it
	sure bool
	by   float64 // confidence of tesseract's finder, if it had to be asked
}

// orient finds how the text stands, turns the page upright and notes its skew. Of
// a page that a person turned upright, only the skew is looked for.
func (r *reader) orient(p *prepared, dark *pix, upright bool) error {
	var s stand
	if upright {
		s.sure = true
		if skew, confidence := skewOf(dark); confidence >= sureSkew {
			s.skew = skew
		}
	} else {
		var err error
		if s, err = r.stand(p, dark); err != nil {
			return err
		}
	}
	p.sure, p.asked = s.sure, s.by > 0
	if s.by > 0 {
		p.did("orientation by tesseract %.1f", s.by)
	}
	if s.turn != 0 {
		p.did("turn %d", s.turn)
		if err := p.turnBy(s.turn); err != nil {
			return err
		}
	}
	if math.Abs(s.skew) >= leastSkew {
		p.skew = math.Round(s.skew*100) / 100
		p.did("deskew %.2f", p.skew)
	}
	return nil
}

// stand asks first along which axis the lines of text run, by how sharply they
// stand out, then where up is on it, by ascenders and descenders.
func (r *reader) stand(p *prepared, dark *pix) (stand, error) {
	side, err := dark.turned(90)
	if err != nil {
		return stand{}, err
	}
	defer side.close()
	upright, upConf := dark.skew(nearSkew)
	sideways, sideConf := side.skew(nearSkew)
	// Along the axis that has no lines of text nothing is ever sure: looking further
	// there would be the dearest part of the search, on every page.
	if upConf < sureSkew && sideConf < sureSkew {
		upright, upConf = further(dark, upright, upConf)
		sideways, sideConf = further(side, sideways, sideConf)
	}
	known, s, view := true, stand{skew: upright}, dark
	switch {
	case upConf >= sureSkew && upConf > axisRatio*sideConf:
	case sideConf >= sureSkew && sideConf > axisRatio*upConf:
		s, view = stand{skew: sideways, turn: 90}, side
	default:
		known = false
		if upConf < sureSkew {
			s.skew = 0
		}
	}
	straight, err := view.rotated(s.skew)
	if err != nil {
		return stand{}, err
	}
	defer straight.close()
	up, left := straight.upright()
	switch {
	case known:
		s.sure = math.Abs(up) >= alongLines
		if up < 0 {
			s.turn += 180
		}
	default:
		s.turn, s.sure = decideTurn(up, left)
		if s.turn%180 != 0 { // the skew was looked for along the other axis
			if s.skew = sideways; sideConf < sureSkew {
				s.skew = 0
			}
		}
	}
	if s.sure {
		return s, nil
	}
	return r.ask(p, s, known)
}

// ask lets tesseract's finder decide, if it can.
func (r *reader) ask(p *prepared, s stand, known bool) (stand, error) {
	page := p.page
	if p.dpi < compassDPI*4/5 {
		f := float64(compassDPI) / float64(p.dpi)
		large, err := page.scaled(int(float64(page.width())*f), int(float64(page.height())*f))
		if err != nil {
			return s, err
		}
		defer large.close()
		page = large
	}
	turn, conf := r.compass.turn(page, max(p.dpi, compassDPI))
	agrees := known && turn%180 == s.turn%180
	if conf >= sureCompass && (agrees || !known) || conf >= leanCompass && agrees {
		if !known && turn != s.turn {
			s.skew = 0
		}
		s.turn, s.sure, s.by = turn, true, conf
	}
	return s, nil
}

// skewOf looks for the skew in a near range, then in a far one.
func skewOf(p *pix) (degrees, confidence float64) {
	degrees, confidence = p.skew(nearSkew)
	if confidence < sureSkew {
		return further(p, degrees, confidence)
	}
	return degrees, confidence
}

// further looks in the far range for what is surer than what was found nearby.
func further(p *pix, near, confidence float64) (degrees, surer float64) {
	if far, c := p.skew(farSkew); c > confidence {
		return far, c
	}
	return near, confidence
}

// decideTurn says by how many degrees clockwise to turn, from the two signals
// of pix.upright.
func decideTurn(up, left float64) (degrees int, sure bool) {
	u, l := math.Abs(up), math.Abs(left)
	switch {
	case u >= sureUpright && u > ratio*l:
		if up < 0 {
			return 180, true
		}
		return 0, true
	case l >= sureUpright && l > ratio*u:
		if left > 0 {
			return 90, true
		}
		return 270, true
	}
	return 0, false
}
