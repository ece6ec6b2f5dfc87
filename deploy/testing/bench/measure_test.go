package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMeasureCountsTheFamily lets a grandchild do the work: dd burns CPU time and
// holds a buffer of 64 MiB while the shells above it only wait.
func TestMeasureCountsTheFamily(t *testing.T) {
	const script = `sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=60 2>/dev/null; true'; true`
	u, err := measure(t.Context(), nil, "sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	if u.cpu <= 0 || u.wall <= 0 {
		t.Errorf("no time: %+v", u)
	}
	if u.largest < 64<<20 || u.largest > 1<<30 || u.family < u.largest {
		t.Errorf("largest %d, family %d bytes; a buffer of 64 MiB was held", u.largest, u.family)
	}
}

// TestFamilyMemoryAddsUp holds two buffers in two processes at once until both
// were seen.
func TestFamilyMemoryAddsUp(t *testing.T) {
	// tail keeps 40 MiB until its input ends, two seconds later.
	const hold = `(head -c 40M /dev/zero; sleep 2) | tail -c 40M >/dev/null`
	script := hold + " & " + hold + "; wait"
	u, err := measure(t.Context(), nil, "sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	if u.family < u.largest*3/2 {
		t.Errorf("two processes held as much as the largest, %d MiB, but the family had %d MiB", u.largest>>20, u.family>>20)
	}
}

// TestMeasureCountsOrphans leaves the work to a child that outlives its parent.
func TestMeasureCountsOrphans(t *testing.T) {
	const work = `dd if=/dev/zero of=/dev/null bs=64M count=60 2>/dev/null`
	waited, err := measure(t.Context(), nil, "sh", "-c", work+"; true")
	if err != nil {
		t.Fatal(err)
	}
	orphaned, err := measure(t.Context(), nil, "sh", "-c", work+" & true")
	if err != nil {
		t.Fatal(err)
	}
	if orphaned.cpu < waited.cpu/4 || orphaned.largest < 64<<20 {
		t.Errorf("the orphan took %v and %d bytes, the same work waited for took %v", orphaned.cpu, orphaned.largest, waited.cpu)
	}
}

func TestMeasureTellsWhatWentWrong(t *testing.T) {
	_, err := measure(t.Context(), []string{"WHY=no paper"}, "sh", "-c", `echo first; echo "$WHY" >&2; exit 3`)
	if err == nil || !strings.Contains(err.Error(), "exit status 3: no paper") {
		t.Errorf("error is %v", err)
	}
	if _, err := measure(t.Context(), nil, "no-such-program-here"); err == nil {
		t.Error("a program that is not there ran")
	}
}

// TestMeasureKillsTheWholeGroup ends the context as soon as the grandchild says
// that it is there, and wants it gone.
func TestMeasureKillsTheWholeGroup(t *testing.T) {
	mark := t.TempDir() + "/pid"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if raw, _ := os.ReadFile(mark); strings.HasSuffix(string(raw), "\n") {
				cancel()
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	if _, err := measure(ctx, nil, "sh", "-c", `sh -c 'echo $$ >"$0"; sleep 600; true' "$0"; true`, mark); err == nil {
		t.Fatal("a killed command is no success")
	}
	raw, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	state, _ := exec.Command("ps", "-o", "stat=", "-p", strings.TrimSpace(string(raw))).Output()
	if s := strings.TrimSpace(string(state)); s != "" && !strings.HasPrefix(s, "Z") {
		t.Errorf("the grandchild lives on: %s", s)
	}
}

func TestParentOf(t *testing.T) {
	for stat, want := range map[string]int{
		"42 (sh) S 7 42 42 0":           7,
		"42 (a b) c) R 1 42":            1,
		"42 (tmux: server) S 1234 9 9 ": 1234,
	} {
		if got, ok := parentOf(stat); !ok || got != want {
			t.Errorf("parentOf(%q) = %d, %v, want %d", stat, got, ok, want)
		}
	}
	if _, ok := parentOf("42 (sh)"); ok {
		t.Error("half a line has a parent")
	}
}
