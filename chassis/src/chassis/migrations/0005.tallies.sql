-- Roll-ups: for every cell, how many states count in it and the sum of what they add. Kept in the transactions of the
-- states themselves; zero and, until the next recount, less than zero are possible after a change of what is counted.
CREATE TABLE tallies (
    tally text    NOT NULL COLLATE "C",
    place text    NOT NULL COLLATE "C",
    day   date    NOT NULL,
    label text    NOT NULL COLLATE "C",
    value integer NOT NULL,
    n     bigint  NOT NULL,
    total bigint  NOT NULL,
    PRIMARY KEY (tally, place, day, label, value)
) WITH (fillfactor = 80);
