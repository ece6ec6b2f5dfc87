package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Program is a foreign program and its bounds. Name, Memory and Time are required.
type Program struct {
	Name   string        // on the PATH, or a path
	Memory int64         // most address space, bytes
	Time   time.Duration // most time from start to end
	Dir    string        // where it runs; "" is where we do
	Env    []string      // its environment; nil is ours
	Stdin  string        // what it reads; never seen in the list of processes, as arguments are
	Flags  uintptr       // namespaces of its own (CLONE_NEW...), with our user in them
}

// ErrProgram says that a foreign program did not do its work: it broke off, ran
// out of memory or out of time. The bytes were too much for it.
var ErrProgram = errors.New("foreign program failed")

// ErrMissing says that a foreign program is not installed.
var ErrMissing = errors.New("foreign program is not installed")

// ExitError is the end of a program with a code other than 0. It is an
// [ErrProgram].
type ExitError struct {
	Name   string
	Code   int
	Stderr string // the end of what it complained about
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("%s ended with %d: %s", e.Name, e.Code, e.Stderr)
}
func (e *ExitError) Unwrap() error { return ErrProgram }

// confined limits the address space and switches core dumps off before it
// becomes the program. The limit is set by the shell, which every system has.
const confined = `ulimit -c 0; ulimit -v "$1" || exit 125; shift; exec "$@"`

// Run starts the program in a process group of its own, so that all it starts
// ends with it, and waits for its end. Its output goes to out. Errors wrap
// [ErrMissing] or [ErrProgram], or are ctx's own.
func (p Program) Run(ctx context.Context, out io.Writer, args ...string) error {
	path, err := exec.LookPath(p.Name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	limited, cancel := context.WithTimeout(ctx, p.Time)
	defer cancel()
	cmd := exec.CommandContext(limited, "/bin/sh", append([]string{"-c", confined, "sh",
		strconv.FormatInt(p.Memory>>10, 10), path}, args...)...)
	cmd.Dir, cmd.Env = p.Dir, p.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Cloneflags: p.Flags}
	if p.Flags&syscall.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdin = strings.NewReader(p.Stdin)
	var stderr lastBytes
	cmd.Stdout, cmd.Stderr = out, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fmt.Errorf("%w: %s took longer than %s", ErrProgram, p.Name, p.Time)
	case errors.As(err, &exit):
		return &ExitError{p.Name, exit.ExitCode(), stderr.String()}
	}
	return fmt.Errorf("running %s: %w", p.Name, err)
}

// lastBytes keeps the end of what a program complained about.
type lastBytes struct{ buf []byte }

func (l *lastBytes) Write(p []byte) (int, error) {
	const most = 1024
	l.buf = append(l.buf, p...)
	if n := len(l.buf) - most; n > 0 {
		l.buf = append(l.buf[:0], l.buf[n:]...)
	}
	return len(p), nil
}

func (l *lastBytes) String() string { return strings.ToValidUTF8(string(bytes.TrimSpace(l.buf)), "?") }
