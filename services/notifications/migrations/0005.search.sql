-- What a search of alerts asks for, and the places it can be narrowed to.

CREATE INDEX alerts_of_office ON alerts (office_id, raised_at, id);
CREATE INDEX alerts_of_subject ON alerts (subject_id);

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
