package pdfa

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
)

// script writes a program that misbehaves.
func script(t *testing.T, body string) program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return program{name: path, pack: "test"}
}

func TestProgramsAreBounded(t *testing.T) {
	r := testRoom(t, func(c *Config) { c.Memory = 300 << 20 })
	t.Run("time", func(t *testing.T) {
		var out bytes.Buffer
		err := r.run(t.Context(), script(t, "sleep 300 & echo $!; wait"), 500*time.Millisecond, &out)
		if !errors.Is(err, errProgram) {
			t.Fatalf("error is %v", err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(out.String()))
		if err != nil {
			t.Fatal(err)
		}
		for range 100 { // what it started has to go with it
			state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
			if err != nil || bytes.Contains(state, []byte(") Z ")) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
		t.Error("a grandchild is still running")
	})
	t.Run("memory", func(t *testing.T) {
		err := r.run(t.Context(), script(t, "head -c 1000000000 /dev/zero | tail -n 1 > /dev/null"), time.Minute, io.Discard)
		if !errors.Is(err, errProgram) {
			t.Fatalf("error is %v", err)
		}
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := r.run(ctx, script(t, "sleep 300"), time.Minute, io.Discard); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("error is %v", err)
		}
	})
	t.Run("exit code", func(t *testing.T) {
		err := r.run(t.Context(), script(t, "echo broken >&2; exit 3"), time.Minute, io.Discard)
		if exitCode(err) != 3 || !strings.Contains(err.Error(), "broken") {
			t.Fatalf("error is %v", err)
		}
	})
}

// TestSickReadersAreNotTheLettersFault: a good file must not be given back because
// our own children do not start, or because they get too little time.
func TestSickReadersAreNotTheLettersFault(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Config)
		want   pipeline.Verdict
	}{
		"they die at once":  {func(c *Config) { c.Command = []string{"/bin/false"} }, pipeline.TryAgain},
		"they never answer": {func(c *Config) { c.Command = []string{"/bin/sleep", "300"}; c.Deadline = time.Second }, pipeline.TryAgain},
		"there are none":    {func(c *Config) { c.Command = []string{"/no/such/program"} }, pipeline.TryAgain},
	} {
		t.Run(name, func(t *testing.T) {
			r := testRoom(t, tc.change)
			var b pipelinetest.Blobs
			_, err := r.Open(t.Context(), deliver(t, &b, pipelinetest.Corpus(t, "german/koma_letter-0.pdf")), &b)
			if f := pipeline.AsFault(err); f == nil || f.Verdict != tc.want {
				t.Fatalf("error is %v", err)
			}
		})
	}
}

// TestNoWorkingCopyIsLeft: faults and results alike leave nothing behind.
func TestNoWorkingCopyIsLeft(t *testing.T) {
	dir := t.TempDir()
	r := testRoom(t, func(c *Config) { c.Temp = dir })
	for _, file := range []string{"german/koma_letter-0.pdf", "pdf-torture/invalid.pdf", "pdf-torture/password-is-test.pdf", "scans/ccitt.pdf"} {
		var b pipelinetest.Blobs
		doc, err := r.Open(t.Context(), deliver(t, &b, pipelinetest.Corpus(t, file)), &b)
		if err == nil {
			_, _ = r.Compose(t.Context(), doc, &b)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Fatalf("left: %v, %v", left, err)
	}
}
