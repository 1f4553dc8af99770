-- A guard: until when a matter of voter registration is known to have been in order.
CREATE TABLE settled (
    id      text   PRIMARY KEY COLLATE "C",
    version bigint NOT NULL DEFAULT 0,
    head    text   NOT NULL DEFAULT '',
    until   timestamptz
);
