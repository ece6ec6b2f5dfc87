-- +goose Up
CREATE TABLE page_text (
    doc  BIGINT NOT NULL REFERENCES document (n),
    page BIGINT NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (doc, page)
);

-- Tokens are made in Go and stored as they are. A long document takes several
-- parts, as a tsvector may not exceed 1 MiB.
CREATE TABLE search_index (
    doc    BIGINT NOT NULL REFERENCES document (n),
    part   BIGINT NOT NULL,
    tokens TSVECTOR NOT NULL,
    PRIMARY KEY (doc, part)
);
CREATE INDEX search_index_tokens ON search_index USING gin (tokens) WITH (gin_pending_list_limit = 1024);

CREATE TABLE vocabulary (
    word   TEXT COLLATE "C" PRIMARY KEY,
    stem   TEXT COLLATE "C" NOT NULL,
    rstem  TEXT COLLATE "C" NOT NULL,
    bones  TEXT COLLATE "C" NOT NULL,
    rbones TEXT COLLATE "C" NOT NULL
);
CREATE INDEX vocabulary_stem ON vocabulary (stem);
CREATE INDEX vocabulary_rstem ON vocabulary (rstem, stem);
CREATE INDEX vocabulary_bones ON vocabulary (bones);
CREATE INDEX vocabulary_rbones ON vocabulary (rbones);

-- +goose Down
DROP TABLE vocabulary;
DROP TABLE search_index;
DROP TABLE page_text;
