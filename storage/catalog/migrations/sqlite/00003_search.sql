-- +goose Up
CREATE TABLE page_text (
    doc  INTEGER NOT NULL REFERENCES document (n),
    page INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (doc, page)
) STRICT, WITHOUT ROWID;

-- The rowid is 256 * document.n + part. Tokens are made in Go; the tokenizer
-- only splits at blanks, as every byte over 127 is part of a token.
CREATE VIRTUAL TABLE search_index USING fts5 (
    tokens, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);

CREATE TABLE vocabulary (
    word   TEXT PRIMARY KEY,
    stem   TEXT NOT NULL,
    rstem  TEXT NOT NULL,
    bones  TEXT NOT NULL,
    rbones TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX vocabulary_stem ON vocabulary (stem);
CREATE INDEX vocabulary_rstem ON vocabulary (rstem, stem);
CREATE INDEX vocabulary_bones ON vocabulary (bones);
CREATE INDEX vocabulary_rbones ON vocabulary (rbones);

-- +goose Down
DROP TABLE vocabulary;
DROP TABLE search_index;
DROP TABLE page_text;
