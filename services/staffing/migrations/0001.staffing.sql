-- The directory: regions, counties, offices, staff.
-- No foreign keys: rules look the other row up, rows are never deleted, and a foreign key would lock out of order.

CREATE TABLE regions (
    id      text   PRIMARY KEY COLLATE "C",
    version bigint NOT NULL DEFAULT 0,
    head    text   NOT NULL DEFAULT '',
    name    text   NOT NULL
);

CREATE TABLE counties (
    id        text   PRIMARY KEY COLLATE "C" CONSTRAINT counties_fips CHECK (id ~ '^[0-9]{5}$'),
    version   bigint NOT NULL DEFAULT 0,
    head      text   NOT NULL DEFAULT '',
    name      text   NOT NULL,
    region_id text   NOT NULL COLLATE "C"
);

CREATE TABLE offices (
    id           text    PRIMARY KEY COLLATE "C",
    version      bigint  NOT NULL DEFAULT 0,
    head         text    NOT NULL DEFAULT '',
    name         text    NOT NULL,
    county_fips  text    NOT NULL COLLATE "C",
    region_id    text    NOT NULL COLLATE "C",
    zone         text    NOT NULL,
    opens        time    NOT NULL,
    closes       time    NOT NULL,
    active       boolean NOT NULL,
    receptionist boolean NOT NULL,
    settings     jsonb   NOT NULL,
    CONSTRAINT offices_hours CHECK (closes > opens)
);

CREATE TABLE staff (
    id            text    PRIMARY KEY COLLATE "C" CONSTRAINT staff_not_system CHECK (id <> 'system'),
    version       bigint  NOT NULL DEFAULT 0,
    head          text    NOT NULL DEFAULT '',
    name          text    NOT NULL,
    work_email    text    NOT NULL,
    role          text    NOT NULL,
    office_id     text    NOT NULL COLLATE "C",
    positions     jsonb   NOT NULL,
    active        boolean NOT NULL,
    supervisor_id text    COLLATE "C",
    shift_start   time,
    shift_end     time,
    lunch_begin   time,
    lunch_end     time,
    CONSTRAINT staff_not_own_supervisor CHECK (supervisor_id <> id),
    CONSTRAINT staff_shift_in_order CHECK (shift_end > shift_start),
    CONSTRAINT staff_lunch_in_order CHECK (lunch_end > lunch_begin),
    CONSTRAINT staff_lunch_in_shift CHECK (lunch_begin >= shift_start AND lunch_end <= shift_end)
);
CREATE INDEX staff_of_office ON staff (office_id);
