-- +goose Up
-- What a person said about fields, beside the type: JSON, '' is nothing.
ALTER TABLE decision ADD COLUMN fields TEXT NOT NULL DEFAULT '';

-- The model that sorts letters: one row, the newest. Older ones are gone, so that
-- what was learned from a letter can be unlearned.
CREATE TABLE sorting_model (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    version   TEXT NOT NULL,
    digest    TEXT NOT NULL,
    size      INTEGER NOT NULL,
    made      INTEGER NOT NULL,
    decisions INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL,
    basis     TEXT NOT NULL
) STRICT;

-- Letters that nothing may be learned from.
CREATE TABLE withdrawn_example (
    doc    TEXT PRIMARY KEY REFERENCES document (id),
    at     INTEGER NOT NULL,
    author TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE withdrawn_example;
DROP TABLE sorting_model;
ALTER TABLE decision DROP COLUMN fields;
