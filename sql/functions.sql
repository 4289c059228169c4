-- Every function a user calls; docs/functions.md is their reference.

CREATE FUNCTION pg_tviews_convert_existing_table(table_name text, query text DEFAULT NULL)
RETURNS regclass LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_convert_existing_table_wrapper';
COMMENT ON FUNCTION pg_tviews_convert_existing_table(text, text) IS
    'makes an existing table tv_<entity> a TVIEW';

CREATE FUNCTION pg_tviews_create(name text, query text)
RETURNS regclass LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_create_wrapper';
COMMENT ON FUNCTION pg_tviews_create(text, text) IS 'creates and fills a TVIEW';

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

CREATE FUNCTION pg_tviews_drop(name text, if_exists boolean DEFAULT false)
RETURNS boolean LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_drop_wrapper';
COMMENT ON FUNCTION pg_tviews_drop(text, boolean) IS
    'drops a TVIEW with the view made for it; true if there was one';

CREATE FUNCTION pg_tviews_refresh(name text)
RETURNS bigint LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_refresh_wrapper';
COMMENT ON FUNCTION pg_tviews_refresh(text) IS
    'compares a TVIEW with its query as a whole and gives the number of rows written';

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

CREATE FUNCTION pg_tviews_explain(name text)
RETURNS TABLE (source text, alias text, route text, path text, columns_used text[], columns_patched text[],
               key_query text, reason text, remedy text, missing_indexes text[])
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_explain_patches_wrapper';
COMMENT ON FUNCTION pg_tviews_explain(text) IS
    'how a change of each source reaches the rows of a TVIEW';

CREATE FUNCTION pg_tviews_explain_json(name text)
RETURNS jsonb LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_explain_json_wrapper';
COMMENT ON FUNCTION pg_tviews_explain_json(text) IS 'pg_tviews_explain as one document';

CREATE FUNCTION pg_tviews_check_query(query text, name text DEFAULT NULL)
RETURNS TABLE (severity text, source text, alias text, route text, path text, columns_used text[],
               reason text, remedy text, missing_indexes text[])
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_check_query_wrapper';
COMMENT ON FUNCTION pg_tviews_check_query(text, text) IS
    'what creating a TVIEW with this query would say, without creating it';

CREATE FUNCTION pg_tviews_graph(name text DEFAULT NULL, format text DEFAULT 'mermaid')
RETURNS text LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_graph_wrapper';
COMMENT ON FUNCTION pg_tviews_graph(text, text) IS
    'the tables and TVIEWs that depend on each other, as a Mermaid or DOT graph';

CREATE FUNCTION pg_tviews_flush()
RETURNS void LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_flush_wrapper';
COMMENT ON FUNCTION pg_tviews_flush() IS
    'brings every TVIEW up to date with what this transaction has changed so far';

CREATE FUNCTION pg_tviews_version()
RETURNS text LANGUAGE c IMMUTABLE
AS 'MODULE_PATHNAME', 'pg_tviews_version_wrapper';
COMMENT ON FUNCTION pg_tviews_version() IS 'the version of the loaded library';

-- What a lock of a refresh is on, by classid, objid and objsubid of pg_locks.
CREATE FUNCTION pg_tviews_lock_target(tview oid, hash oid, part smallint)
RETURNS TABLE (kind text, target text)
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_lock_target_wrapper';
COMMENT ON FUNCTION pg_tviews_lock_target(oid, oid, smallint) IS 'for pg_tviews_locks';

-- A prepared transaction has the virtual transaction of the session that prepared it, and after a restart another one; its lock
-- on itself tells which it is.
CREATE VIEW pg_tviews_locks AS
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
GRANT SELECT ON pg_tviews_locks TO PUBLIC;
COMMENT ON VIEW pg_tviews_locks IS
    'the locks by which transactions that refresh the same rows of a TVIEW wait for each other';

-- What 0.1.0 had comes first: see "Versions" in docs/architecture.md.
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

CREATE VIEW pg_tviews_stats AS
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
GRANT SELECT ON pg_tviews_stats TO PUBLIC;
COMMENT ON VIEW pg_tviews_stats IS 'what refreshes of each TVIEW did, how long it took them, and how they failed';

CREATE FUNCTION pg_tviews_stats_reset()
RETURNS void LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_stats_reset_wrapper';
COMMENT ON FUNCTION pg_tviews_stats_reset() IS 'starts the counters of this database over';
REVOKE EXECUTE ON FUNCTION pg_tviews_stats_reset() FROM PUBLIC;

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

-- Trigger functions: attached by conversions, of no use by themselves.
CREATE FUNCTION pg_tviews_capture() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION pg_tviews_guard() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME';

CREATE FUNCTION pg_tviews_on_command() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION pg_tviews_on_drop() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME';
-- Those of tables stay with PUBLIC: who adds a partition must be able to execute what its triggers call.
REVOKE EXECUTE ON FUNCTION pg_tviews_on_command(), pg_tviews_on_drop() FROM PUBLIC;

-- Tells how to convert a table where the library is not preloaded, so that no hook sees it; follows
-- partitions and children that join or leave a source, and views, types and functions of a definition that
-- are replaced or altered; refuses what would leave a TVIEW without its key, a column or its rows. Views are
-- listed because ALTER VIEW and its like also rename columns of tables.
CREATE EVENT TRIGGER pg_tviews_on_command ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE AS', 'SELECT INTO', 'CREATE TABLE', 'ALTER TABLE', 'CREATE TRIGGER', 'ALTER TRIGGER',
                 'CREATE SCHEMA', 'CREATE VIEW', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW',
                 'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE', 'CREATE RULE', 'ALTER TYPE', 'CREATE FUNCTION', 'ALTER FUNCTION',
                 'ALTER ROUTINE', 'CREATE AGGREGATE')
    EXECUTE FUNCTION pg_tviews_on_command();
-- Forgets TVIEWs whose table or view is gone.
CREATE EVENT TRIGGER pg_tviews_on_drop ON sql_drop
    EXECUTE FUNCTION pg_tviews_on_drop();
-- Also where a replica applies DDL of its own.
ALTER EVENT TRIGGER pg_tviews_on_command ENABLE ALWAYS;
ALTER EVENT TRIGGER pg_tviews_on_drop ENABLE ALWAYS;
