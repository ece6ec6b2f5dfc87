#include "zxing.h"

#define ZX_USE_UTF8 1

#include <cstdlib>
#include <cstring>
#include <string>

#include <ZXing/BarcodeFormat.h>
#include <ZXing/BitMatrix.h>
#include <ZXing/CharacterSet.h>
#include <ZXing/DecodeHints.h>
#include <ZXing/MultiFormatWriter.h>
#include <ZXing/ReadBarcode.h>

using namespace ZXing;

namespace {

enum Kind { kQR = 1, kCode128, kCode39, kDataMatrix, kPDF417, kRetail };

int kindOf(BarcodeFormat f) {
	switch (f) {
	case BarcodeFormat::QRCode: return kQR;
	case BarcodeFormat::Code128: return kCode128;
	case BarcodeFormat::Code39: return kCode39;
	case BarcodeFormat::DataMatrix: return kDataMatrix;
	case BarcodeFormat::PDF417: return kPDF417;
	default: return kRetail;
	}
}

BarcodeFormats formatsOf(int groups) {
	BarcodeFormats f;
	if (groups & BW_LINEAR)
		f |= BarcodeFormat::Code128 | BarcodeFormat::Code39 | BarcodeFormat::EAN8 | BarcodeFormat::EAN13 | BarcodeFormat::UPCA;
	if (groups & BW_QR) f |= BarcodeFormat::QRCode;
	if (groups & BW_MATRIX) f |= BarcodeFormat::DataMatrix;
	if (groups & BW_STACKED) f |= BarcodeFormat::PDF417;
	return f;
}

} // namespace

// ReadBarcode, for one code at a time, and not ReadBarcodes: version 1.4, which
// Debian has, ends the process by an assertion where it finds two linear ones.
// The caller paints over what was found and asks again.
int bw_read(const uint8_t *pixels, int width, int height, int stride, int groups, bw_code *found, int max) {
	try {
		DecodeHints hints;
		hints.setFormats(formatsOf(groups)).setTryHarder(true).setTryRotate(true).setTryDownscale(false);
		hints.setTryCode39ExtendedMode(false);
		ImageView view(pixels, width, height, ImageFormat::Lum, stride);
		if (max < 1) return 0;
		Result r = ReadBarcode(view, hints);
		if (!r.isValid()) return 0;
		std::string text = r.text();
		bw_code &c = found[0];
		c.kind = kindOf(r.format());
		c.length = static_cast<int>(text.size() < sizeof c.text ? text.size() : sizeof c.text);
		memcpy(c.text, text.data(), c.length);
		for (int i = 0; i < 4; i++) {
			c.x[i] = r.position()[i].x;
			c.y[i] = r.position()[i].y;
		}
		return 1;
	} catch (...) {
		return -1;
	}
}

int bw_write(int kind, const char *text, int level, uint8_t **modules, int *width, int *height) {
	try {
		MultiFormatWriter writer(kind == kQR ? BarcodeFormat::QRCode : BarcodeFormat::Code128);
		writer.setMargin(0).setEccLevel(level).setEncoding(CharacterSet::UTF8);
		BitMatrix m = writer.encode(std::string(text), kind == kQR ? 0 : 1, kind == kQR ? 0 : 1);
		*width = m.width();
		*height = m.height();
		*modules = static_cast<uint8_t *>(malloc(static_cast<size_t>(m.width()) * m.height()));
		if (*modules == nullptr) return -1;
		for (int y = 0; y < m.height(); y++)
			for (int x = 0; x < m.width(); x++) (*modules)[static_cast<size_t>(y) * m.width() + x] = m.get(x, y) ? 1 : 0;
		return 0;
	} catch (...) {
		return -1;
	}
}
