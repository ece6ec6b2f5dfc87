// Package sheets draws the sheets that Blattwerk recognises in a stack, as PDF/A
// to print: cover sheets, separator sheets, and labels with archive serial
// numbers.
//
// # What it promises
//
// What is printed here is recognised by [blattwerk/pipeline/separate], skewed,
// upside down and on its side too. Each sheet says the same thing in several
// ways, so that a torn corner or a smear does not matter: patch code T from the
// upper and from the lower edge, two QR codes, one Code 128; and in plain words,
// so that people know what they hold. The same values give the same bytes.
//
// What the barcodes carry is defined by [separate.Sheet] and
// [separate.EncodeLabel]; the drawing is that of [pdfa.Sheet].
package sheets
