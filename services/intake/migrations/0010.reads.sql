-- What search and lists ask for. The keys are those of intake/reads/names.py, which docs/decisions explain.

-- The words of a name: no marks, no case; an apostrophe joins, everything else that is no letter or digit parts.
CREATE FUNCTION name_words(name text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
    SELECT array_remove(
        regexp_split_to_array(
            lower(regexp_replace(normalize(name, NFKD), '[\u0300-\u036f''’`]', '', 'g') COLLATE "C"),
            '[^0-9a-z\u0080-\U0010ffff]+'
        ),
        ''
    )
$$;

-- How a word sounds: a digit for the kind of its first letter, then the kinds of its consonants, doubles once, five at most.
CREATE FUNCTION word_sound(word text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
    SELECT left(
        left(code, 1) || replace(substr(code, 2), '0', ''),
        5
    )
    FROM regexp_replace(
        translate(translate(word, 'hw', ''), 'aeiouybfpvcgjkqsxzdtlmnr', '000000111122222222334556'), '(.)\1+', '\1', 'g'
    ) AS code
$$;

-- Everything one request can be found by; words and sounds for its office as well. An index is made with an empty
-- search path, so that the schema is named. As one SQL statement it would take five times as long.
CREATE FUNCTION request_keys(office_id text, client jsonb, representative jsonb, vendor text, case_ref text)
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 5000 AS $$
DECLARE
    names text := concat_ws(' ', client->>'last_name', client->>'first_name', client->>'middle',
                            representative->>'name', vendor);
    joined text := array_to_string(public.name_words(client->>'last_name'), '');
    keys text[] := '{}';
    word text;
    sound text;
BEGIN
    FOREACH word IN ARRAY public.name_words(names) || joined LOOP
        CONTINUE WHEN coalesce(word, '') = '' OR 'n:' || word = ANY(keys);
        keys := keys || ARRAY['n:' || word, office_id || '/n:' || word];
        IF word ~ '^[a-z]{3,}$' THEN
            sound := public.word_sound(word);
            keys := keys || ARRAY['s:' || sound, office_id || '/s:' || sound];
        END IF;
    END LOOP;
    RETURN array_remove(
        keys
        || ARRAY[
            'b:' || (client->>'birth_date'),
            'd:' || (client->>'dcn'),
            'p:' || right(regexp_replace(client->>'phone', '[^0-9]', '', 'g'), 10),
            'c:' || lower(case_ref COLLATE "C")
        ]
        || (SELECT array_agg('d:' || dcn) FROM jsonb_array_elements_text(representative->'dcns') AS dcn),
        NULL
    );
END $$;

CREATE INDEX requests_by_keys ON requests
    USING gin (request_keys(office_id, client, representative, vendor, case_ref))
    WITH (gin_pending_list_limit = 512)
    WHERE num_nonnulls(client, representative, vendor, case_ref) > 0;

-- Lists of an office by time; type and reasons are looked at without visiting the rows.
CREATE INDEX requests_of_office ON requests (office_id, received_at, id) INCLUDE (request_type, channel, reasons);

-- What somebody has to do.
CREATE INDEX requests_of_interviewer ON requests (interviewer, received_at, id)
    WHERE interviewer IS NOT NULL AND status <> 'closed';
CREATE INDEX requests_of_caseworker ON requests (caseworker, received_at, id)
    WHERE caseworker IS NOT NULL AND status <> 'closed';
