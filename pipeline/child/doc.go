// Package child runs risky work in child processes of our own binary, so that a
// crash, a hang or a hunger for memory in foreign code ends a child and not the
// program.
//
// The parent holds a [Pool] of children that live long and are replaced after a
// number of calls, after a missed deadline and after a crash. The child calls
// [Serve] with a table of handlers. A call carries a JSON value and, beside it,
// raw bytes, in both directions. A child that waits for its next call gives idle
// memory back.
//
// The child limits itself before it touches any input: data memory
// (RLIMIT_DATA, which unlike RLIMIT_AS does not count what Go only reserves), no
// core dumps (they would hold citizens' data), and it ends when its parent does.
//
// Programs of others that work on one file and end are each a [Program],
// run under limits of memory and time.
package child
