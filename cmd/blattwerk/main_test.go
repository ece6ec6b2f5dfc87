package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"blattwerk/pipeline"
	"blattwerk/web"
)

// TestMain lets the test binary be the program, with a saboteur among the steps.
func TestMain(m *testing.M) {
	if os.Getenv("BLATTWERK_TEST_PROGRAM") == "1" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		p := program{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv, wrap: sabotage(os.Getenv("BLATTWERK_TEST_KILL"))}
		code := p.run(ctx, os.Args[1:])
		stop()
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// sabotage kills the process at a place like "read:before", "read:during" or
// "read:after": before the step, 400 ms into it, or after it and before its
// result is written.
func sabotage(where string) func([]pipeline.Step) []pipeline.Step {
	if where == "" {
		return nil
	}
	name, moment, _ := strings.Cut(where, ":")
	die := func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }
	return func(steps []pipeline.Step) []pipeline.Step {
		for i, s := range steps {
			if string(s.Name) != name {
				continue
			}
			steps[i].Run = func(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
				switch moment {
				case "before":
					die()
				case "during":
					time.AfterFunc(400*time.Millisecond, die)
				}
				out, err := s.Run(ctx, doc, blobs)
				if moment == "after" {
					die()
				}
				return out, err
			}
		}
		return steps
	}
}

// command prepares the program as a process of its own, on a data folder.
func programCommand(t *testing.T, data string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "BLATTWERK_TEST_PROGRAM=1", "BLATTWERK_DATA="+data, "BLATTWERK_ADDR=127.0.0.1:0", "BLATTWERK_LANG=de", "CI=")
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// result is what a run of the program left.
type result struct {
	out, err string
	code     int
	memory   int64 // most bytes that any process of the family held
}

// blattwerk runs a command to its end.
func blattwerk(t *testing.T, data string, args ...string) result {
	t.Helper()
	cmd := programCommand(t, data, nil, args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		t.Fatal(err)
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return result{out.String(), errOut.String(), cmd.ProcessState.ExitCode(), usage.Maxrss << 10}
}

// letters reads the JSON lines of `ingest --json`.
func (r result) letters(t *testing.T) []web.Letter {
	t.Helper()
	var list []web.Letter
	for dec := json.NewDecoder(strings.NewReader(r.out)); dec.More(); {
		var l web.Letter
		if err := dec.Decode(&l); err != nil {
			t.Fatalf("%v in %s\n%s", err, r.out, r.err)
		}
		list = append(list, l)
	}
	return list
}

// server is a running serve.
type server struct {
	t    *testing.T
	cmd  *exec.Cmd
	at   running
	err  *bytes.Buffer
	done chan struct{}
	once sync.Once
}

// startServe starts serve and waits until it can be spoken to.
func startServe(t *testing.T, data string, env ...string) *server {
	t.Helper()
	s := &server{t: t, cmd: programCommand(t, data, env, "serve"), err: &bytes.Buffer{}, done: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = io.Discard, s.err
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.done) }()
	t.Cleanup(s.kill)
	for range 300 {
		raw, err := os.ReadFile(filepath.Join(data, "lock"))
		if err == nil && json.Unmarshal(raw, &s.at) == nil && s.at.PID == s.cmd.Process.Pid {
			return s
		}
		select {
		case <-s.done:
			t.Fatalf("serve ended: %s", s.err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("serve does not start: %s", s.err)
	return nil
}

// kill ends the process at once; ended waits until it has ended by itself.
func (s *server) kill() {
	s.once.Do(func() { _ = s.cmd.Process.Kill() })
	<-s.done
}

func (s *server) ended(within time.Duration) bool {
	select {
	case <-s.done:
		return true
	case <-time.After(within):
		return false
	}
}

// stop ends the process in order.
func (s *server) stop() {
	s.t.Helper()
	_ = s.cmd.Process.Signal(os.Interrupt)
	if !s.ended(40 * time.Second) {
		s.t.Fatal("serve does not stop")
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("serve ended with %d: %s", code, s.err)
	}
}

// deliver hands bytes in; an error says that there is no receipt.
func (s *server) deliver(name string, content []byte) (web.Letter, error) {
	d := newRemoteDesk(s.at)
	d.client.Timeout = 30 * time.Second
	var l web.Letter
	err := d.do(s.t.Context(), http.MethodPost, "/api/v1/deliveries?name="+url.QueryEscape(name), bytes.NewReader(content), &l)
	return l, err
}

// settled waits until a letter is no longer in work.
func (s *server) settled(id pipeline.DocID) web.Letter {
	s.t.Helper()
	d := newRemoteDesk(s.at)
	var l web.Letter
	// What a killed process held is free when its lease is over (a minute) and rung
	// for by the next round of the reconciler (another): two minutes, and the work.
	for began := time.Now(); time.Since(began) < 3*time.Minute; time.Sleep(100 * time.Millisecond) {
		var err error
		if l, err = d.look(s.t.Context(), id); err != nil {
			s.t.Fatalf("%v\n%s", err, s.err)
		}
		if l.State != pipeline.Working {
			return l
		}
	}
	s.t.Fatalf("letter is still %s at %s: %s", l.State, l.Step, s.err)
	return l
}

// distinct makes another JPEG of a JPEG by a comment, so that it is not a
// duplicate: same picture, other bytes.
func distinct(jpeg []byte, n int) []byte {
	comment := fmt.Sprintf("letter number %06d", n)
	out := append([]byte{}, jpeg[:2]...)
	out = append(out, 0xFF, 0xFE, 0, byte(len(comment)+2))
	out = append(out, comment...)
	return append(out, jpeg[2:]...)
}
