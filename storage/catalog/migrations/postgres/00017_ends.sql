-- +goose Up
-- Words that end compounds were sought by each of the compounds, up to 200. Now
-- the index holds the ends of stems, written backwards: Grundsteuer has the stem
-- grundsteu and gets the token ruetsdn, of which steu (backwards uets) is the
-- begin. The first three letters are left out, as shorter rests make no compound.
ALTER TABLE search_index RENAME TO search_index_endless;
ALTER TABLE search_index_endless RENAME CONSTRAINT search_index_pkey TO search_index_endless_pkey;
CREATE TABLE search_index (
    doc    BIGINT NOT NULL REFERENCES document (n),
    part   BIGINT NOT NULL,
    tokens TSVECTOR NOT NULL,
    PRIMARY KEY (doc, part)
) WITH (toast_tuple_target = 128);
INSERT INTO search_index (doc, part, tokens)
    SELECT doc, part, tokens || array_to_tsvector(ARRAY(
        SELECT DISTINCT 'r' || reverse(substr(lexeme, 5)) FROM unnest(tokens) WHERE lexeme LIKE 's%' AND length(lexeme) >= 9))
    FROM search_index_endless ORDER BY doc, part;
DROP TABLE search_index_endless;
CREATE INDEX search_index_tokens ON search_index USING gin (tokens) WITH (gin_pending_list_limit = 1024);
CREATE INDEX search_index_long ON search_index (doc) WHERE part > 0;

-- Letters of a year are found without looking at those of all years.
CREATE INDEX facet_received ON facet (received, n);

-- Counting within rights reads an index alone.
DROP INDEX document_counts;
CREATE INDEX document_counts ON document (state, step, department, duplicates, received);

-- +goose Down
DROP INDEX document_counts;
CREATE INDEX document_counts ON document (state, step, department, duplicates);
DROP INDEX facet_received;
