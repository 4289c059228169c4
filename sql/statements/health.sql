-- $1: the library's version, $2: whether it is preloaded, $3: what goes before names of functions of ours. What is wrong with
-- the database as a whole.
WITH extension AS (
    SELECT e.extversion, pg_catalog.quote_ident(n.nspname) AS schema
      FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname = 'pg_tviews'
), capturing AS (
    SELECT t.tgrelid::pg_catalog.regclass AS relid, t.tgname, p.proname, t.tgparentid
      FROM pg_catalog.pg_trigger t
      JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid AND p.proname IN ('pg_tviews_capture', 'pg_tviews_guard')
      JOIN pg_catalog.pg_extension e ON e.extnamespace = p.pronamespace AND e.extname = 'pg_tviews'
)
SELECT 'warning', 'extension pg_tviews',
       pg_catalog.format('version %s is created, and the library is of version %s', e.extversion, $1),
       'ALTER EXTENSION pg_tviews UPDATE;'
  FROM extension e WHERE e.extversion <> $1
UNION ALL
SELECT 'notice', 'shared_preload_libraries',
       'pg_tviews is not preloaded: CREATE TABLE tv_... AS makes ordinary tables, and nothing is counted',
       pg_catalog.format('ALTER SYSTEM SET shared_preload_libraries = %s; -- and restart the server',
                         pg_catalog.concat_ws(', ', NULLIF(pg_catalog.current_setting('shared_preload_libraries'), ''), 'pg_tviews'))
 WHERE NOT $2
UNION ALL
SELECT 'error', 'event trigger ' || t.evtname, 'it does not always fire, so that DDL passes by unseen',
       pg_catalog.format('ALTER EVENT TRIGGER %s ENABLE ALWAYS;', t.evtname)
  FROM pg_catalog.pg_event_trigger t
 WHERE t.evtname IN ('pg_tviews_on_command', 'pg_tviews_on_drop') AND t.evtenabled <> 'A'
UNION ALL
SELECT 'error', 'TVIEW ' || c.tview::pg_catalog.text, 'its table is gone',
       pg_catalog.format('DELETE FROM %1$s.pg_tviews_source WHERE tview = %2$L; DELETE FROM %1$s.pg_tviews_catalog WHERE tview = %2$L;',
                         e.schema, c.tview::pg_catalog.oid)
  FROM {schema}.pg_tviews_catalog c CROSS JOIN extension e
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class r WHERE r.oid = c.tview::pg_catalog.oid)
UNION ALL
SELECT 'notice', 'table ' || t.relid::pg_catalog.text, 'it has the triggers of a TVIEW, and is none',
       pg_catalog.string_agg(pg_catalog.format('DROP TRIGGER %I ON %s;', t.tgname, t.relid), ' ' ORDER BY t.tgname)
  FROM capturing t
 WHERE t.proname = 'pg_tviews_guard' AND t.tgparentid = 0
   AND NOT EXISTS (SELECT FROM {schema}.pg_tviews_catalog c WHERE t.relid::pg_catalog.oid = ANY (c.family::pg_catalog.oid[]))
 GROUP BY t.relid
UNION ALL
SELECT 'notice', 'table ' || t.relid::pg_catalog.text, 'its changes are captured, and no TVIEW reads it',
       pg_catalog.string_agg(pg_catalog.format('DROP TRIGGER %I ON %s;', t.tgname, t.relid), ' ' ORDER BY t.tgname)
  FROM capturing t
 WHERE t.proname = 'pg_tviews_capture' AND t.tgparentid = 0
   AND NOT EXISTS (SELECT FROM {schema}.pg_tviews_source s WHERE t.relid::pg_catalog.oid = ANY (s.family::pg_catalog.oid[]))
 GROUP BY t.relid
UNION ALL
SELECT 'notice', 'table ' || r.table_name::pg_catalog.text, 'its query is recorded, and it is not yet a TVIEW',
       pg_catalog.format('SELECT %spg_tviews_convert_existing_table(%L);', $3, r.table_name::pg_catalog.text)
  FROM {schema}.pg_tviews_recorded r
  JOIN pg_catalog.pg_class c ON c.oid = r.table_name::pg_catalog.oid
