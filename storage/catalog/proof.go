package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"blattwerk/pipeline"
)

// Proof shows that events about a document stand in the evidence log under a
// signed checkpoint, to whoever has the log's public key and nothing else: hash
// Record as leaf (RFC 6962), go up Path, compare with the checkpoint's root.
type Proof struct {
	Checkpoint string // signed note in the form of C2SP tlog-checkpoint; "" if the log has no key
	Key        string // the verifier key of the checkpoint
	Size       int64  // entries in the log
	Root       string // base64
	Entries    []ProvenEvent
}

// ProvenEvent is an entry of the log with its way to the root.
type ProvenEvent struct {
	Event  Event
	Record string   // the bytes that are hashed
	Leaf   string   // base64
	Path   []string // hashes from leaf to root, base64 (RFC 6962, 2.1.1)
}

// Prove gives the proof of the events about a document that changed it: views
// and downloads are in the log too, but say nothing about the document.
func (c *Catalog) Prove(ctx context.Context, id pipeline.DocID, isChange func(kind string) bool) (Proof, error) {
	signed, err := c.Checkpoint(ctx)
	if err != nil && !errors.Is(err, ErrNoKey) {
		return Proof{}, err
	}
	p := Proof{Checkpoint: string(signed), Key: c.verifierKey}
	history, err := c.History(ctx, id)
	if err != nil {
		return Proof{}, err
	}
	err = c.snapshot(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(n) + 1, 0) FROM log_entry`).Scan(&p.Size); err != nil {
			return err
		}
		if point, err := c.openCheckpoint(signed); err == nil {
			p.Size = point.size // the log may have grown since
		}
		root, err := tlog.TreeHash(p.Size, storedHashes(ctx, tx))
		if err != nil {
			return err
		}
		p.Root = root.String()
		for _, ev := range history {
			if ev.N >= p.Size || !isChange(ev.Kind) {
				continue
			}
			rec, err := record(ev.N, millis(ev.At), ev.Kind, string(ev.Doc), ev.Actor, string(ev.Detail))
			if err != nil {
				return err
			}
			way, err := tlog.ProveRecord(p.Size, ev.N, storedHashes(ctx, tx))
			if err != nil {
				return fmt.Errorf("proving entry %d: %w", ev.N, err)
			}
			leaf := tlog.RecordHash(rec)
			if err := tlog.CheckRecord(way, p.Size, root, ev.N, leaf); err != nil {
				return &TamperError{From: ev.N, To: ev.N, Reason: "differs from the hash that was written with it"}
			}
			entry := ProvenEvent{Event: ev, Record: string(rec), Leaf: leaf.String()}
			for _, h := range way {
				entry.Path = append(entry.Path, h.String())
			}
			p.Entries = append(p.Entries, entry)
		}
		return nil
	})
	if err != nil {
		return Proof{}, fmt.Errorf("proving a history: %w", err)
	}
	return p, nil
}
