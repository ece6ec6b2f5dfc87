-- +goose Up
-- What a person said about fields, beside the type: JSON, '' is nothing.
ALTER TABLE decision ADD COLUMN fields TEXT COLLATE "C" NOT NULL DEFAULT '';

-- The model that sorts letters: one row, the newest. Older ones are gone, so that
-- what was learned from a letter can be unlearned.
CREATE TABLE sorting_model (
    one       BIGINT PRIMARY KEY CHECK (one = 1),
    version   TEXT COLLATE "C" NOT NULL,
    digest    TEXT COLLATE "C" NOT NULL,
    size      BIGINT NOT NULL,
    made      BIGINT NOT NULL,
    decisions BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    basis     TEXT COLLATE "C" NOT NULL
);

-- Letters that nothing may be learned from.
CREATE TABLE withdrawn_example (
    doc    TEXT COLLATE "C" PRIMARY KEY REFERENCES document (id),
    at     BIGINT NOT NULL,
    author TEXT COLLATE "C" NOT NULL
);

-- +goose Down
DROP TABLE withdrawn_example;
DROP TABLE sorting_model;
ALTER TABLE decision DROP COLUMN fields;
