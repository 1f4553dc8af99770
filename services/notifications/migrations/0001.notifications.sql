-- Alerts, what is known of the visits they are about, and the directory as staffing last told it.

CREATE TABLE alerts (
    id              uuid        PRIMARY KEY,
    version         bigint      NOT NULL DEFAULT 0,
    head            text        NOT NULL DEFAULT '',
    rule            text        NOT NULL,
    severity        text        NOT NULL,
    office_id       text        NOT NULL COLLATE "C",
    subject_type    text        NOT NULL,
    subject_id      text        NOT NULL,
    dedupe_key      text        NOT NULL CONSTRAINT alerts_one_per_dedupe_key UNIQUE,
    recipients      jsonb       NOT NULL,
    text            text        NOT NULL,
    raised_at       timestamptz NOT NULL,
    status          text        NOT NULL
                    CONSTRAINT alerts_status CHECK (status IN ('raised', 'delivered', 'acknowledged', 'resolved')),
    delivered       jsonb       NOT NULL,
    acknowledged_by text,
    acknowledged_at timestamptz,
    resolved_at     timestamptz,
    cause           text,
    CONSTRAINT alerts_resolved_whole CHECK ((status = 'resolved') = (resolved_at IS NOT NULL AND cause IS NOT NULL)),
    CONSTRAINT alerts_acknowledged_whole CHECK ((acknowledged_by IS NULL) = (acknowledged_at IS NULL))
);

-- A guard: how far the visit of a request is known to have come.
CREATE TABLE watches (
    id          uuid        PRIMARY KEY,
    version     bigint      NOT NULL DEFAULT 0,
    head        text        NOT NULL DEFAULT '',
    begun_until timestamptz,
    ended_until timestamptz
);

CREATE TABLE offices (
    id           text    PRIMARY KEY COLLATE "C",
    version      bigint  NOT NULL DEFAULT 0,
    head         text    NOT NULL DEFAULT '',
    name         text    NOT NULL,
    county_fips  text    NOT NULL,
    region_id    text    NOT NULL,
    zone         text    NOT NULL,
    opens        time    NOT NULL,
    closes       time    NOT NULL,
    active       boolean NOT NULL,
    receptionist boolean NOT NULL,
    settings     jsonb   NOT NULL
);

CREATE TABLE staff (
    id            text    PRIMARY KEY COLLATE "C",
    version       bigint  NOT NULL DEFAULT 0,
    head          text    NOT NULL DEFAULT '',
    name          text    NOT NULL,
    work_email    text    NOT NULL,
    role          text    NOT NULL,
    office_id     text    NOT NULL COLLATE "C",
    positions     jsonb   NOT NULL,
    active        boolean NOT NULL,
    supervisor_id text,
    shift_start   time,
    shift_end     time,
    lunch_begin   time,
    lunch_end     time
);
CREATE INDEX staff_of_office ON staff (office_id);
