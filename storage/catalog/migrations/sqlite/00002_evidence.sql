-- +goose Up
CREATE TABLE log_entry (
    n      INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    doc    TEXT NOT NULL,
    actor  TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX log_entry_doc ON log_entry (doc, n) WHERE doc <> '';

-- Hashes in the order of golang.org/x/mod/sumdb/tlog's stored hash indexes.
CREATE TABLE log_hash (
    n    INTEGER PRIMARY KEY,
    hash TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE log_hash;
DROP TABLE log_entry;
