-- +goose Up
-- When a letter came to where it is: filed, archived, handed on. Saved searches
-- tell by it what is new.
ALTER TABLE facet ADD COLUMN arrived BIGINT NOT NULL DEFAULT 0;
UPDATE facet SET arrived = received;
CREATE INDEX facet_arrived ON facet (arrived);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION facet_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO facet (n, received, state, step, department, doctype, arrived)
        VALUES (new.n, new.received, new.state, new.step, new.department, new.doctype, new.changed);
    ELSE
        UPDATE facet SET received = new.received, state = new.state, step = new.step,
            department = new.department, doctype = new.doctype,
            arrived = CASE WHEN old.state <> new.state OR old.department <> new.department THEN new.changed ELSE arrived END
        WHERE n = new.n;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- What people did with a letter after it came to their desk, each a fact that can
-- be taken back. Notes are words of colleagues: they stand here and not in the
-- evidence.
CREATE TABLE deed (
    id         TEXT COLLATE "C" PRIMARY KEY,
    doc        TEXT COLLATE "C" NOT NULL REFERENCES document (id),
    at         BIGINT NOT NULL,
    author     TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL CHECK (kind IN ('assign', 'note', 'due', 'done', 'reopen', 'hand-on')),
    assignee   TEXT COLLATE "C" NOT NULL,
    department TEXT COLLATE "C" NOT NULL,
    due        BIGINT NOT NULL,
    note       TEXT COLLATE "C" NOT NULL,
    was        TEXT COLLATE "C" NOT NULL,
    undone     BIGINT NOT NULL,
    undone_by  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX deed_doc ON deed (doc, id);

-- Where the work on a letter stands, as its deeds made it; none: untouched.
CREATE TABLE task (
    doc      TEXT COLLATE "C" PRIMARY KEY REFERENCES document (id),
    assignee TEXT COLLATE "C" NOT NULL,
    due      BIGINT NOT NULL,
    done     BIGINT NOT NULL
);
CREATE INDEX task_assignee ON task (assignee) WHERE assignee <> '' AND done = 0;
CREATE INDEX task_due ON task (due) WHERE due <> 0 AND done = 0;

CREATE TABLE saved_search (
    id      TEXT COLLATE "C" PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL,
    name    TEXT COLLATE "C" NOT NULL,
    query   TEXT COLLATE "C" NOT NULL,
    seen    BIGINT NOT NULL
);
CREATE INDEX saved_search_account ON saved_search (account, id);

-- +goose Down
DROP TABLE saved_search;
DROP TABLE task;
DROP TABLE deed;
DROP INDEX facet_arrived;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION facet_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO facet (n, received, state, step, department, doctype)
    VALUES (new.n, new.received, new.state, new.step, new.department, new.doctype)
    ON CONFLICT (n) DO UPDATE SET received = new.received, state = new.state, step = new.step,
        department = new.department, doctype = new.doctype;
    RETURN NULL;
END $$;
-- +goose StatementEnd
ALTER TABLE facet DROP COLUMN arrived;
