#include <stddef.h>
#include <leptonica/allheaders.h>

// png_grey decodes a PNG row by row to 8 bits grey, laid on white: a byte a pixel
// is all that is held. NULL is a failure, or a layout that it leaves to others:
// bitonal or interlaced.
PIX *png_grey(const unsigned char *data, size_t size);

// tiff_png makes a PNG of page n of a TIFF, row by row, where its rows are plain
// samples of 8 bits, grey or RGB; other layouts it leaves to others. With mirror,
// left and right are swapped. It gives 1 and a PNG that is to be freed, or 0.
int tiff_png(const unsigned char *data, size_t size, int n, int mirror, unsigned char **png, size_t *png_size, int *width, int *height, int *samples);
