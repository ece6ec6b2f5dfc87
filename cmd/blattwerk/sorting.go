package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"blattwerk/pipeline"
	"blattwerk/pipeline/classify"
	"blattwerk/pipeline/classify/learn"
	"blattwerk/storage/catalog"
	"blattwerk/workers"
)

// sortingConfig is what the settings say about sorting: whose mail it is, from
// when a person decides, and the town's own document types.
func sortingConfig(set settings) (classify.Config, error) {
	cfg := classify.Config{Threshold: set.number("threshold"), Town: classify.Town{Name: set.str("town")}}
	for _, w := range strings.Split(set.str("town-words"), ",") {
		if w = strings.TrimSpace(w); w != "" {
			cfg.Town.Words = append(cfg.Town.Words, w)
		}
	}
	folder := set.str("taxonomy")
	if folder == "" {
		return cfg, nil
	}
	seed, err := classify.Seed()
	if err != nil {
		return cfg, err
	}
	cfg.Taxonomy, cfg.Town.Kassenzeichen, err = classify.Extend(seed, os.DirFS(folder))
	return cfg, err
}

const (
	// freshDecisions is how many new decisions make it worth to learn again, or a
	// twentieth of all, if that is more.
	freshDecisions = 10
	// examplesPerType bounds time and memory of learning: the newest tell most.
	examplesPerType = 200
)

// learning is the upkeep of the model that sorts letters: every process picks up
// the newest, and those that learn make a new one when people have decided enough.
func (h *house) learning(room *classify.Room, learns bool) []workers.Chore {
	chores := []workers.Chore{{Name: "pick up the model", Every: time.Minute, Run: func(ctx context.Context) error {
		return h.pickUp(ctx, room)
	}}}
	if learns {
		chores = append(chores, workers.Chore{Name: "learn", Every: 10 * time.Minute, Run: func(ctx context.Context) error {
			return h.learnIfWorthIt(ctx, room)
		}})
	}
	return chores
}

// pickUp lets the room sort with the newest model. A model that was made with
// other tables of cues is used too: it only weighs them less well until the next
// one. One that cannot be read leaves the room as it is.
func (h *house) pickUp(ctx context.Context, room *classify.Room) error {
	row, err := h.rows.Model(ctx)
	if errors.Is(err, catalog.ErrUnknown) {
		room.Use(nil)
		return nil
	}
	if err != nil || strings.HasSuffix(room.Version(), row.Version) {
		return err
	}
	content, err := h.blobs.Open(ctx, row.Blob.Digest)
	if err != nil {
		return fmt.Errorf("opening the sorting model: %w", err)
	}
	defer content.Close()
	raw, err := io.ReadAll(content)
	if err != nil {
		return fmt.Errorf("reading the sorting model: %w", err)
	}
	m, err := learn.Decode(raw)
	if err != nil {
		return err
	}
	room.Use(m)
	h.log.InfoContext(ctx, "sorting with a learned model", slog.String("version", row.Version), slog.Int("examples", m.Examples()))
	return nil
}

// learnIfWorthIt makes a new model if people decided enough since the last one. A
// withdrawn letter or new tables of cues are worth it at once.
func (h *house) learnIfWorthIt(ctx context.Context, room *classify.Room) error {
	lessons, err := h.rows.Lessons(ctx)
	if err != nil {
		return err
	}
	last, err := h.rows.Model(ctx)
	switch {
	case errors.Is(err, catalog.ErrUnknown):
		if lessons.Decisions < freshDecisions {
			return nil
		}
	case err != nil:
		return err
	case lessons.Decisions-last.Lessons.Decisions < max(freshDecisions, last.Lessons.Decisions/20) &&
		lessons.Withdrawn == last.Lessons.Withdrawn && last.Basis == room.Basis():
		return nil
	}
	_, err = h.learn(ctx, room)
	if errors.Is(err, learn.ErrTooFew) {
		return nil
	}
	return err
}

// learn makes a model from what people decided, keeps it, and lets the room use
// it. Where too little is left to learn from, there is no model afterwards.
func (h *house) learn(ctx context.Context, room *classify.Room) (*learn.Model, error) {
	lessons, err := h.rows.Lessons(ctx) // first, so that a decision in between counts as new
	if err != nil {
		return nil, err
	}
	var letters []classify.Confirmed
	err = h.rows.Examples(ctx, examplesPerType, func(e catalog.Example) error {
		letters = append(letters, classify.Confirmed{
			Pages: pipeline.FromPlainText(strings.Join(e.Pages, "\f")), Type: e.Type,
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	m, err := room.Learn(ctx, letters, h.set.number("precision"))
	if errors.Is(err, learn.ErrTooFew) {
		if _, known := h.rows.Model(ctx); known == nil {
			err = errors.Join(err, h.rows.DropModel(ctx)) // made from letters that are no examples any more
		}
		room.Use(nil)
	}
	if err != nil {
		return nil, err
	}
	blob, err := h.blobs.Put(ctx, bytes.NewReader(m.Bytes()))
	if err != nil {
		return nil, fmt.Errorf("keeping the model: %w", err)
	}
	err = h.rows.KeepModel(ctx, catalog.SortingModel{Version: m.Version(), Blob: blob, Lessons: lessons, Basis: room.Basis()})
	if err != nil {
		return nil, err
	}
	room.Use(m)
	h.log.InfoContext(ctx, "learned to sort", slog.String("version", m.Version()), slog.Int("examples", m.Examples()),
		slog.Float64("accuracy", m.HeldOut().Accuracy))
	return m, nil
}
