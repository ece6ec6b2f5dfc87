package catalog

import (
	"context"
	"database/sql"
	"testing"

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
	_, err = p.UpTo(ctx, version)
	return err
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
