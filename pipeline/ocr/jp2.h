#include <stddef.h>
#include <leptonica/allheaders.h>

// jp2_pix decodes a JPEG 2000 file or bare codestream to a picture of 8 bits grey
// or 32 bits colour, laid on white. reduce halves its size so many times where the
// file allows that. NULL is a failure.
PIX *jp2_pix(const unsigned char *data, size_t size, int reduce);
