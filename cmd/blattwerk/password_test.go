package main

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// TestAPasswordLeavesNoTrace delivers an encrypted letter, enters its password as a
// clerk does, and looks for the password in all that the program wrote: data
// folder, database, logs, temporary files.
func TestAPasswordLeavesNoTrace(t *testing.T) {
	pipelinetest.Program(t, "qpdf")
	data, temp, locked := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "locked.pdf")
	const password, wrong = "Trompete-Kg7!Wolke", "Trompete-Kg7!Regen"
	if out, err := exec.CommandContext(t.Context(), "qpdf", "--encrypt", password, password+"2", "256", "--",
		pipelinetest.Corpus(t, "german/koma_letter-0.pdf"), locked).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	raw, err := os.ReadFile(locked)
	if err != nil {
		t.Fatal(err)
	}
	s := startServe(t, data, "TMPDIR="+temp, "BLATTWERK_LOG_LEVEL=debug")
	receipt, err := s.deliver("locked.pdf", raw)
	if err != nil {
		t.Fatal(err)
	}
	if l := s.settled(receipt.ID); l.State != pipeline.Waiting {
		t.Fatalf("without the password it is %s", l.State)
	}
	enter := func(password string) int {
		t.Helper()
		page := s.ask(http.MethodGet, "/review?letter="+string(receipt.ID), nil)
		_, rest, ok := strings.Cut(page, `name="gen" value="`)
		if !ok {
			t.Fatalf("no question:\n%s", page)
		}
		gen, _, _ := strings.Cut(rest, `"`)
		return s.post("/letters/"+string(receipt.ID)+"/password", url.Values{"gen": {gen}, "password": {password}})
	}
	if code := enter(wrong); code != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password answers %d", code)
	}
	if l := s.settled(receipt.ID); l.State != pipeline.Waiting {
		t.Errorf("after a wrong password it is %s", l.State)
	}
	if code := enter(password); code != http.StatusSeeOther {
		t.Fatalf("the right password answers %d\n%s", code, s.err)
	}
	// It is read; whether its type is sure is another question.
	if l := s.settled(receipt.ID); l.State != pipeline.Archived && (l.State != pipeline.Waiting || l.Step != pipeline.StepClassify) {
		t.Errorf("after the right password it is %s at %s: %+v", l.State, l.Step, l.Reason)
	}
	if got := s.ask(http.MethodGet, "/letters/"+string(receipt.ID)+"/original", nil); got != string(raw) {
		t.Error("the original is not what was delivered")
	}
	pdf := filepath.Join(t.TempDir(), "out.pdf")
	if err := os.WriteFile(pdf, []byte(s.ask(http.MethodGet, "/letters/"+string(receipt.ID)+"/pdf", nil)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "pdfinfo", pdf).CombinedOutput(); err != nil || !bytes.Contains(out, []byte("Encrypted:       no")) {
		t.Errorf("the PDF/A: %s, %v", out, err)
	}
	s.stop()
	for _, folder := range []string{data, temp} {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			for _, secret := range []string{password, wrong, url.QueryEscape(password), url.QueryEscape(wrong)} {
				if bytes.Contains(raw, []byte(secret)) {
					t.Errorf("%q stands in %s", secret, path)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if log := s.err.String(); strings.Contains(log, "Trompete") {
		t.Errorf("the log has the password:\n%s", log)
	}
}

// ask gets a page as the machine's own command line may.
func (s *server) ask(method, path string, body io.Reader) string {
	s.t.Helper()
	_, text := s.request(method, path, body)
	return text
}

// post sends a form and gives the status of the answer, which is not followed.
func (s *server) post(path string, form url.Values) int {
	s.t.Helper()
	code, _ := s.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	return code
}

func (s *server) request(method, path string, body io.Reader) (code int, text string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.at.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.at.Token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}
