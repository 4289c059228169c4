-- $1: a table. Triggers of ours that ENABLE TRIGGER ALL put into the wrong mode, and the right one.
SELECT t.tgname::pg_catalog.text, m.mode
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
  JOIN pg_catalog.pg_extension e ON e.extnamespace = p.pronamespace AND e.extname = 'pg_tviews'
  JOIN (VALUES ('pg_tviews_capture_row', 'REPLICA'), ('pg_tviews_capture_truncate', 'ALWAYS'),
               ('pg_tviews_guard', 'ALWAYS')) AS m (name, mode) ON m.name = t.tgname
 WHERE t.tgrelid = $1 AND t.tgparentid = 0 AND t.tgenabled = 'O'
