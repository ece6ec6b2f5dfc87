package ocr

// #cgo LDFLAGS: -ltesseract -lleptonica
// #include <stdlib.h>
// #include <leptonica/allheaders.h>
// #include <tesseract/capi.h>
//
// // One word and what stands around it; filled by word_at.
// typedef struct {
//   char *text;
//   float confidence;
//   int left, top, right, bottom;
//   int x1, y1, x2, y2; // baseline
//   int has_baseline;
//   int block, par, line; // does it begin one?
// } found_word;
//
// // word_at reads the word on which an iterator stands: one call into C instead of
// // eight. It gives 0 where there is none.
// static int word_at(TessResultIterator *it, found_word *w) {
//   TessPageIterator *page = TessResultIteratorGetPageIterator(it);
//   w->text = NULL;
//   w->block = TessPageIteratorIsAtBeginningOf(page, RIL_BLOCK);
//   w->par = TessPageIteratorIsAtBeginningOf(page, RIL_PARA);
//   w->line = TessPageIteratorIsAtBeginningOf(page, RIL_TEXTLINE);
//   if (!TessPageIteratorBoundingBox(page, RIL_WORD, &w->left, &w->top, &w->right, &w->bottom)) return 0;
//   w->has_baseline = TessPageIteratorBaseline(page, RIL_TEXTLINE, &w->x1, &w->y1, &w->x2, &w->y2);
//   w->confidence = TessResultIteratorConfidence(it, RIL_WORD);
//   w->text = TessResultIteratorGetUTF8Text(it, RIL_WORD);
//   return w->text != NULL;
// }
import "C"

import (
	"errors"
	"math"
	"reflect"
	"strings"

	"github.com/otiai10/gosseract/v2"

	"blattwerk/pipeline"
)

// handle is a tesseract that gosseract made, reached over the C API of the same
// library: there a picture goes in without being encoded and decoded, and words
// come out with their places, confidences and baselines after one recognition.
type handle struct{ api *C.TessBaseAPI }

// handleOf borrows gosseract's own handle, which it keeps to itself. The client
// stays its owner.
func handleOf(c *gosseract.Client) (handle, error) {
	field := reflect.ValueOf(c).Elem().FieldByName("api")
	if !field.IsValid() || field.Kind() != reflect.UnsafePointer && field.Kind() != reflect.Pointer || field.IsNil() {
		return handle{}, errors.New("gosseract keeps its handle elsewhere: another version than the one this was written for")
	}
	return handle{(*C.TessBaseAPI)(field.UnsafePointer())}, nil
}

// recognise reads a grey picture of known resolution.
func (h handle) recognise(p *pix, dpi int, mode layout) ([]pipeline.Word, error) {
	C.TessBaseAPISetPageSegMode(h.api, C.TessPageSegMode(mode))
	C.TessBaseAPISetImage2(h.api, p.p)
	defer C.TessBaseAPIClear(h.api)
	C.TessBaseAPISetSourceResolution(h.api, C.int(dpi))
	if C.TessBaseAPIRecognize(h.api, nil) != 0 {
		return nil, errors.New("recognising failed")
	}
	it := C.TessBaseAPIGetIterator(h.api)
	if it == nil {
		return nil, nil // nothing that could be text
	}
	defer C.TessResultIteratorDelete(it)
	var words []pipeline.Word
	block, par, line := -1, -1, -1
	for more := true; more; more = C.TessResultIteratorNext(it, C.RIL_WORD) != 0 {
		var w C.found_word
		ok := C.word_at(it, &w) != 0
		block, par, line = block+int(w.block), par+int(w.par), line+int(w.line)
		if !ok {
			continue
		}
		word := pipeline.Word{
			Text: strings.TrimSpace(C.GoString(w.text)), Conf: float32(min(max(float64(w.confidence)/100, 0), 1)),
			Box:   pipeline.Box{X0: int(w.left), Y0: int(w.top), X1: int(w.right), Y1: int(w.bottom)},
			Block: max(block, 0), Par: max(par, 0), Line: max(line, 0),
		}
		C.TessDeleteText(w.text)
		if word.Text == "" {
			continue
		}
		word.Base = baseline(w, word.Box)
		words = append(words, word)
	}
	return words, nil
}

// baseline is the height of a line's baseline at the middle of a word; the foot
// of the word, where the line has none.
func baseline(w C.found_word, b pipeline.Box) int {
	x1, x2 := float64(w.x1), float64(w.x2)
	if w.has_baseline == 0 || x2-x1 < 1 {
		return b.Y1
	}
	slope := float64(w.y2-w.y1) / (x2 - x1)
	return int(math.Round(float64(w.y1) + slope*(float64(b.X0+b.X1)/2-x1)))
}
