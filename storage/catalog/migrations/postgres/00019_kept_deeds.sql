-- +goose Up
-- Whether the archive was told of a deed. All are told again once: that changes
-- nothing where it was.
ALTER TABLE deed ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deed_at ON deed (at, id);
CREATE INDEX deed_unkept ON deed (at, id) WHERE kept = 0;

-- +goose Down
DROP INDEX deed_unkept;
DROP INDEX deed_at;
ALTER TABLE deed DROP COLUMN kept;
