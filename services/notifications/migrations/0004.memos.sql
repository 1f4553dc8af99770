-- State-wide memos and hot tips. A few hundred a year: lists and rules read through them.

CREATE TABLE memos (
    id          uuid        PRIMARY KEY,
    version     bigint      NOT NULL DEFAULT 0,
    head        text        NOT NULL DEFAULT '',
    kind        text        NOT NULL CONSTRAINT memos_kind CHECK (kind IN ('memo', 'hot_tip')),
    title       text        NOT NULL,
    url         text        NOT NULL,
    about       jsonb       NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz,
    withdrawn   boolean     NOT NULL,
    CONSTRAINT memos_in_order CHECK (valid_until > valid_from)
);
