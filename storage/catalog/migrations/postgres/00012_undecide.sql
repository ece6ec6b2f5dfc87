-- +goose Up
-- What a document was before a decision, so that the decision can be taken back
-- while the document has not gone on; '' where it cannot.
ALTER TABLE decision ADD COLUMN was TEXT COLLATE "C" NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE decision DROP COLUMN was;
