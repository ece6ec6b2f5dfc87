package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"blattwerk/pipeline"
)

// Errors about accounts that callers tell apart.
var (
	ErrNoAccount = errors.New("no such account")
	ErrTaken     = errors.New("the login is taken")
	ErrNotFirst  = errors.New("there is an account already, or the code is wrong") // set-up is over
	ErrLastAdmin = errors.New("no administrator would be left")
)

// administrator is the role of which one enabled account must stay; the others
// mean nothing to the catalogue.
const administrator = "administrator"

// Account is somebody who may sign in. It is disabled at the end, never deleted:
// its login stands in the evidence log.
type Account struct {
	ID          string // opaque
	Login       string // lower case, unique, never changed nor given to anybody else
	Name        string // as people call them
	Roles       []string
	Departments []pipeline.DeptID
	Deputies    []Deputy // who stands in for this person, and when
	Language    string   // "de", "en" or "": as the browser asks
	Issuer      string   // of the town's own login, if the account comes from there
	Subject     string   // name of the person at the issuer
	Disabled    bool
	HasPassword bool
	Renew       bool // the password was set by somebody else and must be changed first
	Created     time.Time
	Changed     time.Time
	SignedIn    time.Time // last; zero is never
}

// Deputy stands in for a person: sees the letters of the person's departments
// from From until before To.
type Deputy struct {
	Account  string // ID
	From, To time.Time
}

// accountBody is what of an account no query asks for.
type accountBody struct {
	Name        string            `json:"name"`
	Roles       []string          `json:"roles"`
	Departments []pipeline.DeptID `json:"departments"`
	Language    string            `json:"language,omitempty"`
	Renew       bool              `json:"renew,omitempty"`
}

// FoldLogin writes a login as it is stored: without blanks around it, lower case.
func FoldLogin(login string) string { return strings.ToLower(strings.TrimSpace(clean(login))) }

const accountColumns = `a.id, a.login, a.issuer, a.subject, a.hash, a.disabled, a.created, a.changed, a.signed_in, a.body`

// scanAccount reads accountColumns, followed by more.
func scanAccount(s scanner, more ...any) (a Account, hash string, err error) {
	var disabled, created, changed, signedIn int64
	var body string
	err = s.Scan(append([]any{&a.ID, &a.Login, &a.Issuer, &a.Subject, &hash, &disabled, &created, &changed, &signedIn, &body}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, "", ErrNoAccount
	}
	if err != nil {
		return Account{}, "", fmt.Errorf("reading an account: %w", err)
	}
	var b accountBody
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		return Account{}, "", fmt.Errorf("decoding an account: %w", err)
	}
	a.Name, a.Roles, a.Departments, a.Language, a.Renew = b.Name, b.Roles, b.Departments, b.Language, b.Renew
	a.Disabled, a.HasPassword = disabled != 0, hash != ""
	a.Created, a.Changed, a.SignedIn = fromMillis(created), fromMillis(changed), fromMillis(signedIn)
	return a, hash, nil
}

// HasAccounts says whether anybody can sign in yet.
func (c *Catalog) HasAccounts(ctx context.Context) (bool, error) {
	some, err := hasAccounts(ctx, c.read)
	if err != nil {
		return false, fmt.Errorf("looking for accounts: %w", err)
	}
	return some, nil
}

func hasAccounts(ctx context.Context, q querier) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM account LIMIT 1) AS one_row`).Scan(&n)
	return n > 0, err
}

// Accounts lists all accounts by login, the disabled ones too.
func (c *Catalog) Accounts(ctx context.Context) ([]Account, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT `+accountColumns+` FROM account a ORDER BY a.login`)
	if err != nil {
		return nil, fmt.Errorf("listing accounts: %w", err)
	}
	defer rows.Close()
	var list []Account
	for rows.Next() {
		a, _, err := scanAccount(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// Account reads an account with its deputies; [ErrNoAccount] if there is none.
func (c *Catalog) Account(ctx context.Context, id string) (Account, error) {
	a, _, err := account(ctx, c.read, `a.id = $1`, clean(id))
	return a, err
}

// AccountByLogin reads an account with the hash of its password, "" if it has
// none; [ErrNoAccount] if there is none.
func (c *Catalog) AccountByLogin(ctx context.Context, login string) (Account, string, error) {
	return account(ctx, c.read, `a.login = $1`, FoldLogin(login))
}

func account(ctx context.Context, q querier, cond string, args ...any) (Account, string, error) {
	a, hash, err := scanAccount(q.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM account a WHERE `+cond, args...))
	if err != nil {
		return Account{}, "", err
	}
	rows, err := q.QueryContext(ctx, `SELECT deputy, since, until FROM deputy WHERE account = $1 ORDER BY since, deputy`, a.ID)
	if err != nil {
		return Account{}, "", fmt.Errorf("reading deputies: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var d Deputy
		var since, until int64
		if err := rows.Scan(&d.Account, &since, &until); err != nil {
			return Account{}, "", fmt.Errorf("reading deputies: %w", err)
		}
		d.From, d.To = fromMillis(since), fromMillis(until)
		a.Deputies = append(a.Deputies, d)
	}
	return a, hash, rows.Err()
}

// covered gives the departments of those whom an account stands in for now.
func (c *Catalog) covered(ctx context.Context, id string) ([]pipeline.DeptID, error) {
	rows, err := c.read.QueryContext(ctx, `SELECT `+accountColumns+` FROM deputy d JOIN account a ON a.id = d.account
		WHERE d.deputy = $1 AND d.since <= $2 AND d.until > $2 AND a.disabled = 0`, id, c.now())
	if err != nil {
		return nil, fmt.Errorf("reading whom an account stands in for: %w", err)
	}
	defer rows.Close()
	var list []pipeline.DeptID
	for rows.Next() {
		a, _, err := scanAccount(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, a.Departments...)
	}
	return list, rows.Err()
}

// changeAccounts is a change of accounts: one after the other, so that of two
// first accounts, or of two steps that would remove the last two administrators,
// one fails. fn's event is written last.
func (c *Catalog) changeAccounts(ctx context.Context, what string, fn func(tx *sql.Tx) (Event, error)) error {
	return c.change(ctx, what, func(tx *sql.Tx) error {
		if err := c.dialect.lock(ctx, tx, lockAccounts); err != nil {
			return err
		}
		ev, err := fn(tx)
		if err != nil || ev.Kind == "" {
			return err
		}
		return c.append(ctx, tx, ev)
	})
}

// accountDetail is what the evidence says about a change of an account.
type accountDetail struct {
	Account     string            `json:"account"`
	Login       string            `json:"login"`
	Roles       []string          `json:"roles"`
	Departments []pipeline.DeptID `json:"departments"`
	Deputies    []string          `json:"deputies,omitempty"`
	Disabled    bool              `json:"disabled,omitempty"`
}

func (c *Catalog) accountEvent(kind string, a Account, by string) (Event, error) {
	d := accountDetail{Account: a.ID, Login: a.Login, Roles: a.Roles, Departments: a.Departments, Disabled: a.Disabled}
	for _, x := range a.Deputies {
		d.Deputies = append(d.Deputies, x.Account)
	}
	return c.event(kind, "", by, d)
}

// OfferSetup keeps the hash of a code that [Catalog.AddFirst] takes until
// expires.
func (c *Catalog) OfferSetup(ctx context.Context, codeHash string, expires time.Time) error {
	_, err := c.write.ExecContext(ctx, `INSERT INTO setup_code (hash, expires) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`,
		codeHash, millis(expires))
	if err != nil {
		return fmt.Errorf("keeping a set-up code: %w", err)
	}
	return nil
}

// AddFirst creates the first account, whose maker proves by a set-up code that
// they may; all codes end with it. [ErrNotFirst] if there is an account or the
// code is not one.
func (c *Catalog) AddFirst(ctx context.Context, a Account, passwordHash, codeHash string) (Account, error) {
	err := c.changeAccounts(ctx, "creating the first account", func(tx *sql.Tx) (Event, error) {
		some, err := hasAccounts(ctx, tx)
		if err != nil {
			return Event{}, err
		}
		var n int
		err = tx.QueryRowContext(ctx, `SELECT count(*) FROM setup_code WHERE hash = $1 AND expires > $2`, codeHash, c.now()).Scan(&n)
		if err != nil {
			return Event{}, err
		}
		if some || n == 0 {
			return Event{}, ErrNotFirst
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM setup_code`); err != nil {
			return Event{}, err
		}
		if a, err = c.insertAccount(ctx, tx, a, passwordHash); err != nil {
			return Event{}, err
		}
		return c.accountEvent("account-created", a, a.Login)
	})
	return a, err
}

// AddAccount creates an account; [ErrTaken] if its login is used. An empty hash
// is an account that signs in by the town's own login only.
func (c *Catalog) AddAccount(ctx context.Context, a Account, passwordHash, by string) (Account, error) {
	err := c.changeAccounts(ctx, "creating an account", func(tx *sql.Tx) (Event, error) {
		var err error
		if a, err = c.insertAccount(ctx, tx, a, passwordHash); err != nil {
			return Event{}, err
		}
		return c.accountEvent("account-created", a, by)
	})
	return a, err
}

func (c *Catalog) insertAccount(ctx context.Context, tx *sql.Tx, a Account, hash string) (Account, error) {
	a.Login = FoldLogin(a.Login)
	if a.Login == "" {
		return a, errors.New("an account needs a login")
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return a, fmt.Errorf("naming an account: %w", err)
	}
	a.ID = id.String()
	a.Created, a.HasPassword = fromMillis(c.now()), hash != ""
	a.Changed = a.Created
	body, err := bodyOf(a)
	if err != nil {
		return a, err
	}
	done, err := tx.ExecContext(ctx, `INSERT INTO account (id, login, issuer, subject, hash, disabled, created, changed, signed_in, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0, $8) ON CONFLICT (login) DO NOTHING`,
		a.ID, a.Login, clean(a.Issuer), clean(a.Subject), hash, bit(a.Disabled), c.now(), body)
	if err != nil {
		return a, fmt.Errorf("writing an account: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return a, errors.Join(err, ErrTaken)
	}
	return a, insertDeputies(ctx, tx, a)
}

func bodyOf(a Account) (string, error) {
	return encode(accountBody{Name: clean(a.Name), Roles: a.Roles, Departments: a.Departments, Language: a.Language, Renew: a.Renew})
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func insertDeputies(ctx context.Context, tx *sql.Tx, a Account) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM deputy WHERE account = $1`, a.ID); err != nil {
		return fmt.Errorf("writing deputies: %w", err)
	}
	for _, d := range a.Deputies {
		_, err := tx.ExecContext(ctx, `INSERT INTO deputy (account, deputy, since, until) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account, deputy) DO UPDATE SET since = excluded.since, until = excluded.until`,
			a.ID, d.Account, millis(d.From), millis(d.To))
		if err != nil {
			return fmt.Errorf("writing deputies: %w", err)
		}
	}
	return nil
}

// ChangeAccount writes an account's name, roles, departments, deputies, language
// and whether it is disabled. Disabling ends its sessions; taking a department away
// ends what it stands in for. [ErrLastAdmin] if no administrator would be left.
func (c *Catalog) ChangeAccount(ctx context.Context, a Account, by string) error {
	return c.changeAccounts(ctx, "changing an account", func(tx *sql.Tx) (Event, error) {
		return c.changeAccount(ctx, tx, a, by)
	})
}

func (c *Catalog) changeAccount(ctx context.Context, tx *sql.Tx, a Account, by string) (Event, error) {
	before, _, err := account(ctx, tx, `a.id = $1`, a.ID)
	if err != nil {
		return Event{}, err
	}
	body, err := bodyOf(a)
	if err != nil {
		return Event{}, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE account SET disabled = $2, changed = $3, body = $4 WHERE id = $1`,
		a.ID, bit(a.Disabled), c.now(), body)
	if err != nil {
		return Event{}, fmt.Errorf("writing an account: %w", err)
	}
	if err := insertDeputies(ctx, tx, a); err != nil {
		return Event{}, err
	}
	if slices.ContainsFunc(before.Departments, func(d pipeline.DeptID) bool { return !slices.Contains(a.Departments, d) }) {
		// Colleagues name as deputies who reads the same letters. Whoever may no longer
		// read some must not go on by standing in for somebody who does.
		if _, err := tx.ExecContext(ctx, `DELETE FROM deputy WHERE deputy = $1`, a.ID); err != nil {
			return Event{}, fmt.Errorf("ending what an account stands in for: %w", err)
		}
	}
	if isAdmin(before) && !isAdmin(a) {
		if err := c.adminLeft(ctx, tx); err != nil {
			return Event{}, err
		}
	}
	kind := "account-changed"
	if a.Disabled && !before.Disabled {
		kind = "account-disabled"
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE account = $1`, a.ID); err != nil {
			return Event{}, fmt.Errorf("ending sessions: %w", err)
		}
	}
	a.Login = before.Login
	return c.accountEvent(kind, a, by)
}

func isAdmin(a Account) bool { return !a.Disabled && slices.Contains(a.Roles, administrator) }

// adminLeft looks, after a change, for an administrator who can sign in.
func (c *Catalog) adminLeft(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT `+accountColumns+` FROM account a WHERE a.disabled = 0`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		a, _, err := scanAccount(rows)
		if err != nil {
			return err
		}
		if isAdmin(a) {
			return nil
		}
	}
	return errors.Join(rows.Err(), ErrLastAdmin)
}

// SetPassword gives an account another password and ends its sessions but keep,
// which is the key of the one in which its owner does this. Without one, somebody
// else set the password, and its owner has to change it first ([Account].Renew).
func (c *Catalog) SetPassword(ctx context.Context, id, hash, keep, by string) error {
	return c.changeAccounts(ctx, "setting a password", func(tx *sql.Tx) (Event, error) {
		a, _, err := account(ctx, tx, `a.id = $1`, id)
		if err != nil {
			return Event{}, err
		}
		a.Renew = keep == ""
		body, err := bodyOf(a)
		if err != nil {
			return Event{}, err
		}
		_, err = tx.ExecContext(ctx, `UPDATE account SET hash = $2, changed = $3, body = $4 WHERE id = $1`, id, hash, c.now(), body)
		if err != nil {
			return Event{}, fmt.Errorf("writing a password: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE account = $1 AND key <> $2`, id, keep); err != nil {
			return Event{}, fmt.Errorf("ending sessions: %w", err)
		}
		return c.accountEvent("password-changed", a, by)
	})
}

// Rehash replaces the hash of the same password by a stronger one. It writes
// nothing if the password was changed since was was read.
func (c *Catalog) Rehash(ctx context.Context, id, was, hash string) error {
	if _, err := c.write.ExecContext(ctx, `UPDATE account SET hash = $3 WHERE id = $1 AND hash = $2`, id, was, hash); err != nil {
		return fmt.Errorf("writing a password: %w", err)
	}
	return nil
}

// SetLanguage keeps the language that a person reads: "de", "en" or "".
func (c *Catalog) SetLanguage(ctx context.Context, id, language string) error {
	return c.changeAccounts(ctx, "setting a language", func(tx *sql.Tx) (Event, error) {
		a, _, err := account(ctx, tx, `a.id = $1`, id)
		if err != nil {
			return Event{}, err
		}
		a.Language = language
		return c.changeAccount(ctx, tx, a, a.Login)
	})
}

// Enrol brings the account of somebody who signed in by the town's own login up
// to what the issuer says: name, roles and departments. It makes the account
// if there is none; [ErrTaken] if the login belongs to an account that signs in
// otherwise, which the issuer must not take over.
func (c *Catalog) Enrol(ctx context.Context, a Account) (Account, error) {
	if a.Issuer == "" || a.Subject == "" {
		return Account{}, errors.New("enrolling: who says so, and about whom")
	}
	out := a
	err := c.changeAccounts(ctx, "enrolling", func(tx *sql.Tx) (Event, error) {
		known, _, err := account(ctx, tx, `a.issuer = $1 AND a.subject = $2`, clean(a.Issuer), clean(a.Subject))
		if errors.Is(err, ErrNoAccount) {
			if out, err = c.insertAccount(ctx, tx, a, ""); err != nil {
				return Event{}, err
			}
			return c.accountEvent("account-created", out, out.Login)
		}
		if err != nil {
			return Event{}, err
		}
		out = known
		if known.Name == a.Name && slices.Equal(known.Roles, a.Roles) && slices.Equal(known.Departments, a.Departments) {
			return Event{}, nil
		}
		out.Name, out.Roles, out.Departments = a.Name, a.Roles, a.Departments
		return c.changeAccount(ctx, tx, out, known.Login)
	})
	return out, err
}
