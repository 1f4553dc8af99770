-- Requests with their visits, the lobby of every office, and the directory as staffing last told it.

CREATE TABLE requests (
    id                    uuid        PRIMARY KEY,
    version               bigint      NOT NULL DEFAULT 0,
    head                  text        NOT NULL DEFAULT '',
    request_type          text        NOT NULL,
    office_id             text        NOT NULL COLLATE "C",
    channel               text        NOT NULL,
    reasons               jsonb       NOT NULL CONSTRAINT requests_have_a_reason CHECK (jsonb_array_length(reasons) > 0),
    anonymous             boolean     NOT NULL,
    priority              integer     NOT NULL,
    nvra_covered          boolean     NOT NULL,
    received_at           timestamptz NOT NULL,
    created_by            text        NOT NULL,
    client                jsonb,
    county_fips           text,
    unsigned              boolean     NOT NULL,
    interpreter_language  text,
    companions            jsonb       NOT NULL,
    representative        jsonb,
    comments              text,
    status                text        NOT NULL CONSTRAINT requests_status CHECK (status IN ('open', 'assigned')),
    interviewer           text,
    caseworker            text,
    visit_status          text        CONSTRAINT requests_visit_status
                                      CHECK (visit_status IN ('waiting', 'serving', 'served', 'left')),
    ticket                integer     CONSTRAINT requests_ticket CHECK (ticket >= 1),
    ticket_day            date,
    people_ahead_told     integer,
    estimate_told_minutes integer,
    arrived_at            timestamptz,
    time_in               timestamptz,
    time_out              timestamptz,
    accurate              boolean     NOT NULL,
    correction_reason     text,
    left_at               timestamptz,
    left_stage            text,
    left_reason           text,
    CONSTRAINT requests_anonymous_or_named CHECK (NOT (anonymous AND client IS NOT NULL)),
    CONSTRAINT requests_visit_whole CHECK (
        num_nulls(visit_status, ticket, ticket_day, people_ahead_told, estimate_told_minutes, arrived_at) IN (0, 6)
    ),
    CONSTRAINT requests_visit_of_a_walk_in CHECK (visit_status IS NULL OR request_type = 'walk_in'),
    CONSTRAINT requests_in_after_arrival CHECK (time_in >= arrived_at),
    CONSTRAINT requests_out_after_in CHECK (time_out >= time_in),
    CONSTRAINT requests_out_needs_in CHECK (time_out IS NULL OR time_in IS NOT NULL),
    CONSTRAINT requests_one_ticket UNIQUE (office_id, ticket_day, ticket)
) WITH (fillfactor = 80);

-- A guard: what all open visits of an office share.
CREATE TABLE lobbies (
    id            text   PRIMARY KEY COLLATE "C",
    version       bigint NOT NULL DEFAULT 0,
    head          text   NOT NULL DEFAULT '',
    ticket_days   jsonb  NOT NULL,
    waiting       jsonb  NOT NULL,
    serving       jsonb  NOT NULL,
    service_times jsonb  NOT NULL CONSTRAINT lobbies_service_times CHECK (jsonb_array_length(service_times) <= 20)
) WITH (fillfactor = 50);

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
