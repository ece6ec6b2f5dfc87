package pdfa

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestUnlock opens files of every kind of encryption: first without, then with a
// wrong, then with the right password.
func TestUnlock(t *testing.T) {
	plain := pipelinetest.Corpus(t, "german/koma_letter-0.pdf")
	const mine = "Grüße-5Kg!x7"
	for name, tc := range map[string]struct {
		file     string
		encrypt  []string // makes the file of plain, with the password mine
		password string
	}{
		"rc4 40":            {file: "pdf-torture/encrypted_version1_revision2_40bit_rc4_user_pass_apples.pdf", password: "apples"},
		"aes 128":           {file: "pdf-torture/aes-128.pdf", password: "foo"},
		"aes 128, owner's":  {file: "pdf-torture/aes-128.pdf", password: "baz"},
		"aes 256, metadata": {file: "pdf-torture/encrypted_version5_revision6_256bit_aes_user_pass_apples_enc_metadata.pdf", password: "apples"},
		"libreoffice":       {file: "pdf-torture/libreoffice-writer-password.pdf", password: "openpassword"},
		"umlauts, rc4 128":  {encrypt: []string{"--allow-weak-crypto", "--password-mode=unicode", "--encrypt", mine, "owner", "128", "--use-aes=n", "--"}, password: mine},
		"umlauts, aes 128":  {encrypt: []string{"--allow-weak-crypto", "--password-mode=unicode", "--encrypt", mine, "owner", "128", "--use-aes=y", "--"}, password: mine},
		"umlauts, aes 256":  {encrypt: []string{"--encrypt", mine, "owner", "256", "--"}, password: mine},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var path, arguments string
			if tc.file != "" {
				path = pipelinetest.Corpus(t, tc.file)
			} else {
				path = filepath.Join(t.TempDir(), "locked.pdf")
				if out, err := exec.CommandContext(t.Context(), "qpdf", append(slices.Clone(tc.encrypt), plain, path)...).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			arguments = filepath.Join(t.TempDir(), "arguments")
			temp := t.TempDir()
			r := testRoom(t, func(c *Config) { c.Temp, c.Qpdf = temp, listening(t, arguments) })
			var b pipelinetest.Blobs
			doc := deliver(t, &b, path)
			original := bytes.Clone(blobBytes(t, &b, doc.Delivery.Original.Digest))
			expectFault(t, r, doc, &b, "encrypted")
			for _, wrong := range []string{"", "falsch", tc.password + "x", tc.password + "\n", strings.Repeat("x", 600), "--help", "@/etc/passwd"} {
				_, err := r.Unlock(t.Context(), doc, wrong, &b)
				var f *pipeline.Fault
				if !errors.As(err, &f) || f.Code != "wrong-password" || f.Text.DE == "" || f.Text.EN == "" {
					t.Errorf("password %q: %v", wrong, err)
				}
			}
			unlocked, err := r.Unlock(t.Context(), doc, tc.password, &b)
			if err != nil {
				t.Fatal(err)
			}
			doc.Source = &pipeline.Findings{Unlocked: unlocked}
			for range 2 { // as after a crash
				if doc, err = r.Open(t.Context(), doc, &b); err != nil {
					t.Fatal(err)
				}
			}
			if doc.Source.Unlocked != unlocked || !slices.ContainsFunc(doc.Remarks, func(m pipeline.Remark) bool { return m.Code == "unlocked" }) {
				t.Errorf("after opening: %+v, %+v", doc.Source, doc.Remarks)
			}
			if doc, err = r.Compose(t.Context(), doc, &b); err != nil {
				t.Fatal(err)
			}
			pdf := blobBytes(t, &b, doc.PDF.Digest)
			if !doc.PDF.Check.Valid || doc.PDF.Way == pipeline.WayKept || bytes.Contains(pdf, []byte("/Encrypt")) {
				t.Errorf("%s, valid %t", doc.PDF.Way, doc.PDF.Check.Valid)
			}
			if tc.file == "" && textOf(t, pdf) != textOfFile(t, plain) {
				t.Error("the PDF/A does not say what the file said before it was locked")
			}
			if !bytes.Equal(original, blobBytes(t, &b, doc.Delivery.Original.Digest)) {
				t.Error("the original was changed")
			}
			if raw, err := os.ReadFile(arguments); err != nil || bytes.Contains(raw, []byte(tc.password+"\n")) || !bytes.Contains(raw, []byte("--password-file=-")) {
				t.Errorf("qpdf was called with %q, %v", raw, err)
			}
			noTrace(t, temp, tc.password)
		})
	}
}

// listening is a qpdf that writes down its arguments, each on a line.
func listening(t *testing.T, to string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "qpdf")
	script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" >>'%s'\nexec qpdf \"$@\"\n", to)
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func expectFault(t *testing.T, r *Room, doc pipeline.Document, b *pipelinetest.Blobs, code string) {
	t.Helper()
	var f *pipeline.Fault
	if _, err := r.Open(t.Context(), doc, b); !errors.As(err, &f) || f.Code != code {
		t.Fatalf("opening gives %v, want %s", err, code)
	}
}

func textOfFile(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-q", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	return textOfFile(t, path)
}

// noTrace looks for a password in all files below a folder.
func noTrace(t *testing.T, folder, password string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		t.Errorf("%s was left behind", path)
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(password)) {
			t.Errorf("the password is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestUnlockOfDamage: a file that opens with no password at all is not said to
// have another one.
func TestUnlockOfDamage(t *testing.T) {
	r := testRoom(t, nil)
	for _, file := range []string{"pdf-torture/invalid.pdf", "pdf-torture/empty.pdf"} {
		var b pipelinetest.Blobs
		_, err := r.Unlock(t.Context(), deliver(t, &b, pipelinetest.Corpus(t, file)), "geheim", &b)
		var f *pipeline.Fault
		if !errors.As(err, &f) || f.Code == "wrong-password" || f.Verdict != pipeline.GiveBack {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestUnlockIsSilent: what is logged of a wrong password does not name it.
func TestUnlockIsSilent(t *testing.T) {
	r := testRoom(t, nil)
	var b pipelinetest.Blobs
	_, err := r.Unlock(t.Context(), deliver(t, &b, pipelinetest.Corpus(t, "pdf-torture/password-is-test.pdf")), "SehrGeheim77", &b)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Warn("x", "error", err)
	if strings.Contains(log.String(), "SehrGeheim77") {
		t.Errorf("logged: %s", &log)
	}
}
