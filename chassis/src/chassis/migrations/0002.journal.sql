-- The journal and the audit are sealed, one UTC day after another.
CREATE TABLE seals (
    day          date   PRIMARY KEY,
    journal_rows bigint NOT NULL,
    aggregates   bigint NOT NULL,
    heads        text   NOT NULL,
    audit_rows   bigint NOT NULL,
    audit_hash   text   NOT NULL,
    previous     text   NOT NULL,
    hash         text   NOT NULL,
    sealed_at    timestamptz NOT NULL DEFAULT now()
);

-- `at` is when it happened, which after an outage may be days ago; a day is sealed by when it was written down.
ALTER TABLE audit ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now();

-- A day is read from tables that only grow at their end.
CREATE INDEX journal_recorded_at ON journal USING brin (recorded_at) WITH (autosummarize = on);
CREATE INDEX audit_recorded_at ON audit USING brin (recorded_at) WITH (autosummarize = on);
