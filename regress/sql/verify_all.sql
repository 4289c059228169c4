-- After the whole suite every TVIEW of the database equals its definition.
SELECT * FROM pg_tviews_verify() WHERE missing <> 0 OR extra <> 0 OR different <> 0;
SELECT schema_name, count(*) AS tviews FROM pg_tviews_metadata GROUP BY schema_name ORDER BY schema_name COLLATE "C";
SELECT (SELECT count(*) FROM pg_tviews_verify()) = (SELECT count(*) FROM pg_tviews_metadata) AS all_verified;
-- None is left without its triggers, its key or its view.
SELECT count(*) AS incomplete FROM pg_tviews_metadata m
WHERE NOT EXISTS (SELECT FROM pg_index i
                  WHERE i.indrelid = to_regclass(format('%I.%I', m.schema_name, 'tv_' || m.entity)) AND i.indisunique AND i.indisvalid)
   OR m.backing_view IS NULL
   OR NOT EXISTS (SELECT FROM pg_trigger t
                  WHERE t.tgrelid = to_regclass(format('%I.%I', m.schema_name, 'tv_' || m.entity)) AND t.tgname = 'pg_tviews_guard')
   OR EXISTS (SELECT FROM unnest(m.sources) AS source
              WHERE 5 <> (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = source AND t.tgname LIKE 'pg\_tviews\_capture\_%'));
-- Every index that is missing somewhere can be made as it is written, and is no longer missing then; but
-- for those whose expressions fail.
BEGIN;
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT DISTINCT s FROM pg_tviews_metadata m, pg_tviews_explain(format('%I.%I', m.schema_name, m.table_name)), unnest(missing_indexes) AS s
        WHERE m.schema_name <> 'failing_expressions'
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
SELECT m.schema_name, m.table_name, e.alias, e.missing_indexes
FROM pg_tviews_metadata m, pg_tviews_explain(format('%I.%I', m.schema_name, m.table_name)) AS e WHERE e.missing_indexes <> '{}'
AND m.schema_name <> 'failing_expressions';
ROLLBACK;
