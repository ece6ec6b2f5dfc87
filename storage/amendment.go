package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"blattwerk/pipeline"
)

// AmendmentFormat names the format of the amendments that this version writes.
const AmendmentFormat = "blattwerk-amendment/1"

const (
	amendmentPrefix = "amendments/"
	maxAmendment    = 1 << 16 // bytes
)

// The kinds of amendments.
const (
	AmendHandOn = "hand-on" // the letter belongs to another department from now on
	AmendUndo   = "undo"    // an amendment before is taken back
)

// Amendment is a fact about an archived letter that came after its manifest was
// written, which stays as it is. It is a file of its own, written once, under
// the letter's path:
//
//	amendments/<year>/<month>/<document>/<id>.json
//
// Read in the order of their IDs, the amendments of a letter say where it
// belongs today. The format is explained in docs/archive-format.md.
type Amendment struct {
	Format     string           `json:"format"`
	ReadMe     pipeline.Message `json:"readMe"`
	ID         string           `json:"id"` // sorts by time (UUIDv7)
	Document   pipeline.DocID   `json:"document"`
	Received   time.Time        `json:"received"` // of the letter; with its ID it gives the letter's folder
	At         time.Time        `json:"at"`
	By         string           `json:"by"` // account of the person
	Kind       string           `json:"kind"`
	Department pipeline.DeptID  `json:"department,omitempty"` // where it belongs from now on
	Was        pipeline.DeptID  `json:"was,omitempty"`        // where it belonged before
	Note       string           `json:"note,omitempty"`       // what the person said to it
	Undoes     string           `json:"undoes,omitempty"`     // ID of the amendment that is taken back
}

var amendmentReadMe = pipeline.Message{
	DE: "Nachtrag zu einem archivierten Schriftstück: was nach der Archivierung über seine Zuständigkeit entschieden wurde. Das Manifest des Schriftstücks bleibt unverändert.",
	EN: "Amendment to an archived document: what was decided about where it belongs after it was archived. The document's manifest stays as it is.",
}

// Amend keeps an amendment durably, write once and retained like what is kept
// for ever. The same amendment again is no error; another one under its ID is
// [ErrExists].
func (a *Archive) Amend(ctx context.Context, am Amendment) error {
	am.Format, am.ReadMe = AmendmentFormat, amendmentReadMe
	am.At, am.Received = am.At.UTC().Truncate(time.Millisecond), am.Received.UTC()
	if err := errors.Join(checkSegment(am.ID), checkSegment(string(am.Document))); err != nil || am.Received.IsZero() {
		return fmt.Errorf("amending: no ID, document or time of receipt: %w", err)
	}
	raw, err := json.MarshalIndent(am, "", "  ")
	if err != nil {
		return fmt.Errorf("amending: %w", err)
	}
	raw = append(raw, '\n')
	var until time.Time
	if years := orDefault(a.opt.PermanentLockYears, defaultPermanentLock); years > 0 {
		until = addMonths(a.opt.Clock(), 12*years)
	}
	key := path.Join(amendmentPrefix, am.Received.Format("2006/01"), string(am.Document), am.ID+".json")
	_, err = a.store.Put(ctx, key, bytes.NewReader(raw), PutOptions{
		Size: int64(len(raw)), Digest: digestBytes(raw), Media: manifestMedia, RetainUntil: until,
	})
	if errors.Is(err, ErrExists) {
		if verr := verify(ctx, a.store, key, digestBytes(raw)); !errors.Is(verr, ErrDamaged) {
			err = verr
		}
	}
	if err != nil {
		return fmt.Errorf("amending: %w", err)
	}
	return nil
}

// Amendments gives all amendments to each, those of a letter together and in
// order. One that cannot be read does not stop the walk: in the end it gives a
// [*DamageError] about all of them.
func (a *Archive) Amendments(ctx context.Context, each func(Amendment) error) error {
	var damage *DamageError
	err := a.store.List(ctx, amendmentPrefix, func(i Info) error {
		am, err := a.readAmendment(ctx, i)
		if errors.Is(err, ErrDamaged) {
			if damage == nil {
				damage = &DamageError{Err: err}
			}
			damage.Keys = append(damage.Keys, i.Key)
			return nil
		}
		if err != nil {
			return err
		}
		return each(am)
	})
	if err != nil {
		return fmt.Errorf("reading amendments: %w", err)
	}
	if damage != nil {
		return damage
	}
	return nil
}

func (a *Archive) readAmendment(ctx context.Context, i Info) (Amendment, error) {
	if i.Size > maxAmendment {
		return Amendment{}, fmt.Errorf("%w: an amendment of %d bytes", ErrDamaged, i.Size)
	}
	c, _, err := a.store.Open(ctx, i.Key)
	if err != nil {
		return Amendment{}, err
	}
	defer c.Close()
	raw, err := io.ReadAll(c)
	if err != nil {
		return Amendment{}, fmt.Errorf("reading an amendment: %w", err)
	}
	var am Amendment
	if err := json.Unmarshal(raw, &am); err != nil {
		return Amendment{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if am.Format != AmendmentFormat || !strings.HasSuffix(i.Key, "/"+string(am.Document)+"/"+am.ID+".json") {
		return Amendment{}, fmt.Errorf("%w: no amendment of this letter", ErrDamaged)
	}
	return am, nil
}
