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

DROP FUNCTION pg_tviews_explain(text);
CREATE FUNCTION pg_tviews_explain(name text)
RETURNS TABLE (source text, alias text, route text, path text, columns_used text[], columns_patched text[],
               key_query text, reason text, remedy text, missing_indexes text[])
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_explain_patches_wrapper';
COMMENT ON FUNCTION pg_tviews_explain(text) IS
    'how a change of each source reaches the rows of a TVIEW';

CREATE FUNCTION pg_tviews_stats_kept()
RETURNS TABLE (tview oid, lock_waits bigint, lock_wait_ms double precision,
               flushes bigint, keys_resolved bigint, rows_inserted bigint, rows_updated bigint,
               rows_patched bigint, rows_deleted bigint, rows_unchanged bigint, full_comparisons bigint,
               resolve_ms double precision, compare_ms double precision, write_ms double precision,
               errors bigint, last_error_sqlstate text, last_error text, last_error_at timestamptz,
               stats_reset timestamptz)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_stats_counted_wrapper';
COMMENT ON FUNCTION pg_tviews_stats_kept() IS 'for pg_tviews_stats';

-- Views of users over it stay.
CREATE OR REPLACE VIEW pg_tviews_stats AS
SELECT c.tview,
       COALESCE(s.lock_waits, 0)                     AS lock_waits,
       COALESCE(s.lock_wait_ms, 0)                   AS lock_wait_ms,
       COALESCE(s.flushes, 0)                        AS flushes,
       COALESCE(s.keys_resolved, 0)                  AS keys_resolved,
       COALESCE(s.rows_inserted, 0)                  AS rows_inserted,
       COALESCE(s.rows_updated, 0)                   AS rows_updated,
       COALESCE(s.rows_patched, 0)                   AS rows_patched,
       COALESCE(s.rows_deleted, 0)                   AS rows_deleted,
       COALESCE(s.rows_unchanged, 0)                 AS rows_unchanged,
       COALESCE(s.full_comparisons, 0)               AS full_comparisons,
       COALESCE(s.resolve_ms, 0)                     AS resolve_ms,
       COALESCE(s.compare_ms, 0)                     AS compare_ms,
       COALESCE(s.write_ms, 0)                       AS write_ms,
       COALESCE(s.errors, 0)                         AS errors,
       s.last_error_sqlstate,
       s.last_error,
       s.last_error_at,
       s.stats_reset
  FROM pg_tviews_catalog c
  LEFT JOIN pg_tviews_stats_kept() AS s ON s.tview = c.tview::pg_catalog.oid;
COMMENT ON VIEW pg_tviews_stats IS 'what refreshes of each TVIEW did, how long it took them, and how they failed';
DROP FUNCTION pg_tviews_stats_counted();

CREATE OR REPLACE VIEW pg_tviews_locks AS
WITH locks AS (
    SELECT locktype, database, transactionid, classid, objid, objsubid, virtualtransaction, pid, mode, granted, waitstart
      FROM pg_catalog.pg_locks
)
SELECT l.pid,
       p.gid                                         AS prepared,
       c.tview,
       t.kind,
       t.target,
       l.mode,
       l.granted,
       l.waitstart                                   AS waiting_since,
       CASE WHEN NOT l.granted THEN pg_catalog.pg_blocking_pids(l.pid) END AS blocked_by
  FROM locks l
  JOIN pg_tviews_catalog c ON c.tview::pg_catalog.oid = l.classid
 CROSS JOIN LATERAL pg_tviews_lock_target(l.classid, l.objid, l.objsubid) AS t
  LEFT JOIN (locks x JOIN pg_catalog.pg_prepared_xacts p ON x.locktype = 'transactionid' AND x.transactionid = p.transaction)
         ON l.pid IS NULL AND x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
 WHERE l.locktype = 'advisory'
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database());

CREATE FUNCTION pg_tviews_progress_reported()
RETURNS TABLE (pid integer, tview oid, operation text, phase text, rows_done bigint, rows_total bigint,
               started_at timestamptz)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_progress_reported_wrapper';
COMMENT ON FUNCTION pg_tviews_progress_reported() IS 'for pg_tviews_progress';

CREATE VIEW pg_tviews_progress AS
SELECT p.pid,
       p.tview::pg_catalog.regclass                  AS tview,
       p.operation,
       p.phase,
       p.rows_done,
       p.rows_total,
       p.started_at
  FROM pg_tviews_progress_reported() AS p;
GRANT SELECT ON pg_tviews_progress TO PUBLIC;
COMMENT ON VIEW pg_tviews_progress IS 'builds, conversions and large refreshes that are going on in this database';

-- Casts to oid: for regclass another = could be found, in a schema where others may create operators.
CREATE OR REPLACE VIEW pg_tviews_metadata AS
SELECT c.relname                                     AS table_name,
       n.nspname                                     AS schema_name,
       pg_catalog.substring(c.relname::text, '^tv_(.+)') AS entity,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.ord)
          FROM pg_catalog.pg_index i
         CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE i.indrelid = c.oid AND i.indisprimary AND k.ord <= i.indnkeyatts) AS key_columns,
       t.backing_view,
       t.owns_view,
       pg_catalog.pg_get_viewdef(t.backing_view)     AS definition,
       (SELECT pg_catalog.array_agg(s.source ORDER BY s.source::text)
          FROM pg_tviews_source s WHERE s.tview::pg_catalog.oid = c.oid) AS sources,
       pg_catalog.pg_get_userbyid(c.relowner)        AS owner,
       t.settings,
       t.created_at
  FROM pg_tviews_catalog t
  JOIN pg_catalog.pg_class c ON c.oid = t.tview::pg_catalog.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;

-- Its list of commands is another.
DROP EVENT TRIGGER pg_tviews_on_command;
CREATE EVENT TRIGGER pg_tviews_on_command ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE AS', 'SELECT INTO', 'CREATE TABLE', 'ALTER TABLE', 'CREATE TRIGGER', 'ALTER TRIGGER',
                 'CREATE SCHEMA', 'CREATE VIEW', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW',
                 'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE', 'CREATE RULE', 'ALTER TYPE', 'CREATE FUNCTION', 'ALTER FUNCTION',
                 'ALTER ROUTINE', 'CREATE AGGREGATE')
    EXECUTE FUNCTION pg_tviews_on_command();
ALTER EVENT TRIGGER pg_tviews_on_command ENABLE ALWAYS;

REVOKE EXECUTE ON FUNCTION pg_tviews_on_command(), pg_tviews_on_drop() FROM PUBLIC;

-- TVIEWs have one more guard; those that the new library has made have it.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT c.tview::pg_catalog.text FROM @extschema@.pg_tviews_catalog c
    LOOP
        EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER pg_tviews_guard_row AFTER INSERT OR UPDATE OR DELETE ON %1$s
                                       FOR EACH ROW EXECUTE FUNCTION @extschema@.pg_tviews_guard();
                                   ALTER TABLE %1$s ENABLE REPLICA TRIGGER pg_tviews_guard_row', name);
    END LOOP;
END
$$;
