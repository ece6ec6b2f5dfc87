// Package workers is the belt that carries documents from station to station.
// asynq and Redis are known here and nowhere else.
//
// # The queue is only a bell
//
// A task in the queue says "look at this document": its payload is the
// document's ID, the step and the generation, and nothing else. Whether there is
// work is decided by the catalogue, where a station claims the step by
// compare-and-set, and where the effect is written by compare-and-set. So a bell
// may ring twice, late or never: twice is answered by a claim that fails, never
// is mended by the reconciler, which asks the catalogue at the start and every
// minute what is unfinished and rings again. This is needed: asynq delivers at
// least once, needs one to two minutes to run a task again after its worker was
// killed, and forgets a task that is active without a lease.
//
// # Who acts on a fault
//
// Only this package turns a [pipeline.Verdict] into an action: try again is a
// due time in the catalogue and a bell for then; ask a person parks the document
// in the review tray; give back refuses it with its reason. A step that kills
// its process three times goes to a person, since a fourth time would not help.
// Dead letters are rows of the catalogue, not tasks of the queue: asynq keeps at
// most ten thousand of those, and for ninety days.
//
// # The unit of work is a document
//
// A station handles a whole document, and reading spreads its pages over the
// reading children itself. Tasks per page would spread one document over
// machines, at the price of a row and a merge for each page; letters have two
// pages, and towns have many letters. Documents of more than a few pages wait in
// one queue of their own with a low weight, so that letters pass them.
//
// # The ways in
//
// However a letter comes, [Intake] takes it: from the web page and the API, from the
// hot folder (inbox), from a mailbox (mailbox). The latter two know neither catalogue
// nor belt; they hand over bytes and learn whether these are kept.
//
// Network scanners that are asked (eSCL, also called AirScan or Mopria) have no door
// of their own here. The one client for Go that is known (stapelberg/airscan) does
// what its author's scanner needed and has no release to pin; and what scanners make
// of the protocol differs by model, which SANE's driver (sane-airscan) has learnt
// over years. It is GPL, so it works
// beside the program: deploy/scan.sh asks a scanner by it and lays the stack into the
// hot folder.
//
// # One belt, two sizes
//
// Without a Redis URL the belt runs on miniredis in this process. It keeps
// nothing over a restart, which is fine, and its clock has to be driven, which
// [OpenRedis] does. With a URL the same code runs on a real Redis.
package workers
