-- +goose Up
-- Who may sign in. Accounts are disabled, never deleted: their logins stand in
-- the evidence log and are not given to anybody else.
CREATE TABLE account (
    id        TEXT COLLATE "C" PRIMARY KEY,
    login     TEXT COLLATE "C" NOT NULL UNIQUE,
    issuer    TEXT COLLATE "C" NOT NULL,
    subject   TEXT COLLATE "C" NOT NULL,
    hash      TEXT COLLATE "C" NOT NULL,
    disabled  BIGINT NOT NULL,
    created   BIGINT NOT NULL,
    changed   BIGINT NOT NULL,
    signed_in BIGINT NOT NULL,
    body      TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX account_subject ON account (issuer, subject) WHERE subject <> '';

-- deputy stands in for account from since until before until.
CREATE TABLE deputy (
    account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    deputy  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    since   BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    PRIMARY KEY (account, deputy)
);
CREATE INDEX deputy_deputy ON deputy (deputy);

-- What groups of the town's own login are trusted with.
CREATE TABLE account_group (
    name TEXT COLLATE "C" PRIMARY KEY,
    body TEXT COLLATE "C" NOT NULL
);

-- Tokens of programs; only a hash of the secret is kept.
CREATE TABLE api_token (
    id      TEXT COLLATE "C" PRIMARY KEY,
    hash    TEXT COLLATE "C" NOT NULL UNIQUE,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used    BIGINT NOT NULL,
    revoked BIGINT NOT NULL,
    body    TEXT COLLATE "C" NOT NULL
);

-- Codes, as hashes, that create the first account.
CREATE TABLE setup_code (
    hash    TEXT COLLATE "C" PRIMARY KEY,
    expires BIGINT NOT NULL
);

-- +goose Down
DROP TABLE setup_code;
DROP TABLE api_token;
DROP TABLE account_group;
DROP TABLE deputy;
DROP TABLE account;
