-- What else staffing tells: regions, counties, calendars, voter registration office data, who is available.

ALTER TABLE offices ADD COLUMN election_authority text, ADD COLUMN local_coordinator text COLLATE "C";

CREATE TABLE regions (
    id      text   PRIMARY KEY COLLATE "C",
    version bigint NOT NULL DEFAULT 0,
    head    text   NOT NULL DEFAULT '',
    name    text   NOT NULL
);

CREATE TABLE counties (
    id        text   PRIMARY KEY COLLATE "C",
    version   bigint NOT NULL DEFAULT 0,
    head      text   NOT NULL DEFAULT '',
    name      text   NOT NULL,
    region_id text   NOT NULL COLLATE "C"
);

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
