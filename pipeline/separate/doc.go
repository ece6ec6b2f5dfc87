// Package separate cuts what was delivered into letters: the step "separate". A
// mailroom scans stacks, not files.
//
// # What it promises
//
// [Room.Step] looks for barcodes on every page that has a picture, before any page
// is read: separator sheets cost no recognition. Of pages that a PDF draws it looks
// at the text, and at the picture of those with few words. Patch codes T, 2 and 3 and our
// own separator and cover sheets part letters; two sheets in a row, and the blank
// back of a sheet, are one cut. Sheets are set aside with a reason, recorded and
// kept, so that a person can take them back, and each is a debit in the books. The
// document becomes the first letter; the others are its Parts, of which the
// catalogue makes documents.
//
// A cover sheet says what its batch holds ([Sheet]): number, department, document
// type, day of receipt, count, and how the paper was scanned. A count that differs
// is a remark. A label with an archive serial number ([ParseLabel]) is a mark of
// its letter. A bad or stray code is a warning and never stops a letter; a page
// that cannot be looked at goes on to be read.
//
// Running the step again gives the same cut. A letter that was cut already, or
// that a person arranged, passes unchanged.
//
// # What it leaves to others
//
// Pictures are decoded and searched in a child of the reading room ([Glance]).
// Our sheets are drawn in [blattwerk/pipeline/sheets]. What people do with pages
// is the catalogue's.
package separate
