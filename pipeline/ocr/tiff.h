#include <stddef.h>
#include <leptonica/allheaders.h>
#include <tiffio.h>

// tiff_count begins to count what libtiff complains about, tiff_complaints tells.
void tiff_count(void);
int tiff_complaints(void);

// tiff_pix decodes page n of a TIFF of any layout that libtiff knows, laid on
// white: 1 bit if it is bitonal, else 8 bits grey or 32 bits colour. NULL is a
// failure.
PIX *tiff_pix(const unsigned char *data, size_t size, int n);

// tiff_open opens a TIFF in memory, which has to stay there until it is closed.
struct tiff_file {
	const unsigned char *data;
	toff_t size, at;
};
TIFF *tiff_open(struct tiff_file *file);
