package child

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Config says how children are run. Command is required.
type Config struct {
	Command  []string      // program and arguments; the program must call Serve
	Env      []string      // added to the parent's environment, "NAME=value"
	Size     int           // children at once; 0 is 1
	Memory   int64         // limit of data memory of each child, bytes; 0 is none
	Deadline time.Duration // for one call; 0 is one minute
	Calls    int           // calls before a child is replaced; 0 is 200
}

// ErrDied says that the child ended in the middle of a call: it crashed, ran
// out of memory or was killed. The calls that begin after it get fresh children: a
// page that a child with much on its heap has no memory for may do in a new one.
var ErrDied = errors.New("child process died")

// ErrDeadline says that a call took longer than Config.Deadline. The child was
// killed.
var ErrDeadline = errors.New("child process missed its deadline")

// Failure is an error that the handler returned. The child is well.
type Failure string

func (f Failure) Error() string { return string(f) }

// Pool runs calls on a number of children. It is safe for use by many
// goroutines; children start when they are first needed.
type Pool struct {
	cfg    Config
	places chan struct{} // a token for each call that runs

	mu     sync.Mutex
	idle   []*process // the one used last is at the end and is used next: it is warm
	deaths int        // children that began before the last of them are not used again
	closed bool
}

// NewPool makes a pool. No child is started yet.
func NewPool(cfg Config) *Pool {
	cfg.Size = max(cfg.Size, 1)
	if cfg.Deadline <= 0 {
		cfg.Deadline = time.Minute
	}
	if cfg.Calls <= 0 {
		cfg.Calls = 200
	}
	return &Pool{cfg: cfg, places: make(chan struct{}, cfg.Size)}
}

// Size is the number of calls that can run at once.
func (p *Pool) Size() int { return p.cfg.Size }

// Call runs op in a child and decodes its result into result (which may be
// nil). It waits for a free child. When ctx ends, the child is killed and the
// error is ctx's. Other errors are, or wrap, [ErrDied], [ErrDeadline] or a
// [Failure].
func (p *Pool) Call(ctx context.Context, op string, value any, body []byte, result any) ([]byte, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding a call of %s: %w", op, err)
	}
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, deaths := p.take()
	if c == nil {
		if c, err = start(p.cfg); err != nil {
			return nil, fmt.Errorf("starting a child for %s: %w", op, err)
		}
		c.deaths = deaths
	}
	reply, out, err := c.call(ctx, p.cfg.Deadline, head{Op: op, Value: raw}, body)
	c.calls++
	if err != nil || c.calls >= p.cfg.Calls {
		c.end(err != nil)
		c = nil
	}
	if errors.Is(err, ErrDied) {
		p.bury()
	}
	p.giveBack(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	if reply.Error != "" {
		return nil, fmt.Errorf("%s: %w", op, Failure(reply.Error))
	}
	if result != nil {
		if err := json.Unmarshal(reply.Value, result); err != nil {
			return nil, fmt.Errorf("decoding the result of %s: %w", op, err)
		}
	}
	return out, nil
}

// take gives an idle child, nil if there is none, and how many died so far.
func (p *Pool) take() (*process, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil, p.deaths
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c, p.deaths
}

// bury notes that a child died, and ends the idle ones, which are about as worn.
func (p *Pool) bury() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaths++
	for _, c := range p.idle {
		c.end(false)
	}
	p.idle = nil
}

func (p *Pool) giveBack(c *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case c == nil:
	case p.closed, c.deaths < p.deaths:
		c.end(false)
	default:
		p.idle = append(p.idle, c)
	}
}

// Close ends the idle children at once and the busy ones after their call.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.end(false)
	}
	p.idle = nil
	return nil
}

// process is one running child.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	tail   *tail
	calls  int
	deaths int // in its pool before it began
}

func start(cfg Config) (*process, error) {
	cmd := exec.Command(cfg.Command[0], cfg.Command[1:]...)
	cmd.Env = append(os.Environ(), cfg.Env...)
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", EnvMemory, cfg.Memory))
	// A group of its own, so that Ctrl-C at a terminal reaches the parent only,
	// and a kill reaches what the child itself started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c := &process{cmd: cmd, tail: &tail{}}
	cmd.Stderr = c.tail
	var err error
	if c.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReaderSize(out, 1<<16)
	return c, cmd.Start()
}

func (c *process) call(ctx context.Context, deadline time.Duration, h head, body []byte) (head, []byte, error) {
	type reply struct {
		h    head
		body []byte
		err  error
	}
	done := make(chan reply, 1)
	go func() {
		if err := writeFrame(c.in, h, body); err != nil {
			done <- reply{err: err}
			return
		}
		h, body, err := readFrame(c.out)
		done <- reply{h, body, err}
	}()
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	select {
	case r := <-done:
		if r.err != nil {
			return head{}, nil, fmt.Errorf("%w (%w)%s", ErrDied, r.err, c.tail)
		}
		return r.h, r.body, nil
	case <-timer.C:
		return head{}, nil, fmt.Errorf("%w of %s", ErrDeadline, deadline)
	case <-ctx.Done():
		return head{}, nil, ctx.Err()
	}
}

// end stops the child: politely by closing its input, or at once.
func (c *process) end(kill bool) {
	_ = c.in.Close()
	if kill {
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	}
	go func() {
		after := time.AfterFunc(5*time.Second, func() { _ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) })
		_ = c.cmd.Wait()
		after.Stop()
	}()
}

// tail keeps the last bytes that a child wrote to its standard error. They are
// for the log of a crash: libraries name their trouble there.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 512

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if n := len(t.buf) - tailSize; n > 0 {
		t.buf = append(t.buf[:0], t.buf[n:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.buf) == 0 {
		return ""
	}
	return ": " + string(bytes.TrimSpace(t.buf))
}
