package child

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"
)

// Handler does one kind of work in the child: value is the caller's JSON, body
// the bytes beside it. What it returns goes back to the caller.
type Handler func(value json.RawMessage, body []byte) (result any, out []byte, err error)

// EnvMemory names the environment variable by which the parent sets the child's
// limit of data memory, in bytes.
const EnvMemory = "BLATTWERK_CHILD_MEMORY"

// How long a child waits for a call before it gives back what it keeps for the next:
// more than there is between two pages. After a run of many calls, as a long file
// makes, the work goes on elsewhere at once and needs the memory; after few, giving back
// costs more than it brings.
const (
	restAfter    = 500 * time.Millisecond
	restAfterRun = 100 * time.Millisecond
	longRun      = 6 // calls
)

// Serve answers calls on in and out until in ends. It is what the child's main
// does. A panic in a handler ends the child: its state is not to be trusted. A child
// that has no call for a while gives idle memory back; rest, unless nil, does the
// same for memory that Go knows nothing of.
func Serve(in io.Reader, out io.Writer, handlers map[string]Handler, rest func()) error {
	if err := confine(); err != nil {
		return err
	}
	type call struct {
		h    head
		body []byte
	}
	calls := make(chan call)
	go func() {
		r := bufio.NewReaderSize(in, 1<<16)
		for {
			h, body, err := readFrame(r)
			if err != nil {
				// The parent is gone. A handler deep in C cannot be asked to stop.
				os.Exit(0)
			}
			calls <- call{h, body}
		}
	}()
	w := bufio.NewWriterSize(out, 1<<16)
	quiet, done := time.NewTimer(restAfter), 0
	for {
		select {
		case c := <-calls:
			reply, body := answer(handlers, c.h, c.body)
			if err := writeFrame(w, reply, body); err != nil {
				return fmt.Errorf("answering the parent: %w", err)
			}
			if err := w.Flush(); err != nil {
				return fmt.Errorf("answering the parent: %w", err)
			}
			if done++; done < longRun {
				quiet.Reset(restAfter)
			} else {
				quiet.Reset(restAfterRun)
			}
		case <-quiet.C:
			done = 0
			if rest != nil {
				rest()
			}
			giveBack()
		}
	}
}

// fullHeap is from how many bytes on Go's heap is cleared out while a child waits.
const fullHeap = 6 << 20

// giveBack clears Go's heap out and returns to the kernel what is free of it, if it has
// grown. Go by itself takes minutes to do so.
func giveBack() {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	if heap[0].Value.Uint64()+heap[1].Value.Uint64() > fullHeap {
		debug.FreeOSMemory()
	}
}

func answer(handlers map[string]Handler, h head, body []byte) (head, []byte) {
	run, ok := handlers[h.Op]
	if !ok {
		return head{Error: "unknown operation " + h.Op}, nil
	}
	result, out, err := run(h.Value, body)
	if err != nil {
		return head{Error: err.Error()}, nil
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return head{Error: err.Error()}, nil
	}
	return head{Value: raw}, out
}

func confine() error {
	none := syscall.Rlimit{}
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &none); err != nil {
		return fmt.Errorf("switching core dumps off: %w", err)
	}
	var limit uint64
	if _, err := fmt.Sscan(os.Getenv(EnvMemory), &limit); err != nil || limit == 0 {
		return nil
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		return fmt.Errorf("limiting memory: %w", err)
	}
	debug.SetMemoryLimit(int64(limit) * 3 / 4)
	return nil
}
