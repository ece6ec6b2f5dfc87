package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// usage is what a command took.
type usage struct {
	wall    time.Duration
	cpu     time.Duration // user and system time of the process and all descendants that were waited for
	largest int64         // bytes, the most that one of these processes held (ru_maxrss)
	family  int64         // bytes, the most that all held at one moment (sampled proportional set size)
}

const sampleEvery = 200 * time.Millisecond

// measure runs a command to its end. Where it fails, the error carries the end
// of what it said. When the context ends, the whole process group is killed.
func measure(ctx context.Context, env []string, name string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second

	start := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, fmt.Errorf("starting %s: %w", filepath.Base(name), err)
	}
	family := watchFamily(cmd.Process.Pid)
	err := cmd.Wait()
	u := usage{wall: time.Since(start), family: family()}
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.cpu = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
		u.largest = ru.Maxrss << 10 // Linux counts in KiB
	}
	u.family = max(u.family, u.largest) // a short run may fall between two samples
	if err != nil {
		return u, fmt.Errorf("%s: %w: %s", filepath.Base(name), err, lastLine(said.String()))
	}
	return u, nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// watchFamily samples the memory of a process and its descendants until the
// function that it returns is called, which tells the peak in bytes.
func watchFamily(pid int) (peak func() int64) {
	stop := make(chan struct{})
	var most int64
	var watcher sync.WaitGroup
	watcher.Go(func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var sum int64
				for _, p := range family(pid) {
					sum += proportional(p)
				}
				most = max(most, sum)
			}
		}
	})
	return func() int64 {
		close(stop)
		watcher.Wait()
		return most
	}
}

// family lists a process and its descendants of this moment.
func family(root int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if parent, ok := parentOf(string(raw)); ok {
			children[parent] = append(children[parent], pid)
		}
	}
	all := []int{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// parentOf reads the parent from a line of /proc/PID/stat (proc(5)). The name of
// the program, in brackets, may hold blanks and brackets itself.
func parentOf(stat string) (int, bool) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, false
	}
	parent, err := strconv.Atoi(fields[1])
	return parent, err == nil
}

// proportional is the memory of a process in bytes, of shared pages its part; 0
// where the process has ended.
func proportional(pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
			kib, _ := strconv.ParseInt(f[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}
