// Package savings keeps honest books about paper: what filing a letter
// digitally spared, and what it cost.
//
// # What is counted
//
// The incoming letter is never counted: it was printed and posted by somebody
// else; its sheets stand in the books as received and in no sum. Counted are
// copies that the town hall would have made of it (for circulation, for the file,
// for the desk) and makes no longer, replies that went out without paper, folders
// that no letter has to go into, and courier runs that fell away. Debits are
// negative entries of the same ledger: separator and cover sheets, reprints,
// rescans, the electricity of scanning, recognition and servers, and the storage
// of the archived bytes over the whole retention. The sum may be negative, and
// says so: a letter at 500 kB a page, kept for ten years, costs more carbon than
// the third of a copy that it spares.
//
// # From what was counted to a figure
//
// An entry of the ledger holds its basis ([pipeline.Basis]): sides, pages,
// milliseconds, bytes, before any rate. A [Tally] adds bases up, since all sums are
// linear in them. [Books.Report] multiplies them by what holds: the table of
// factors (seed/factors.tsv, each row with unit, source and boundary), what people
// told ([pipeline.Fact]: samples, purchases, staff, factors of the town's own),
// and the set of factors for paper, which takes them from one family of sources
// and holds for whole years. Facts are only ever added. So a better factor reaches
// new reports and no filed one: a filed report names the last entry and the last
// fact that it knew, keeps its table of factors, and follows from them again byte
// for byte ([Again]).
//
// Where purchases are known for twelve months before the start and since, what the
// letters come to is held against their decline, set in relation to staff and
// letters; what is more than the decline is cut, and the report says so.
//
// # How well a figure is known
//
// Every entry carries an evidence class, measured (A), sampled (B) or assumed
// (C): the weakest of its counting, its rate and the town's own factors. A sum is
// known as well as its weakest part, and shows how many sheets rest on which
// class. The range is the range of the rate times the range of the factor; a
// sampled rate has the 95 % interval of its count. Ranges of entries are added end
// by end: their errors come from the same rates and factors and do not cancel out.
//
// The default set takes the Öko-Institut's and ifeu's figures, which are the lowest
// that are published for Germany, and shows the UK government's of 2025 as the high
// case. Trees are not counted, and neither is avoided disposal. Avoided emissions
// are no part of an inventory; reports and exports show them apart from the paper
// that was bought.
//
// # What is left to others
//
// This package does not know where entries, facts and reports are kept (the
// catalogue) and reads no meters: whoever knows of an event that no letter shows
// hands it to [Books.Book], or in a table to [Books.ReadTable]. Workbooks are
// written by excelize, a well-kept library that costs 1.4 of the 45 megabytes of the
// program; cells of our own making would cost less and break more.
package savings
