// Package pipeline says what a letter is and how a step is run.
//
// It holds the words that every other room speaks: a [Delivery] comes in, it
// becomes a [Document] of [Page]s, a page is read into [Word]s, the document is
// composed into a [PDF], filed by a [Filing], kept by a [Record] and booked by
// [Saving]s. Types stand here, effects outside: nothing in this package opens a
// file, a socket or a database.
//
// # Life of a letter
//
// A step is a function from a value to a value ([StepFunc]). It gets a document
// and the blobs it may read and write, and returns the document with more known
// about it. Running a step twice gives the same result, so that a step may be
// repeated after a crash. What a step leaves for the next one is in the
// document or, if large, a blob that the document names by [Digest].
//
// A delivery may be a stack. Between opening and reading it is separated: the
// document becomes the first letter, the others are its Parts, and the catalogue
// makes documents of them ([Stack], [Part]). So sheets that only part letters cost
// no recognition, and the letters of a stack are read side by side.
//
// A step that cannot finish returns a [Fault]. Its [Verdict] says who has to
// act: the machine later, a person now, or the sender.
//
// # What this package leaves to others
//
// The engines (scan, ocr, pdfa, classify, savings) import this package and
// [blattwerk/pipeline/child] only. The order of the steps is in
// [blattwerk/pipeline/route]. Queues are the business of [blattwerk/workers],
// bytes of [blattwerk/storage], rows of [blattwerk/storage/catalog].
package pipeline
