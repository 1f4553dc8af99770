-- Clients by id, their likely duplicates, and who was merged into whom.

CREATE TABLE clients (
    id           uuid   PRIMARY KEY,
    version      bigint NOT NULL DEFAULT 0,
    head         text   NOT NULL DEFAULT '',
    last_name    text   NOT NULL,
    first_name   text   NOT NULL,
    middle       text,
    birth_date   date,
    dcn          text,
    phone        text,
    name_key     text   NOT NULL,
    phone_key    text,
    merged_into  uuid,
    absorbed     jsonb  NOT NULL,
    merge_reason text,
    CONSTRAINT clients_merged_once CHECK (merged_into IS NULL OR absorbed = '[]'),
    CONSTRAINT clients_not_into_itself CHECK (merged_into <> id)
);
CREATE INDEX clients_by_name ON clients (name_key) WHERE merged_into IS NULL;
CREATE INDEX clients_by_dcn ON clients (dcn) WHERE merged_into IS NULL;
CREATE INDEX clients_by_phone ON clients (phone_key) WHERE merged_into IS NULL;
CREATE INDEX clients_by_absorbed ON clients USING gin (absorbed jsonb_path_ops);

CREATE INDEX requests_of_client ON requests ((client->>'client_id'));
