-- +goose Up
CREATE TABLE log_entry (
    n      BIGINT PRIMARY KEY,
    at     BIGINT NOT NULL,
    kind   TEXT COLLATE "C" NOT NULL,
    doc    TEXT COLLATE "C" NOT NULL,
    actor  TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL
);
CREATE INDEX log_entry_doc ON log_entry (doc, n) WHERE doc <> '';

-- Hashes in the order of golang.org/x/mod/sumdb/tlog's stored hash indexes.
CREATE TABLE log_hash (
    n    BIGINT PRIMARY KEY,
    hash TEXT COLLATE "C" NOT NULL
);

-- +goose Down
DROP TABLE log_hash;
DROP TABLE log_entry;
