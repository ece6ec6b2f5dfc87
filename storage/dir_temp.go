package storage

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"time"

	"golang.org/x/sys/unix"
)

// tempAge is the age under which temporary files are never swept.
const tempAge = time.Hour

// temp is a file that has not got its place yet. Its lock tells the sweep that
// its process lives.
type temp struct {
	d    *Dir
	name string
	file *os.File
}

func (d *Dir) newTemp() (*temp, error) {
	var b [12]byte
	rand.Read(b[:])
	name := path.Join(tmpDir, hex.EncodeToString(b[:]))
	f, err := d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, fileMode)
	if err != nil {
		return nil, diskError("making a temporary file", err)
	}
	t := &temp{d, name, f}
	// The mode is set again because the umask may have taken the group's right.
	if err := errors.Join(f.Chmod(fileMode), flock(f, unix.LOCK_EX|unix.LOCK_NB)); err != nil {
		t.drop()
		return nil, fmt.Errorf("preparing a temporary file: %w", err)
	}
	return t, nil
}

// drop removes the temporary name. An object that was linked from it stays.
func (t *temp) drop() {
	t.file.Close()
	t.d.root.Remove(t.name) // what cannot be removed now is swept later
}

// sweepTemps removes temporary files of processes that died: those that nobody
// holds a lock on. A young file is left alone, since its writer may be between
// making and locking it.
func (d *Dir) sweepTemps() error {
	entries, err := fs.ReadDir(d.root.FS(), tmpDir)
	if err != nil {
		return fmt.Errorf("sweeping temporary files: %w", err)
	}
	for _, e := range entries {
		st, err := e.Info()
		if err != nil || time.Since(st.ModTime()) < tempAge {
			continue
		}
		name := path.Join(tmpDir, e.Name())
		f, err := d.root.Open(name)
		if err != nil {
			continue
		}
		if flock(f, unix.LOCK_EX|unix.LOCK_NB) == nil {
			d.root.Remove(name)
		}
		f.Close()
	}
	return nil
}

// lock takes the lock that a key shares with some others, between processes too.
func (d *Dir) lock(key string) (unlock func(), err error) {
	var sum byte
	for i := range len(key) {
		sum = sum*31 + key[i]
	}
	name := path.Join(lockDir, fmt.Sprintf("%02x", sum%64))
	f, err := d.root.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, diskError("opening a lock", err)
	}
	if err := flock(f, unix.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("taking a lock: %w", err)
	}
	return func() { f.Close() }, nil
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
