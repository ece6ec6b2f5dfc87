// Package analysis turns German text into the tokens that the catalogue's
// search stores and asks for. It is pure: text in, tokens out, the same for a
// page and for a query, and the same whatever database keeps the tokens.
//
// Each word has three faces. Its form is the word as written, in lower case,
// without marks, with ä, ae and a, ö, oe and o, ü, ue and u, ß and ss made the
// same, and put together again where a line end divided it. Its stem is the
// form without its inflection (snowball, German). Its bones are the form with
// look-alike letters made the same, which finds words that recognition
// damaged. A file reference, date or compound with hyphens is also kept as a
// whole.
//
// What counts as a match, and how matches are ranked, is left to the catalogue.
package analysis
