#include "tiff.h"

#include <string.h>

static int complaints;

static void complain(thandle_t file, const char *module, const char *format, va_list args) { complaints++; }

// Leptonica silences libtiff's plain handlers, but not the extended ones.
void tiff_count(void) {
	complaints = 0;
	TIFFSetErrorHandlerExt(complain);
}

int tiff_complaints(void) { return complaints; }

static tmsize_t file_read(thandle_t h, void *into, tmsize_t n) {
	struct tiff_file *f = h;
	if (n < 0 || f->at >= f->size) return 0;
	if ((toff_t)n > f->size - f->at) n = f->size - f->at;
	memcpy(into, f->data + f->at, n);
	f->at += n;
	return n;
}

static tmsize_t file_write(thandle_t h, void *from, tmsize_t n) { return 0; }

static toff_t file_seek(thandle_t h, toff_t to, int whence) {
	struct tiff_file *f = h;
	if (whence == SEEK_CUR) to += f->at;
	else if (whence == SEEK_END) to += f->size;
	return f->at = to;
}

static int file_close(thandle_t h) { return 0; }
static toff_t file_size(thandle_t h) { return ((struct tiff_file *)h)->size; }
static int file_map(thandle_t h, void **base, toff_t *size) { return 0; }
static void file_unmap(thandle_t h, void *base, toff_t size) {}

TIFF *tiff_open(struct tiff_file *file) {
	return TIFFClientOpen("page", "rm", file, file_read, file_write, file_seek, file_close, file_size, file_map, file_unmap);
}

// lay puts a raster of libtiff, colours multiplied by alpha, on white.
static void lay(PIX *pix) {
	l_uint32 *p = pixGetData(pix);
	size_t n = (size_t)pixGetWpl(pix) * pixGetHeight(pix);
	for (size_t i = 0; i < n; i++) {
		uint32_t v = p[i], white = 255 - TIFFGetA(v);
		composeRGBPixel(TIFFGetR(v) + white, TIFFGetG(v) + white, TIFFGetB(v) + white, &p[i]);
	}
}

PIX *tiff_pix(const unsigned char *data, size_t size, int n) {
	struct tiff_file f = {data, size, 0};
	TIFF *t = tiff_open(&f);
	if (t == NULL) return NULL;
	uint32_t w = 0, h = 0;
	uint16_t bits = 1, samples = 1, photometric = PHOTOMETRIC_MINISBLACK;
	PIX *pix = NULL;
	if (TIFFSetDirectory(t, n) && TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &w) && TIFFGetField(t, TIFFTAG_IMAGELENGTH, &h)) {
		TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &bits);
		TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &samples);
		TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &photometric);
		pix = pixCreateNoInit(w, h, 32);
	}
	if (pix != NULL && !TIFFReadRGBAImageOriented(t, w, h, pixGetData(pix), ORIENTATION_TOPLEFT, 1)) pixDestroy(&pix);
	TIFFClose(t);
	if (pix == NULL) return NULL;
	lay(pix);
	if (samples == 1 && photometric <= PHOTOMETRIC_MINISBLACK) {
		PIX *grey = bits == 1 ? pixConvertTo1(pix, 128) : pixConvertRGBToGray(pix, 0, 1, 0);
		pixDestroy(&pix);
		pix = grey;
	}
	return pix;
}
