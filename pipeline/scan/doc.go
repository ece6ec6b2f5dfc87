// Package scan opens what was delivered: the step "open". A file becomes pages,
// each with the picture of one side of a sheet.
//
// # What it promises
//
// The type of a file is told from its content, never from its name. Headers are
// checked against limits (bytes, pages, pixels) before any decoder sees the
// file. A JPEG or PNG is itself the picture of its page and is taken byte for
// byte, after a check that it is whole; other formats are decoded without loss
// to PNG. Every page gets a believable size: a resolution that is missing or
// absurd is replaced by a guess from the shape of A4.
//
// What cannot be opened is a [blattwerk/pipeline.Fault] with the verdict "give
// back" and words for a clerk that say what to do. The bytes stay kept by
// others.
//
// # What it leaves to others
//
// This room is plain Go over bytes from strangers and never decodes a picture
// itself, since decoders eat memory and die of bad input. It borrows a decoder
// that runs in a child process ([Decoder], [Prober]; the reading room has both),
// runs a foreign program for the pictures of phones (HEIC, AVIF), and knows
// someone who opens PDFs ([Config.PDF]) and mails, office files and texts
// ([Config.Other]). A page of a TIFF is handed to the
// decoder as a TIFF of its own, so that neither the length of a file nor the
// mistakes of its other pages matter to it.
package scan
