package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"blattwerk/pipeline"
)

// ErrNoSession says that nobody is signed in under a key: it never was one, or
// the session ended.
var ErrNoSession = errors.New("no such session")

// Session is a browser in which somebody signed in.
type Session struct {
	Key     string // hash of what the browser holds; it opens nothing
	Account string // ID
	Created time.Time
	Seen    time.Time // last, to a minute
	Expires time.Time // at the latest
	Address string    // where it was opened from
	Agent   string    // what the browser calls itself
}

// Presence is a session with whose it is.
type Presence struct {
	Session Session
	Account Account
	Covers  []pipeline.DeptID // departments of those whom the person stands in for now
}

// StartSession opens a session and writes that its owner signed in. Ended
// sessions are removed on the way.
func (c *Catalog) StartSession(ctx context.Context, s Session) error {
	return c.change(ctx, "opening a session", func(tx *sql.Tx) error {
		now := c.now()
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE expires <= $1`, now); err != nil {
			return err
		}
		var login string
		err := tx.QueryRowContext(ctx, `UPDATE account SET signed_in = $2 WHERE id = $1 AND disabled = 0 RETURNING login`, s.Account, now).Scan(&login)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoAccount
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO session (key, account, created, seen, expires, address, agent)
			VALUES ($1, $2, $3, $3, $4, $5, $6)`, s.Key, s.Account, now, millis(s.Expires), clean(s.Address), clean(s.Agent))
		if err != nil {
			return err
		}
		return c.append(ctx, tx, Event{Kind: "signed-in", Actor: login})
	})
}

const sessionColumns = `s.key, s.account, s.created, s.seen, s.expires, s.address, s.agent`

// fields are where sessionColumns go, and what sets the times after.
func (s *Session) fields() (dest []any, done func()) {
	var created, seen, expires int64
	return []any{&s.Key, &s.Account, &created, &seen, &expires, &s.Address, &s.Agent}, func() {
		s.Created, s.Seen, s.Expires = fromMillis(created), fromMillis(seen), fromMillis(expires)
	}
}

// Present says whose session it is; [ErrNoSession] if it is none, ended, was not
// used for idle, or its account is disabled. It counts as use, to a minute.
func (c *Catalog) Present(ctx context.Context, key string, idle time.Duration) (Presence, error) {
	var p Presence
	now := c.now()
	dest, done := p.Session.fields()
	var err error
	p.Account, _, err = scanAccount(c.read.QueryRowContext(ctx, `SELECT `+accountColumns+`, `+sessionColumns+`
		FROM session s JOIN account a ON a.id = s.account
		WHERE s.key = $1 AND s.expires > $2 AND s.seen > $3 AND a.disabled = 0`, key, now, now-idle.Milliseconds()), dest...)
	if errors.Is(err, ErrNoAccount) {
		return Presence{}, ErrNoSession
	}
	if err != nil {
		return Presence{}, err
	}
	done()
	if p.Covers, err = c.covered(ctx, p.Account.ID); err != nil {
		return Presence{}, err
	}
	if now-millis(p.Session.Seen) < time.Minute.Milliseconds() {
		return p, nil
	}
	// An UPDATE, never an INSERT: a request that is still on its way must not bring
	// back a session that was ended meanwhile.
	if _, err := c.write.ExecContext(ctx, `UPDATE session SET seen = $2 WHERE key = $1`, key, now); err != nil {
		return Presence{}, fmt.Errorf("keeping a session: %w", err)
	}
	return p, nil
}

// Sessions lists an account's sessions, the newest first.
func (c *Catalog) Sessions(ctx context.Context, account string) ([]Session, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT `+sessionColumns+` FROM session s
		WHERE s.account = $1 AND s.expires > $2 ORDER BY s.created DESC, s.key`, account, c.now())
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	defer rows.Close()
	var list []Session
	for rows.Next() {
		var s Session
		dest, done := s.fields()
		if err := rows.Scan(dest...); err != nil {
			return nil, fmt.Errorf("listing sessions: %w", err)
		}
		done()
		list = append(list, s)
	}
	return list, rows.Err()
}

// EndSession ends a session of an account and writes that its owner signed out;
// [ErrNoSession] if the account has no such session.
func (c *Catalog) EndSession(ctx context.Context, account, key, by string) error {
	return c.change(ctx, "ending a session", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `DELETE FROM session WHERE key = $1 AND account = $2`, key, account)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNoSession)
		}
		return c.append(ctx, tx, Event{Kind: "signed-out", Actor: by})
	})
}

// Guess is something that guesses are counted by: a login, an address.
type Guess struct {
	Key  string // a hash; never what was typed, which may be a password
	Free int    // failures without a wait
}

const (
	firstWait = 2 * time.Second
	mostWait  = 5 * time.Minute
	// forgetting ends the count of failures.
	forgetting = 24 * time.Hour
)

// Attempt counts an attempt to sign in as failed before its password is looked
// at, so that attempts made at once are counted too, over all processes;
// [Catalog.Forgive] takes the count back. If one of the guesses must wait, the
// attempt may not be made: it answers how long, and counts nothing.
func (c *Catalog) Attempt(ctx context.Context, guesses ...Guess) (time.Duration, error) {
	var wait time.Duration
	err := c.change(ctx, "counting an attempt", func(tx *sql.Tx) error {
		wait = 0
		now := c.now()
		if _, err := tx.ExecContext(ctx, `DELETE FROM attempt WHERE last <= $1`, now-forgetting.Milliseconds()); err != nil {
			return err
		}
		for _, g := range guesses {
			var failures int
			var until int64
			err := tx.QueryRowContext(ctx, `INSERT INTO attempt (key, failures, last, until) VALUES ($1, 0, $2, 0)
				ON CONFLICT (key) DO UPDATE SET failures = attempt.failures RETURNING failures, until`, g.Key, now).Scan(&failures, &until)
			if err != nil {
				return err
			}
			// A wait that lies further ahead than any wait counts as over: a clock may
			// have jumped back.
			if left := until - now; left > 0 && left <= mostWait.Milliseconds() {
				wait = max(wait, time.Duration(left)*time.Millisecond)
			}
		}
		if wait > 0 {
			return nil
		}
		for _, g := range guesses {
			var failures int
			err := tx.QueryRowContext(ctx, `UPDATE attempt SET failures = failures + 1, last = $2 WHERE key = $1 RETURNING failures`, g.Key, now).Scan(&failures)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE attempt SET until = $2 WHERE key = $1`, g.Key, now+waitAfter(failures-g.Free).Milliseconds()); err != nil {
				return err
			}
		}
		return nil
	})
	return wait, err
}

// waitAfter doubles from [firstWait] up to [mostWait]; n counts failures beyond
// the free ones.
func waitAfter(n int) time.Duration {
	if n <= 0 {
		return 0
	}
	if n > 16 {
		return mostWait
	}
	return min(firstWait<<(n-1), mostWait)
}

// Forgive takes back what an attempt that was right counted: the login starts
// anew, the address, which others may share, loses that one failure only.
func (c *Catalog) Forgive(ctx context.Context, login, address Guess) error {
	return c.change(ctx, "forgiving attempts", func(tx *sql.Tx) error {
		// In one order with Attempt, so that there are no deadlocks.
		if _, err := tx.ExecContext(ctx, `DELETE FROM attempt WHERE key = $1`, login.Key); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE attempt SET failures = failures - 1, until = 0 WHERE key = $1 AND failures > 0`, address.Key)
		return err
	})
}

// FailedSignIn writes that somebody did not get in. login is "" where there is no
// such account: what was typed may be a password.
func (c *Catalog) FailedSignIn(ctx context.Context, login string) error {
	return c.Log(ctx, Event{Kind: "sign-in-failed", Actor: login})
}

// SignIns lists who signed in, failed to and signed out, the newest first: at most
// limit events before the event numbered before; 0 begins at the newest.
func (c *Catalog) SignIns(ctx context.Context, before int64, limit int) ([]Event, error) {
	return c.events(ctx, ` AND kind IN ('signed-in', 'sign-in-failed', 'signed-out')`, before, limit)
}

// Evidence lists all events, in the order and with the bounds of [Catalog.SignIns].
func (c *Catalog) Evidence(ctx context.Context, before int64, limit int) ([]Event, error) {
	return c.events(ctx, ``, before, limit)
}

func (c *Catalog) events(ctx context.Context, cond string, before int64, limit int) ([]Event, error) {
	if before <= 0 {
		before = 1 << 62
	}
	rows, err := c.read.QueryContext(ctx, `SELECT n, at, kind, doc, actor, detail FROM log_entry
		WHERE n < $1`+cond+` ORDER BY n DESC LIMIT $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("listing events: %w", err)
	}
	defer rows.Close()
	var list []Event
	for rows.Next() {
		var e Event
		var at int64
		var detail string
		if err := rows.Scan(&e.N, &at, &e.Kind, &e.Doc, &e.Actor, &detail); err != nil {
			return nil, fmt.Errorf("listing events: %w", err)
		}
		if e.At = fromMillis(at); detail != "" {
			e.Detail = json.RawMessage(detail)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
