// Package onepage sets the report on paper saved on one page, as PDF/A-2a: for the
// council, the auditor and the archive. It says what a report says and nothing
// more: sums with their range, what they rest on, what they cost, what was not
// counted, and by which factors. What does not fit on the page is in the tables
// that package savings exports.
//
// The same report gives the same bytes. The file is held against the gate before
// it is given out.
package onepage
