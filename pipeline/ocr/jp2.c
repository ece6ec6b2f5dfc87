#include "jp2.h"
#include "fit.h"

#include <stdlib.h>
#include <string.h>
#include <openjpeg.h>

// Leptonica decodes JPEG 2000 with the same library, but only 8 bits a sample, no
// components of unlike size and no transparency, and it finds the header at one
// fixed place only.

struct source {
	const unsigned char *data;
	size_t size, at;
};

static OPJ_SIZE_T source_read(void *into, OPJ_SIZE_T n, void *user) {
	struct source *s = user;
	if (s->at >= s->size) return (OPJ_SIZE_T)-1;
	if (n > s->size - s->at) n = s->size - s->at;
	memcpy(into, s->data + s->at, n);
	s->at += n;
	return n;
}

static OPJ_OFF_T source_skip(OPJ_OFF_T n, void *user) {
	struct source *s = user;
	if (n < 0 || (OPJ_UINT64)n > s->size - s->at) {
		s->at = s->size;
		return -1;
	}
	s->at += n;
	return n;
}

static OPJ_BOOL source_seek(OPJ_OFF_T n, void *user) {
	struct source *s = user;
	if (n < 0 || (OPJ_UINT64)n > s->size) return OPJ_FALSE;
	s->at = n;
	return OPJ_TRUE;
}

// jp2_image decodes the rows from top to bottom, counted from 0, or all if bottom is
// 0. With rows of -1 it reads the header only.
static opj_image_t *jp2_image(const unsigned char *data, size_t size, int top, int bottom) {
	struct source src = {data, size, 0};
	opj_image_t *image = NULL;
	opj_dparameters_t parameters;
	opj_set_default_decoder_parameters(&parameters);
	int bare = size > 4 && memcmp(data, "\xff\x4f\xff\x51", 4) == 0;
	opj_codec_t *codec = opj_create_decompress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
	opj_stream_t *stream = opj_stream_default_create(OPJ_TRUE);
	if (codec != NULL && stream != NULL) {
		opj_stream_set_user_data(stream, &src, NULL);
		opj_stream_set_user_data_length(stream, size);
		opj_stream_set_read_function(stream, source_read);
		opj_stream_set_skip_function(stream, source_skip);
		opj_stream_set_seek_function(stream, source_seek);
		int good = opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &image);
		if (good && bottom > 0)
			good = opj_set_decode_area(codec, image, image->x0, image->y0 + top, image->x1, image->y0 + bottom);
		if (good && bottom >= 0) {
			good = opj_decode(codec, stream, image);
			// The end of the file is not reached where only some rows are wanted.
			if (good && bottom == 0) good = opj_end_decompress(codec, stream);
		}
		if (!good) {
			opj_image_destroy(image);
			image = NULL;
		}
	}
	if (stream != NULL) opj_stream_destroy(stream);
	if (codec != NULL) opj_destroy_codec(codec);
	return image;
}

// sample gives the value at a place of a picture of w x h pixels, 0 to 255, of a
// component that may be coarser.
static int sample(const opj_image_comp_t *c, OPJ_UINT32 x, OPJ_UINT32 y, OPJ_UINT32 w, OPJ_UINT32 h) {
	if (c->w != w) x = (OPJ_UINT64)x * c->w / w;
	if (c->h != h) y = (OPJ_UINT64)y * c->h / h;
	OPJ_INT64 v = c->data[(size_t)y * c->w + x];
	if (c->sgnd) v += (OPJ_INT64)1 << (c->prec - 1);
	if (c->prec > 8) v >>= c->prec - 8;
	else if (c->prec < 8) v = v * 255 / ((1 << c->prec) - 1);
	return v < 0 ? 0 : v > 255 ? 255 : (int)v;
}

static int clamp(double v) { return v < 0 ? 0 : v > 255 ? 255 : (int)(v + 0.5); }

// layers is a decoded picture, told what its components are.
struct layers {
	opj_image_t *image;
	const opj_image_comp_t *colour[4], *alpha; // alpha is NULL where there is none
	int n;                                     // of colour: 1, 3, 4
	int ycc;
	OPJ_UINT32 w, h;
};

// layers_of looks at the components of a picture; it gives 0 for what cannot be shown.
static int layers_of(opj_image_t *image, struct layers *l) {
	*l = (struct layers){.image = image};
	if (image == NULL) return 0;
	int good = 1;
	for (OPJ_UINT32 i = 0; i < image->numcomps; i++) {
		const opj_image_comp_t *c = &image->comps[i];
		good = good && c->data != NULL && c->w > 0 && c->h > 0 && c->prec >= 1 && c->prec <= 31;
		if (c->alpha != 0) l->alpha = c;
		else if (l->n < 4) l->colour[l->n++] = c;
	}
	// Two or four components without a word which is what: the last one is alpha,
	// unless it says that it is ink.
	if (l->alpha == NULL && (l->n == 2 || (l->n == 4 && image->color_space != OPJ_CLRSPC_CMYK))) l->alpha = l->colour[--l->n];
	if (l->n == 2) l->n = 1;
	if (!good || l->n == 0) return 0;
	l->w = l->colour[0]->w;
	l->h = l->colour[0]->h;
	l->ycc = l->n == 3 && (image->color_space == OPJ_CLRSPC_SYCC || image->color_space == OPJ_CLRSPC_EYCC ||
		(image->color_space != OPJ_CLRSPC_SRGB && l->colour[1]->w < l->w));
	return 1;
}

// layers_row gives a row on white: w pixels of one byte grey or three of colour.
static void layers_row(const struct layers *l, OPJ_UINT32 y, unsigned char *to) {
	for (OPJ_UINT32 x = 0; x < l->w; x++) {
		int v[4], a = l->alpha == NULL ? 255 : sample(l->alpha, x, y, l->w, l->h);
		for (int i = 0; i < l->n; i++) v[i] = sample(l->colour[i], x, y, l->w, l->h);
		if (l->ycc) {
			double cb = v[1] - 128, cr = v[2] - 128, luma = v[0];
			v[0] = clamp(luma + 1.402 * cr);
			v[1] = clamp(luma - 0.344136 * cb - 0.714136 * cr);
			v[2] = clamp(luma + 1.772 * cb);
		}
		if (l->n == 4) { // CMYK
			for (int i = 0; i < 3; i++) v[i] = (255 - v[i]) * (255 - v[3]) / 255;
		}
		for (int i = 0; i < l->n && i < 3; i++) *to++ = (v[i] * a + 255 * (255 - a)) / 255;
	}
}

PIX *jp2_pix(const unsigned char *data, size_t size) {
	struct layers l;
	PIX *pix = NULL;
	unsigned char *line = NULL;
	opj_image_t *image = jp2_image(data, size, 0, 0);
	if (layers_of(image, &l)) {
		pix = pixCreateNoInit(l.w, l.h, l.n == 1 ? 8 : 32);
		line = malloc((size_t)l.w * 3);
	}
	if (line == NULL) pixDestroy(&pix);
	for (OPJ_UINT32 y = 0; pix != NULL && y < l.h; y++) {
		l_uint32 *row = pixGetData(pix) + (size_t)y * pixGetWpl(pix);
		layers_row(&l, y, line);
		for (OPJ_UINT32 x = 0; x < l.w; x++) {
			if (l.n == 1) SET_DATA_BYTE(row, x, line[x]);
			else composeRGBPixel(line[3 * x], line[3 * x + 1], line[3 * x + 2], &row[x]);
		}
	}
	free(line);
	opj_image_destroy(image);
	return pix;
}

int jp2_size(const unsigned char *data, size_t size, int *w, int *h) {
	opj_image_t *image = jp2_image(data, size, 0, -1);
	if (image == NULL) return 0;
	int good = image->numcomps > 0 && image->x1 - image->x0 < 1u << 30 && image->y1 - image->y0 < 1u << 30 &&
		image->comps[0].dx == 1 && image->comps[0].dy == 1;
	*w = image->x1 - image->x0;
	*h = image->y1 - image->y0;
	opj_image_destroy(image);
	return good && *w > 0 && *h > 0;
}

// The decoder holds four bytes a sample, and for a while twice: a strip of A0 in
// colour takes 120 MB.
#define STRIP 512

int jp2_rows(const unsigned char *data, size_t size, jp2_sink sink, void *to) {
	int w, h;
	if (!jp2_size(data, size, &w, &h)) return 0;
	unsigned char *line = malloc((size_t)w * 3);
	int good = line != NULL;
	for (int top = 0; good && top < h; top += STRIP) {
		struct layers l;
		int rows = h - top < STRIP ? h - top : STRIP;
		opj_image_t *image = jp2_image(data, size, top, top + rows);
		good = layers_of(image, &l) && l.w == w && l.h == rows;
		for (int y = 0; good && y < rows; y++) {
			layers_row(&l, y, line);
			good = sink(to, line, w, h, l.n == 1 ? 1 : 3);
		}
		opj_image_destroy(image);
	}
	free(line);
	return good;
}

struct fit_sink {
	fitter *fit;
	int tw, th, colour;
};

static int fit_row(void *to, const unsigned char *row, int w, int h, int samples) {
	struct fit_sink *s = to;
	if (s->fit == NULL) s->fit = fitter_new(w, h, s->tw, s->th, s->colour);
	if (s->fit == NULL) return 0;
	fitter_row(s->fit, row, samples);
	return 1;
}

PIX *jp2_fit(const unsigned char *data, size_t size, int tw, int th, int colour) {
	struct fit_sink s = {NULL, tw, th, colour};
	int good = jp2_rows(data, size, fit_row, &s);
	PIX *pix = s.fit == NULL ? NULL : fitter_end(s.fit);
	if (!good) pixDestroy(&pix);
	return pix;
}
