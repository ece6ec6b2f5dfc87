-- +goose Up
-- What people did with the pages of a delivery, with what was before, so that it
-- can be undone. undone is when that happened, 0 if it did not.
CREATE TABLE arrangement (
    id       TEXT PRIMARY KEY,
    delivery TEXT NOT NULL REFERENCES delivery (id),
    at       INTEGER NOT NULL,
    author   TEXT NOT NULL,
    undone   INTEGER NOT NULL,
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX arrangement_delivery ON arrangement (delivery, at);
CREATE INDEX document_delivery ON document (delivery);

-- +goose Down
DROP INDEX document_delivery;
DROP TABLE arrangement;
