-- +goose Up
-- Sessions of people; only a hash of what their browser holds is kept.
CREATE TABLE session (
    key     TEXT COLLATE "C" PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    created BIGINT NOT NULL,
    seen    BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    agent   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_expires ON session (expires);

-- Failed attempts to sign in, by a hash of the login or the address.
CREATE TABLE attempt (
    key      TEXT COLLATE "C" PRIMARY KEY,
    failures BIGINT NOT NULL,
    last     BIGINT NOT NULL,
    until    BIGINT NOT NULL
);
CREATE INDEX attempt_last ON attempt (last);

CREATE INDEX log_entry_sign_ins ON log_entry (n)
    WHERE kind IN ('signed-in', 'sign-in-failed', 'signed-out');

-- +goose Down
DROP INDEX log_entry_sign_ins;
DROP TABLE attempt;
DROP TABLE session;
