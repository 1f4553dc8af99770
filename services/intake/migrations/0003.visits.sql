-- Visits as intervals: waiting, called, serving, on hold.

ALTER TABLE requests
    DROP CONSTRAINT requests_visit_status,
    ADD CONSTRAINT requests_visit_status CHECK (
        visit_status IN ('waiting', 'called', 'serving', 'on_hold', 'served', 'no_show', 'left', 'auto_closed')
    ),
    ADD COLUMN intervals jsonb   NOT NULL DEFAULT '[]',
    ADD COLUMN calls     integer NOT NULL DEFAULT 0 CONSTRAINT requests_calls CHECK (calls >= 0),
    ADD COLUMN auto_closed_at timestamptz;
