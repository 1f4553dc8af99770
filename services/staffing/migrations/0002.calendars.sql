-- Calendars, voter registration office data, availability.

ALTER TABLE offices ADD COLUMN election_authority text, ADD COLUMN local_coordinator text COLLATE "C";

CREATE TABLE holidays (
    id      text    PRIMARY KEY COLLATE "C" CONSTRAINT holidays_date CHECK (id ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    version bigint  NOT NULL DEFAULT 0,
    head    text    NOT NULL DEFAULT '',
    name    text,
    closed  boolean NOT NULL,
    offices jsonb   NOT NULL
);

CREATE TABLE election_deadlines (
    id                    text   PRIMARY KEY COLLATE "C"
                                 CONSTRAINT election_deadlines_date CHECK (id ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    version               bigint NOT NULL DEFAULT 0,
    head                  text   NOT NULL DEFAULT '',
    registration_deadline date,
    counties              jsonb  NOT NULL
);

CREATE TABLE availabilities (
    id        text    PRIMARY KEY COLLATE "C",
    version   bigint  NOT NULL DEFAULT 0,
    head      text    NOT NULL DEFAULT '',
    available boolean NOT NULL,
    comment   text
);

-- A guard: one local coordinator per office and one of the state, decided over all staff at once.
CREATE TABLE coordinators (
    id       text   PRIMARY KEY COLLATE "C",
    version  bigint NOT NULL DEFAULT 0,
    head     text   NOT NULL DEFAULT '',
    state    text,
    by_place jsonb  NOT NULL,
    named    jsonb  NOT NULL
);
INSERT INTO coordinators (id, state, by_place, named)
SELECT 'missouri',
       (SELECT min(id) FROM staff WHERE active AND positions @> '["state_nvra_coordinator"]'),
       (SELECT coalesce(jsonb_agg(jsonb_build_object('office_id', office_id, 'staff_id', staff_id) ORDER BY office_id), '[]')
        FROM (SELECT office_id, min(id) AS staff_id FROM staff
              WHERE active AND positions @> '["local_nvra_coordinator"]' GROUP BY office_id) AS local),
       '[]';
