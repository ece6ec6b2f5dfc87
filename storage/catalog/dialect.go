package catalog

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite" // driver "sqlite"
)

//go:embed migrations
var migrations embed.FS

// dialect is what differs between the databases.
type dialect struct {
	name  string
	goose goose.Dialect
	// locks says that transactions that write run side by side, so that an order
	// among them needs a lock. SQLite has one writer at a time.
	locks    bool
	ends     bool   // the index holds the ends of stems, see [ends]
	merges   bool   // the index merges the lists of all words with a begin before it gives the newest document
	document string // number of a document in the index
	place    string // orders what matches by the number of the document
	text     string // makes a text of a string that each gives
	// word is how an alternative of a clause is written, prefix one that ends in
	// a star; or joins them.
	word, prefix func(token string) string
	or           string
	// infix is a condition that column stem contains placeholder %s.
	infix string
}

var sqlite = dialect{
	name:     "sqlite",
	goose:    goose.DialectSQLite3,
	merges:   true,
	document: `search_index.rowid >> 8`,
	place:    `search_index.rowid`,
	text:     ``,
	word:     func(t string) string { return `"` + t + `"` },
	prefix:   func(t string) string { return `"` + t + `" *` },
	or:       " OR ",
	infix:    `instr(stem, %s) > 0`,
}

var postgres = dialect{
	name:     "postgres",
	goose:    goose.DialectPostgres,
	locks:    true,
	ends:     true,
	document: `found.doc`,
	place:    `d.n`,
	text:     `#>> '{}'`,
	word:     func(t string) string { return `'` + t + `'` },
	prefix:   func(t string) string { return `'` + t + `':*` },
	or:       " | ",
	infix:    `strpos(stem, %s) > 0`,
}

// Advisory locks on PostgreSQL, in the order in which they may be taken.
const (
	lockIntake   = 0x626c6174_0001 // journal numbers and the search for duplicates
	lockAccounts = 0x626c6174_0003 // changes of accounts
	lockLog      = 0x626c6174_0002 // order of the evidence log; always the last
)

func (d dialect) lock(ctx context.Context, tx *sql.Tx, key int64) error {
	if !d.locks {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, key); err != nil {
		return fmt.Errorf("waiting for a lock: %w", err)
	}
	return nil
}

// each gives the rows of a list in JSON, in column value.
func (d dialect) each(arg string) string {
	if d.locks {
		return `json_array_elements(CAST(` + arg + ` AS json))`
	}
	return `json_each(` + arg + `)`
}

// repeatable says that the database gave up a whole transaction for a reason
// that a second try may not meet: a deadlock or a serialisation failure.
func repeatable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

// connect opens the pools for reading and writing.
func connect(dsn string) (d dialect, read, write *sql.DB, err error) {
	switch {
	case strings.HasPrefix(dsn, "sqlite:"):
		read, write, err = connectSQLite(strings.TrimPrefix(strings.TrimPrefix(dsn, "sqlite:"), "//"))
		return sqlite, read, write, err
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			return dialect{}, nil, nil, fmt.Errorf("opening PostgreSQL: %w", err)
		}
		db.SetMaxOpenConns(16)
		db.SetMaxIdleConns(8)
		return postgres, db, db, nil
	}
	return dialect{}, nil, nil, errors.New(`the catalogue's address must start with "sqlite:" or "postgres://"`)
}

func connectSQLite(path string) (read, write *sql.DB, err error) {
	if path == "" {
		return nil, nil, errors.New("the catalogue's address names no file")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("making the catalogue's folder: %w", err)
	}
	// Made here, because SQLite would make it readable to all; its WAL takes the
	// same mode. Only if it is not there: closing a second descriptor of a file
	// would drop the locks that this process holds on it.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case err == nil:
		f.Close()
	case !errors.Is(err, fs.ErrExist):
		return nil, nil, fmt.Errorf("making the catalogue's file: %w", err)
	}
	base := (&url.URL{Scheme: "file", Path: path}).String()
	if !filepath.IsAbs(path) {
		base = "file:" + (&url.URL{Path: path}).EscapedPath()
	}
	common := "?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	write, err = sql.Open("sqlite", base+common+"&_txlock=immediate")
	if err != nil {
		return nil, nil, fmt.Errorf("opening SQLite: %w", err)
	}
	write.SetMaxOpenConns(1)
	read, err = sql.Open("sqlite", base+common+"&_pragma=query_only(1)&_pragma=cache_size(-16000)")
	if err != nil {
		write.Close()
		return nil, nil, fmt.Errorf("opening SQLite: %w", err)
	}
	read.SetMaxOpenConns(max(4, runtime.NumCPU()))
	read.SetMaxIdleConns(max(4, runtime.NumCPU()))
	return read, write, nil
}

// migrate brings the tables to this program's version. Processes that start at
// the same time wait for each other.
func (d dialect) migrate(ctx context.Context, db *sql.DB, dsn string) error {
	p, unlock, err := d.migrator(db, dsn)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating the catalogue: %w", err)
	}
	return nil
}

func (d dialect) migrator(db *sql.DB, dsn string) (*goose.Provider, func(), error) {
	files, err := fs.Sub(migrations, "migrations/"+d.name)
	if err != nil {
		return nil, nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	unlock := func() {}
	if d.locks {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // every second, five minutes long
		if err != nil {
			return nil, nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	} else if unlock, err = lockFile(strings.TrimPrefix(strings.TrimPrefix(dsn, "sqlite:"), "//") + ".lock"); err != nil {
		return nil, nil, err
	}
	p, err := goose.NewProvider(d.goose, db, files, options...)
	if err != nil {
		unlock()
		return nil, nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return p, unlock, nil
}

// lockFile takes an exclusive lock on a file of its own beside the database.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the catalogue: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking the catalogue: %w", err)
	}
	return func() { f.Close() }, nil
}

// where collects conditions; a ? in them becomes the next placeholder.
type where struct {
	conds []string
	args  []any
}

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) add(cond string, args ...any) {
	for _, a := range args {
		cond = strings.Replace(cond, "?", w.arg(a), 1)
	}
	w.conds = append(w.conds, cond)
}

func (w *where) String() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}

// in writes a list of placeholders; an empty list matches nothing.
func in[T ~string](w *where, column string, values []T) {
	if len(values) == 0 {
		w.add("1 = 0")
		return
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = w.arg(string(v))
	}
	w.conds = append(w.conds, column+" IN ("+strings.Join(marks, ", ")+")")
}
