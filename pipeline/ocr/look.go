package ocr

import (
	"image"

	"golang.org/x/sync/errgroup"

	"blattwerk/pipeline"
)

// A second look is worth its time where the first gave little sense, and is
// believed only if it gives clearly more.
const (
	littleSense = 0.6
	clearlyMore = 1.2
	leastConf   = 0.3 // a word with less is noise
)

// recognise reads a prepared page. If the result makes little sense it looks
// again: turned if the orientation was not certain, else as one column.
func (r *reader) recognise(p *prepared, call readCall) ([]pipeline.Word, error) {
	words, err := r.halves(p, call)
	if err != nil {
		return nil, err
	}
	if p.doubtful() && !sensible(words) {
		turned, err := r.turnedLook(p, call, words)
		if err != nil || turned != nil {
			return turned, err
		}
	}
	if !p.sure || len(words) == 0 || confidence(words) >= littleSense {
		return words, nil
	}
	again, err := r.look(&r.engines.main, p.page, call, p.dpi, columns)
	if err != nil || sense(again) < clearlyMore*sense(words) {
		return words, err
	}
	p.did("as one column")
	return again, nil
}

// doubtful says whether what is read may show that the page stands otherwise.
func (p *prepared) doubtful() bool { return !p.sure || p.asked }

// turnedLook reads a page in the other directions in which its text may stand and
// turns it to the one that gives clearly more sense than words, the first reading;
// nil if none does.
func (r *reader) turnedLook(p *prepared, call readCall, words []pipeline.Word) ([]pipeline.Word, error) {
	var best []pipeline.Word
	turn, least := 0, clearlyMore*sense(words)
	for _, degrees := range otherStands(words) {
		page, err := p.page.turned(degrees)
		if err != nil {
			return nil, err
		}
		again, err := r.look(&r.engines.main, page, call, p.dpi, whole)
		page.close()
		if err != nil {
			return nil, err
		}
		if got := sense(again); got > least {
			best, turn, least = again, degrees, got
		}
		if turn == degrees && sensible(again) {
			break
		}
	}
	if best == nil {
		return nil, nil
	}
	// A turn and a rotation about the centre may change places, so that the skew
	// stays as it is.
	p.did("turn %d after reading", turn)
	return best, p.turnBy(turn)
}

// otherStands gives the clockwise degrees that may bring a page upright that was
// read as words, the likelier first. Layout analysis finds lines that run down or
// up the page, and takes them all to run down: the boxes of words tell the axis.
// Specks and shadows take long to read and give no words, so that a page without
// words is not read on its sides.
func otherStands(words []pipeline.Word) []int {
	switch across, along := axes(words); {
	case along > across:
		return []int{270, 90}
	case across > along, len(words) > 0 && along == 0:
		return []int{180}
	case along == 0:
		return nil
	}
	return []int{180, 90, 270}
}

// axes counts the words of three letters or more that lie across the page and
// those that run along its height.
func axes(words []pipeline.Word) (across, along int) {
	for _, w := range words {
		switch {
		case w.Conf <= leastConf || len([]rune(w.Text)) < 3:
		case sideways(w):
			along++
		default:
			across++
		}
	}
	return across, along
}

// sideways says whether a word runs along the height of the page.
func sideways(w pipeline.Word) bool {
	return len([]rune(w.Text)) >= 3 && w.Box.Y1-w.Box.Y0 > w.Box.X1-w.Box.X0
}

// sensible says whether words were read well, and not from a page on its side.
func sensible(words []pipeline.Word) bool {
	across, along := axes(words)
	return confidence(words) >= littleSense && across >= along
}

func (r *reader) look(e *engine, page *pix, call readCall, dpi int, mode layout) ([]pipeline.Word, error) {
	if err := r.engines.start(e, call.DataDir, call.Languages); err != nil {
		return nil, err
	}
	return e.recognise(page, dpi, mode)
}

// halves reads a page; if a core is idle and the page has a broad white band
// about its middle, both halves at once.
func (r *reader) halves(p *prepared, call readCall) ([]pipeline.Word, error) {
	if p.page.width()*p.page.height() > partPixels*3/2 {
		return r.parts(p, call)
	}
	at, ok := 0, false
	if call.Halves {
		at, ok = p.page.middleBand(p.dpi)
	}
	if !ok {
		return r.look(&r.engines.main, p.page, call, p.dpi, whole)
	}
	p.did("read in halves")
	w, h := p.page.width(), p.page.height()
	areas := [2]image.Rectangle{image.Rect(0, 0, w, at), image.Rect(0, at, w, h)}
	var halves [2][]pipeline.Word
	var group errgroup.Group
	for i, engine := range []*engine{&r.engines.main, &r.engines.helper} {
		group.Go(func() error {
			page, err := p.page.cut(areas[i])
			if err != nil {
				return err
			}
			defer page.close()
			halves[i], err = r.look(engine, page, call, p.dpi, whole)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return joined(halves[0], halves[1], at), nil
}

// joined puts the words of two parts of a page together; the second part begins
// at the row at.
func joined(upper, lower []pipeline.Word, at int) []pipeline.Word {
	var block, par, line int
	if n := len(upper); n > 0 {
		last := upper[n-1]
		block, par, line = last.Block+1, last.Par+1, last.Line+1
	}
	for _, w := range lower {
		w.Box.Y0, w.Box.Y1, w.Base = w.Box.Y0+at, w.Box.Y1+at, w.Base+at
		w.Block, w.Par, w.Line = w.Block+block, w.Par+par, w.Line+line
		upper = append(upper, w)
	}
	return upper
}

// sense sums up how much was read: letters weighted by confidence. Single letters
// do not count, noise is full of them, nor do words on their side.
func sense(words []pipeline.Word) float64 {
	var sum float64
	for _, w := range words {
		if n := len([]rune(w.Text)); n > 1 && w.Conf > leastConf && !sideways(w) {
			sum += float64(n) * float64(w.Conf)
		}
	}
	return sum
}

// A band parts two halves if it is as high as an empty line of 10 points and
// leaves each half a quarter of the print.
const (
	bandHeight = 3.5 // mm
	leastHalf  = 0.25
	darkPrint  = 160 // grey; lighter than this is paper or a speck
)

// middleBand looks for the band of white rows, right across a grey page, that
// parts the print most evenly, and gives its middle row.
func (p *pix) middleBand(dpi int) (row int, ok bool) {
	w, h := p.width(), p.height()
	ink, line := make([]int, h), make([]byte, w)
	total := 0
	for y := range ink {
		p.row(y, line)
		for _, v := range line {
			if v < darkPrint {
				ink[y]++
			}
		}
		total += ink[y]
	}
	dirt := max(dpi/100, 1)
	need := int(bandHeight * float64(dpi) / 25.4)
	best, sum, from := 0, 0, 0
	for y, n := range ink {
		if n > dirt {
			if y-from >= need && from > 0 {
				if smaller := min(sum, total-sum); smaller > best {
					best, row = smaller, (from+y)/2
				}
			}
			from = y + 1
		}
		sum += n
	}
	return row, float64(best) >= leastHalf*float64(total) && total > 0
}
