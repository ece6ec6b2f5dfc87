package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"syscall"
	"time"

	"blattwerk/pipeline"
)

// note is kept beside an object that is retained. It is JSON, so that a person
// can read until when.
type note struct {
	RetainUntil time.Time       `json:"retainUntil"`
	Digest      pipeline.Digest `json:"sha256"`
	Media       string          `json:"media,omitempty"`
}

func notePath(key string) string { return path.Join(retainDir, key) }

func (d *Dir) hasNote(key string) bool {
	_, err := d.root.Lstat(notePath(key))
	return err == nil
}

// readNote gives the note of a key; the zero note if there is none. A note that
// cannot be understood is an error, so that damage never unlocks an object.
func (d *Dir) readNote(key string) (note, error) {
	raw, err := d.root.ReadFile(notePath(key))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) {
		return note{}, nil
	}
	if err != nil {
		return note{}, diskError("reading a retention note", err)
	}
	var n note
	if err := json.Unmarshal(raw, &n); err != nil {
		return note{}, fmt.Errorf("reading a retention note: %w: %w", ErrDamaged, err)
	}
	return n, nil
}

// noteFirst makes the note of an object that is about to get its name, or
// removes one that an earlier attempt left behind without an object. It does
// nothing if the object is there already. The caller holds the key's lock.
func (d *Dir) noteFirst(info Info) error {
	if _, err := d.root.Lstat(info.Key); err == nil {
		return nil
	}
	if info.RetainUntil.IsZero() {
		return d.dropNote(info.Key)
	}
	return d.writeNote(info.Key, note{info.RetainUntil, info.Digest, info.Media})
}

func (d *Dir) prolongs() bool { return true }

// prolong puts the end of an object's retention off; it never brings it nearer.
func (d *Dir) prolong(ctx context.Context, key string, until time.Time) error {
	unlock, err := d.lock(key)
	if err != nil {
		return err
	}
	defer unlock()
	info, err := d.Stat(ctx, key)
	if err != nil || !info.RetainUntil.Before(until) {
		return err
	}
	return d.writeNote(key, note{until.UTC(), info.Digest, info.Media})
}

// writeNote puts a note in place of the one there is, if any, durably and at
// once. The caller holds the key's lock.
func (d *Dir) writeNote(key string, n note) error {
	raw, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("writing a retention note: %w", err)
	}
	t, err := d.newTemp()
	if err != nil {
		return err
	}
	defer t.drop()
	if _, err := t.file.Write(append(raw, '\n')); err != nil {
		return diskError("writing a retention note", err)
	}
	if err := t.file.Sync(); err != nil {
		return diskError("syncing a retention note", err)
	}
	name := notePath(key)
	if err := d.makeDir(path.Dir(name)); err != nil {
		return err
	}
	if err := d.root.Rename(t.name, name); err != nil {
		return diskError("naming a retention note", err)
	}
	return d.syncDir(path.Dir(name))
}

// dropNote removes the note of a key, if there is one. The caller holds the
// key's lock.
func (d *Dir) dropNote(key string) error {
	name := notePath(key)
	err := d.root.Remove(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err != nil {
		return diskError("removing a retention note", err)
	}
	return d.syncDir(path.Dir(name))
}
