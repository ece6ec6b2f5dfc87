-- +goose Up
-- Times are milliseconds since 1970, 0 is "never". Texts are never NULL: '' is "none".
CREATE TABLE delivery (
    id           TEXT PRIMARY KEY,
    digest       TEXT NOT NULL,
    duplicate_of TEXT NOT NULL,
    received     INTEGER NOT NULL,
    body         TEXT NOT NULL
) STRICT;
CREATE INDEX delivery_duplicate ON delivery (duplicate_of) WHERE duplicate_of <> '';

CREATE TABLE document (
    n           INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    delivery    TEXT NOT NULL REFERENCES delivery (id),
    journal     TEXT NOT NULL,
    year        INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    original    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('working', 'waiting', 'archived', 'refused')),
    step        TEXT NOT NULL,
    gen         INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    crashes     INTEGER NOT NULL,
    owner       TEXT NOT NULL,
    fence       INTEGER NOT NULL,
    lease       INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    pages       INTEGER NOT NULL,
    department  TEXT NOT NULL,
    doctype     TEXT NOT NULL,
    duplicates  INTEGER NOT NULL,
    fault       TEXT NOT NULL,
    received    INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    archived    INTEGER NOT NULL,
    body        TEXT NOT NULL
) STRICT;
CREATE INDEX document_original ON document (original);
CREATE INDEX document_journal ON document (year, number);
CREATE INDEX document_due ON document (due, id) WHERE state = 'working';
CREATE INDEX document_owner ON document (owner) WHERE owner <> '';
CREATE INDEX document_newest ON document (received DESC, id DESC);
CREATE INDEX document_state ON document (state, received DESC, id DESC);
CREATE INDEX document_counts ON document (state, step, department, duplicates);
CREATE INDEX document_department ON document (department, received DESC, id DESC);

CREATE TABLE journal (
    year INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE decision (
    doc        TEXT NOT NULL REFERENCES document (id),
    gen        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    author     TEXT NOT NULL,
    department TEXT NOT NULL,
    doctype    TEXT NOT NULL,
    note       TEXT NOT NULL,
    PRIMARY KEY (doc, gen)
) STRICT;

CREATE TABLE ledger (
    id         TEXT PRIMARY KEY,
    doc        TEXT NOT NULL,
    department TEXT NOT NULL,
    doctype    TEXT NOT NULL,
    at         INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_at ON ledger (at, id);

-- +goose Down
DROP TABLE ledger;
DROP TABLE decision;
DROP TABLE journal;
DROP TABLE document;
DROP TABLE delivery;
