#include <stddef.h>
#include <leptonica/allheaders.h>

// jp2_pix decodes a JPEG 2000 file or bare codestream to a picture of 8 bits grey
// or 32 bits colour, laid on white. NULL is a failure.
PIX *jp2_pix(const unsigned char *data, size_t size);

// jp2_sink takes the next row of a picture of w x h pixels: one byte a pixel grey,
// or three of colour. It gives 0 to end it all.
typedef int (*jp2_sink)(void *to, const unsigned char *row, int w, int h, int samples);

// jp2_rows decodes in strips and gives the rows to sink. It gives 0 where it fails.
int jp2_rows(const unsigned char *data, size_t size, jp2_sink sink, void *to);
