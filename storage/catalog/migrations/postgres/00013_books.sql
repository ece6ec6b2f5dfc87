-- +goose Up
-- The ledger gets a position, so that a report can say how far it had read.
ALTER TABLE ledger ADD COLUMN n BIGINT;
UPDATE ledger SET n = o.n FROM (SELECT id, row_number() OVER (ORDER BY at, id) AS n FROM ledger) o WHERE o.id = ledger.id;
ALTER TABLE ledger ALTER COLUMN n SET NOT NULL;
ALTER TABLE ledger ALTER COLUMN n ADD GENERATED ALWAYS AS IDENTITY;
SELECT setval(pg_get_serial_sequence('ledger', 'n'), coalesce((SELECT max(n) FROM ledger), 0) + 1, false);
CREATE UNIQUE INDEX ledger_n ON ledger (n);

-- What people told the books: only ever added to.
CREATE TABLE books_fact (
    n    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at   BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL
);

-- Reports as they were given out.
CREATE TABLE books_report (
    id     TEXT COLLATE "C" PRIMARY KEY,
    at     BIGINT NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    title  TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    seed   TEXT COLLATE "C" NOT NULL,
    body   TEXT COLLATE "C" NOT NULL
);

-- +goose Down
DROP TABLE books_report;
DROP TABLE books_fact;
DROP INDEX ledger_n;
ALTER TABLE ledger DROP COLUMN n;
