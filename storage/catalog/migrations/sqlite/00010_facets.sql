-- +goose Up
-- What results are narrowed and counted by, in a table so narrow that ten
-- thousand rows of it are read in the time that ten documents take. Triggers keep
-- its columns equal to the document's, whoever changes that; sender and
-- reference are written with the search index.
CREATE TABLE facet (
    n          INTEGER PRIMARY KEY REFERENCES document (n),
    received   INTEGER NOT NULL,
    state      TEXT NOT NULL,
    step       TEXT NOT NULL,
    department TEXT NOT NULL,
    doctype    TEXT NOT NULL,
    sender     TEXT NOT NULL DEFAULT '',
    reference  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX facet_sender ON facet (sender) WHERE sender <> '';
CREATE INDEX facet_reference ON facet (reference) WHERE reference <> '';
INSERT INTO facet (n, received, state, step, department, doctype)
    SELECT n, received, state, step, department, doctype FROM document;
-- +goose StatementBegin
CREATE TRIGGER facet_new AFTER INSERT ON document BEGIN
    INSERT INTO facet (n, received, state, step, department, doctype)
    VALUES (new.n, new.received, new.state, new.step, new.department, new.doctype);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER facet_changed AFTER UPDATE OF received, state, step, department, doctype ON document BEGIN
    UPDATE facet SET received = new.received, state = new.state, step = new.step, department = new.department, doctype = new.doctype
    WHERE n = new.n;
END;
-- +goose StatementEnd

-- The words of a document in order, as numbers, for ranking and phrases.
CREATE TABLE search_terms (
    doc   INTEGER PRIMARY KEY REFERENCES document (n),
    terms BLOB NOT NULL
) STRICT;

-- +goose Down
DROP TABLE search_terms;
DROP TRIGGER facet_changed;
DROP TRIGGER facet_new;
DROP TABLE facet;
