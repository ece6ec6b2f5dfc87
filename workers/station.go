package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/hibiken/asynq"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// station answers the bells of step i.
func (b *Belt) station(i int) asynq.HandlerFunc {
	return func(ctx context.Context, t *asynq.Task) error {
		var p payload
		if err := json.Unmarshal(t.Payload(), &p); err != nil {
			return fmt.Errorf("a bell that cannot be read: %w: %w", err, asynq.SkipRetry)
		}
		return b.work(ctx, i, p)
	}
}

// work claims a step, runs it and writes what came of it. Its error means that
// the catalogue could not be reached, and that the bell shall ring again.
func (b *Belt) work(ctx context.Context, i int, p payload) error {
	step := b.cfg.Steps[i]
	log := b.log.With(slog.String("doc", string(p.Doc)), slog.String("step", string(step.Name)), slog.Int("gen", p.Gen))
	job, err := b.cfg.Rows.Claim(ctx, p.Doc, step.Name, p.Gen, b.owner, b.cfg.Lease)
	if errors.Is(err, catalog.ErrNotClaimable) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("claiming %s: %w", step.Name, err)
	}
	if job.Crashes >= maxCrashes {
		log.ErrorContext(ctx, "step ended its process too often", slog.Int("crashes", job.Crashes))
		return b.settle(ctx, log, job, job.Document, crashed(step.Name))
	}
	b.tell(ctx, pipeline.Progress{Doc: p.Doc, Step: step.Name, State: pipeline.Working})
	began := time.Now()
	doc, err := b.run(ctx, step, job)
	if ctx.Err() != nil {
		// The process ends: let go at once, so that the next one need not wait for
		// the lease. The old context is over, so this needs a short one of its own.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return ignoreLost(b.cfg.Rows.Defer(ctx, job, nil, time.Now()))
	}
	if err != nil {
		return b.settle(ctx, log, job, doc, pipeline.AsFault(err))
	}
	return b.advance(ctx, log, job, i, doc, began)
}

// run does the step itself, with a heartbeat on the claim. A panic is an error.
func (b *Belt) run(ctx context.Context, step pipeline.Step, job catalog.Job) (doc pipeline.Document, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go b.heartbeat(ctx, job, cancel)
	ctx = pipeline.WithProgress(ctx, func(done, total int) {
		b.tell(ctx, pipeline.Progress{Doc: job.Document.ID, Step: step.Name, State: pipeline.Working, Done: done, Total: total})
	})
	defer func() {
		if r := recover(); r != nil {
			b.log.ErrorContext(ctx, "step panicked", slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("step %s panicked: %v", step.Name, r)
		}
	}()
	return step.Run(ctx, job.Document, b.cfg.Blobs)
}

// heartbeat keeps the claim while the step runs, and ends the step when the
// claim is lost: then another process works on the document.
func (b *Belt) heartbeat(ctx context.Context, job catalog.Job, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(b.cfg.Lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := b.cfg.Rows.Extend(ctx, job, b.cfg.Lease); errors.Is(err, catalog.ErrLost) {
				cancel(err)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// advance writes the result of a step and rings for the next one.
func (b *Belt) advance(ctx context.Context, log *slog.Logger, job catalog.Job, i int, doc pipeline.Document, began time.Time) error {
	step := b.cfg.Steps[i]
	var next pipeline.StepName
	state := pipeline.Archived
	if i+1 < len(b.cfg.Steps) {
		next, state = b.cfg.Steps[i+1].Name, pipeline.Working
	}
	var texts []pipeline.PageText
	if step.Name == pipeline.StepArchive {
		var err error
		if texts, err = b.cfg.Texts(ctx, doc); err != nil {
			return b.settle(ctx, log, job, job.Document, pipeline.AsFault(err))
		}
	}
	if err := b.cfg.Rows.Advance(ctx, job, doc, next, texts); err != nil {
		return ignoreLost(err)
	}
	log.InfoContext(ctx, "step done", slog.Int("pages", len(doc.Pages)), slog.Int("parts", len(doc.Parts)), slog.Duration("took", time.Since(began)))
	b.tell(ctx, pipeline.Progress{Doc: doc.ID, Step: next, State: state})
	if next == "" {
		return nil
	}
	bells := append(catalog.PartBells(doc, next), catalog.Bell{Doc: doc.ID, Step: next, Gen: job.Gen, Pages: len(doc.Pages)})
	for _, bell := range bells {
		if err := b.Ring(ctx, bell); err != nil {
			log.WarnContext(ctx, "a bell did not ring; the reconciler will", slog.Any("error", err))
			return nil
		}
	}
	return nil
}

// Texts loads the words of all pages of a document, in order. A page without
// words has an empty text.
func Texts(ctx context.Context, blobs pipeline.Blobs, doc pipeline.Document) ([]pipeline.PageText, error) {
	texts := make([]pipeline.PageText, len(doc.Pages))
	for i, page := range doc.Pages {
		d := page.Words()
		if d == "" {
			continue
		}
		if err := pipeline.OpenJSON(ctx, blobs, d, &texts[i]); err != nil {
			return nil, fmt.Errorf("loading the words of page %d: %w", page.No, err)
		}
	}
	return texts, nil
}

// settle turns a verdict into an action: the only place that does.
func (b *Belt) settle(ctx context.Context, log *slog.Logger, job catalog.Job, doc pipeline.Document, f *pipeline.Fault) error {
	verdict := f.Verdict
	if f.Code == "internal" && job.Attempt >= maxTries {
		verdict = pipeline.AskPerson
		f = gaveUp(f)
	}
	log.WarnContext(ctx, "step stopped", slog.String("verdict", string(verdict)), slog.String("code", f.Code),
		slog.Int("page", f.Page), slog.Int("attempt", job.Attempt), slog.Any("error", f.Err))
	if doc.ID == "" {
		doc = job.Document
	}
	switch verdict {
	case pipeline.AskPerson:
		if err := b.cfg.Rows.Park(ctx, job, f, doc); err != nil {
			return ignoreLost(err)
		}
		b.tell(ctx, pipeline.Progress{Doc: doc.ID, Step: job.Step, State: pipeline.Waiting})
	case pipeline.GiveBack:
		if err := b.cfg.Rows.Refuse(ctx, job, f); err != nil {
			return ignoreLost(err)
		}
		b.tell(ctx, pipeline.Progress{Doc: doc.ID, Step: job.Step, State: pipeline.Refused})
	default:
		wait := backoff(job.Attempt)
		due := time.Now().Add(wait + rand.N(wait/4)) // not all at once after an outage
		if err := b.cfg.Rows.Defer(ctx, job, f, due); err != nil {
			return ignoreLost(err)
		}
		bell := catalog.Bell{Doc: doc.ID, Step: job.Step, Gen: job.Gen, Pages: len(doc.Pages), Due: due}
		if err := b.Ring(ctx, bell); err != nil {
			log.WarnContext(ctx, "the bell did not ring; the reconciler will", slog.Any("error", err))
		}
	}
	return nil
}

// ignoreLost drops the news that another process was faster: its result counts.
func ignoreLost(err error) error {
	if errors.Is(err, catalog.ErrLost) {
		return nil
	}
	return err
}

func crashed(step pipeline.StepName) *pipeline.Fault {
	return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "crashed", Text: pipeline.Message{
		DE: fmt.Sprintf("Dieser Brief hat die Verarbeitung dreimal abstürzen lassen (Schritt „%s“). Bitte die Datei ansehen und neu scannen oder die IT rufen.", step),
		EN: fmt.Sprintf("This letter made the processing crash three times (step %q). Please look at the file, scan it again or call IT.", step),
	}}
}

func gaveUp(f *pipeline.Fault) *pipeline.Fault {
	return &pipeline.Fault{Verdict: pipeline.AskPerson, Code: "gave-up", Page: f.Page, Err: f.Err, Text: pipeline.Message{
		DE: "Die Verarbeitung ist mehrmals an einem Fehler des Programms gescheitert. Bitte die IT rufen; der Brief ist sicher verwahrt.",
		EN: "Processing failed several times because of an error in the program. Please call IT; the letter is kept safe.",
	}}
}
