// Package pdfatest is for tests only: it asks veraPDF, the referee of the
// trade, what it thinks of PDF files, and makes up pictures and words to write
// PDF files of. A start of veraPDF's machine costs more than a second and a file
// only milliseconds, so that tests collect their files and ask once.
package pdfatest
