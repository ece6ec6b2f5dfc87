// Package catalog is what is known about every letter: where it stands, what
// was read from it, who decided what, and what was saved. It is the truth about
// work in progress; the queue is only a bell, and the archive is the truth
// about what was kept.
//
// # Promises
//
// Every change is one transaction that also writes its entry in the evidence
// log, so that a letter and its history can never disagree. What was answered
// with nil is durable (SQLite: WAL with synchronous=FULL; PostgreSQL: its
// commit). A document is at every moment exactly one of working, waiting,
// archived, refused ([pipeline.State]). Journal numbers have no gaps within a
// year, under concurrency and after rolled back intakes. The effect of a step
// is written by compare-and-set on step, generation, owner and claim
// ([Catalog.Advance]): a worker that was overtaken writes nothing. A document
// becomes archived only with a record, a PDF that passed the gate, and a filing
// that is sure.
//
// The same code runs on SQLite (nothing to install) and on PostgreSQL (any
// number of processes); [dialect] holds what differs. One suite of tests runs
// over both, and a search gives the same hits on both, because texts are
// analysed in Go (package analysis) and the databases only store tokens. One thing
// differs: PostgreSQL finds all compounds that end in a word by one token, SQLite
// seeks the 200 shortest of them one by one.
//
// # Stacks, and what people do with pages
//
// One delivery becomes one or several documents. The first, at position 0, is
// written when the delivery is accepted. A step that finds further letters gives
// them as [pipeline.Document].Parts; [Catalog.Advance] makes documents of them in
// the transaction that moves the first one on: names by position
// ([DocumentID]), so that no letter can be made twice, journal numbers without
// gaps, evidence ("cut"), work to do. [PartBells] gives what to ring for, the
// reconciler rings in any case. [Catalog.Letters] lists what a delivery became.
//
// People put pages right with [Catalog.Rearrange] and take it back with
// [Catalog.UndoRearrange]: turn, move, split, join, set aside and back, each an
// event in the evidence of every document it touches ("rearranged"). A page whose
// sheet was scanned again gets another picture in the same way ("rescanned"). A page is
// named by its number in the delivery ([pipeline.Page].No), which never changes.
// A screen shows [pipeline.Document].Pages and, apart from them, Aside (separator
// and cover sheets, dropped pages); it sends the documents it changed with the
// generation it showed and rings the bells it gets. [ErrStale]: show anew;
// [ErrKept]: say that an archived letter stays as it is, and that a letter in
// wrong pieces is put right by scanning it again. Pages without a picture
// (drawn pages of a born-digital PDF) can be moved but not turned ([ErrDrawn]).
//
// The books on paper (books.go) are only ever added to: entries of the ledger and
// what people told have positions that grow, and nothing appears before a position
// that was read ([Catalog.Ledger]), so that a filed report follows from its place
// for good.
//
// # What it leaves to others
//
// Bytes are the business of storage, queues, retries and the choice of the next
// step that of workers. Rights are too: callers pass what a person may see
// ([Sight]), the catalogue only narrows to it. It keeps accounts, sessions and
// tokens, but knows neither passwords nor secrets, only their hashes, and what a
// role means is package access's business.
// The catalogue holds citizens' texts: its file has mode 0600, and neither logs
// nor evidence carry words from letters.
//
// # Decisions
//
// The journal number is given when a delivery is accepted, not when its letter is
// archived: a journal (Posteingangsbuch) counts what came in, also what was given
// back, and only so can the manifest carry the number and a catalogue be rebuilt
// with it.
//
// Times are integer milliseconds and come from [Options].Clock, so that both
// databases agree and tests can turn the clock. Leases and waits that lie
// further ahead than any caller may ask for ([MaxLease], [MaxWait]) count as
// over: a clock that jumped ahead and back must not hold a letter for a year.
// PostgreSQL serialises intakes and evidence by advisory locks taken in a fixed
// order, document row first, log last; so there are no deadlocks, and appends
// to the log are in the order of commits.
package catalog
