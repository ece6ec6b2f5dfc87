package workers

import (
	"context"
	"log/slog"
	"time"
)

// batch bounds how many bells one round of the reconciler rings. More is left
// for the next round; what rings already is not rung again.
const batch = 1000

// reconcile rings for everything that is unfinished, at the start and then again
// and again.
func (b *Belt) reconcile(ctx context.Context) {
	b.chore(ctx, Chore{Name: "reconcile", Every: b.cfg.Recheck, Run: func(ctx context.Context) error {
		n, err := b.Reconcile(ctx)
		if n > 0 {
			b.log.InfoContext(ctx, "rang for unfinished work", slog.Int("documents", n))
		}
		return err
	}})
}

// Reconcile rings for everything that the catalogue says is unfinished, due and
// in nobody's hands, and says for how many.
func (b *Belt) Reconcile(ctx context.Context) (int, error) {
	bells, err := b.cfg.Rows.Unfinished(ctx, time.Now(), batch)
	if err != nil {
		return 0, err
	}
	for i, bell := range bells {
		if err := b.Ring(ctx, bell); err != nil {
			return i, err
		}
	}
	return len(bells), nil
}

// chore runs c until ctx ends. After a failure it tries again soon.
func (b *Belt) chore(ctx context.Context, c Chore) {
	for {
		wait := c.Every
		if err := c.Run(ctx); err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "upkeep failed", slog.String("chore", c.Name), slog.Any("error", err))
			wait = min(wait, 10*time.Second)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}
