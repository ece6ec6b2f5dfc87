package ocr

// #cgo LDFLAGS: -ltesseract
//
// // tesseract loads a table of look-alikes ("rn" for "m") for its old recogniser
// // whenever it starts, even if the language's data have none for the old one, as
// // all of Debian's. It does so by sorting a list by insertion: four fifths of a
// // start, 60 ms of CPU time for each language, and a letter of one page starts
// // one or two readers. The table cannot be switched off by a variable, but the
// // function that loads it is an exported one, and the dynamic linker takes the
// // program's before the library's. Where the library calls it by another name,
// // this one is never called and nothing changes but the time. The words of the
// // sample letters and of the corpus's pages are the same with and without it.
// void _ZN9tesseract13UnicharAmbigs13LoadUniversalERKNS_10UNICHARSETEPS1_(void *table, const void *from, void *to) {
//   (void)table; (void)from; (void)to;
// }
import "C"
