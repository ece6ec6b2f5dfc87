// Package savings keeps honest books about paper: what filing a letter
// digitally spared, and what it cost.
//
// # What is counted
//
// The incoming letter is never counted: it was printed and posted by somebody
// else. Counted are copies that the town hall would have made of it (for
// circulation, for the file, for the desk) and makes no longer, by the rate of
// copies per letter that stands in the [Baseline]. Debits are counted too, as
// negative entries of the same ledger: separator sheets, the electricity of
// scanning and recognition, and the storage of the archived bytes over the
// whole retention. The sum may be negative: a letter at 500 kB a page, kept for
// ten years, costs more carbon than the third of a copy that it spares.
//
// # How well a figure is known
//
// Every entry carries an evidence class, measured (A), sampled (B) or assumed
// (C), and a low, a middle and a high value. The range is the range of the
// rate times the range of the factor. Ranges of entries are added end by end:
// their errors come from the same rates and factors and do not cancel out.
//
// Factors are dated rows of seed/factors.tsv with source and boundary; their
// ids are kept with each entry. A [set] takes the factors for paper from one
// family of sources, and one set holds for a whole year. The default takes the
// Öko-Institut's and ifeu's figures, which are the lowest that are published for
// Germany, and shows the UK government's of 2025 as the high case. Trees are
// not counted, and neither is avoided disposal.
//
// Avoided emissions are no part of an inventory; a report shows them apart from
// the paper that was bought.
//
// # What is left to others
//
// This package does not know where entries are kept (the catalogue's ledger)
// and reads no meters: whoever knows of an event that no letter shows, such as
// reprints, hands it to [Books.Book].
package savings
