// Package gate decides whether a PDF is PDF/A: nothing leaves the pipeline as an
// archive file that did not pass [Validate].
//
// It checks ISO 19005-2 at the levels b, u and a, and the same levels of ISO
// 19005-3, whose rules differ for embedded files. It reads strictly and repairs
// nothing: what ISO 32000-1 does not allow is a breach. A false "valid" would be
// kept for thirty years, a false "invalid" costs a second look, so wherever the
// gate cannot judge (a predefined CJK CMap, an embedded PDF/A-1) it does not
// accept, and says so with a rule of its own: "gate-parse", "gate-limits",
// "gate-unchecked". All others are numbered by clause and test, as veraPDF's
// users know them.
//
// Foreign bytes are met with budgets (budget.go): work, decoded bytes, objects,
// pages, nesting. A file that exceeds one is invalid. Streams are decoded only
// where a rule needs their content; pictures are not, but the boxes of JPEG 2000
// are read. A fault of the gate itself ends in "gate-internal", never in "valid".
//
// The rules were written from the texts of ISO 19005-2, ISO 32000-1, the XMP
// Specification of 2005 and the font specifications. The tests compare the
// verdicts with veraPDF as a referee; its source was not read.
//
// Way of a file: xref.go opens it, file.go and lex.go read objects, structure.go
// checks how they are written; catalog.go, pages.go and annots.go walk the
// document; content.go, form.go and extgstate.go interpret what is drawn and ask
// colour.go, image.go and font.go; xmp.go, rdf.go and xmpext.go read the metadata;
// tagged.go adds level a. rules.go lists all rules; the cases in rules_test.go and
// its neighbours break each of them once. Tables of names stand in data/.
package gate
