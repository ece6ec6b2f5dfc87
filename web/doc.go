// Package web is the page that people see and the API that programs use: hand
// letters in, watch them go, settle what the machine was unsure of, find what was
// archived, and see what was saved.
//
// Pages are made on the server (html/template) and work without JavaScript; the
// script only adds dragging files onto the page, progress of uploads, and rows
// that change by themselves. German comes first, English stands beside it.
//
// # Promises
//
// Nothing is shown to whom it does not concern: without a password the page
// answers the loopback only, and only under the loopback's name (a foreign site
// may point its name at it); with one, every request needs it. Every letter
// viewed, every search and every download is in the evidence log. No state
// changes on GET; requests from other sites are refused
// (http.CrossOriginProtection). Nothing is loaded from elsewhere, nothing is
// cached by browsers, and names from letters are never logged.
//
// # What it leaves to others
//
// Accounts, roles and departments' rights are to come; until then there is one
// password. What the page needs of the belt and of the engines is handed in by
// [Config] as functions, so that this package imports neither.
package web
