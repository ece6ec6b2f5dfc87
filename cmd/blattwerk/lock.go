package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// errBusy says that another process works on the data folder.
var errBusy = errors.New("another process works on this data folder")

// running is what a `serve` leaves for the other commands on its data folder:
// where to reach it, and a secret that proves they may read this folder.
type running struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	PID   int    `json:"pid"`
}

// folderLock is held as long as a process works on a data folder. The kernel
// gives it back when the process ends, however it ends.
type folderLock struct{ f *os.File }

// lockFolder takes the lock, or says [errBusy] and who has it.
func lockFolder(data string) (*folderLock, running, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, running{}, fmt.Errorf("making the data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(data, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, running{}, fmt.Errorf("locking the data folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer f.Close()
		var who running
		_ = json.NewDecoder(f).Decode(&who) // empty while the other one starts
		return nil, who, errBusy
	}
	if err != nil {
		return nil, running{}, errors.Join(fmt.Errorf("locking the data folder: %w", err), f.Close())
	}
	return &folderLock{f}, running{}, f.Truncate(0)
}

// announce tells other commands where to reach this process.
func (l *folderLock) announce(url string) (token string, err error) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	token = hex.EncodeToString(b[:])
	raw, err := json.Marshal(running{URL: url, Token: token, PID: os.Getpid()})
	if err != nil {
		return "", err
	}
	if err := l.f.Truncate(0); err != nil {
		return "", fmt.Errorf("writing the lock file: %w", err)
	}
	if _, err := l.f.WriteAt(raw, 0); err != nil {
		return "", fmt.Errorf("writing the lock file: %w", err)
	}
	return token, nil
}

// Close gives the lock back.
func (l *folderLock) Close() error {
	return errors.Join(l.f.Truncate(0), l.f.Close())
}
