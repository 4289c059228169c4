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
