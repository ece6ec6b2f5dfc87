-- +goose Up
-- When a letter came to where it is: filed, archived, handed on. Saved searches
-- tell by it what is new.
ALTER TABLE facet ADD COLUMN arrived INTEGER NOT NULL DEFAULT 0;
UPDATE facet SET arrived = received;
CREATE INDEX facet_arrived ON facet (arrived);
DROP TRIGGER facet_new;
DROP TRIGGER facet_changed;
-- +goose StatementBegin
CREATE TRIGGER facet_new AFTER INSERT ON document BEGIN
    INSERT INTO facet (n, received, state, step, department, doctype, arrived)
    VALUES (new.n, new.received, new.state, new.step, new.department, new.doctype, new.changed);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER facet_changed AFTER UPDATE OF received, state, step, department, doctype ON document BEGIN
    UPDATE facet SET received = new.received, state = new.state, step = new.step, department = new.department, doctype = new.doctype,
        arrived = CASE WHEN old.state <> new.state OR old.department <> new.department THEN new.changed ELSE arrived END
    WHERE n = new.n;
END;
-- +goose StatementEnd

-- What people did with a letter after it came to their desk, each a fact that can
-- be taken back. Notes are words of colleagues: they stand here and not in the
-- evidence.
CREATE TABLE deed (
    id         TEXT PRIMARY KEY,
    doc        TEXT NOT NULL REFERENCES document (id),
    at         INTEGER NOT NULL,
    author     TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('assign', 'note', 'due', 'done', 'reopen', 'hand-on')),
    assignee   TEXT NOT NULL,
    department TEXT NOT NULL,
    due        INTEGER NOT NULL,
    note       TEXT NOT NULL,
    was        TEXT NOT NULL,
    undone     INTEGER NOT NULL,
    undone_by  TEXT NOT NULL
) STRICT;
CREATE INDEX deed_doc ON deed (doc, id);

-- Where the work on a letter stands, as its deeds made it; none: untouched.
CREATE TABLE task (
    doc      TEXT PRIMARY KEY REFERENCES document (id),
    assignee TEXT NOT NULL,
    due      INTEGER NOT NULL,
    done     INTEGER NOT NULL
) STRICT;
CREATE INDEX task_assignee ON task (assignee) WHERE assignee <> '' AND done = 0;
CREATE INDEX task_due ON task (due) WHERE due <> 0 AND done = 0;

CREATE TABLE saved_search (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    name    TEXT NOT NULL,
    query   TEXT NOT NULL,
    seen    INTEGER NOT NULL
) STRICT;
CREATE INDEX saved_search_account ON saved_search (account, id);

-- +goose Down
DROP TABLE saved_search;
DROP TABLE task;
DROP TABLE deed;
DROP TRIGGER facet_changed;
DROP TRIGGER facet_new;
DROP INDEX facet_arrived;
ALTER TABLE facet DROP COLUMN arrived;
