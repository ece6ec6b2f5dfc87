-- +goose Up
-- The name of this evidence log: a catalogue that is rebuilt begins another one.
CREATE TABLE log_name (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE log_name;
