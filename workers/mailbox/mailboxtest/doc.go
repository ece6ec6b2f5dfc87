// Package mailboxtest is an IMAP server in memory for tests, over TLS, that can be
// made to misbehave: to cut connections in the middle of a message, to fall silent
// there, to refuse what it is asked, and to be gone and come back.
package mailboxtest
