package ocr

// #include <leptonica/allheaders.h>
//
// // enclosed finds the white parts of a grey page that straight rules enclose: the
// // cells of tables and forms. Rules are looked for at half the page's size, where
// // a pixel is dark if one of its four was. NULL: none, or want of memory.
// static BOXA *enclosed(PIX *page, int level, int across, int down, int mend) {
//   BOXA *boxes = NULL;
//   PIX *dark = pixThresholdToBinary(page, level);
//   PIX *half = dark ? pixReduceRankBinary2(dark, 1, NULL) : NULL;
//   PIX *v = half ? pixOpenCompBrick(NULL, half, 1, down) : NULL;
//   l_int32 none = 1;
//   if (v) pixZero(v, &none); // most pages have no rule that runs down, and so no cell
//   PIX *h = none ? NULL : pixOpenCompBrick(NULL, half, across, 1);
//   if (h) { // a worn corner is a gap through which a cell would run out
//     pixDilateBrick(v, v, 1, mend);
//     pixDilateBrick(h, h, mend, 1);
//     pixOr(h, h, v);
//     pixInvert(h, h);
//     boxes = pixConnCompBB(h, 4);
//   }
//   pixDestroy(&dark); pixDestroy(&half); pixDestroy(&v); pixDestroy(&h);
//   return boxes;
// }
import "C"

import (
	"image"
	"math"
)

// Sizes of what rules enclose, mm. Strokes of large print are shorter than rules,
// and a box to be ticked is smaller than a cell.
const (
	ruleAcross = 8.0
	ruleDown   = 6.0
	ruleGap    = 5.0 // of worn rules, mended; round corners are gaps, too, of their radius at both rules
	leastCell  = 4.0 // width and height
)

// cells gives the white parts of a grey page that rules enclose, in pixels of the
// page. Some may enclose others.
func (p *pix) cells(dpi int) []image.Rectangle {
	const scale = 2
	mm := func(v float64) C.int { return C.int(max(math.Round(v*float64(dpi)/25.4/scale), 1)) }
	boxes := C.enclosed(p.p, darkPrint, mm(ruleAcross), mm(ruleDown), mm(ruleGap))
	if boxes == nil {
		return nil
	}
	defer C.boxaDestroy(&boxes)
	var found []image.Rectangle
	page := image.Rect(0, 0, p.width()/scale, p.height()/scale).Inset(2)
	least := int(mm(leastCell))
	for i := range int(C.boxaGetCount(boxes)) {
		var x, y, w, h C.l_int32
		C.boxaGetBoxGeometry(boxes, C.l_int32(i), &x, &y, &w, &h)
		r := image.Rect(int(x), int(y), int(x+w), int(y+h))
		if r.Dx() >= least && r.Dy() >= least && r.In(page) {
			found = append(found, image.Rectangle{r.Min.Mul(scale), r.Max.Mul(scale)})
		}
	}
	return found
}

// innermost leaves out what has others in it: frames about a table or a page.
func innermost(cells []image.Rectangle) []image.Rectangle {
	var out []image.Rectangle
	for i, c := range cells {
		holds := false
		for j, d := range cells {
			holds = holds || i != j && middle(d).In(c) && d.Dx()*d.Dy() < c.Dx()*c.Dy()
		}
		if !holds {
			out = append(out, c)
		}
	}
	return out
}

func middle(r image.Rectangle) image.Point { return r.Min.Add(r.Max).Div(2) }
