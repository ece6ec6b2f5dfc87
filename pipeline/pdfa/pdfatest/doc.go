// Package pdfatest is for tests only: it asks veraPDF, the referee of the
// trade, what it thinks of PDF files. A start of its machine costs more than a
// second and a file only milliseconds, so that tests collect their files and
// ask once.
package pdfatest
