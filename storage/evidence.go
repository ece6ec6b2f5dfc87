package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// maxNote bounds a checkpoint, in bytes. A signed one has a few hundred.
const maxNote = 1 << 20

// PutCheckpoint keeps a signed checkpoint of the evidence log, under a name that
// is a portable key and is given away once. It holds digests only, nothing from
// letters, and is retained like what is kept for ever. The same note again is no
// error; another one under the name is [ErrExists].
func (a *Archive) PutCheckpoint(ctx context.Context, name string, note []byte) error {
	if len(note) == 0 || len(note) > maxNote {
		return fmt.Errorf("keeping a checkpoint: %d bytes are none", len(note))
	}
	var until time.Time
	if years := orDefault(a.opt.PermanentLockYears, defaultPermanentLock); years > 0 {
		until = addMonths(a.opt.Clock(), 12*years)
	}
	key := evidencePrefix + name
	_, err := a.store.Put(ctx, key, bytes.NewReader(note), PutOptions{
		Size: int64(len(note)), Digest: digestBytes(note), Media: "text/plain; charset=utf-8", RetainUntil: until,
	})
	if errors.Is(err, ErrExists) {
		if verr := verify(ctx, a.store, key, digestBytes(note)); !errors.Is(verr, ErrDamaged) {
			err = verr
		}
	}
	if err == nil {
		_, err = a.retained(ctx, key, until, !until.IsZero())
	}
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return nil
}

// Checkpoints gives every kept checkpoint to each, in the order of their names.
func (a *Archive) Checkpoints(ctx context.Context, each func(name string, note []byte) error) error {
	err := a.store.List(ctx, evidencePrefix, func(i Info) error {
		if i.Size > maxNote {
			return fmt.Errorf("%w: a checkpoint of %d bytes", ErrDamaged, i.Size)
		}
		c, _, err := a.store.Open(ctx, i.Key)
		if err != nil {
			return err
		}
		defer c.Close()
		note, err := io.ReadAll(c)
		if err != nil {
			return fmt.Errorf("reading a checkpoint: %w", err)
		}
		return each(strings.TrimPrefix(i.Key, evidencePrefix), note)
	})
	if err != nil {
		return fmt.Errorf("reading checkpoints: %w", err)
	}
	return nil
}
