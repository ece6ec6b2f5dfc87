package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SavedSearch is a search that a person keeps, to be told what is new.
type SavedSearch struct {
	ID      string
	Account string
	Name    string
	Query   string    // as the page's address has it, "q=...&type=..."
	Seen    time.Time // what arrived before was seen
}

// MaxSaved is how many searches a person may keep.
const MaxSaved = 50

// ErrTooMany says that a person keeps as many searches as are allowed.
var ErrTooMany = errors.New("too many saved searches")

// SaveSearch keeps a search; what is there already counts as seen. Saving under a
// name that the account has changes that one.
func (c *Catalog) SaveSearch(ctx context.Context, s SavedSearch) (SavedSearch, error) {
	have, err := c.SavedSearches(ctx, s.Account)
	if err != nil {
		return s, err
	}
	s.Name, s.Query, s.Seen = clean(s.Name), clean(s.Query), fromMillis(c.now())
	if s.ID, err = NewDeedID(); err != nil {
		return s, err
	}
	for _, h := range have {
		if h.Name == s.Name {
			s.ID = h.ID
		}
	}
	if s.Account == "" || s.Name == "" || len(s.Name) > maxFacet || len(s.Query) > MaxNote {
		return s, fmt.Errorf("saving a search: %w", ErrDeed)
	}
	if len(have) >= MaxSaved {
		return s, ErrTooMany
	}
	_, err = c.write.ExecContext(ctx, `INSERT INTO saved_search (id, account, name, query, seen) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET query = excluded.query, seen = excluded.seen`, s.ID, clean(s.Account), s.Name, s.Query, millis(s.Seen))
	if err != nil {
		return s, fmt.Errorf("saving a search: %w", err)
	}
	return s, nil
}

// SavedSearches lists the searches of an account, the oldest first.
func (c *Catalog) SavedSearches(ctx context.Context, account string) ([]SavedSearch, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT id, account, name, query, seen FROM saved_search WHERE account = $1 ORDER BY id`, clean(account))
	if err != nil {
		return nil, fmt.Errorf("listing saved searches: %w", err)
	}
	defer rows.Close()
	var list []SavedSearch
	for rows.Next() {
		var s SavedSearch
		var seen int64
		if err := rows.Scan(&s.ID, &s.Account, &s.Name, &s.Query, &seen); err != nil {
			return nil, fmt.Errorf("listing saved searches: %w", err)
		}
		s.Seen = fromMillis(seen)
		list = append(list, s)
	}
	return list, rows.Err()
}

// SeeSearch notes that a person has seen what a search of theirs finds, and
// gives it; [ErrUnknown] if they have none of this ID.
func (c *Catalog) SeeSearch(ctx context.Context, account, id string) (SavedSearch, error) {
	list, err := c.SavedSearches(ctx, account)
	if err != nil {
		return SavedSearch{}, err
	}
	for _, s := range list {
		if s.ID == id {
			_, err := c.write.ExecContext(ctx, `UPDATE saved_search SET seen = $2 WHERE id = $1`, id, c.now())
			return s, err
		}
	}
	return SavedSearch{}, ErrUnknown
}

// ForgetSearch removes a search of an account.
func (c *Catalog) ForgetSearch(ctx context.Context, account, id string) error {
	if _, err := c.write.ExecContext(ctx, `DELETE FROM saved_search WHERE account = $1 AND id = $2`, clean(account), clean(id)); err != nil {
		return fmt.Errorf("forgetting a search: %w", err)
	}
	return nil
}
