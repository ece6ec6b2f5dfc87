// Command conformance shows what Blattwerk's PDF/A is worth and writes the
// tables as docs/conformance.md. `make conformance` runs it.
//
// It has four parts, each of which can be run alone (`make conformance
// PART=rivals`). The report is written after each part, and says in its head from
// which run and commit each part comes:
//
//   - writer: every file made from the sample letters, from the scans of the
//     shared corpus and from random inputs, before veraPDF, the referee of the
//     trade, for PDF/A-2u and for the machine rules of 2a and PDF/UA-1;
//   - gate: our validator against the referee, on the conformance cases of the
//     corpus, on our own files and on fresh mutants of them;
//   - files: what becomes of PDF files that others made, by which way, and
//     whether the result says and shows the same; where none was made, whether
//     other programs confirm the reason that the clerk reads (untouched.go);
//   - rivals: the same files given to OCRmyPDF and to ghostscript alone.
//
// Whether a result says and shows the same as its original is judged here anew,
// with other code and other thresholds than the pipeline's own comparison: words
// by pdftotext as a bag, looks by pdftoppm as the mean difference of a page.
//
// The part rivals goes on where it was broken off, as long as nothing was
// committed since: its scores lie in .cache/conformance until it is whole.
//
// The referee is started once for each table and flavour, since a start of its
// machine costs more than a second and a file only milliseconds. Random inputs
// and mutants are drawn from a seed that is printed; -seed draws them again.
//
// Figures depend on what stands in shared/corpus (BLATTWERK_CORPUS). CPU time is
// that of the program and of all children it waited for.
package main
