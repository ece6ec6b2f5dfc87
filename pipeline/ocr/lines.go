package ocr

// #cgo LDFLAGS: -lleptonica -ldl
// #define _GNU_SOURCE
// #include <dlfcn.h>
// #include <leptonica/allheaders.h>
//
// // tesseract keeps the picture of each line as a PNG in memory until it reads it a
// // moment later: it packs and unpacks every line of a page, which nobody else sees.
// // A build of it can be told not to (TESSERACT_IMAGEDATA_AS_PIX), Debian's was not.
// // The dynamic linker takes the program's pixWriteMem before Leptonica's, so that
// // this one hands out the same pixels unpacked, in Leptonica's own format (SPIX),
// // which pixReadMem knows by its first bytes. It knows no resolution, for which no one
// // asks of a line. Where a library calls it otherwise, only the gain is lost.
// l_ok pixWriteMem(l_uint8 **data, size_t *size, PIX *pix, l_int32 format) {
//   if (format == IFF_PNG && data != NULL && size != NULL && pix != NULL) {
//     l_uint32 *words = NULL;
//     *data = NULL;
//     *size = 0;
//     if (pixSerializeToMemory(pix, &words, size) != 0) return 1;
//     *data = (l_uint8 *)words;
//     return 0;
//   }
//   l_ok (*honest)(l_uint8 **, size_t *, PIX *, l_int32) = (l_ok (*)(l_uint8 **, size_t *, PIX *, l_int32))dlsym(RTLD_NEXT, "pixWriteMem");
//   return honest == NULL ? 1 : honest(data, size, pix, format);
// }
import "C"

import (
	"errors"
	"unsafe"
)

// Formats of Leptonica.
const formatPNG, formatTIFF = C.IFF_PNG, C.IFF_TIFF

// throughLine passes a picture through memory as tesseract does with a line.
func (p *pix) throughLine(format int) (kept []byte, back *pix, err error) {
	var data *C.l_uint8
	var size C.size_t
	if C.pixWriteMem(&data, &size, p.p, C.l_int32(format)) != 0 {
		return nil, nil, errors.New("keeping a line failed")
	}
	defer C.lept_free(unsafe.Pointer(data))
	back, err = own(C.pixReadMem(data, size), "taking a line")
	return C.GoBytes(unsafe.Pointer(data), C.int(size)), back, err
}
