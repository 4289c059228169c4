-- $1: a TVIEW with its partitions. What on them could alter what is written: a row-level BEFORE trigger, a rule.
SELECT t.tgname::pg_catalog.text, false
  FROM pg_catalog.pg_trigger t
 WHERE t.tgrelid = ANY ($1::pg_catalog.oid[]) AND NOT t.tgisinternal AND t.tgtype & 3 = 3 AND t.tgenabled <> 'D'
 UNION ALL
SELECT r.rulename::pg_catalog.text, true
  FROM pg_catalog.pg_rewrite r
 WHERE r.ev_class = ANY ($1::pg_catalog.oid[]) AND r.ev_enabled <> 'D'
 ORDER BY 1 LIMIT 1
