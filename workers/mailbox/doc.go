// Package mailbox takes in letters from an IMAP mailbox (RFC 3501, RFC 9051).
//
// # What it promises
//
// Every message is accounted for: it is taken in and then lies in the folder for
// what is done, it waits for its next try, or it lies in the folder for what is
// held, where a person sees it. Each is taken whole, as it lies on the server, as
// one delivery of type message/rfc822; making pages of a mail and its attachments
// is the pipeline's. It is moved only when its delivery is committed and its bytes
// were read back from the store. The ID of the delivery follows from server,
// account, folder, UIDVALIDITY and UID: what is fetched again after a crash, or by
// a second process, is answered with the first receipt. When the server begins a
// new UIDVALIDITY, the catalogue still knows the same bytes.
//
// Messages are moved, not marked as read, since people look into mailboxes too: a
// mail that somebody has read must not be left out. Nothing is ever expunged but
// what was copied before, by its own UID.
//
// A message that is too large is held at once; one that fails, such as one that the
// server cannot give, is tried last and after growing pauses, and held after five
// tries, so that its neighbours go on. What is our own failure, such as a full disk,
// is never counted against a message. Whoever moves a held message back has it tried
// again.
//
// The time of receipt is when the message came into the mailbox (INTERNALDATE),
// unless that was more than thirty days ago, or is yet to come.
//
// # The connection
//
// It is encrypted with TLS, from the first byte or by STARTTLS, and there is no way
// around that but on the loopback. A refused password is not tried again for the
// longest pause, since servers lock out who guesses. A server that falls silent is
// left after two minutes. The mailbox is asked every minute by a new connection and
// not by IDLE: a connection that stands for days dies unseen in firewalls, and a
// minute is soon for a letter.
//
// The log says what happened in words of its own: never in those of a mail, nor in
// those of the server, which may name accounts.
//
// # The library
//
// go-imap (MIT) is used in its second version, pinned to beta 8 of December 2025,
// for these reasons. The first version had its last release in May 2022 and gets no
// new work. It holds each message in memory, where the second streams; a mail may
// have hundreds of megabytes. Since beta 8 a fetch that breaks off in the middle of
// a message ends with an error (before, it could hang for ever), and the tests here
// hold it to that. The second brings a server to test against (mailboxtest);
// against Dovecot 2.3 it was tried by hand, over TLS and STARTTLS. That it is a beta
// means that its API may still change, which costs a morning in this one room.
// Its traps: a connection that breaks off within a message looks like the end of it
// (whole, in take.go), and its fallback for servers without MOVE does not wait for
// the copy (moveTo, in look.go).
package mailbox
