#include "fit.h"

#include <stdlib.h>
#include <string.h>

struct fitter {
	PIX *pix;
	int w, h, tw, th, samples; // samples of the result: 1 or 3
	int y, out;                // rows that came, rows that are done
	int *at;                   // where each pixel of a row begins in the result
	float *share;              // and how much of it lies there; the rest lies to the right
	float *line, *sum;         // the row, narrowed; and the sum of those of a row of the result
	unsigned char *plain;      // the row in samples
};

static void fitter_free(fitter *f) {
	pixDestroy(&f->pix);
	free(f->at);
	free(f->share);
	free(f->line);
	free(f->sum);
	free(f->plain);
	free(f);
}

fitter *fitter_new(int w, int h, int tw, int th, int colour) {
	if (tw <= 0 || th <= 0 || tw > w || th > h) return NULL;
	fitter *f = calloc(1, sizeof *f);
	if (f == NULL) return NULL;
	*f = (fitter){.w = w, .h = h, .tw = tw, .th = th, .samples = colour ? 3 : 1};
	f->pix = pixCreateNoInit(tw, th, colour ? 32 : 8);
	f->at = malloc(w * sizeof *f->at);
	f->share = malloc(w * sizeof *f->share);
	f->line = calloc((size_t)(tw + 1) * f->samples, sizeof *f->line); // one more for what rounding puts beyond the end
	f->sum = calloc((size_t)(tw + 1) * f->samples, sizeof *f->sum);
	f->plain = malloc((size_t)w * f->samples);
	if (f->pix == NULL || f->at == NULL || f->share == NULL || f->line == NULL || f->sum == NULL || f->plain == NULL) {
		fitter_free(f);
		return NULL;
	}
	double scale = (double)tw / w;
	for (int x = 0; x < w; x++) {
		int at = (int)((long long)x * tw / w);
		double left = (at + 1 - x * scale) / scale; // of the pixel's width
		f->at[x] = at;
		f->share[x] = left < 1 ? left : 1;
	}
	return f;
}

// plain_row gives the samples of the result: on white, and grey if it is grey, by
// Leptonica's weights.
static const unsigned char *plain_row(fitter *f, const unsigned char *row, int samples) {
	if (samples == f->samples) return row;
	unsigned char *to = f->plain;
	for (int x = 0; x < f->w; x++, row += samples) {
		int alpha = samples % 2 == 0 ? row[samples - 1] : 255;
		int r = row[0], g = samples >= 3 ? row[1] : r, b = samples >= 3 ? row[2] : r;
		if (f->samples == 1 && samples >= 3) r = (int)(0.3f * r + 0.5f * g + 0.2f * b + 0.5f);
		for (int i = 0; i < f->samples; i++) {
			int v = i == 0 ? r : i == 1 ? g : b;
			*to++ = alpha == 255 ? v : (v * alpha + 255 * (255 - alpha) + 127) / 255;
		}
	}
	return f->plain;
}

static void narrow(fitter *f, const unsigned char *row) {
	int n = f->samples;
	memset(f->line, 0, (size_t)(f->tw + 1) * n * sizeof *f->line);
	for (int x = 0; x < f->w; x++) {
		float *to = f->line + (size_t)f->at[x] * n, share = f->share[x];
		for (int i = 0; i < n; i++) {
			float v = *row++;
			to[i] += share * v;
			to[n + i] += (1 - share) * v;
		}
	}
}

static void add(fitter *f, float share) {
	int n = f->tw * f->samples;
	for (int i = 0; i < n; i++) f->sum[i] += share * f->line[i];
}

static void put(fitter *f) {
	l_uint32 *line = pixGetData(f->pix) + (size_t)f->out++ * pixGetWpl(f->pix);
	float all = (float)f->tw / f->w; // a pixel of the result is the mean of so many
	for (int x = 0; x < f->tw; x++) {
		int v[3];
		for (int i = 0; i < f->samples; i++) {
			v[i] = (int)(f->sum[x * f->samples + i] * all + 0.5f);
			if (v[i] > 255) v[i] = 255;
		}
		if (f->samples == 1) SET_DATA_BYTE(line, x, v[0]);
		else composeRGBPixel(v[0], v[1], v[2], &line[x]);
	}
	memset(f->sum, 0, (size_t)f->tw * f->samples * sizeof *f->sum);
}

void fitter_row(fitter *f, const unsigned char *row, int samples) {
	if (f->y >= f->h) return;
	narrow(f, plain_row(f, row, samples));
	double scale = (double)f->th / f->h;
	double begin = f->y * scale, end = ++f->y * scale, edge = f->out + 1;
	if (end < edge && f->y < f->h) {
		add(f, end - begin);
		return;
	}
	add(f, (edge < end ? edge : end) - begin);
	put(f);
	if (f->out < f->th && end > edge) add(f, end - edge);
}

PIX *fitter_end(fitter *f) {
	PIX *pix = NULL;
	if (f->out == f->th) {
		pix = f->pix;
		f->pix = NULL;
	}
	fitter_free(f);
	return pix;
}

PIX *pix_fit(PIX *grey, int tw, int th) {
	int w = pixGetWidth(grey), h = pixGetHeight(grey);
	fitter *f = fitter_new(w, h, tw, th, 0);
	unsigned char *row = malloc(w);
	if (f == NULL || row == NULL) {
		if (f != NULL) fitter_free(f);
		free(row);
		return NULL;
	}
	l_uint32 *line = pixGetData(grey);
	for (int y = 0; y < h; y++, line += pixGetWpl(grey)) {
		for (int x = 0; x < w; x++) row[x] = GET_DATA_BYTE(line, x);
		fitter_row(f, row, 1);
	}
	free(row);
	return fitter_end(f);
}

PIX *box_mean(PIX *grey, int around) {
	int w = pixGetWidth(grey), h = pixGetHeight(grey), wpl = pixGetWpl(grey);
	PIX *pix = pixCreateTemplate(grey);
	unsigned *column = calloc(w, sizeof *column); // sums over the rows about the row
	if (pix == NULL || column == NULL) {
		pixDestroy(&pix);
		free(column);
		return NULL;
	}
	l_uint32 *data = pixGetData(grey), *out = pixGetData(pix);
	int rows = 0;
	for (int y = -around; y < h; y++) {
		if (y + around < h) {
			l_uint32 *line = data + (size_t)(y + around) * wpl;
			for (int x = 0; x < w; x++) column[x] += GET_DATA_BYTE(line, x);
			rows++;
		}
		if (y - around - 1 >= 0) {
			l_uint32 *line = data + (size_t)(y - around - 1) * wpl;
			for (int x = 0; x < w; x++) column[x] -= GET_DATA_BYTE(line, x);
			rows--;
		}
		if (y < 0) continue;
		l_uint32 *line = out + (size_t)y * pixGetWpl(pix);
		unsigned sum = 0;
		for (int x = 0; x < around && x < w; x++) sum += column[x];
		for (int x = 0; x < w; x++) {
			if (x + around < w) sum += column[x + around];
			if (x - around - 1 >= 0) sum -= column[x - around - 1];
			int from = x - around < 0 ? 0 : x - around, to = x + around >= w ? w - 1 : x + around;
			int v = (int)((float)sum / (rows * (to - from + 1)) + 0.5f);
			SET_DATA_BYTE(line, x, v);
		}
	}
	free(column);
	return pix;
}
