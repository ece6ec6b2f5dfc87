package web

import (
	"context"
	"errors"
	"slices"
	"time"

	"blattwerk/pipeline"
	"blattwerk/storage/catalog"
	"blattwerk/web/access"
)

// guard shows each person only the letters that they may see. It stands before
// every handler, as the Rows that they all use, so that none can forget to ask:
// a list, a search, a count is narrowed in the database; a letter by its ID is
// found only if it may be seen, and else answered as one that there is not.
//
// What it embeds passes unguarded. A test holds every method of [Rows] against a
// list, so that a new one is either guarded here or said to show no letter.
type guard struct {
	Rows
	clock func() time.Time
}

// narrow adds to a filter what the person of the request may see.
func (g guard) narrow(ctx context.Context, f catalog.Filter) catalog.Filter {
	sight := access.From(ctx).Sight(g.clock())
	f.Sight = &sight
	return f
}

// visible answers [catalog.ErrUnknown] for a letter that the person may not see.
func (g guard) visible(ctx context.Context, id pipeline.DocID) error {
	_, err := g.Get(ctx, id)
	return err
}

func (g guard) Get(ctx context.Context, id pipeline.DocID) (catalog.Entry, error) {
	return g.Find(ctx, id, catalog.Filter{})
}

func (g guard) Find(ctx context.Context, id pipeline.DocID, f catalog.Filter) (catalog.Entry, error) {
	return g.Rows.Find(ctx, id, g.narrow(ctx, f))
}

func (g guard) List(ctx context.Context, f catalog.Filter) ([]catalog.Entry, catalog.Cursor, error) {
	return g.Rows.List(ctx, g.narrow(ctx, f))
}

func (g guard) Search(ctx context.Context, q catalog.Query) (catalog.Hits, error) {
	q.Filter = g.narrow(ctx, q.Filter)
	return g.Rows.Search(ctx, q)
}

func (g guard) News(ctx context.Context, queries []catalog.Query) ([]catalog.Hits, error) {
	list := slices.Clone(queries)
	for i := range list {
		list[i].Filter = g.narrow(ctx, list[i].Filter)
	}
	return g.Rows.News(ctx, list)
}

func (g guard) Counts(ctx context.Context) (catalog.Counts, error) {
	return g.CountsOf(ctx, catalog.Filter{})
}

func (g guard) CountsOf(ctx context.Context, f catalog.Filter) (catalog.Counts, error) {
	return g.Rows.CountsOf(ctx, g.narrow(ctx, f))
}

func (g guard) History(ctx context.Context, id pipeline.DocID) ([]catalog.Event, error) {
	if err := g.visible(ctx, id); err != nil {
		return nil, err
	}
	return g.Rows.History(ctx, id)
}

func (g guard) Decide(ctx context.Context, id pipeline.DocID, d catalog.Decision, resume pipeline.StepName) (catalog.Bell, error) {
	if err := g.visible(ctx, id); err != nil {
		return catalog.Bell{}, err
	}
	return g.Rows.Decide(ctx, id, d, resume)
}

func (g guard) Retry(ctx context.Context, id pipeline.DocID, from pipeline.StepName, by string) (catalog.Bell, error) {
	if err := g.visible(ctx, id); err != nil {
		return catalog.Bell{}, err
	}
	return g.Rows.Retry(ctx, id, from, by)
}

func (g guard) Unlock(ctx context.Context, id pipeline.DocID, gen int, unlocked pipeline.Blob, from pipeline.StepName, by string) (catalog.Bell, error) {
	if err := g.visible(ctx, id); err != nil {
		return catalog.Bell{}, err
	}
	return g.Rows.Unlock(ctx, id, gen, unlocked, from, by)
}

func (g guard) Facets(ctx context.Context, f catalog.Filter) (catalog.Facets, error) {
	return g.Rows.Facets(ctx, g.narrow(ctx, f))
}

func (g guard) Tray(ctx context.Context, d catalog.Desk) (catalog.Tray, error) {
	d.Filter = g.narrow(ctx, d.Filter)
	return g.Rows.Tray(ctx, d)
}

func (g guard) Prove(ctx context.Context, id pipeline.DocID, isChange func(kind string) bool) (catalog.Proof, error) {
	if err := g.visible(ctx, id); err != nil {
		return catalog.Proof{}, err
	}
	return g.Rows.Prove(ctx, id, isChange)
}

func (g guard) Deeds(ctx context.Context, id pipeline.DocID) (catalog.Work, []catalog.Deed, error) {
	if err := g.visible(ctx, id); err != nil {
		return catalog.Work{}, nil, err
	}
	return g.Rows.Deeds(ctx, id)
}

func (g guard) Do(ctx context.Context, d catalog.Deed) (catalog.Deed, error) {
	if err := g.visible(ctx, d.Doc); err != nil {
		return catalog.Deed{}, err
	}
	return g.Rows.Do(ctx, d)
}

// Deed gives people only what they did themselves, also to a letter that they
// handed on and do not see any more.
func (g guard) Deed(ctx context.Context, id string) (catalog.Deed, error) {
	d, err := g.Rows.Deed(ctx, id)
	if err == nil && d.By != access.From(ctx).Account {
		return catalog.Deed{}, catalog.ErrUnknown
	}
	return d, err
}

// Undo takes back only what the person did; see Deed.
func (g guard) Undo(ctx context.Context, id, by string) (catalog.Deed, error) {
	if by != access.From(ctx).Account {
		return catalog.Deed{}, catalog.ErrDeedGone
	}
	return g.Rows.Undo(ctx, id, by)
}

// Waiting lists the review tray, which is whole or not there at all: whose the
// letters in it are is the very question.
func (g guard) Waiting(ctx context.Context, after catalog.Cursor, limit int) ([]catalog.Entry, error) {
	if !g.unsettled(ctx) {
		return nil, nil
	}
	return g.Rows.Waiting(ctx, after, limit)
}

func (g guard) Held(ctx context.Context) (int, error) {
	if !g.unsettled(ctx) {
		return 0, nil
	}
	return g.Rows.Held(ctx)
}

// unsettled says whether the person sees letters that are on their way.
func (g guard) unsettled(ctx context.Context) bool {
	sight := access.From(ctx).Sight(g.clock())
	return sight.All || sight.Unsettled
}

func (g guard) Undecide(ctx context.Context, id pipeline.DocID, gen int, by string) error {
	if err := g.visible(ctx, id); err != nil {
		return err
	}
	return g.Rows.Undecide(ctx, id, gen, by)
}

func (g guard) SendBack(ctx context.Context, id pipeline.DocID, by string, why *pipeline.Fault, resume pipeline.StepName) error {
	if err := g.visible(ctx, id); err != nil {
		return err
	}
	return g.Rows.SendBack(ctx, id, by, why, resume)
}

// Letters lists of a delivery only what the person may see.
func (g guard) Letters(ctx context.Context, id pipeline.DeliveryID) ([]catalog.Entry, error) {
	all, err := g.Rows.Letters(ctx, id)
	if err != nil {
		return nil, err
	}
	var seen []catalog.Entry
	for _, e := range all {
		switch err := g.visible(ctx, e.Document.ID); {
		case err == nil:
			seen = append(seen, e)
		case !errors.Is(err, catalog.ErrUnknown):
			return nil, err
		}
	}
	return seen, nil
}

func (g guard) Rearrange(ctx context.Context, by string, letters []catalog.Letter, resume pipeline.StepName) (catalog.Rearrangement, error) {
	for _, l := range letters {
		if l.Doc == "" {
			continue
		}
		if err := g.visible(ctx, l.Doc); err != nil {
			return catalog.Rearrangement{}, err
		}
	}
	return g.Rows.Rearrange(ctx, by, letters, resume)
}

// LastArrangement is for those who can undo it.
func (g guard) LastArrangement(ctx context.Context, id pipeline.DeliveryID) (catalog.Arrangement, error) {
	if !g.unsettled(ctx) {
		return catalog.Arrangement{}, catalog.ErrNoUndo
	}
	return g.Rows.LastArrangement(ctx, id)
}

// UndoRearrange is for those who see letters on their way: what can be undone is.
func (g guard) UndoRearrange(ctx context.Context, by, undo string) ([]catalog.Bell, error) {
	if !g.unsettled(ctx) {
		return nil, catalog.ErrNoUndo
	}
	return g.Rows.UndoRearrange(ctx, by, undo)
}

// sees says whether the person of the request may see a letter.
func (s *server) sees(ctx context.Context, id pipeline.DocID) (bool, error) {
	if access.From(ctx).Sight(s.Access.Clock()).All {
		return true, nil
	}
	_, err := s.Rows.Get(ctx, id)
	if errors.Is(err, catalog.ErrUnknown) {
		return false, nil
	}
	return err == nil, err
}
