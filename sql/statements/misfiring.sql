-- $1: tables. Triggers of ours on them that do not fire when they should, the right mode, and whether changes may
-- have passed by. While one that captures is off, the one on TRUNCATE is kept in ORIGIN mode: that tells, when
-- all are on again, that one was off.
WITH ours AS (
    SELECT t.tgrelid, t.tgname, t.tgenabled, p.proname = 'pg_tviews_capture' AS is_capture,
           t.tgtype & 32 <> 0 AND p.proname = 'pg_tviews_capture' AS is_truncate,
           CASE WHEN t.tgtype & 1 <> 0 THEN 'R'
                WHEN p.proname = 'pg_tviews_guard' OR t.tgtype & 32 <> 0 THEN 'A' ELSE 'O' END AS mode
      FROM pg_catalog.pg_trigger t
      JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid AND p.proname IN ('pg_tviews_capture', 'pg_tviews_guard')
      JOIN pg_catalog.pg_extension e ON e.extnamespace = p.pronamespace AND e.extname = 'pg_tviews'
     WHERE t.tgrelid = ANY ($1::pg_catalog.oid[])
), watched AS (
    SELECT tgrelid, pg_catalog.bool_or(tgenabled = 'D') AS is_off FROM ours WHERE is_capture GROUP BY tgrelid
), wanted AS (
    SELECT o.tgrelid, o.tgname, o.tgenabled, o.is_capture AND NOT w.is_off AS is_back,
           CASE WHEN o.is_truncate AND w.is_off THEN 'O' ELSE o.mode END AS mode
      FROM ours o LEFT JOIN watched w ON w.tgrelid = o.tgrelid
     WHERE o.tgenabled <> 'D'
)
SELECT tgrelid, tgname::pg_catalog.text,
       CASE mode WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END,
       COALESCE(is_back, false)
  FROM wanted
 WHERE tgenabled <> mode::pg_catalog."char"
 ORDER BY tgrelid, tgname
