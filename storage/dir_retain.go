package storage

import (
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
	raw, err := json.Marshal(note{info.RetainUntil, info.Digest, info.Media})
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
	name := notePath(info.Key)
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
