-- Voter registration: the log, the answers apart from it, offers, forms and stock.

CREATE TABLE voter_entries (
    id         uuid        PRIMARY KEY,
    version    bigint      NOT NULL DEFAULT 0,
    head       text        NOT NULL DEFAULT '',
    office_id  text        NOT NULL COLLATE "C",
    request_id uuid,
    occasion   text        NOT NULL,
    channel    text        NOT NULL,
    logged_at  timestamptz NOT NULL,
    logged_by  text        NOT NULL
);
CREATE INDEX voter_entries_of_office ON voter_entries (office_id, logged_at);
CREATE INDEX voter_entries_of_request ON voter_entries (request_id) WHERE request_id IS NOT NULL;

-- What a person answered: kept 24 months, filed by month, in no journal.
CREATE TABLE voter_answers (
    id               uuid    PRIMARY KEY,
    version          bigint  NOT NULL DEFAULT 0,
    head             text    NOT NULL DEFAULT '',
    month            text    NOT NULL COLLATE "C" CONSTRAINT voter_answers_month CHECK (month ~ '^\d{4}-\d\d$'),
    name             text    NOT NULL,
    birth_date       date    NOT NULL,
    response         text    NOT NULL
                     CONSTRAINT voter_answers_response CHECK (response IN ('yes', 'no', 'no_already_registered', 'declined')),
    completed_by     text    NOT NULL CONSTRAINT voter_answers_own CHECK (completed_by = 'participant'),
    ticked           text,
    left_office      boolean NOT NULL,
    form_received_on date,
    CONSTRAINT voter_answers_form_says_yes CHECK (form_received_on IS NULL OR response = 'yes'),
    CONSTRAINT voter_answers_rightly_declined CHECK (response <> 'declined' OR NOT left_office)
);
CREATE INDEX voter_answers_by_month ON voter_answers (month);

-- A guard per request: was there an offer, and if not, the copy of the letter.
CREATE TABLE voter_offers (
    id         uuid    PRIMARY KEY,
    version    bigint  NOT NULL DEFAULT 0,
    head       text    NOT NULL DEFAULT '',
    entries    integer NOT NULL CONSTRAINT voter_offers_entries CHECK (entries >= 0),
    missing_at timestamptz,
    letter     text,
    letter_day date,
    letter_by  text,
    CONSTRAINT voter_offers_letter_has_its_day CHECK ((letter_day IS NULL) = (letter_by IS NULL)),
    CONSTRAINT voter_offers_copy_of_a_letter CHECK (letter IS NULL OR letter_day IS NOT NULL)
);
CREATE INDEX voter_offers_letters ON voter_offers (letter_day) WHERE letter IS NOT NULL;

-- A guard per office: the forms that lie there.
CREATE TABLE voter_forms_boxes (
    id      text   PRIMARY KEY COLLATE "C",
    version bigint NOT NULL DEFAULT 0,
    head    text   NOT NULL DEFAULT '',
    piles   jsonb  NOT NULL,
    use     jsonb  NOT NULL
);

CREATE TABLE voter_desks (
    id             text    PRIMARY KEY COLLATE "C",
    version        bigint  NOT NULL DEFAULT 0,
    head           text    NOT NULL DEFAULT '',
    forms_in_stock integer CONSTRAINT voter_desks_stock CHECK (forms_in_stock >= 0),
    forms_needed   integer CONSTRAINT voter_desks_needed CHECK (forms_needed >= 0),
    counted_at     timestamptz
);
