package catalog

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"blattwerk/pipeline"
)

// ErrNoKey says that the catalogue was opened without a key to sign with.
var ErrNoKey = errors.New("no key for the evidence log")

// Event is something that happened to a document or to the catalogue: who, what
// and when, never a word from a letter.
type Event struct {
	N      int64           // position in the log, from 0; given by the catalogue
	Kind   string          // "accepted", "advanced", "archived", "decided", "viewed", ...
	Doc    pipeline.DocID  // "" if about no document
	Actor  string          // account of a person; "" is the machine
	Detail json.RawMessage // a JSON object or nil
	At     time.Time       // zero: now
}

// record is the bytes of an entry that are hashed: JSON of its columns. It is
// part of the log's format and must not change.
func record(n, at int64, kind, doc, actor, detail string) ([]byte, error) {
	return json.Marshal(struct {
		N      int64  `json:"n"`
		At     int64  `json:"at"`
		Kind   string `json:"kind"`
		Doc    string `json:"doc"`
		Actor  string `json:"actor"`
		Detail string `json:"detail"`
	}{n, at, kind, doc, actor, detail})
}

// event makes an event of this moment.
func (c *Catalog) event(kind string, doc pipeline.DocID, actor string, detail any) (Event, error) {
	raw, err := json.Marshal(detail)
	if err != nil {
		return Event{}, fmt.Errorf("encoding an event: %w", err)
	}
	return Event{Kind: kind, Doc: doc, Actor: actor, Detail: raw}, nil
}

// Log writes an event that changes no document, such as a view or a download.
func (c *Catalog) Log(ctx context.Context, ev Event) error {
	if ev.Kind == "" {
		return errors.New("logging: an event needs a kind")
	}
	if ev.Detail != nil && !json.Valid(ev.Detail) {
		return errors.New("logging: the detail is not JSON")
	}
	return c.change(ctx, "logging", func(tx *sql.Tx) error { return c.append(ctx, tx, ev) })
}

// append adds an event to the Merkle tree of RFC 6962 that golang.org/x/mod's
// tlog keeps. It must be the last statement of its transaction, because it
// takes the lock that all other writers wait for.
func (c *Catalog) append(ctx context.Context, tx *sql.Tx, ev Event) error {
	if err := c.dialect.lock(ctx, tx, lockLog); err != nil {
		return err
	}
	var n int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(n) + 1, 0) FROM log_entry`).Scan(&n); err != nil {
		return fmt.Errorf("reading the log's length: %w", err)
	}
	at := millis(ev.At)
	if at == 0 {
		at = c.now()
	}
	kind, doc, actor, detail := clean(ev.Kind), clean(string(ev.Doc)), clean(ev.Actor), clean(string(ev.Detail))
	rec, err := record(n, at, kind, doc, actor, detail)
	if err != nil {
		return err
	}
	hashes, err := tlog.StoredHashes(n, rec, storedHashes(ctx, tx))
	if err != nil {
		return fmt.Errorf("hashing into the log: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO log_entry (n, at, kind, doc, actor, detail) VALUES ($1, $2, $3, $4, $5, $6)`,
		n, at, kind, doc, actor, detail)
	if err != nil {
		return fmt.Errorf("writing the log: %w", err)
	}
	first := tlog.StoredHashIndex(0, n)
	for i, h := range hashes {
		if _, err := tx.ExecContext(ctx, `INSERT INTO log_hash (n, hash) VALUES ($1, $2)`, first+int64(i), h.String()); err != nil {
			return fmt.Errorf("writing the log's hashes: %w", err)
		}
	}
	return nil
}

// appendAll adds several events, with the same caution as append.
func (c *Catalog) appendAll(ctx context.Context, tx *sql.Tx, events []Event) error {
	for _, ev := range events {
		if err := c.append(ctx, tx, ev); err != nil {
			return err
		}
	}
	return nil
}

// storedHashes reads hashes for tlog.
func storedHashes(ctx context.Context, q querier) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, n := range indexes {
			var s string
			if err := q.QueryRowContext(ctx, `SELECT hash FROM log_hash WHERE n = $1`, n).Scan(&s); err != nil {
				return nil, fmt.Errorf("reading hash %d of the log: %w", n, err)
			}
			h, err := tlog.ParseHash(s)
			if err != nil {
				return nil, fmt.Errorf("hash %d of the log is damaged: %w", n, err)
			}
			hashes[i] = h
		}
		return hashes, nil
	}
}

// History lists the events about a document, oldest first.
func (c *Catalog) History(ctx context.Context, id pipeline.DocID) ([]Event, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT n, at, kind, actor, detail FROM log_entry WHERE doc = $1 AND doc <> '' ORDER BY n`, string(id))
	if err != nil {
		return nil, fmt.Errorf("reading a history: %w", err)
	}
	defer rows.Close()
	var list []Event
	for rows.Next() {
		e := Event{Doc: id}
		var at int64
		var detail string
		if err := rows.Scan(&e.N, &at, &e.Kind, &e.Actor, &detail); err != nil {
			return nil, fmt.Errorf("reading a history: %w", err)
		}
		e.At = fromMillis(at)
		if detail != "" {
			e.Detail = json.RawMessage(detail)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// Checkpoint signs the log as it stands: its length and root hash in the text
// form of C2SP tlog-checkpoint. Kept where the catalogue's operator cannot
// change it, a checkpoint proves all entries before it.
func (c *Catalog) Checkpoint(ctx context.Context) ([]byte, error) {
	if c.signer == nil {
		return nil, ErrNoKey
	}
	var size int64
	var root tlog.Hash
	err := c.snapshot(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(n) + 1, 0) FROM log_entry`).Scan(&size); err != nil {
			return err
		}
		var err error
		root, err = tlog.TreeHash(size, storedHashes(ctx, tx))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("making a checkpoint: %w", err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", c.logName, size, root)
	signed, err := note.Sign(&note.Note{Text: text}, c.signer)
	if err != nil {
		return nil, fmt.Errorf("signing a checkpoint: %w", err)
	}
	return signed, nil
}

// checkpoint is what a signed note says.
type checkpoint struct {
	size int64
	root tlog.Hash
}

func (c *Catalog) openCheckpoint(signed []byte) (checkpoint, error) {
	if c.verifier == nil {
		return checkpoint{}, ErrNoKey
	}
	n, err := note.Open(signed, note.VerifierList(c.verifier))
	if err != nil {
		return checkpoint{}, fmt.Errorf("opening a checkpoint: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != c.logName {
		return checkpoint{}, errors.New("this note is no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return checkpoint{}, errors.New("a checkpoint names no size")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return checkpoint{}, fmt.Errorf("reading a checkpoint: %w", err)
	}
	return checkpoint{size, root}, nil
}

// Own says whether a checkpoint names this log. A catalogue that was rebuilt from
// the archive began another log, and cannot prove what the earlier one said.
func (c *Catalog) Own(signed []byte) bool {
	return strings.HasPrefix(string(signed), c.logName+"\n")
}

// nameLog finds the name of this log, or gives it one.
func (c *Catalog) nameLog(ctx context.Context) error {
	id, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("naming the evidence log: %w", err)
	}
	if _, err := c.write.ExecContext(ctx, `INSERT INTO log_name (one, name) VALUES (1, $1) ON CONFLICT (one) DO NOTHING`, id.String()); err != nil {
		return fmt.Errorf("naming the evidence log: %w", err)
	}
	var name string
	if err := c.write.QueryRowContext(ctx, `SELECT name FROM log_name WHERE one = 1`).Scan(&name); err != nil {
		return fmt.Errorf("reading the name of the evidence log: %w", err)
	}
	c.logName = keyName + "/" + name
	return nil
}

// VerifierKey is the public key of the checkpoints, in note's notation; "" if
// the catalogue has no key. Keep a copy away from the catalogue.
func (c *Catalog) VerifierKey() string { return c.verifierKey }

// keyName names the log in its keys and checkpoints.
const keyName = "blattwerk"

func (c *Catalog) loadKey(opt Options) error {
	key := opt.Key
	if key == "" && opt.KeyFile != "" {
		var err error
		if key, err = keyFile(opt.KeyFile); err != nil {
			return err
		}
	}
	if key == "" {
		return nil
	}
	key = strings.TrimSpace(key)
	signer, err := note.NewSigner(key)
	if err != nil {
		return fmt.Errorf("reading the key of the evidence log: %w", err)
	}
	vkey, err := publicKey(key)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return fmt.Errorf("deriving the public key of the evidence log: %w", err)
	}
	c.signer, c.verifier, c.verifierKey = signer, verifier, vkey
	return nil
}

// keyFile reads a key, or makes one. The file appears complete or not at all,
// also if two processes make it at once.
func keyFile(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		return string(raw), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading the key of the evidence log: %w", err)
	}
	key, _, err := note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return "", fmt.Errorf("making a key for the evidence log: %w", err)
	}
	if err := writeNew(path, key+"\n"); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("keeping the key of the evidence log: %w", err)
	}
	if raw, err = os.ReadFile(path); err != nil {
		return "", fmt.Errorf("reading the key of the evidence log: %w", err)
	}
	return string(raw), nil
}

// writeNew writes a file durably under a name that must not exist.
func writeNew(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// publicKey derives the verifier key from "PRIVATE+KEY+name+hash+base64", whose
// last part is an algorithm byte (1: Ed25519) and the seed.
func publicKey(skey string) (string, error) {
	bad := errors.New("the key of the evidence log is not an Ed25519 signer key")
	parts := strings.SplitN(skey, "+", 5)
	if len(parts) != 5 {
		return "", bad
	}
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize || !bytes.HasPrefix(raw, []byte{1}) {
		return "", bad
	}
	public, ok := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return "", bad
	}
	return note.NewEd25519VerifierKey(parts[2], public)
}
