package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrTampered is wrapped by every finding of [Catalog.VerifyLog].
var ErrTampered = errors.New("the evidence log was altered")

// TamperError says where the evidence log stopped being what was written.
type TamperError struct {
	// From and To bound the first entry that is wrong or missing, counted from 0;
	// they are the same where it is known exactly.
	From, To int64
	Reason   string
}

func (e *TamperError) Error() string {
	if e.From == e.To {
		return fmt.Sprintf("entry %d %s", e.From, e.Reason)
	}
	return fmt.Sprintf("an entry from %d to %d %s", e.From, e.To, e.Reason)
}

// Unwrap gives [ErrTampered].
func (e *TamperError) Unwrap() error { return ErrTampered }

// VerifyLog recomputes the whole log and compares it with the stored hashes and
// with signed checkpoints, oldest or newest first. It answers a *[TamperError]
// for the first entry that was changed, removed or cut off. A change that was
// also made in the hashes is found only by a checkpoint taken after the entry,
// and bounded by the checkpoint before; that is why checkpoints are
// kept elsewhere.
func (c *Catalog) VerifyLog(ctx context.Context, checkpoints [][]byte) error {
	var points []checkpoint
	for _, raw := range checkpoints {
		p, err := c.openCheckpoint(raw)
		if err != nil {
			return err
		}
		points = append(points, p)
	}
	slices.SortStableFunc(points, func(a, b checkpoint) int { return int(a.size - b.size) })
	return c.snapshot(ctx, func(tx *sql.Tx) error {
		a := &audit{points: points}
		for {
			done, err := a.batch(ctx, tx)
			if err != nil {
				return err
			}
			if done {
				return a.finish(ctx, tx)
			}
		}
	})
}

// audit walks the log and keeps only the roots of complete subtrees.
type audit struct {
	points  []checkpoint // not yet reached
	proven  int64        // size of the last checkpoint that held
	size    int64        // entries walked
	subtree []subtree    // left to right
}

type subtree struct {
	level int
	hash  tlog.Hash
}

const auditBatch = 1000

type logRow struct {
	n      int64
	record []byte
}

// batch walks the next entries; done says that there are no more.
func (a *audit) batch(ctx context.Context, tx *sql.Tx) (done bool, err error) {
	if err := a.reached(); err != nil { // a checkpoint of the empty log
		return false, err
	}
	entries, err := readEntries(ctx, tx, a.size)
	if err != nil {
		return false, err
	}
	first, last := tlog.StoredHashCount(a.size), tlog.StoredHashCount(a.size+auditBatch)
	stored, err := readHashes(ctx, tx, first, last)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if e.n != a.size {
			return false, a.wrong("is missing")
		}
		for _, h := range a.push(tlog.RecordHash(e.record)) {
			if stored[h.index] != h.hash.String() {
				return false, &TamperError{From: a.size >> h.level << h.level, To: a.size, Reason: "differs from the hash that was written with it"}
			}
		}
		a.size++
		if err := a.reached(); err != nil {
			return false, err
		}
	}
	return len(entries) < auditBatch, nil
}

// wrong is a finding about the next entry.
func (a *audit) wrong(reason string) error {
	return &TamperError{From: a.size, To: a.size, Reason: reason}
}

type indexedHash struct {
	index int64
	level int // it covers 2^level entries
	hash  tlog.Hash
}

// push adds a leaf and gives the hashes that it completes, in stored order.
func (a *audit) push(leaf tlog.Hash) []indexedHash {
	node := subtree{0, leaf}
	out := []indexedHash{{tlog.StoredHashIndex(0, a.size), 0, leaf}}
	for len(a.subtree) > 0 && a.subtree[len(a.subtree)-1].level == node.level {
		left := a.subtree[len(a.subtree)-1]
		a.subtree = a.subtree[:len(a.subtree)-1]
		node = subtree{node.level + 1, tlog.NodeHash(left.hash, node.hash)}
		out = append(out, indexedHash{tlog.StoredHashIndex(node.level, a.size>>node.level), node.level, node.hash})
	}
	a.subtree = append(a.subtree, node)
	return out
}

// root is the tree hash over the entries walked.
func (a *audit) root() (tlog.Hash, error) {
	if len(a.subtree) == 0 {
		return tlog.TreeHash(0, nil)
	}
	h := a.subtree[len(a.subtree)-1].hash
	for i := len(a.subtree) - 2; i >= 0; i-- {
		h = tlog.NodeHash(a.subtree[i].hash, h)
	}
	return h, nil
}

// reached compares checkpoints of the present size.
func (a *audit) reached() error {
	for len(a.points) > 0 && a.points[0].size == a.size {
		root, err := a.root()
		if err != nil {
			return err
		}
		if root != a.points[0].root {
			return &TamperError{From: a.proven, To: a.size - 1, Reason: "is not what the next checkpoint signed; its hashes were rewritten"}
		}
		a.proven = a.size
		a.points = a.points[1:]
	}
	return nil
}

// finish looks for what should follow the last entry.
func (a *audit) finish(ctx context.Context, tx *sql.Tx) error {
	if len(a.points) > 0 {
		return a.wrong(fmt.Sprintf("is missing: the log was cut, a checkpoint signed %d entries", a.points[len(a.points)-1].size))
	}
	var hashes int64
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM log_hash WHERE n >= $1`, tlog.StoredHashCount(a.size)).Scan(&hashes)
	if err != nil {
		return fmt.Errorf("reading the log's hashes: %w", err)
	}
	if hashes > 0 {
		return a.wrong("is missing: the log was cut, hashes of later entries are there")
	}
	return nil
}

func readEntries(ctx context.Context, tx *sql.Tx, from int64) ([]logRow, error) {
	rows, err := tx.QueryContext(ctx, `SELECT n, at, kind, doc, actor, detail FROM log_entry WHERE n >= $1 ORDER BY n LIMIT $2`, from, auditBatch)
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	defer rows.Close()
	var list []logRow
	for rows.Next() {
		var n, at int64
		var kind, doc, actor, detail string
		if err := rows.Scan(&n, &at, &kind, &doc, &actor, &detail); err != nil {
			return nil, fmt.Errorf("reading the log: %w", err)
		}
		rec, err := record(n, at, kind, doc, actor, detail)
		if err != nil {
			return nil, err
		}
		list = append(list, logRow{n, rec})
	}
	return list, rows.Err()
}

func readHashes(ctx context.Context, tx *sql.Tx, from, to int64) (map[int64]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT n, hash FROM log_hash WHERE n >= $1 AND n < $2`, from, to)
	if err != nil {
		return nil, fmt.Errorf("reading the log's hashes: %w", err)
	}
	defer rows.Close()
	hashes := map[int64]string{}
	for rows.Next() {
		var n int64
		var h string
		if err := rows.Scan(&n, &h); err != nil {
			return nil, fmt.Errorf("reading the log's hashes: %w", err)
		}
		hashes[n] = h
	}
	return hashes, rows.Err()
}
