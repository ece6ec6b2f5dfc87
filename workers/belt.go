package workers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// Rows is what the belt needs of the catalogue.
type Rows interface {
	Claim(ctx context.Context, id pipeline.DocID, step pipeline.StepName, gen int, owner string, lease time.Duration) (catalog.Job, error)
	Extend(ctx context.Context, job catalog.Job, lease time.Duration) error
	Advance(ctx context.Context, job catalog.Job, doc pipeline.Document, next pipeline.StepName, texts []pipeline.PageText) error
	Defer(ctx context.Context, job catalog.Job, f *pipeline.Fault, due time.Time) error
	Park(ctx context.Context, job catalog.Job, f *pipeline.Fault, doc pipeline.Document) error
	Refuse(ctx context.Context, job catalog.Job, f *pipeline.Fault) error
	Unfinished(ctx context.Context, now time.Time, limit int) ([]catalog.Bell, error)
	ReleaseOwner(ctx context.Context, owner string) (int, error)
}

// Chore is upkeep that runs beside the belt: at the start and then every so often.
// It must not mind running in several processes at once.
type Chore struct {
	Name  string
	Every time.Duration
	Run   func(context.Context) error
}

// Config says what the belt runs. Redis, Rows, Blobs and Steps are required.
type Config struct {
	Redis redis.UniversalClient
	Rows  Rows
	Blobs pipeline.Blobs
	Steps []pipeline.Step // in order

	// Texts gives what of an archived document's words may be found by searching;
	// nil is all of them.
	Texts func(ctx context.Context, doc pipeline.Document) ([]pipeline.PageText, error)

	Alone   bool          // no other process works on these rows: claims of earlier processes are over
	Hands   int           // documents worked on at once; 0 is 2
	Lease   time.Duration // how long a claim holds without a sign of life; 0 is one minute
	Recheck time.Duration // how often the reconciler asks for what is unfinished; 0 is one minute
	Chores  []Chore
	Log     *slog.Logger // nil is slog.Default()
}

const (
	longPages  = 20 // documents with more pages wait in the slow lane
	maxCrashes = 3  // a step that ended its process this often goes to a person
	maxTries   = 6  // an error without a verdict is retried this often

	// listen is how often an idle belt asks whether a bell rang. It is the delay of
	// each step on an idle machine, and its cost: at 100 ms an idle embedded belt
	// took 5 % of a core; at 250 ms and with half the queues it takes 2 %.
	listen = 250 * time.Millisecond

	// lonely is the owner's name where only one process works at a time, so that
	// the next one knows at once which claims are over.
	lonely = "alone"
)

// Belt runs the stations. Make it with [New]; its methods are safe for use by
// many goroutines.
type Belt struct {
	cfg    Config
	owner  string // name of this process on its claims
	client *asynq.Client
	insp   *asynq.Inspector
	log    *slog.Logger
}

// New makes a belt. Nothing runs before [Belt.Run], but [Belt.Ring] works.
func New(cfg Config) *Belt {
	if cfg.Hands <= 0 {
		cfg.Hands = 2
	}
	if cfg.Lease <= 0 {
		cfg.Lease = time.Minute
	}
	if cfg.Recheck <= 0 {
		cfg.Recheck = time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Texts == nil {
		cfg.Texts = func(ctx context.Context, doc pipeline.Document) ([]pipeline.PageText, error) {
			return Texts(ctx, cfg.Blobs, doc)
		}
	}
	owner := lonely
	if !cfg.Alone {
		host, _ := os.Hostname()
		owner = fmt.Sprintf("%s-%d-%s", host, os.Getpid(), random()[:8])
	}
	return &Belt{
		cfg:    cfg,
		owner:  owner,
		client: asynq.NewClientFromRedisClient(cfg.Redis),
		insp:   asynq.NewInspectorFromRedisClient(cfg.Redis),
		log:    cfg.Log,
	}
}

func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	return hex.EncodeToString(b[:])
}

// Run works until ctx ends, then lets go of what is in hand: the steps see their
// context end, and their documents are free for the next process at once. It
// waits for a Redis that is not there yet.
func (b *Belt) Run(ctx context.Context) error {
	if b.cfg.Alone {
		n, err := b.cfg.Rows.ReleaseOwner(ctx, b.owner)
		if err != nil {
			return fmt.Errorf("releasing the claims of an earlier process: %w", err)
		}
		if n > 0 {
			b.log.InfoContext(ctx, "took over unfinished work", slog.Int("documents", n))
		}
	}
	server, err := b.startServer(ctx)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() { b.reconcile(ctx) })
	for _, c := range b.cfg.Chores {
		wg.Go(func() { b.chore(ctx, c) })
	}
	<-ctx.Done()
	server.Shutdown()
	wg.Wait()
	return nil
}

func (b *Belt) startServer(ctx context.Context) (*asynq.Server, error) {
	mux := asynq.NewServeMux()
	for i := range b.cfg.Steps {
		mux.HandleFunc(taskType(b.cfg.Steps[i].Name), b.station(i))
	}
	for wait := 500 * time.Millisecond; ; wait = min(wait*2, 10*time.Second) {
		server := asynq.NewServerFromRedisClient(b.cfg.Redis, asynq.Config{
			Concurrency:              b.cfg.Hands,
			Queues:                   queues(b.cfg.Steps),
			BaseContext:              func() context.Context { return ctx },
			TaskCheckInterval:        listen,
			DelayedTaskCheckInterval: time.Second,
			RetryDelayFunc:           func(n int, _ error, _ *asynq.Task) time.Duration { return backoff(n) },
			ShutdownTimeout:          20 * time.Second,
			Logger:                   logger{b.log},
			LogLevel:                 asynq.WarnLevel,
		})
		err := server.Start(mux)
		if err == nil {
			return server, nil
		}
		b.log.WarnContext(ctx, "the queue is not there yet", slog.Any("error", err))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}

// backoff grows from two seconds to ten minutes.
func backoff(n int) time.Duration {
	d := 2 * time.Second << min(max(n-1, 0), 9)
	return min(d, 10*time.Minute)
}

// logger lets asynq speak through slog.
type logger struct{ log *slog.Logger }

func (l logger) Debug(args ...any) { l.log.Debug("queue", slog.String("says", fmt.Sprint(args...))) }
func (l logger) Info(args ...any)  { l.log.Info("queue", slog.String("says", fmt.Sprint(args...))) }
func (l logger) Warn(args ...any)  { l.log.Warn("queue", slog.String("says", fmt.Sprint(args...))) }
func (l logger) Error(args ...any) { l.log.Error("queue", slog.String("says", fmt.Sprint(args...))) }
func (l logger) Fatal(args ...any) { l.log.Error("queue", slog.String("says", fmt.Sprint(args...))) }
