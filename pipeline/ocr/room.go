package ocr

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/child"
)

// Config says how pages are read. Command is required.
type Config struct {
	Command       []string      // program and arguments that call Serve: our binary and "read"
	Env           []string      // added to the children's environment, "NAME=value"
	Readers       int           // children at once; 0 is one for each core
	Memory        int64         // limit of each child's data memory, bytes; 0 is 900 MB
	Deadline      time.Duration // for one page; 0 is one minute
	CallsPerChild int           // pages before a child is replaced; 0 is 200
	DataDir       string        // folder of *.traineddata; "" is where tesseract looks by itself
}

const defaultMemory = 900 << 20

// Room reads pages on child processes. It is safe for use by many goroutines.
type Room struct {
	cfg   Config
	pool  *child.Pool
	pages chan struct{} // holds a token for each page that is in memory
	large chan struct{} // holds a token while a large page is worked on
}

// largePage is from how many pixels on pages are worked on one after the other, by
// however many readers: A2 at 300 dpi. Two sheets of A0 at once would take more
// memory than all else together.
const largePage = 35_000_000

// alone waits until no other large page is worked on, if this is one, and gives
// what ends the wait of the next.
func (r *Room) alone(ctx context.Context, img pipeline.Image) (done func(), err error) {
	if int64(img.Width)*int64(img.Height) < largePage {
		return func() {}, nil
	}
	select {
	case r.large <- struct{}{}:
		return func() { <-r.large }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// New makes a room. No child is started yet.
func New(cfg Config) *Room {
	if cfg.Readers <= 0 {
		cfg.Readers = runtime.NumCPU()
	}
	if cfg.Memory <= 0 {
		cfg.Memory = defaultMemory
	}
	if cfg.Deadline <= 0 {
		cfg.Deadline = time.Minute
	}
	return &Room{
		cfg: cfg,
		pool: child.NewPool(child.Config{
			Command: cfg.Command,
			// tesseract's threads cost half as much CPU again for nothing, and
			// with several children they fight. OpenMP reads it at start only. Go
			// moves its calls into C from thread to thread, and glibc gives each a heap
			// of its own, up to sixteen, each of which keeps what a page needs: one
			// heap for all. glibc, too, reads it at start only.
			Env:      append([]string{"OMP_THREAD_LIMIT=1", "MALLOC_ARENA_MAX=1"}, cfg.Env...),
			Size:     cfg.Readers,
			Memory:   cfg.Memory,
			Deadline: cfg.Deadline,
			Calls:    cfg.CallsPerChild,
		}),
		// One page more than readers, so that the next one is at hand.
		pages: make(chan struct{}, cfg.Readers+1),
		large: make(chan struct{}, 1),
	}
}

// Close ends the children.
func (r *Room) Close() error { return r.pool.Close() }

// Languages lists the installed languages in tesseract's notation, sorted.
func (r *Room) Languages(ctx context.Context) ([]string, error) {
	var names []string
	if _, err := r.pool.Call(ctx, opLanguages, languagesCall{r.cfg.DataDir}, nil, &names); err != nil {
		return nil, fmt.Errorf("asking for the installed languages: %w", err)
	}
	return names, nil
}

// Decode makes picture n (from 0) of a file into a PNG without loss; a bitonal
// picture stays 1 bit deep. With mirror, left and right are swapped. The
// image's Blob is not set; a resolution of 0 means that the file does not say.
// A file that does not decode is a [pipeline.Fault].
func (r *Room) Decode(ctx context.Context, file []byte, media string, n int, mirror bool) ([]byte, pipeline.Image, error) {
	var reply decodeReply
	png, err := r.call(ctx, opDecode, decodeCall{Media: media, N: n, Mirror: mirror}, file, &reply)
	if err != nil {
		return nil, pipeline.Image{}, err
	}
	if reply.Damaged {
		return nil, pipeline.Image{}, damaged(nil)
	}
	img := pipeline.Image{
		Media: "image/png", Width: reply.Width, Height: reply.Height,
		DPIX: reply.DPIX, DPIY: reply.DPIY, Model: pipeline.Colour,
	}
	switch {
	case reply.Depth == 1:
		img.Model = pipeline.Bitonal
	case reply.Depth <= 16:
		img.Model = pipeline.Grey
	}
	return png, img, nil
}

// Probe decodes a whole picture and tells how many faults the decoder had to
// mend, for formats that allow mending (JPEG). A picture that does not decode is
// a [pipeline.Fault].
func (r *Room) Probe(ctx context.Context, file []byte, media string) (mended int, err error) {
	var reply decodeReply
	if _, err := r.call(ctx, opDecode, decodeCall{Media: media, Probe: true}, file, &reply); err != nil {
		return 0, err
	}
	if reply.Damaged {
		return 0, damaged(nil)
	}
	return reply.Warnings, nil
}
