// Command bench measures Blattwerk against OCRmyPDF, the program that an
// engineer would take instead, on the same pages in the same minutes, and writes
// what came out as docs/benchmarks.md. `make bench` runs it.
//
// Four contenders read one fixed set (set.go): `blattwerk convert`, OCRmyPDF as
// it comes, OCRmyPDF with all its means against bad scans, and, as the physical
// limit, tesseract alone on pages that are rendered already. They take turns
// file by file, so that whatever else the machine does falls on all of them
// alike, and the ratios are those of one round. Each number is the median over
// the rounds; a first pass is not counted.
//
// What counts as text is what a searcher would get: the text that poppler's
// pdftotext finds in the finished PDF, held against the text that the page is
// known to carry. CER and WER are edit distances over the whole file, so that a
// column read in another order than the known text has it counts as error, for
// every contender alike; words found does not mind the order. The formulas are
// in metric.go.
//
// A group's rates are those of all its text together: edits over characters, summed
// over its files. So it is with the group across the others that the bar on German
// pages in mild condition is held against (set.go: mild, layer).
//
// CPU time is what the kernel booked to the process and to all its descendants,
// those too that outlive it for a moment. Memory is given twice: the largest single process as the
// kernel knows it (ru_maxrss), and the whole family at one moment, sampled as
// proportional set size, in which shared pages count once.
//
// With -ours it reads each file once with Blattwerk alone and prints how well, file
// by file, with the word error rate that does not mind the order beside the one
// that does: what a change of the reading does to accuracy is known in a minute.
//
// The program needs Linux, and changes nothing but the file it writes.
package main
