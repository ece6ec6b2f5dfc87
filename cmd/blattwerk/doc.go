// Command blattwerk turns paper into records: it takes scanned letters in, reads
// them, writes checked PDF/A, files it under a department, archives it for good
// and books the paper that this saves.
//
// This folder holds flags, environment and wiring, and nothing clever: what a
// command does is in the rooms it wires together. Only this folder reads the
// environment; every setting is one line of the table in settings.go.
//
// The hidden commands "read" and "pdf" are the children in which foreign code
// (tesseract, Leptonica, pdfcpu) works, apart from the program.
package main
