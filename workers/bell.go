package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
)

// payload is all that travels through the queue.
type payload struct {
	Doc  pipeline.DocID    `json:"doc"`
	Step pipeline.StepName `json:"step"`
	Gen  int               `json:"gen"`
}

func taskType(step pipeline.StepName) string { return "letter:" + string(step) }

func taskID(p payload) string { return fmt.Sprintf("%s:%s:%d", p.Step, p.Doc, p.Gen) }

// slowLane is the queue of long documents, whatever station they wait for.
const slowLane = "long"

// queueName gives the queue in which a document waits for a station.
func queueName(step pipeline.StepName, pages int) string {
	if pages > longPages {
		return slowLane
	}
	return string(step)
}

// queues weighs the stations: the nearer a document is to the archive, the
// sooner it is served, so that what was begun gets finished. Each queue is asked
// again and again, so there are no more than needed.
func queues(steps []pipeline.Step) map[string]int {
	q := map[string]int{slowLane: 1}
	for i, s := range steps {
		q[queueName(s.Name, 0)] = 3 + 2*i
	}
	return q
}

// Ring asks the stations to look at a document, at once or when it is due. A
// bell that rings already is enough. A failure loses nothing: the reconciler
// rings again.
func (b *Belt) Ring(ctx context.Context, bell catalog.Bell) error {
	p := payload{Doc: bell.Doc, Step: bell.Step, Gen: bell.Gen}
	raw, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoding a bell: %w", err)
	}
	task := asynq.NewTask(taskType(bell.Step), raw)
	queue := queueName(bell.Step, bell.Pages)
	// The deadline and the retries of asynq only guard against a catalogue that
	// cannot be reached; all others are the catalogue's.
	opts := []asynq.Option{asynq.Queue(queue), asynq.MaxRetry(10), asynq.Timeout(6 * time.Hour)}
	if wait := time.Until(bell.Due); wait > 0 {
		opts = append(opts, asynq.ProcessIn(wait))
	}
	id := taskID(p)
	_, err = b.client.EnqueueContext(ctx, task, append(opts, asynq.TaskID(id))...)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		if b.willRing(queue, id) {
			return nil
		}
		// A task that is archived, or that was active in a process that is gone,
		// blocks its ID for good. The catalogue says there is work: ring by another.
		id = fmt.Sprintf("%s@%d", id, time.Now().Unix())
		_, err = b.client.EnqueueContext(ctx, task, append(opts, asynq.TaskID(id))...)
	}
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("ringing for %s: %w", bell.Step, err)
	}
	return nil
}

// willRing says whether a task that is there already will reach a station soon.
func (b *Belt) willRing(queue, id string) bool {
	info, err := b.insp.GetTaskInfo(queue, id)
	if err != nil {
		return false
	}
	switch info.State {
	case asynq.TaskStatePending:
		return true
	case asynq.TaskStateScheduled, asynq.TaskStateRetry:
		return time.Until(info.NextProcessAt) < time.Minute
	default:
		return false
	}
}
