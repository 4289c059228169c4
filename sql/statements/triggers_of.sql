-- $1: a table, $2: a trigger function of this extension. The triggers on the table that call it, whether each is a
-- copy of one above it, and whether it fires for each row.
SELECT t.tgname::pg_catalog.text, t.tgparentid <> 0, t.tgtype & 1 <> 0
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
  JOIN pg_catalog.pg_extension e ON e.extnamespace = p.pronamespace AND e.extname = 'pg_tviews'
 WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND p.proname = $2
