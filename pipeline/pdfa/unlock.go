package pdfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"blattwerk/pipeline"
)

// maxPassword bounds a password, bytes; PDF uses no more than 127 (ISO 32000-2,
// 7.6.4.3.3).
const maxPassword = 512

// Unlock makes a copy of a delivered PDF that opens without its password, and
// keeps it. The document names it by Source.Unlocked, and opening reads it in
// place of the original, which stays as it came.
//
// The password is used here once. It goes to qpdf by its standard input, so that
// no list of processes, no file and no log ever has it. Faults: "wrong-password",
// "broken-pdf" and "missing-program".
func (r *Room) Unlock(ctx context.Context, doc pipeline.Document, password string, blobs pipeline.Blobs) (pipeline.Blob, error) {
	if password == "" || len(password) > maxPassword || strings.ContainsAny(password, "\r\n\x00") {
		return pipeline.Blob{}, faultPassword()
	}
	dir, err := os.MkdirTemp(r.cfg.Temp, "blattwerk-pdf-")
	if err != nil {
		return pipeline.Blob{}, fmt.Errorf("making a working folder: %w", err)
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "original.pdf"), filepath.Join(dir, "unlocked.pdf")
	if _, err := fetch(ctx, blobs, doc.Delivery.Original.Digest, in); err != nil {
		return pipeline.Blob{}, err
	}
	err = r.feed(ctx, r.qpdf(), r.cfg.Deadline, password, io.Discard, "--password-file=-", "--decrypt", in, out)
	switch {
	case err == nil || exitCode(err) == exitWarned:
		return keepFile(ctx, blobs, out)
	case exitCode(err) < 0: // not started, out of time, or given up
		return pipeline.Blob{}, orBroken(err)
	}
	// qpdf ends alike over a wrong password and a damaged file. What the file needs
	// to be opened is told apart without it.
	if asks := r.run(ctx, r.qpdf(), r.cfg.Deadline, io.Discard, "--requires-password", in); asks != nil {
		return pipeline.Blob{}, orBroken(errors.Join(err, asks))
	}
	return pipeline.Blob{}, faultPassword()
}

// exitWarned is qpdf's code for a file that was written with warnings.
const exitWarned = 3

func faultPassword() error {
	return fault(pipeline.GiveBack, "wrong-password",
		"Mit diesem Passwort lässt sich die Datei nicht öffnen. Bitte auf Groß- und Kleinschreibung achten und es noch einmal eingeben.",
		"The file does not open with this password. Please mind capital and small letters and enter it again.", nil)
}

// unlockedOf is the copy that a person's password made of an encrypted file.
func unlockedOf(doc pipeline.Document) pipeline.Blob {
	if doc.Source == nil {
		return pipeline.Blob{}
	}
	return doc.Source.Unlocked
}
