#include <stddef.h>
#include <leptonica/allheaders.h>

// A fitter averages rows of a picture down to a smaller one as they come, so that
// the full picture never stands in memory.
typedef struct fitter fitter;

// fitter_new begins a picture of tw x th pixels from one of w x h, which must not
// be smaller in either direction: 32 bits colour or 8 bits grey. NULL is a failure.
fitter *fitter_new(int w, int h, int tw, int th, int colour);

// fitter_row takes the next row: w pixels of samples bytes, 1 or 2 grey, 3 or 4
// colour, the even ones with alpha, which is laid on white.
void fitter_row(fitter *f, const unsigned char *row, int samples);

// fitter_end gives the picture, NULL if not all rows came, and frees the rest.
PIX *fitter_end(fitter *f);

// pix_fit makes a grey picture of 8 bits smaller. Leptonica's own way to sizes
// between 0.7 and 1 sharpens, for which it holds four bytes a pixel.
PIX *pix_fit(PIX *grey, int tw, int th);

// box_mean gives a grey picture of 8 bits whose pixels are the means over the square
// of 2*around+1 pixels about them, as far as it lies on the picture. It gives what
// pixBlockconv gives, which holds four bytes a pixel for its sums.
PIX *box_mean(PIX *grey, int around);

// png_fit, jpeg_fit and jp2_fit decode a file to a picture of tw x th pixels that
// is not larger than it, row by row (JPEG 2000: in strips). NULL is a failure, or
// a PNG whose layout is left to others: bitonal or interlaced. warnings counts
// what the decoder had to mend.
PIX *png_fit(const unsigned char *data, size_t size, int tw, int th, int colour);
PIX *jpeg_fit(const unsigned char *data, size_t size, int tw, int th, int colour, int *warnings);
PIX *jp2_fit(const unsigned char *data, size_t size, int tw, int th, int colour);

// jpeg_probe decodes a file, keeps nothing, and counts what the decoder had to
// mend. 0 is a failure.
int jpeg_probe(const unsigned char *data, size_t size, int *warnings);

// jpeg_size and jp2_size tell the size of a file; 0 is a failure.
int jpeg_size(const unsigned char *data, size_t size, int *w, int *h);
int jp2_size(const unsigned char *data, size_t size, int *w, int *h);
