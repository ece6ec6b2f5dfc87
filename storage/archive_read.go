package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"blattwerk/pipeline"
)

// Open gives a kept file of a letter by its role or, of pages that are kept one by
// one, by its name without ending, "page-0007". Its bytes are read on demand
// and not verified, so that a browser can ask for ranges; [Archive.Verify] and
// the caller's own digest check do that. ctx must last as long as the content.
func (a *Archive) Open(ctx context.Context, rec pipeline.Record, role string) (pipeline.Content, pipeline.File, error) {
	for _, f := range rec.Files {
		if name := path.Base(f.Key); f.Role != role && (f.Role != RolePage || strings.TrimSuffix(name, path.Ext(name)) != role) {
			continue
		}
		c, _, err := a.store.Open(ctx, f.Key)
		if err != nil {
			return nil, f, fmt.Errorf("opening an archived file: %w", err)
		}
		return c, f, nil
	}
	return nil, pipeline.File{}, fmt.Errorf("opening an archived file: %w: no file is the %s", ErrNotFound, role)
}

// Check reads a kept file in full and compares it with its digest; its error wraps
// [ErrDamaged] or [ErrNotFound].
func (a *Archive) Check(ctx context.Context, f pipeline.File) error {
	if err := verify(ctx, a.store, f.Key, f.Digest); err != nil {
		return fmt.Errorf("checking an archived file: %w", err)
	}
	return nil
}

// Words gives the words of an archived letter page by page, as recognition left
// them; pages without text are left out. Damage ends in [ErrDamaged].
func (a *Archive) Words(ctx context.Context, rec pipeline.Record, each func(page int, text pipeline.PageText) error) error {
	c, f, err := a.Open(ctx, rec, RoleWords)
	if err != nil {
		return err
	}
	defer c.Close()
	body, err := newSpool(ctx, a.spool, c)
	if err != nil {
		return fmt.Errorf("reading an archived letter's words: %w", err)
	}
	defer body.Close()
	if body.digest != f.Digest {
		return fmt.Errorf("%w: SHA-256 %s of the words instead of %s", ErrDamaged, body.digest, f.Digest)
	}
	return readWords(body, each)
}

// DamageError says that a walk met manifests or amendments it could not read.
type DamageError struct {
	Keys []string // where they lie
	Err  error    // what was wrong with the first
}

// Error tells how many and what was wrong with the first.
func (e *DamageError) Error() string {
	return fmt.Sprintf("%d files cannot be read, the first of them %s: %v", len(e.Keys), e.Keys[0], e.Err)
}

// Unwrap gives what was wrong with the first.
func (e *DamageError) Unwrap() error { return e.Err }

// Walk gives every archived letter to each, in the order of their places, so that
// the catalogue can be rebuilt from the archive alone; see [Manifest.Document],
// [Archive.Amendments] and [Archive.Words]. Folders without a manifest are not
// archived letters and are left out.
//
// A manifest that is damaged does not stop the walk: in the end Walk gives a
// [*DamageError] about all of them. Other errors, and those of each, stop it.
func (a *Archive) Walk(ctx context.Context, each func(Manifest) error) error {
	err := eachReadable(ctx, a.store, archivePrefix, func(ctx context.Context, i Info) (Manifest, error) {
		prefix, found := strings.CutSuffix(i.Key, "/"+manifestName)
		if !found {
			return Manifest{}, errOther
		}
		m, err := a.readManifest(ctx, i.Key)
		if err == nil && !strings.HasSuffix(prefix, "/"+string(m.ID)) {
			err = fmt.Errorf("%w: the manifest is of another letter", ErrDamaged)
		}
		return m, err
	}, each)
	if err != nil {
		return fmt.Errorf("walking the archive: %w", err)
	}
	return nil
}

// errOther says that an object is none of those that a walk is after.
var errOther = errors.New("another kind of object")

// eachReadable reads the objects under root one by one and gives them to each.
// Those that read calls [ErrDamaged] do not stop it; in the end it gives a
// [*DamageError] about all of them.
func eachReadable[T any](ctx context.Context, s Store, root string, read func(context.Context, Info) (T, error), each func(T) error) error {
	var damage *DamageError
	err := s.List(ctx, root, func(i Info) error {
		v, err := read(ctx, i)
		switch {
		case errors.Is(err, ErrDamaged):
			if damage == nil {
				damage = &DamageError{Err: err}
			}
			damage.Keys = append(damage.Keys, i.Key)
			return nil
		case errors.Is(err, errOther):
			return nil
		case err != nil:
			return err
		}
		return each(v)
	})
	if err != nil {
		return err
	}
	if damage != nil {
		return damage
	}
	return nil
}

// readManifest reads the manifest under key; damage wraps [ErrDamaged].
func (a *Archive) readManifest(ctx context.Context, key string) (Manifest, error) {
	c, info, err := a.store.Open(ctx, key)
	if err != nil {
		return Manifest{}, err
	}
	defer c.Close()
	raw, err := readSmall(c)
	if err != nil {
		return Manifest{}, err
	}
	m, err := ParseManifest(raw)
	if err != nil {
		return Manifest{}, err
	}
	m.prefix, m.locked = strings.TrimSuffix(key, manifestName), info.Locked
	return m, nil
}

// readSmall reads a manifest whole.
func readSmall(c pipeline.Content) ([]byte, error) {
	if c.Size() > maxManifest {
		return nil, fmt.Errorf("%w: a manifest of %d bytes", ErrDamaged, c.Size())
	}
	raw, err := io.ReadAll(c)
	if err != nil {
		return nil, fmt.Errorf("reading a manifest: %w", err)
	}
	return raw, nil
}
