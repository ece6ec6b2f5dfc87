package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what a command took.
type usage struct {
	wall    time.Duration
	cpu     time.Duration // user and system time of the process and all its descendants
	largest int64         // bytes, the most that one of these processes held (ru_maxrss)
	family  int64         // bytes, the most that all held at one moment (sampled proportional set size)
	others  time.Duration // CPU time that the rest of the machine took meanwhile: the disturbance
}

const sampleEvery = 200 * time.Millisecond

// measure runs a command to its end. Where it fails, the error carries the end
// of what it said. When the context ends, the whole process group is killed.
//
// A program may end before its children and never wait for them: the kernel then
// books their work to nobody. So we take such orphans in and add what they took.
// The clock stops when the program itself has ended.
func measure(ctx context.Context, env []string, name string, args ...string) (usage, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return usage{}, fmt.Errorf("becoming the parent of orphans: %w", err)
	}
	// A file and not a pipe, for Wait would wait until orphans close a pipe, too.
	said, err := os.CreateTemp("", "blattwerk-bench-said-")
	if err != nil {
		return usage{}, fmt.Errorf("making a file for what the command says: %w", err)
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

	start, busy := time.Now(), machineBusy()
	if err := cmd.Start(); err != nil {
		return usage{}, fmt.Errorf("starting %s: %w", filepath.Base(name), err)
	}
	family := watchFamily(cmd.Process.Pid)
	err = cmd.Wait()
	u := usage{wall: time.Since(start), family: family()}
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.book(ru)
	}
	busy = machineBusy() - busy
	if orphans := u.bookOrphans(); orphans != nil {
		err = errors.Join(err, orphans)
	}
	u.others = max(0, busy-u.cpu)
	u.family = max(u.family, u.largest) // a short run may fall between two samples
	if err != nil {
		out, _ := os.ReadFile(said.Name())
		return u, fmt.Errorf("%s: %w: %s", filepath.Base(name), err, lastLine(string(out)))
	}
	return u, nil
}

func (u *usage) book(ru *syscall.Rusage) {
	u.cpu += time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	u.largest = max(u.largest, ru.Maxrss<<10) // Linux counts in KiB
}

// bookOrphans waits for the children that a command left to us, and ends those
// that do not end by themselves.
func (u *usage) bookOrphans() error {
	const patience = 5 * time.Second
	var err error
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		left := childrenByParent()[os.Getpid()]
		if len(left) == 0 {
			return err
		}
		late := time.Now().After(deadline)
		for _, pid := range left {
			if late {
				err = fmt.Errorf("a child of the command lived on for %s and was killed", patience)
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended just now
			}
			var ru syscall.Rusage
			if got, _ := syscall.Wait4(pid, nil, syscall.WNOHANG, &ru); got == pid {
				u.book(&ru)
			}
		}
	}
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
	children := childrenByParent()
	all := []int{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

func childrenByParent() map[int][]int {
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
	return children
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

// machineBusy is the CPU time that all cores have worked since the start of the
// machine (proc_stat(5): everything but idle, iowait and guest times), to 10 ms.
func machineBusy() time.Duration {
	raw, _ := os.ReadFile("/proc/stat")
	first, _, _ := strings.Cut(string(raw), "\n")
	var ticks int64
	for i, field := range strings.Fields(first) {
		const idle, iowait, guest = 4, 5, 9
		if i == 0 || i == idle || i == iowait || i >= guest {
			continue
		}
		n, _ := strconv.ParseInt(field, 10, 64)
		ticks += n
	}
	const hertz = 100 // USER_HZ of all machines that Go runs on under Linux
	return time.Duration(ticks) * time.Second / hertz
}
