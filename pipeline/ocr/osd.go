package ocr

// #cgo LDFLAGS: -ltesseract -lleptonica
// #include <stdlib.h>
// #include <leptonica/allheaders.h>
// #include <tesseract/capi.h>
import "C"

import "unsafe"

// compass is tesseract's own finder of orientation. It is thirteen times slower
// than Leptonica's and asked only where that one is unsure. gosseract has no
// call for it, hence a second, small engine over the C API.
type compass struct {
	dataDir string
	api     *C.TessBaseAPI
	missing bool // the data for it are not installed
}

// turn gives the clockwise degrees (0, 90, 180, 270) that bring the text of a
// grey picture upright, and how sure that is; 0 is no idea.
func (c *compass) turn(p *pix, dpi int) (degrees int, confidence float64) {
	if c.missing || !c.start() {
		return 0, 0
	}
	defer C.TessBaseAPIClear(c.api)
	C.TessBaseAPISetImage2(c.api, p.p)
	C.TessBaseAPISetSourceResolution(c.api, C.int(dpi))
	var orient C.int
	var conf, scriptConf C.float
	var script *C.char
	if C.TessBaseAPIDetectOrientationScript(c.api, &orient, &conf, &script, &scriptConf) == 0 {
		return 0, 0
	}
	// The engine says how far the page is turned counter-clockwise to what it
	// should be, "orientation in degrees" of its own report.
	return (360 - int(orient)) % 360, float64(conf)
}

func (c *compass) start() bool {
	if c.api != nil {
		return true
	}
	var dir *C.char
	if c.dataDir != "" {
		dir = C.CString(c.dataDir)
		defer C.free(unsafe.Pointer(dir))
	}
	name := C.CString("osd")
	defer C.free(unsafe.Pointer(name))
	api := C.TessBaseAPICreate()
	if C.TessBaseAPIInit3(api, dir, name) != 0 {
		C.TessBaseAPIDelete(api)
		c.missing = true
		return false
	}
	key, value := C.CString("debug_file"), C.CString("/dev/null")
	defer C.free(unsafe.Pointer(key))
	defer C.free(unsafe.Pointer(value))
	C.TessBaseAPISetVariable(api, key, value)
	c.api = api
	return true
}
