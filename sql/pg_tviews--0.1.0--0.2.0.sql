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

DROP FUNCTION pg_tviews_verify(text);
CREATE FUNCTION pg_tviews_verify(name text DEFAULT NULL, sample bigint DEFAULT NULL)
RETURNS TABLE (table_name regclass, missing bigint, extra bigint, different bigint)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_verify_sample_wrapper';
COMMENT ON FUNCTION pg_tviews_verify(text, bigint) IS
    'counts the rows in which a TVIEW, or every TVIEW, differs from its query; of all, or of a sample';

CREATE FUNCTION pg_tviews_repair(name text)
RETURNS bigint LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_repair_wrapper';
COMMENT ON FUNCTION pg_tviews_repair(text) IS
    'puts back the triggers of a TVIEW, compares it as a whole, and gives the number of rows written';

CREATE FUNCTION pg_tviews_health_check()
RETURNS TABLE (severity text, object text, message text, remedy text)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_health_check_wrapper';
COMMENT ON FUNCTION pg_tviews_health_check() IS
    'what keeps TVIEWs from being right or fast, each with the SQL that mends it';
