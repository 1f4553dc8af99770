-- The chassis' own tables, in every service's database.

-- Ids seen: one row per message and sender, partitioned by the midnight bounds of uuid7.
CREATE TABLE inbox (
    id        uuid     NOT NULL,
    sender    text     NOT NULL COLLATE "C",
    topic     text     NOT NULL,
    partition integer  NOT NULL,
    position  bigint   NOT NULL,
    hash      bytea    NOT NULL,
    state     text     NOT NULL CONSTRAINT inbox_state CHECK (state IN ('done', 'parked', 'waiting')),
    receipt   text,
    at        timestamptz NOT NULL,
    PRIMARY KEY (id, sender)
) PARTITION BY RANGE (id);

-- Facts and receipts on their way to Kafka; deleted once acknowledged. Names as an outbox router reads them.
CREATE TABLE outbox (
    id          bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket      smallint NOT NULL,
    topic       text     NOT NULL,
    aggregateid text     NOT NULL,
    headers     text     NOT NULL,
    payload     text     NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- What happened, one row per published fact, hashed along its aggregate.
CREATE TABLE journal (
    aggregate    text    NOT NULL COLLATE "C",
    aggregate_id text    NOT NULL COLLATE "C",
    sequence     bigint  NOT NULL,
    fact_id      uuid    NOT NULL,
    type         text    NOT NULL,
    body         text    NOT NULL,
    actor        text    NOT NULL,
    cause        uuid    NOT NULL,
    at           timestamptz NOT NULL,
    hash         text    NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (recorded_at);

-- A lane (topic and key) whose first message could not be handled; whoever appends to it, runs it or
-- deletes from it locks its row first.
CREATE TABLE lanes (
    lane        text PRIMARY KEY COLLATE "C",
    state       text        NOT NULL CONSTRAINT lanes_state CHECK (state IN ('retrying', 'quarantined')),
    type        text        NOT NULL,
    fingerprint text        NOT NULL,
    waits_for   text,
    attempts    integer     NOT NULL DEFAULT 0,
    since       timestamptz NOT NULL DEFAULT now(),
    next_try_at timestamptz NOT NULL
);
CREATE INDEX lanes_next ON lanes (next_try_at) WHERE state = 'retrying';

-- Its messages, in their order: the first one parked, the others waiting behind it.
CREATE TABLE parked (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lane       text   NOT NULL COLLATE "C" REFERENCES lanes (lane),
    message_id uuid,
    sender     text   NOT NULL,
    type       text   NOT NULL,
    message    bytea  NOT NULL,
    now        timestamptz NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX parked_lane ON parked (lane, id);

-- Bytes of records nobody could read, kept seven days.
CREATE TABLE unreadable (
    topic     text    NOT NULL,
    partition integer NOT NULL,
    position  bigint  NOT NULL,
    sha256    bytea   NOT NULL,
    reason    text    NOT NULL,
    key       bytea,
    headers   bytea   NOT NULL,
    value     bytea,
    at        timestamptz NOT NULL,
    appended_at timestamptz NOT NULL,
    resent_at timestamptz,
    PRIMARY KEY (topic, partition, position)
);

-- Clocks.
CREATE SEQUENCE timer_generations;
CREATE TABLE timers (
    aggregate    text   NOT NULL COLLATE "C",
    aggregate_id text   NOT NULL COLLATE "C",
    name         text   NOT NULL COLLATE "C",
    generation   bigint NOT NULL DEFAULT nextval('timer_generations'),
    due_at       timestamptz NOT NULL,
    PRIMARY KEY (aggregate, aggregate_id, name)
);
CREATE INDEX timers_due ON timers (due_at);

-- Outside effects.
CREATE TABLE deliveries (
    id          uuid PRIMARY KEY,
    subject_id  text NOT NULL,
    channel     text NOT NULL,
    recipient   text NOT NULL,
    address     text NOT NULL,
    title       text NOT NULL,
    text        text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CONSTRAINT deliveries_state CHECK (state IN ('waiting', 'sending', 'sent', 'failed')),
    attempts    integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz
);
CREATE INDEX deliveries_open ON deliveries (next_try_at) WHERE state IN ('waiting', 'sending');

-- Refusals, reads of personal data, operator actions.
CREATE TABLE audit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor      text NOT NULL,
    sender     text NOT NULL,
    action     text NOT NULL,
    subject    text,
    outcome    text NOT NULL,
    rule       text,
    command_id uuid,
    hash       bytea
);

-- How far every input partition has been read.
CREATE TABLE progress (
    topic      text    NOT NULL,
    partition  integer NOT NULL,
    position   bigint  NOT NULL,
    read_until timestamptz NOT NULL,
    PRIMARY KEY (topic, partition)
);
