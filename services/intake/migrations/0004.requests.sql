-- Requests to their end: what is known of each type, signatures, closing and reopening, merit calls, reasons as data.

ALTER TABLE requests
    DROP CONSTRAINT requests_status,
    ADD CONSTRAINT requests_status CHECK (status IN ('open', 'assigned', 'closed', 'reopened')),
    ADD COLUMN programs      jsonb   NOT NULL DEFAULT '[]',
    ADD COLUMN document_type text,
    ADD COLUMN postmark      date,
    ADD COLUMN case_ref      text,
    ADD COLUMN vendor        text,
    ADD COLUMN subject       text,
    ADD COLUMN signature     text
        CONSTRAINT requests_signature CHECK (signature IN ('awaiting_signature', 'signed', 'returned')),
    ADD COLUMN merit_calls   integer NOT NULL DEFAULT 0 CONSTRAINT requests_merit_calls CHECK (merit_calls >= 0),
    ADD COLUMN disposition   text,
    ADD COLUMN change_reason text,
    ADD COLUMN reopen_reason text;

UPDATE requests SET signature = 'awaiting_signature' WHERE unsigned;

ALTER TABLE requests
    ADD CONSTRAINT requests_closed_with_a_result CHECK ((status = 'closed') = (disposition IS NOT NULL)),
    ADD CONSTRAINT requests_unsigned_stay_open CHECK (status <> 'closed' OR signature IS DISTINCT FROM 'awaiting_signature');

CREATE TABLE merit_calls (
    id         uuid        PRIMARY KEY,
    version    bigint      NOT NULL DEFAULT 0,
    head       text        NOT NULL DEFAULT '',
    request_id uuid        NOT NULL,
    office_id  text        NOT NULL COLLATE "C",
    at         timestamptz NOT NULL,
    logged_by  text        NOT NULL,
    note       text
);
CREATE INDEX merit_calls_of_request ON merit_calls (request_id, at);

CREATE TABLE reasons (
    id           text    PRIMARY KEY COLLATE "C",
    version      bigint  NOT NULL DEFAULT 0,
    head         text    NOT NULL DEFAULT '',
    label        text    NOT NULL,
    nvra_covered boolean NOT NULL,
    active       boolean NOT NULL
);

-- What people come for from the first day. Central Office adds to it and changes it.
INSERT INTO reasons (id, label, nvra_covered, active) VALUES
    ('apply',                 'Apply for benefits',       true,  true),
    ('review',                'Complete a review',        true,  true),
    ('change_of_address',     'Report a change of address', true, true),
    ('register_to_vote_only', 'Register to vote only',    true,  true),
    ('drop_documents',        'Drop off documents',       false, true),
    ('ebt_card',              'EBT card',                 false, true),
    ('interview',             'Interview',                false, true),
    ('other',                 'Other',                    false, true);
