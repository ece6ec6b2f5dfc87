#include "fit.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>

struct jpeg {
	struct jpeg_decompress_struct info; // first, so that a pointer to it is one to all
	struct jpeg_error_mgr errors;
	jmp_buf leave;
	fitter *fit;
	unsigned char *row, *rgb;
};

static void jpeg_leave(j_common_ptr info) { longjmp(((struct jpeg *)info)->leave, 1); }

static void jpeg_silent(j_common_ptr info) {}

// inks turns a row of CMYK, stored inverted where Adobe's programs wrote it, to RGB.
static void inks(struct jpeg *j) {
	const unsigned char *p = j->row;
	unsigned char *to = j->rgb;
	for (JDIMENSION x = 0; x < j->info.output_width; x++, p += 4) {
		int flip = j->info.saw_Adobe_marker ? 0 : 255;
		for (int i = 0; i < 3; i++) *to++ = (p[i] ^ flip) * (p[3] ^ flip) / 255;
	}
}

// jpeg_rows decodes all rows. With tw, it gives a picture.
static int jpeg_rows(struct jpeg *j, const unsigned char *data, size_t size, int tw, int th, int colour, PIX **pix) {
	j->info.err = jpeg_std_error(&j->errors);
	j->errors.error_exit = jpeg_leave;
	j->errors.output_message = jpeg_silent;
	if (setjmp(j->leave)) {
		if (j->fit != NULL) {
			PIX *half = fitter_end(j->fit);
			pixDestroy(&half);
		}
		free(j->row);
		free(j->rgb);
		jpeg_destroy_decompress(&j->info);
		return 0;
	}
	jpeg_create_decompress(&j->info);
	jpeg_mem_src(&j->info, data, size);
	jpeg_read_header(&j->info, TRUE);
	int four = j->info.num_components == 4;
	if (four) j->info.out_color_space = JCS_CMYK;
	else j->info.out_color_space = colour && j->info.num_components == 3 ? JCS_RGB : JCS_GRAYSCALE;
	jpeg_start_decompress(&j->info);
	j->row = malloc((size_t)j->info.output_width * j->info.output_components);
	if (four) j->rgb = malloc((size_t)j->info.output_width * 3);
	if (pix != NULL) j->fit = fitter_new(j->info.output_width, j->info.output_height, tw, th, colour);
	if (j->row == NULL || (four && j->rgb == NULL) || (pix != NULL && j->fit == NULL)) jpeg_leave((j_common_ptr)&j->info);
	while (j->info.output_scanline < j->info.output_height) {
		JSAMPROW row = j->row;
		if (jpeg_read_scanlines(&j->info, &row, 1) != 1) jpeg_leave((j_common_ptr)&j->info);
		if (pix == NULL) continue;
		if (four) inks(j);
		fitter_row(j->fit, four ? j->rgb : j->row, four ? 3 : j->info.output_components);
	}
	jpeg_finish_decompress(&j->info);
	if (pix != NULL) *pix = fitter_end(j->fit);
	free(j->row);
	free(j->rgb);
	jpeg_destroy_decompress(&j->info);
	return 1;
}

int jpeg_probe(const unsigned char *data, size_t size, int *warnings) {
	struct jpeg *j = calloc(1, sizeof *j);
	if (j == NULL) return 0;
	int good = jpeg_rows(j, data, size, 0, 0, 0, NULL);
	*warnings = j->errors.num_warnings;
	free(j);
	return good;
}

PIX *jpeg_fit(const unsigned char *data, size_t size, int tw, int th, int colour, int *warnings) {
	PIX *pix = NULL;
	struct jpeg *j = calloc(1, sizeof *j);
	if (j == NULL) return NULL;
	jpeg_rows(j, data, size, tw, th, colour, &pix);
	*warnings = j->errors.num_warnings;
	free(j);
	return pix;
}

int jpeg_size(const unsigned char *data, size_t size, int *w, int *h) {
	struct jpeg *j = calloc(1, sizeof *j);
	if (j == NULL) return 0;
	j->info.err = jpeg_std_error(&j->errors);
	j->errors.error_exit = jpeg_leave;
	j->errors.output_message = jpeg_silent;
	volatile int good = 0;
	if (setjmp(j->leave) == 0) {
		jpeg_create_decompress(&j->info);
		jpeg_mem_src(&j->info, data, size);
		jpeg_read_header(&j->info, TRUE);
		*w = j->info.image_width;
		*h = j->info.image_height;
		good = 1;
	}
	jpeg_destroy_decompress(&j->info);
	free(j);
	return good;
}
