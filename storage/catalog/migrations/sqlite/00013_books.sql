-- +goose Up
-- The ledger gets a position, so that a report can say how far it had read. The
-- position is the rowid: entries are never deleted, so it only grows.
CREATE TABLE ledger_new (
    n          INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    doc        TEXT NOT NULL,
    department TEXT NOT NULL,
    doctype    TEXT NOT NULL,
    at         INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT;
INSERT INTO ledger_new (id, doc, department, doctype, at, body)
    SELECT id, doc, department, doctype, at, body FROM ledger ORDER BY at, id;
DROP TABLE ledger;
ALTER TABLE ledger_new RENAME TO ledger;
CREATE INDEX ledger_at ON ledger (at, id);

-- What people told the books: only ever added to.
CREATE TABLE books_fact (
    n    INTEGER PRIMARY KEY AUTOINCREMENT,
    at   INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- Reports as they were given out.
CREATE TABLE books_report (
    id     TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    author TEXT NOT NULL,
    title  TEXT NOT NULL,
    digest TEXT NOT NULL,
    seed   TEXT NOT NULL,
    body   TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE books_report;
DROP TABLE books_fact;
CREATE TABLE ledger_old (
    id         TEXT PRIMARY KEY,
    doc        TEXT NOT NULL,
    department TEXT NOT NULL,
    doctype    TEXT NOT NULL,
    at         INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT;
INSERT INTO ledger_old SELECT id, doc, department, doctype, at, body FROM ledger;
DROP TABLE ledger;
ALTER TABLE ledger_old RENAME TO ledger;
CREATE INDEX ledger_at ON ledger (at, id);
