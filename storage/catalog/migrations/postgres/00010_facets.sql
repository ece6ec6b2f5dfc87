-- +goose Up
-- What results are narrowed and counted by, in a table so narrow that ten
-- thousand rows of it are read in the time that ten documents take. A trigger
-- keeps its columns equal to the document's, whoever changes that; sender and
-- reference are written with the search index.
CREATE TABLE facet (
    n          BIGINT PRIMARY KEY REFERENCES document (n),
    received   BIGINT NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    step       TEXT COLLATE "C" NOT NULL,
    department TEXT COLLATE "C" NOT NULL,
    doctype    TEXT COLLATE "C" NOT NULL,
    sender     TEXT COLLATE "C" NOT NULL DEFAULT '',
    reference  TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX facet_sender ON facet (sender) WHERE sender <> '';
CREATE INDEX facet_reference ON facet (reference) WHERE reference <> '';
INSERT INTO facet (n, received, state, step, department, doctype)
    SELECT n, received, state, step, department, doctype FROM document;
-- +goose StatementBegin
CREATE FUNCTION facet_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO facet (n, received, state, step, department, doctype)
    VALUES (new.n, new.received, new.state, new.step, new.department, new.doctype)
    ON CONFLICT (n) DO UPDATE SET received = new.received, state = new.state, step = new.step,
        department = new.department, doctype = new.doctype;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER facet_new AFTER INSERT ON document FOR EACH ROW EXECUTE FUNCTION facet_follow();
CREATE TRIGGER facet_changed AFTER UPDATE OF received, state, step, department, doctype ON document
    FOR EACH ROW EXECUTE FUNCTION facet_follow();

-- The words of a document in order, as numbers, for ranking and phrases.
CREATE TABLE search_terms (
    doc   BIGINT PRIMARY KEY REFERENCES document (n),
    terms BYTEA NOT NULL
);
ALTER TABLE search_terms ALTER COLUMN terms SET STORAGE EXTERNAL;
CREATE INDEX search_index_long ON search_index (doc) WHERE part > 0;

-- +goose Down
DROP INDEX search_index_long;
DROP TABLE search_terms;
DROP TRIGGER facet_changed ON document;
DROP TRIGGER facet_new ON document;
DROP FUNCTION facet_follow();
DROP TABLE facet;
