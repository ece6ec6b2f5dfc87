// Package truetype cuts TrueType programs down to the glyphs that a file shows.
// Two writers of PDF need it: the one that repairs foreign files and the one that
// sets the text of mails. It reads programs that come with the system, not bytes
// from strangers.
package truetype
