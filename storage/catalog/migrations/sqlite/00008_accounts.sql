-- +goose Up
-- Who may sign in. Accounts are disabled, never deleted: their logins stand in
-- the evidence log and are not given to anybody else.
CREATE TABLE account (
    id        TEXT PRIMARY KEY,
    login     TEXT NOT NULL UNIQUE,
    issuer    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    hash      TEXT NOT NULL,
    disabled  INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    changed   INTEGER NOT NULL,
    signed_in INTEGER NOT NULL,
    body      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX account_subject ON account (issuer, subject) WHERE subject <> '';

-- deputy stands in for account from since until before until.
CREATE TABLE deputy (
    account TEXT NOT NULL REFERENCES account (id),
    deputy  TEXT NOT NULL REFERENCES account (id),
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (account, deputy)
) STRICT;
CREATE INDEX deputy_deputy ON deputy (deputy);

-- What groups of the town's own login are trusted with.
CREATE TABLE account_group (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- Tokens of programs; only a hash of the secret is kept.
CREATE TABLE api_token (
    id      TEXT PRIMARY KEY,
    hash    TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    revoked INTEGER NOT NULL,
    body    TEXT NOT NULL
) STRICT;

-- Codes, as hashes, that create the first account.
CREATE TABLE setup_code (
    hash    TEXT PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE setup_code;
DROP TABLE api_token;
DROP TABLE account_group;
DROP TABLE deputy;
DROP TABLE account;
