-- +goose Up
-- Sessions of people; only a hash of what their browser holds is kept.
CREATE TABLE session (
    key     TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    created INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent   TEXT NOT NULL
) STRICT;
CREATE INDEX session_account ON session (account);
CREATE INDEX session_expires ON session (expires);

-- Failed attempts to sign in, by a hash of the login or the address.
CREATE TABLE attempt (
    key      TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    until    INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_last ON attempt (last);

CREATE INDEX log_entry_sign_ins ON log_entry (n)
    WHERE kind IN ('signed-in', 'sign-in-failed', 'signed-out');

-- +goose Down
DROP INDEX log_entry_sign_ins;
DROP TABLE attempt;
DROP TABLE session;
