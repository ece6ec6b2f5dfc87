// Package keeper keeps the books: it reads the ledger and what people told from the
// catalogue, has package savings compute, and writes back what the sustainability
// desk decides. The web page and the command line both work through it, so that
// they cannot come to different sums.
//
// It holds the ledger added up in memory and reads only what came since: the sums
// of a hundred thousand letters answer at once, and the first call after a start
// reads the whole ledger.
package keeper
