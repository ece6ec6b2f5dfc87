-- +goose Up
-- What people did with the pages of a delivery, with what was before, so that it
-- can be undone. undone is when that happened, 0 if it did not.
CREATE TABLE arrangement (
    id       TEXT COLLATE "C" PRIMARY KEY,
    delivery TEXT COLLATE "C" NOT NULL REFERENCES delivery (id),
    at       BIGINT NOT NULL,
    author   TEXT COLLATE "C" NOT NULL,
    undone   BIGINT NOT NULL,
    body     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX arrangement_delivery ON arrangement (delivery, at);
CREATE INDEX document_delivery ON document (delivery);

-- +goose Down
DROP INDEX document_delivery;
DROP TABLE arrangement;
