-- $1: a TVIEW. The tables on which a trigger of ours is missing, disabled or in another mode, which trigger, and its name and
-- the right mode if it is there. While a trigger that captures is off, the one on TRUNCATE is in another mode: see misfiring.sql.
WITH expected (relid, kind, function, mode) AS (
    SELECT DISTINCT f.member::pg_catalog.oid, k.kind, 'pg_tviews_capture', k.mode
      FROM {schema}.pg_tviews_source s
     CROSS JOIN LATERAL pg_catalog.unnest(s.family) AS f(member)
     CROSS JOIN (VALUES ('insert', ''), ('update', ''), ('delete', ''), ('truncate', 'ALWAYS'), ('row', 'REPLICA')) AS k(kind, mode)
     WHERE s.tview::pg_catalog.oid = $1
    UNION ALL
    SELECT f.member::pg_catalog.oid, k.kind, 'pg_tviews_guard', k.mode
      FROM {schema}.pg_tviews_catalog c
     CROSS JOIN LATERAL pg_catalog.unnest(c.family) AS f(member)
     CROSS JOIN (VALUES ('guard', 'ALWAYS'), ('guard row', 'REPLICA')) AS k(kind, mode)
     WHERE c.tview::pg_catalog.oid = $1
), ours AS (
    SELECT t.tgrelid, t.tgname, t.tgenabled, p.proname::pg_catalog.text AS function,
           CASE WHEN p.proname = 'pg_tviews_guard' AND t.tgtype & 1 <> 0 THEN 'guard row'
                WHEN p.proname = 'pg_tviews_guard' THEN 'guard'
                WHEN t.tgtype & 1 <> 0 THEN 'row'
                WHEN t.tgtype & 4 <> 0 THEN 'insert'
                WHEN t.tgtype & 8 <> 0 THEN 'delete'
                WHEN t.tgtype & 16 <> 0 THEN 'update'
                ELSE 'truncate' END AS kind
      FROM pg_catalog.pg_trigger t
      JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid AND p.proname IN ('pg_tviews_capture', 'pg_tviews_guard')
      JOIN pg_catalog.pg_extension e ON e.extnamespace = p.pronamespace AND e.extname = 'pg_tviews'
)
SELECT e.relid, e.kind, t.tgname::pg_catalog.text, e.mode, e.function,
       CASE WHEN t.tgname IS NULL THEN 'missing' WHEN t.tgenabled = 'D' THEN 'disabled' ELSE 'in another firing mode' END
  FROM expected e
  JOIN pg_catalog.pg_class c ON c.oid = e.relid
  LEFT JOIN ours t ON t.tgrelid = e.relid AND t.kind = e.kind AND t.function = e.function
 WHERE t.tgname IS NULL
    OR t.tgenabled <> CASE e.mode WHEN 'ALWAYS' THEN 'A' WHEN 'REPLICA' THEN 'R' ELSE 'O' END::pg_catalog."char"
 ORDER BY e.relid, e.kind
