#include "jp2.h"

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

static opj_image_t *jp2_image(const unsigned char *data, size_t size, int reduce) {
	struct source src = {data, size, 0};
	opj_image_t *image = NULL;
	opj_dparameters_t parameters;
	opj_set_default_decoder_parameters(&parameters);
	parameters.cp_reduce = reduce;
	int bare = size > 4 && memcmp(data, "\xff\x4f\xff\x51", 4) == 0;
	opj_codec_t *codec = opj_create_decompress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
	opj_stream_t *stream = opj_stream_default_create(OPJ_TRUE);
	if (codec != NULL && stream != NULL) {
		opj_stream_set_user_data(stream, &src, NULL);
		opj_stream_set_user_data_length(stream, size);
		opj_stream_set_read_function(stream, source_read);
		opj_stream_set_skip_function(stream, source_skip);
		opj_stream_set_seek_function(stream, source_seek);
		if (!opj_setup_decoder(codec, &parameters) || !opj_read_header(stream, codec, &image) ||
		    !opj_decode(codec, stream, image) || !opj_end_decompress(codec, stream)) {
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

PIX *jp2_pix(const unsigned char *data, size_t size, int reduce) {
	opj_image_t *image = jp2_image(data, size, reduce);
	if (image == NULL && reduce > 0) image = jp2_image(data, size, 0); // it has not so many sizes
	if (image == NULL) return NULL;
	const opj_image_comp_t *colour[4], *alpha = NULL;
	int n = 0, good = 1;
	for (OPJ_UINT32 i = 0; i < image->numcomps; i++) {
		const opj_image_comp_t *c = &image->comps[i];
		good = good && c->data != NULL && c->w > 0 && c->h > 0 && c->prec >= 1 && c->prec <= 31;
		if (c->alpha != 0) alpha = c;
		else if (n < 4) colour[n++] = c;
	}
	// Two or four components without a word which is what: the last one is alpha,
	// unless it says that it is ink.
	if (alpha == NULL && (n == 2 || (n == 4 && image->color_space != OPJ_CLRSPC_CMYK))) alpha = colour[--n];
	if (n == 2) n = 1;
	PIX *pix = NULL;
	if (good && n > 0) pix = pixCreateNoInit(colour[0]->w, colour[0]->h, n == 1 ? 8 : 32);
	if (pix == NULL) {
		opj_image_destroy(image);
		return NULL;
	}
	OPJ_UINT32 w = colour[0]->w, h = colour[0]->h;
	int ycc = n == 3 && (image->color_space == OPJ_CLRSPC_SYCC || image->color_space == OPJ_CLRSPC_EYCC ||
		(image->color_space != OPJ_CLRSPC_SRGB && colour[1]->w < w));
	l_uint32 *row = pixGetData(pix);
	for (OPJ_UINT32 y = 0; y < h; y++, row += pixGetWpl(pix)) {
		for (OPJ_UINT32 x = 0; x < w; x++) {
			int v[4], a = alpha == NULL ? 255 : sample(alpha, x, y, w, h);
			for (int i = 0; i < n; i++) v[i] = sample(colour[i], x, y, w, h);
			if (ycc) {
				double cb = v[1] - 128, cr = v[2] - 128, l = v[0];
				v[0] = clamp(l + 1.402 * cr);
				v[1] = clamp(l - 0.344136 * cb - 0.714136 * cr);
				v[2] = clamp(l + 1.772 * cb);
			}
			if (n == 4) { // CMYK
				for (int i = 0; i < 3; i++) v[i] = (255 - v[i]) * (255 - v[3]) / 255;
			}
			for (int i = 0; i < n && i < 3; i++) v[i] = (v[i] * a + 255 * (255 - a)) / 255;
			if (n == 1) SET_DATA_BYTE(row, x, v[0]);
			else composeRGBPixel(v[0], v[1], v[2], &row[x]);
		}
	}
	opj_image_destroy(image);
	return pix;
}
