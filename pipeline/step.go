package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// StepName names a station of the route.
type StepName string

// The stations, in the order a letter passes them.
const (
	StepOpen     StepName = "open"
	StepSeparate StepName = "separate"
	StepRead     StepName = "read"
	StepCompose  StepName = "compose"
	StepClassify StepName = "classify"
	StepArchive  StepName = "archive"
	StepAccount  StepName = "account"
)

// StepFunc takes a document and returns it with more known about it. It can be
// repeated: the same document and blobs give the same result. It stops when ctx
// ends. Its error is, or wraps, a *[Fault].
type StepFunc func(ctx context.Context, doc Document, blobs Blobs) (Document, error)

// Step is a named station.
type Step struct {
	Name StepName
	Run  StepFunc
}

// Blobs is where steps leave large results for each other. Bytes are addressed
// by their digest, so that writing the same bytes twice is the same as once.
type Blobs interface {
	// Put keeps all of r and names it. When it returns, the bytes are durable.
	Put(ctx context.Context, r io.Reader) (Blob, error)
	// Open gives the bytes of a digest. Reading a byte that differs from what was
	// put ends in an error, never in other bytes.
	Open(ctx context.Context, d Digest) (Content, error)
}

// Content is an open blob.
type Content interface {
	io.Reader
	io.ReaderAt
	io.Seeker
	io.Closer
	Size() int64
}

// PutJSON keeps v as JSON.
func PutJSON(ctx context.Context, b Blobs, v any) (Blob, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return Blob{}, fmt.Errorf("encoding a blob: %w", err)
	}
	return b.Put(ctx, strings.NewReader(string(raw)))
}

// OpenJSON reads a blob that PutJSON kept.
func OpenJSON(ctx context.Context, b Blobs, d Digest, v any) error {
	c, err := b.Open(ctx, d)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := json.NewDecoder(c).Decode(v); err != nil {
		return fmt.Errorf("decoding blob %s: %w", d, err)
	}
	return nil
}

// Progress tells watchers what happens to a document. It carries nothing from
// the letter itself.
type Progress struct {
	Doc   DocID    `json:"doc"`
	Step  StepName `json:"step"`
	State State    `json:"state"`
	Done  int      `json:"done,omitempty"`  // pages done in this step
	Total int      `json:"total,omitempty"` // pages to do in this step
}

type progressKey struct{}

// WithProgress gives steps that run under ctx someone to tell about each page.
func WithProgress(ctx context.Context, tell func(done, total int)) context.Context {
	return context.WithValue(ctx, progressKey{}, tell)
}

// TellProgress reports that done of total pages are done, if anyone listens.
func TellProgress(ctx context.Context, done, total int) {
	if tell, ok := ctx.Value(progressKey{}).(func(done, total int)); ok {
		tell(done, total)
	}
}

// State is where a document stands. At every moment it is exactly one of these.
type State string

const (
	Working  State = "working"  // in progress, or waiting for the machine
	Waiting  State = "waiting"  // in the review tray (Klärfälle): a person has to decide
	Archived State = "archived" // kept, checked and read back
	Refused  State = "refused"  // given back with a reason; the bytes are kept
)
