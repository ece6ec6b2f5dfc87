package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"blattwerk/pipeline"
)

// ErrNoToken says that a token is none, was revoked, or has ended.
var ErrNoToken = errors.New("no such token")

// Token lets a program in. Its secret is shown once and kept as a hash only.
type Token struct {
	ID          string            `json:"-"`
	Name        string            `json:"name"`        // for people: which program
	Scopes      []string          `json:"scopes"`      // actions
	Departments []pipeline.DeptID `json:"departments"` // whose letters it may see
	All         bool              `json:"all"`         // it may see every letter
	By          string            `json:"by"`          // login of who made it
	Created     time.Time         `json:"-"`
	Expires     time.Time         `json:"-"`
	Used        time.Time         `json:"-"` // last, to a minute; zero is never
	Revoked     time.Time         `json:"-"` // zero is not
}

const tokenColumns = `id, created, expires, used, revoked, body`

func scanToken(s scanner) (Token, error) {
	var t Token
	var created, expires, used, revoked int64
	var body string
	err := s.Scan(&t.ID, &created, &expires, &used, &revoked, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return Token{}, ErrNoToken
	}
	if err != nil {
		return Token{}, fmt.Errorf("reading a token: %w", err)
	}
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		return Token{}, fmt.Errorf("decoding a token: %w", err)
	}
	t.Created, t.Expires, t.Used, t.Revoked = fromMillis(created), fromMillis(expires), fromMillis(used), fromMillis(revoked)
	return t, nil
}

// AddToken keeps a new token under the hash of its secret.
func (c *Catalog) AddToken(ctx context.Context, t Token, hash string) (Token, error) {
	if t.Name == "" || t.By == "" || hash == "" || t.Expires.IsZero() {
		return Token{}, errors.New("a token needs a name, a maker, a secret and an end")
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return Token{}, fmt.Errorf("naming a token: %w", err)
	}
	t.ID, t.Name, t.Created = id.String(), clean(t.Name), fromMillis(c.now())
	body, err := encode(t)
	if err != nil {
		return Token{}, err
	}
	return t, c.changeAccounts(ctx, "creating a token", func(tx *sql.Tx) (Event, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO api_token (id, hash, created, expires, used, revoked, body)
			VALUES ($1, $2, $3, $4, 0, 0, $5)`, t.ID, hash, millis(t.Created), millis(t.Expires), body)
		if err != nil {
			return Event{}, fmt.Errorf("writing a token: %w", err)
		}
		return c.tokenEvent("token-created", t, t.By)
	})
}

func (c *Catalog) tokenEvent(kind string, t Token, by string) (Event, error) {
	return c.event(kind, "", by, struct {
		Token       string            `json:"token"`
		Scopes      []string          `json:"scopes"`
		Departments []pipeline.DeptID `json:"departments"`
		All         bool              `json:"all,omitempty"`
		Expires     int64             `json:"expires"`
	}{t.ID, t.Scopes, t.Departments, t.All, millis(t.Expires)})
}

// Tokens lists all tokens, the newest first.
func (c *Catalog) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT `+tokenColumns+` FROM api_token ORDER BY created DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("listing tokens: %w", err)
	}
	defer rows.Close()
	var list []Token
	for rows.Next() {
		t, err := scanToken(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// TokenByHash gives the token whose secret has this hash, and notes that it was
// used; [ErrNoToken] if there is none, or it ended or was revoked.
func (c *Catalog) TokenByHash(ctx context.Context, hash string) (Token, error) {
	now := c.now()
	t, err := scanToken(c.read.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM api_token
		WHERE hash = $1 AND revoked = 0 AND expires > $2`, hash, now))
	if err != nil || now-millis(t.Used) < time.Minute.Milliseconds() {
		return t, err
	}
	if _, err := c.write.ExecContext(ctx, `UPDATE api_token SET used = $2 WHERE id = $1`, t.ID, now); err != nil {
		return Token{}, fmt.Errorf("noting the use of a token: %w", err)
	}
	return t, nil
}

// RevokeToken ends a token for good; [ErrNoToken] if it is none or has ended.
func (c *Catalog) RevokeToken(ctx context.Context, id, by string) error {
	return c.changeAccounts(ctx, "revoking a token", func(tx *sql.Tx) (Event, error) {
		t, err := scanToken(tx.QueryRowContext(ctx, `UPDATE api_token SET revoked = $2 WHERE id = $1 AND revoked = 0
			RETURNING `+tokenColumns, clean(id), c.now()))
		if err != nil {
			return Event{}, err
		}
		return c.tokenEvent("token-revoked", t, by)
	})
}

// Group is a group of the town's own login and what its members are trusted
// with.
type Group struct {
	Name        string            `json:"-"` // as the issuer writes it
	Roles       []string          `json:"roles"`
	Departments []pipeline.DeptID `json:"departments"`
}

// Groups lists the groups by name.
func (c *Catalog) Groups(ctx context.Context) ([]Group, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT name, body FROM account_group ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("listing groups: %w", err)
	}
	defer rows.Close()
	var list []Group
	for rows.Next() {
		var g Group
		var body string
		if err := rows.Scan(&g.Name, &body); err != nil {
			return nil, fmt.Errorf("listing groups: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &g); err != nil {
			return nil, fmt.Errorf("decoding a group: %w", err)
		}
		list = append(list, g)
	}
	return list, rows.Err()
}

// SetGroup says what a group is trusted with; nothing at all removes it. It
// counts from the next time that a member signs in.
func (c *Catalog) SetGroup(ctx context.Context, g Group, by string) error {
	if g.Name = clean(g.Name); g.Name == "" {
		return errors.New("a group needs a name")
	}
	slices.Sort(g.Roles)
	slices.Sort(g.Departments)
	body, err := encode(g)
	if err != nil {
		return err
	}
	return c.changeAccounts(ctx, "setting a group", func(tx *sql.Tx) (Event, error) {
		var err error
		if len(g.Roles) == 0 {
			_, err = tx.ExecContext(ctx, `DELETE FROM account_group WHERE name = $1`, g.Name)
		} else {
			_, err = tx.ExecContext(ctx, `INSERT INTO account_group (name, body) VALUES ($1, $2)
				ON CONFLICT (name) DO UPDATE SET body = excluded.body`, g.Name, body)
		}
		if err != nil {
			return Event{}, fmt.Errorf("writing a group: %w", err)
		}
		return c.event("group-set", "", by, struct {
			Group       string            `json:"group"`
			Roles       []string          `json:"roles"`
			Departments []pipeline.DeptID `json:"departments"`
		}{g.Name, g.Roles, g.Departments})
	})
}
