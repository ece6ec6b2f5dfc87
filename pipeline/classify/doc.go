// Package classify says where a letter belongs: department, document type and
// fields, each with a confidence and the place on the page it was read from.
//
// It promises that no guess is shown as a fact. A filing is sure only at or over
// the threshold; below it the letter goes to a person, with the best candidates
// and their reasons, and nothing that follows from a type (retention, handling)
// is taken for granted. A filing that a person decided is never changed.
//
// # Cues
//
// The tables in seed/ are the one place to read and to change: departments.tsv,
// types.tsv (58 types with retention, need for protection and what to do with the
// paper), cues.tsv (phrases with their weight), fields.tsv (patterns) and
// lookalikes.tsv (words that look like a damaged cue and are none; made from a
// word list by TestLookalikes -words). A legal source "M" is to be confirmed by
// the town. The notation of a cue is told at [Cue].
//
// Words are compared in a folded form in which umlauts, capitals and look-alike
// characters are gone ([skeleton]), and long words may carry damage of one or
// two letters, weighed by what recognition really confuses ([within]). The last
// part of a German compound carries its meaning, so "*Rechnung" is found in
// Stromrechnung and not in Rechnungsprüfungsamt.
//
// # Confidence
//
// Weights are log-likelihood ratios in nats, estimated by hand: how much more
// often the phrase stands in letters of the type than in others. They are
// multiplied by the share that is left when several types use the phrase
// (inverse document frequency), by the quality of the match, and by the zone:
// subject 1.5, heading 1.35, enclosures 0.15, instructions on legal remedies
// 0.05; page two 0.7. Words count once. Further cues of a type count for 0.75 of
// the one before, because they come together and are not independent. With the
// scores S of all types, the confidence is the posterior
//
//	exp(S) / (exp(B) + sum of exp(S) over all types)
//
// so that both the total evidence (against the background B, a letter of no known
// type) and the margin to the rivals count. B is 5, more for a text with few
// marks of a letter; a text with none is never sure, whatever it speaks of.
// Where a type with a legal deadline has strong evidence, no other type is sure.
//
// What the figures are worth is measured by TestReliability: over the threshold
// they hold; below it they are lower than the share of right first candidates,
// which is the side to err on.
//
// # What is learned
//
// What people decided teaches a model ([Room.Learn], package learn): words and
// n-grams of confirmed letters, with the cues' scores as further evidence beside
// them. It never learns from its own guesses. A type joins with its fifth
// confirmed letter; before that, and without a model, the cues stand alone. With a
// model ([Room.Use]) the confidence is the model's, calibrated on letters that
// were held out, and each type has its own threshold, chosen there for the wanted
// share of right filings; the room's threshold stays the least. The guards of the
// cues hold for the model too: a deadline keeps other types from being sure, and a
// text without the marks of a letter is not sure unless its words alone say so.
// The words that moved the model are shown as reasons. docs/sorting.md tells what
// all this is worth.
//
// A town adds departments, types, cues and payment references by tables
// ([Extend]).
//
// # Doubts and questions
//
// A number with check digits that do not hold is no field but a doubt, and so are
// dates after the day of receipt, references of two departments, an invoice whose
// pages and XML disagree, a stack with letters too few. A doubt about what the type
// needs keeps the letter from being filed. [Room.Questions] makes questions of
// doubts and of uncertainty; what a person answers is held to the same rules
// ([Room.Apply]).
//
// An invoice's XML (ZUGFeRD, Factur-X, XRechnung) gives its fields exactly; the
// pages only say where they are printed.
//
// # Several letters in one scan
//
// A stack that was scanned without separators is one document. [Room.FirstPages]
// looks for pages that begin a letter (address, salutation, date, subject, page
// numbers, the greeting on the page before) and weighs their signs against the
// odds that most scans are one letter. The document is never parted by it: it
// waits with a question ([pipeline.AskCut]), and what a person says is final.
//
// What a cover sheet says about a letter is a person's word, too; [Room.Told]
// tells when the letter itself speaks against it loud enough to ask.
//
// # Numbers that must not be kept
//
// Serial numbers of identity documents are recognised and never stored; tax,
// insurance and AZR numbers are masked outside the departments that may use them
// ([Mask], [MaskFields]). Whoever keeps or indexes text redacts it by [Spans], and
// does so anew from the record when the letter comes to another department.
//
// The line is drawn at retrieval. Original, PDF/A with its text layer, and the
// words beside it are the record: they show what the sender wrote, and a text
// layer that differs from the picture would be a false copy (§ 20 (3) PAuswG
// forbids to find and link people by the number, not to keep the letter that
// shows it). Fields, doubts, reasons, the search index, the texts it was made of,
// snippets, the learned model and logs never have the number, so nobody can find
// or link a person by it.
//
// # What is left to others
//
// Words come from recognition, the index belongs to the catalogue, which also
// keeps decisions and the model's row; the model's bytes lie in the store. When to
// learn is the caller's choice.
package classify
