package child

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be its own child.
func TestMain(m *testing.M) {
	if os.Getenv("CHILD_TEST") == "1" {
		rests := 0
		err := Serve(os.Stdin, os.Stdout, map[string]Handler{
			"upper": func(v json.RawMessage, body []byte) (any, []byte, error) {
				var s string
				err := json.Unmarshal(v, &s)
				return strings.ToUpper(s), []byte(strings.ToUpper(string(body))), err
			},
			"fail":  func(json.RawMessage, []byte) (any, []byte, error) { return nil, nil, errors.New("no luck") },
			"panic": func(json.RawMessage, []byte) (any, []byte, error) { panic("boom") },
			"sleep": func(json.RawMessage, []byte) (any, []byte, error) { time.Sleep(time.Minute); return nil, nil, nil },
			"nap": func(json.RawMessage, []byte) (any, []byte, error) {
				time.Sleep(2 * time.Second)
				return os.Getpid(), nil, nil
			},
			"pid": func(json.RawMessage, []byte) (any, []byte, error) { return os.Getpid(), nil, nil },
			"eat": func(json.RawMessage, []byte) (any, []byte, error) {
				var keep [][]byte
				for range 64 {
					b := make([]byte, 64<<20)
					for i := 0; i < len(b); i += 4096 {
						b[i] = 1
					}
					keep = append(keep, b)
				}
				return len(keep), nil, nil
			},
			"litter": func(json.RawMessage, []byte) (any, []byte, error) {
				b := make([]byte, 64<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				return os.Getpid(), nil, nil
			},
			"rests": func(json.RawMessage, []byte) (any, []byte, error) { return rests, nil, nil },
		}, func() { rests++ })
		if err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func pool(t *testing.T, change func(*Config)) *Pool {
	t.Helper()
	cfg := Config{Command: []string{os.Args[0]}, Env: []string{"CHILD_TEST=1"}, Deadline: 20 * time.Second}
	if change != nil {
		change(&cfg)
	}
	p := NewPool(cfg)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func TestCall(t *testing.T) {
	p := pool(t, nil)
	var s string
	body, err := p.Call(t.Context(), "upper", "blatt", []byte("werk"), &s)
	if err != nil || s != "BLATT" || string(body) != "WERK" {
		t.Fatalf("got %q, %q, %v", s, body, err)
	}
}

func TestFaultsLeaveThePoolUsable(t *testing.T) {
	for _, tc := range []struct {
		op   string
		cfg  func(*Config)
		want error
	}{
		{op: "panic", want: ErrDied},
		{op: "sleep", cfg: func(c *Config) { c.Deadline = 200 * time.Millisecond }, want: ErrDeadline},
		{op: "eat", cfg: func(c *Config) { c.Memory = 512 << 20 }, want: ErrDied},
		{op: "fail", want: Failure("no luck")},
	} {
		t.Run(tc.op, func(t *testing.T) {
			p := pool(t, tc.cfg)
			if _, err := p.Call(t.Context(), tc.op, nil, nil, nil); !errors.Is(err, tc.want) {
				t.Fatalf("error is %v, want %v", err, tc.want)
			}
			var s string
			if _, err := p.Call(t.Context(), "upper", "again", nil, &s); err != nil || s != "AGAIN" {
				t.Fatalf("the next call got %q, %v", s, err)
			}
		})
	}
}

func TestKilledChildIsReplaced(t *testing.T) {
	p := pool(t, nil)
	var first, second int
	if _, err := p.Call(t.Context(), "pid", nil, nil, &first); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Call(t.Context(), "pid", nil, nil, &second); !errors.Is(err, ErrDied) {
		t.Fatalf("error is %v, want %v", err, ErrDied)
	}
	if _, err := p.Call(t.Context(), "pid", nil, nil, &second); err != nil || second == first {
		t.Fatalf("pid %d, %v", second, err)
	}
}

// TestAfterADeathAllAreFresh has two children at work, of which one dies: neither
// the idle one nor the one that was busy meanwhile gets another call.
func TestAfterADeathAllAreFresh(t *testing.T) {
	p := pool(t, func(c *Config) { c.Size = 3 })
	ctx := t.Context()
	pid := func(op string) (pid int) {
		t.Helper()
		if _, err := p.Call(ctx, op, nil, nil, &pid); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	busy, begun := make(chan int), make(chan struct{})
	go func() {
		var n int
		close(begun)
		if _, err := p.Call(ctx, "nap", nil, nil, &n); err != nil {
			t.Error(err)
		}
		busy <- n
	}()
	<-begun
	time.Sleep(200 * time.Millisecond) // until its child is taken
	old := pid("pid")
	if _, err := p.Call(ctx, "panic", nil, nil, nil); !errors.Is(err, ErrDied) {
		t.Fatal(err)
	}
	napped := <-busy
	for range 3 {
		if n := pid("pid"); n == old || n == napped {
			t.Errorf("child %d of before the death is used again", n)
		}
	}
}

func TestChildrenAreReplacedAfterSomeCalls(t *testing.T) {
	p := pool(t, func(c *Config) { c.Calls = 2 })
	pids := map[int]bool{}
	for range 6 {
		var pid int
		if _, err := p.Call(t.Context(), "pid", nil, nil, &pid); err != nil {
			t.Fatal(err)
		}
		pids[pid] = true
	}
	if len(pids) != 3 {
		t.Fatalf("%d children did 6 calls, want 3", len(pids))
	}
}

func TestContextEndsACall(t *testing.T) {
	p := pool(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Call(ctx, "sleep", nil, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v", err)
	}
}

// TestRest lets a child leave much behind and looks at what it holds when it has had
// nothing to do for a while.
func TestRest(t *testing.T) {
	p := pool(t, nil)
	var pid, rests int
	if _, err := p.Call(t.Context(), "litter", nil, nil, &pid); err != nil {
		t.Fatal(err)
	}
	const most = 40 << 20
	held := resident(t, pid)
	if held < most {
		t.Errorf("holds %d MB just after its call: nothing is shown", held>>20)
	}
	for deadline := time.Now().Add(20 * time.Second); held > most && time.Now().Before(deadline); held = resident(t, pid) {
		time.Sleep(20 * time.Millisecond)
	}
	if held > most {
		t.Errorf("holds %d MB after a rest", held>>20)
	}
	if _, err := p.Call(t.Context(), "rests", nil, nil, &rests); err != nil || rests != 1 {
		t.Errorf("rested %d times in one pause, %v", rests, err)
	}
}

// resident is the memory of a process in bytes (proc(5), statm).
func resident(t *testing.T, pid int) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(raw), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
