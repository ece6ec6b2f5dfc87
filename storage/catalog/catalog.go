package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"

	"blattwerk/pipeline"
)

// Errors that callers tell apart.
var (
	ErrUnknown      = errors.New("no such document")
	ErrNotClaimable = errors.New("not claimable")          // done, moved on, other generation, leased, or not yet due
	ErrLost         = errors.New("the claim was lost")     // somebody else works on it; nothing was written
	ErrNotWaiting   = errors.New("not waiting")            // no person's word is asked for in this state
	ErrUnproven     = errors.New("not fit to be archived") // no record, PDF not through the gate, or filing not sure
	ErrChanged      = errors.New("the delivery differs")   // a step must not alter what was delivered
)

const (
	// MaxLease is the longest lease; longer ones are cut to it.
	MaxLease = 24 * time.Hour
	// MaxWait is the longest wait until a document is due again.
	MaxWait = 7 * 24 * time.Hour
)

// Options are the choices at [Open]; the zero value is usable.
type Options struct {
	Clock func() time.Time  // nil: time.Now
	Zone  *time.Location    // whose turn of the year begins a new journal; nil: time.Local
	First pipeline.StepName // step that new documents start with; "": pipeline.StepOpen
	// Key signs checkpoints of the evidence log, in the notation of
	// golang.org/x/mod/sumdb/note ("PRIVATE+KEY+..."). KeyFile names a file that
	// holds it; the file is made, with mode 0600, if it is not there. Without
	// both, [Catalog.Checkpoint] answers [ErrNoKey].
	Key     string
	KeyFile string
	// Masked gives what the department of an archived letter's filing may find of
	// it, without the numbers that the law keeps from that department: the fields,
	// and the words in the order of its pages. It is asked before a letter is handed
	// on and before that is taken back, and fills in what becomes visible again. nil:
	// fields and words stay as they are.
	Masked func(ctx context.Context, doc pipeline.Document) ([]pipeline.Field, []pipeline.PageText, error)
}

// Catalog is an open catalogue. It is safe for concurrent use.
type Catalog struct {
	dialect     dialect
	read, write *sql.DB
	clock       func() time.Time
	zone        *time.Location
	first       pipeline.StepName
	masked      func(context.Context, pipeline.Document) ([]pipeline.Field, []pipeline.PageText, error)
	signer      note.Signer
	verifier    note.Verifier
	verifierKey string
	logName     string // first line of this log's checkpoints
}

// Open opens the catalogue at dsn, "sqlite:/path/file.db" or "postgres://...",
// and brings its tables to this program's version.
func Open(ctx context.Context, dsn string, opt Options) (*Catalog, error) {
	c := &Catalog{clock: opt.Clock, zone: opt.Zone, first: opt.First, masked: opt.Masked}
	if c.clock == nil {
		c.clock = time.Now
	}
	if c.zone == nil {
		c.zone = time.Local
	}
	if c.first == "" {
		c.first = pipeline.StepOpen
	}
	if err := c.loadKey(opt); err != nil {
		return nil, err
	}
	var err error
	if c.dialect, c.read, c.write, err = connect(dsn); err != nil {
		return nil, err
	}
	if err := c.dialect.migrate(ctx, c.write, dsn); err != nil {
		c.Close()
		return nil, err
	}
	if err := c.nameLog(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close closes the connections. What was answered is durable without it.
func (c *Catalog) Close() error {
	err := c.read.Close()
	if c.write != c.read {
		err = errors.Join(err, c.write.Close())
	}
	return err
}

// Ping says whether the database answers.
func (c *Catalog) Ping(ctx context.Context) error { return c.write.PingContext(ctx) }

// change runs fn in one transaction that is committed only if fn gives nil. On
// PostgreSQL fn runs again after a deadlock, so it must only assign to what it
// captures.
func (c *Catalog) change(ctx context.Context, what string, fn func(tx *sql.Tx) error) error {
	var err error
	for try := 0; try < 4; try++ {
		if err = c.changeOnce(ctx, fn); err == nil || !repeatable(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (c *Catalog) changeOnce(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := c.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit without effect
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// snapshot runs fn on one unchanging view of the catalogue.
func (c *Catalog) snapshot(ctx context.Context, fn func(tx *sql.Tx) error) error {
	opt := &sql.TxOptions{ReadOnly: true}
	if c.dialect.locks {
		opt.Isolation = sql.LevelRepeatableRead
	}
	tx, err := c.read.BeginTx(ctx, opt)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(tx)
}

// querier is what *sql.DB and *sql.Tx have in common for looking.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// namespace is the UUID namespace of document IDs; any fixed value serves.
var namespace = uuid.MustParse("5f7b1c52-0c5e-4d53-9d39-6d0f5c1a6e9b")

// DocumentID names the document at a position (from 0) of a delivery: always
// the same for the same delivery and position.
func DocumentID(d pipeline.DeliveryID, position int) pipeline.DocID {
	return pipeline.DocID(uuid.NewSHA1(namespace, fmt.Appendf(nil, "%s/%d", d, position)).String())
}

// NewDeliveryID gives a name for a new delivery: a UUIDv7, so that names sort by
// time.
func NewDeliveryID() (pipeline.DeliveryID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("naming a delivery: %w", err)
	}
	return pipeline.DeliveryID(id.String()), nil
}

func (c *Catalog) now() int64 { return millis(c.clock()) }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// clean makes a text fit for both databases: PostgreSQL keeps neither NUL nor
// bytes that are not UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func encode(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encoding: %w", err)
	}
	return string(raw), nil
}
