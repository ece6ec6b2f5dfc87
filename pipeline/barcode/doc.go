// Package barcode finds barcodes on the grey picture of a page, and makes those
// that our own sheets carry. It is the only room that knows ZXing.
//
// # What it promises
//
// [Find] is a function from a picture to the codes on it: QR, Code 128, Code 39,
// Data Matrix, PDF417, the codes of goods, and patch codes. It neither judges nor
// cuts: what a code means for a stack is the business of
// [blattwerk/pipeline/separate]. [QR] and [Linear] make symbols to print.
//
// # How it is built
//
// Pictures are what strangers sent, and ZXing is foreign C++ code, so [Find] runs
// in a child process, where the reading room has the decoded page at hand
// ([blattwerk/pipeline/ocr]). ZXing-C++ (Apache-2.0, Debian's libzxing) was chosen
// for its speed: it looks a page over in the time that a port in Go needs for one
// kind of code. Linear codes are looked for at full resolution, since their bars
// are narrow; QR and Data Matrix at 150 dpi, in a quarter of the time.
//
// Patch codes are none of ZXing's. They carry no data and no checksum, only four
// bars of a given size, so what makes them sure is size, proportion and length:
// the bars have to stand in line after line over most of an inch, with white on
// both sides. Rows and columns are both searched, and a skewed sheet only makes
// the bars drift, so that turning the page first is not needed.
package barcode
