// Package pdfa turns letters into PDF/A and checks every PDF/A before it is
// kept. It is the only room that knows how a PDF file looks inside.
//
// It has three parts. The writer ([Write], [ComposeScan]) makes PDF/A-2u of page
// pictures and words, forward only, a page at a time. The reader and converter
// take foreign PDF files and keep, repair, convert or picture them, in that
// order. The gate ([Gate], with its rules in the folder gate) checks a file
// against ISO 19005; nothing leaves this room as PDF/A that has not passed it.
//
// Beside them a [Sheet] sets pages of Blattwerk's own, such as reports and cover
// sheets: headings, paragraphs, tables and drawn pictures in an embedded font, as
// PDF/A-2a and PDF/UA-1, since here the text and its order are known.
//
// # What the writer promises
//
// A picture is never made worse: JPEG and JPEG 2000 go in byte for byte, PNG rows
// as they are packed, black-and-white as group 4 fax, all else packed without
// loss. What turns and straightens a page is the matrix that places its picture.
// There is no JBIG2 (the guideline of the trade forbids its coding of symbols), no
// LZW and no transparency. The words lie invisible on their ink, in the order of
// reading, and come out again by search and copy in every reader. The same input
// gives the same bytes; nothing is taken from the clock.
//
// The font of the words is made here too: two glyphs that paint nothing, and a
// map from codes to characters. A real font would have to cover every script and
// would weigh more than the page.
//
// Every file carries tags and keeps the rules of PDF/A-2a and PDF/UA-1 that a
// machine can check, but claims level U only. The higher levels promise that the
// text is right and in the right order, which nobody knows before a person read
// it.
//
// # Mails, office files, texts
//
// What is neither PDF nor picture is set as a PDF first, its rendition, which is
// kept as a blob and then goes the way of any PDF that was drawn ([Room.OpenOther]).
// A mail becomes its header and text, set in our own fonts and without anything
// from the network, and behind them its attachments as pages, as far as they can
// be shown; all are named and counted. Texts and invoices that are XML alone are
// set likewise. Office files are converted by LibreOffice, if it is there, in a
// process that is bounded in memory and time and has no network, no macros and no
// links (office.go). This stands here and not in a room of its own because it needs
// the writer, the reader of foreign files and the limits for foreign programs, and
// rooms do not know each other.
//
// # Signatures
//
// Each signature of a delivered PDF is checked over the bytes that it covers: are
// they those that were signed, does it cover the whole file, what does its
// certificate say? Whether the certificate deserves trust is not checked, and that
// is said wherever the result is shown.
//
// # Passwords
//
// An encrypted PDF waits for a person. With the password that they enter a copy is
// made that opens without ([Room.Unlock]); the copy is a blob that the document
// names, read in place of the original, swept when the letter is archived. The
// password is used in that one call and kept nowhere; the original stays the master.
//
// # What it leaves to others
//
// It does not open picture files (scan), does not read pictures (ocr) and
// keeps nothing but through [pipeline.Blobs].
//
// Pages are rendered and their own text is read by poppler's programs, each run
// under limits: on letters they take two thirds of the time of pdfium on
// WebAssembly and a tenth of its memory, and a page that harms them harms only
// them. Their licence (GPL) allows that, as programs of their own.
package pdfa
