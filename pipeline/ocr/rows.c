#include "rows.h"
#include "fit.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <png.h>
#include <tiffio.h>
#include "tiff.h"

static void silent(png_structp png, png_const_charp text) {}

static void leave(png_structp png, png_const_charp text) { longjmp(png_jmpbuf(png), 1); }

struct input {
	const unsigned char *data;
	size_t size, at;
};

static void take(png_structp png, png_bytep into, size_t n) {
	struct input *in = png_get_io_ptr(png);
	if (n > in->size - in->at) png_error(png, "the file ends early");
	memcpy(into, in->data + in->at, n);
	in->at += n;
}

// grey_row turns a row of 8-bit samples to grey, by Leptonica's weights, on white.
static void grey_row(l_uint32 *line, const unsigned char *p, png_uint_32 width, int samples) {
	for (png_uint_32 x = 0; x < width; x++, p += samples) {
		int v = p[0], alpha = 255;
		if (samples >= 3) v = (int)(0.3f * p[0] + 0.5f * p[1] + 0.2f * p[2] + 0.5f);
		if (samples == 2 || samples == 4) alpha = p[samples - 1];
		if (alpha != 255) v = (v * alpha + 255 * (255 - alpha) + 127) / 255;
		SET_DATA_BYTE(line, x, v);
	}
}

PIX *png_grey(const unsigned char *data, size_t size) {
	struct input in = {data, size, 0};
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, leave, silent);
	if (png == NULL) return NULL;
	png_infop info = png_create_info_struct(png);
	PIX *volatile pix = NULL;
	unsigned char *volatile row = NULL;
	if (info == NULL || setjmp(png_jmpbuf(png))) {
		PIX *half = pix;
		pixDestroy(&half);
		free(row);
		png_destroy_read_struct(&png, &info, NULL);
		return NULL;
	}
	png_set_read_fn(png, &in, take);
	png_read_info(png, info);
	png_uint_32 w = png_get_image_width(png, info), h = png_get_image_height(png, info);
	if (png_get_bit_depth(png, info) == 1 || png_get_interlace_type(png, info) != PNG_INTERLACE_NONE) png_error(png, "left to others");
	png_set_expand(png);
	png_set_scale_16(png);
	png_read_update_info(png, info);
	int samples = png_get_channels(png, info);
	pix = pixCreateNoInit(w, h, 8);
	row = malloc(png_get_rowbytes(png, info));
	if (pix == NULL || row == NULL) png_error(png, "no memory");
	for (png_uint_32 y = 0; y < h; y++) {
		png_read_row(png, row, NULL);
		grey_row(pixGetData(pix) + (size_t)y * pixGetWpl(pix), row, w, samples);
	}
	png_read_end(png, NULL);
	png_int_32 x = png_get_x_pixels_per_meter(png, info), y = png_get_y_pixels_per_meter(png, info);
	pixSetResolution(pix, (int)(x / 39.37 + 0.5), (int)(y / 39.37 + 0.5));
	free(row);
	png_destroy_read_struct(&png, &info, NULL);
	return pix;
}

// png_rows is what png_fit has in hand when it is left.
struct png_rows {
	fitter *fit;
	unsigned char *row;
};

PIX *png_fit(const unsigned char *data, size_t size, int tw, int th, int colour) {
	struct input in = {data, size, 0};
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, leave, silent);
	if (png == NULL) return NULL;
	png_infop info = png_create_info_struct(png);
	struct png_rows *volatile hold = calloc(1, sizeof *hold);
	if (info == NULL || hold == NULL || setjmp(png_jmpbuf(png))) {
		if (hold != NULL && hold->fit != NULL) {
			PIX *half = fitter_end(hold->fit);
			pixDestroy(&half);
		}
		if (hold != NULL) free(hold->row);
		free(hold);
		png_destroy_read_struct(&png, &info, NULL);
		return NULL;
	}
	png_set_read_fn(png, &in, take);
	png_read_info(png, info);
	png_uint_32 w = png_get_image_width(png, info), h = png_get_image_height(png, info);
	if (png_get_bit_depth(png, info) == 1 || png_get_interlace_type(png, info) != PNG_INTERLACE_NONE) png_error(png, "left to others");
	png_set_expand(png);
	png_set_scale_16(png);
	png_read_update_info(png, info);
	int samples = png_get_channels(png, info);
	hold->fit = fitter_new(w, h, tw, th, colour && samples >= 3);
	hold->row = malloc(png_get_rowbytes(png, info));
	if (hold->fit == NULL || hold->row == NULL) png_error(png, "no memory");
	for (png_uint_32 y = 0; y < h; y++) {
		png_read_row(png, hold->row, NULL);
		fitter_row(hold->fit, hold->row, samples);
	}
	png_read_end(png, NULL);
	PIX *pix = fitter_end(hold->fit);
	free(hold->row);
	free(hold);
	png_destroy_read_struct(&png, &info, NULL);
	return pix;
}

struct output {
	unsigned char *data;
	size_t size, room;
};

static void keep(png_structp png, png_bytep from, size_t n) {
	struct output *out = png_get_io_ptr(png);
	if (n > out->room - out->size) {
		size_t room = 2 * out->room + n + (1 << 16);
		unsigned char *more = realloc(out->data, room);
		if (more == NULL) png_error(png, "no memory");
		out->data = more;
		out->room = room;
	}
	memcpy(out->data + out->size, from, n);
	out->size += n;
}

static void flush(png_structp png) {}

static void mirror_row(unsigned char *row, int width, int samples) {
	for (int a = 0, b = width - 1; a < b; a++, b--) {
		for (int i = 0; i < samples; i++) {
			unsigned char v = row[a * samples + i];
			row[a * samples + i] = row[b * samples + i];
			row[b * samples + i] = v;
		}
	}
}

// write_rows copies the rows of an opened page.
static int write_rows(TIFF *t, int width, int height, int samples, int mirror, struct output *out) {
	unsigned char *row = malloc((size_t)width * samples);
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, leave, silent);
	png_infop info = png == NULL ? NULL : png_create_info_struct(png);
	if (row == NULL || info == NULL || setjmp(png_jmpbuf(png))) {
		png_destroy_write_struct(&png, &info);
		free(row);
		return 0;
	}
	png_set_write_fn(png, out, keep, flush);
	png_set_compression_level(png, 3); // as pix.png
	png_set_IHDR(png, info, width, height, 8, samples == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
	png_write_info(png, info);
	for (int y = 0; y < height; y++) {
		if (TIFFReadScanline(t, row, y, 0) != 1) png_error(png, "the row does not decode");
		if (mirror) mirror_row(row, width, samples);
		png_write_row(png, row);
	}
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	free(row);
	return 1;
}

int tiff_png(const unsigned char *data, size_t size, int n, int mirror, unsigned char **png, size_t *png_size, int *width, int *height, int *samples) {
	struct tiff_file file = {data, size, 0};
	TIFF *t = tiff_open(&file);
	if (t == NULL) return 0;
	uint32_t w = 0, h = 0;
	uint16_t bits = 1, each = 1, photometric = 0xFFFF, planar = PLANARCONFIG_CONTIG, compression = COMPRESSION_NONE;
	int plain = TIFFSetDirectory(t, n) && TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &w) && TIFFGetField(t, TIFFTAG_IMAGELENGTH, &h);
	if (plain) {
		TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &bits);
		TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &each);
		TIFFGetFieldDefaulted(t, TIFFTAG_PLANARCONFIG, &planar);
		TIFFGetFieldDefaulted(t, TIFFTAG_COMPRESSION, &compression);
		TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &photometric);
		if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG) {
			TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
			photometric = PHOTOMETRIC_RGB;
		}
		plain = w > 0 && h > 0 && w <= INT32_MAX / 3 && h <= INT32_MAX && bits == 8 && planar == PLANARCONFIG_CONTIG && !TIFFIsTiled(t) &&
			((each == 1 && photometric == PHOTOMETRIC_MINISBLACK) || (each == 3 && photometric == PHOTOMETRIC_RGB)) &&
			TIFFScanlineSize(t) == (tmsize_t)w * each;
	}
	struct output out = {NULL, 0, 0};
	int good = plain && write_rows(t, w, h, each, mirror, &out);
	TIFFClose(t);
	if (!good) {
		free(out.data);
		return 0;
	}
	*png = out.data;
	*png_size = out.size;
	*width = w;
	*height = h;
	*samples = each;
	return 1;
}
