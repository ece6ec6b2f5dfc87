package gate

import (
	"context"
	"errors"
)

// What a file may cost. The figures leave room for any record that a town hall
// files (thousands of pages) and stop what was made to hurt.
const (
	maxDecoded    = 512 << 20 // bytes that all filters of a file may yield together
	maxStream     = 32 << 20  // bytes of one decoded stream that is held in memory
	maxWork       = 400 << 20 // bytes parsed plus operators and glyphs looked at, in units of about a byte
	maxObjects    = 1 << 20   // cross-reference entries
	maxPages      = 50_000    // leaves of the page tree
	maxNesting    = 100       // arrays and dictionaries within each other
	maxForms      = 28        // form XObjects, patterns and glyph procedures within each other
	maxObjectSize = 16 << 20  // bytes of one object without its stream
	cacheSize     = 32 << 20  // estimated bytes of parsed objects that are kept
)

// halt ends a validation from deep inside; Validate catches it.
type halt struct {
	err   error  // reading failed or the context ended: no verdict
	rule  string // the file cannot be judged further: a breach
	cause string
}

// errShort says that a token ran into the end of the bytes at hand.
var errShort = errors.New("unexpected end of data")

// budget counts what a validation costs and stops it when that is too much.
type budget struct {
	ctx     context.Context
	work    int64 // units left
	decoded int64 // bytes left
	pulse   int64 // work since ctx was asked last
}

func newBudget(ctx context.Context) *budget {
	return &budget{ctx: ctx, work: maxWork, decoded: maxDecoded}
}

// spend takes n units of work.
func (b *budget) spend(n int) {
	b.work -= int64(n)
	b.pulse += int64(n)
	if b.pulse > 1<<18 {
		b.pulse = 0
		if err := b.ctx.Err(); err != nil {
			panic(halt{err: err})
		}
	}
	if b.work < 0 {
		panic(halt{rule: ruleLimits, cause: "the file is too laborious to check"})
	}
}

// inflate takes n decoded bytes.
func (b *budget) inflate(n int) {
	b.decoded -= int64(n)
	if b.decoded < 0 {
		panic(halt{rule: ruleLimits, cause: "the streams of the file decode to more than 512 MB"})
	}
	b.spend(n / 8)
}
