// Package mail reads e-mails as they come off the wire (RFC 5322, MIME): who wrote
// to whom and when, the text, and the attachments.
//
// It shows nothing and fetches nothing. HTML becomes plain text: words, paragraphs,
// lists, the cells of tables and where links lead. Scripts, styles, forms and
// pictures from the network are left out, so that reading a mail tells its sender
// nothing and runs nothing. What the mail looked like is kept in the delivered
// bytes only, and [Message] says that the text was taken from HTML.
//
// The bytes are from strangers: depth, parts and size are bounded, and a mail that
// breaks the rules of MIME is read as far as it goes.
package mail
