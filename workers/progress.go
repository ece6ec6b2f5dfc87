package workers

import (
	"context"
	"encoding/json"
	"log/slog"

	"blattwerk/pipeline"
)

// channel is where progress is published, for the web pages of any process.
const channel = "blattwerk:progress"

// tell publishes progress. Nobody may be listening, and nothing depends on it.
func (b *Belt) tell(ctx context.Context, p pipeline.Progress) {
	raw, err := json.Marshal(p)
	if err != nil {
		return
	}
	if err := b.cfg.Redis.Publish(ctx, channel, raw).Err(); err != nil {
		b.log.DebugContext(ctx, "progress was not told", slog.Any("error", err))
	}
}

// Watch gives the progress of all documents until ctx ends, then closes the
// channel. A watcher that is slow misses some.
func (b *Belt) Watch(ctx context.Context) <-chan pipeline.Progress {
	out := make(chan pipeline.Progress, 64)
	sub := b.cfg.Redis.Subscribe(ctx, channel)
	go func() {
		defer close(out)
		defer sub.Close()
		for {
			select {
			case msg, ok := <-sub.Channel():
				if !ok {
					return
				}
				var p pipeline.Progress
				if json.Unmarshal([]byte(msg.Payload), &p) != nil {
					continue
				}
				select {
				case out <- p:
				default:
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
