package workers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"blattwerk/pipeline"
	"blattwerk/pipeline/pipelinetest"
	"blattwerk/storage/catalog"
	"blattwerk/workers"
)

// queues are the two kinds of Redis that the belt has to run on alike.
var queues = map[string]func(t *testing.T) queue{
	"embedded": embedded,
	"redis":    realRedis,
}

// queue is a running Redis.
type queue struct {
	client redis.UniversalClient
	flush  func(t *testing.T)
	sleep  func(t *testing.T, d time.Duration) // gone for a while, then back without its data; nil if that cannot happen
}

func embedded(t *testing.T) queue {
	client, closeIt, err := workers.OpenRedis("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeIt)
	return queue{client: client, flush: flushAll(client)}
}

func flushAll(client redis.UniversalClient) func(*testing.T) {
	return func(t *testing.T) {
		if err := client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func realRedis(t *testing.T) queue {
	program := pipelinetest.Program(t, "redis-server")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	var server *exec.Cmd
	start := func() {
		server = exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	}
	stop := func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}
	start()
	t.Cleanup(func() { stop() })
	client, closeIt, err := workers.OpenRedis("redis://127.0.0.1:" + port + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeIt)
	for range 100 {
		if client.Ping(t.Context()).Err() == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return queue{client: client, flush: flushAll(client), sleep: func(t *testing.T, d time.Duration) {
		stop()
		time.Sleep(d)
		start()
	}}
}

// hall is a catalogue, a queue and a way to put letters on the belt.
type hall struct {
	t     *testing.T
	rows  *catalog.Catalog
	blobs *pipelinetest.Blobs
	queue queue
	n     atomic.Int64
}

func newHall(t *testing.T, open func(*testing.T) queue) *hall {
	rows, err := catalog.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "catalog.db"), catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	return &hall{t: t, rows: rows, blobs: &pipelinetest.Blobs{}, queue: open(t)}
}

// belt starts a belt with these steps; change may be nil.
func (h *hall) belt(steps []pipeline.Step, change func(*workers.Config)) (*workers.Belt, context.CancelFunc) {
	cfg := workers.Config{
		Redis: h.queue.client, Rows: h.rows, Blobs: h.blobs, Steps: steps, Alone: true,
		Recheck: 300 * time.Millisecond, Hands: 4, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	b := workers.New(cfg)
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			h.t.Error("the belt does not stop")
		}
	})
	h.t.Cleanup(stop)
	return b, stop
}

// letter takes a new letter in.
func (h *hall) letter(ring func(context.Context, catalog.Bell) error) pipeline.DocID {
	h.t.Helper()
	in := workers.Intake{
		Blobs: h.blobs, Accept: h.rows.Accept, Ring: ring, First: pipeline.StepOpen,
		Sniff: func([]byte) string { return "text/plain" }, Log: slog.New(slog.DiscardHandler),
	}
	r, err := in.Take(h.t.Context(), pipeline.Delivery{Name: "a.txt", Source: "test"}, strings.NewReader(fmt.Sprint("letter ", h.n.Add(1))))
	if err != nil {
		h.t.Fatal(err)
	}
	return r.Document.ID
}

func silent(context.Context, catalog.Bell) error { return nil }

// settled waits until a document is in state want.
func (h *hall) settled(id pipeline.DocID, want pipeline.State) catalog.Entry {
	h.t.Helper()
	var e catalog.Entry
	for began := time.Now(); time.Since(began) < 45*time.Second; time.Sleep(20 * time.Millisecond) {
		var err error
		if e, err = h.rows.Get(h.t.Context(), id); err != nil {
			h.t.Fatal(err)
		}
		if e.State == want {
			return e
		}
	}
	h.t.Fatalf("document is %s at %q (fault %v), want %s", e.State, e.Step, e.Fault, want)
	return e
}

// good are steps that do what the catalogue asks of an archived letter.
func good() []pipeline.Step {
	add := func(change func(*pipeline.Document)) pipeline.StepFunc {
		return func(_ context.Context, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
			change(&doc)
			return doc, nil
		}
	}
	return []pipeline.Step{
		{Name: pipeline.StepOpen, Run: add(func(d *pipeline.Document) { d.Pages = []pipeline.Page{{No: 1}} })},
		{Name: pipeline.StepRead, Run: add(func(d *pipeline.Document) {})},
		{Name: pipeline.StepCompose, Run: add(func(d *pipeline.Document) {
			d.PDF = &pipeline.PDF{Blob: d.Delivery.Original, Way: pipeline.WayComposed, Check: pipeline.Validation{Valid: true, Flavour: "2u"}}
		})},
		{Name: pipeline.StepClassify, Run: add(func(d *pipeline.Document) {
			d.Filing = &pipeline.Filing{Department: "20", Type: "20-RECH", Confidence: 0.9, Sure: true}
		})},
		{Name: pipeline.StepArchive, Run: add(func(d *pipeline.Document) {
			d.Record = &pipeline.Record{Prefix: "archive/" + string(d.ID), At: time.Now(), Manifest: d.Delivery.Original.Digest}
		})},
		{Name: pipeline.StepAccount, Run: add(func(d *pipeline.Document) {})},
	}
}

// replace puts another function in the place of a step.
func replace(steps []pipeline.Step, name pipeline.StepName, run pipeline.StepFunc) []pipeline.Step {
	for i := range steps {
		if steps[i].Name == name {
			steps[i].Run = run
		}
	}
	return steps
}

func onBoth(t *testing.T, test func(t *testing.T, h *hall)) {
	for name, open := range queues {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newHall(t, open))
		})
	}
}

func TestALetterGoesAllTheWay(t *testing.T) {
	onBoth(t, func(t *testing.T, h *hall) {
		b, _ := h.belt(good(), nil)
		news := b.Watch(t.Context())
		time.Sleep(100 * time.Millisecond) // until the subscription stands
		id := h.letter(b.Ring)
		e := h.settled(id, pipeline.Archived)
		if e.Document.Record == nil || e.Document.Delivery.Journal == "" {
			t.Errorf("got %+v", e.Document)
		}
		for {
			select {
			case p := <-news:
				if p.Doc == id && p.State == pipeline.Archived {
					return
				}
			case <-time.After(10 * time.Second):
				t.Fatal("nobody told that the letter is archived")
			}
		}
	})
}

func TestABellThatNeverRang(t *testing.T) {
	onBoth(t, func(t *testing.T, h *hall) {
		h.belt(good(), nil)
		h.settled(h.letter(silent), pipeline.Archived)
	})
}

func TestVerdicts(t *testing.T) {
	onBoth(t, func(t *testing.T, h *hall) {
		var tries atomic.Int64
		fault := func(v pipeline.Verdict) error {
			return &pipeline.Fault{Verdict: v, Code: "test", Text: pipeline.Message{DE: "Grund", EN: "reason"}}
		}
		steps := replace(good(), pipeline.StepRead, func(_ context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
			c, err := blobs.Open(t.Context(), doc.Delivery.Original.Digest)
			if err != nil {
				return doc, err
			}
			defer c.Close()
			var kind string
			if _, err := fmt.Fscanf(c, "letter %s", &kind); err != nil {
				return doc, err
			}
			switch kind {
			case "1":
				if tries.Add(1) == 1 {
					return doc, fault(pipeline.TryAgain)
				}
			case "2":
				doc.Remarks = append(doc.Remarks, pipeline.Remark{Code: "seen"})
				return doc, fault(pipeline.AskPerson)
			case "3":
				return doc, fault(pipeline.GiveBack)
			}
			return doc, nil
		})
		b, _ := h.belt(steps, nil)
		again, ask, back := h.letter(b.Ring), h.letter(b.Ring), h.letter(b.Ring)
		if e := h.settled(ask, pipeline.Waiting); e.Fault == nil || e.Fault.Text.DE != "Grund" || len(e.Document.Remarks) != 1 {
			t.Errorf("waiting with %+v", e)
		}
		if e := h.settled(back, pipeline.Refused); e.Fault == nil || e.Fault.Code != "test" {
			t.Errorf("refused with %+v", e.Fault)
		}
		h.settled(again, pipeline.Archived)
		if n := tries.Load(); n != 2 {
			t.Errorf("tried %d times, want 2", n)
		}
		// A person decides, and the letter goes on.
		bell, err := h.rows.Decide(t.Context(), ask, catalog.Decision{Type: "20-RECH", Department: "20", By: "someone"}, pipeline.StepCompose)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Ring(t.Context(), bell); err != nil {
			t.Fatal(err)
		}
		h.settled(ask, pipeline.Archived)
	})
}

func TestAStepThatPanicsDoesNotTakeTheOthersDown(t *testing.T) {
	h := newHall(t, embedded)
	var first atomic.Bool
	b, _ := h.belt(replace(good(), pipeline.StepRead, func(_ context.Context, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
		if first.CompareAndSwap(false, true) {
			panic("a bug")
		}
		return doc, nil
	}), nil)
	one, two := h.letter(b.Ring), h.letter(b.Ring)
	h.settled(one, pipeline.Archived)
	h.settled(two, pipeline.Archived)
}

func TestFlushedQueue(t *testing.T) {
	onBoth(t, func(t *testing.T, h *hall) {
		slow := replace(good(), pipeline.StepRead, func(ctx context.Context, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
			time.Sleep(20 * time.Millisecond)
			return doc, nil
		})
		b, _ := h.belt(slow, nil)
		var ids []pipeline.DocID
		for i := range 40 {
			ids = append(ids, h.letter(b.Ring))
			if i%10 == 9 {
				h.queue.flush(t)
			}
		}
		for _, id := range ids {
			h.settled(id, pipeline.Archived)
		}
	})
}

func TestRedisGoneForAWhile(t *testing.T) {
	h := newHall(t, realRedis)
	b, _ := h.belt(good(), nil)
	h.settled(h.letter(b.Ring), pipeline.Archived)
	go h.queue.sleep(t, 2*time.Second)
	time.Sleep(200 * time.Millisecond)
	h.settled(h.letter(b.Ring), pipeline.Archived)
}

func TestStopAndGoOn(t *testing.T) {
	onBoth(t, func(t *testing.T, h *hall) {
		began := make(chan struct{}, 1)
		hang := replace(good(), pipeline.StepRead, func(ctx context.Context, doc pipeline.Document, _ pipeline.Blobs) (pipeline.Document, error) {
			began <- struct{}{}
			<-ctx.Done()
			return doc, ctx.Err()
		})
		b, stop := h.belt(hang, nil)
		id := h.letter(b.Ring)
		<-began
		stop()
		e, err := h.rows.Get(t.Context(), id)
		if err != nil || e.State != pipeline.Working || e.Step != pipeline.StepRead || e.Owner != "" {
			t.Fatalf("after the stop: %s at %q, owner %q, %v", e.State, e.Step, e.Owner, err)
		}
		h.queue.flush(t)
		h.belt(good(), nil)
		if e := h.settled(id, pipeline.Archived); e.Crashes != 0 {
			t.Errorf("an orderly stop counted as %d crashes", e.Crashes)
		}
	})
}

func TestThreeCrashesAskAPerson(t *testing.T) {
	h := newHall(t, embedded)
	id := h.letter(silent)
	for range 3 { // three processes that claimed and died
		if _, err := h.rows.Claim(t.Context(), id, pipeline.StepOpen, 0, "dead", time.Minute); err != nil {
			t.Fatal(err)
		}
		if n, err := h.rows.ReleaseOwner(t.Context(), "dead"); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	h.belt(good(), nil)
	if e := h.settled(id, pipeline.Waiting); e.Fault == nil || e.Fault.Code != "crashed" {
		t.Errorf("waits with %+v", e.Fault)
	}
}

func TestManyBeltsDoEachStepOnce(t *testing.T) {
	h := newHall(t, realRedis)
	var mu sync.Mutex
	runs := map[pipeline.DocID]int{}
	steps := replace(good(), pipeline.StepCompose, func(ctx context.Context, doc pipeline.Document, blobs pipeline.Blobs) (pipeline.Document, error) {
		mu.Lock()
		runs[doc.ID]++
		mu.Unlock()
		return good()[2].Run(ctx, doc, blobs)
	})
	many := func(c *workers.Config) { c.Alone = false; c.Recheck = 50 * time.Millisecond }
	b, _ := h.belt(steps, many)
	h.belt(steps, many)
	h.belt(steps, many)
	var ids []pipeline.DocID
	for range 30 {
		id := h.letter(b.Ring)
		// Every bell twice and thrice, and the reconcilers ring, too.
		_ = b.Ring(t.Context(), catalog.Bell{Doc: id, Step: pipeline.StepOpen})
		ids = append(ids, id)
	}
	for _, id := range ids {
		h.settled(id, pipeline.Archived)
	}
	mu.Lock()
	defer mu.Unlock()
	for id, n := range runs {
		if n != 1 {
			t.Errorf("%s was composed %d times", id, n)
		}
	}
	if len(runs) != 30 {
		t.Errorf("%d letters were composed, want 30", len(runs))
	}
}

func TestIntakeRefusesWhenThereIsNoRoom(t *testing.T) {
	h := newHall(t, embedded)
	full := errors.New("full")
	in := workers.Intake{Ready: func(context.Context) error { return full }}
	if _, err := in.Take(t.Context(), pipeline.Delivery{}, strings.NewReader("x")); !errors.Is(err, full) {
		t.Fatalf("got %v", err)
	}
	if empty, err := h.rows.Empty(t.Context()); !empty || err != nil {
		t.Errorf("something was taken in: %v", err)
	}
}

func TestTheSameBytesTwice(t *testing.T) {
	h := newHall(t, embedded)
	b, _ := h.belt(good(), nil)
	in := workers.Intake{
		Blobs: h.blobs, Accept: h.rows.Accept, Ring: b.Ring, First: pipeline.StepOpen,
		Sniff: func([]byte) string { return "text/plain" }, Log: slog.New(slog.DiscardHandler),
	}
	first, err := in.Take(t.Context(), pipeline.Delivery{Name: "a"}, strings.NewReader("same"))
	if err != nil || first.Duplicate {
		t.Fatal(first, err)
	}
	h.settled(first.Document.ID, pipeline.Archived)
	second, err := in.Take(t.Context(), pipeline.Delivery{Name: "b"}, strings.NewReader("same"))
	if err != nil || !second.Duplicate || second.Of != first.Document.ID {
		t.Fatalf("got %+v, %v", second, err)
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"brief.pdf":              "brief.pdf",
		"../../etc/passwd":       "passwd",
		`C:\Scans\Müller.pdf`:    "Müller.pdf",
		"a\x00b\nc.pdf":          "abc.pdf",
		"":                       "unbenannt",
		"..":                     "unbenannt",
		"/":                      "unbenannt",
		"\xff\xfe.pdf":           "�.pdf",
		strings.Repeat("ü", 300): strings.Repeat("ü", 100),
	} {
		if got := workers.CleanName(in); got != want {
			t.Errorf("CleanName(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("../../x")
	f.Add("a\\b\x00")
	f.Fuzz(func(t *testing.T, in string) {
		got := workers.CleanName(in)
		if got == "" || len(got) > 200 || strings.ContainsAny(got, "/\\\x00\n") || got == ".." {
			t.Errorf("CleanName(%q) = %q", in, got)
		}
	})
}
