-- +goose Up
-- Letters of a year are found without looking at those of all years.
CREATE INDEX facet_received ON facet (received, n);

-- Counting within rights reads an index alone.
DROP INDEX document_counts;
CREATE INDEX document_counts ON document (state, step, department, duplicates, received);

-- +goose Down
DROP INDEX document_counts;
CREATE INDEX document_counts ON document (state, step, department, duplicates);
DROP INDEX facet_received;
