// Package foreign reads, judges and repairs PDF files that others made. It is
// the only package that knows pdfcpu.
//
// Signatures are checked here too, since that needs the parsed file and its bytes
// at once.
//
// Everything here runs in a child process ([Serve]): the parser meets hostile
// bytes, and pdfcpu panics or grows on some of them. pdfcpu is used to find and
// parse objects, nothing else. What it finds is turned at once into a small
// model of our own ([file], with plain Go values for PDF objects), on which
// inspecting, taking pictures out and repairing work, and which a serialiser of
// our own writes: pdfcpu's writer forces dates, producer and /ID and drops what
// PDF/A needs. The pictures of a large file stay on the disk meanwhile (large.go).
//
// The caller (package pdfa) decides, renders, converts, compares and asks the
// gate. Nothing here says that a file is valid PDF/A.
package foreign
