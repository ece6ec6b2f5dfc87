// Package web is the page that people see and the API that programs use: hand
// letters in, watch them go, settle what the machine was unsure of, find what was
// archived, and see what was saved.
//
// Pages are made on the server (html/template) and work without JavaScript; the
// script only adds dragging files onto the page, progress of uploads, and rows
// that change by themselves. German comes first, English stands beside it.
//
// A form that cannot be taken loses nothing: its page is shown again with what was
// entered, and says at the entry what is wrong with it (again.go).
//
// # Promises
//
// Nothing is shown to whom it does not concern. Every route names the right that it
// takes (package access), and what no right grants is denied; every letter comes
// through one guard (guard.go), which narrows what is listed, searched, counted and
// found to what the person may see. What one may not see is answered like what
// there is not. Until the first account exists the page answers the loopback only,
// under the loopback's name (a foreign site may point its name at it), or asks
// for the one password; from then on everybody signs in, with a password kept as
// argon2id or by the town's own login (OpenID Connect), and programs carry tokens.
// Guesses are slowed down over all processes. Every letter viewed, every search
// and every download is in the evidence log, and so is every change of an account.
// No state changes on GET, but for the way back from the town's login, which is
// bound to the browser that went; requests from other sites are refused
// (http.CrossOriginProtection). Nothing is loaded from elsewhere, nothing is
// cached by browsers, and names from letters are never logged.
//
// The API is described by openapi.yaml, which tests hold against the routes and
// against real answers; docs/api.md has examples, which tests run.
//
// # What it leaves to others
//
// Accounts, sessions and tokens are kept by the catalogue. What the page needs of the belt and of the engines is handed in by
// [Config] as functions, so that this package imports neither.
package web
