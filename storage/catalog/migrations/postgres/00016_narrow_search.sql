-- +goose Up
-- Tokens are needed to make their index, never again. Kept apart from the row
-- (fresh values, as only those are moved), a search reads a thousandth of what it
-- read to find the documents behind the index.
ALTER TABLE search_index RENAME TO search_index_wide;
ALTER TABLE search_index_wide RENAME CONSTRAINT search_index_pkey TO search_index_wide_pkey;
CREATE TABLE search_index (
    doc    BIGINT NOT NULL REFERENCES document (n),
    part   BIGINT NOT NULL,
    tokens TSVECTOR NOT NULL,
    PRIMARY KEY (doc, part)
) WITH (toast_tuple_target = 128);
INSERT INTO search_index (doc, part, tokens)
    SELECT doc, part, tokens || CAST('' AS tsvector) FROM search_index_wide ORDER BY doc, part;
DROP TABLE search_index_wide;
CREATE INDEX search_index_tokens ON search_index USING gin (tokens) WITH (gin_pending_list_limit = 1024);
CREATE INDEX search_index_long ON search_index (doc) WHERE part > 0;

-- Rights and filters by department take a hundredth of the facets.
CREATE INDEX facet_department ON facet (department, n);

-- +goose Down
DROP INDEX facet_department;
ALTER TABLE search_index RESET (toast_tuple_target);
