-- The last fact of every key of a compacted topic, as it was published: to be told again.
CREATE TABLE directory_facts (
    topic    text   NOT NULL COLLATE "C",
    key      text   NOT NULL COLLATE "C",
    sequence bigint NOT NULL,
    headers  text   NOT NULL,
    payload  text   NOT NULL,
    told_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, key)
);
CREATE INDEX directory_facts_told_at ON directory_facts (told_at);
