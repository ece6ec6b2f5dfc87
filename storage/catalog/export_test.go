package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/pressly/goose/v3"
	"golang.org/x/mod/sumdb/tlog"
)

// RewriteHashes makes all stored hashes of the evidence log anew from its
// entries: what a forger does who knows the code.
func RewriteHashes(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `DELETE FROM log_hash`); err != nil {
		return err
	}
	entries, err := readEntries(ctx, tx, 0)
	if err != nil {
		return err
	}
	for _, e := range entries {
		hashes, err := tlog.StoredHashes(e.n, e.record, storedHashes(ctx, tx))
		if err != nil {
			return err
		}
		for i, h := range hashes {
			_, err := tx.ExecContext(ctx, `INSERT INTO log_hash (n, hash) VALUES ($1, $2)`, tlog.StoredHashIndex(0, e.n)+int64(i), h.String())
			if err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// MigrateTo opens a database and brings it to an old version only.
func MigrateTo(ctx context.Context, dsn string, version int64) error {
	return migrateTo(ctx, dsn, func(p *goose.Provider) error {
		_, err := p.UpTo(ctx, version)
		return err
	})
}

// MigrateDownTo takes a database back to an old version.
func MigrateDownTo(ctx context.Context, dsn string, version int64) error {
	return migrateTo(ctx, dsn, func(p *goose.Provider) error {
		_, err := p.DownTo(ctx, version)
		return err
	})
}

func migrateTo(ctx context.Context, dsn string, move func(*goose.Provider) error) error {
	d, read, write, err := connect(dsn)
	if err != nil {
		return err
	}
	defer read.Close()
	defer write.Close()
	p, unlock, err := d.migrator(write, dsn)
	if err != nil {
		return err
	}
	defer unlock()
	return move(p)
}

// Pragma reads a setting of the writing connection.
func Pragma(t testing.TB, c *Catalog, name string) string {
	t.Helper()
	var v string
	if err := c.write.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Sizes gives the bytes of the tables and indexes that search needs, and of the
// whole database, after the database tidied up.
func (c *Catalog) Sizes(ctx context.Context) (search, all int64, err error) {
	if !c.dialect.locks {
		if _, err := c.write.ExecContext(ctx, `INSERT INTO search_index (search_index) VALUES ('optimize')`); err != nil {
			return 0, 0, err
		}
		if _, err := c.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			return 0, 0, err
		}
		err = c.read.QueryRowContext(ctx, `SELECT sum(CASE WHEN name LIKE '%search%' OR name LIKE '%vocabulary%' OR name LIKE '%facet%' THEN pgsize END),
			sum(pgsize) FROM dbstat`).Scan(&search, &all)
		return search, all, err
	}
	if _, err := c.write.ExecContext(ctx, `VACUUM ANALYZE`); err != nil {
		return 0, 0, err
	}
	err = c.read.QueryRowContext(ctx, `SELECT coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE relname IN ('search_index', 'search_terms', 'vocabulary', 'facet')), 0),
		sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		WHERE relkind = 'r' AND nspname = 'public'`).Scan(&search, &all)
	return search, all, err
}

// Version is the version of the database.
func (c *Catalog) Version(ctx context.Context) (v string, err error) {
	query := `SELECT sqlite_version()`
	if c.dialect.locks {
		query = `SELECT split_part(current_setting('server_version'), ' ', 1)`
	}
	return v, c.read.QueryRowContext(ctx, query).Scan(&v)
}

// Backends are the processes of the database that work for us; none with SQLite.
func (c *Catalog) Backends(ctx context.Context) (pids []int) {
	if !c.dialect.locks {
		return nil
	}
	rows, err := c.read.QueryContext(ctx, `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = current_setting('application_name') ORDER BY pid`)
	if err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if rows.Scan(&pid) == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Dump gives the rows of a table, in order, without the moments of their writing.
func (c *Catalog) Dump(ctx context.Context, table string) ([]string, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT * FROM `+table+` ORDER BY 1, 2`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var list []string
	for rows.Next() {
		values, dest := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		line := ""
		for i, name := range columns {
			if name != "changed" && name != "arrived" {
				line += fmt.Sprintf("%s=%q ", name, values[i])
			}
		}
		list = append(list, line)
	}
	return list, rows.Err()
}

// NewestAndIndex gathers the newest documents for a query in both ways.
func (c *Catalog) NewestAndIndex(ctx context.Context, words string, limit int) (newest, index []int64, err error) {
	err = c.looking(ctx, func(tx *sql.Tx) error {
		s := newSearch(c, tx, Query{Words: words})
		f := s.request.strict(compound)
		found, _, err := s.gatherNewest(ctx, f, limit, complete)
		if err != nil {
			return err
		}
		other, err := s.gather(ctx, f, limit, complete)
		for _, a := range found {
			newest = append(newest, a.n)
		}
		for _, a := range other {
			index = append(index, a.n)
		}
		return err
	})
	return newest, index, err
}
