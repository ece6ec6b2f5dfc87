#ifndef BLATTWERK_ZXING_H
#define BLATTWERK_ZXING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Groups of symbologies, looked for together.
enum { BW_LINEAR = 1, BW_QR = 2, BW_MATRIX = 4, BW_STACKED = 8 };

// What was found. The text is UTF-8.
typedef struct {
	int kind; // see the constants of barcode.go
	int x[4], y[4]; // corners
	char text[4096];
	int length;
} bw_code;

// bw_read looks for codes of the groups in a grey picture and writes at most max
// of them. It answers their number, or -1 after a fault of the library.
int bw_read(const uint8_t *pixels, int width, int height, int stride, int groups, bw_code *found, int max);

// bw_write makes the symbol of a text: one byte a module, 1 is dark. The caller
// frees the modules. It answers 0, or -1 if the text does not fit the symbology.
int bw_write(int kind, const char *text, int level, uint8_t **modules, int *width, int *height);

#ifdef __cplusplus
}
#endif

#endif
