\echo Use "ALTER EXTENSION pg_tviews UPDATE TO '0.2.0'" to load this file. \quit

-- A preloaded library stays in a running server when its file is replaced, and the functions below may be none of its.
DO $$
BEGIN
    IF pg_catalog.string_to_array(@extschema@.pg_tviews_version(), '.')::int[] < ARRAY[0, 2, 0] THEN
        RAISE EXCEPTION 'the server still runs the library of pg_tviews %', @extschema@.pg_tviews_version()
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Restart the server, then update the extension.';
    END IF;
END
$$;

CREATE PROCEDURE pg_tviews_create_concurrently(name text, query text)
LANGUAGE c
AS 'MODULE_PATHNAME', 'pg_tviews_create_concurrently_wrapper';
COMMENT ON PROCEDURE pg_tviews_create_concurrently(text, text) IS
    'creates and fills a TVIEW while its sources are written';

CREATE FUNCTION pg_tviews_alter(name text, query text)
RETURNS regclass LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_alter_wrapper';
COMMENT ON FUNCTION pg_tviews_alter(text, text) IS
    'gives a TVIEW another query, and its table the columns and rows of it';
